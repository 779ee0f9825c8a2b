//! Groups.

use alloy::primitives::Log;
use lore_core::domain::chain_event::{ChainEvent, GroupReward};

use super::event;
use crate::{contracts::group::GroupingModule, convert};

pub(super) fn of_groups(log: &Log) -> Option<ChainEvent> {
    if let Some(found) = event::<GroupingModule::IPGroupRegistered>(log) {
        return Some(ChainEvent::GroupRegistered {
            group: convert::from_evm_ip(found.groupId),
            pool: convert::from_evm_address(found.groupPool),
        });
    }
    if let Some(found) = event::<GroupingModule::AddedIpToGroup>(log) {
        return Some(ChainEvent::GroupMembersAdded {
            group: convert::from_evm_ip(found.groupId),
            members: found.ipIds.into_iter().map(convert::from_evm_ip).collect(),
        });
    }
    if let Some(found) = event::<GroupingModule::RemovedIpFromGroup>(log) {
        return Some(ChainEvent::GroupMembersRemoved {
            group: convert::from_evm_ip(found.groupId),
            members: found.ipIds.into_iter().map(convert::from_evm_ip).collect(),
        });
    }
    if let Some(found) = event::<GroupingModule::CollectedRoyaltiesToGroupPool>(log) {
        return Some(ChainEvent::GroupRoyaltiesCollected {
            group: convert::from_evm_ip(found.groupId),
            pool: convert::from_evm_address(found.pool),
            token: convert::from_evm_address(found.token),
            amount: convert::wei(found.amount),
        });
    }
    let found: GroupingModule::ClaimedReward = event(log)?;
    let members = found.ipId.into_iter().map(convert::from_evm_ip);
    let amounts = found.amount.into_iter().map(convert::wei);
    Some(ChainEvent::GroupRewardClaimed {
        group: convert::from_evm_ip(found.groupId),
        token: convert::from_evm_address(found.token),
        rewards: members.zip(amounts).map(|(member, amount)| GroupReward::new(member, amount)).collect(),
    })
}
