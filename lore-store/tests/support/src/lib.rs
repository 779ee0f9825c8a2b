//! What tests and benches of shared caches run against: real [`RedisServer`]s, each in a directory of its own, that keep
//! nothing on disk.
//!
//! It knows nothing of the client. Everything panics with a reason instead of returning errors: it runs in tests.

#![cfg(unix)]
#![forbid(unsafe_code)]
#![expect(
    clippy::disallowed_methods,
    clippy::panic,
    clippy::unwrap_used,
    reason = "test support: it may fail loudly, and it runs a server beside the test"
)]

mod redis;

pub use redis::{RedisServer, missing};
