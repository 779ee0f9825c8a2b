//! Royalties.

use alloy::primitives::Log;
use lore_core::{IpId, domain::chain_event::ChainEvent};

use super::event;
use crate::{
    contracts::royalty::{IpRoyaltyVault, RoyaltyModule, RoyaltyPolicyLap},
    convert,
};

pub(super) fn of_royalties(log: &Log) -> Option<ChainEvent> {
    if let Some(found) = event::<RoyaltyModule::RoyaltyPaid>(log) {
        return Some(ChainEvent::RoyaltyPaid {
            receiver: convert::from_evm_ip(found.receiverIpId),
            payer: Some(found.payerIpId).filter(|payer| !payer.is_zero()).map(convert::from_evm_ip),
            sender: convert::from_evm_address(found.sender),
            token: convert::from_evm_address(found.token),
            amount: convert::wei(found.amount),
            amount_after_fee: convert::wei(found.amountAfterFee),
        });
    }
    if let Some(found) = event::<RoyaltyModule::LicenseMintingFeePaid>(log) {
        return Some(ChainEvent::LicenseMintingFeePaid {
            receiver: convert::from_evm_ip(found.receiverIpId),
            payer: convert::from_evm_address(found.payerAddress),
            token: convert::from_evm_address(found.token),
            amount: convert::wei(found.amount),
            amount_after_fee: convert::wei(found.amountAfterFee),
        });
    }
    if let Some(found) = event::<RoyaltyModule::IpRoyaltyVaultDeployed>(log) {
        return Some(ChainEvent::VaultDeployed {
            ip: convert::from_evm_ip(found.ipId),
            vault: convert::from_evm_address(found.ipRoyaltyVault),
        });
    }
    let found: RoyaltyPolicyLap::RevenueTransferredToVault = event(log)?;
    Some(ChainEvent::RevenueTransferredToVault {
        ip: convert::from_evm_ip(found.ipId),
        ancestor: convert::from_evm_ip(found.ancestorIpId),
        token: convert::from_evm_address(found.token),
        amount: convert::wei(found.amount),
    })
}

pub(super) fn of_vault(log: &Log, ip: IpId) -> Option<ChainEvent> {
    let found: IpRoyaltyVault::RevenueTokenClaimed = event(log)?;
    Some(ChainEvent::RevenueClaimed {
        ip,
        claimer: convert::from_evm_address(found.claimer),
        token: convert::from_evm_address(found.token),
        amount: convert::wei(found.amount),
    })
}
