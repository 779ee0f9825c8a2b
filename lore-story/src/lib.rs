//! Lore's client of Story Protocol.

#![forbid(unsafe_code)]

mod contracts;
mod revert;
pub mod rpc;
