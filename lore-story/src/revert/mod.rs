//! Reverts: what the contracts say when they refuse, in words.
//!
//! One table of errors serves every contract, because a revert often comes from a contract behind the one that was
//! called. A node wraps the bytes in its own way; [`revert_data`] finds them, [`decode`] names them, [`to_error`] adds
//! where it happened and what to do about it.

mod advice;
mod decode;
mod payload;
mod table;

pub(crate) use self::decode::refused;
pub use self::{
    decode::{decode, to_error},
    payload::revert_data,
};
