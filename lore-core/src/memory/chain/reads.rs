//! Reading permissions, groups and disputes.

use crate::{
    content::ContentHash,
    domain::{asset::Mined, royalty::RoyaltyPolicy},
    error::Revert,
    memory::chain::{access::Lasting, call::Receipt, dispute::DisputeRecord, ledger::SimulatedLedger},
    onchain::{Address, AssertionId, IpId, TxHash, Wei},
    port::transactions::OperationKey,
    protocol::ARBITRATION_POLICY_UMA,
};

/// Most members of a page (`GroupIPAssetRegistry.getGroupMembers`).
const MAX_PAGE: u64 = 100;

/// Permissions. A level is 0 to abstain, 1 to allow, 2 to deny.
impl SimulatedLedger {
    /// Whether `signer` may call `func` of `to` for an IP account: by ownership, or by what is allowed.
    ///
    /// # Errors
    /// The contract's reason why not.
    pub fn check_permission(
        &self,
        ip: &IpId,
        signer: Address,
        to: Address,
        func: [u8; 4],
    ) -> Result<(), Revert> {
        self.state.check_permission(*ip, signer, to, func)
    }

    /// The level set for exactly these, among the permissions that count now: inside a transaction that set a transient
    /// one, only those. `None` if the account is no IP's.
    #[must_use]
    pub fn permission(&self, ip: &IpId, signer: Address, to: Address, func: [u8; 4]) -> Option<u8> {
        self.state.stored_permission((*ip, signer, to, func), None)
    }

    /// The level set for exactly these until it is changed. `None` if the account is no IP's.
    #[must_use]
    pub fn permanent_permission(&self, ip: &IpId, signer: Address, to: Address, func: [u8; 4]) -> Option<u8> {
        self.state.stored_permission((*ip, signer, to, func), Some(Lasting::Permanent))
    }

    /// The level set for exactly these inside this transaction. `None` if the account is no IP's.
    #[must_use]
    pub fn transient_permission(&self, ip: &IpId, signer: Address, to: Address, func: [u8; 4]) -> Option<u8> {
        self.state.stored_permission((*ip, signer, to, func), Some(Lasting::Transient))
    }
}

/// Groups.
impl SimulatedLedger {
    /// Whether an IP is a group.
    #[must_use]
    pub fn is_group(&self, ip: &IpId) -> bool {
        self.state.is_group(ip)
    }

    /// How many members a group has; none if it is no group.
    #[must_use]
    pub fn total_members(&self, group: &IpId) -> u64 {
        self.state.groups.value(group).members
    }

    /// Whether an IP is a member of a group.
    #[must_use]
    pub fn contains_ip(&self, group: &IpId, ip: &IpId) -> bool {
        self.state.group_members.contains(&(*group, *ip))
    }

    /// Members of a group from place `start` on, at most `size` of them. They are in the order in which they joined, but
    /// for the last one's taking the place of each that left.
    ///
    /// # Errors
    /// `GroupIPAssetRegistry__PageSizeExceedsLimit` for a size over 100.
    pub fn group_members(&self, group: &IpId, start: u64, size: u64) -> Result<Vec<IpId>, Revert> {
        if size > MAX_PAGE {
            let error = Revert::new("GroupIPAssetRegistry__PageSizeExceedsLimit");
            return Err(error.arg(size).arg(MAX_PAGE));
        }
        let places = start..start.saturating_add(size).min(self.total_members(group));
        Ok(places.filter_map(|place| self.state.group_lists.get(&(*group, place)).copied()).collect())
    }

    /// The reward pool of a group; `None` if it is no group.
    #[must_use]
    pub fn group_reward_pool(&self, group: &IpId) -> Option<Address> {
        self.state.groups.get(group).map(|group| group.pool)
    }

    /// What each of these could claim of a group's rewards now: nothing for who is no member, nothing of a tagged group.
    ///
    /// # Errors
    /// An arithmetic overflow, as the contract reports it.
    pub fn claimable_rewards(
        &self,
        group: &IpId,
        token: Address,
        members: &[IpId],
    ) -> Result<Vec<Wei>, Revert> {
        self.state.claimable_rewards(*group, token, members)
    }

    /// Whether a group keeps its members, because somebody has a license of it or made a derivative.
    #[must_use]
    pub fn is_frozen(&self, group: &IpId) -> bool {
        self.state.ips.get(group).is_some_and(|record| record.child_count > 0 || record.license_tokens > 0)
    }

    /// The IPs that were paid in a token and pass a part on to a group.
    #[must_use]
    pub fn descendants_that_owe(&self, group: &IpId, token: Address) -> Vec<IpId> {
        let (lrp, paid) = (RoyaltyPolicy::Lrp, &self.state.accounted);
        let owes = |ip: &IpId| !self.state.policy_share(lrp, *ip, *group).millionths().eq(&0);
        paid.keys()
            .filter(|(_, paid_in, policy)| *policy == lrp.address() && *paid_in == token)
            .map(|(ip, ..)| *ip)
            .filter(owes)
            .collect()
    }

    /// Whether an IP has a royalty vault, without which nobody can pay it.
    #[must_use]
    pub fn has_vault(&self, ip: &IpId) -> bool {
        self.state.ips.get(ip).is_some_and(|record| record.has_vault)
    }
}

/// What was done under keys.
impl SimulatedLedger {
    /// The receipt of what an account did under a key.
    #[must_use]
    pub fn done_once(&self, sender: Address, key: &OperationKey) -> Option<Receipt> {
        let ((at, block, hash), outcome) = *self.state.once.get(&(sender, key.clone()))?;
        Some(Receipt::new(Mined::new(TxHash::from_bytes(hash), block, at), outcome))
    }
}

/// Disputes. They are numbered from 1 on.
impl SimulatedLedger {
    /// The dispute of a target that this evidence was used for.
    #[must_use]
    pub fn dispute_with_evidence(&self, target: &IpId, evidence: &ContentHash) -> Option<u64> {
        let fits = |record: &DisputeRecord| {
            record.target == *target
                && record.evidence_hash == *evidence
                && record.infringer_dispute.is_none()
        };
        (1..=self.dispute_count()).find(|id| self.dispute(*id).is_some_and(fits))
    }

    /// A dispute, or a tag that was passed on.
    #[must_use]
    pub fn dispute(&self, id: u64) -> Option<&DisputeRecord> {
        self.state.disputes.get(&id)
    }

    /// How many there are, tags that were passed on included.
    #[must_use]
    pub fn dispute_count(&self) -> u64 {
        self.state.counters.disputes
    }

    /// The dispute that the oracle knows by this id.
    #[must_use]
    pub fn dispute_of(&self, assertion: AssertionId) -> Option<u64> {
        self.state.assertions.get(&assertion).copied()
    }

    /// Whether an upheld dispute tags an IP.
    #[must_use]
    pub fn is_tagged(&self, ip: &IpId) -> bool {
        self.state.is_tagged(ip)
    }

    /// Who arbitrates disputes against an IP.
    #[must_use]
    pub fn arbitration_policy(&self, ip: &IpId) -> Address {
        let active = self.state.arbitration.value(ip).active;
        if active.is_zero() { ARBITRATION_POLICY_UMA } else { active }
    }

    /// The policy that an IP's owner chose and that waits for its time, and the second after which it is active.
    #[must_use]
    pub fn next_arbitration_policy(&self, ip: &IpId) -> Option<(Address, u64)> {
        self.state.arbitration.value(ip).next
    }
}
