//! Pure rules: no `async`, no I/O, no clock.

pub mod asset;
pub mod derivative;
pub mod ip_account;
pub mod license;
pub mod metadata;
pub mod page;
pub mod royalty;
