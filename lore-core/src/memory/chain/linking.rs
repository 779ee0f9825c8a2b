//! Links from a child to its parents, by terms or by license tokens. The checks run in the contracts' own order, so
//! that a case that breaks several rules fails with the same error.

use std::collections::HashSet;

use crate::{
    domain::{
        chain_event::ChainEvent,
        royalty::{RoyaltyPolicy, RoyaltyStack},
    },
    error::Revert,
    memory::chain::{
        functions::{REGISTER_DERIVATIVE, REGISTER_DERIVATIVE_WITH_TOKENS},
        licensing::about_terms,
        state::{LicenseToken, Parent, State, Step, Tx, overflow},
    },
    onchain::{Address, IpId, LicenseTermsId, TokenId, Uint256, Wei},
    protocol::{LICENSING_MODULE, MAX_ANCESTORS, MAX_PARENTS, PI_LICENSE_TEMPLATE},
};

/// Parents and the terms of each, side by side.
type Parents<'a> = (&'a [IpId], &'a [LicenseTermsId]);

/// The earlier of two times of which 0 is never.
fn earliest(a: Uint256, b: Uint256) -> Uint256 {
    if !b.is_zero() && (b < a || a.is_zero()) { b } else { a }
}

impl State {
    pub(super) fn register_derivative(
        &mut self,
        tx: &Tx,
        child: IpId,
        (parents, terms): Parents<'_>,
        max_minting_fee: Wei,
        max_revenue_share: u32,
    ) -> Step {
        self.verify_permission(child, tx.sender, LICENSING_MODULE, REGISTER_DERIVATIVE)?;
        if parents.len() != terms.len() {
            let error = Revert::new("LicensingModule__LicenseTermsLengthMismatch");
            return Err(error.arg(parents.len()).arg(terms.len()));
        }
        if parents.is_empty() {
            return Err(Revert::new("LicensingModule__NoParentIp"));
        }
        self.require_not_disputed(&child)?;
        if !self.may_derive(child, (parents, terms)) {
            return Err(Revert::new("LicensingModule__LicenseNotCompatibleForDerivative").arg(child));
        }
        if self.ips.get(&child).is_some_and(|record| record.license_tokens > 0) {
            return Err(
                Revert::new("LicensingModule__DerivativeAlreadyHasBeenMintedLicenseTokens").arg(child)
            );
        }
        self.register_derivative_ip(tx, child, (parents, terms), false)?;
        let policy = self.pay_for_licenses(tx, (parents, terms), max_minting_fee)?;

        let mut shares = Vec::with_capacity(parents.len());
        let mut allocated = 0_u32;
        for (parent, id) in parents.iter().zip(terms) {
            let share = self.royalty_share(*parent, *id);
            allocated = allocated.checked_add(share).ok_or_else(overflow)?;
            if max_revenue_share != 0 && allocated > max_revenue_share {
                let error = Revert::new("LicensingModule__ExceedMaxRevenueShare").arg(parent);
                return Err(about_terms(error, *id).arg(allocated).arg(max_revenue_share));
            }
            shares.push(share);
        }
        self.finish_link(child, policy, &shares)?;
        self.log_link(tx, child, (parents, terms), &[]);
        Ok(())
    }

    fn log_link(&mut self, tx: &Tx, child: IpId, (parents, terms): Parents<'_>, tokens: &[TokenId]) {
        let registered = ChainEvent::DerivativeRegistered {
            child,
            parents: parents.to_vec(),
            terms_ids: terms.to_vec(),
            template: PI_LICENSE_TEMPLATE,
            license_tokens: tokens.to_vec(),
            caller: tx.sender,
        };
        self.log(LICENSING_MODULE, registered);
    }

    pub(super) fn register_derivative_with_license_tokens(
        &mut self,
        tx: &Tx,
        child: IpId,
        token_ids: &[TokenId],
    ) -> Step {
        self.verify_permission(child, tx.sender, LICENSING_MODULE, REGISTER_DERIVATIVE_WITH_TOKENS)?;
        if token_ids.is_empty() {
            return Err(Revert::new("LicensingModule__NoLicenseToken"));
        }
        let tokens = self.check_license_tokens(tx, child, token_ids)?;
        self.require_not_disputed(&child)?;
        let parents: Vec<_> = tokens.iter().map(|token| token.licensor).collect();
        let terms: Vec<_> = tokens.iter().map(|token| token.terms_id).collect();
        if !self.may_derive(child, (&parents, &terms)) {
            let ids = token_ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
            let error = Revert::new("LicensingModule__LicenseTokenNotCompatibleForDerivative");
            return Err(error.arg(child).arg(format_args!("[{ids}]")));
        }
        self.register_derivative_ip(tx, child, (&parents, &terms), true)?;
        let policies: Vec<_> = terms.iter().map(|id| self.policy(*id)).collect();
        let first = policies.first().copied().unwrap_or_default();
        if policies.iter().any(|policy| *policy != first) {
            // The contract names the second policy, whichever differs.
            let second = policies.get(1).copied().unwrap_or_default();
            return Err(Revert::new("LicensingModule__RoyaltyPolicyMismatch").arg(first).arg(second));
        }
        let shares: Vec<_> = tokens.iter().map(|token| token.share).collect();
        self.finish_link(child, first, &shares)?;
        for (token_id, token) in token_ids.iter().zip(tokens) {
            self.licenses.insert(*token_id, LicenseToken { owner: None, ..token });
        }
        self.log_link(tx, child, (&parents, &terms), token_ids);
        Ok(())
    }

    fn policy(&self, id: LicenseTermsId) -> Address {
        self.terms.get(&id).map_or(Address::ZERO, |terms| terms.royalty_policy)
    }

    fn check_license_tokens(&self, tx: &Tx, child: IpId, token_ids: &[TokenId]) -> Step<Vec<LicenseToken>> {
        if self.ips.get(&child).is_some_and(|record| record.license_tokens > 0) {
            return Err(Revert::new("LicenseToken__ChildIPAlreadyHasBeenMintedLicenseTokens").arg(child));
        }
        let mut tokens = Vec::with_capacity(token_ids.len());
        for id in token_ids {
            let found = self.licenses.get(id).and_then(|token| token.owner.map(|owner| (*token, owner)));
            let Some((token, owner)) = found else {
                return Err(Revert::new("ERC721NonexistentToken").arg(id));
            };
            if owner != tx.sender && owner != child.address() {
                let error = Revert::new("LicenseToken__CallerAndChildIPNotTokenOwner");
                return Err(error.arg(id).arg(tx.sender).arg(child).arg(owner));
            }
            if self.is_tagged(&token.licensor) {
                return Err(Revert::new("LicenseToken__RevokedLicense").arg(id));
            }
            tokens.push(token);
        }
        Ok(tokens)
    }

    /// Whether the template lets a child be derived from all of these. Terms that do not exist allow nothing.
    fn may_derive(&self, child: IpId, (parents, terms): Parents<'_>) -> bool {
        self.are_compatible(terms)
            && parents.iter().zip(terms).all(|(parent, id)| {
                self.terms.get(id).is_some_and(|terms| {
                    terms.derivatives_allowed
                        && (!self.is_derivative(parent) || terms.derivatives_reciprocal)
                        && (!terms.derivatives_approval || self.approvals.contains(&(*id, *parent, child)))
                })
            })
    }

    /// All commercial or none, all reciprocal or none, and reciprocal ones the very same.
    fn are_compatible(&self, ids: &[LicenseTermsId]) -> bool {
        let kind = |id| {
            self.terms
                .get(id)
                .map_or((false, false), |terms| (terms.commercial_use, terms.derivatives_reciprocal))
        };
        let Some((first, others)) = ids.split_first() else { return true };
        others.iter().all(|id| kind(id) == kind(first) && (!kind(first).1 || id == first))
    }

    /// The registry's part: parents, inherited terms, expiry.
    fn register_derivative_ip(
        &mut self,
        tx: &Tx,
        child: IpId,
        (parents, terms): Parents<'_>,
        by_tokens: bool,
    ) -> Step {
        if parents.len() > MAX_PARENTS {
            let error = Revert::new("LicenseRegistry__TooManyParents").arg(child);
            return Err(error.arg(parents.len()).arg(MAX_PARENTS));
        }
        let refused = |name: &str| Err(Revert::new(format!("LicenseRegistry__{name}")).arg(child));
        let record = self.ips.get(&child);
        if record.is_some_and(|record| !record.parents.is_empty()) {
            return refused("DerivativeAlreadyRegistered");
        }
        if record.is_some_and(|record| record.child_count > 0) {
            return refused("DerivativeIpAlreadyHasChild");
        }
        if record.is_some_and(|record| !record.terms.is_empty()) {
            return refused("DerivativeIpAlreadyHasLicense");
        }
        let mut expires_at = Uint256::ZERO;
        let mut linked: Vec<Parent> = Vec::with_capacity(parents.len());
        let mut inherited: Vec<LicenseTermsId> = Vec::new();
        for (parent, id) in parents.iter().zip(terms) {
            if self.is_group(parent) && parents.len() > 1 {
                return Err(Revert::new("LicenseRegistry__GroupMustBeSoleParent").arg(child).arg(parent));
            }
            let Some(record) = self.ips.get(parent) else {
                return Err(Revert::new("LicenseRegistry__ParentIpNotRegistered").arg(parent));
            };
            expires_at = earliest(expires_at, record.expires_at);
            self.check_parent(tx, child, *parent, *id, by_tokens)?;
            if linked.iter().any(|earlier| earlier.ip == *parent) {
                return Err(Revert::new("LicenseRegistry__DuplicateParentIp").arg(child).arg(parent));
            }
            linked.push(Parent { ip: *parent, terms_id: *id, policy: Address::ZERO, share: 0 });
            if !inherited.contains(id) {
                inherited.push(*id);
            }
        }
        let ancestors = self.ancestors_of(parents);
        if ancestors > MAX_ANCESTORS {
            let error = Revert::new("LicenseRegistry__TooManyAncestors").arg(child);
            return Err(error.arg(ancestors).arg(MAX_ANCESTORS));
        }
        for id in terms {
            expires_at = earliest(expires_at, self.expiry(*id, tx)?);
        }
        for parent in parents {
            self.change_ip(*parent, |record| record.child_count = record.child_count.saturating_add(1));
        }
        self.change_ip(child, |record| {
            record.has_template = true;
            record.terms = inherited;
            record.parents = linked;
            record.ancestor_count = u64::try_from(ancestors).unwrap_or(u64::MAX);
            record.expires_at = expires_at;
        });
        self.counters.links = self.counters.links.saturating_add(1);
        Ok(())
    }

    fn check_parent(&self, tx: &Tx, child: IpId, parent: IpId, id: LicenseTermsId, by_tokens: bool) -> Step {
        let refused = |name: &str, ip| Err(Revert::new(format!("LicenseRegistry__{name}")).arg(ip));
        if self.is_group(&child) {
            return refused("GroupCannotHasParentIp", child);
        }
        if self.is_group(&parent) && self.groups.value(&parent).members == 0 {
            return refused("ParentIpIsEmptyGroup", parent);
        }
        if self.is_tagged(&parent) {
            return refused("ParentIpTagged", parent);
        }
        if child == parent {
            return refused("DerivativeIsParent", child);
        }
        if self.is_expired(&parent, tx) {
            return refused("ParentIpExpired", parent);
        }
        let record = self.ips.get(&parent);
        // A license token suffices: its parent may have nothing attached.
        if !by_tokens && !record.is_some_and(|record| record.has_template) {
            let error = Revert::new("LicenseRegistry__ParentIpUnmatchedLicenseTemplate");
            return Err(error.arg(parent).arg(PI_LICENSE_TEMPLATE));
        }
        if !by_tokens && !record.is_some_and(|record| record.terms.contains(&id)) {
            return Err(Revert::new("LicenseRegistry__ParentIpHasNoLicenseTerms").arg(parent).arg(id));
        }
        Ok(())
    }

    /// Distinct IPs among these and everything above them.
    fn ancestors_of(&self, parents: &[IpId]) -> usize {
        let mut seen: HashSet<IpId> = parents.iter().copied().collect();
        let mut open: Vec<IpId> = parents.to_vec();
        while let Some(ip) = open.pop() {
            let above = self.ips.get(&ip).map(|record| record.parents.as_slice()).unwrap_or_default();
            open.extend(above.iter().map(|parent| parent.ip).filter(|parent| seen.insert(*parent)));
        }
        seen.len()
    }

    /// When a link under these terms made now ends.
    fn expiry(&self, id: LicenseTermsId, tx: &Tx) -> Step<Uint256> {
        match self.terms.get(&id).map(|terms| terms.expiration_seconds) {
            None | Some(Uint256::ZERO) => Ok(Uint256::ZERO),
            Some(seconds) => Uint256::from(tx.now()).checked_add(seconds).ok_or_else(overflow),
        }
    }

    /// Pays every parent in turn; returns the policy that all of them must have.
    fn pay_for_licenses(&mut self, tx: &Tx, (parents, terms): Parents<'_>, max_fee: Wei) -> Step<Address> {
        let mut total = Wei::ZERO;
        let mut common = None;
        for (parent, id) in parents.iter().zip(terms) {
            self.require_enabled(*parent, *id)?;
            let (policy, paid) = self.pay_minting_fee(tx, *parent, *id, 1)?;
            let first = *common.get_or_insert(policy);
            if policy != first {
                return Err(Revert::new("LicensingModule__RoyaltyPolicyMismatch").arg(first).arg(policy));
            }
            total = total.checked_add(paid).ok_or_else(overflow)?;
            if !max_fee.is_zero() && total > max_fee {
                let error = Revert::new("LicensingModule__MintingFeeExceedMaxMintingFee");
                return Err(error.arg(total).arg(max_fee));
            }
        }
        Ok(common.unwrap_or_default())
    }

    /// The royalty module's part: the child's vault and stack. Links without a policy have neither.
    fn finish_link(&mut self, child: IpId, policy: Address, shares: &[u32]) -> Step {
        if policy.is_zero() {
            return Ok(());
        }
        let Some(record) = self.ips.get(&child) else { return Ok(()) };
        if record.has_vault {
            return Err(Revert::new("RoyaltyModule__UnlinkableToParents"));
        }
        let mut parents = record.parents.clone();
        for (parent, share) in parents.iter_mut().zip(shares) {
            (parent.policy, parent.share) = (policy, *share);
        }
        let policies = self.accumulated_policies(&parents, policy)?;
        let known = RoyaltyPolicy::of(policy);
        let stack = RoyaltyStack::of_child(parents.iter().map(|parent| {
            let above = self.ips.get(&parent.ip).map(|record| record.stack).unwrap_or_default();
            // A policy from outside has no stack: what it takes, it takes itself.
            (above, known.unwrap_or(RoyaltyPolicy::Lap), if known.is_some() { parent.share } else { 0 })
        }))?;
        self.deploy_vault(child);
        self.change_ip(child, |record| {
            record.parents = parents;
            record.policies = policies;
            record.stack = stack;
        });
        Ok(())
    }

    /// Policies of a link and of everything above it, in the order in which the royalty module meets them.
    fn accumulated_policies(&self, parents: &[Parent], policy: Address) -> Step<Vec<Address>> {
        /// Most of them (`RoyaltyModule.maxAccumulatedRoyaltyPolicies`).
        const MAX_POLICIES: usize = 15;
        let mut policies = Vec::new();
        for parent in parents {
            let above = self.ips.get(&parent.ip).map(|record| record.policies.as_slice()).unwrap_or_default();
            let own = (!above.contains(&policy)).then_some(policy);
            for policy in own.into_iter().chain(above.iter().copied()) {
                if !policies.contains(&policy) {
                    policies.push(policy);
                }
            }
        }
        if policies.len() > MAX_POLICIES {
            return Err(Revert::new("RoyaltyModule__AboveAccumulatedRoyaltyPoliciesLimit"));
        }
        Ok(policies)
    }
}
