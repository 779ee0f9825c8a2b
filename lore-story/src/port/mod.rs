//! The ports of Lore on the real chain.

mod dispute;
mod group;
mod permission;
mod registration;
mod royalty;
mod wallet;
