#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

#[cfg(feature = "moka")]
pub mod moka;
#[cfg(feature = "redis")]
pub mod redis;
#[cfg(feature = "sqlite")]
pub mod sqlite;
#[cfg(any(feature = "redis", feature = "sqlite"))]
pub mod task;
