//! Lore's client of Story Protocol.

#![forbid(unsafe_code)]

pub mod addresses;
mod client;
pub mod config;
mod contracts;
mod convert;
pub mod eip712;
mod funding;
pub mod network;
pub mod operation;
pub mod ops;
mod port;
pub mod read;
pub mod receipt;
pub mod revert;
pub mod rpc;
pub mod tx;
pub mod view;

pub use self::{client::StoryClient, receipt::Receipt, view::View};
