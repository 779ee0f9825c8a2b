//! How much gas a transaction is given: what was found to be needed, and more, because the state moves on until it is mined.

/// Added to what was found, at least: two slots that are not empty now may be emptied by other transactions before this one
/// is mined, and filling one costs 20,000 (EIP-2200) instead of 2,900.
const EMPTIED_SLOTS_GAS: u64 = 40_000;

/// The limit of a transaction that was found to need `found`. Never less than some percent more.
pub(crate) fn gas_limit(found: u64, margin_percent: u64) -> u64 {
    let margin = found.saturating_mul(margin_percent).div_ceil(100);
    found.saturating_add(margin.max(EMPTIED_SLOTS_GAS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_margin_is_rounded_up_fills_two_slots_and_never_overflows() {
        assert_eq!(gas_limit(1_000_001, 20), 1_200_002);
        assert_eq!(gas_limit(200_000, 20), 240_000);
        assert_eq!(gas_limit(35_000, 20), 75_000);
        assert_eq!(gas_limit(35_000, 0), 75_000);
        assert_eq!(gas_limit(u64::MAX, 20), u64::MAX);
    }
}
