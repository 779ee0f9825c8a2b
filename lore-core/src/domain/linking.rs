//! Whether parents' licenses allow a child, answered before anything is sent.
//!
//! The chain gives one error and takes the fee of the attempt; this finds every reason at once, by field. It judges by
//! what the chain said about each parent, so it is as fresh as those facts, and what they do not tell (an approval, the
//! exact number of distinct ancestors) comes in separately. Groups as parents, license tokens and the caller's right to
//! the child are not judged here.

use crate::{
    domain::percent::percent,
    error::{Violation, Violations},
    onchain::{LicenseTermsId, Share, Wei},
    port::chain::{AttachedTerms, IpState, ParentTerms},
    protocol::{FULL_SHARE, MAX_ANCESTORS, MAX_PARENTS, ROYALTY_POLICY_LAP},
    time::Timestamp,
};

/// A parent to link to, and under which of its terms.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct LinkParent<'a> {
    /// What the chain knows of it.
    pub state: &'a IpState,
    /// The terms that the child accepts.
    pub terms_id: LicenseTermsId,
    /// Whether the parent's owner approved this child; matters only if the terms ask for it.
    pub approved: bool,
    /// What the parent's own ancestors take of its revenue under policy LAP, in millionths of a percent. `None`: only
    /// its links to its own parents are counted, which is too little if those have ancestors again.
    pub lap_stack: Option<u32>,
}

impl<'a> LinkParent<'a> {
    /// A parent that approved nothing.
    #[must_use]
    pub const fn new(state: &'a IpState, terms_id: LicenseTermsId) -> Self {
        Self { state, terms_id, approved: false, lap_stack: None }
    }

    fn attached(&self) -> Option<&'a AttachedTerms> {
        self.state.license_terms.iter().find(|attached| attached.terms_id == self.terms_id)
    }

    /// What the parent and all above it take of the child's revenue.
    fn takes(&self, attached: &AttachedTerms) -> u64 {
        let own = u64::from(attached.rev_share);
        if attached.terms.royalty_policy != ROYALTY_POLICY_LAP {
            return own;
        }
        let links = self.state.parents.iter().filter(|parent| parent.link.policy == ROYALTY_POLICY_LAP);
        let direct = || links.map(|parent| u64::from(parent.link.royalty.millionths())).sum();
        own + self.lap_stack.map_or_else(direct, u64::from)
    }
}

/// A link to be judged.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LinkCheck<'a> {
    /// The parents, in order.
    pub parents: Vec<LinkParent<'a>>,
    /// What the chain knows of the child; `None` if it is not registered yet.
    pub child: Option<&'a IpState>,
    /// Distinct ancestors that the child would have, the parents among them; `None`: only what is certain is judged.
    pub ancestor_count: Option<u64>,
    /// Most to pay for all licenses together; zero for no limit.
    pub max_minting_fee: Wei,
    /// Most that the parents may take of the child's revenue; `None` for no limit.
    pub max_revenue_share: Option<Share>,
    /// The time now.
    pub now: Timestamp,
}

impl<'a> LinkCheck<'a> {
    /// A child that is not registered yet, without limits.
    #[must_use]
    pub const fn new(parents: Vec<LinkParent<'a>>, now: Timestamp) -> Self {
        Self {
            parents,
            child: None,
            ancestor_count: None,
            max_minting_fee: Wei::ZERO,
            max_revenue_share: None,
            now,
        }
    }

    /// Finds every reason for which the chain would refuse the link.
    ///
    /// # Errors
    /// The reasons, by field: `child`, `parents`, `parents[i]`, `parents[i].terms`, `max_minting_fee`,
    /// `max_revenue_share`.
    pub fn check(&self) -> Result<(), Violations> {
        let mut found = Violations::new();
        self.check_child(&mut found);
        let states: Vec<_> = self.parents.iter().map(|parent| parent.state).collect();
        check_states(&mut found, &states, self.now);
        for (index, parent) in self.parents.iter().enumerate() {
            self.check_self(&mut found, index, parent);
            match parent.attached() {
                None => found.push(not_attached(index, parent)),
                Some(attached) => {
                    if let Some(violation) = refusal(index, parent, attached) {
                        found.push(violation);
                    }
                }
            }
        }
        self.check_mixture(&mut found);
        self.check_sums(&mut found);
        self.check_ancestors(&mut found);
        found.into_result(())
    }

    fn check_child(&self, found: &mut Violations) {
        let Some(child) = self.child else { return };
        found.require(!child.is_tagged, "child", "tagged", "an IP without an upheld dispute");
        found.require(
            child.child_count == 0,
            "child",
            "has_derivatives",
            "an IP without derivatives of its own",
        );
        if !child.parents.is_empty() {
            found.push(Violation::new("child", "already_linked", "an IP that is no derivative yet"));
        } else if !child.license_terms.is_empty() {
            found.push(Violation::new(
                "child",
                "has_license_terms",
                "an IP without license terms of its own",
            ));
        }
    }

    fn check_self(&self, found: &mut Violations, index: usize, parent: &LinkParent<'_>) {
        let is_child = self.child.is_some_and(|child| child.ip_id == parent.state.ip_id);
        found.require(!is_child, &field(index), "is_child", "another IP than the child");
    }

    /// Terms that cannot stand beside each other, each told at the first parent that does not fit those before it.
    fn check_mixture(&self, found: &mut Violations) {
        let attached: Vec<_> = self.parents.iter().map(LinkParent::attached).collect();
        let Some(first) = attached.iter().flatten().next() else { return };
        let mut told = Mixture::default();
        for (index, other) in attached.iter().enumerate() {
            if let Some(violation) = other.and_then(|other| told.violation(index, first, other)) {
                found.push(violation);
            }
        }
    }

    fn check_sums(&self, found: &mut Violations) {
        let mut all = 0_u64;
        let mut direct = 0_u64;
        let mut fees = Some(Wei::ZERO);
        for parent in &self.parents {
            let Some(attached) = parent.attached() else { continue };
            all += parent.takes(attached);
            direct += u64::from(attached.rev_share);
            fees = fees.and_then(|sum| sum.checked_add(attached.minting_fee));
        }
        check_stack(found, all);
        if let Some(max) = self.max_revenue_share.filter(|max| *max > Share::ZERO) {
            found.require(
                direct <= u64::from(max.millionths()),
                "max_revenue_share",
                "exceeded",
                format!("at least {} %, which the parents take", percent(direct)),
            );
        }
        let within = self.max_minting_fee.is_zero() || fees.is_some_and(|fees| fees <= self.max_minting_fee);
        let fees = fees.map_or_else(|| "more than any number".to_owned(), |fees| fees.to_string());
        found.require(
            within,
            "max_minting_fee",
            "exceeded",
            format!("at least {fees}, which the licenses cost together"),
        );
    }

    fn check_ancestors(&self, found: &mut Violations) {
        // All that is certain without the ancestors themselves: those of the parent that has most, and that parent.
        let most = self.parents.iter().map(|parent| parent.state.ancestor_count.saturating_add(1)).max();
        let count = self.ancestor_count.or(most).unwrap_or_default();
        found.require(
            usize::try_from(count).is_ok_and(|count| count <= MAX_ANCESTORS),
            "parents",
            "too_many_ancestors",
            format!("at most {MAX_ANCESTORS} distinct ancestors, not {count}"),
        );
    }
}

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

fn field(index: usize) -> String {
    format!("parents[{index}]")
}

fn terms_field(index: usize) -> String {
    format!("parents[{index}].terms")
}

/// The rules about parents as they are, whatever the terms.
fn check_states(found: &mut Violations, parents: &[&IpState], now: Timestamp) {
    found.require(!parents.is_empty(), "parents", "too_few", "at least one parent");
    found.require(
        parents.len() <= MAX_PARENTS,
        "parents",
        "too_many",
        format!("at most {MAX_PARENTS} parents, not {}", parents.len()),
    );
    for (index, state) in parents.iter().enumerate() {
        let earlier = parents.iter().take(index).any(|earlier| earlier.ip_id == state.ip_id);
        found.require(!earlier, &field(index), "duplicate", "a parent not named before");
        found.require(!state.is_tagged, &field(index), "tagged", "an IP without an upheld dispute");
        // The transaction comes later than now, so the instant itself is too late.
        if let Some(end) = state.expires_at.filter(|end| *end <= now) {
            found.push(Violation::new(
                field(index),
                "expired",
                format!("an IP whose own license has not ended; it ended {end}"),
            ));
        }
    }
}

fn not_attached(index: usize, parent: &LinkParent<'_>) -> Violation {
    let ids: Vec<_> =
        parent.state.license_terms.iter().map(|attached| attached.terms_id.to_string()).collect();
    let expected = if ids.is_empty() {
        "a parent with license terms".to_owned()
    } else {
        format!("terms attached to the parent ({}), not {}", ids.join(", "), parent.terms_id)
    };
    Violation::new(terms_field(index), "not_attached", expected)
}

/// Why these terms of this parent do not allow a derivative, if they do not.
fn refusal(index: usize, parent: &LinkParent<'_>, attached: &AttachedTerms) -> Option<Violation> {
    let terms = &attached.terms;
    let (rule, expected) = if !terms.derivatives_allowed {
        ("no_derivatives", "terms that allow derivatives")
    } else if !terms.derivatives_reciprocal && !parent.state.parents.is_empty() {
        ("no_further_derivatives", "terms that allow derivatives of derivatives")
    } else if terms.derivatives_approval && !parent.approved {
        ("not_approved", "the approval of the parent's owner for this child")
    } else if attached.disabled {
        ("disabled", "terms that the parent's owner keeps open")
    } else {
        return None;
    };
    Some(Violation::new(terms_field(index), rule, expected))
}

/// Which rules about mixing terms were told already: one telling each is enough.
#[derive(Default)]
struct Mixture {
    told: Vec<&'static str>,
}

impl Mixture {
    fn violation(&mut self, index: usize, first: &AttachedTerms, other: &AttachedTerms) -> Option<Violation> {
        let (a, b) = (&first.terms, &other.terms);
        let (rule, expected) = if first.terms_id == other.terms_id {
            return None;
        } else if a.commercial_use != b.commercial_use {
            ("commercial_mix", "commercial terms for all parents or for none")
        } else if a.derivatives_reciprocal || b.derivatives_reciprocal {
            ("reciprocal_mix", "the same terms for all parents, since terms that are passed on stand alone")
        } else if a.royalty_policy != b.royalty_policy {
            ("royalty_policy_mix", "one royalty policy for all parents")
        } else {
            return None;
        };
        if self.told.contains(&rule) {
            return None;
        }
        self.told.push(rule);
        Some(Violation::new(terms_field(index), rule, expected))
    }
}

fn check_stack(found: &mut Violations, takes: u64) {
    found.require(
        takes <= u64::from(FULL_SHARE),
        "parents",
        "revenue_above_full",
        format!("parents that take at most 100 % of the child's revenue together, not {} %", percent(takes)),
    );
}
