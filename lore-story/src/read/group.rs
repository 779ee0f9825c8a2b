//! What the chain knows of groups.

use std::collections::{BTreeSet, VecDeque};

use alloy::primitives::U256;
use lore_core::{Address, Error, ErrorKind, IpId, Result, Wei, port::chain::GroupState};

use crate::{
    client::StoryClient,
    contracts::{
        account::IpAccount,
        group::GroupingModule,
        licensing::{LicenseRegistry, LicenseToken},
        registry::IpAssetRegistry,
        royalty::RoyaltyPolicyLrp,
    },
    convert,
    ops::{answers::Questions, group::transfer_call},
};

/// Most members that the registry lists at once (`GroupIPAssetRegistry.MAX_PAGE_SIZE`).
pub(crate) const MEMBERS_PER_PAGE: u64 = 100;
/// How many descendants of a group are looked at for what they owe.
const MOST_DESCENDANTS: usize = 1_000;

/// What descendants owe a group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct GroupRevenue {
    /// Each descendant that owes something, with the amount.
    pub owed: Vec<(IpId, Wei)>,
    /// Whether all descendants were looked at: of a very large family only the nearest thousand are.
    pub is_complete: bool,
}

impl StoryClient {
    /// What the chain knows of a group; `None` if it is not one.
    ///
    /// # Errors
    /// [`Unavailable`](ErrorKind::Unavailable). So for every read here.
    pub async fn group_state(&self, group: &IpId) -> Result<Option<GroupState>> {
        let (view, addresses, id) = (self.view(), self.addresses(), convert::evm_ip(*group));
        let (registry, licenses) = (addresses.ip_asset_registry, addresses.license_registry);
        let terms = LicenseRegistry::getAttachedLicenseTermsCall { ipId: id, index: U256::ZERO };
        let mut answers = Questions::default()
            .ask(registry, &IpAssetRegistry::isRegisteredGroupCall { groupId: id })
            .ask(group.address(), &IpAccount::ownerCall {})
            .ask(registry, &IpAssetRegistry::getGroupRewardPoolCall { groupId: id })
            .ask(registry, &IpAssetRegistry::totalMembersCall { groupId: id })
            .ask(licenses, &terms)
            .ask(licenses, &LicenseRegistry::hasDerivativeIpsCall { parentIpId: id })
            .ask(addresses.license_token, &LicenseToken::getTotalTokensByLicensorCall { licensorIpId: id })
            .send(&view)
            .await?;
        if answers.next::<IpAssetRegistry::isRegisteredGroupCall>() != Some(true) {
            return Ok(None);
        }
        let owner = convert::from_evm_address(answers.must::<IpAccount::ownerCall>()?);
        let pool = convert::from_evm_address(answers.must::<IpAssetRegistry::getGroupRewardPoolCall>()?);
        let mut state = GroupState::new(*group, owner, pool);
        state.member_count = answers.must::<IpAssetRegistry::totalMembersCall>()?.saturating_to();
        // Fails for a group without terms.
        state.terms_id = answers
            .next::<LicenseRegistry::getAttachedLicenseTermsCall>()
            .map(|terms| convert::terms_id(terms.licenseTermsId));
        let has_derivatives = answers.must::<LicenseRegistry::hasDerivativeIpsCall>()?;
        let tokens = answers.must::<LicenseToken::getTotalTokensByLicensorCall>()?;
        state.is_frozen = has_derivatives || !tokens.is_zero();
        Ok(Some(state))
    }

    /// Members of a group in the chain's order, at most 100 from `start` on; none if it is no group.
    ///
    /// # Errors
    /// As [`group_state`](Self::group_state).
    pub async fn members_of_group(&self, group: &IpId, start: u64) -> Result<Vec<IpId>> {
        let call = IpAssetRegistry::getGroupMembersCall {
            groupId: convert::evm_ip(*group),
            startIndex: U256::from(start),
            size: U256::from(MEMBERS_PER_PAGE),
        };
        let view = self.view();
        let mut answers =
            Questions::default().ask(self.addresses().ip_asset_registry, &call).send(&view).await?;
        let members = answers.next::<IpAssetRegistry::getGroupMembersCall>().unwrap_or_default();
        Ok(members.into_iter().map(convert::from_evm_ip).collect())
    }

    /// Which of these IPs are members of the group, in their order.
    ///
    /// # Errors
    /// As [`group_state`](Self::group_state).
    pub async fn are_members(&self, group: &IpId, ips: &[IpId]) -> Result<Vec<bool>> {
        let asked = ips.iter().map(|ip| IpAssetRegistry::containsIpCall {
            groupId: convert::evm_ip(*group),
            ipId: convert::evm_ip(*ip),
        });
        let view = self.view();
        let mut answers =
            Questions::default().ask_all(self.addresses().ip_asset_registry, asked).send(&view).await?;
        ips.iter().map(|_| answers.must::<IpAssetRegistry::containsIpCall>()).collect()
    }

    /// What each of these members could be paid from the pool now, in that order; what is not collected yet is not in it.
    ///
    /// # Errors
    /// As [`group_state`](Self::group_state); [`Reverted`](ErrorKind::Reverted) if it is no group.
    pub async fn claimable_group_rewards(
        &self,
        group: &IpId,
        token: &Address,
        members: &[IpId],
    ) -> Result<Vec<Wei>> {
        let call = GroupingModule::getClaimableRewardCall {
            groupId: convert::evm_ip(*group),
            token: convert::evm_address(*token),
            ipIds: convert::evm_ips(members),
        };
        let rewards = self.view().call(self.addresses().grouping_module, &call).await?;
        if rewards.len() != members.len() {
            return Err(Error::new(ErrorKind::Unexpected, "the pool answered for other members"));
        }
        Ok(rewards.into_iter().map(convert::wei).collect())
    }

    /// What descendants owe a group in a token and nobody moved to its vault yet, generation by generation.
    ///
    /// # Errors
    /// As [`group_state`](Self::group_state).
    pub async fn group_revenue(&self, group: &IpId, token: &Address) -> Result<GroupRevenue> {
        let (descendants, is_complete) = self.descendants(group).await?;
        let asked = descendants.iter().map(|descendant| transfer_call(descendant, group, token));
        let view = self.view();
        let mut answers =
            Questions::default().ask_all(self.addresses().royalty_policy_lrp, asked).send(&view).await?;
        let mut owed = Vec::new();
        for descendant in descendants {
            // Refuses where nothing is due.
            let due = answers.next::<RoyaltyPolicyLrp::transferToVaultCall>().map(convert::wei);
            if let Some(due) = due.filter(|due| !due.is_zero()) {
                owed.push((descendant, due));
            }
        }
        Ok(GroupRevenue { owed, is_complete })
    }

    /// Descendants of an IP, nearest first, and whether these are all.
    async fn descendants(&self, ip: &IpId) -> Result<(Vec<IpId>, bool)> {
        let (view, licenses) = (self.view(), self.addresses().license_registry);
        let (mut seen, mut found) = (BTreeSet::from([*ip]), Vec::new());
        let mut generation = VecDeque::from([*ip]);
        while !generation.is_empty() {
            let parents: Vec<IpId> = generation.drain(..).collect();
            let asked = parents
                .iter()
                .map(|ip| LicenseRegistry::getDerivativeIpCountCall { parentIpId: convert::evm_ip(*ip) });
            let mut answers = Questions::default().ask_all(licenses, asked).send(&view).await?;
            let mut children = Vec::new();
            for parent in &parents {
                let count: u64 = answers.must::<LicenseRegistry::getDerivativeIpCountCall>()?.saturating_to();
                let room = MOST_DESCENDANTS.saturating_sub(found.len() + children.len());
                let fits = usize::try_from(count).is_ok_and(|count| count <= room);
                let taken = if fits { count } else { u64::try_from(room).unwrap_or(u64::MAX) };
                children.extend((0..taken).map(|index| LicenseRegistry::getDerivativeIpCall {
                    parentIpId: convert::evm_ip(*parent),
                    index: U256::from(index),
                }));
                if !fits {
                    self.add_children(children, &mut seen, &mut found).await?;
                    return Ok((found, false));
                }
            }
            generation.extend(self.add_children(children, &mut seen, &mut found).await?);
        }
        Ok((found, true))
    }

    /// Asks for children, keeps those that are new, and returns them.
    async fn add_children(
        &self,
        asked: Vec<LicenseRegistry::getDerivativeIpCall>,
        seen: &mut BTreeSet<IpId>,
        found: &mut Vec<IpId>,
    ) -> Result<Vec<IpId>> {
        let view = self.view();
        let count = asked.len();
        let mut answers =
            Questions::default().ask_all(self.addresses().license_registry, asked).send(&view).await?;
        let mut new = Vec::new();
        for _ in 0..count {
            let child = convert::from_evm_ip(answers.must::<LicenseRegistry::getDerivativeIpCall>()?);
            if seen.insert(child) {
                new.push(child);
            }
        }
        found.extend(&new);
        Ok(new)
    }
}
