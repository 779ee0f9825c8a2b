//! Lore's client of Story Protocol.

#![forbid(unsafe_code)]

pub mod addresses;
mod contracts;
pub mod network;
