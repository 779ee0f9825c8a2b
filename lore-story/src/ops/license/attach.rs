//! [`AttachTerms`] and [`AttachDefaultTerms`].

use alloy::sol_types::SolEvent as _;
use async_trait::async_trait;
use lore_core::{Address, IpId, LicenseTermsId, Result, Violations, domain::asset::Mined};

use super::{check_template, require_ip, require_terms};
use crate::{
    addresses::Addresses,
    contracts::licensing::{LicenseRegistry, LicensingModule},
    convert,
    operation::{Draft, Operation},
    receipt::Receipt,
    view::View,
};

/// Attaches registered terms to an IP of the sender: anybody may take a license of them then. `None` if they are attached
/// already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AttachTerms {
    /// The IP.
    pub ip: IpId,
    /// The terms.
    pub terms_id: LicenseTermsId,
    /// The template of the terms; `None` for PIL.
    pub license_template: Option<Address>,
}

impl AttachTerms {
    /// Attaches these terms.
    #[must_use]
    pub const fn new(ip: IpId, terms_id: LicenseTermsId) -> Self {
        Self { ip, terms_id, license_template: None }
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Operation for AttachTerms {
    type Output = Option<Mined>;

    fn name(&self) -> &'static str {
        "attach_terms"
    }

    fn check(&self, violations: &mut Violations) {
        require_ip(violations, self.ip, "ip");
        require_terms(violations, self.terms_id);
        check_template(violations, "license_template", self.license_template);
    }

    async fn existing(&self, view: &View<'_>) -> Result<Option<Option<Mined>>> {
        let addresses = view.addresses();
        let ask = LicenseRegistry::hasIpAttachedLicenseTermsCall {
            ipId: convert::evm_ip(self.ip),
            licenseTemplate: convert::evm_address(addresses.license_template(self.license_template)),
            licenseTermsId: convert::u256_of_terms(self.terms_id),
        };
        Ok(view.call(addresses.license_registry, &ask).await?.then_some(None))
    }

    async fn draft(&self, view: &View<'_>) -> Result<Draft> {
        let addresses = view.addresses();
        let call = LicensingModule::attachLicenseTermsCall {
            ipId: convert::evm_ip(self.ip),
            licenseTemplate: convert::evm_address(addresses.license_template(self.license_template)),
            licenseTermsId: convert::u256_of_terms(self.terms_id),
        };
        let summary = format!("offers licenses of IP {} under terms {}", self.ip, self.terms_id);
        Ok(Draft::new(addresses.licensing_module, &call, summary))
    }

    fn output(&self, receipt: &Receipt, addresses: &Addresses) -> Result<Option<Mined>> {
        let template = convert::evm_address(addresses.license_template(self.license_template));
        let terms_id = convert::u256_of_terms(self.terms_id);
        attached(receipt, addresses, self.ip, |event| {
            event.licenseTemplate == template && event.licenseTermsId == terms_id
        })
    }
}

/// Attaches the protocol's default terms to an IP of the sender. They are attached to no IP by themselves, whatever the
/// protocol's own documents say. `None` if they are attached already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AttachDefaultTerms {
    /// The IP.
    pub ip: IpId,
}

impl AttachDefaultTerms {
    /// Attaches them to this IP.
    #[must_use]
    pub const fn new(ip: IpId) -> Self {
        Self { ip }
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Operation for AttachDefaultTerms {
    type Output = Option<Mined>;

    fn name(&self) -> &'static str {
        "attach_default_terms"
    }

    fn check(&self, violations: &mut Violations) {
        require_ip(violations, self.ip, "ip");
    }

    async fn existing(&self, view: &View<'_>) -> Result<Option<Option<Mined>>> {
        let registry = view.addresses().license_registry;
        let default = view.call(registry, &LicenseRegistry::getDefaultLicenseTermsCall {}).await?;
        let ask = LicenseRegistry::hasIpAttachedLicenseTermsCall {
            ipId: convert::evm_ip(self.ip),
            licenseTemplate: default.licenseTemplate,
            licenseTermsId: default.licenseTermsId,
        };
        Ok(view.call(registry, &ask).await?.then_some(None))
    }

    async fn draft(&self, view: &View<'_>) -> Result<Draft> {
        let call = LicensingModule::attachDefaultLicenseTermsCall { ipId: convert::evm_ip(self.ip) };
        let summary = format!("offers licenses of IP {} under the protocol's default terms", self.ip);
        Ok(Draft::new(view.addresses().licensing_module, &call, summary))
    }

    fn output(&self, receipt: &Receipt, addresses: &Addresses) -> Result<Option<Mined>> {
        attached(receipt, addresses, self.ip, |_| true)
    }
}

/// That the terms of one event were attached to this IP.
fn attached(
    receipt: &Receipt,
    addresses: &Addresses,
    ip: IpId,
    fits: impl Fn(&LicensingModule::LicenseTermsAttached) -> bool,
) -> Result<Option<Mined>> {
    let module = addresses.licensing_module;
    let account = convert::evm_ip(ip);
    receipt
        .events(module)
        .any(|event: LicensingModule::LicenseTermsAttached| event.ipId == account && fits(&event))
        .then(|| Some(receipt.mined()))
        .ok_or_else(|| receipt.missing(LicensingModule::LicenseTermsAttached::SIGNATURE, module))
}
