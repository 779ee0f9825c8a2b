//! Pin stores of Lore, and files as content.
//!
//! | feature | store | for |
//! |---|---|---|
//! | `blocks` (default) | [`BlockStore`](blocks::BlockStore) | content in a directory, no server needed |
//!
//! Everything that blocks (files, locks, `fsync`) runs on tokio's blocking threads: a tokio runtime must be running.

#![forbid(unsafe_code)]

mod blocking;
#[cfg(feature = "blocks")]
pub mod blocks;
mod file;
mod io_error;
mod verify;

pub use self::{
    file::FileContent,
    verify::{BlockSource, ReimportedReader, VerifiedReader},
};
