//! Pin stores of Lore, and files as content.
//!
//! | feature | store | for |
//! |---|---|---|
//! | `blocks` (default) | [`BlockStore`](blocks::BlockStore) | content in a directory, no server needed |
//! | `pinata` | [`PinataPinStore`](pinata::PinataPinStore) | content at Pinata, the pinning service |
//! | `kubo` | [`KuboPinStore`](kubo::KuboPinStore) | content on an IPFS node of one's own |
//!
//! Everything that blocks (files, locks, `fsync`) runs on tokio's blocking threads: a tokio runtime must be running.

#![forbid(unsafe_code)]

mod blocking;
#[cfg(feature = "blocks")]
pub mod blocks;
mod file;
#[cfg(feature = "http")]
mod http;
mod io_error;
#[cfg(feature = "kubo")]
pub mod kubo;
#[cfg(feature = "pinata")]
pub mod pinata;
mod verify;

pub use self::{
    file::FileContent,
    verify::{BlockSource, ReimportedReader, VerifiedReader},
};
