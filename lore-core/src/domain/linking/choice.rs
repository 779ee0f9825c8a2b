//! Which of their terms the parents are used under.

use crate::{
    domain::linking::{
        LinkCheck, LinkParent,
        check::{Mixture, check_states, refusal, terms_field},
    },
    error::{Violation, Violations},
    port::chain::{AttachedTerms, IpState, ParentTerms},
    protocol::FULL_SHARE,
    time::Timestamp,
};

/// Chooses terms of the parents under which they allow a child, and finds every reason if there are none.
///
/// The child is one that is not registered yet, and no parent approved it.
///
/// # Errors
/// As [`LinkCheck::check`] and [`choose_terms`].
pub fn check_parent_licenses(parents: &[IpState], now: Timestamp) -> Result<(), Violations> {
    match choose_terms(parents) {
        Ok(chosen) => {
            let link = |(state, terms): (_, &ParentTerms)| LinkParent::new(state, terms.terms_id);
            LinkCheck::new(parents.iter().zip(&chosen).map(link).collect(), now).check()
        }
        Err(unusable) => {
            let mut found = Violations::new();
            check_states(&mut found, &parents.iter().collect::<Vec<_>>(), now);
            found.extend(unusable);
            Err(found)
        }
    }
}

/// Chooses for each parent the terms under which all of them can be linked together.
///
/// Terms that ask for an approval are never chosen. Of several choices the first in the order of the first parent's
/// terms is taken, and one within 100 % of the revenue before one above it.
///
/// # Errors
/// `parents[i].terms` if a parent has no terms that allow a derivative; `parents` if each has, but none that go
/// together.
pub fn choose_terms(parents: &[IpState]) -> Result<Vec<ParentTerms>, Violations> {
    let usable: Vec<Vec<&AttachedTerms>> = parents.iter().map(usable_terms).collect();
    let mut found = Violations::new();
    for (index, (state, usable)) in parents.iter().zip(&usable).enumerate() {
        if usable.is_empty() {
            found.push(unusable(index, state));
        }
    }
    let (first, others) = match usable.split_first() {
        Some(split) if found.is_empty() => split,
        _ => return found.into_result(Vec::new()),
    };
    let mut above = None;
    for start in first {
        let Some(choice) = combine(start, others) else { continue };
        let chosen: Vec<_> = parents
            .iter()
            .zip(&choice)
            .map(|(state, attached)| ParentTerms::new(state.ip_id, attached.terms_id))
            .collect();
        let takes = parents
            .iter()
            .zip(&choice)
            .map(|(state, attached)| LinkParent::new(state, attached.terms_id).takes(attached));
        if takes.sum::<u64>() <= u64::from(FULL_SHARE) {
            return Ok(chosen);
        }
        above.get_or_insert(chosen);
    }
    above.ok_or_else(|| {
        Violation::new(
            "parents",
            "incompatible_licenses",
            "parents whose licenses go together: all under the same terms, or under terms that are not passed on, all \
             commercial or none, with one royalty policy",
        )
        .into()
    })
}

/// The terms of the others that go with `start`, the first that do.
fn combine<'a>(
    start: &'a AttachedTerms,
    others: &[Vec<&'a AttachedTerms>],
) -> Option<Vec<&'a AttachedTerms>> {
    let fits = |other: &&&'a AttachedTerms| Mixture::default().violation(0, start, other).is_none();
    let mut choice = vec![start];
    for usable in others {
        // The same terms go together always; they are the simplest choice.
        let same = usable.iter().find(|other| other.terms_id == start.terms_id);
        choice.push(same.or_else(|| usable.iter().find(fits))?);
    }
    Some(choice)
}

fn usable_terms(state: &IpState) -> Vec<&AttachedTerms> {
    state
        .license_terms
        .iter()
        .filter(|attached| refusal(0, &LinkParent::new(state, attached.terms_id), attached).is_none())
        .collect()
}

fn unusable(index: usize, state: &IpState) -> Violation {
    match state.license_terms.as_slice() {
        [] => Violation::new(terms_field(index), "no_license_terms", "a parent with license terms"),
        [only] => refusal(index, &LinkParent::new(state, only.terms_id), only).unwrap_or_else(|| {
            Violation::new(terms_field(index), "not_usable", "terms that allow a derivative")
        }),
        several => Violation::new(
            terms_field(index),
            "not_usable",
            format!(
                "a parent with terms that are open and allow derivatives without approval, unlike all of its {}",
                several.len()
            ),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::license::{Payment, PilTerms},
        domain::linking::vectors::{attached, ip},
        onchain::{LicenseTermsId, Share, Wei},
        protocol::{ROYALTY_POLICY_LRP, WIP},
    };

    fn remix(percent: u32) -> PilTerms {
        PilTerms::commercial_remix(Wei::ZERO, Share::from_percent(percent).unwrap(), Payment::default())
    }

    /// Terms that are not passed on.
    fn once(percent: u32) -> PilTerms {
        PilTerms { derivatives_reciprocal: false, ..remix(percent) }
    }

    fn chosen(parents: &[IpState]) -> Vec<u64> {
        choose_terms(parents).unwrap().iter().map(|chosen| chosen.terms_id.to_u64().unwrap()).collect()
    }

    fn broken(parents: &[IpState]) -> Vec<(String, String)> {
        match check_parent_licenses(parents, Timestamp::EPOCH) {
            Ok(()) => Vec::new(),
            Err(found) => found.as_slice().iter().map(|v| (v.field.clone(), v.rule.to_string())).collect(),
        }
    }

    #[test]
    fn terms_are_chosen_that_all_parents_have() {
        let parents = [
            ip(1, vec![attached(7, PilTerms::non_commercial_social_remixing()), attached(9, remix(10))]),
            ip(2, vec![attached(8, once(5)), attached(9, remix(10))]),
        ];
        assert_eq!(chosen(&parents), [9, 9]);
        assert_eq!(broken(&parents), []);
        assert_eq!(chosen(&parents[..1]), [7], "alone, the first of the parent's own");
    }

    #[test]
    fn different_terms_go_together_if_none_is_passed_on() {
        let lrp = Payment { currency: WIP, royalty_policy: ROYALTY_POLICY_LRP };
        let other_policy = PilTerms { royalty_policy: lrp.royalty_policy, ..once(1) };
        let parents = [
            ip(1, vec![attached(5, once(5))]),
            ip(2, vec![attached(4, other_policy.clone()), attached(6, once(7))]),
        ];
        assert_eq!(chosen(&parents), [5, 6]);
        let parents = [ip(1, vec![attached(5, once(5))]), ip(2, vec![attached(4, other_policy)])];
        assert_eq!(broken(&parents), [("parents".into(), "incompatible_licenses".into())]);
    }

    #[test]
    fn a_choice_within_the_whole_revenue_is_preferred() {
        let both = || vec![attached(5, remix(60)), attached(6, remix(50))];
        let parents = [ip(1, both()), ip(2, both())];
        assert_eq!(chosen(&parents), [6, 6]);
        let parents = [ip(1, vec![attached(5, remix(60))]), ip(2, vec![attached(5, remix(60))])];
        assert_eq!(broken(&parents), [("parents".into(), "revenue_above_full".into())]);
    }

    #[test]
    fn every_parent_that_allows_nothing_is_named_with_its_reason() {
        let mut closed = attached(5, remix(5));
        closed.disabled = true;
        let approval = PilTerms { derivatives_approval: true, ..remix(5) };
        let use_only = PilTerms::commercial_use(Wei::ZERO, Payment::default());
        let mut tagged = ip(5, vec![attached(5, remix(5))]);
        tagged.is_tagged = true;
        let parents = [
            ip(1, vec![]),
            ip(2, vec![attached(4, use_only.clone())]),
            ip(3, vec![closed.clone()]),
            ip(4, vec![closed, attached(4, use_only), attached(6, approval)]),
            tagged,
        ];
        assert_eq!(
            broken(&parents),
            [
                ("parents[4]".into(), "tagged".into()),
                ("parents[0].terms".into(), "no_license_terms".into()),
                ("parents[1].terms".into(), "no_derivatives".into()),
                ("parents[2].terms".into(), "disabled".into()),
                ("parents[3].terms".into(), "not_usable".into()),
            ]
        );
        assert_eq!(broken(&[]), [("parents".into(), "too_few".into())]);
    }

    #[test]
    fn the_ancestors_of_parents_count_against_the_whole_revenue() {
        let mut parent = ip(1, vec![attached(5, remix(60))]);
        let link = |state: &IpState, lap_stack| {
            let mut parent = LinkParent::new(state, LicenseTermsId::from(5_u64));
            parent.lap_stack = lap_stack;
            LinkCheck::new(vec![parent], Timestamp::EPOCH).check()
        };
        assert_eq!(link(&parent, Some(40_000_000)), Ok(()));
        assert_eq!(link(&parent, Some(40_000_001)).unwrap_err().as_slice()[0].rule, "revenue_above_full");
        parent.license_terms[0].terms.royalty_policy = ROYALTY_POLICY_LRP;
        assert_eq!(link(&parent, Some(40_000_001)), Ok(()), "under LRP shares do not stack");
    }
}
