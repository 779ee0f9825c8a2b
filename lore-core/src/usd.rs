//! [`Usd`]: money paid to model providers, exact.

use std::{fmt, str::FromStr};

use crate::error::{Error, Result};

/// Digits after the point.
const SCALE: usize = 12;
const ONE: u64 = 1_000_000_000_000;

/// An amount of US dollars in whole picodollars (10⁻¹² USD); at most about 18.4 million USD.
///
/// Providers price a token in decimals as small as 0.0000000375 USD (`pricing` of OpenRouter's models endpoint,
/// 2026-11), which a picodollar divides. Shown and serialised as a decimal: `0.000375`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Usd(u64);

impl Usd {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// The largest amount.
    pub const MAX: Self = Self(u64::MAX);

    /// From picodollars.
    #[must_use]
    pub const fn from_picos(picos: u64) -> Self {
        Self(picos)
    }

    /// In picodollars.
    #[must_use]
    pub const fn picos(self) -> u64 {
        self.0
    }

    /// The sum, at most [`MAX`](Self::MAX).
    #[must_use]
    pub const fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// What is left, at least zero.
    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// So many times this amount, at most [`MAX`](Self::MAX).
    #[must_use]
    pub const fn saturating_mul(self, count: u64) -> Self {
        Self(self.0.saturating_mul(count))
    }
}

impl fmt::Display for Usd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, fraction) = (self.0 / ONE, self.0 % ONE);
        if fraction == 0 {
            return write!(f, "{whole}");
        }
        let digits = format!("{fraction:0SCALE$}");
        write!(f, "{whole}.{}", digits.trim_end_matches('0'))
    }
}

fn malformed() -> Error {
    Error::invalid("usd", "malformed", "a decimal from 0 to 18446744, such as 0.000375 or 3.75e-4")
}

impl FromStr for Usd {
    type Err = Error;

    /// Reads a decimal, with or without an exponent, as providers write amounts. What is smaller than a picodollar is rounded
    /// up, so that a cost is never understated.
    fn from_str(text: &str) -> Result<Self> {
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().map_err(|_| malformed())?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = || whole.bytes().chain(fraction.bytes());
        if digits().next().is_none() || digits().count() > 64 || !digits().all(|digit| digit.is_ascii_digit())
        {
            return Err(malformed());
        }
        // Digits that stand left of the last picodollar place.
        let kept = i64::try_from(whole.len().saturating_add(SCALE)).map_err(|_| malformed())?;
        let kept = kept.saturating_add(i64::from(exponent));
        let mut picos: u64 = 0;
        let mut rest = false;
        let mut place = 0_i64;
        for digit in digits() {
            if place < kept {
                picos = shifted(picos)?.checked_add(u64::from(digit - b'0')).ok_or_else(malformed)?;
            } else {
                rest |= digit != b'0';
            }
            place = place.saturating_add(1);
        }
        while place < kept && picos > 0 {
            picos = shifted(picos)?;
            place = place.saturating_add(1);
        }
        picos.checked_add(u64::from(rest)).map(Self).ok_or_else(malformed)
    }
}

fn shifted(picos: u64) -> Result<u64> {
    picos.checked_mul(10).ok_or_else(malformed)
}

crate::onchain::serde_as_text!(Usd);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_as_providers_write_them() {
        for (text, picos) in [
            ("0", 0),
            ("0.0000000375", 37_500),
            ("3.75e-4", 375_000_000),
            ("1.4E-5", 14_000_000),
            ("2", 2 * ONE),
            ("12.5", 12_500_000_000_000),
            ("1e3", 1_000 * ONE),
            (".5", ONE / 2),
            ("0.00000000000001", 1),
            ("0.0000000000010", 1),
            ("5e-20", 1),
            ("0e99", 0),
        ] {
            assert_eq!(text.parse::<Usd>().unwrap().picos(), picos, "{text}");
        }
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in
            ["", "-1", "+1", "1,5", "1.2.3", "NaN", "1e", "e5", ".", "18446745", "1e20", "1e999999999999"]
        {
            assert!(text.parse::<Usd>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_amount_is_read_back_from_its_text() {
        for picos in [0, 1, 37_500, ONE, ONE + 1, u64::MAX] {
            let usd = Usd::from_picos(picos);
            assert_eq!(usd.to_string().parse::<Usd>().unwrap(), usd);
        }
        assert_eq!(Usd::from_picos(375_000_000).to_string(), "0.000375");
    }
}
