//! [`AssertionId`]: what the oracle calls a dispute.

use std::{fmt, str::FromStr};

use crate::{
    error::{Error, Result},
    onchain::{parse_hash, serde_as_text},
};

/// Id under which the oracle decides about a dispute, 32 bytes; shown as `0x` and 64 digits.
///
/// Evidence against a dispute names this id, not the dispute's number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AssertionId([u8; 32]);

impl AssertionId {
    /// From its bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for AssertionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{}", data_encoding::HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for AssertionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for AssertionId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        parse_hash(text)
            .map(Self)
            .ok_or_else(|| Error::invalid("assertion_id", "malformed", "`0x` and 64 hexadecimal digits"))
    }
}

serde_as_text!(AssertionId);
