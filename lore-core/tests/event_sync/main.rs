//! The driver over a scripted chain: crashes, rivals, lost answers and reorganisations at every place.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod random;
mod runs;
mod world;
