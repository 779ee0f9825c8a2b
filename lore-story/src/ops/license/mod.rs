//! License terms: registered, attached, changed by the licensor, and minted as license tokens.

mod approval;
mod attach;
mod config;
mod limit;
mod mint;
mod register;
mod terms;

pub use self::{
    approval::ApproveDerivative,
    attach::{AttachDefaultTerms, AttachTerms},
    config::SetLicensingConfig,
    limit::SetLicenseTokenLimit,
    mint::{MintLicenseTokens, MintedLicenseTokens},
    register::RegisterTerms,
    terms::TemplateTerms,
};
pub(crate) use self::{
    config::current as current_config, limit::hook as limit_hook, mint::fee as license_fee,
};

use lore_core::{Address, IpId, LicenseTermsId, Violations};

/// Terms have numbers from 1: the contracts take 0 in some places, and nothing can be done with it afterwards.
fn require_terms(violations: &mut Violations, terms_id: LicenseTermsId) {
    violations.require(!terms_id.is_zero(), "terms_id", "required", "the id of registered terms, from 1");
}

/// A template is named or left out: nothing is registered under the zero address.
pub(crate) fn check_template(violations: &mut Violations, field: &str, template: Option<Address>) {
    let is_zero = template.is_some_and(|template| template.is_zero());
    violations.require(!is_zero, field, "zero", "a license template, or nothing for PIL");
}

fn require_ip(violations: &mut Violations, ip: IpId, field: &str) {
    violations.require(!ip.address().is_zero(), field, "required", "an IP, not the zero address");
}
