//! Collecting and paying in one transaction, and what keeps a member from being paid.

use alloy::primitives::{Bytes, U256};
use async_trait::async_trait;
use lore_core::{
    Address, Error, ErrorKind, IpId, LicenseTermsId, Result, Revert, Violations, Wei, domain::asset::Mined,
    port::chain::MemberReward,
};

use super::{
    refusals::{check_members, refusal},
    rewards::{collected, rewards},
};
use crate::{
    addresses::Addresses,
    contracts::{
        licensing::{GroupingWorkflows, LicenseRegistry, LicensingModule},
        royalty::RoyaltyModule,
    },
    convert,
    operation::{Draft, Operation},
    ops::answers::Questions,
    receipt::Receipt,
    view::View,
};

/// Collects a group's revenue and pays members in one transaction, tokens one after the other. Anybody may.
///
/// A member without a royalty vault gets one: a license token of it is minted for the sender. The workflow that does this
/// cannot pay a minting fee, so for terms that have one, mint a license token of the member first
/// ([`StoryClient::distribute_group_rewards`](crate::StoryClient::distribute_group_rewards) does).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CollectAndDistribute {
    /// The group.
    pub group: IpId,
    /// The ERC-20 tokens, each once.
    pub tokens: Vec<Address>,
    /// Who is paid, each once.
    pub members: Vec<IpId>,
}

impl CollectAndDistribute {
    /// Pays these members one token.
    #[must_use]
    pub fn new(group: IpId, token: Address, members: Vec<IpId>) -> Self {
        Self { group, tokens: vec![token], members }
    }

    fn call(&self) -> GroupingWorkflows::collectRoyaltiesAndClaimRewardCall {
        GroupingWorkflows::collectRoyaltiesAndClaimRewardCall {
            groupIpId: convert::evm_ip(self.group),
            currencyTokens: self.tokens.iter().copied().map(convert::evm_address).collect(),
            memberIpIds: convert::evm_ips(&self.members),
        }
    }
}

/// What was collected and paid of one token.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Distribution {
    /// The ERC-20 token.
    pub token: Address,
    /// What was collected into the pool first.
    pub collected: Wei,
    /// One entry per member, in the order asked for.
    pub rewards: Vec<MemberReward>,
    /// The transaction.
    pub mined: Mined,
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Operation for CollectAndDistribute {
    type Output = Vec<Distribution>;

    fn name(&self) -> &'static str {
        "collect_and_distribute"
    }

    fn check(&self, violations: &mut Violations) {
        violations.require(!self.tokens.is_empty(), "tokens", "too_few", "at least one token");
        for (index, token) in self.tokens.iter().enumerate() {
            let field = format!("tokens[{index}]");
            violations.require(!token.is_zero(), &field, "zero", "an address other than zero");
            let earlier = self.tokens.iter().take(index).any(|earlier| earlier == token);
            violations.require(!earlier, &field, "duplicate", "a token not named before");
        }
        check_members(&self.members, violations);
    }

    async fn draft(&self, view: &View<'_>) -> Result<Draft> {
        let without = without_vault(view, &self.members).await?;
        let fees = vault_fees(view, &self.group, &without).await?;
        if let Some(fee) = fees.iter().find(|fee| !fee.amount.is_zero()) {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "a member has no royalty vault, and the workflow cannot pay for the license that makes one",
            )
            .with_context("ip_id", fee.member)
            .with_context("minting_fee", fee.amount)
            .with_context("token", fee.token)
            .with_context("advice", "mint a license token of this member first"));
        }
        let summary = format!(
            "collects the revenue of group {} and pays {} members their rewards",
            self.group,
            self.members.len()
        );
        Ok(Draft::new(view.addresses().grouping_workflows, &self.call(), summary))
    }

    fn output(&self, receipt: &Receipt, addresses: &Addresses) -> Result<Vec<Distribution>> {
        let of = |token: &Address| {
            Ok(Distribution {
                token: *token,
                collected: collected(receipt, addresses, &self.group, token),
                rewards: rewards(receipt, addresses, &self.group, token)?,
                mined: receipt.mined(),
            })
        };
        self.tokens.iter().map(of).collect()
    }
}

/// Those of the IPs that nobody took a license of yet.
pub(crate) async fn without_vault(view: &View<'_>, ips: &[IpId]) -> Result<Vec<IpId>> {
    let module = view.addresses().royalty_module;
    let asked = ips.iter().map(|ip| RoyaltyModule::ipRoyaltyVaultsCall { ipId: convert::evm_ip(*ip) });
    let mut answers = Questions::default().ask_all(module, asked).send(view).await?;
    let mut without = Vec::new();
    for ip in ips {
        if answers.must::<RoyaltyModule::ipRoyaltyVaultsCall>()?.is_zero() {
            without.push(*ip);
        }
    }
    Ok(without)
}

/// What a license of a member costs, which makes its vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct VaultFee {
    pub(crate) member: IpId,
    pub(crate) license_template: Address,
    pub(crate) terms_id: LicenseTermsId,
    pub(crate) token: Address,
    pub(crate) amount: Wei,
}

/// What licenses of members cost, under the group's terms.
///
/// # Errors
/// [`Reverted`](ErrorKind::Reverted), as the chain would, if the group has no terms.
pub(crate) async fn vault_fees(view: &View<'_>, group: &IpId, members: &[IpId]) -> Result<Vec<VaultFee>> {
    if members.is_empty() {
        return Ok(Vec::new());
    }
    let addresses = view.addresses();
    let attached =
        LicenseRegistry::getAttachedLicenseTermsCall { ipId: convert::evm_ip(*group), index: U256::ZERO };
    let mut answers = Questions::default().ask(addresses.license_registry, &attached).send(view).await?;
    let Some(terms) = answers.next::<LicenseRegistry::getAttachedLicenseTermsCall>() else {
        return Err(refusal(Revert::new("GroupingModule__GroupIPHasNoLicenseTerms").arg(group)));
    };
    let asked = members.iter().map(|member| LicensingModule::predictMintingLicenseFeeCall {
        licensorIpId: convert::evm_ip(*member),
        licenseTemplate: terms.licenseTemplate,
        licenseTermsId: terms.licenseTermsId,
        amount: U256::ONE,
        receiver: convert::evm_address(view.sender()),
        royaltyContext: Bytes::new(),
    });
    let mut answers = Questions::default().ask_all(addresses.licensing_module, asked).send(view).await?;
    let mut fees = Vec::with_capacity(members.len());
    for member in members {
        // What cannot be licensed at all is left to the simulation, which says why.
        if let Some(fee) = answers.next::<LicensingModule::predictMintingLicenseFeeCall>() {
            fees.push(VaultFee {
                member: *member,
                license_template: convert::from_evm_address(terms.licenseTemplate),
                terms_id: convert::terms_id(terms.licenseTermsId),
                token: convert::from_evm_address(fee.currencyToken),
                amount: convert::wei(fee.tokenAmount),
            });
        }
    }
    Ok(fees)
}

#[cfg(test)]
mod tests {
    use alloy::sol_types::SolCall;
    use lore_core::protocol;

    use super::*;
    use crate::ops::{group::ClaimReward, recorded};

    fn ip(text: &str) -> IpId {
        IpId::new(text.parse().unwrap())
    }

    fn group() -> IpId {
        ip("0xE101aA78C66b60800d17f0e4d3227dd0409EaF41")
    }

    fn members() -> Vec<IpId> {
        vec![
            ip("0x0919aC3Cf3aadCCd6d6c575Ac97f4B00DC152DCd"),
            ip("0x7903B3891F4Ba76Ee70e22F85f9bb5E3865bafF7"),
        ]
    }

    #[test]
    fn a_recorded_distribution_is_encoded_as_it_was_and_read_as_it_happened() {
        let recorded = recorded::transaction(215);
        let request = CollectAndDistribute::new(group(), protocol::WIP, members());
        assert_eq!(request.call().abi_encode(), recorded.input);
        let paid = request.output(&recorded.receipt(), &Addresses::AENEID).unwrap();
        assert_eq!(paid.len(), 1);
        assert_eq!((paid[0].token, paid[0].collected), (protocol::WIP, Wei::from_coins(1)));
        let half = Wei::from(500_000_000_000_000_000_u64);
        let expected: Vec<_> = members().into_iter().map(|ip| MemberReward::new(ip, half)).collect();
        assert_eq!(paid[0].rewards, expected);
        let claimed = ClaimReward::new(group(), protocol::WIP, members());
        assert_eq!(claimed.output(&recorded.receipt(), &Addresses::AENEID).unwrap().rewards, expected);
    }

    #[test]
    fn tokens_and_members_are_named_once() {
        let mut request = CollectAndDistribute::new(group(), protocol::WIP, vec![group(), group()]);
        request.tokens.push(protocol::WIP);
        let mut violations = Violations::new();
        request.check(&mut violations);
        let fields: Vec<_> = violations.as_slice().iter().map(|found| found.field.as_str()).collect();
        assert_eq!(fields, ["tokens[1]", "members[1]"]);
    }
}
