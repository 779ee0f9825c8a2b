//! Which terms the template accepts.
//!
//! [`protocol_error`] answers as the contract does, with its first error.

use crate::{domain::license::PilTerms, error::Revert, onchain::Address};

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::license::vectors;

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
