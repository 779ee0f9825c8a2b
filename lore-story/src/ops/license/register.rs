//! [`RegisterTerms`].

use async_trait::async_trait;
use lore_core::{
    Result, Violations,
    domain::license::{PilTerms, check_terms, escape_uri},
    port::chain::RegisteredTerms,
};

use crate::{
    addresses::Addresses,
    contracts::licensing::PiLicenseTemplate,
    convert,
    operation::{Draft, Operation},
    receipt::Receipt,
    view::View,
};

/// Registers PIL terms. Terms that are registered already have their id, and no transaction is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RegisterTerms {
    /// The terms.
    pub terms: PilTerms,
}

impl RegisterTerms {
    /// Registers these terms.
    #[must_use]
    pub const fn new(terms: PilTerms) -> Self {
        Self { terms }
    }

    /// The question for their id. The template stores the `uri` escaped, and looks for it as it is given.
    pub(crate) fn lookup(terms: &PilTerms) -> PiLicenseTemplate::getLicenseTermsIdCall {
        let mut stored = convert::pil_terms(terms);
        stored.uri = escape_uri(&terms.uri);
        PiLicenseTemplate::getLicenseTermsIdCall { terms: stored }
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Operation for RegisterTerms {
    type Output = RegisteredTerms;

    fn name(&self) -> &'static str {
        "register_terms"
    }

    fn check(&self, violations: &mut Violations) {
        if let Err(found) = check_terms(&self.terms) {
            violations.extend(found);
        }
    }

    async fn existing(&self, view: &View<'_>) -> Result<Option<RegisteredTerms>> {
        let template = view.addresses().pi_license_template;
        let id = convert::terms_id(view.call(template, &Self::lookup(&self.terms)).await?);
        Ok((!id.is_zero()).then(|| RegisteredTerms::new(id, None)))
    }

    async fn draft(&self, view: &View<'_>) -> Result<Draft> {
        let call = PiLicenseTemplate::registerLicenseTermsCall { terms: convert::pil_terms(&self.terms) };
        let template = view.addresses().pi_license_template;
        Ok(Draft::new(template, &call, "registers license terms, for everybody to use"))
    }

    fn output(&self, receipt: &Receipt, addresses: &Addresses) -> Result<RegisteredTerms> {
        let event: PiLicenseTemplate::LicenseTermsRegistered =
            receipt.event(addresses.pi_license_template)?;
        Ok(RegisteredTerms::new(convert::terms_id(event.licenseTermsId), Some(receipt.mined())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_looked_up_as_they_are_stored_and_registered_as_they_are_given() {
        let terms = PilTerms { uri: "say \"hi\"".to_owned(), ..PilTerms::non_commercial_social_remixing() };
        assert_eq!(RegisterTerms::lookup(&terms).terms.uri, "say \\\"hi\\\"");
        assert_eq!(convert::pil_terms(&terms).uri, terms.uri);
    }

    #[test]
    fn every_broken_rule_of_the_terms_is_named() {
        let terms = PilTerms { commercial_attribution: true, ..PilTerms::non_commercial_social_remixing() };
        let mut found = Violations::new();
        RegisterTerms::new(terms).check(&mut found);
        let fields: Vec<_> = found.as_slice().iter().map(|violation| violation.field.as_str()).collect();
        assert_eq!(fields, ["commercial_attribution"]);
    }
}
