//! Creation end to end over the in-memory adapters: every crash, every lost answer, every kind of bad input.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "helpers of tests fail like tests"
)]

mod crashes;
mod input;
mod lifecycle;
mod rivals;
mod world;
