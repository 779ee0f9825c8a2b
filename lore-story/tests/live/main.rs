//! The client against a chain that carries the protocol: any node, chosen by `LORE_STORY_RPC` and `LORE_STORY_KEY` (a
//! funded account), and `LORE_STORY_KEY_2` for somebody else.
//!
//! Without them every test here says why it was skipped. The tests share one account and so one lane, as they would in one
//! application; none depends on another.

#![cfg(test)]

mod account;
mod chain;
mod derivative;
mod dispute;
mod events;
mod fresh;
mod group;
mod license;
mod permission;
mod registration;
mod royalty;
mod royalty_shares;
