//! Lore's client of Story Protocol.

#![forbid(unsafe_code)]

pub mod addresses;
mod contracts;
#[expect(dead_code, reason = "the operations that use the rest come with the client")]
mod convert;
pub mod eip712;
pub mod network;
pub mod receipt;
pub mod revert;
pub mod rpc;
pub mod tx;
