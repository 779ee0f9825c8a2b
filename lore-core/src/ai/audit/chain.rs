//! [`ChainHead`] and [`LoggedEntry`]: lines that each hold the hash of all before them.

use std::fmt;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

use super::{canonical, entry::AuditEntry};
use crate::error::Result;

/// Stands before everything that is hashed, so that the hash of a line is no hash of anything else. Of fixed length, as all
/// but the last part is: two lines never hash the same bytes.
const DOMAIN: &[u8] = b"lore audit log line, version 1\0";

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

    /// A line's place and hash.
    #[must_use]
    pub const fn new(sequence: u64, hash: [u8; 32]) -> Self {
        Self { sequence, hash }
    }

    /// The place and hash of a line with these bytes after this one: BLAKE3 over a fixed text, this hash, the line's place
    /// (eight bytes, most significant first) and its bytes.
    #[must_use]
    pub fn next(&self, bytes: &[u8]) -> Self {
        let sequence = self.sequence.saturating_add(1);
        let mut hasher = blake3::Hasher::new();
        hasher.update(DOMAIN).update(&self.hash).update(&sequence.to_be_bytes()).update(bytes);
        Self { sequence, hash: *hasher.finalize().as_bytes() }
    }

    /// The hash as 64 hexadecimal digits.
    #[must_use]
    pub fn hash_hex(&self) -> String {
        HEXLOWER.encode(&self.hash)
    }
}

/// The place, a colon, and the hash in hexadecimal digits.
impl fmt::Display for ChainHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.sequence, self.hash_hex())
    }
}

impl std::str::FromStr for ChainHead {
    type Err = crate::error::Error;

    fn from_str(text: &str) -> Result<Self> {
        let read = || {
            let (sequence, hash) = text.split_once(':')?;
            let hash = HEXLOWER.decode(hash.as_bytes()).ok()?;
            let head = Self::new(sequence.parse().ok()?, hash.try_into().ok()?);
            (head.to_string() == text).then_some(head)
        };
        let expected = "a number, a colon and 64 hexadecimal digits";
        read().ok_or_else(|| crate::error::Error::invalid("head", "malformed", expected))
    }
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

impl LoggedEntry {
    /// A line as it is stored.
    #[must_use]
    pub const fn new(head: ChainHead, bytes: Vec<u8>) -> Self {
        Self { head, bytes }
    }

    /// The entry of the bytes. Whether they are those that were written is for [`verify`](super::verify()) to say.
    ///
    /// # Errors
    /// As [`decode`](canonical::decode).
    pub fn entry(&self) -> Result<AuditEntry> {
        canonical::decode(&self.bytes).map_err(|err| err.with_context("sequence", self.head.sequence))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_back_and_its_hash_depends_on_all_before() {
        let first = ChainHead::START.next(b"a");
        let second = first.next(b"b");
        assert_eq!((first.sequence, second.sequence), (1, 2));
        assert_eq!(second.to_string().parse::<ChainHead>().unwrap(), second);
        assert_ne!(second.hash, ChainHead::START.next(b"x").next(b"b").hash);
        assert_ne!(second.hash, ChainHead::new(2, first.hash).next(b"b").hash);
        for text in ["", "1", "1:00", "+1:00", &second.to_string().to_uppercase()] {
            assert!(text.parse::<ChainHead>().is_err(), "{text}");
        }
    }

    /// The hash of the first line that holds `a`. If it changes, no log that was ever written verifies.
    #[test]
    fn the_hash_of_a_line_stays_what_it_is() {
        insta::assert_snapshot!(ChainHead::START.next(b"a"));
    }
}
