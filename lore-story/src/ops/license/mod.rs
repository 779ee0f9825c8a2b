//! License terms: registered, attached, changed by the licensor, and minted as license tokens.

mod approval;
mod attach;
mod config;
mod limit;
mod mint;
mod register;

pub use self::{
    approval::ApproveDerivative,
    attach::{AttachDefaultTerms, AttachTerms},
    config::SetLicensingConfig,
    limit::SetLicenseTokenLimit,
    mint::{MintLicenseTokens, MintedLicenseTokens},
    register::RegisterTerms,
};
pub(crate) use self::{
    config::current as current_config, limit::hook as limit_hook, mint::fee as license_fee,
};

use lore_core::{IpId, LicenseTermsId, Violations};

/// Terms have numbers from 1: the contracts take 0 in some places, and nothing can be done with it afterwards.
fn require_terms(violations: &mut Violations, terms_id: LicenseTermsId) {
    violations.require(!terms_id.is_zero(), "terms_id", "required", "the id of registered terms, from 1");
}

fn require_ip(violations: &mut Violations, ip: IpId, field: &str) {
    violations.require(!ip.address().is_zero(), field, "required", "an IP, not the zero address");
}
