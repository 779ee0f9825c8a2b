//! Pure rules: no `async`, no I/O, no clock.

pub mod asset;
pub mod chain_event;
pub mod derivative;
pub mod ip_account;
pub mod license;
pub mod linking;
pub mod metadata;
pub mod page;
mod percent;
pub mod royalty;
pub mod search;
pub mod signature;
