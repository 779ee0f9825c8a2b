//! The simulated chain: the protocol's rules on no chain at all.
//!
//! [`SimulatedLedger`] is the pure state machine: what the real contracts v1.3.2 would do, in the same order of checks,
//! with the same errors and the same integers, as recorded from them case by case. [`SimulatedChain`] puts it behind
//! the [`ChainClient`](crate::port::chain::ChainClient) port, with a clock, a signer and, if wanted, a file.
//!
//! It is simulated: what it registers exists in this application alone, its money is worth nothing, and its chain id is
//! no real chain's.
//!
//! Not simulated: gas, registration fees, approvals of NFTs, signed calls of IP accounts, licensing hooks other than
//! the one that locks, other arbitration than the optimistic oracle's, whose answers anybody may give here.

mod access;
mod apply;
mod assertion;
mod call;
mod client;
mod config;
mod dispute;
mod events;
#[cfg(not(target_family = "wasm"))]
mod file;
mod functions;
mod group;
mod group_pool;
mod history;
mod ledger;
mod licensing;
mod linking;
mod ports;
mod reads;
mod registry;
mod royalty;
mod state;
mod table;
mod tokens;

pub use self::{
    assertion::Assertion,
    call::{Call, LicensingConfig, Outcome, Permission, Receipt},
    client::SimulatedChain,
    config::SimulatedConfig,
    dispute::{DisputeRecord, DisputeState},
    events::SimulatedEvents,
    ledger::{SimulatedLedger, SimulatedStats},
};
