//! What the tests and benches of the Story client run against: a real EVM node ([`Node`], anvil of `tests/evm-node`),
//! [`contracts`] of our own on it, and a [`Proxy`] between client and node that does what networks do.
//!
//! It knows nothing of the client: it speaks JSON-RPC by itself, so that a mistake of the client cannot hide here.
//! Everything panics with a reason instead of returning errors: it runs in tests.

#![forbid(unsafe_code)]
#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "test support: it may fail loudly, and it runs servers beside the test"
)]

mod anvil;
pub mod contracts;
mod control;
mod launch;
mod proxy;
mod rpc;

pub use anvil::{ACCOUNTS, KEYS, Mining, Node, NodeOptions, missing};
pub use control::{Mined, Waiting};
pub use proxy::{Answer, Call, Fault, Gate, Lag, LogsDialect, LogsLimit, Proxy, Rule, RuleId};
pub use rpc::{Rpc, RpcFailure, number, quantity};
