//! Lore's client of Story Protocol.

#![forbid(unsafe_code)]

pub mod addresses;
mod contracts;
#[expect(dead_code, reason = "the operations that use the rest come with the client")]
mod convert;
pub mod network;
pub mod receipt;
pub mod revert;
#[expect(dead_code, unused_imports, reason = "the operations that use the rest come with the client")]
pub mod rpc;
pub mod tx;
