#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod addresses;
mod client;
mod config;
mod contracts;
mod convert;
pub mod eip712;
mod funding;
pub mod logs;
pub mod network;
pub mod operation;
pub mod ops;
mod port;
pub mod read;
mod receipt;
pub mod revert;
#[expect(dead_code, unused_imports, reason = "the operations that use the rest come with the client")]
pub mod rpc;
pub mod tx;
mod view;

pub use self::{
    client::StoryClient,
    config::StoryConfig,
    network::Network,
    operation::{Draft, Operation},
    receipt::Receipt,
    tx::{AlloySigner, LanePolicy, LocalSigner, TransactionSigner},
    view::View,
};
