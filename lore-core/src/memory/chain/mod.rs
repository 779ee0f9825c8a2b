//! The simulated chain.
