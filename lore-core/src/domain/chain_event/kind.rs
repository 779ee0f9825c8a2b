//! [`ChainEventKind`]: what kind of thing happened.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::event::ChainEvent;
use crate::error::{Error, ErrorKind, Result};

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal,)+) => {
        /// What kind of event it is. Each has a stable name, which is also the tag of the stored event.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum ChainEventKind {
            $($(#[$doc])* $kind,)+
        }

        impl ChainEventKind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)+];

            /// The stable name, for example `ip_registered`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)+
                }
            }
        }

        impl ChainEvent {
            /// What kind of event this is.
            #[must_use]
            pub const fn kind(&self) -> ChainEventKind {
                match self {
                    $(Self::$kind { .. } => ChainEventKind::$kind,)+
                }
            }
        }
    };
}

kinds! {
    /// An NFT became an IP.
    IpRegistered = "ip_registered",
    /// An IP got other IPA metadata.
    IpMetadataSet = "ip_metadata_set",
    /// An IP got other NFT metadata.
    NftMetadataSet = "nft_metadata_set",
    /// The metadata of an IP cannot be changed any more.
    IpMetadataFrozen = "ip_metadata_frozen",
    /// New license terms exist.
    LicenseTermsRegistered = "license_terms_registered",
    /// An IP offers terms.
    LicenseTermsAttached = "license_terms_attached",
    /// A licensor changed attached terms.
    LicensingConfigSet = "licensing_config_set",
    /// License tokens were minted.
    LicenseTokensMinted = "license_tokens_minted",
    /// An IP was linked to its parents.
    DerivativeRegistered = "derivative_registered",
    /// An IP was paid.
    RoyaltyPaid = "royalty_paid",
    /// A licensor was paid for license tokens or a link.
    LicenseMintingFeePaid = "license_minting_fee_paid",
    /// An IP got its royalty vault.
    VaultDeployed = "vault_deployed",
    /// A policy passed revenue on to an ancestor's vault.
    RevenueTransferredToVault = "revenue_transferred_to_vault",
    /// Revenue was taken out of a vault.
    RevenueClaimed = "revenue_claimed",
    /// A group was registered.
    GroupRegistered = "group_registered",
    /// A group got members.
    GroupMembersAdded = "group_members_added",
    /// A group lost members.
    GroupMembersRemoved = "group_members_removed",
    /// A group's royalties came into its pool.
    GroupRoyaltiesCollected = "group_royalties_collected",
    /// A group's members got their part of the pool.
    GroupRewardClaimed = "group_reward_claimed",
    /// An IP was accused.
    DisputeRaised = "dispute_raised",
    /// The bond of a dispute lies with the oracle.
    DisputeBonded = "dispute_bonded",
    /// A dispute was answered with counter-evidence.
    DisputeCountered = "dispute_countered",
    /// A dispute was decided.
    DisputeJudged = "dispute_judged",
    /// A dispute was taken back.
    DisputeCancelled = "dispute_cancelled",
    /// The tag of an upheld dispute was taken back.
    DisputeResolved = "dispute_resolved",
    /// A relative of a tagged IP was tagged.
    DisputePropagated = "dispute_propagated",
    /// Who may act for an IP account changed.
    PermissionSet = "permission_set",
    /// A token changed hands.
    NftTransferred = "nft_transferred",
}

impl fmt::Display for ChainEventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ChainEventKind {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == text).ok_or_else(|| {
            Error::new(ErrorKind::Unexpected, "unknown kind of chain event").with_context("kind", text)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_keeps_its_name() {
        for kind in ChainEventKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
            assert_eq!(kind.as_str().parse::<ChainEventKind>().unwrap(), *kind);
        }
        let unknown = "token_teleported".parse::<ChainEventKind>().unwrap_err();
        assert_eq!(unknown.kind(), ErrorKind::Unexpected);
        let names: Vec<&str> = ChainEventKind::ALL.iter().map(|kind| kind.as_str()).collect();
        insta::assert_snapshot!("chain_event_kinds", names.join("\n"));
    }
}
