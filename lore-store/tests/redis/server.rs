//! How these tests connect.

use lore_store::redis::{RedisCache, RedisConfig};
use lore_store_testbed::RedisServer;

/// Patient, because the machine may be loaded: tests of waiting set times of their own.
pub(crate) fn config(server: &RedisServer) -> RedisConfig {
    RedisConfig::new(server.url()).with_connect_timeout_ms(20_000).with_command_timeout_ms(20_000)
}

pub(crate) fn cache(server: &RedisServer) -> RedisCache {
    RedisCache::new(&config(server)).unwrap()
}
