//! Bytes as logs carry them. All are shown, read and serialised as `0x` and hexadecimal digits.

use std::{fmt, str::FromStr};

use crate::{
    error::{Error, Result},
    onchain::{fixed_bytes, serde_as_text},
};

fn decode(text: &str) -> Option<Vec<u8>> {
    data_encoding::HEXLOWER_PERMISSIVE.decode(text.strip_prefix("0x")?.as_bytes()).ok()
}

fixed_bytes! {
    /// Hash of a block.
    BlockHash, 32, "64", "block_hash"
}
fixed_bytes! {
    /// What an IP is accused of: text, and zero bytes up to 32.
    Tag, 32, "64", "tag"
}
fixed_bytes! {
    /// First 4 bytes of the hash of a function's signature; zero stands for every function.
    Selector, 4, "8", "selector"
}

impl Tag {
    /// The text, if it is one.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        let end = self.0.iter().rposition(|byte| *byte != 0).map_or(0, |last| last.saturating_add(1));
        self.0.get(..end).and_then(|bytes| std::str::from_utf8(bytes).ok())
    }
}

/// Bytes whose form another contract knows.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct HexBytes(Vec<u8>);

impl HexBytes {
    /// Takes the bytes.
    #[must_use]
    pub const fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for HexBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{}", data_encoding::HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for HexBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for HexBytes {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        decode(text)
            .map(Self)
            .ok_or_else(|| Error::invalid("bytes", "malformed", "`0x` and pairs of hexadecimal digits"))
    }
}

serde_as_text!(HexBytes);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_read_back_from_their_text_and_from_nothing_else() {
        let selector: Selector = "0xa9059cbb".parse().unwrap();
        assert_eq!(selector.as_bytes(), &[0xa9, 0x05, 0x9c, 0xbb]);
        assert_eq!(selector.to_string(), "0xa9059cbb");
        for bad in ["a9059cbb", "0xa9059c", "0xa9059cbb00", "0xa9059cbg", ""] {
            assert!(bad.parse::<Selector>().is_err(), "{bad}");
        }
        assert_eq!("0x".parse::<HexBytes>().unwrap(), HexBytes::default());
        assert_eq!("0x00FF".parse::<HexBytes>().unwrap().as_slice(), [0, 255]);
        assert!("0x0".parse::<HexBytes>().is_err());
    }

    #[test]
    fn a_tag_is_its_text_without_the_padding() {
        let mut bytes = [0; 32];
        bytes[..14].copy_from_slice(b"IMPROPER_USAGE");
        assert_eq!(Tag::from_bytes(bytes).as_text(), Some("IMPROPER_USAGE"));
        assert_eq!(Tag::from_bytes([0; 32]).as_text(), Some(""));
        assert_eq!(Tag::from_bytes([b'x'; 32]).as_text().map(str::len), Some(32));
        assert_eq!(Tag::from_bytes([255; 32]).as_text(), None);
    }
}
