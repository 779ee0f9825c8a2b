//! Payments, royalty vaults and claims.
//!
//! A payment is cut at once: the policies' part goes to their contracts, the rest to the receiver's vault. Ancestors
//! fetch their part later, from a pool that all IPs share; holders of royalty tokens claim what is in a vault.

use crate::{
    domain::{
        chain_event::ChainEvent,
        royalty::{RoyaltyLink, RoyaltyPolicy, ancestor_shares, check_license_share},
    },
    error::Revert,
    memory::chain::{
        functions::TRANSFER,
        state::{Earned, State, Step, Tx, overflow},
    },
    onchain::{Address, IpId, Share, Wei},
    protocol::{EVEN_SPLIT_GROUP_POOL, FULL_SHARE, ROYALTY_MODULE},
};

impl State {
    pub(super) fn is_whitelisted_token(&self, token: Address) -> bool {
        self.config.currencies.contains(&token)
    }

    /// Whose royalty tokens they are at first: the IP's own account's, or a group's pool's.
    fn first_holder(&self, ip: IpId) -> Address {
        if self.is_group(&ip) { self.groups.value(&ip).pool } else { ip.address() }
    }

    /// Gives an IP its vault, and all royalty tokens to the first holder.
    pub(super) fn deploy_vault(&mut self, ip: IpId) {
        self.change_ip(ip, |record| record.has_vault = true);
        let holder = self.first_holder(ip);
        self.royalty_tokens.insert((ip, holder), FULL_SHARE);
        self.log(ROYALTY_MODULE, ChainEvent::VaultDeployed { ip, vault: vault_account(ip) });
    }

    pub(super) fn on_license_minting(&mut self, ip: IpId, policy: Address, share: u32) -> Step {
        if share > FULL_SHARE {
            return Err(Revert::new("RoyaltyModule__AboveMaxPercent"));
        }
        let known = RoyaltyPolicy::of(policy);
        if known.is_none() && !self.config.external_policies.contains(&policy) {
            return Err(Revert::new("RoyaltyModule__NotWhitelistedOrRegisteredRoyaltyPolicy"));
        }
        let Some(record) = self.ips.get(&ip) else { return Ok(()) };
        let (has_vault, stack) = (record.has_vault, record.stack);
        if !has_vault {
            self.deploy_vault(ip);
        }
        known.map_or(Ok(()), |policy| check_license_share(policy, stack, share))
    }

    /// Pays an IP, on behalf of another one if there is one.
    pub(super) fn pay_royalty(
        &mut self,
        tx: &Tx,
        (payer, receiver): (Option<IpId>, IpId),
        token: Address,
        amount: Wei,
    ) -> Step {
        let (sender, amount_after_fee) = (tx.sender, self.pay(tx, receiver, token, amount)?);
        let paid = ChainEvent::RoyaltyPaid { receiver, payer, sender, token, amount, amount_after_fee };
        self.log(ROYALTY_MODULE, paid);
        Ok(())
    }

    /// Pays a licensor for licenses.
    pub(super) fn pay_fee_of_license(
        &mut self,
        tx: &Tx,
        receiver: IpId,
        token: Address,
        amount: Wei,
    ) -> Step {
        let (payer, amount_after_fee) = (tx.sender, self.pay(tx, receiver, token, amount)?);
        let paid = ChainEvent::LicenseMintingFeePaid { receiver, payer, token, amount, amount_after_fee };
        self.log(ROYALTY_MODULE, paid);
        Ok(())
    }

    /// Takes `amount` from the sender for an IP: the protocol's fee, the policies' cuts, the rest into the vault. Returns
    /// what the fee left.
    fn pay(&mut self, tx: &Tx, receiver: IpId, token: Address, amount: Wei) -> Step<Wei> {
        let refused = |name: &str| Err(Revert::new(format!("RoyaltyModule__{name}")));
        if amount.is_zero() {
            return refused("ZeroAmount");
        }
        if !self.is_whitelisted_token(token) {
            return refused("NotWhitelistedRoyaltyToken");
        }
        if self.is_tagged(&receiver) {
            return refused("IpIsTagged");
        }
        if self.is_expired(&receiver, tx) {
            return refused("IpExpired");
        }
        let pull = |state: &mut Self, to, amount| {
            state.transfer_from(token, ROYALTY_MODULE, (tx.sender, to), amount)
        };
        let fee = amount.checked_share(self.config.royalty_fee).ok_or_else(overflow)?;
        if !fee.is_zero() {
            pull(self, self.config.treasury, fee)?;
        } else if self.config.royalty_fee > Share::ZERO {
            return refused("PaymentAmountIsTooLow");
        }
        let revenue = amount.checked_sub(fee).ok_or_else(overflow)?;
        let (policies, stack, has_vault) = self
            .ips
            .get(&receiver)
            .map(|record| (record.policies.clone(), record.stack, record.has_vault))
            .unwrap_or_default();
        let mut left = revenue;
        for policy in policies
            .into_iter()
            .filter_map(RoyaltyPolicy::of)
            .filter(|policy| stack.of(*policy) > Share::ZERO)
        {
            self.accounted.change((receiver, token, policy.address()), |accounted| {
                *accounted = accounted.checked_add(revenue).ok_or_else(overflow)?;
                Ok(())
            })?;
            let cut = revenue.checked_share(stack.of(policy)).ok_or_else(overflow)?;
            left = left.checked_sub(cut).ok_or_else(overflow)?;
            pull(self, policy.address(), cut)?;
        }
        if left.is_zero() {
            return Ok(revenue);
        }
        if !has_vault {
            return refused("ZeroReceiverVault");
        }
        self.add_to_vault(receiver, token, left)?;
        pull(self, vault_account(receiver), left)?;
        Ok(revenue)
    }

    /// Records money that is on its way into a vault.
    fn add_to_vault(&mut self, ip: IpId, token: Address, amount: Wei) -> Step {
        if !self.is_whitelisted_token(token) {
            return Err(Revert::new("IpRoyaltyVault__NotWhitelistedRoyaltyToken"));
        }
        if amount.is_zero() {
            return Err(Revert::new("IpRoyaltyVault__ZeroAmount"));
        }
        self.vault_tokens.change(ip, |tokens| {
            if !tokens.contains(&token) {
                tokens.push(token);
            }
        });
        self.vault_revenue.change((ip, token), |revenue| {
            *revenue = revenue.checked_add(amount).ok_or_else(overflow)?;
            Ok(())
        })
    }

    /// What an ancestor takes of an IP's revenue under a policy.
    pub(super) fn policy_share(&self, policy: RoyaltyPolicy, ip: IpId, ancestor: IpId) -> Share {
        let mut links = Vec::new();
        let mut open = vec![ip];
        let mut seen = std::collections::HashSet::from([ip]);
        while let Some(child) = open.pop() {
            for parent in self.ips.get(&child).map(|record| record.parents.as_slice()).unwrap_or_default() {
                // Links under other policies, or none, count as paths of 0 %.
                let of = RoyaltyPolicy::of(parent.policy);
                let share = of.and_then(|_| Share::from_millionths(parent.share).ok()).unwrap_or_default();
                links.push(RoyaltyLink::new(child, parent.ip, of.unwrap_or(policy), share));
                if seen.insert(parent.ip) {
                    open.push(parent.ip);
                }
            }
        }
        // Links are checked when they are made: neither a cycle nor a sum over 100 % gets this far.
        let shares = ancestor_shares(&links, ip, policy).unwrap_or_default();
        shares.into_iter().find(|(found, _)| *found == ancestor).map(|(_, share)| share).unwrap_or_default()
    }

    /// Moves what an ancestor is due of an IP's revenue into the ancestor's vault.
    pub(super) fn transfer_to_vault(
        &mut self,
        policy: RoyaltyPolicy,
        (ip, ancestor): (IpId, IpId),
        token: Address,
    ) -> Step<Wei> {
        if ip == ancestor {
            return Err(policy.revert("SameIpTransfer"));
        }
        let share = self.policy_share(policy, ip, ancestor);
        if share == Share::ZERO {
            return Err(policy.revert("ZeroClaimableRoyalty"));
        }
        let contract = policy.address();
        let mut due =
            self.accounted.value(&(ip, token, contract)).checked_share(share).ok_or_else(overflow)?;
        if policy == RoyaltyPolicy::Lrp {
            let stack = self.ips.get(&ancestor).map(|record| record.stack.lrp).unwrap_or_default();
            let passed_on = due.checked_share(stack).ok_or_else(overflow)?;
            due = due.checked_sub(passed_on).ok_or_else(overflow)?;
        }
        let key = (contract, ip, ancestor, token);
        let moved = self.moved.value(&key);
        let open = due.checked_sub(moved).ok_or_else(overflow)?;
        // The contract's balance is one pool for all IPs: whoever comes last bears the rounding.
        let amount = open.min(self.balances.value(&(token, contract)));
        self.moved.insert(key, moved.checked_add(amount).ok_or_else(overflow)?);
        self.add_to_vault(ancestor, token, amount)?;
        self.transfer(token, contract, vault_account(ancestor), amount)?;
        self.log(contract, ChainEvent::RevenueTransferredToVault { ip, ancestor, token, amount });
        Ok(amount)
    }

    /// What a holder of an IP's royalty tokens has earned up to now.
    fn earned_now(&self, ip: IpId, token: Address, holder: Address) -> Step<Earned> {
        let earned = self.earned.value(&(ip, token, holder));
        let total = self.vault_revenue.value(&(ip, token));
        let held = u64::from(self.royalty_tokens.value(&(ip, holder)));
        let since = total.checked_sub(earned.counted_to).ok_or_else(overflow)?;
        let new = since.checked_mul(held).ok_or_else(overflow)?;
        Ok(Earned { pending: earned.pending.checked_add(new).ok_or_else(overflow)?, counted_to: total })
    }

    /// What a holder could claim; nothing of a tagged IP.
    pub(super) fn claimable(&self, ip: IpId, token: Address, holder: Address) -> Wei {
        if self.is_tagged(&ip) {
            return Wei::ZERO;
        }
        let earned = self.earned_now(ip, token, holder).unwrap_or_default();
        earned.pending.checked_div(u64::from(FULL_SHARE)).unwrap_or_default()
    }

    pub(super) fn claim_revenue(&mut self, ip: IpId, claimer: Address, token: Address) -> Step<Wei> {
        if !self.ips.get(&ip).is_some_and(|record| record.has_vault) {
            // There is no contract to call.
            return Err(Revert::new("EMPTY_REVERT").arg("no royalty vault"));
        }
        if claimer == EVEN_SPLIT_GROUP_POOL {
            return Err(Revert::new("IpRoyaltyVault__GroupPoolMustClaimViaGroupingModule"));
        }
        self.claim_from_vault(ip, claimer, token)
    }

    /// Pays a holder of royalty tokens all that it may claim, whoever asks.
    pub(super) fn claim_from_vault(&mut self, ip: IpId, claimer: Address, token: Address) -> Step<Wei> {
        let amount = self.claimable(ip, token, claimer);
        if amount.is_zero() {
            return Err(Revert::new("IpRoyaltyVault__NoClaimableTokens"));
        }
        let mut earned = self.earned_now(ip, token, claimer)?;
        let paid = amount.checked_mul(u64::from(FULL_SHARE)).ok_or_else(overflow)?;
        earned.pending = earned.pending.checked_sub(paid).ok_or_else(overflow)?;
        self.earned.insert((ip, token, claimer), earned);
        self.transfer(token, vault_account(ip), claimer, amount)?;
        self.log(vault_account(ip), ChainEvent::RevenueClaimed { ip, claimer, token, amount });
        Ok(amount)
    }

    /// Royalty tokens take nothing of the past with them: both sides' earnings are settled first.
    pub(super) fn transfer_royalty_tokens(
        &mut self,
        tx: &Tx,
        ip: IpId,
        (from, to): (Address, Address),
        amount: u32,
    ) -> Step {
        if tx.sender != from {
            // The tokens of an IP account move by the account's own call, which its owner may make.
            self.check_permission(IpId::new(from), tx.sender, vault_account(ip), TRANSFER)?;
        }
        let refused =
            |name: &str| Revert::new(format!("IpRoyaltyVault__{name}")).arg(vault_account(ip)).arg(from);
        if from == to {
            return Err(refused("SameFromToAddress"));
        }
        let held = self.royalty_tokens.value(&(ip, from));
        if held == 0 {
            return Err(refused("ZeroBalance"));
        }
        let left = held.checked_sub(amount).ok_or_else(|| refused("InsufficientBalance").arg(amount))?;
        for token in self.vault_tokens.value(&ip) {
            for holder in [from, to] {
                let earned = self.earned_now(ip, token, holder)?;
                self.earned.insert((ip, token, holder), earned);
            }
        }
        self.royalty_tokens.insert((ip, from), left);
        self.royalty_tokens.change((ip, to), |held| {
            *held = held.checked_add(amount).ok_or_else(overflow)?;
            Ok(())
        })
    }
}

/// The account that holds a vault's money. On a real chain it is a contract with an address that depends on the order
/// of deployments; here it is derived from the IP.
pub(super) fn vault_account(ip: IpId) -> Address {
    let mut name = b"simulated royalty vault".to_vec();
    name.extend(ip.address().as_bytes());
    Address::from_hash(crate::onchain::keccak256(&name))
}
