//! Royalties: payments, claims, and what is moved between vaults. The requests of the port are the operations.

mod claim;
mod collect;
mod pay;
mod transfer;

pub(crate) use self::claim::vault as vault_of;
pub use self::collect::{CollectRevenue, CollectedRevenue, CollectionStep};

use lore_core::{Address, domain::royalty::RoyaltyPolicy};

use crate::addresses::Addresses;

/// Reverts that say that there is nothing to move or to claim.
const NOTHING_DUE: [&str; 4] = [
    "IpRoyaltyVault__ZeroAmount",
    "IpRoyaltyVault__NoClaimableTokens",
    "RoyaltyPolicyLAP__ZeroClaimableRoyalty",
    "RoyaltyPolicyLRP__ZeroClaimableRoyalty",
];

/// Whether this revert says that there is nothing to move or to claim.
pub(crate) fn is_nothing_due(name: &str) -> bool {
    NOTHING_DUE.contains(&name)
}

/// The contract of a policy on this network.
pub(crate) fn policy_contract(policy: RoyaltyPolicy, addresses: &Addresses) -> Address {
    match policy {
        RoyaltyPolicy::Lap => addresses.royalty_policy_lap,
        RoyaltyPolicy::Lrp => addresses.royalty_policy_lrp,
        // A policy that only a newer core knows is the same everywhere.
        other => other.address(),
    }
}
