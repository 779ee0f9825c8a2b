//! Percentages for people, also above 100 %, where [`Share`](crate::Share) ends.

/// Millionths of a percent in percent: `62.5`.
pub(crate) fn percent(millionths: u64) -> String {
    let (whole, fraction) = (millionths / 1_000_000, millionths % 1_000_000);
    if fraction == 0 {
        whole.to_string()
    } else {
        format!("{whole}.{}", format!("{fraction:06}").trim_end_matches('0'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::onchain::Share;

    #[test]
    fn percentages_read_as_shares_do() {
        for millionths in [0, 1, 10, 999_999, 1_000_000, 62_500_000, 100_000_000] {
            let share = Share::from_millionths(millionths).unwrap();
            assert_eq!(percent(u64::from(millionths)), share.to_string());
        }
        assert_eq!(percent(100_000_001), "100.000001");
    }
}
