//! [`MediaType`]: what kind of file some content is.

use std::{fmt, str::FromStr};

use crate::{
    error::{Error, Result},
    onchain::serde_as_text,
};

/// A media type without parameters, in lower case: `image/png` (RFC 6838, section 4.2).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MediaType(String);

impl MediaType {
    /// How many first bytes of content [`detect`](Self::detect) wants to see.
    pub const DETECT_BYTES: usize = 8192;

    /// The media type that the first bytes of content show, if they show one.
    #[must_use]
    pub fn detect(first_bytes: &[u8]) -> Option<Self> {
        infer::get(first_bytes).and_then(|kind| kind.mime_type().parse().ok())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the slash: `image`.
    #[must_use]
    pub fn top_level(&self) -> &str {
        self.0.split('/').next().unwrap_or_default()
    }
}

impl fmt::Display for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A restricted name of RFC 6838.
fn is_name(part: &str) -> bool {
    (1..=127).contains(&part.len())
        && part.starts_with(|c: char| c.is_ascii_alphanumeric())
        && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b))
}

impl FromStr for MediaType {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text.split_once('/') {
            Some((top, sub)) if is_name(top) && is_name(sub) => Ok(Self(text.to_ascii_lowercase())),
            _ => Err(Error::invalid(
                "media_type",
                "malformed",
                "a media type without parameters, such as image/png",
            )),
        }
    }
}

serde_as_text!(MediaType);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_types_are_read_in_any_case_and_without_parameters() {
        assert_eq!("Image/PNG".parse::<MediaType>().unwrap().as_str(), "image/png");
        assert_eq!("image/svg+xml".parse::<MediaType>().unwrap().top_level(), "image");
        for bad in ["", "image", "image/", "/png", "image/png; q=1", "im age/png", "image/png/x"] {
            assert!(bad.parse::<MediaType>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_first_bytes_tell_common_kinds() {
        assert_eq!(MediaType::detect(b"\x89PNG\r\n\x1a\n").unwrap().as_str(), "image/png");
        assert_eq!(MediaType::detect(b"ID3\x03").unwrap().as_str(), "audio/mpeg");
        assert_eq!(MediaType::detect(b"plain words"), None);
    }
}
