//! Which terms the template accepts.
//!
//! [`protocol_error`] answers as the contract does, with its first error. [`check_terms`] names every broken rule at
//! once, by field, before anything is sent; it knows no chain, and adds the bounds of Lore's own.

use crate::{
    domain::license::PilTerms,
    error::{Revert, Violations},
    onchain::{Address, Share, Uint256},
};

/// Longest `uri` of terms that Lore registers, in bytes. The template knows no bound.
pub const MAX_URI_BYTES: usize = 2_048;
/// Most data for a commercializer checker in terms that Lore registers, in bytes. The template knows no bound.
pub const MAX_CHECKER_DATA_BYTES: usize = 1_024;
/// Longest life of a derivative's license in terms that Lore registers: 1,000 years of 365 days. The template takes any
/// number, and linking then fails where time plus this number overflows.
pub const MAX_EXPIRATION_SECONDS: u64 = 31_536_000_000;

/// What the template looks up on its chain when terms are registered.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct TemplateFacts<'a> {
    /// Royalty policies that are whitelisted, or registered as external ones.
    pub royalty_policies: &'a [Address],
    /// Whitelisted ERC-20 tokens.
    pub currencies: &'a [Address],
    /// Contracts that say they are hook modules (ERC-165).
    pub hook_modules: &'a [Address],
    /// Modules registered with the protocol.
    pub registered_modules: &'a [Address],
}

impl<'a> TemplateFacts<'a> {
    /// A chain with these policies and currencies, and no hook module.
    #[must_use]
    pub const fn new(royalty_policies: &'a [Address], currencies: &'a [Address]) -> Self {
        Self { royalty_policies, currencies, hook_modules: &[], registered_modules: &[] }
    }
}

/// The error with which `registerLicenseTerms` refuses these terms, or `None` if it takes them.
///
/// The order of the checks is the contract's (`PILicenseTemplate` v1.3.2), so this is its first error.
#[must_use]
pub fn protocol_error(terms: &PilTerms, facts: &TemplateFacts<'_>) -> Option<Revert> {
    payment_error(terms, facts).or_else(|| commercial_error(terms, facts)).or_else(|| derivative_error(terms))
}

fn revert(name: &str) -> Revert {
    Revert::new(format!("PILicenseTemplate__{name}"))
}

/// The first name whose condition holds.
fn first_of<const N: usize>(checks: [(bool, &str); N]) -> Option<Revert> {
    checks.into_iter().find_map(|(broken, name)| broken.then(|| revert(name)))
}

fn payment_error(terms: &PilTerms, facts: &TemplateFacts<'_>) -> Option<Revert> {
    let (policy, currency) = (terms.royalty_policy, terms.currency);
    first_of([
        (!policy.is_zero() && !facts.royalty_policies.contains(&policy), "RoyaltyPolicyNotWhitelisted"),
        (!currency.is_zero() && !facts.currencies.contains(&currency), "CurrencyTokenNotWhitelisted"),
        (!policy.is_zero() && currency.is_zero(), "RoyaltyPolicyRequiresCurrencyToken"),
        (policy.is_zero() && !terms.default_minting_fee.is_zero(), "MintingFeeRequiresRoyaltyPolicy"),
    ])
}

fn commercial_error(terms: &PilTerms, facts: &TemplateFacts<'_>) -> Option<Revert> {
    let checker = terms.commercializer_checker;
    if !terms.commercial_use {
        return first_of([
            (terms.commercial_attribution, "CommercialDisabled_CantAddAttribution"),
            (!checker.is_zero(), "CommercialDisabled_CantAddCommercializers"),
            (terms.commercial_rev_share > 0, "CommercialDisabled_CantAddRevShare"),
            (!terms.commercial_rev_ceiling.is_zero(), "CommercialDisabled_CantAddRevCeiling"),
            (!terms.derivative_rev_ceiling.is_zero(), "CommercialDisabled_CantAddDerivativeRevCeiling"),
            (!terms.royalty_policy.is_zero(), "CommercialDisabled_CantAddRoyaltyPolicy"),
        ]);
    }
    if terms.royalty_policy.is_zero() {
        return Some(revert("CommercialEnabled_RoyaltyPolicyRequired"));
    }
    if checker.is_zero() {
        return None;
    }
    first_of([
        (!facts.hook_modules.contains(&checker), "CommercializerCheckerDoesNotSupportHook"),
        (!facts.registered_modules.contains(&checker), "CommercializerCheckerNotRegistered"),
    ])
    .map(|error| error.arg(checker))
}

fn derivative_error(terms: &PilTerms) -> Option<Revert> {
    if terms.derivatives_allowed {
        return None;
    }
    first_of([
        (terms.derivatives_attribution, "DerivativesDisabled_CantAddAttribution"),
        (terms.derivatives_approval, "DerivativesDisabled_CantAddApproval"),
        (terms.derivatives_reciprocal, "DerivativesDisabled_CantAddReciprocal"),
        (!terms.derivative_rev_ceiling.is_zero(), "DerivativesDisabled_CantAddDerivativeRevCeiling"),
    ])
}

/// Checks terms before they are sent: every rule of the template that needs no look at the chain, and Lore's own
/// bounds: a share of at most 100 % (the template takes more, but then nothing can be linked), a life of at most 1,000
/// years, and a `uri` of one bounded line.
///
/// # Errors
/// Every broken rule, by field.
pub fn check_terms(terms: &PilTerms) -> Result<(), Violations> {
    let mut found = Violations::new();
    check_payment(&mut found, terms);
    if !terms.commercial_use {
        check_not_commercial(&mut found, terms);
    }
    if !terms.derivatives_allowed {
        check_no_derivatives(&mut found, terms);
    }
    check_bounds(&mut found, terms);
    found.into_result(())
}

fn check_payment(found: &mut Violations, terms: &PilTerms) {
    let has_policy = !terms.royalty_policy.is_zero();
    found.require(
        has_policy || !terms.commercial_use,
        "royalty_policy",
        "required",
        "a royalty policy, since the terms are commercial",
    );
    found.require(
        !has_policy || !terms.currency.is_zero(),
        "currency",
        "required",
        "a token, since there is a royalty policy",
    );
    found.require(
        has_policy || terms.default_minting_fee.is_zero(),
        "default_minting_fee",
        "needs_royalty_policy",
        "0, since there is no royalty policy",
    );
}

fn check_not_commercial(found: &mut Violations, terms: &PilTerms) {
    for (unset, field) in [
        (!terms.commercial_attribution, "commercial_attribution"),
        (terms.commercializer_checker.is_zero(), "commercializer_checker"),
        (terms.commercial_rev_share == 0, "commercial_rev_share"),
        (terms.commercial_rev_ceiling.is_zero(), "commercial_rev_ceiling"),
        (terms.derivative_rev_ceiling.is_zero(), "derivative_rev_ceiling"),
        (terms.royalty_policy.is_zero(), "royalty_policy"),
    ] {
        found.require(unset, field, "needs_commercial_use", "nothing, since commercial use is not allowed");
    }
}

fn check_no_derivatives(found: &mut Violations, terms: &PilTerms) {
    for (unset, field) in [
        (!terms.derivatives_attribution, "derivatives_attribution"),
        (!terms.derivatives_approval, "derivatives_approval"),
        (!terms.derivatives_reciprocal, "derivatives_reciprocal"),
        (terms.derivative_rev_ceiling.is_zero(), "derivative_rev_ceiling"),
    ] {
        found.require(unset, field, "needs_derivatives", "nothing, since derivatives are not allowed");
    }
}

fn check_bounds(found: &mut Violations, terms: &PilTerms) {
    found.require(
        terms.commercial_rev_share <= Share::FULL.millionths(),
        "commercial_rev_share",
        "out_of_range",
        "0 to 100 %, that is 0 to 100000000 millionths of a percent",
    );
    found.require(
        terms.expiration_seconds <= Uint256::from(MAX_EXPIRATION_SECONDS),
        "expiration_seconds",
        "out_of_range",
        format!("0 for never, or at most {MAX_EXPIRATION_SECONDS} seconds (1,000 years)"),
    );
    found.require(
        terms.commercializer_checker_data.len() <= MAX_CHECKER_DATA_BYTES,
        "commercializer_checker_data",
        "too_long",
        format!("at most {MAX_CHECKER_DATA_BYTES} bytes"),
    );
    found.require(
        terms.uri.len() <= MAX_URI_BYTES,
        "uri",
        "too_long",
        format!("at most {MAX_URI_BYTES} bytes"),
    );
    found.require(
        !terms.uri.chars().any(char::is_control),
        "uri",
        "control_character",
        "one line without control characters",
    );
}

#[cfg(test)]
mod tests {
    use proptest::bool;

    use super::*;
    use crate::{domain::license::vectors, onchain::Wei};

    /// What the template says if every contract named in the terms is known to the chain.
    fn context_free_error(terms: &PilTerms) -> Option<Revert> {
        let checker = [terms.commercializer_checker];
        protocol_error(
            terms,
            &TemplateFacts {
                royalty_policies: &[terms.royalty_policy],
                currencies: &[terms.currency],
                hook_modules: &checker,
                registered_modules: &checker,
            },
        )
    }

    /// Recorded terms that the template takes and Lore does not, with the rule that refuses them.
    const STRICTER: [(&str, &str); 7] = [
        ("commercial-rev-share-100pct-plus-1-accepted", "commercial_rev_share"),
        ("commercial-rev-share-uint32-max-accepted", "commercial_rev_share"),
        ("expiration-uint256-max", "expiration_seconds"),
        ("uri-newline-tab-cr", "uri"),
        ("uri-backspace-formfeed", "uri"),
        ("uri-control-chars-00-01-1f-7f", "uri"),
        ("uri-10kB", "uri"),
    ];

    #[test]
    fn lore_refuses_what_the_template_refuses_and_seven_recorded_terms_more() {
        let mut stricter = 0;
        for case in vectors::terms() {
            let found = check_terms(&case.terms);
            if let Some((_, field)) = STRICTER.iter().find(|(name, _)| *name == case.name) {
                assert_eq!(case.error, None, "{}", case.name);
                assert_eq!(found.unwrap_err().as_slice()[0].field, *field, "{}", case.name);
                stricter += 1;
            } else {
                let error = context_free_error(&case.terms);
                assert_eq!(found.is_err(), error.is_some(), "{}: {found:?} {error:?}", case.name);
            }
        }
        assert_eq!(stricter, STRICTER.len());
    }

    #[test]
    fn every_broken_rule_is_named_by_its_field() {
        let terms = PilTerms {
            commercial_attribution: true,
            derivatives_approval: true,
            default_minting_fee: Wei::from(1_u64),
            commercial_rev_share: 100_000_001,
            ..PilTerms::bare()
        };
        let found = check_terms(&terms).unwrap_err();
        let broken: Vec<_> = found.as_slice().iter().map(|v| (v.field.as_str(), v.rule.as_ref())).collect();
        assert_eq!(
            broken,
            [
                ("default_minting_fee", "needs_royalty_policy"),
                ("commercial_attribution", "needs_commercial_use"),
                ("commercial_rev_share", "needs_commercial_use"),
                ("derivatives_approval", "needs_derivatives"),
                ("commercial_rev_share", "out_of_range"),
            ]
        );
    }

    proptest::proptest! {
        /// Any mixture of fields, each set or not: 2^11 combinations, of which few are legal.
        #[test]
        fn lore_and_the_template_agree_on_any_mixture_of_fields(
            flags in proptest::array::uniform11(bool::ANY),
            share in 1_u32..=100_000_000,
        ) {
            let [commercial, attribution, checker, rev_share, ceiling, derivative_ceiling, policy, currency, fee,
                derivatives, reciprocal] = flags;
            let some = Address::from_bytes([7; 20]);
            let address = |set: bool| if set { some } else { Address::ZERO };
            let amount = |set: bool| Wei::from(u64::from(set));
            let terms = PilTerms {
                commercial_use: commercial,
                commercial_attribution: attribution,
                commercializer_checker: address(checker),
                commercial_rev_share: if rev_share { share } else { 0 },
                commercial_rev_ceiling: amount(ceiling),
                derivative_rev_ceiling: amount(derivative_ceiling),
                royalty_policy: address(policy),
                currency: address(currency),
                default_minting_fee: amount(fee),
                derivatives_allowed: derivatives,
                derivatives_reciprocal: reciprocal,
                ..PilTerms::bare()
            };
            proptest::prop_assert_eq!(check_terms(&terms).is_err(), context_free_error(&terms).is_some());
        }
    }

    #[test]
    fn every_recorded_case_gets_the_contracts_answer() {
        let mut cases = 0;
        for case in vectors::terms() {
            let found = vectors::with_facts(|facts| protocol_error(&case.terms, facts));
            assert_eq!(found.map(|error| error.to_string()), case.error, "{}", case.name);
            cases += 1;
        }
        assert_eq!(cases, 70);
    }
}
