//! Hashes, and the one way in which bytes of a fixed number are shown and read: `0x` and hexadecimal digits.

/// So many bytes from `0x` and two digits each.
pub(crate) fn parse_hash<const SIZE: usize>(text: &str) -> Option<[u8; SIZE]> {
    let digits = text.strip_prefix("0x")?;
    data_encoding::HEXLOWER_PERMISSIVE.decode(digits.as_bytes()).ok()?.try_into().ok()
}

/// A type of so many bytes, by their number and that of their digits.
macro_rules! fixed_bytes {
    ($(#[$doc:meta])* $name:ident, $size:literal, $digits:literal, $field:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; $size]);

        impl $name {
            /// From its bytes.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; $size]) -> Self {
                Self(bytes)
            }

            /// Its bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; $size] {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "0x{}", data_encoding::HEXLOWER.encode(&self.0))
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(self, f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::error::Error;

            fn from_str(text: &str) -> $crate::error::Result<Self> {
                $crate::onchain::parse_hash(text).map(Self).ok_or_else(|| {
                    let expected = concat!("`0x` and ", $digits, " hexadecimal digits");
                    $crate::error::Error::invalid($field, "malformed", expected)
                })
            }
        }

        $crate::onchain::serde_as_text!($name);
    };
}
pub(crate) use fixed_bytes;

fixed_bytes! {
    /// Hash of a transaction, 32 bytes; shown as `0x` and 64 digits.
    TxHash, 32, "64", "tx_hash"
}
fixed_bytes! {
    /// Id under which the oracle decides about a dispute, 32 bytes; shown as `0x` and 64 digits.
    ///
    /// Evidence against a dispute names this id, not the dispute's number.
    AssertionId, 32, "64", "assertion_id"
}
