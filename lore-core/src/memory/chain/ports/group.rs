//! [`GroupClient`] on the simulated chain.

use async_trait::async_trait;

use crate::{
    domain::{asset::Mined, license::LicensingConfig, royalty::RoyaltyPolicy},
    error::{Error, ErrorKind, Result},
    memory::chain::{
        SimulatedChain,
        call::{Call, Outcome},
        client::{Chain, to_error, unexpected},
        ledger::SimulatedLedger,
    },
    onchain::{Address, IpId, Wei},
    port::chain::{
        AddGroupMembers, DistributeRewards, GroupClient, GroupState, MemberReward, RegisterGroup,
        RegisteredGroup, RevenueSource, RewardDistribution, TransferToVault,
    },
    time::Timestamp,
};

use super::royalty::{if_due, transfer};

/// Members of a page.
const PAGE: u64 = 100;

fn state(ledger: &SimulatedLedger, group: &IpId) -> Option<GroupState> {
    let pool = ledger.group_reward_pool(group)?;
    let ip = ledger.ip(group)?;
    let mut state = GroupState::new(*group, ip.owner, pool);
    state.member_count = ledger.total_members(group);
    state.terms_id = ip.license_terms.first().map(|attached| attached.terms_id);
    state.is_frozen = ledger.is_frozen(group);
    Some(state)
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl GroupClient for SimulatedChain {
    async fn register_group(&self, request: &RegisterGroup) -> Result<RegisteredGroup> {
        let RegisterGroup { key, pool, terms_id } = request;
        self.write("register_group", |chain, signer, now| {
            let call = match terms_id {
                None => Call::RegisterGroup { pool: *pool },
                Some(terms_id) => {
                    // Fee and share are the terms' own, so that members which merely opt in can join.
                    let terms = chain.ledger.license_terms(*terms_id);
                    let config = LicensingConfig {
                        is_set: true,
                        minting_fee: terms.map(|terms| terms.default_minting_fee).unwrap_or_default(),
                        commercial_rev_share: terms.map_or(0, |terms| terms.commercial_rev_share),
                        ..LicensingConfig::default()
                    };
                    Call::RegisterGroupAndAttachLicense { pool: *pool, terms_id: *terms_id, config }
                }
            };
            let receipt = chain.submit_once(signer, now, key, call)?;
            match receipt.outcome {
                Outcome::Ip(group) => Ok(RegisteredGroup::new(group, receipt.mined)),
                other => Err(unexpected(other)),
            }
        })
    }

    async fn add_group_members(&self, request: &AddGroupMembers) -> Result<Option<Mined>> {
        let AddGroupMembers { group, members, max_reward_share } = request;
        not_empty(members, "add_group_members")?;
        self.write("add_group_members", |chain, signer, now| {
            if members.iter().all(|member| chain.ledger.contains_ip(group, member)) {
                return Ok(None);
            }
            let call = Call::AddToGroup {
                group: *group,
                members: members.clone(),
                max_reward_share: max_reward_share.millionths().into(),
            };
            chain.submit(signer, now, &call).map(|receipt| Some(receipt.mined))
        })
    }

    async fn remove_group_members(&self, group: &IpId, members: &[IpId]) -> Result<Option<Mined>> {
        not_empty(members, "remove_group_members")?;
        self.write("remove_group_members", |chain, signer, now| {
            if !members.iter().any(|member| chain.ledger.contains_ip(group, member)) {
                return Ok(None);
            }
            let call = Call::RemoveFromGroup { group: *group, members: members.to_vec() };
            chain.submit(signer, now, &call).map(|receipt| Some(receipt.mined))
        })
    }

    async fn group(&self, group: &IpId) -> Result<Option<GroupState>> {
        self.read("group", |ledger| state(ledger, group))
    }

    async fn group_members(&self, group: &IpId, start: u64) -> Result<Vec<IpId>> {
        self.read("group_members", |ledger| ledger.group_members(group, start, PAGE))?.map_err(to_error)
    }

    async fn claimable_rewards(&self, group: &IpId, token: &Address, members: &[IpId]) -> Result<Vec<Wei>> {
        self.read("claimable_rewards", |ledger| ledger.claimable_rewards(group, *token, members))?
            .map_err(to_error)
    }

    async fn distribute_rewards(&self, request: &DistributeRewards) -> Result<RewardDistribution> {
        not_empty(&request.members, "distribute_rewards")?;
        self.write("distribute_rewards", |chain, signer, now| distribute(chain, signer, now, request))
    }
}

fn not_empty(members: &[IpId], op: &'static str) -> Result<()> {
    if members.is_empty() {
        return Err(Error::invalid("members", "empty", "at least one member").with_op(op));
    }
    Ok(())
}

fn distribute(
    chain: &mut Chain,
    signer: Address,
    now: Timestamp,
    request: &DistributeRewards,
) -> Result<RewardDistribution> {
    let DistributeRewards { group, token, members } = request;
    for descendant in chain.ledger.descendants_that_owe(group, *token) {
        let source = RevenueSource::new(descendant, RoyaltyPolicy::Lrp, *token);
        if_due(chain.submit(signer, now, &transfer(&TransferToVault::new(source, *group))))?;
    }
    let collect = Call::CollectRoyalties { group: *group, token: *token };
    let due = chain
        .ledger
        .simulate(signer, now, &collect, |ledger, _| ledger.claimable_rewards(group, *token, members));
    let due = due.and_then(|due| due).map_err(to_error)?;
    let call =
        Call::CollectRoyaltiesAndClaimReward { group: *group, token: *token, members: members.clone() };
    let receipt = chain.submit(signer, now, &call)?;
    let Outcome::Amount(collected) = receipt.outcome else { return Err(unexpected(receipt.outcome)) };
    if due.len() != members.len() {
        return Err(Error::new(ErrorKind::Unexpected, "the pool told of other members than were asked for"));
    }
    let rewards = members.iter().zip(due).map(|(member, amount)| MemberReward::new(*member, amount));
    Ok(RewardDistribution::new(receipt.mined, collected, rewards.collect()))
}
