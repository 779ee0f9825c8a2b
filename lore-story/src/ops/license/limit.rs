//! [`SetLicenseTokenLimit`].

use alloy::{primitives::U256, sol_types::SolEvent as _};
use async_trait::async_trait;
use lore_core::{
    Address, Error, ErrorKind, IpId, LicenseTermsId, Result, Violations, domain::asset::Mined,
    domain::license::LicensingConfig,
};

use super::{
    TemplateTerms, check_template,
    config::{SetLicensingConfig, current},
    require_ip, require_terms,
};
use crate::{
    addresses::Addresses,
    contracts::licensing::{PiLicenseTemplate, TotalLicenseTokenLimitHook},
    convert,
    operation::{Draft, Operation},
    ops::account::{AccountCall, ExecuteBatch},
    receipt::Receipt,
    view::View,
};

/// Limits how many licenses of an IP may ever be given, license tokens and derivatives together. `None` if the limit is
/// set already.
///
/// The limit is kept by a licensing hook of the protocol. Where the IP's configuration does not name the hook yet, both are
/// set in one transaction of the IP account; another hook in its place is not overwritten. The hook takes the terms' own
/// fee, so a higher fee of the configuration no longer counts under a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SetLicenseTokenLimit {
    /// The IP.
    pub ip: IpId,
    /// The terms.
    pub terms_id: LicenseTermsId,
    /// Most licenses; `None` for no limit.
    pub limit: Option<u64>,
    /// The template of the terms; `None` for PIL.
    pub license_template: Option<Address>,
}

impl SetLicenseTokenLimit {
    /// Sets this limit.
    #[must_use]
    pub const fn new(ip: IpId, terms_id: LicenseTermsId, limit: Option<u64>) -> Self {
        Self { ip, terms_id, limit, license_template: None }
    }

    const fn terms(&self) -> TemplateTerms {
        TemplateTerms { license_template: self.license_template, terms_id: self.terms_id }
    }

    /// The contracts read 0 as no limit.
    fn limit(&self) -> U256 {
        U256::from(self.limit.unwrap_or(0))
    }

    fn call(&self, addresses: &Addresses) -> TotalLicenseTokenLimitHook::setTotalLicenseTokenLimitCall {
        TotalLicenseTokenLimitHook::setTotalLicenseTokenLimitCall {
            licensorIpId: convert::evm_ip(self.ip),
            licenseTemplate: convert::evm_address(self.terms().template(addresses)),
            licenseTermsId: convert::u256_of_terms(self.terms_id),
            limit: self.limit(),
        }
    }

    fn summary(&self) -> String {
        match self.limit {
            Some(limit) => format!("limits IP {} to {limit} licenses under terms {}", self.ip, self.terms_id),
            None => format!("lifts the limit on licenses of IP {} under terms {}", self.ip, self.terms_id),
        }
    }

    fn drafted(&self, addresses: &Addresses, hook: Address, config: LicensingConfig) -> Result<Draft> {
        if config.is_set && config.licensing_hook == hook {
            return Ok(Draft::new(hook, &self.call(addresses), self.summary()));
        }
        if config.is_set && !config.licensing_hook.is_zero() {
            return Err(Error::new(
                ErrorKind::Conflict,
                "the licensing configuration names another hook, which a limit would replace",
            )
            .with_context("ip", self.ip)
            .with_context("licensing_hook", config.licensing_hook));
        }
        let mut config = config;
        config.is_set = true;
        config.licensing_hook = hook;
        let mut configure = SetLicensingConfig::new(self.ip, self.terms_id, config);
        configure.license_template = self.license_template;
        let calls = vec![
            AccountCall::of(addresses.licensing_module, &configure.call(addresses)),
            AccountCall::of(hook, &self.call(addresses)),
        ];
        let mut draft = ExecuteBatch::new(self.ip, calls).drafted();
        draft.summary = self.summary();
        Ok(draft)
    }
}

/// The hook, where the network has one.
pub(crate) fn hook(addresses: &Addresses) -> Result<Address> {
    addresses.total_license_token_limit_hook.ok_or_else(|| {
        Error::new(ErrorKind::Config, "the network has no hook that limits license tokens")
            .with_context("field", "addresses.total_license_token_limit_hook")
    })
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Operation for SetLicenseTokenLimit {
    type Output = Option<Mined>;

    fn name(&self) -> &'static str {
        "set_license_token_limit"
    }

    fn check(&self, violations: &mut Violations) {
        require_ip(violations, self.ip, "ip");
        require_terms(violations, self.terms_id);
        check_template(violations, "license_template", self.license_template);
        violations.require(
            self.limit != Some(0),
            "limit",
            "out_of_range",
            "1 or more, or nothing for no limit; to give no licenses, disable them in the licensing configuration",
        );
    }

    async fn existing(&self, view: &View<'_>) -> Result<Option<Option<Mined>>> {
        let addresses = view.addresses();
        let hook = hook(addresses)?;
        let ask = TotalLicenseTokenLimitHook::getTotalLicenseTokenLimitCall {
            licensorIpId: convert::evm_ip(self.ip),
            licenseTemplate: convert::evm_address(self.terms().template(addresses)),
            licenseTermsId: convert::u256_of_terms(self.terms_id),
        };
        if view.call(hook, &ask).await? != self.limit() {
            return Ok(None);
        }
        let config = current(view, self.ip, self.terms()).await?;
        // Without a limit it does not matter who is asked.
        let counts = self.limit.is_none() || (config.is_set && config.licensing_hook == hook);
        Ok(counts.then_some(None))
    }

    async fn draft(&self, view: &View<'_>) -> Result<Draft> {
        let addresses = view.addresses();
        let mut config = current(view, self.ip, self.terms()).await?;
        if !config.is_set {
            // A configuration may not be below the terms' own fee.
            let ask = PiLicenseTemplate::getRoyaltyPolicyCall {
                licenseTermsId: convert::u256_of_terms(self.terms_id),
            };
            let terms = view.call(self.terms().template(addresses), &ask).await?;
            config.minting_fee = convert::wei(terms.mintingFee);
        }
        self.drafted(addresses, hook(addresses)?, config)
    }

    fn output(&self, receipt: &Receipt, addresses: &Addresses) -> Result<Option<Mined>> {
        let hook = hook(addresses)?;
        let template = convert::evm_address(self.terms().template(addresses));
        let (account, terms_id) = (convert::evm_ip(self.ip), convert::u256_of_terms(self.terms_id));
        receipt
            .events(hook)
            .any(|event: TotalLicenseTokenLimitHook::SetTotalLicenseTokenLimit| {
                event.licensorIpId == account
                    && event.licenseTemplate == template
                    && event.licenseTermsId == terms_id
            })
            .then(|| Some(receipt.mined()))
            .ok_or_else(|| {
                receipt.missing(TotalLicenseTokenLimitHook::SetTotalLicenseTokenLimit::SIGNATURE, hook)
            })
    }
}

#[cfg(test)]
mod tests {
    use alloy::{primitives::Bytes, sol_types::SolCall as _};
    use lore_core::Wei;

    use super::*;
    use crate::{
        contracts::{account::IpAccount, licensing::LicensingModule},
        ops::recorded::{ip, transaction},
    };

    const IP: &str = "0x7903B3891F4Ba76Ee70e22F85f9bb5E3865bafF7";

    fn limit() -> SetLicenseTokenLimit {
        SetLicenseTokenLimit::new(ip(IP), LicenseTermsId::from(4_u64), Some(5))
    }

    fn drafted(config: LicensingConfig) -> Result<Draft> {
        limit().drafted(&Addresses::AENEID, hook(&Addresses::AENEID)?, config)
    }

    fn with_hook(licensing_hook: Address) -> LicensingConfig {
        LicensingConfig { is_set: true, licensing_hook, ..LicensingConfig::default() }
    }

    #[test]
    fn the_recorded_limit_is_set_where_the_hook_is_named() {
        let recorded = transaction(231);
        let draft = drafted(with_hook(recorded.to())).unwrap();
        assert_eq!((draft.to, Bytes::from(draft.data)), (recorded.to(), recorded.input.clone()));
        let output = limit().output(&recorded.receipt(), &Addresses::AENEID).unwrap();
        assert_eq!(output, Some(recorded.receipt().mined()));
    }

    #[test]
    fn the_hook_is_named_in_the_same_transaction_and_the_rest_of_the_configuration_stays() {
        let config = LicensingConfig { minting_fee: Wei::from(7_u64), ..LicensingConfig::default() };
        let draft = drafted(config).unwrap();
        assert_eq!(draft.to, ip(IP).address());
        let calls = IpAccount::executeBatchCall::abi_decode(&draft.data).unwrap().calls;
        let [configure, limit] = calls.as_slice() else { panic!("two calls") };
        let configure = LicensingModule::setLicensingConfigCall::abi_decode(&configure.data).unwrap();
        let mut set = with_hook(hook(&Addresses::AENEID).unwrap());
        set.minting_fee = Wei::from(7_u64);
        assert_eq!(convert::from_licensing_config(configure.licensingConfig), set);
        assert_eq!(limit.data, transaction(231).input);
    }

    #[test]
    fn another_template_is_named_in_both_calls() {
        let template = Address::from_bytes([8; 20]);
        let (addresses, hook) = (Addresses::AENEID, hook(&Addresses::AENEID).unwrap());
        let limit = SetLicenseTokenLimit { license_template: Some(template), ..limit() };
        let draft = limit.drafted(&addresses, hook, LicensingConfig::default()).unwrap();
        let calls = IpAccount::executeBatchCall::abi_decode(&draft.data).unwrap().calls;
        let [configure, limited] = calls.as_slice() else { panic!("two calls") };
        let configure = LicensingModule::setLicensingConfigCall::abi_decode(&configure.data).unwrap();
        type Limited = TotalLicenseTokenLimitHook::setTotalLicenseTokenLimitCall;
        let limited = Limited::abi_decode(&limited.data).unwrap();
        for named in [configure.licenseTemplate, limited.licenseTemplate] {
            assert_eq!(convert::from_evm_address(named), template);
        }
    }

    #[test]
    fn the_hook_of_somebody_else_is_not_overwritten() {
        let error = drafted(with_hook(Address::from_bytes([7; 20]))).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict);
    }

    #[test]
    fn a_limit_of_zero_is_refused_because_the_hook_reads_it_as_none() {
        let mut found = Violations::new();
        SetLicenseTokenLimit { limit: Some(0), ..limit() }.check(&mut found);
        assert_eq!(found.as_slice().first().map(|violation| violation.field.as_str()), Some("limit"));
    }
}
