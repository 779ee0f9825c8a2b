//! The narrow ports of the chain, on the simulated one.

mod dispute;
mod group;
mod permission;
mod royalty;
mod wallet;
