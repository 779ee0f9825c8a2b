//! Taking members into a group, and letting them go.

use alloy::primitives::U256;
use async_trait::async_trait;
use lore_core::{IpId, Result, Violations, domain::asset::Mined, port::chain::AddGroupMembers};

use super::refusals::{Addition, check_members, frozen, refusal};
use crate::{
    addresses::Addresses,
    contracts::{
        group::GroupingModule,
        licensing::{LicenseRegistry, LicenseToken},
        registry::IpAssetRegistry,
    },
    convert,
    operation::{Draft, Operation},
    ops::answers::Questions,
    receipt::Receipt,
    view::View,
};

/// Members that came or went.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MembersChanged {
    /// The group.
    pub group: IpId,
    /// The members that came or went; those that were asked for but had done so before are not among them.
    pub members: Vec<IpId>,
    /// The transaction; `None` if there was nothing to do.
    pub mined: Option<Mined>,
}

/// Those that are members already are left out. Anybody's IP can be taken in, if its licensing config names the group's
/// reward pool.
#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Operation for AddGroupMembers {
    type Output = MembersChanged;

    fn name(&self) -> &'static str {
        "add_group_members"
    }

    fn check(&self, violations: &mut Violations) {
        check_members(&self.members, violations);
    }

    async fn existing(&self, view: &View<'_>) -> Result<Option<MembersChanged>> {
        let missing = by_membership(view, &self.group, &self.members, false).await?;
        Ok(missing.is_empty().then_some(MembersChanged { group: self.group, members: missing, mined: None }))
    }

    async fn draft(&self, view: &View<'_>) -> Result<Draft> {
        let addresses = view.addresses();
        let missing = by_membership(view, &self.group, &self.members, false).await?;
        if let Some(addition) = Addition::to_group(view, &self.group).await? {
            addition.check(view, &missing, self.max_reward_share).await?;
        }
        let summary = format!("takes {} members into group {}", missing.len(), self.group);
        Ok(Draft::new(addresses.grouping_module, &add_call(self, &missing), summary))
    }

    fn output(&self, receipt: &Receipt, addresses: &Addresses) -> Result<MembersChanged> {
        let event: GroupingModule::AddedIpToGroup = receipt.event(addresses.grouping_module)?;
        Ok(changed(self.group, event.ipIds, receipt))
    }
}

fn add_call(request: &AddGroupMembers, members: &[IpId]) -> GroupingModule::addIpCall {
    GroupingModule::addIpCall {
        groupIpId: convert::evm_ip(request.group),
        ipIds: convert::evm_ips(members),
        maxAllowedRewardShare: U256::from(request.max_reward_share.millionths()),
    }
}

/// Removes members from a group of the sender. What they earned is paid to them first.
///
/// A group that has a derivative, or of which a license token was minted, keeps its members.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RemoveGroupMembers {
    /// The group.
    pub group: IpId,
    /// The members, each once; those that are none stay so.
    pub members: Vec<IpId>,
}

impl RemoveGroupMembers {
    /// Removes these members.
    #[must_use]
    pub const fn new(group: IpId, members: Vec<IpId>) -> Self {
        Self { group, members }
    }

    fn call(&self, members: &[IpId]) -> GroupingModule::removeIpCall {
        GroupingModule::removeIpCall {
            groupIpId: convert::evm_ip(self.group),
            ipIds: convert::evm_ips(members),
        }
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Operation for RemoveGroupMembers {
    type Output = MembersChanged;

    fn name(&self) -> &'static str {
        "remove_group_members"
    }

    fn check(&self, violations: &mut Violations) {
        check_members(&self.members, violations);
    }

    async fn existing(&self, view: &View<'_>) -> Result<Option<MembersChanged>> {
        let present = by_membership(view, &self.group, &self.members, true).await?;
        Ok(present.is_empty().then_some(MembersChanged { group: self.group, members: present, mined: None }))
    }

    async fn draft(&self, view: &View<'_>) -> Result<Draft> {
        let addresses = view.addresses();
        let present = by_membership(view, &self.group, &self.members, true).await?;
        let group = convert::evm_ip(self.group);
        let mut answers = Questions::default()
            .ask(addresses.license_registry, &LicenseRegistry::hasDerivativeIpsCall { parentIpId: group })
            .ask(addresses.license_token, &LicenseToken::getTotalTokensByLicensorCall { licensorIpId: group })
            .send(view)
            .await?;
        let has_derivatives = answers.must::<LicenseRegistry::hasDerivativeIpsCall>()?;
        let tokens = answers.must::<LicenseToken::getTotalTokensByLicensorCall>()?;
        if let Some(revert) = frozen(&self.group, has_derivatives, !tokens.is_zero()) {
            return Err(refusal(revert));
        }
        let summary = format!("removes {} members from group {}", present.len(), self.group);
        Ok(Draft::new(addresses.grouping_module, &self.call(&present), summary))
    }

    fn output(&self, receipt: &Receipt, addresses: &Addresses) -> Result<MembersChanged> {
        let event: GroupingModule::RemovedIpFromGroup = receipt.event(addresses.grouping_module)?;
        Ok(changed(self.group, event.ipIds, receipt))
    }
}

fn changed(group: IpId, members: Vec<alloy::primitives::Address>, receipt: &Receipt) -> MembersChanged {
    let members = members.into_iter().map(convert::from_evm_ip).collect();
    MembersChanged { group, members, mined: Some(receipt.mined()) }
}

/// Those of the IPs that are members, or are not.
async fn by_membership(view: &View<'_>, group: &IpId, ips: &[IpId], is_member: bool) -> Result<Vec<IpId>> {
    let registry = view.addresses().ip_asset_registry;
    let asked = ips.iter().map(|ip| IpAssetRegistry::containsIpCall {
        groupId: convert::evm_ip(*group),
        ipId: convert::evm_ip(*ip),
    });
    let mut answers = Questions::default().ask_all(registry, asked).send(view).await?;
    let mut found = Vec::with_capacity(ips.len());
    for ip in ips {
        if answers.must::<IpAssetRegistry::containsIpCall>()? == is_member {
            found.push(*ip);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use alloy::sol_types::SolCall;

    use super::*;
    use crate::ops::recorded;

    fn ip(text: &str) -> IpId {
        IpId::new(text.parse().unwrap())
    }

    #[test]
    fn recorded_additions_and_removals_are_encoded_as_they_were_and_read_as_they_happened() {
        let group = ip("0xE101aA78C66b60800d17f0e4d3227dd0409EaF41");
        let member = ip("0x7903B3891F4Ba76Ee70e22F85f9bb5E3865bafF7");
        let add = AddGroupMembers::new(group, vec![member]);
        let remove = RemoveGroupMembers::new(group, vec![member]);
        for block in [209, 211] {
            let recorded = recorded::transaction(block);
            assert_eq!(add_call(&add, &add.members).abi_encode(), recorded.input);
            let added = add.output(&recorded.receipt(), &Addresses::AENEID).unwrap();
            assert_eq!((added.group, added.members), (group, vec![member]));
        }
        let recorded = recorded::transaction(210);
        assert_eq!(remove.call(&remove.members).abi_encode(), recorded.input);
        let removed = remove.output(&recorded.receipt(), &Addresses::AENEID).unwrap();
        assert_eq!(removed.members, [member]);
        assert_eq!(removed.mined.map(|mined| mined.block_number), Some(210));
        assert!(add.output(&recorded.receipt(), &Addresses::AENEID).is_err());
    }
}
