//! [`Rpc`]: asks nodes, over plain JSON-RPC, and says what their answers mean.
//!
//! Several endpoints stand in for one another: a request goes to the one that answered last, and to the next if that one
//! is silent, overloaded or no node at all. Every endpoint must prove that it belongs to the configured chain before it is
//! asked anything else. A transaction is never sent by the same path as a question: what became of it is a value
//! (accepted, refused, or unknown), not an error.

mod block;
mod client;
mod config;
mod endpoint;
mod fault;
mod fees;
mod gas;
mod multicall;
mod read;
mod refusal;
mod send;
mod simulate;

pub(crate) use self::{
    block::{BlockHeader, TxReceipt, WireTransaction},
    fees::{FeeLimits, Fees},
    gas::gas_limit,
    multicall::CallOutcome,
    read::CallOptions,
    send::SendOutcome,
};
pub use self::{client::Rpc, config::RpcConfig};
