//! [`DisputeClient`]: disputes about IP assets and the tags they leave.

use std::{fmt::Debug, time::Duration};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{
    content::ContentHash,
    domain::asset::Mined,
    error::Result,
    maybe_send::{MaybeSend, MaybeSync},
    onchain::{Address, IpId, Wei},
    time::Timestamp,
};

/// What an IP is accused of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DisputeTag {
    /// It was registered by somebody who had no right to.
    ImproperRegistration,
    /// It is used against its license.
    ImproperUsage,
    /// Payments are missing.
    ImproperPayment,
    /// Its content breaks the standards.
    ContentStandardsViolation,
}

impl DisputeTag {
    /// Every tag that the protocol's deployment allows.
    pub const ALL: [Self; 4] = [
        Self::ImproperRegistration,
        Self::ImproperUsage,
        Self::ImproperPayment,
        Self::ContentStandardsViolation,
    ];

    /// The tag's text on chain, where zero bytes follow it up to 32.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ImproperRegistration => "IMPROPER_REGISTRATION",
            Self::ImproperUsage => "IMPROPER_USAGE",
            Self::ImproperPayment => "IMPROPER_PAYMENT",
            Self::ContentStandardsViolation => "CONTENT_STANDARDS_VIOLATION",
        }
    }

    /// The tag with this text.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tag| tag.as_str() == text)
    }
}

/// An accusation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RaiseDispute {
    /// The accused IP.
    pub target: IpId,
    /// What it is accused of.
    pub tag: DisputeTag,
    /// SHA-256 of the evidence, which is what its CID holds. It can be used once, so it also names the dispute: raising it
    /// again finds it.
    pub evidence: ContentHash,
    /// The ERC-20 token of the bond.
    pub currency: Address,
    /// The bond, within [`DisputeLimits`].
    pub bond: Wei,
    /// How long the accused may answer, in whole seconds, within [`DisputeLimits`].
    pub liveness: Duration,
}

impl RaiseDispute {
    /// An accusation with the least time for an answer, and a bond in the protocol's own token.
    #[must_use]
    pub const fn new(target: IpId, tag: DisputeTag, evidence: ContentHash, bond: Wei) -> Self {
        let liveness = Duration::from_secs(2_592_000);
        Self { target, tag, evidence, currency: crate::protocol::WIP, bond, liveness }
    }
}

/// A dispute that was raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RaisedDispute {
    /// Its number on chain, from 1.
    pub dispute: u64,
    /// The oracle's id of it.
    pub assertion: [u8; 32],
    /// The transaction.
    pub mined: Mined,
}

impl RaisedDispute {
    /// Describes a dispute that was raised.
    #[must_use]
    pub const fn new(dispute: u64, assertion: [u8; 32], mined: Mined) -> Self {
        Self { dispute, assertion, mined }
    }
}

/// An answer to an accusation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CounterDispute {
    /// The dispute.
    pub dispute: u64,
    /// SHA-256 of the counter-evidence.
    pub evidence: ContentHash,
}

impl CounterDispute {
    /// Answers a dispute. The bond is the same as the accuser's.
    #[must_use]
    pub const fn new(dispute: u64, evidence: ContentHash) -> Self {
        Self { dispute, evidence }
    }
}

/// How far a dispute is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DisputeStatus {
    /// Nothing is decided.
    InDispute,
    /// The accuser was right: the target is tagged.
    Upheld,
    /// It is over and there is no tag: rejected, cancelled or resolved. The chain does not keep which.
    Closed,
}

/// What the chain knows of a dispute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DisputeRecord {
    /// Its number.
    pub dispute: u64,
    /// The IP it is about.
    pub target: IpId,
    /// Who raised it.
    pub initiator: Address,
    /// When.
    pub raised_at: Timestamp,
    /// Who decides.
    pub arbitration_policy: Address,
    /// SHA-256 of the evidence; for an inherited tag, that of the original.
    pub evidence: ContentHash,
    /// What it asks for, as text.
    pub target_tag: String,
    /// How far it is.
    pub status: DisputeStatus,
    /// The dispute that this one's tag was inherited from.
    pub inherited_from: Option<u64>,
}

impl DisputeRecord {
    /// Describes a dispute that was just raised.
    #[must_use]
    pub fn new(dispute: u64, target: IpId, initiator: Address, raised_at: Timestamp) -> Self {
        Self {
            dispute,
            target,
            initiator,
            raised_at,
            arbitration_policy: crate::protocol::ARBITRATION_POLICY_UMA,
            evidence: ContentHash::from_bytes([0; 32]),
            target_tag: String::new(),
            status: DisputeStatus::InDispute,
            inherited_from: None,
        }
    }
}

/// What an accusation must keep to, read from the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DisputeLimits {
    /// Least bond in the token that was asked about.
    pub min_bond: Wei,
    /// Most.
    pub max_bond: Wei,
    /// Least time for an answer.
    pub min_liveness: Duration,
    /// Most.
    pub max_liveness: Duration,
}

impl DisputeLimits {
    /// Describes the limits.
    #[must_use]
    pub const fn new(
        (min_bond, max_bond): (Wei, Wei),
        (min_liveness, max_liveness): (Duration, Duration),
    ) -> Self {
        Self { min_bond, max_bond, min_liveness, max_liveness }
    }
}

/// Raises, answers, follows and ends disputes, as one signer.
///
/// Every MUST below is proved by the conformance case named after it.
#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
pub trait DisputeClient: Debug + MaybeSend + MaybeSync + 'static {
    /// Raises a dispute.
    ///
    /// - MUST return the dispute that this signer raised with the same evidence against the same target
    ///   (`a_dispute_is_raised_once_per_evidence`), and refuse evidence that was used for another
    ///   (`evidence_is_used_once`).
    /// - MUST refuse a bond or a time outside the limits (`the_limits_of_a_dispute_are_kept`).
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for what the limits forbid;
    /// [`Reverted`](crate::ErrorKind::Reverted) with the chain's reason;
    /// [`InsufficientFunds`](crate::ErrorKind::InsufficientFunds); [`Unavailable`](crate::ErrorKind::Unavailable). So for
    /// every write here.
    async fn raise_dispute(&self, request: &RaiseDispute) -> Result<RaisedDispute>;

    /// Answers a dispute with counter-evidence and the same bond. During the first two thirds of its time only the
    /// accused IP may, through its account, which the signer must own; afterwards anybody.
    ///
    /// # Errors
    /// As [`raise_dispute`](Self::raise_dispute).
    async fn counter_dispute(&self, request: &CounterDispute) -> Result<Mined>;

    /// Lets the oracle decide a dispute whose time is over, or that it has an answer for; anybody may.
    ///
    /// - MUST succeed with `None` if it is decided already (`settling_twice_is_ok`).
    ///
    /// # Errors
    /// As [`raise_dispute`](Self::raise_dispute).
    async fn settle_dispute(&self, dispute: u64) -> Result<Option<Mined>>;

    /// Takes the tag of an upheld dispute back. Its initiator may; for an inherited tag, anybody once the original is
    /// resolved.
    ///
    /// - MUST succeed with `None` if it is closed already (`resolving_twice_is_ok`).
    ///
    /// # Errors
    /// As [`raise_dispute`](Self::raise_dispute).
    async fn resolve_dispute(&self, dispute: u64) -> Result<Option<Mined>>;

    /// Takes a dispute back, where its arbitration policy allows that. The one that is deployed never does, and refuses
    /// with `ArbitrationPolicyUMA__CannotCancel` (`a_dispute_under_uma_cannot_be_cancelled`).
    ///
    /// # Errors
    /// As [`raise_dispute`](Self::raise_dispute).
    async fn cancel_dispute(&self, dispute: u64) -> Result<Mined>;

    /// Tags a derivative or a group of an IP whose dispute was upheld; returns the new dispute, which has no id of the
    /// oracle's: nothing was asserted.
    ///
    /// - MUST return the same dispute again if this signer passed it on before (`a_tag_is_passed_to_derivatives`).
    ///
    /// # Errors
    /// As [`raise_dispute`](Self::raise_dispute).
    async fn propagate_dispute(&self, ip: &IpId, dispute: u64) -> Result<RaisedDispute>;

    /// What the chain knows of a dispute.
    ///
    /// # Errors
    /// [`Unavailable`](crate::ErrorKind::Unavailable). So for every read here.
    async fn dispute(&self, dispute: u64) -> Result<Option<DisputeRecord>>;

    /// What an accusation with a bond in this token must keep to.
    ///
    /// # Errors
    /// As [`dispute`](Self::dispute).
    async fn dispute_limits(&self, currency: &Address) -> Result<DisputeLimits>;
}
const _: Option<&dyn DisputeClient> = None;
