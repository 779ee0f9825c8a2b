//! The license that a group and its members share.

use lore_core::{
    Address, LicenseTermsId, Violations, domain::license::LicensingConfig, protocol::FULL_SHARE,
};

use crate::{
    addresses::Addresses,
    contracts::licensing::{LicenseData, LicensingConfig as SolLicensingConfig},
    convert,
    ops::check_template,
};

/// Registered terms to be attached, with what the licensor changes about them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GroupLicense {
    /// The terms. Only commercial ones under the policy LRP let anybody join.
    pub terms_id: LicenseTermsId,
    /// The changes; none unless `is_set`. A group and its members must agree about fee and hook, and the group's revenue
    /// share must not be below a member's.
    pub config: LicensingConfig,
    /// The template of the terms; `None` for PIL.
    pub license_template: Option<Address>,
}

impl GroupLicense {
    /// Terms with changes.
    #[must_use]
    pub const fn new(terms_id: LicenseTermsId, config: LicensingConfig) -> Self {
        Self { terms_id, config, license_template: None }
    }

    /// Terms by which an IP may be taken into groups of this reward pool, and nothing else is changed about them.
    ///
    /// Terms with a minting fee need it named in the changes, too: the contract takes no lower one.
    #[must_use]
    pub fn opting_in(terms_id: LicenseTermsId, pool: Address) -> Self {
        let config =
            LicensingConfig { is_set: true, expect_group_reward_pool: pool, ..LicensingConfig::default() };
        Self::new(terms_id, config)
    }

    pub(super) fn template(&self, addresses: &Addresses) -> Address {
        addresses.license_template(self.license_template)
    }

    pub(super) fn to_sol(&self, addresses: &Addresses) -> LicenseData {
        let config: SolLicensingConfig = convert::licensing_config(&self.config);
        LicenseData {
            licenseTemplate: convert::evm_address(self.template(addresses)),
            licenseTermsId: convert::u256_of_terms(self.terms_id),
            licensingConfig: config,
        }
    }

    /// The rules of a group's own license.
    pub(super) fn check_of_group(&self, field: &str, violations: &mut Violations) {
        self.check(field, violations);
        violations.require(
            self.config.expect_group_reward_pool.is_zero(),
            format_args!("{field}.config.expect_group_reward_pool"),
            "not_zero",
            "none: a group cannot join a group",
        );
    }

    /// The rules of any license.
    pub(super) fn check(&self, field: &str, violations: &mut Violations) {
        check_template(violations, &format!("{field}.license_template"), self.license_template);
        let terms = format!("{field}.terms_id");
        violations.require(!self.terms_id.is_zero(), &terms, "zero", "the id of registered terms");
        let shares = [
            ("commercial_rev_share", self.config.commercial_rev_share),
            ("expect_minimum_group_reward_share", self.config.expect_minimum_group_reward_share),
        ];
        for (name, share) in shares {
            violations.require(
                share <= FULL_SHARE,
                format_args!("{field}.config.{name}"),
                "out_of_range",
                format!("at most {FULL_SHARE} millionths of a percent"),
            );
        }
    }
}
