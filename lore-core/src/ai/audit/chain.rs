//! [`ChainHead`] and [`LoggedEntry`]: lines that each hold the hash of all before them.

use serde::{Deserialize, Serialize};

/// The place and the hash of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ChainHead {
    /// Its place, from 1; 0 before the first line.
    pub sequence: u64,
    /// The hash of the line and of all before it; zero before the first.
    pub hash: [u8; 32],
}

impl ChainHead {
    /// Before the first line.
    pub const START: Self = Self { sequence: 0, hash: [0; 32] };
}

/// A line as a store keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoggedEntry {
    /// Its place and hash, as stored.
    pub head: ChainHead,
    /// The line, as stored.
    pub bytes: Vec<u8>,
}
