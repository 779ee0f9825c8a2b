//! Registering a group.

use alloy::primitives::U256;
use async_trait::async_trait;
use lore_core::{
    Address, Error, IpId, Result, Revert, Share, Violations, port::chain::RegisteredGroup,
    protocol::EVEN_SPLIT_GROUP_POOL,
};

use super::{
    license::GroupLicense,
    refusals::{Addition, check_members, refusal},
};
use crate::{
    addresses::Addresses,
    contracts::{
        group::GroupingModule,
        licensing::{GroupingWorkflows, PiLicenseTemplate},
        registry::IpAssetRegistry,
    },
    convert,
    operation::{Draft, Operation},
    ops::{answers::Questions, costs::registration_fee},
    receipt::Receipt,
    view::View,
};

/// Registers a group without a license. Nobody can join before one is attached.
///
/// A group has no name on chain that would find it again: send it under a key to have it registered once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RegisterGroup {
    /// The reward pool.
    pub pool: Address,
}

impl RegisterGroup {
    /// A group under this reward pool.
    #[must_use]
    pub const fn new(pool: Address) -> Self {
        Self { pool }
    }
}

impl Default for RegisterGroup {
    /// A group under the pool that splits evenly.
    fn default() -> Self {
        Self::new(EVEN_SPLIT_GROUP_POOL)
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Operation for RegisterGroup {
    type Output = RegisteredGroup;

    fn name(&self) -> &'static str {
        "register_group"
    }

    fn check(&self, _: &mut Violations) {}

    async fn draft(&self, view: &View<'_>) -> Result<Draft> {
        let addresses = view.addresses();
        check_pool(view, self.pool, None).await?;
        let call = GroupingModule::registerGroupCall { groupPool: convert::evm_address(self.pool) };
        let summary = format!("registers a group with reward pool {}", self.pool);
        Ok(Draft::new(addresses.grouping_module, &call, summary).with_cost(registration_fee(view).await?))
    }

    fn output(&self, receipt: &Receipt, addresses: &Addresses) -> Result<RegisteredGroup> {
        registered(receipt, addresses)
    }
}

/// Registers a group and attaches its license, in one transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RegisterGroupWithLicense {
    /// The reward pool.
    pub pool: Address,
    /// The one license of the group.
    pub license: GroupLicense,
}

impl RegisterGroupWithLicense {
    /// A group under the pool that splits evenly.
    #[must_use]
    pub const fn new(license: GroupLicense) -> Self {
        Self { pool: EVEN_SPLIT_GROUP_POOL, license }
    }

    fn call(&self, addresses: &Addresses) -> GroupingWorkflows::registerGroupAndAttachLicenseCall {
        GroupingWorkflows::registerGroupAndAttachLicenseCall {
            groupPool: convert::evm_address(self.pool),
            licenseData: self.license.to_sol(addresses),
        }
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Operation for RegisterGroupWithLicense {
    type Output = RegisteredGroup;

    fn name(&self) -> &'static str {
        "register_group_with_license"
    }

    fn check(&self, violations: &mut Violations) {
        self.license.check_of_group("license", violations);
    }

    async fn draft(&self, view: &View<'_>) -> Result<Draft> {
        check_pool(view, self.pool, Some(&self.license)).await?;
        let addresses = view.addresses();
        let summary =
            format!("registers a group with reward pool {} and terms {}", self.pool, self.license.terms_id);
        Ok(Draft::new(addresses.grouping_workflows, &self.call(addresses), summary))
    }

    fn output(&self, receipt: &Receipt, addresses: &Addresses) -> Result<RegisteredGroup> {
        registered(receipt, addresses)
    }
}

/// Registers a group, attaches its license and takes members in, in one transaction. The members must have opted in.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RegisterGroupWithLicenseAndMembers {
    /// The reward pool.
    pub pool: Address,
    /// The one license of the group.
    pub license: GroupLicense,
    /// The first members, each once.
    pub members: Vec<IpId>,
    /// Most of the rewards that one member may ask for.
    pub max_reward_share: Share,
}

impl RegisterGroupWithLicenseAndMembers {
    /// A group under the pool that splits evenly, with members whatever they ask for.
    #[must_use]
    pub const fn new(license: GroupLicense, members: Vec<IpId>) -> Self {
        Self { pool: EVEN_SPLIT_GROUP_POOL, license, members, max_reward_share: Share::FULL }
    }

    fn call(&self, addresses: &Addresses) -> GroupingWorkflows::registerGroupAndAttachLicenseAndAddIpsCall {
        GroupingWorkflows::registerGroupAndAttachLicenseAndAddIpsCall {
            groupPool: convert::evm_address(self.pool),
            ipIds: convert::evm_ips(&self.members),
            maxAllowedRewardShare: U256::from(self.max_reward_share.millionths()),
            licenseData: self.license.to_sol(addresses),
        }
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Operation for RegisterGroupWithLicenseAndMembers {
    type Output = RegisteredGroup;

    fn name(&self) -> &'static str {
        "register_group_with_license_and_members"
    }

    fn check(&self, violations: &mut Violations) {
        self.license.check_of_group("license", violations);
        check_members(&self.members, violations);
    }

    async fn draft(&self, view: &View<'_>) -> Result<Draft> {
        check_pool(view, self.pool, Some(&self.license)).await?;
        let addresses = view.addresses();
        Addition::to_new_group(self.pool, &self.license, addresses)
            .check(view, &self.members, self.max_reward_share)
            .await?;
        let summary = format!(
            "registers a group of {} members with reward pool {} and terms {}",
            self.members.len(),
            self.pool,
            self.license.terms_id
        );
        Ok(Draft::new(addresses.grouping_workflows, &self.call(addresses), summary))
    }

    fn output(&self, receipt: &Receipt, addresses: &Addresses) -> Result<RegisteredGroup> {
        registered(receipt, addresses)
    }
}

fn registered(receipt: &Receipt, addresses: &Addresses) -> Result<RegisteredGroup> {
    let event: GroupingModule::IPGroupRegistered = receipt.event(addresses.grouping_module)?;
    Ok(RegisteredGroup::new(convert::from_evm_ip(event.groupId), receipt.mined()))
}

/// Refuses a pool that the protocol does not know, and terms that no group can have, as the chain would.
async fn check_pool(view: &View<'_>, pool: Address, license: Option<&GroupLicense>) -> Result<()> {
    let addresses = view.addresses();
    let mut questions = Questions::default().ask(
        addresses.ip_asset_registry,
        &IpAssetRegistry::isWhitelistedGroupRewardPoolCall { rewardPool: convert::evm_address(pool) },
    );
    if let Some(license) = license {
        let call = PiLicenseTemplate::canAttachToGroupIpCall {
            licenseTermsId: convert::u256_of_terms(license.terms_id),
        };
        questions = questions.ask(license.template(addresses), &call);
    }
    let mut answers = questions.send(view).await?;
    if !answers.must::<IpAssetRegistry::isWhitelistedGroupRewardPoolCall>()? {
        return Err(refusal(Revert::new("GroupIPAssetRegistry__GroupRewardPoolNotRegistered").arg(pool)));
    }
    let Some(license) = license else { return Ok(()) };
    // A template that does not answer is left to the simulation.
    if answers.next::<PiLicenseTemplate::canAttachToGroupIpCall>() == Some(false) {
        let revert = Revert::new("LicenseRegistry__LicenseTermsCannotAttachToGroupIp")
            .arg(license.template(addresses))
            .arg(license.terms_id);
        return Err(refusal(revert));
    }
    Ok::<(), Error>(())
}

#[cfg(test)]
mod tests {
    use alloy::sol_types::SolCall;
    use lore_core::{LicenseTermsId, domain::license::LicensingConfig};

    use super::*;
    use crate::ops::recorded;

    fn license() -> GroupLicense {
        // The protocol's own client writes the zero address where the contract wants bytes.
        let config = LicensingConfig { is_set: true, hook_data: vec![0; 20], ..LicensingConfig::default() };
        GroupLicense::new(LicenseTermsId::from(4_u64), config)
    }

    #[test]
    fn a_recorded_group_is_encoded_as_it_was_and_read_as_it_happened() {
        let recorded = recorded::transaction(208);
        let member = IpId::new("0x0919aC3Cf3aadCCd6d6c575Ac97f4B00DC152DCd".parse().unwrap());
        let request = RegisterGroupWithLicenseAndMembers::new(license(), vec![member]);
        assert_eq!(request.call(&Addresses::AENEID).abi_encode(), recorded.input);
        let registered = request.output(&recorded.receipt(), &Addresses::AENEID).unwrap();
        assert_eq!(registered.group.to_string(), "0xE101aA78C66b60800d17f0e4d3227dd0409EaF41");
        assert_eq!(registered.mined.block_number, 208);
    }

    #[test]
    fn a_group_cannot_opt_into_a_group_and_members_are_named_once() {
        let member = IpId::new(Address::from_bytes([1; 20]));
        let mut license = GroupLicense::opting_in(LicenseTermsId::ZERO, EVEN_SPLIT_GROUP_POOL);
        license.config.commercial_rev_share = 100_000_001;
        let request = RegisterGroupWithLicenseAndMembers::new(license, vec![member, member]);
        let mut violations = Violations::new();
        request.check(&mut violations);
        let fields: Vec<_> = violations.as_slice().iter().map(|found| found.field.as_str()).collect();
        assert_eq!(
            fields,
            [
                "license.terms_id",
                "license.config.commercial_rev_share",
                "license.config.expect_group_reward_pool",
                "members[1]"
            ]
        );
    }
}
