//! The rules for the parents of a derivative.

use crate::{
    creation::ParentInput,
    domain::percent::percent,
    error::{Violation, Violations},
    ids::AssetId,
    onchain::Share,
    protocol::MAX_PARENTS,
};

/// Checks the parents of a derivative: 1 to 16, each once, none the child itself, each with a share of the attribution,
/// and all shares exactly 100 %.
///
/// `child` is the child's asset if it has one already. Whether the parents exist and allow it is not judged here.
///
/// # Errors
/// Every broken rule, by field: `parents`, `parents[i].asset`, `parents[i].share`.
pub fn check_parents(parents: &[ParentInput], child: Option<AssetId>) -> Result<(), Violations> {
    let mut found = Violations::new();
    let range = || format!("1 to {MAX_PARENTS} parents, not {}", parents.len());
    found.require(!parents.is_empty(), "parents", "too_few", range());
    found.require(parents.len() <= MAX_PARENTS, "parents", "too_many", range());
    for (index, parent) in parents.iter().enumerate() {
        let asset = format!("parents[{index}].asset");
        found.require(child != Some(parent.asset), &asset, "is_child", "another asset than the child");
        let earlier = parents.iter().take(index).any(|earlier| earlier.asset == parent.asset);
        found.require(!earlier, &asset, "duplicate", "a parent not named before");
        found.require(
            parent.share > Share::ZERO,
            format_args!("parents[{index}].share"),
            "out_of_range",
            "more than 0 %",
        );
    }
    if let Some(violation) = sum_violation(parents) {
        found.push(violation);
    }
    found.into_result(())
}

fn sum_violation(parents: &[ParentInput]) -> Option<Violation> {
    let full = u64::from(Share::FULL.millionths());
    let sum: u64 = parents.iter().map(|parent| u64::from(parent.share.millionths())).sum();
    let (by, how) = if sum < full { (full - sum, "missing") } else { (sum - full, "too much") };
    (by > 0 && !parents.is_empty()).then(|| {
        Violation::new(
            "parents",
            "shares_do_not_sum",
            format!("shares that sum to exactly 100 %, not {} % ({} % {how})", percent(sum), percent(by)),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::asset::Relationship;

    fn parent(number: u8, millionths: u32) -> ParentInput {
        let share = Share::from_millionths(millionths).unwrap();
        ParentInput::new(AssetId::from_bytes([number; 16]), Relationship::Remix, share)
    }

    fn broken(parents: &[ParentInput], child: Option<AssetId>) -> Vec<(String, String)> {
        match check_parents(parents, child) {
            Ok(()) => Vec::new(),
            Err(found) => found.as_slice().iter().map(|v| (v.field.clone(), v.rule.to_string())).collect(),
        }
    }

    #[test]
    fn shares_sum_to_exactly_100_percent() {
        assert_eq!(check_parents(&[parent(1, 62_500_000), parent(2, 37_500_000)], None), Ok(()));
        let under = check_parents(&[parent(1, 62_500_000), parent(2, 37_499_999)], None).unwrap_err();
        assert_eq!(
            under.to_string(),
            "`parents`: expected shares that sum to exactly 100 %, not 99.999999 % (0.000001 % missing)"
        );
        let over = check_parents(&[parent(1, 62_500_000), parent(2, 37_500_001)], None).unwrap_err();
        assert_eq!(
            over.to_string(),
            "`parents`: expected shares that sum to exactly 100 %, not 100.000001 % (0.000001 % too much)"
        );
    }

    #[test]
    fn a_derivative_has_1_to_16_parents() {
        let sixteen: Vec<_> = (1..=16).map(|number| parent(number, 6_250_000)).collect();
        assert_eq!(broken(&sixteen, None), []);
        let mut seventeen: Vec<_> = (1..=15).map(|number| parent(number, 6_250_000)).collect();
        seventeen.extend([parent(16, 3_125_000), parent(17, 3_125_000)]);
        assert_eq!(broken(&seventeen, None), [("parents".into(), "too_many".into())]);
        assert_eq!(broken(&[], None), [("parents".into(), "too_few".into())]);
    }

    #[test]
    fn every_broken_rule_is_named_by_its_field() {
        let child = AssetId::from_bytes([3; 16]);
        assert_eq!(
            broken(&[parent(1, 50_000_000), parent(1, 0), parent(3, 50_000_000)], Some(child)),
            [
                ("parents[1].asset".into(), "duplicate".into()),
                ("parents[1].share".into(), "out_of_range".into()),
                ("parents[2].asset".into(), "is_child".into()),
            ]
        );
    }
}
