//! [`SimulatedConfig`]: what a simulated chain starts from.

use serde::{Deserialize, Serialize};

use crate::{
    onchain::{Address, ChainId, Share, Wei, keccak256},
    protocol::WIP,
};

/// The constants of a simulated chain. They never change once it exists; a chain kept in a file carries them in its
/// first line.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct SimulatedConfig {
    /// Its id. The default is no real chain's; ids of IPs depend on it.
    pub chain_id: ChainId,
    /// The collection that clients mint in.
    pub collection: Address,
    /// What an account gets with its first transaction, in wei of WIP, together with allowances for fees and bonds: a
    /// faucet, so that fees can be paid. Worth nothing anywhere else.
    pub starting_balance: Wei,
    /// Tokens that royalties may be paid in.
    pub currencies: Vec<Address>,
    /// Royalty policies registered from outside. They are taken to need no royalty tokens.
    pub external_policies: Vec<Address>,
    /// Contracts that say they are hooks. None is registered, so terms cannot use them.
    pub hook_modules: Vec<Address>,
    /// Licensing hooks that are registered. Each locks the license that it is set for: nobody gets one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lock_hooks: Vec<Address>,
    /// The protocol's own part of every payment; 0 after deployment.
    pub royalty_fee: Share,
    /// Where that part goes.
    pub treasury: Address,
    /// Least bond of a dispute.
    pub minimum_bond: Wei,
    /// Largest bond of a dispute.
    pub maximum_bond: Wei,
}

impl Default for SimulatedConfig {
    fn default() -> Self {
        let named = |name: &str| Address::from_hash(keccak256(name.as_bytes()));
        Self {
            // "LORE" in ASCII.
            chain_id: ChainId::new(0x4c4f_5245),
            collection: named("simulated collection"),
            starting_balance: Wei::from_coins(1_000),
            currencies: vec![WIP],
            external_policies: Vec::new(),
            hook_modules: Vec::new(),
            lock_hooks: Vec::new(),
            royalty_fee: Share::ZERO,
            treasury: named("simulated treasury"),
            minimum_bond: Wei::from(100_000_000_000_000_000_u64),
            maximum_bond: Wei::from_coins(100),
        }
    }
}
