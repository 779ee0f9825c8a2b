//! Lore's client of Story Protocol: the `ChainClient` port over the real contracts.
//!
//! Nothing is here yet. Until it is, applications run on the simulated chain of `lore-core`, which enforces the protocol's
//! rules and says that it is simulated. The addresses and limits of the deployed contracts are in
//! [`lore_core::protocol`].

#![forbid(unsafe_code)]
