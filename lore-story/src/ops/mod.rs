//! The writes of the protocol, one struct each.

pub mod account;
pub mod license;
pub mod permission;
pub mod royalty;
pub mod token;
