//! The ports of Lore on the real chain.

mod permission;
//TMP mod registration;
mod royalty;
mod wallet;
