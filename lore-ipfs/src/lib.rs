#![doc = include_str!("../README.md")]
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
