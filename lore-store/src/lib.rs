#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

#[cfg(feature = "moka")]
pub mod moka;
#[cfg(feature = "sqlite")]
pub mod sqlite;
