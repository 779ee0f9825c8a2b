//! Values as the chain knows them: chain ids, addresses, 256-bit numbers, shares, hashes.
//!
//! All are parsed at the edge and trusted afterwards; arithmetic is checked, never wrapping.

mod hash;

use std::{fmt, str::FromStr};

use ruint::aliases::U256;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use sha3::{Digest, Keccak256};

pub use self::hash::{AssertionId, TxHash};
pub(crate) use self::hash::{fixed_bytes, parse_hash};
use crate::error::{Error, Result};

/// Keccak-256, the hash of Ethereum.
#[must_use]
pub fn keccak256(bytes: &[u8]) -> [u8; 32] {
    Keccak256::digest(bytes).into()
}

/// Serialises a value as the text of its `Display`, and reads it back through `FromStr`.
macro_rules! serde_as_text {
    ($name:ident) => {
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(
                deserializer: D,
            ) -> std::result::Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}
pub(crate) use serde_as_text;

/// Id of an EVM chain (EIP-155): 1514 is Story's mainnet, 1315 its test network Aeneid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChainId(u64);

impl ChainId {
    /// Story's mainnet.
    pub const STORY: Self = Self(1514);
    /// Story's test network.
    pub const AENEID: Self = Self(1315);

    /// Any chain.
    #[must_use]
    pub const fn new(id: u64) -> Self {
        Self(id)
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for ChainId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An account or contract, 20 bytes. Shown with the EIP-55 checksum; read with a right checksum or in one case.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Address([u8; 20]);

impl Address {
    /// The zero address, which no one owns.
    pub const ZERO: Self = Self([0; 20]);

    /// From its bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 20]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 20] {
        &self.0
    }

    /// Whether this is the zero address.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        *self == Self::ZERO
    }

    /// The address of an uncompressed secp256k1 public key without its `04` prefix: the last 20 bytes of the hash.
    #[must_use]
    pub fn from_public_key(key: &[u8; 64]) -> Self {
        Self::from_hash(keccak256(key))
    }

    /// The last 20 bytes of a hash.
    #[must_use]
    pub(crate) fn from_hash(hash: [u8; 32]) -> Self {
        let mut bytes = [0; 20];
        for (to, from) in bytes.iter_mut().zip(hash.iter().skip(12)) {
            *to = *from;
        }
        Self(bytes)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lower = data_encoding::HEXLOWER.encode(&self.0);
        let hash = keccak256(lower.as_bytes());
        let nibbles = hash.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        f.write_str("0x")?;
        for (digit, nibble) in lower.chars().zip(nibbles) {
            let digit = if nibble >= 8 { digit.to_ascii_uppercase() } else { digit };
            fmt::Write::write_char(f, digit)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Address {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let malformed =
            || Error::invalid("address", "malformed", "`0x` and 40 hexadecimal digits, such as 0x5aAe…");
        let digits = text.strip_prefix("0x").ok_or_else(malformed)?;
        let bytes: [u8; 20] = data_encoding::HEXLOWER_PERMISSIVE
            .decode(digits.as_bytes())
            .ok()
            .and_then(|bytes| bytes.try_into().ok())
            .ok_or_else(malformed)?;
        let address = Self(bytes);
        let mixed =
            digits.bytes().any(|b| b.is_ascii_lowercase()) && digits.bytes().any(|b| b.is_ascii_uppercase());
        if mixed && address.to_string() != text {
            return Err(Error::invalid(
                "address",
                "bad_checksum",
                "an address with a correct EIP-55 checksum",
            ));
        }
        Ok(address)
    }
}

serde_as_text!(Address);

/// A registered IP: the address of its account (ERC-6551), which is also its id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IpId(Address);

impl IpId {
    /// From the account's address.
    #[must_use]
    pub const fn new(account: Address) -> Self {
        Self(account)
    }

    /// The account's address.
    #[must_use]
    pub const fn address(&self) -> Address {
        self.0
    }
}

impl fmt::Display for IpId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for IpId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for IpId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        text.parse().map(Self)
    }
}

/// What is wrong with a decimal number of at most 256 bits.
fn uint_error(field: &'static str) -> Error {
    Error::invalid(field, "malformed", "a whole number from 0 to 2^256 - 1 in decimal digits")
}

macro_rules! uint256 {
    ($(#[$doc:meta])* $name:ident, $field:literal) => {
        $(#[$doc])*
        ///
        /// A whole number of 256 bits; shown, read and serialised in decimal, as a string.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(U256);

        impl $name {
            /// Zero.
            pub const ZERO: Self = Self(U256::ZERO);
            /// The largest value, 2^256 - 1.
            pub const MAX: Self = Self(U256::MAX);

            /// From 32 bytes, most significant first.
            #[must_use]
            pub const fn from_be_bytes(bytes: [u8; 32]) -> Self {
                Self(U256::from_be_bytes(bytes))
            }

            /// As 32 bytes, most significant first.
            #[must_use]
            pub fn to_be_bytes(self) -> [u8; 32] {
                self.0.to_be_bytes()
            }

            /// Whether this is zero.
            #[must_use]
            pub fn is_zero(self) -> bool {
                self.0.is_zero()
            }

            /// As `u64`, if it fits.
            #[must_use]
            pub fn to_u64(self) -> Option<u64> {
                u64::try_from(self.0).ok()
            }

            /// As `u128`, if it fits.
            #[must_use]
            pub fn to_u128(self) -> Option<u128> {
                u128::try_from(self.0).ok()
            }

            /// The sum, if it fits.
            #[must_use]
            pub fn checked_add(self, other: Self) -> Option<Self> {
                self.0.checked_add(other.0).map(Self)
            }

            /// The difference, if it is not negative.
            #[must_use]
            pub fn checked_sub(self, other: Self) -> Option<Self> {
                self.0.checked_sub(other.0).map(Self)
            }
        }

        impl From<u64> for $name {
            fn from(value: u64) -> Self {
                Self(U256::from(value))
            }
        }

        impl From<u128> for $name {
            fn from(value: u128) -> Self {
                Self(U256::from(value))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self> {
                if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
                    return Err(uint_error($field));
                }
                U256::from_str_radix(text, 10).map(Self).map_err(|err| uint_error($field).with_source(err))
            }
        }

        serde_as_text!($name);
    };
}

uint256! {
    /// An amount of money in the smallest unit of its token (10^-18 of a coin for DATA, WIP and most others).
    Wei, "amount"
}
uint256! {
    /// Number of a token in its NFT contract.
    TokenId, "token_id"
}
uint256! {
    /// Id of registered license terms in the license template; 0 is never one.
    LicenseTermsId, "license_terms_id"
}
uint256! {
    /// A plain number as the chain keeps it, for example a duration in seconds.
    Uint256, "number"
}

impl From<ChainId> for Uint256 {
    fn from(id: ChainId) -> Self {
        Self::from(id.0)
    }
}

impl Wei {
    /// Decimals of the native coin and of WIP.
    pub const DECIMALS: u32 = 18;

    /// Whole coins of 10^18 wei; every `u64` fits.
    #[must_use]
    pub fn from_coins(coins: u64) -> Self {
        Self(U256::from(coins) * U256::from(1_000_000_000_000_000_000_u64))
    }

    /// The product with a plain number, if it fits.
    #[must_use]
    pub fn checked_mul(self, factor: u64) -> Option<Self> {
        self.0.checked_mul(U256::from(factor)).map(Self)
    }

    /// The quotient, rounded down; `None` for a divisor of zero.
    #[must_use]
    pub fn checked_div(self, divisor: u64) -> Option<Self> {
        self.0.checked_div(U256::from(divisor)).map(Self)
    }

    /// The product with a share, rounded down as on chain; `None` where the chain's own multiplication overflows.
    #[must_use]
    pub fn checked_share(self, share: Share) -> Option<Self> {
        self.checked_mul(u64::from(share.0))?.checked_div(u64::from(Share::FULL.0))
    }

    /// In coins, for people: `1.5`, all decimals that are not zero.
    #[must_use]
    pub fn to_coins(self) -> String {
        let digits = format!("{:0>19}", self.0.to_string());
        let (whole, fraction) = digits.split_at(digits.len() - 18);
        let fraction = fraction.trim_end_matches('0');
        if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") }
    }
}

impl std::iter::Sum for Wei {
    /// The sum, at most [`Wei::MAX`].
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, |sum, amount| Self(sum.0.saturating_add(amount.0)))
    }
}

/// A share of 0 to 100 %, in millionths of a percent as on chain: 100 % is 100,000,000.
///
/// Read and shown in percent (`12.5`); serialised as the number of millionths.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Share(u32);

impl Share {
    /// 0 %.
    pub const ZERO: Self = Self(0);
    /// 100 %.
    pub const FULL: Self = Self(100_000_000);

    /// From millionths of a percent.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) above 100,000,000.
    pub fn from_millionths(millionths: u32) -> Result<Self> {
        if millionths <= Self::FULL.0 {
            Ok(Self(millionths))
        } else {
            Err(Error::invalid(
                "share",
                "out_of_range",
                "0 to 100 %, that is 0 to 100000000 millionths of a percent",
            ))
        }
    }

    /// From whole percent.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) above 100.
    pub fn from_percent(percent: u32) -> Result<Self> {
        Self::from_millionths(percent.saturating_mul(1_000_000))
    }

    /// In millionths of a percent.
    #[must_use]
    pub const fn millionths(self) -> u32 {
        self.0
    }

    /// The sum, if it is at most 100 %.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).filter(|sum| *sum <= Self::FULL.0).map(Self)
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, fraction) = (self.0 / 1_000_000, self.0 % 1_000_000);
        if fraction == 0 {
            write!(f, "{whole}")
        } else {
            let fraction = format!("{fraction:06}");
            write!(f, "{whole}.{}", fraction.trim_end_matches('0'))
        }
    }
}

impl fmt::Debug for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self} %")
    }
}

impl FromStr for Share {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let malformed = || {
            Error::invalid(
                "share",
                "malformed",
                "a percentage such as 12.5, with at most 6 digits after the point",
            )
        };
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let digits =
            |part: &str| !part.is_empty() && part.len() <= 6 && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(fraction) {
            return Err(malformed());
        }
        let whole: u32 = whole.parse().map_err(|_| malformed())?;
        let fraction: u32 = format!("{fraction:0<6}").parse().map_err(|_| malformed())?;
        Self::from_millionths(whole.saturating_mul(1_000_000).saturating_add(fraction))
    }
}

impl Serialize for Share {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Share {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        u32::deserialize(deserializer)
            .and_then(|value| Self::from_millionths(value).map_err(D::Error::custom))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_carry_the_eip_55_checksum() {
        // The examples of EIP-55.
        for text in [
            "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
            "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
            "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
            "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
        ] {
            let address: Address = text.parse().unwrap();
            assert_eq!(address.to_string(), text);
            assert_eq!(text.to_lowercase().parse::<Address>().unwrap(), address);
        }
        let wrong = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD";
        assert_eq!(wrong.parse::<Address>().unwrap_err().violations()[0].rule, "bad_checksum");
        assert!("5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed".parse::<Address>().is_err());
    }

    #[test]
    fn wei_holds_256_bits_and_shows_coins_exactly() {
        let max = "115792089237316195423570985008687907853269984665640564039457584007913129639935";
        assert_eq!(max.parse::<Wei>().unwrap(), Wei::MAX);
        assert_eq!(Wei::MAX.to_string(), max);
        assert!(format!("{max}0").parse::<Wei>().is_err());
        assert!("-1".parse::<Wei>().is_err());
        assert!("".parse::<Wei>().is_err());
        assert_eq!(Wei::from(1_500_000_000_000_000_000_u64).to_coins(), "1.5");
        assert_eq!(Wei::from(1_u64).to_coins(), "0.000000000000000001");
        assert_eq!(Wei::from_coins(10).to_coins(), "10");
        assert_eq!(serde_json::to_string(&Wei::from(7_u64)).unwrap(), "\"7\"");
    }

    #[test]
    fn a_share_is_exact_to_a_millionth_of_a_percent() {
        assert_eq!("12.5".parse::<Share>().unwrap().millionths(), 12_500_000);
        assert_eq!("0.000001".parse::<Share>().unwrap().millionths(), 1);
        assert_eq!("100".parse::<Share>().unwrap(), Share::FULL);
        for bad in ["100.000001", "101", "-1", "1.0000001", ".5", "5.", "", "1e2", "99999999999"] {
            assert!(bad.parse::<Share>().is_err(), "{bad}");
        }
        assert_eq!(Share::from_millionths(62_500_000).unwrap().to_string(), "62.5");
        assert!(serde_json::from_str::<Share>("100000001").is_err());
    }

    #[test]
    fn a_share_of_an_amount_is_rounded_down() {
        let third = Share::from_millionths(33_333_333).unwrap();
        assert_eq!(Wei::from(10_u64).checked_share(third), Some(Wei::from(3_u64)));
        assert_eq!(Wei::MAX.checked_share(third), None);
    }
}
