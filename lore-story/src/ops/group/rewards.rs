//! A group's rewards: from its vault into its pool, and from the pool to members.
//!
//! Money takes three steps. What a descendant owes the group lies in the royalty policy until it is moved to the group's
//! vault; from there it is collected into the reward pool; and the pool pays it to members' vaults.

use async_trait::async_trait;
use lore_core::{Address, IpId, Result, Violations, Wei, domain::asset::Mined, port::chain::MemberReward};

use super::{distribute::without_vault, refusals::check_members};
use crate::{
    addresses::Addresses,
    contracts::group::GroupingModule,
    convert,
    operation::{Draft, Operation},
    receipt::Receipt,
    view::View,
};

/// Collects what is in a group's vault into its reward pool. Anybody may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CollectRoyalties {
    /// The group.
    pub group: IpId,
    /// The ERC-20 token, which is the one of the group's terms.
    pub token: Address,
}

impl CollectRoyalties {
    /// Collects this token.
    #[must_use]
    pub const fn new(group: IpId, token: Address) -> Self {
        Self { group, token }
    }
}

/// What was collected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CollectedRoyalties {
    /// The transaction.
    pub mined: Mined,
    /// The amount; zero if there was nothing.
    pub amount: Wei,
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Operation for CollectRoyalties {
    type Output = CollectedRoyalties;

    fn name(&self) -> &'static str {
        "collect_royalties"
    }

    fn check(&self, _: &mut Violations) {}

    async fn draft(&self, view: &View<'_>) -> Result<Draft> {
        let call = GroupingModule::collectRoyaltiesCall {
            groupId: convert::evm_ip(self.group),
            token: convert::evm_address(self.token),
        };
        let summary = format!("collects the revenue of group {} in token {}", self.group, self.token);
        Ok(Draft::new(view.addresses().grouping_module, &call, summary))
    }

    fn output(&self, receipt: &Receipt, addresses: &Addresses) -> Result<CollectedRoyalties> {
        let amount = collected(receipt, addresses, &self.group, &self.token);
        Ok(CollectedRoyalties { mined: receipt.mined(), amount })
    }
}

/// The contract logs nothing where there was nothing.
pub(super) fn collected(receipt: &Receipt, addresses: &Addresses, group: &IpId, token: &Address) -> Wei {
    receipt
        .events::<GroupingModule::CollectedRoyaltiesToGroupPool>(addresses.grouping_module)
        .filter(|event| {
            convert::from_evm_ip(event.groupId) == *group && convert::from_evm_address(event.token) == *token
        })
        .map(|event| convert::wei(event.amount))
        .sum()
}

/// Pays members what the pool holds for them, into their royalty vaults. Anybody may.
///
/// Every one of them needs a vault, which an IP has once somebody took a license of it; [`CollectAndDistribute`](crate::ops::CollectAndDistribute) sees to
/// that.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClaimReward {
    /// The group.
    pub group: IpId,
    /// The ERC-20 token.
    pub token: Address,
    /// Who is paid, each once.
    pub members: Vec<IpId>,
}

impl ClaimReward {
    /// Pays these members.
    #[must_use]
    pub const fn new(group: IpId, token: Address, members: Vec<IpId>) -> Self {
        Self { group, token, members }
    }
}

/// What members were paid.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClaimedReward {
    /// The transaction.
    pub mined: Mined,
    /// One entry per member, in the order asked for.
    pub rewards: Vec<MemberReward>,
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Operation for ClaimReward {
    type Output = ClaimedReward;

    fn name(&self) -> &'static str {
        "claim_reward"
    }

    fn check(&self, violations: &mut Violations) {
        check_members(&self.members, violations);
    }

    async fn draft(&self, view: &View<'_>) -> Result<Draft> {
        let without = without_vault(view, &self.members).await?;
        let addresses = view.addresses();
        let call = GroupingModule::claimRewardCall {
            groupId: convert::evm_ip(self.group),
            token: convert::evm_address(self.token),
            ipIds: convert::evm_ips(&self.members),
        };
        if let Some(first) = without.first() {
            // Members that get nothing need no vault, so the chain decides.
            let answer = view.call(addresses.grouping_module, &call).await;
            answer.map_err(|error| error.with_context("without_vault", first))?;
        }
        let summary = format!("pays {} members of group {} their rewards", self.members.len(), self.group);
        Ok(Draft::new(addresses.grouping_module, &call, summary))
    }

    fn output(&self, receipt: &Receipt, addresses: &Addresses) -> Result<ClaimedReward> {
        let rewards = rewards(receipt, addresses, &self.group, &self.token)?;
        Ok(ClaimedReward { mined: receipt.mined(), rewards })
    }
}

pub(super) fn rewards(
    receipt: &Receipt,
    addresses: &Addresses,
    group: &IpId,
    token: &Address,
) -> Result<Vec<MemberReward>> {
    let claimed = receipt
        .events::<GroupingModule::ClaimedReward>(addresses.grouping_module)
        .find(|event| {
            convert::from_evm_ip(event.groupId) == *group && convert::from_evm_address(event.token) == *token
        })
        .ok_or_else(|| receipt.missing("ClaimedReward", addresses.grouping_module))?;
    let members = claimed.ipId.into_iter().map(convert::from_evm_ip);
    let amounts = claimed.amount.into_iter().map(convert::wei);
    Ok(members.zip(amounts).map(|(member, amount)| MemberReward::new(member, amount)).collect())
}

#[cfg(test)]
mod tests {
    use lore_core::protocol;

    use super::*;
    use crate::ops::recorded;

    #[test]
    fn where_nothing_was_collected_nothing_is_logged() {
        let group = IpId::new("0xE101aA78C66b60800d17f0e4d3227dd0409EaF41".parse().unwrap());
        let request = CollectRoyalties::new(group, protocol::WIP);
        let nothing = recorded::transaction(210).receipt();
        assert_eq!(request.output(&nothing, &Addresses::AENEID).unwrap().amount, Wei::ZERO);
        let one = recorded::transaction(215).receipt();
        assert_eq!(request.output(&one, &Addresses::AENEID).unwrap().amount, Wei::from_coins(1));
        let other = CollectRoyalties::new(IpId::new(Address::from_bytes([1; 20])), protocol::WIP);
        assert_eq!(other.output(&one, &Addresses::AENEID).unwrap().amount, Wei::ZERO);
    }
}
