//! Which logs are asked for.

use alloy::{
    primitives::{Address as EvmAddress, B256},
    rpc::types::Filter,
    sol_types::SolEvent,
};
use lore_core::Address;

use crate::{
    addresses::Addresses,
    contracts::{
        account::AccessController,
        dispute::{ArbitrationPolicyUma, DisputeModule, UnreleasedDisputeModule},
        group::GroupingModule,
        licensing::{LicenseRegistry, LicensingModule, PiLicenseTemplate},
        registry::{CoreMetadataModule, IpAssetRegistry},
        royalty::{IpRoyaltyVault, RoyaltyModule, RoyaltyPolicyLap},
        token::SpgNft,
    },
    convert,
};

/// What is read, and how far behind the newest block.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventOptions {
    /// How many blocks must follow one before it is read; 0 reads the newest.
    ///
    /// A reorganised chain is followed either way. More confirmations only make that rarer.
    pub confirmations: u64,
    /// Most blocks asked for at once. What a node cannot answer is halved by itself.
    pub max_blocks: u64,
    /// Collections whose transfers are read: who has the token owns the IP. Groups' tokens are always among them.
    pub collections: Vec<Address>,
}

impl Default for EventOptions {
    fn default() -> Self {
        Self { confirmations: 4, max_blocks: 10_000, collections: Vec::new() }
    }
}

impl EventOptions {
    /// Reads these collections' transfers besides the protocol's own events.
    #[must_use]
    pub fn new(collections: Vec<Address>) -> Self {
        Self { collections, ..Self::default() }
    }
}

/// The events of contracts whose addresses are known.
const TOPICS: [B256; 28] = [
    IpAssetRegistry::IPRegistered::SIGNATURE_HASH,
    CoreMetadataModule::MetadataURISet::SIGNATURE_HASH,
    CoreMetadataModule::NFTTokenURISet::SIGNATURE_HASH,
    CoreMetadataModule::MetadataFrozen::SIGNATURE_HASH,
    PiLicenseTemplate::LicenseTermsRegistered::SIGNATURE_HASH,
    LicensingModule::LicenseTermsAttached::SIGNATURE_HASH,
    LicensingModule::LicenseTokensMinted::SIGNATURE_HASH,
    LicensingModule::DerivativeRegistered::SIGNATURE_HASH,
    LicenseRegistry::LicensingConfigSetForLicense::SIGNATURE_HASH,
    RoyaltyModule::RoyaltyPaid::SIGNATURE_HASH,
    RoyaltyModule::LicenseMintingFeePaid::SIGNATURE_HASH,
    RoyaltyModule::IpRoyaltyVaultDeployed::SIGNATURE_HASH,
    // Both policies log it alike.
    RoyaltyPolicyLap::RevenueTransferredToVault::SIGNATURE_HASH,
    GroupingModule::IPGroupRegistered::SIGNATURE_HASH,
    GroupingModule::AddedIpToGroup::SIGNATURE_HASH,
    GroupingModule::RemovedIpFromGroup::SIGNATURE_HASH,
    GroupingModule::CollectedRoyaltiesToGroupPool::SIGNATURE_HASH,
    GroupingModule::ClaimedReward::SIGNATURE_HASH,
    DisputeModule::DisputeRaised::SIGNATURE_HASH,
    UnreleasedDisputeModule::DisputeRaised::SIGNATURE_HASH,
    DisputeModule::DisputeJudgementSet::SIGNATURE_HASH,
    DisputeModule::DisputeCancelled::SIGNATURE_HASH,
    DisputeModule::DisputeResolved::SIGNATURE_HASH,
    DisputeModule::IpTaggedOnRelatedIpInfringement::SIGNATURE_HASH,
    ArbitrationPolicyUma::DisputeRaisedUMA::SIGNATURE_HASH,
    ArbitrationPolicyUma::AssertionDisputed::SIGNATURE_HASH,
    AccessController::PermissionSet::SIGNATURE_HASH,
    SpgNft::Transfer::SIGNATURE_HASH,
];

/// Logs of the protocol's contracts and of collections.
pub(super) fn of_contracts(addresses: &Addresses, collections: &[Address]) -> Filter {
    let mut contracts = vec![
        addresses.ip_asset_registry,
        addresses.core_metadata_module,
        addresses.pi_license_template,
        addresses.licensing_module,
        addresses.license_registry,
        addresses.royalty_module,
        addresses.royalty_policy_lap,
        addresses.royalty_policy_lrp,
        addresses.grouping_module,
        addresses.dispute_module,
        addresses.arbitration_policy_uma,
        addresses.access_controller,
    ];
    contracts.extend(collections);
    let contracts: Vec<EvmAddress> = contracts.into_iter().map(convert::evm_address).collect();
    Filter::new().address(contracts).event_signature(TOPICS.to_vec())
}

/// Logs of vaults: any contract may write such a log, so the protocol is asked afterwards which of them are vaults.
pub(super) fn of_vaults() -> Filter {
    Filter::new().event_signature(IpRoyaltyVault::RevenueTokenClaimed::SIGNATURE_HASH)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_event_is_asked_for_once() {
        assert_eq!(TOPICS.iter().collect::<BTreeSet<_>>().len(), TOPICS.len());
        let collection = Address::from_bytes([7; 20]);
        let filter = of_contracts(&Addresses::AENEID, &[collection]);
        assert!(filter.address.matches(&convert::evm_address(collection)));
        assert!(of_vaults().address.is_empty(), "vaults are not known before");
    }
}
