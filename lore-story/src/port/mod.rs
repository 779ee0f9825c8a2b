//! The ports of Lore on the real chain.

mod permission;
mod registration;
mod royalty;
mod wallet;
