//! [`SetLicensingConfig`].

use alloy::sol_types::SolEvent as _;
use async_trait::async_trait;
use lore_core::{
    Address, IpId, LicenseTermsId, Result, Violations, domain::asset::Mined,
    domain::license::LicensingConfig, protocol::FULL_SHARE,
};

use super::{TemplateTerms, check_template, require_ip, require_terms};
use crate::{
    addresses::Addresses,
    contracts::licensing::{LicenseRegistry, LicensingModule},
    convert,
    operation::{Draft, Operation},
    receipt::Receipt,
    view::View,
};

/// Changes what the licensor asks for under terms: price, share, hook, whether licenses are given at all, and which groups
/// may take the IP in. The whole configuration is replaced. `None` if it is as asked already.
///
/// Price and share may only be raised above those of the terms.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SetLicensingConfig {
    /// The IP.
    pub ip: IpId,
    /// The terms.
    pub terms_id: LicenseTermsId,
    /// What the licensor asks for.
    pub config: LicensingConfig,
    /// The template of the terms; `None` for PIL.
    pub license_template: Option<Address>,
}

impl SetLicensingConfig {
    /// Sets this configuration.
    #[must_use]
    pub const fn new(ip: IpId, terms_id: LicenseTermsId, config: LicensingConfig) -> Self {
        Self { ip, terms_id, config, license_template: None }
    }

    pub(super) fn call(&self, addresses: &Addresses) -> LicensingModule::setLicensingConfigCall {
        LicensingModule::setLicensingConfigCall {
            ipId: convert::evm_ip(self.ip),
            licenseTemplate: convert::evm_address(addresses.license_template(self.license_template)),
            licenseTermsId: convert::u256_of_terms(self.terms_id),
            licensingConfig: convert::licensing_config(&self.config),
        }
    }
}

/// The configuration that is set now.
pub(crate) async fn current(view: &View<'_>, ip: IpId, terms: TemplateTerms) -> Result<LicensingConfig> {
    let addresses = view.addresses();
    let ask = LicenseRegistry::getLicensingConfigCall {
        ipId: convert::evm_ip(ip),
        licenseTemplate: convert::evm_address(terms.template(addresses)),
        licenseTermsId: convert::u256_of_terms(terms.terms_id),
    };
    view.call(addresses.license_registry, &ask).await.map(convert::from_licensing_config)
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Operation for SetLicensingConfig {
    type Output = Option<Mined>;

    fn name(&self) -> &'static str {
        "set_licensing_config"
    }

    fn check(&self, violations: &mut Violations) {
        require_ip(violations, self.ip, "ip");
        require_terms(violations, self.terms_id);
        check_template(violations, "license_template", self.license_template);
        for (share, field) in [
            (self.config.commercial_rev_share, "config.commercial_rev_share"),
            (self.config.expect_minimum_group_reward_share, "config.expect_minimum_group_reward_share"),
        ] {
            violations.require(
                share <= FULL_SHARE,
                field,
                "out_of_range",
                "0 to 100 %, that is 0 to 100000000 millionths of a percent",
            );
        }
    }

    async fn existing(&self, view: &View<'_>) -> Result<Option<Option<Mined>>> {
        let terms = TemplateTerms { license_template: self.license_template, terms_id: self.terms_id };
        let set = current(view, self.ip, terms).await?;
        Ok((set == self.config).then_some(None))
    }

    async fn draft(&self, view: &View<'_>) -> Result<Draft> {
        let addresses = view.addresses();
        let summary = format!("changes what IP {} asks for under terms {}", self.ip, self.terms_id);
        Ok(Draft::new(addresses.licensing_module, &self.call(addresses), summary))
    }

    fn output(&self, receipt: &Receipt, addresses: &Addresses) -> Result<Option<Mined>> {
        let registry = addresses.license_registry;
        let template = convert::evm_address(addresses.license_template(self.license_template));
        let (account, terms_id) = (convert::evm_ip(self.ip), convert::u256_of_terms(self.terms_id));
        receipt
            .events(registry)
            .any(|event: LicenseRegistry::LicensingConfigSetForLicense| {
                event.ipId == account && event.licenseTemplate == template && event.licenseTermsId == terms_id
            })
            .then(|| Some(receipt.mined()))
            .ok_or_else(|| {
                receipt.missing(LicenseRegistry::LicensingConfigSetForLicense::SIGNATURE, registry)
            })
    }
}
