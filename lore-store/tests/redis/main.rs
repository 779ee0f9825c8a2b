//! The cache in Redis, against real servers.
#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod conformance;
mod failures;
mod many;
mod server;
mod settings;
mod tls;
