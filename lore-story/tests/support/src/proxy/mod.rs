//! [`Proxy`]: between client and node, and as unreliable as told.
//!
//! It understands JSON-RPC, single and in batches: a [`Rule`] picks calls by method and by count, a [`Fault`] says what
//! happens to them. It counts and records what came.

mod fault;
mod line;
mod logs;
mod rule;
mod server;
mod stale;

pub use fault::{Answer, Fault, Gate};
pub use logs::{LogsDialect, LogsLimit};
pub use rule::{Rule, RuleId};
pub use server::{Call, Proxy};
pub use stale::Lag;
