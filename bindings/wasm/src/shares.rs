//! Shares and amounts: exact integers on both sides, millionths of a percent and wei.

use lore::{Error, Result, Share, Wei};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use crate::error::or_throw;

/// Reads a percentage such as `12.5` as millionths of a percent, which is what the chain counts in: 100 % is 100,000,000.
///
/// # Errors
/// `invalid_input` if it is no percentage of 0 to 100, or has more than 6 digits after the point.
#[wasm_bindgen(js_name = parseShare)]
pub fn parse_share(percent: &str) -> Result<u32, JsValue> {
    or_throw(percent.parse::<Share>().map(Share::millionths))
}

/// Shows millionths of a percent as a percentage, without its sign.
///
/// # Errors
/// `invalid_input` above 100 %.
#[wasm_bindgen(js_name = formatShare)]
pub fn format_share(millionths: u32) -> Result<String, JsValue> {
    or_throw(Share::from_millionths(millionths).map(|share| share.to_string()))
}

/// Checks that shares in millionths of a percent are exactly 100 % together; one millionth less or more is refused.
///
/// # Errors
/// `invalid_input` if they are not.
#[wasm_bindgen(js_name = checkShares)]
pub fn check_shares(millionths: &[u32]) -> Result<(), JsValue> {
    or_throw(sum(millionths))
}

fn sum(millionths: &[u32]) -> Result<()> {
    let wrong = || Error::invalid("shares", "sum", "shares of exactly 100 % together");
    let mut sum = Share::ZERO;
    for share in millionths {
        sum = sum.checked_add(Share::from_millionths(*share)?).ok_or_else(wrong)?;
    }
    if sum == Share::FULL { Ok(()) } else { Err(wrong()) }
}

/// What a share of an amount of wei is, rounded down as on chain. Amounts are decimal text: they have up to 256 bits.
///
/// # Errors
/// `invalid_input` if the amount is no such number, or the share is above 100 %.
#[wasm_bindgen(js_name = shareOf)]
pub fn share_of(wei: &str, millionths: u32) -> Result<String, JsValue> {
    or_throw(part(wei, millionths).map(|part| part.to_string()))
}

fn part(wei: &str, millionths: u32) -> Result<Wei> {
    let share = Share::from_millionths(millionths)?;
    let too_big = || Error::invalid("wei", "too_big", "an amount whose share can be computed in 256 bits");
    wei.parse::<Wei>()?.checked_share(share).ok_or_else(too_big)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_must_be_whole_together() {
        assert!(sum(&[62_500_000, 37_500_000]).is_ok());
        assert!(sum(&[62_500_000, 37_499_999]).is_err());
        assert!(sum(&[62_500_000, 37_500_001]).is_err());
        assert!(sum(&[u32::MAX, 1]).is_err());
        assert!(sum(&[]).is_err());
    }

    #[test]
    fn a_share_of_an_amount_is_exact_and_rounded_down() {
        assert_eq!(part("10000000000000000001", 10_000_000).unwrap().to_string(), "1000000000000000000");
        assert!(part("-1", 1).is_err());
    }
}
