//! [`TemplateTerms`].

use lore_core::{Address, LicenseTermsId};

use crate::addresses::Addresses;

/// Registered terms, by the template that keeps them and its number for them. A bare number is of PIL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct TemplateTerms {
    /// The template; `None` for PIL.
    pub license_template: Option<Address>,
    /// The terms.
    pub terms_id: LicenseTermsId,
}

impl TemplateTerms {
    /// Terms of this template.
    #[must_use]
    pub const fn of(license_template: Address, terms_id: LicenseTermsId) -> Self {
        Self { license_template: Some(license_template), terms_id }
    }

    pub(crate) fn template(&self, addresses: &Addresses) -> Address {
        addresses.license_template(self.license_template)
    }
}

impl From<LicenseTermsId> for TemplateTerms {
    fn from(terms_id: LicenseTermsId) -> Self {
        Self { license_template: None, terms_id }
    }
}
