//! [`LinkCheck`]: every reason for which the chain would refuse a link.

use crate::{
    domain::percent::percent,
    error::{Violation, Violations},
    onchain::{LicenseTermsId, Share, Wei},
    port::chain::{AttachedTerms, IpState, revenue_limit},
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
    pub(super) fn takes(&self, attached: &AttachedTerms) -> u64 {
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
        found.require(!is_child, field(index), "is_child", "another IP than the child");
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
        if self.max_revenue_share.is_some() {
            found.require(
                direct <= u64::from(revenue_limit(self.max_revenue_share)),
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

fn field(index: usize) -> String {
    format!("parents[{index}]")
}

pub(super) fn terms_field(index: usize) -> String {
    format!("parents[{index}].terms")
}

/// The rules about parents as they are, whatever the terms.
pub(super) fn check_states(found: &mut Violations, parents: &[&IpState], now: Timestamp) {
    found.require(!parents.is_empty(), "parents", "too_few", "at least one parent");
    found.require(
        parents.len() <= MAX_PARENTS,
        "parents",
        "too_many",
        format!("at most {MAX_PARENTS} parents, not {}", parents.len()),
    );
    for (index, state) in parents.iter().enumerate() {
        let earlier = parents.iter().take(index).any(|earlier| earlier.ip_id == state.ip_id);
        found.require(!earlier, field(index), "duplicate", "a parent not named before");
        found.require(!state.is_tagged, field(index), "tagged", "an IP without an upheld dispute");
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
pub(super) fn refusal(index: usize, parent: &LinkParent<'_>, attached: &AttachedTerms) -> Option<Violation> {
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
pub(super) struct Mixture {
    told: Vec<&'static str>,
}

impl Mixture {
    pub(super) fn violation(
        &mut self,
        index: usize,
        first: &AttachedTerms,
        other: &AttachedTerms,
    ) -> Option<Violation> {
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
