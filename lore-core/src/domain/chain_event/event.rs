//! [`ChainEvent`].

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::bytes::{HexBytes, Selector, Tag};
use crate::{
    content::ContentHash,
    onchain::{Address, AssertionId, IpId, LicenseTermsId, TokenId, Uint256, Wei},
    port::chain::PermissionLevel,
    time::Timestamp,
};

/// Something that happened on chain.
///
/// Amounts are in the smallest unit of the token that stands beside them. The contract that spoke is the record's emitter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum ChainEvent {
    /// An NFT became an IP (`IPRegistered`).
    IpRegistered {
        /// The IP.
        ip: IpId,
        /// The chain of the NFT.
        chain_id: Uint256,
        /// The NFT's collection.
        token_contract: Address,
        /// The NFT.
        token_id: TokenId,
        /// Its name at registration.
        name: String,
        /// Its URI at registration.
        uri: String,
        /// When.
        registered_at: Timestamp,
    },
    /// An IP got other IPA metadata (`MetadataURISet`).
    IpMetadataSet {
        /// The IP.
        ip: IpId,
        /// Where the document is.
        uri: String,
        /// Its hash.
        hash: ContentHash,
    },
    /// An IP got other NFT metadata (`NFTTokenURISet`).
    NftMetadataSet {
        /// The IP.
        ip: IpId,
        /// Where the document is.
        uri: String,
        /// Its hash.
        hash: ContentHash,
    },
    /// The metadata of an IP cannot be changed any more (`MetadataFrozen`).
    IpMetadataFrozen {
        /// The IP.
        ip: IpId,
    },
    /// New license terms exist (`LicenseTermsRegistered`).
    LicenseTermsRegistered {
        /// The license template.
        template: Address,
        /// The terms.
        terms_id: LicenseTermsId,
        /// The terms in the ABI form of the template.
        encoded: HexBytes,
    },
    /// An IP offers terms (`LicenseTermsAttached`).
    LicenseTermsAttached {
        /// The IP.
        ip: IpId,
        /// The license template.
        template: Address,
        /// The terms.
        terms_id: LicenseTermsId,
        /// Who attached them.
        caller: Address,
    },
    /// A licensor changed attached terms (`LicensingConfigSetForLicense`).
    LicensingConfigSet {
        /// The licensor.
        ip: IpId,
        /// The license template; the zero address for every license of the IP.
        template: Address,
        /// The terms.
        terms_id: LicenseTermsId,
        /// Whether the other fields count.
        is_set: bool,
        /// Fee for each license token.
        minting_fee: Wei,
        /// Contract that is asked before tokens are minted.
        licensing_hook: Address,
        /// What it is given.
        hook_data: HexBytes,
        /// Share of revenue, in millionths of a percent.
        commercial_rev_share: u32,
        /// Whether no token can be minted.
        is_disabled: bool,
        /// Least share of a group's reward that the IP asks for, in millionths of a percent.
        min_group_reward_share: u32,
        /// The only reward pool of groups that the IP joins; the zero address for none.
        group_reward_pool: Address,
    },
    /// License tokens were minted (`LicenseTokensMinted`).
    LicenseTokensMinted {
        /// The licensor.
        licensor: IpId,
        /// The license template.
        template: Address,
        /// The terms.
        terms_id: LicenseTermsId,
        /// How many.
        amount: Uint256,
        /// Who got them.
        receiver: Address,
        /// The first of them; the others follow.
        first_token: TokenId,
        /// Who minted them.
        caller: Address,
    },
    /// An IP was linked to its parents (`DerivativeRegistered`).
    DerivativeRegistered {
        /// The child.
        child: IpId,
        /// Its parents.
        parents: Vec<IpId>,
        /// The terms under which it uses each parent.
        terms_ids: Vec<LicenseTermsId>,
        /// The license template.
        template: Address,
        /// License tokens that were spent, if it was linked by those.
        license_tokens: Vec<TokenId>,
        /// Who linked it.
        caller: Address,
    },
    /// An IP was paid (`RoyaltyPaid`).
    RoyaltyPaid {
        /// The IP that was paid.
        receiver: IpId,
        /// The IP that paid; none if it was nobody's.
        payer: Option<IpId>,
        /// The account that sent the money.
        sender: Address,
        /// The token.
        token: Address,
        /// How much was sent.
        amount: Wei,
        /// What of it the protocol left.
        amount_after_fee: Wei,
    },
    /// A licensor was paid for license tokens or a link (`LicenseMintingFeePaid`).
    LicenseMintingFeePaid {
        /// The licensor.
        receiver: IpId,
        /// Who paid.
        payer: Address,
        /// The token.
        token: Address,
        /// How much was sent.
        amount: Wei,
        /// What of it the protocol left.
        amount_after_fee: Wei,
    },
    /// An IP got its royalty vault (`IpRoyaltyVaultDeployed`).
    VaultDeployed {
        /// The IP.
        ip: IpId,
        /// Its vault.
        vault: Address,
    },
    /// A policy, the emitter, passed revenue on to an ancestor's vault (`RevenueTransferredToVault`).
    RevenueTransferredToVault {
        /// The IP that earned it.
        ip: IpId,
        /// The ancestor whose vault got it.
        ancestor: IpId,
        /// The token.
        token: Address,
        /// How much.
        amount: Wei,
    },
    /// Revenue was taken out of a vault, the emitter (`RevenueTokenClaimed`).
    RevenueClaimed {
        /// The IP whose vault it is.
        ip: IpId,
        /// Who got it.
        claimer: Address,
        /// The token.
        token: Address,
        /// How much.
        amount: Wei,
    },
    /// A group was registered (`IPGroupRegistered`).
    GroupRegistered {
        /// The group.
        group: IpId,
        /// Its reward pool.
        pool: Address,
    },
    /// A group got members (`AddedIpToGroup`).
    GroupMembersAdded {
        /// The group.
        group: IpId,
        /// The new members.
        members: Vec<IpId>,
    },
    /// A group lost members (`RemovedIpFromGroup`).
    GroupMembersRemoved {
        /// The group.
        group: IpId,
        /// Those who left.
        members: Vec<IpId>,
    },
    /// A group's royalties came into its pool (`CollectedRoyaltiesToGroupPool`).
    GroupRoyaltiesCollected {
        /// The group.
        group: IpId,
        /// Its reward pool.
        pool: Address,
        /// The token.
        token: Address,
        /// How much.
        amount: Wei,
    },
    /// A group's members got their part of the pool (`ClaimedReward`).
    GroupRewardClaimed {
        /// The group.
        group: IpId,
        /// The token.
        token: Address,
        /// Who got how much.
        rewards: Vec<GroupReward>,
    },
    /// An IP was accused (`DisputeRaised`, in the forms with and without the time).
    DisputeRaised {
        /// The dispute's number.
        dispute: u64,
        /// The accused IP.
        target: IpId,
        /// Who raised it.
        initiator: Address,
        /// When; the time of the block in the form without.
        raised_at: Timestamp,
        /// Who decides.
        arbitration_policy: Address,
        /// Hash of the evidence.
        evidence: ContentHash,
        /// What it is accused of.
        tag: Tag,
        /// What the arbitration policy was given.
        data: HexBytes,
    },
    /// The bond of a dispute lies with the oracle (`DisputeRaisedUMA`).
    DisputeBonded {
        /// The dispute's number.
        dispute: u64,
        /// The oracle's id of it.
        assertion: AssertionId,
        /// Who paid the bond.
        caller: Address,
        /// How long it may be answered.
        liveness_seconds: u64,
        /// The token of the bond.
        currency: Address,
        /// The bond.
        bond: Wei,
    },
    /// A dispute was answered with counter-evidence (`AssertionDisputed` of the arbitration policy).
    DisputeCountered {
        /// The dispute's number.
        dispute: u64,
        /// The oracle's id of it.
        assertion: AssertionId,
        /// Hash of the counter-evidence.
        evidence: ContentHash,
    },
    /// A dispute was decided (`DisputeJudgementSet`).
    DisputeJudged {
        /// The dispute's number.
        dispute: u64,
        /// Whether the accuser was right.
        is_upheld: bool,
        /// What the arbitration policy said.
        data: HexBytes,
    },
    /// A dispute was taken back (`DisputeCancelled`).
    DisputeCancelled {
        /// The dispute's number.
        dispute: u64,
        /// What the arbitration policy was given.
        data: HexBytes,
    },
    /// The tag of an upheld dispute was taken back (`DisputeResolved`).
    DisputeResolved {
        /// The dispute's number.
        dispute: u64,
        /// What the one who resolved it gave.
        data: HexBytes,
    },
    /// A relative of a tagged IP was tagged (`IpTaggedOnRelatedIpInfringement`).
    DisputePropagated {
        /// The new dispute's number.
        dispute: u64,
        /// The IP that was tagged first.
        infringing: IpId,
        /// Its relative.
        tagged: IpId,
        /// The dispute that was upheld.
        infringer_dispute: u64,
        /// What it is accused of.
        tag: Tag,
        /// When.
        raised_at: Timestamp,
    },
    /// Who may act for an IP account changed, for good (`PermissionSet`).
    PermissionSet {
        /// The IP.
        ip: IpId,
        /// Its owner.
        owner: Address,
        /// Who may or may not.
        signer: Address,
        /// The contract that is called; the zero address for every one.
        target: Address,
        /// The function.
        function: Selector,
        /// Whether.
        level: PermissionLevel,
    },
    /// A token of a collection, the emitter, changed hands (`Transfer`): who has it owns the IP.
    NftTransferred {
        /// The IP that the token is, if it was or will be registered.
        ip: IpId,
        /// The token.
        token_id: TokenId,
        /// Who had it; the zero address if it was minted.
        from: Address,
        /// Who has it; the zero address if it was burnt.
        to: Address,
    },
}

/// What a member of a group got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct GroupReward {
    /// The member.
    pub member: IpId,
    /// How much.
    pub amount: Wei,
}

impl GroupReward {
    /// Names a member and its reward.
    #[must_use]
    pub const fn new(member: IpId, amount: Wei) -> Self {
        Self { member, amount }
    }
}

impl ChainEvent {
    /// The IPs that the event names, each once: those under which it is found.
    ///
    /// What happens to a dispute after it was raised names none; it is found by its kind.
    #[must_use]
    pub fn ips(&self) -> BTreeSet<IpId> {
        match self {
            Self::IpRegistered { ip, .. }
            | Self::IpMetadataSet { ip, .. }
            | Self::NftMetadataSet { ip, .. }
            | Self::IpMetadataFrozen { ip }
            | Self::LicenseTermsAttached { ip, .. }
            | Self::LicensingConfigSet { ip, .. }
            | Self::LicenseTokensMinted { licensor: ip, .. }
            | Self::LicenseMintingFeePaid { receiver: ip, .. }
            | Self::VaultDeployed { ip, .. }
            | Self::RevenueClaimed { ip, .. }
            | Self::GroupRegistered { group: ip, .. }
            | Self::GroupRoyaltiesCollected { group: ip, .. }
            | Self::DisputeRaised { target: ip, .. }
            | Self::PermissionSet { ip, .. }
            | Self::NftTransferred { ip, .. } => [*ip].into(),
            Self::DerivativeRegistered { child, parents, .. } => with(child, parents),
            Self::RoyaltyPaid { receiver, payer, .. } => with(receiver, payer),
            Self::RevenueTransferredToVault { ip, ancestor, .. } => [*ip, *ancestor].into(),
            Self::GroupMembersAdded { group, members } | Self::GroupMembersRemoved { group, members } => {
                with(group, members)
            }
            Self::GroupRewardClaimed { group, rewards, .. } => {
                with(group, rewards.iter().map(|reward| &reward.member))
            }
            Self::DisputePropagated { infringing, tagged, .. } => [*infringing, *tagged].into(),
            Self::LicenseTermsRegistered { .. }
            | Self::DisputeBonded { .. }
            | Self::DisputeCountered { .. }
            | Self::DisputeJudged { .. }
            | Self::DisputeCancelled { .. }
            | Self::DisputeResolved { .. } => BTreeSet::new(),
        }
    }
}

fn with<'a>(one: &'a IpId, others: impl IntoIterator<Item = &'a IpId>) -> BTreeSet<IpId> {
    std::iter::once(one).chain(others).copied().collect()
}
