//! Reward pools of groups: revenue is collected from the group's vault and split evenly among the members.
//!
//! The pool counts what one member has earned since the group began, in thousandths of a wei. A member that joins later,
//! and one that was paid, has that much less to claim. What the division leaves stays in the pool.

use crate::{
    domain::chain_event::{ChainEvent, GroupReward},
    error::Revert,
    memory::chain::{
        licensing::LicenseMint,
        state::{Group, State, Step, Tx, overflow},
    },
    onchain::{Address, IpId, Wei},
    protocol::{EVEN_SPLIT_GROUP_POOL, GROUPING_MODULE, ROYALTY_MODULE},
};

/// Parts of a wei that the pool counts in, which is the largest size of a group (`EvenSplitGroupPool.MAX_GROUP_SIZE`).
const PARTS: u64 = 1_000;

impl Group {
    /// What one member who was there from the start has earned, in whole wei.
    pub(super) fn earned(&self) -> Wei {
        Wei::from(self.earned_milli / u128::from(PARTS))
    }

    /// Splits an amount among the members that there are, of which there is one at least.
    fn split(&mut self, amount: Wei) -> Step {
        let parts = amount.checked_mul(PARTS).and_then(|parts| parts.checked_div(self.members));
        let each = parts.ok_or_else(overflow)?;
        let Some(fitting) = each.to_u128() else {
            return Err(Revert::new("SafeCastOverflowedUintDowncast").arg(128).arg(each));
        };
        self.earned_milli = self.earned_milli.checked_add(fitting).ok_or_else(overflow)?;
        Ok(())
    }

    /// Splits what came while there were no members.
    fn split_pending(&mut self) -> Step {
        if self.pending == 0 || self.members == 0 {
            return Ok(());
        }
        let pending = std::mem::take(&mut self.pending);
        self.split(Wei::from(pending))
    }

    fn require_token(&self, group: IpId, token: Address) -> Step {
        if self.token == token {
            return Ok(());
        }
        let error = Revert::new("GroupingModule__TokenNotMatchGroupRevenueToken");
        Err(error.arg(group).arg(self.token).arg(token))
    }
}

impl State {
    /// Moves a group's revenue from its vault to its pool, for anybody who asks.
    pub(super) fn collect_royalties(&mut self, group: IpId, token: Address) -> Step<Wei> {
        self.require_revenue_token(group, token)?;
        self.collect_to_pool(group, token)
    }

    /// Pays members their part into their vaults, for anybody who asks.
    /// Collects and pays in one transaction. A member without a vault gets one by a license token of it for the sender.
    pub(super) fn collect_and_claim(
        &mut self,
        tx: &Tx,
        group: IpId,
        token: Address,
        members: &[IpId],
    ) -> Step<Wei> {
        let terms_id = self.ips.get(&group).and_then(|record| record.terms.first().copied());
        for member in members {
            let has_vault = self.ips.get(member).is_some_and(|record| record.has_vault);
            if let Some(terms_id) = terms_id.filter(|_| !has_vault) {
                let mint = LicenseMint {
                    licensor: *member,
                    terms_id,
                    amount: 1,
                    receiver: tx.sender,
                    max_minting_fee: Wei::ZERO,
                    max_revenue_share: 0,
                };
                self.mint_license_tokens(tx, &mint)?;
            }
        }
        let collected = self.collect_royalties(group, token)?;
        self.claim_reward(tx, group, token, members)?;
        Ok(collected)
    }

    pub(super) fn claim_reward(&mut self, tx: &Tx, group: IpId, token: Address, members: &[IpId]) -> Step {
        self.require_revenue_token(group, token)?;
        self.pay_members(tx, group, token, members)
    }

    fn require_revenue_token(&self, group: IpId, token: Address) -> Step {
        let (_, currency) = self.group_revenue(group)?;
        if currency == token {
            return Ok(());
        }
        let error = Revert::new("GroupingModule__TokenNotMatchGroupRevenueToken");
        Err(error.arg(group).arg(currency).arg(token))
    }

    /// What stands between a group and its money, in the order of the contract.
    fn require_pool(&self, group: IpId, token: Address, tagged: &str) -> Step<Address> {
        let refused = |name: &str| Revert::new(format!("GroupingModule__{name}")).arg(group);
        if self.is_tagged(&group) {
            return Err(refused(tagged));
        }
        let pool = self.groups.value(&group).pool;
        if pool != EVEN_SPLIT_GROUP_POOL {
            return Err(refused("GroupRewardPoolNotWhitelisted").arg(pool));
        }
        if !self.is_whitelisted_token(token) {
            return Err(refused("RoyaltyTokenNotWhitelisted").arg(token));
        }
        Ok(pool)
    }

    pub(super) fn collect_to_pool(&mut self, group: IpId, token: Address) -> Step<Wei> {
        let pool = self.require_pool(group, token, "DisputedGroupCannotCollectRoyalties")?;
        if self.claimable(group, token, pool).is_zero() {
            return Ok(Wei::ZERO);
        }
        let amount = self.claim_from_vault(group, pool, token)?;
        let mut state = self.groups.value(&group);
        if state.token.is_zero() {
            state.token = token;
        }
        state.require_token(group, token)?;
        if state.members == 0 {
            let more = amount.to_u128().and_then(|amount| state.pending.checked_add(amount));
            state.pending = more.ok_or_else(overflow)?;
        } else {
            let pending = std::mem::take(&mut state.pending);
            state.split(amount.checked_add(Wei::from(pending)).ok_or_else(overflow)?)?;
        }
        self.groups.insert(group, state);
        self.log(GROUPING_MODULE, ChainEvent::GroupRoyaltiesCollected { group, pool, token, amount });
        Ok(amount)
    }

    /// Pays every one of these that is a member; one that cannot be paid stops all.
    pub(super) fn pay_members(&mut self, tx: &Tx, group: IpId, token: Address, members: &[IpId]) -> Step {
        let mut rewards: Vec<_> = members.iter().map(|member| GroupReward::new(*member, Wei::ZERO)).collect();
        self.pay_rewards(tx, group, token, &mut rewards)?;
        self.log(GROUPING_MODULE, ChainEvent::GroupRewardClaimed { group, token, rewards });
        Ok(())
    }

    /// Pays, and fills in what each got.
    fn pay_rewards(&mut self, tx: &Tx, group: IpId, token: Address, rewards: &mut [GroupReward]) -> Step {
        let pool = self.require_pool(group, token, "DisputedGroupCannotClaimReward")?;
        let mut state = self.groups.value(&group);
        state.split_pending()?;
        self.groups.insert(group, state);
        if state.earned_milli == 0 {
            return Ok(());
        }
        state.require_token(group, token)?;
        let each = state.earned();
        let most = each.checked_mul(u64::try_from(rewards.len()).unwrap_or(u64::MAX)).ok_or_else(overflow)?;
        self.allowances.insert((token, pool, ROYALTY_MODULE), most);
        let from_pool = Tx { sender: pool, ..*tx };
        for GroupReward { member, amount } in rewards {
            let Some(debt) = self.group_members.get(&(group, *member)).map(|member| member.debt) else {
                continue;
            };
            let reward = each.checked_sub(debt).ok_or_else(overflow)?;
            if reward.is_zero() {
                continue;
            }
            self.group_members.change((group, *member), |member| member.debt = each);
            self.pay_royalty(&from_pool, (Some(group), *member), token, reward)?;
            *amount = reward;
        }
        self.allowances.insert((token, pool, ROYALTY_MODULE), Wei::ZERO);
        Ok(())
    }

    /// What each of these could claim now; nothing for who is no member, and nothing of a tagged group.
    pub(super) fn claimable_rewards(&self, group: IpId, token: Address, members: &[IpId]) -> Step<Vec<Wei>> {
        let mut state = self.groups.value(&group);
        if self.is_tagged(&group) || state.members == 0 || state.token.is_zero() || state.token != token {
            return Ok(vec![Wei::ZERO; members.len()]);
        }
        state.split_pending()?;
        let each = state.earned();
        let open = members.iter().map(|member| match self.group_members.get(&(group, *member)) {
            Some(member) => each.checked_sub(member.debt).ok_or_else(overflow),
            None => Ok(Wei::ZERO),
        });
        open.collect()
    }
}
