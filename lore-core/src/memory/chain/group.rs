//! Groups: register, configure, add and remove members. What they earn is in `group_pool`.

use crate::{
    domain::chain_event::ChainEvent,
    error::Revert,
    memory::chain::{
        call::LicensingConfig,
        functions::{ADD_IP, REMOVE_IP},
        licensing::about_terms,
        state::{Group, Member, State, Step, Tx},
    },
    onchain::{Address, IpId, LicenseTermsId},
    protocol::{EVEN_SPLIT_GROUP_POOL, FULL_SHARE, GROUP_NFT, GROUPING_MODULE},
};

/// Most members of a group (`GroupIPAssetRegistry.MAX_GROUP_SIZE`).
const MAX_GROUP_SIZE: u64 = 1_000;

impl State {
    pub(super) fn register_group(&mut self, tx: &Tx, pool: Address) -> Step<IpId> {
        let token_id = self.counters.groups.into();
        self.counters.groups = self.counters.groups.saturating_add(1);
        self.move_nft(GROUP_NFT, token_id, (Address::ZERO, tx.sender));
        let group = self.register_ip(tx, GROUP_NFT, token_id)?;
        if pool != EVEN_SPLIT_GROUP_POOL {
            return Err(Revert::new("GroupIPAssetRegistry__GroupRewardPoolNotRegistered").arg(pool));
        }
        self.change_ip(group, |record| record.is_group = true);
        self.groups.insert(group, Group { pool, ..Group::default() });
        self.log(GROUPING_MODULE, ChainEvent::GroupRegistered { group, pool });
        Ok(group)
    }

    /// What a group may not change about its license once it has members.
    pub(super) fn check_group_config(&self, group: IpId, id: LicenseTermsId, new: &LicensingConfig) -> Step {
        let refused = |name: &str| Revert::new(format!("LicensingModule__{name}")).arg(group);
        if !new.expect_group_reward_pool.is_zero() {
            return Err(refused("GroupIpCannotSetExpectGroupRewardPool"));
        }
        if self.groups.value(&group).members == 0 {
            return Ok(());
        }
        let old = self.licensing_config(group, id);
        if old.is_set != new.is_set {
            return Err(refused("GroupIpCannotChangeIsSet"));
        }
        if old.minting_fee != new.minting_fee {
            return Err(refused("GroupIpCannotChangeMintingFee"));
        }
        if old.licensing_hook != new.licensing_hook {
            return Err(refused("GroupIpCannotChangeLicensingHook"));
        }
        if old.hook_data != new.hook_data {
            return Err(refused("GroupIpCannotChangeHookData"));
        }
        if new.commercial_rev_share < old.commercial_rev_share {
            let error = refused("GroupIpCannotDecreaseRoyalty");
            return Err(error.arg(new.commercial_rev_share).arg(old.commercial_rev_share));
        }
        Ok(())
    }

    pub(super) fn add_to_group(&mut self, tx: &Tx, group: IpId, members: &[IpId], max_share: u64) -> Step {
        self.verify_permission(group, tx.sender, GROUPING_MODULE, ADD_IP)?;
        if max_share > u64::from(FULL_SHARE) {
            let error = Revert::new("GroupingModule__MaxAllowedRewardShareExceeds100Percent");
            return Err(error.arg(group).arg(max_share));
        }
        if self.is_tagged(&group) {
            return Err(Revert::new("GroupingModule__DisputedGroupCannotAddIp").arg(group));
        }
        let (terms_id, currency) = self.group_revenue(group)?;
        self.require_group(group)?;
        let mut new = Vec::new();
        for member in members {
            if !self.ips.contains(member) {
                return Err(Revert::new("GroupIPAssetRegistry__NotRegisteredIP").arg(member));
            }
            if !self.group_members.contains(&(group, *member)) && !new.contains(member) {
                new.push(*member);
            }
        }
        let size =
            u64::try_from(new.len()).unwrap_or(u64::MAX).saturating_add(self.groups.value(&group).members);
        if size > MAX_GROUP_SIZE {
            let error = Revert::new("GroupIPAssetRegistry__GroupSizeExceedsLimit");
            return Err(error.arg(size).arg(MAX_GROUP_SIZE));
        }
        self.collect_to_pool(group, currency)?;
        members.iter().try_for_each(|member| self.add_member(group, *member, terms_id, max_share))?;
        self.log(GROUPING_MODULE, ChainEvent::GroupMembersAdded { group, members: members.to_vec() });
        Ok(())
    }

    /// The terms of a group and the token of its revenue.
    pub(super) fn group_revenue(&self, group: IpId) -> Step<(LicenseTermsId, Address)> {
        let Some(terms_id) = self.ips.get(&group).and_then(|record| record.terms.first().copied()) else {
            return Err(Revert::new("GroupingModule__GroupIPHasNoLicenseTerms").arg(group));
        };
        match self.terms.get(&terms_id).map(|terms| terms.currency) {
            Some(currency) if !currency.is_zero() => Ok((terms_id, currency)),
            _ => Err(Revert::new("GroupingModule__GroupIPLicenseHasNotSpecifyRevenueToken").arg(group)),
        }
    }

    fn require_group(&self, group: IpId) -> Step {
        if self.is_group(&group) {
            return Ok(());
        }
        Err(Revert::new("GroupIPAssetRegistry__NotRegisteredGroupIP").arg(group))
    }

    fn add_member(&mut self, group: IpId, member: IpId, terms_id: LicenseTermsId, max_share: u64) -> Step {
        if self.is_group(&member) {
            return Err(Revert::new("GroupingModule__CannotAddGroupToGroup").arg(group).arg(member));
        }
        if self.is_tagged(&member) {
            return Err(Revert::new("GroupingModule__CannotAddDisputedIpToGroup").arg(member));
        }
        self.check_member(group, member, terms_id)?;
        let asked = u64::from(self.licensing_config(member, terms_id).expect_minimum_group_reward_share);
        if asked > max_share {
            let error = Revert::new("GroupingModule__IpExpectedShareExceedsMaxAllowedShare");
            return Err(error.arg(group).arg(member).arg(max_share).arg(asked));
        }
        let mut state = self.groups.value(&group);
        if !self.group_members.contains(&(group, member)) {
            let position = state.members;
            self.group_members.insert((group, member), Member { position, debt: state.earned() });
            self.group_lists.insert((group, position), member);
            state.members = position.saturating_add(1);
            state.reward_share = state.reward_share.max(asked);
            self.groups.insert(group, state);
        }
        let total = state.reward_share.saturating_mul(state.members);
        if total > u64::from(FULL_SHARE) {
            let error = Revert::new("GroupingModule__TotalGroupRewardShareExceeds100Percent");
            return Err(error.arg(group).arg(total).arg(member).arg(asked));
        }
        Ok(())
    }

    /// Whether a member's license fits the group's.
    fn check_member(&self, group: IpId, member: IpId, id: LicenseTermsId) -> Step {
        let refused = |name: &str| Revert::new(format!("LicenseRegistry__{name}")).arg(member);
        if !self.has_attached(&member, id) {
            return Err(about_terms(refused("IpHasNoGroupLicenseTerms"), id));
        }
        let config = self.licensing_config(member, id);
        if config.disabled {
            return Err(about_terms(refused("IpLicenseDisabled"), id));
        }
        let (expected, pool) = (config.expect_group_reward_pool, self.groups.value(&group).pool);
        if expected.is_zero() {
            return Err(refused("IpExpectGroupRewardPoolNotSet"));
        }
        if expected != pool {
            return Err(refused("IpExpectGroupRewardPoolNotMatch").arg(expected).arg(group).arg(pool));
        }
        if self.ips.get(&member).is_some_and(|record| !record.expires_at.is_zero()) {
            return Err(refused("CannotAddIpWithExpirationToGroup"));
        }
        let of_group = self.licensing_config(group, id);
        if config.minting_fee != of_group.minting_fee {
            let error = refused("IpMintingFeeNotMatchWithGroup");
            return Err(error.arg(config.minting_fee).arg(of_group.minting_fee));
        }
        if config.licensing_hook != of_group.licensing_hook {
            let error = refused("IpLicensingHookNotMatchWithGroup");
            return Err(error.arg(config.licensing_hook).arg(of_group.licensing_hook));
        }
        if config.hook_data != of_group.hook_data {
            let shown = |data: &[u8]| format!("0x{}", data_encoding::HEXLOWER.encode(data));
            let error = refused("IpLicensingHookDataNotMatchWithGroup");
            return Err(error.arg(shown(&config.hook_data)).arg(shown(&of_group.hook_data)));
        }
        if config.commercial_rev_share > of_group.commercial_rev_share {
            let error = refused("GroupIpCommercialRevShareConfigMustNotLessThanIp");
            return Err(error.arg(config.commercial_rev_share).arg(of_group.commercial_rev_share));
        }
        Ok(())
    }

    /// Removes members and pays them out. A group that others build on keeps its members; adding is still possible then.
    pub(super) fn remove_from_group(&mut self, tx: &Tx, group: IpId, members: &[IpId]) -> Step {
        self.verify_permission(group, tx.sender, GROUPING_MODULE, REMOVE_IP)?;
        let frozen =
            |name: &str| Err(Revert::new(format!("GroupingModule__GroupFrozenDueTo{name}")).arg(group));
        let record = self.ips.get(&group);
        if record.is_some_and(|record| record.child_count > 0) {
            return frozen("HasDerivativeIps");
        }
        if record.is_some_and(|record| record.license_tokens > 0) {
            return frozen("AlreadyMintLicenseTokens");
        }
        let (_, currency) = self.group_revenue(group)?;
        self.collect_to_pool(group, currency)?;
        self.pay_members(tx, group, currency, members)?;
        self.require_group(group)?;
        members.iter().for_each(|member| self.remove_member(group, *member));
        self.log(GROUPING_MODULE, ChainEvent::GroupMembersRemoved { group, members: members.to_vec() });
        Ok(())
    }

    /// The last member takes the place of the one that leaves, as in the registry. Who is no member is left alone.
    fn remove_member(&mut self, group: IpId, member: IpId) {
        let Some(gone) = self.group_members.get(&(group, member)).copied() else { return };
        let mut state = self.groups.value(&group);
        state.members = state.members.saturating_sub(1);
        let last = state.members;
        self.groups.insert(group, state);
        self.group_members.remove(&(group, member));
        if let Some(mover) = self.group_lists.get(&(group, last)).copied().filter(|mover| *mover != member) {
            self.group_lists.insert((group, gone.position), mover);
            self.group_members.change((group, mover), |moved| moved.position = gone.position);
        }
        self.group_lists.remove(&(group, last));
    }
}
