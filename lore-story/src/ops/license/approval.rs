//! [`ApproveDerivative`].

use alloy::sol_types::SolEvent as _;
use async_trait::async_trait;
use lore_core::{Address, IpId, LicenseTermsId, Result, Violations, domain::asset::Mined};

use super::{check_template, require_ip, require_terms};
use crate::{
    addresses::Addresses,
    contracts::licensing::PiLicenseTemplate,
    convert,
    operation::{Draft, Operation},
    ops::account::{AccountCall, Execute},
    receipt::Receipt,
    view::View,
};

/// Approves a derivative, or takes the approval back, where the terms ask for the licensor's approval. `None` if it is so
/// already.
///
/// It goes through the account of the parent: the template takes the word of nobody else, not even the owner's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApproveDerivative {
    /// The IP whose owner approves.
    pub parent: IpId,
    /// The terms.
    pub terms_id: LicenseTermsId,
    /// The derivative, before it is linked.
    pub child: IpId,
    /// Whether it is approved.
    pub approved: bool,
    /// The template of the terms; `None` for PIL.
    pub license_template: Option<Address>,
}

impl ApproveDerivative {
    /// Approves a derivative.
    #[must_use]
    pub const fn new(parent: IpId, terms_id: LicenseTermsId, child: IpId) -> Self {
        Self { parent, terms_id, child, approved: true, license_template: None }
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Operation for ApproveDerivative {
    type Output = Option<Mined>;

    fn name(&self) -> &'static str {
        "approve_derivative"
    }

    fn check(&self, violations: &mut Violations) {
        require_ip(violations, self.parent, "parent");
        require_ip(violations, self.child, "child");
        require_terms(violations, self.terms_id);
        check_template(violations, "license_template", self.license_template);
    }

    async fn existing(&self, view: &View<'_>) -> Result<Option<Option<Mined>>> {
        let ask = PiLicenseTemplate::isDerivativeApprovedCall {
            parentIpId: convert::evm_ip(self.parent),
            licenseTermsId: convert::u256_of_terms(self.terms_id),
            childIpId: convert::evm_ip(self.child),
        };
        let template = view.addresses().license_template(self.license_template);
        let approved = view.call(template, &ask).await?;
        Ok((approved == self.approved).then_some(None))
    }

    async fn draft(&self, view: &View<'_>) -> Result<Draft> {
        let call = PiLicenseTemplate::setApprovalCall {
            parentIpId: convert::evm_ip(self.parent),
            licenseTermsId: convert::u256_of_terms(self.terms_id),
            childIpId: convert::evm_ip(self.child),
            approved: self.approved,
        };
        let call = AccountCall::of(view.addresses().license_template(self.license_template), &call);
        let mut draft = Execute::new(self.parent, call).drafted();
        let what = if self.approved { "approves" } else { "no longer approves" };
        draft.summary = format!(
            "{what} IP {} as derivative of IP {} under terms {}",
            self.child, self.parent, self.terms_id
        );
        Ok(draft)
    }

    fn output(&self, receipt: &Receipt, addresses: &Addresses) -> Result<Option<Mined>> {
        let template = addresses.license_template(self.license_template);
        let (parent, terms_id) = (convert::evm_ip(self.parent), convert::u256_of_terms(self.terms_id));
        // The event does not name the child.
        receipt
            .events(template)
            .any(|event: PiLicenseTemplate::DerivativeApproved| {
                event.ipId == parent && event.licenseTermsId == terms_id && event.approved == self.approved
            })
            .then(|| Some(receipt.mined()))
            .ok_or_else(|| receipt.missing(PiLicenseTemplate::DerivativeApproved::SIGNATURE, template))
    }
}
