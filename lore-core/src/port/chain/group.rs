//! [`GroupClient`]: groups of IP assets that share rewards.

use std::fmt::Debug;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{
    domain::asset::Mined,
    error::Result,
    maybe_send::{MaybeSend, MaybeSync},
    onchain::{Address, IpId, LicenseTermsId, Share, Wei},
    port::transactions::OperationKey,
    protocol,
};

/// A new group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RegisterGroup {
    /// Names this group: it is registered once.
    pub key: OperationKey,
    /// The reward pool; the protocol's own splits evenly.
    pub pool: Address,
    /// The one license of the group. It must be commercial under the policy LRP; members need it too. It is attached with
    /// the terms' own fee and share, so that IPs that merely opt in can join.
    pub terms_id: Option<LicenseTermsId>,
}

impl RegisterGroup {
    /// A group without a license, under the pool that splits evenly.
    #[must_use]
    pub const fn new(key: OperationKey) -> Self {
        Self { key, pool: protocol::EVEN_SPLIT_GROUP_POOL, terms_id: None }
    }
}

/// A group that was registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RegisteredGroup {
    /// The group, which is an IP.
    pub group: IpId,
    /// The transaction that registered it.
    pub mined: Mined,
}

impl RegisteredGroup {
    /// Describes a new group.
    #[must_use]
    pub const fn new(group: IpId, mined: Mined) -> Self {
        Self { group, mined }
    }
}

/// Members to be added to a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AddGroupMembers {
    /// The group.
    pub group: IpId,
    /// The IPs; those that are members already stay so.
    pub members: Vec<IpId>,
    /// Most of the rewards that one member may ask for.
    pub max_reward_share: Share,
}

impl AddGroupMembers {
    /// Adds members whatever they ask for.
    #[must_use]
    pub const fn new(group: IpId, members: Vec<IpId>) -> Self {
        Self { group, members, max_reward_share: Share::FULL }
    }
}

/// What the chain knows of a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct GroupState {
    /// The group.
    pub group: IpId,
    /// Its owner.
    pub owner: Address,
    /// Its reward pool.
    pub pool: Address,
    /// Number of its members.
    pub member_count: u64,
    /// Its license, if it has one.
    pub terms_id: Option<LicenseTermsId>,
    /// Whether members can no longer be removed, because somebody holds a license of the group.
    pub is_frozen: bool,
}

impl GroupState {
    /// Describes a group without members.
    #[must_use]
    pub const fn new(group: IpId, owner: Address, pool: Address) -> Self {
        Self { group, owner, pool, member_count: 0, terms_id: None, is_frozen: false }
    }
}

/// Rewards to be collected and handed to members.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DistributeRewards {
    /// The group.
    pub group: IpId,
    /// The ERC-20 token.
    pub token: Address,
    /// Who is paid, each once.
    pub members: Vec<IpId>,
}

impl DistributeRewards {
    /// Pays these members.
    #[must_use]
    pub const fn new(group: IpId, token: Address, members: Vec<IpId>) -> Self {
        Self { group, token, members }
    }
}

/// What a member was paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MemberReward {
    /// The member.
    pub member: IpId,
    /// The amount, into its royalty vault.
    pub amount: Wei,
}

impl MemberReward {
    /// Describes a reward.
    #[must_use]
    pub const fn new(member: IpId, amount: Wei) -> Self {
        Self { member, amount }
    }
}

/// What a distribution brought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RewardDistribution {
    /// The transaction.
    pub mined: Mined,
    /// What was collected into the pool first.
    pub collected: Wei,
    /// One entry per member asked for, in that order. What no member got stays in the pool.
    pub rewards: Vec<MemberReward>,
}

impl RewardDistribution {
    /// Describes a distribution.
    #[must_use]
    pub const fn new(mined: Mined, collected: Wei, rewards: Vec<MemberReward>) -> Self {
        Self { mined, collected, rewards }
    }
}

/// Registers groups, changes their members and distributes their rewards, as one signer.
///
/// Every MUST below is proved by the conformance case named after it.
#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
pub trait GroupClient: Debug + MaybeSend + MaybeSync + 'static {
    /// Registers a group, and attaches its license if asked to.
    ///
    /// - MUST register once per key, and return the same group again (`a_group_is_registered_once_per_key`).
    ///
    /// # Errors
    /// [`Reverted`](crate::ErrorKind::Reverted) with the chain's reason;
    /// [`Unavailable`](crate::ErrorKind::Unavailable). So for every write here.
    async fn register_group(&self, request: &RegisterGroup) -> Result<RegisteredGroup>;

    /// Adds members.
    ///
    /// - MUST succeed with `None` if all are members already (`adding_members_twice_is_ok`).
    /// - MUST refuse members that do not opt in, with the chain's reason (`a_member_must_opt_in`).
    ///
    /// # Errors
    /// As [`register_group`](Self::register_group).
    async fn add_group_members(&self, request: &AddGroupMembers) -> Result<Option<Mined>>;

    /// Removes members.
    ///
    /// - MUST succeed with `None` if none of them is a member (`removing_members_twice_is_ok`).
    /// - MUST refuse once the group has a derivative or a license token (`a_licensed_group_keeps_its_members`).
    ///
    /// # Errors
    /// As [`register_group`](Self::register_group).
    async fn remove_group_members(&self, group: &IpId, members: &[IpId]) -> Result<Option<Mined>>;

    /// What the chain knows of a group; `None` if it is not one.
    ///
    /// # Errors
    /// [`Unavailable`](crate::ErrorKind::Unavailable). So for every read here.
    async fn group(&self, group: &IpId) -> Result<Option<GroupState>>;

    /// Members of a group in the chain's order, at most 100 from `start` on (`members_are_listed_in_pages`).
    ///
    /// # Errors
    /// As [`group`](Self::group).
    async fn group_members(&self, group: &IpId, start: u64) -> Result<Vec<IpId>>;

    /// What each of these members could be paid now, in that order, without what is not collected yet.
    ///
    /// # Errors
    /// As [`group`](Self::group).
    async fn claimable_rewards(&self, group: &IpId, token: &Address, members: &[IpId]) -> Result<Vec<Wei>>;

    /// Collects the group's revenue into its pool and pays members.
    ///
    /// - MUST split to the wei as the pool does (`rewards_are_split_evenly_to_the_wei`), and keep for later what was not
    ///   paid (`a_member_that_was_not_paid_keeps_its_claim`).
    /// - MUST collect, too, what derivatives of the group owe it (`what_derivatives_owe_is_collected`).
    ///
    /// # Errors
    /// As [`register_group`](Self::register_group).
    async fn distribute_rewards(&self, request: &DistributeRewards) -> Result<RewardDistribution>;
}
const _: Option<&dyn GroupClient> = None;
