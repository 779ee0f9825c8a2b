//! [`GroupClient`] on chain.

use async_trait::async_trait;
use lore_core::{
    Address, Error, ErrorKind, IpId, LicenseTermsId, Result, Wei,
    domain::{asset::Mined, license::LicensingConfig},
    port::chain::{
        AddGroupMembers, DistributeRewards, GroupClient, GroupState, RegisterGroup, RegisteredGroup,
        RewardDistribution,
    },
};

use crate::{
    client::StoryClient,
    contracts::licensing::PiLicenseTemplate,
    convert,
    ops::{
        self, CollectAndDistribute, GroupLicense, MintLicenseTokens, RegisterGroupWithLicense,
        RemoveGroupMembers, TransferGroupRevenue,
        group::{vault_fees, without_vault},
    },
};

/// Gas that a transaction of a distribution may be expected to use: below what a block, or a transaction under EIP-7825,
/// has room for.
const GAS_OF_A_PART: u64 = 12_000_000;
/// Gas of a member that gets its royalty vault on the way, of one that has it, and of a descendant; measured on v1.3.2.
const GAS_OF_A_VAULT: u64 = 1_200_000;
const GAS_OF_A_MEMBER: u64 = 250_000;
const GAS_OF_A_DESCENDANT: u64 = 500_000;

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl GroupClient for StoryClient {
    async fn register_group(&self, request: &RegisterGroup) -> Result<RegisteredGroup> {
        let Some(terms_id) = request.terms_id else {
            return self.send_once(&request.key, &ops::RegisterGroup::new(request.pool)).await;
        };
        let license = self.group_license(terms_id).await?;
        let mut operation = RegisterGroupWithLicense::new(license);
        operation.pool = request.pool;
        self.send_once(&request.key, &operation).await
    }

    async fn add_group_members(&self, request: &AddGroupMembers) -> Result<Option<Mined>> {
        Ok(self.send(request).await?.mined)
    }

    async fn remove_group_members(&self, group: &IpId, members: &[IpId]) -> Result<Option<Mined>> {
        Ok(self.send(&RemoveGroupMembers::new(*group, members.to_vec())).await?.mined)
    }

    async fn group(&self, group: &IpId) -> Result<Option<GroupState>> {
        self.group_state(group).await
    }

    async fn group_members(&self, group: &IpId, start: u64) -> Result<Vec<IpId>> {
        self.members_of_group(group, start).await
    }

    async fn claimable_rewards(&self, group: &IpId, token: &Address, members: &[IpId]) -> Result<Vec<Wei>> {
        self.claimable_group_rewards(group, token, members).await
    }

    async fn distribute_rewards(&self, request: &DistributeRewards) -> Result<RewardDistribution> {
        self.distribute_group_rewards(request).await
    }
}

impl StoryClient {
    /// A license under which members that merely opt in can join: fee and share are the terms' own.
    async fn group_license(&self, terms_id: LicenseTermsId) -> Result<GroupLicense> {
        let call = PiLicenseTemplate::getLicenseTermsCall {
            selectedLicenseTermsId: convert::u256_of_terms(terms_id),
        };
        let terms = self.view().call(self.addresses().pi_license_template, &call).await?;
        let config = LicensingConfig {
            is_set: true,
            minting_fee: convert::wei(terms.defaultMintingFee),
            commercial_rev_share: terms.commercialRevShare,
            ..LicensingConfig::default()
        };
        Ok(GroupLicense::new(terms_id, config))
    }

    /// Moves what descendants owe the group, collects it, and pays members; in several transactions where one would be too
    /// large. Done again after an interruption, it goes on where it stopped: what was paid is not paid twice.
    ///
    /// A member without a royalty vault gets one, by a license token of it for the signer. Where that costs a fee, the
    /// signer pays it into that vault, up to what a license of the group costs.
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput) naming a member whose license costs more than the group's;
    /// [`Reverted`](ErrorKind::Reverted) with the chain's reason;
    /// [`InsufficientFunds`](ErrorKind::InsufficientFunds); [`Unavailable`](ErrorKind::Unavailable).
    pub async fn distribute_group_rewards(&self, request: &DistributeRewards) -> Result<RewardDistribution> {
        self.transfer_group_revenue(request).await?;
        self.pay_for_vaults(request).await?;
        let parts = self.parts(&request.members).await?;
        let mut whole: Option<RewardDistribution> = None;
        for members in parts {
            let operation = CollectAndDistribute::new(request.group, request.token, members);
            for part in self.send(&operation).await? {
                let collected = whole.as_ref().map_or(Wei::ZERO, |whole| whole.collected);
                let collected = [collected, part.collected].into_iter().sum();
                let mut rewards = whole.take().map(|whole| whole.rewards).unwrap_or_default();
                rewards.extend(part.rewards);
                whole = Some(RewardDistribution::new(part.mined, collected, rewards));
            }
        }
        whole.ok_or_else(|| Error::new(ErrorKind::Unexpected, "a distribution had no part"))
    }

    async fn transfer_group_revenue(&self, request: &DistributeRewards) -> Result<()> {
        let owed = self.group_revenue(&request.group, &request.token).await?.owed;
        let descendants: Vec<IpId> = owed.into_iter().map(|(descendant, _)| descendant).collect();
        let size = usize::try_from(GAS_OF_A_PART / GAS_OF_A_DESCENDANT).unwrap_or(1);
        for some in descendants.chunks(size) {
            let operation = TransferGroupRevenue::new(request.group, request.token, some.to_vec());
            self.send(&operation).await?;
        }
        Ok(())
    }

    /// Makes the vaults that the workflow cannot make, because it cannot pay for a license.
    async fn pay_for_vaults(&self, request: &DistributeRewards) -> Result<()> {
        let view = self.view();
        let without = without_vault(&view, &request.members).await?;
        let fees = vault_fees(&view, &request.group, &without).await?;
        let fees: Vec<_> = fees.into_iter().filter(|fee| !fee.amount.is_zero()).collect();
        if fees.is_empty() {
            return Ok(());
        }
        let of_group = vault_fees(&view, &request.group, &[request.group]).await?;
        let limit = of_group.first().map_or(Wei::ZERO, |fee| fee.amount);
        for fee in fees {
            if fee.amount > limit {
                let index = request.members.iter().position(|member| *member == fee.member);
                let field = format!("members[{}]", index.unwrap_or_default());
                let expected =
                    format!("a member with a royalty vault, or with a license fee of at most {limit}");
                return Err(Error::invalid(field, "vault_too_expensive", expected)
                    .with_context("ip_id", fee.member)
                    .with_context("minting_fee", fee.amount));
            }
            let mut mint = MintLicenseTokens::new(fee.member, fee.terms_id, 1);
            mint.license_template = Some(fee.license_template);
            mint.max_minting_fee = fee.amount;
            self.send(&mint).await?;
        }
        Ok(())
    }

    /// The members in parts that fit into a transaction; one part at least, because collecting needs no member.
    async fn parts(&self, members: &[IpId]) -> Result<Vec<Vec<IpId>>> {
        let without = without_vault(&self.view(), members).await?;
        let weigh = |member: &IpId| if without.contains(member) { GAS_OF_A_VAULT } else { GAS_OF_A_MEMBER };
        Ok(in_parts(members, weigh))
    }
}

fn in_parts(members: &[IpId], weigh: impl Fn(&IpId) -> u64) -> Vec<Vec<IpId>> {
    let (mut parts, mut part, mut weight) = (Vec::new(), Vec::new(), 0_u64);
    for member in members {
        let more = weigh(member);
        if !part.is_empty() && weight.saturating_add(more) > GAS_OF_A_PART {
            parts.push(std::mem::take(&mut part));
            weight = 0;
        }
        part.push(*member);
        weight = weight.saturating_add(more);
    }
    parts.push(part);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ips(count: u8) -> Vec<IpId> {
        (0..count).map(|byte| IpId::new(Address::from_bytes([byte; 20]))).collect()
    }

    #[test]
    fn a_large_group_is_paid_in_parts_and_nobody_is_left_out() {
        let light = in_parts(&ips(100), |_| GAS_OF_A_MEMBER);
        assert_eq!(light.iter().map(Vec::len).collect::<Vec<_>>(), [48, 48, 4]);
        assert_eq!(light.concat(), ips(100));
        assert_eq!(in_parts(&ips(20), |_| GAS_OF_A_VAULT).len(), 2);
        assert_eq!(in_parts(&ips(2), |_| u64::MAX).len(), 2, "what never fits is tried alone");
    }

    #[test]
    fn revenue_is_collected_even_for_nobody() {
        assert_eq!(in_parts(&[], |_| 1), [Vec::<IpId>::new()]);
    }
}
