//! Events out of the logs of a real node: each once, whatever the node cannot do and whatever becomes of the chain.
#![cfg(test)]
#![expect(clippy::disallowed_methods, reason = "a real node takes real time")]

mod limits;
mod reorg;
mod restart;
mod scene;
mod stale;
