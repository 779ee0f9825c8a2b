//! [`ChainClient`]: registers IP assets, licenses and links on a chain.

use std::fmt::Debug;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{
    content::ContentHash,
    domain::{
        asset::{Mined, OnChainLink, Registration},
        license::PilTerms,
    },
    error::Result,
    maybe_send::{MaybeSend, MaybeSync},
    onchain::{Address, ChainId, IpId, LicenseTermsId, Share, Wei},
    port::chain::{DisputeClient, GroupClient, PermissionClient, RoyaltyClient, WalletVerifier},
    time::Timestamp,
};

/// Which chain a client speaks to, and as whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ChainInfo {
    /// The chain.
    pub chain_id: ChainId,
    /// Whether nothing outside this application knows of it.
    pub simulated: bool,
    /// The account that signs.
    pub signer: Address,
    /// The NFT collection that new assets are minted in.
    pub collection: Address,
    /// Short name of the native coin, for example `DATA`.
    pub currency: String,
    /// The ERC-20 token of fees and royalties.
    pub royalty_token: Address,
    /// Royalty policy LAP: every ancestor takes its part of all revenue below it.
    pub royalty_policy_lap: Address,
    /// Royalty policy LRP: a share passes only from child to parent.
    pub royalty_policy_lrp: Address,
    /// The protocol's own part of every royalty payment; 0 after deployment.
    pub royalty_fee: Share,
}

impl ChainInfo {
    /// Describes a chain with the protocol's own addresses, which are the same on every network.
    #[must_use]
    pub fn new(chain_id: ChainId, simulated: bool, signer: Address, collection: Address) -> Self {
        Self {
            chain_id,
            simulated,
            signer,
            collection,
            currency: "DATA".to_owned(),
            royalty_token: crate::protocol::WIP,
            royalty_policy_lap: crate::protocol::ROYALTY_POLICY_LAP,
            royalty_policy_lrp: crate::protocol::ROYALTY_POLICY_LRP,
            royalty_fee: Share::ZERO,
        }
    }
}

/// What finds a registration again: the hash of the NFT metadata, unique because the creation's id is inside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RegistrationKey {
    /// SHA-256 of the NFT metadata.
    pub nft_metadata_hash: ContentHash,
    /// Who must own the token.
    pub recipient: Address,
}

impl RegistrationKey {
    /// Names a registration.
    #[must_use]
    pub const fn new(nft_metadata_hash: ContentHash, recipient: Address) -> Self {
        Self { nft_metadata_hash, recipient }
    }
}

/// A document on chain: where it is, and the SHA-256 of its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OnChainDocument {
    /// `ipfs://` and the CID.
    pub uri: String,
    /// SHA-256 of the bytes.
    pub sha256: ContentHash,
}

impl OnChainDocument {
    /// Names a document.
    pub fn new(uri: impl Into<String>, sha256: ContentHash) -> Self {
        Self { uri: uri.into(), sha256 }
    }
}

/// A new IP asset: mint a token, register it, set its metadata.
///
/// If the signer is not the recipient, only the registering transaction itself may also attach terms or link parents;
/// so a client MUST do then in one transaction what `license_terms` and `derivative` ask for, and MAY do so always.
/// Either way the later calls find out what is there already.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RegisterIp {
    /// Owner of the new token.
    pub recipient: Address,
    /// The IPA metadata.
    pub ipa_metadata: OnChainDocument,
    /// The NFT metadata; its hash must never have been used in the collection.
    pub nft_metadata: OnChainDocument,
    /// Terms to be attached.
    pub license_terms: Option<PilTerms>,
    /// Parents to be linked.
    pub derivative: Option<DerivativeTerms>,
}

impl RegisterIp {
    /// A registration alone.
    #[must_use]
    pub const fn new(
        recipient: Address,
        ipa_metadata: OnChainDocument,
        nft_metadata: OnChainDocument,
    ) -> Self {
        Self { recipient, ipa_metadata, nft_metadata, license_terms: None, derivative: None }
    }

    /// What finds this registration again.
    #[must_use]
    pub const fn key(&self) -> RegistrationKey {
        RegistrationKey::new(self.nft_metadata.sha256, self.recipient)
    }
}

/// One parent and the terms of it that the child accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ParentTerms {
    /// The parent IP.
    pub parent: IpId,
    /// Terms that are attached to it.
    pub terms_id: LicenseTermsId,
}

impl ParentTerms {
    /// Names a parent and its terms.
    #[must_use]
    pub const fn new(parent: IpId, terms_id: LicenseTermsId) -> Self {
        Self { parent, terms_id }
    }
}

/// Under what conditions a child is linked to its parents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DerivativeTerms {
    /// 1 to 16 parents, each once.
    pub parents: Vec<ParentTerms>,
    /// Most to pay for all licenses together; zero for no limit.
    pub max_minting_fee: Wei,
    /// Most that all parents together may take of the child's revenue; `None` for no limit. See [`revenue_limit`].
    pub max_revenue_share: Option<Share>,
}

impl DerivativeTerms {
    /// Links to these parents without limits.
    #[must_use]
    pub const fn new(parents: Vec<ParentTerms>) -> Self {
        Self { parents, max_minting_fee: Wei::ZERO, max_revenue_share: None }
    }
}

/// A limit on revenue shares as the contracts take it, in millionths of a percent.
///
/// They read 0 as no limit, so a limit of 0 % is sent as one millionth of a percent, the smallest share that they know: free
/// licenses pass, and so does a share of exactly that.
#[must_use]
pub fn revenue_limit(limit: Option<Share>) -> u32 {
    limit.map_or(0, |share| share.millionths().max(1))
}

/// License terms attached to an IP, with what its owner changed about them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AttachedTerms {
    /// Their id.
    pub terms_id: LicenseTermsId,
    /// The terms.
    pub terms: PilTerms,
    /// The revenue share a derivative linked now would owe, in millionths of a percent: the owner's or the terms' own.
    pub rev_share: u32,
    /// The fee for a license now, in the terms' currency.
    pub minting_fee: Wei,
    /// Whether the owner closed these terms for new licenses.
    pub disabled: bool,
}

impl AttachedTerms {
    /// Terms of which nothing was changed.
    #[must_use]
    pub const fn new(terms_id: LicenseTermsId, terms: PilTerms) -> Self {
        let (rev_share, minting_fee) = (terms.commercial_rev_share, terms.default_minting_fee);
        Self { terms_id, terms, rev_share, minting_fee, disabled: false }
    }
}

/// A parent of an IP on chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ParentState {
    /// The parent.
    pub parent: IpId,
    /// The link.
    pub link: OnChainLink,
}

impl ParentState {
    /// Describes a parent.
    #[must_use]
    pub const fn new(parent: IpId, link: OnChainLink) -> Self {
        Self { parent, link }
    }
}

/// What the chain knows of an IP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct IpState {
    /// The IP.
    pub ip_id: IpId,
    /// Owner of the token behind it.
    pub owner: Address,
    /// The IPA metadata, if set.
    pub ipa_metadata: Option<OnChainDocument>,
    /// Terms attached to it, or inherited by a derivative, in order.
    pub license_terms: Vec<AttachedTerms>,
    /// Its parents in order; empty if it is no derivative.
    pub parents: Vec<ParentState>,
    /// Number of its direct derivatives.
    pub child_count: u64,
    /// Number of its distinct ancestors.
    pub ancestor_count: u64,
    /// Whether a dispute against it was upheld.
    pub is_tagged: bool,
    /// When its license ends, if it does.
    pub expires_at: Option<Timestamp>,
}

impl IpState {
    /// An IP that was just registered.
    #[must_use]
    pub const fn new(ip_id: IpId, owner: Address) -> Self {
        Self {
            ip_id,
            owner,
            ipa_metadata: None,
            license_terms: Vec::new(),
            parents: Vec::new(),
            child_count: 0,
            ancestor_count: 0,
            is_tagged: false,
            expires_at: None,
        }
    }
}

/// Registered terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RegisteredTerms {
    /// Their id.
    pub terms_id: LicenseTermsId,
    /// The transaction that registered them; `None` if they were known before.
    pub mined: Option<Mined>,
}

impl RegisteredTerms {
    /// Names registered terms.
    #[must_use]
    pub const fn new(terms_id: LicenseTermsId, mined: Option<Mined>) -> Self {
        Self { terms_id, mined }
    }
}

/// Registers IP assets, licenses and links on a chain, as one signer; with the narrow clients above it, all that Lore
/// does on a chain.
///
/// Every write MUST be safe to repeat after an unknown outcome: what is there already is found and returned, never
/// made twice. A write whose fate is unknown MUST fail with [`Retry::Reconcile`](crate::Retry::Reconcile); one that
/// surely did not happen with [`Retry::After`](crate::Retry::After) or [`Retry::Never`](crate::Retry::Never). Every
/// MUST below is proved by the conformance case named after it.
#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
pub trait ChainClient:
    RoyaltyClient
    + GroupClient
    + DisputeClient
    + PermissionClient
    + WalletVerifier
    + Debug
    + MaybeSend
    + MaybeSync
    + 'static
{
    /// Short, stable label for metrics and errors, for example `story`.
    fn name(&self) -> &str;

    /// Which chain this is.
    ///
    /// # Errors
    /// [`Unavailable`](crate::ErrorKind::Unavailable) if the node does not answer.
    async fn info(&self) -> Result<ChainInfo>;

    /// Looks up a registration by the hash of its NFT metadata.
    ///
    /// - MUST find what [`register`](Self::register) made, also from another client of the same chain
    ///   (`a_registration_is_found_by_its_key`).
    /// - MUST fail with [`IntegrityMismatch`](crate::ErrorKind::IntegrityMismatch) if the token exists but belongs to
    ///   somebody else than the recipient (`a_registration_of_another_owner_is_refused`).
    ///
    /// # Errors
    /// As above; [`Unavailable`](crate::ErrorKind::Unavailable).
    async fn find_registration(&self, key: &RegistrationKey) -> Result<Option<Registration>>;

    /// Mints a token, registers it as IP and sets its metadata.
    ///
    /// - MUST return the existing registration if this key was registered before (`registering_twice_is_one_registration`).
    /// - MUST attach and link in the same transaction if the signer is not the recipient
    ///   (`a_registration_for_somebody_else_is_complete`).
    ///
    /// # Errors
    /// [`Reverted`](crate::ErrorKind::Reverted) with the chain's reason;
    /// [`InsufficientFunds`](crate::ErrorKind::InsufficientFunds); [`Unavailable`](crate::ErrorKind::Unavailable).
    async fn register(&self, request: &RegisterIp) -> Result<Registration>;

    /// What the chain knows of an IP; `None` if it is not registered.
    ///
    /// # Errors
    /// [`Unavailable`](crate::ErrorKind::Unavailable).
    async fn ip(&self, ip_id: &IpId) -> Result<Option<IpState>>;

    /// The id of terms that are registered already.
    ///
    /// # Errors
    /// [`Unavailable`](crate::ErrorKind::Unavailable).
    async fn find_license_terms(&self, terms: &PilTerms) -> Result<Option<LicenseTermsId>>;

    /// Registers terms.
    ///
    /// - MUST return the existing id for terms that are known (`equal_terms_have_one_id`).
    ///
    /// # Errors
    /// As [`register`](Self::register).
    async fn register_license_terms(&self, terms: &PilTerms) -> Result<RegisteredTerms>;

    /// Attaches registered terms to an IP of the signer.
    ///
    /// - MUST succeed, with `None`, if they are attached already (`attaching_twice_is_ok`).
    ///
    /// # Errors
    /// As [`register`](Self::register).
    async fn attach_license_terms(&self, ip_id: &IpId, terms_id: LicenseTermsId) -> Result<Option<Mined>>;

    /// Links an IP of the signer to its parents, and pays for the licenses.
    ///
    /// - MUST succeed, with `None`, if the child is linked to exactly these parents already (`linking_twice_is_ok`).
    /// - MUST fail with the chain's reason if it is linked to others (`linking_to_other_parents_is_refused`).
    ///
    /// # Errors
    /// As [`register`](Self::register).
    async fn link_derivative(&self, child: &IpId, terms: &DerivativeTerms) -> Result<Option<Mined>>;
}
const _: Option<&dyn ChainClient> = None;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_of_nothing_is_not_taken_for_no_limit() {
        assert_eq!(revenue_limit(None), 0);
        assert_eq!(revenue_limit(Some(Share::ZERO)), 1);
        assert_eq!(revenue_limit(Some(Share::FULL)), Share::FULL.millionths());
    }
}
