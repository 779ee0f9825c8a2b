//! The cache in a Redis server, or one that speaks its protocol (Valkey), for several processes.
//!
//! All calls share one connection and are pipelined on it. It is made by the first call and replaced when it is lost; each
//! call waits a limited time, whatever the server does. A cluster is not spoken to.

mod cache;
mod config;
mod failure;
mod link;
mod session;
mod tls;

pub use self::{cache::RedisCache, config::RedisConfig};
