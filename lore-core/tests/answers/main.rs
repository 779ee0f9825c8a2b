//! Answers of models: what is read, what is refused, and that no text of a user changes that.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests fail like tests"
)]

mod hostile;
mod injections;
mod offline;
mod requests;
mod shapes;
mod table;
