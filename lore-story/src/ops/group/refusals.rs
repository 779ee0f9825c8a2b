//! Why the chain would refuse a change of members, found before anything is sent.
//!
//! The simulation would say the same, but only for the first member, and after all signatures. Rules as in
//! `GroupingModule.addIp`, `LicenseRegistry.verifyGroupAddIp` and `EvenSplitGroupPool.addIp` of v1.3.2, in their order.

use std::collections::BTreeSet;

use alloy::primitives::U256;
use lore_core::{
    Address, Error, IpId, LicenseTermsId, Result, Revert, Share, Violations, protocol::FULL_SHARE,
};

use super::license::GroupLicense;
use crate::{
    addresses::Addresses,
    contracts::{
        dispute::DisputeModule,
        group::EvenSplitGroupPool,
        licensing::{LicenseRegistry, LicensingConfig, PiLicenseTemplate},
        registry::IpAssetRegistry,
    },
    convert,
    ops::answers::{Answers, Questions},
    revert::refused,
    view::View,
};

/// Most members of a group (`GroupIPAssetRegistry.MAX_GROUP_SIZE`).
const MOST_MEMBERS: u64 = 1_000;
/// How many other members are named in an error.
const MOST_NAMED: usize = 10;

/// Members are named, and each once.
pub(super) fn check_members(members: &[IpId], violations: &mut Violations) {
    let mut seen = BTreeSet::new();
    for (index, member) in members.iter().enumerate() {
        let field = format!("members[{index}]");
        violations.require(seen.insert(member), &field, "duplicate", "an IP not named before");
    }
}

/// The chain's reason, with advice.
pub(super) fn refusal(revert: Revert) -> Error {
    refused(revert)
}

/// Why a group keeps its members, if it does.
pub(super) fn frozen(group: &IpId, has_derivatives: bool, has_license_tokens: bool) -> Option<Revert> {
    let name = if has_derivatives {
        "GroupingModule__GroupFrozenDueToHasDerivativeIps"
    } else if has_license_tokens {
        "GroupingModule__GroupFrozenDueToAlreadyMintLicenseTokens"
    } else {
        return None;
    };
    Some(Revert::new(name).arg(group))
}

/// A group that members are to be added to.
#[derive(Clone, Debug)]
pub(super) struct Addition {
    /// Zero for one that is not registered yet.
    group: IpId,
    pool: Address,
    template: Address,
    terms_id: LicenseTermsId,
    config: LicensingConfig,
    members: u64,
    /// `None` for a pool of other rules.
    room: Option<Room>,
}

/// What the pool that splits evenly has promised to members.
#[derive(Clone, Copy, Debug, Default)]
struct Room {
    members: u64,
    /// The largest share that a member asked for; the pool promises it to all of them.
    share: U256,
}

/// What an IP brings along.
#[derive(Clone, Debug)]
struct Candidate {
    ip: IpId,
    is_registered: bool,
    is_group: bool,
    is_tagged: bool,
    has_terms: bool,
    expires: bool,
    config: LicensingConfig,
}

impl Addition {
    /// A group that will be registered in the same transaction.
    pub(super) fn to_new_group(pool: Address, license: &GroupLicense, addresses: &Addresses) -> Self {
        // A config that is not set does not count.
        let config = if license.config.is_set {
            convert::licensing_config(&license.config)
        } else {
            LicensingConfig::default()
        };
        Self {
            group: IpId::new(Address::ZERO),
            pool,
            template: license.template(addresses),
            terms_id: license.terms_id,
            config,
            members: 0,
            room: (pool == addresses.even_split_group_pool).then(Room::default),
        }
    }

    /// A group that is there; `None` if it is not one, which the simulation names.
    ///
    /// # Errors
    /// [`Reverted`](lore_core::ErrorKind::Reverted) if nobody can join this group.
    pub(super) async fn to_group(view: &View<'_>, group: &IpId) -> Result<Option<Self>> {
        let addresses = view.addresses();
        let id = convert::evm_ip(*group);
        let terms = LicenseRegistry::getAttachedLicenseTermsCall { ipId: id, index: U256::ZERO };
        let mut answers = Questions::default()
            .ask(addresses.ip_asset_registry, &IpAssetRegistry::getGroupRewardPoolCall { groupId: id })
            .ask(addresses.dispute_module, &DisputeModule::isIpTaggedCall { ipId: id })
            .ask(addresses.license_registry, &terms)
            .send(view)
            .await?;
        let pool = answers.next::<IpAssetRegistry::getGroupRewardPoolCall>().map(convert::from_evm_address);
        let Some(pool) = pool.filter(|pool| !pool.is_zero()) else { return Ok(None) };
        if answers.must::<DisputeModule::isIpTaggedCall>()? {
            return Err(refusal(Revert::new("GroupingModule__DisputedGroupCannotAddIp").arg(group)));
        }
        let Some(terms) = answers.next::<LicenseRegistry::getAttachedLicenseTermsCall>() else {
            return Err(refusal(Revert::new("GroupingModule__GroupIPHasNoLicenseTerms").arg(group)));
        };
        let (template, terms_id) = (convert::from_evm_address(terms.licenseTemplate), terms.licenseTermsId);
        let config = LicenseRegistry::getLicensingConfigCall {
            ipId: id,
            licenseTemplate: terms.licenseTemplate,
            licenseTermsId: terms_id,
        };
        let mut answers = Questions::default()
            .ask(addresses.license_registry, &config)
            .ask(template, &PiLicenseTemplate::getLicenseTermsCall { selectedLicenseTermsId: terms_id })
            .ask(addresses.ip_asset_registry, &IpAssetRegistry::totalMembersCall { groupId: id })
            .ask(pool, &EvenSplitGroupPool::getTotalIpsCall { groupId: id })
            .ask(pool, &EvenSplitGroupPool::getTotalAllocatedRewardShareCall { groupId: id })
            .send(view)
            .await?;
        let config = answers.must::<LicenseRegistry::getLicensingConfigCall>()?;
        let pil = answers.next::<PiLicenseTemplate::getLicenseTermsCall>();
        if pil.is_some_and(|pil| pil.currency.is_zero()) {
            let name = "GroupingModule__GroupIPLicenseHasNotSpecifyRevenueToken";
            return Err(refusal(Revert::new(name).arg(group)));
        }
        let members = answers.must::<IpAssetRegistry::totalMembersCall>()?.saturating_to();
        let room = if pool == addresses.even_split_group_pool { room(&mut answers)? } else { None };
        let terms_id = convert::terms_id(terms_id);
        Ok(Some(Self { group: *group, pool, template, terms_id, config, members, room }))
    }

    /// Refuses what the chain would refuse.
    ///
    /// # Errors
    /// [`Reverted`](lore_core::ErrorKind::Reverted) with the chain's reason for the first IP, and the names of the
    /// others'.
    pub(super) async fn check(&self, view: &View<'_>, ips: &[IpId], max_share: Share) -> Result<()> {
        let candidates = self.candidates(view, ips).await?;
        let mut reverts = self.refusals(&candidates, max_share).into_iter();
        let Some((first, revert)) = reverts.next() else { return Ok(()) };
        let others: Vec<_> =
            reverts.take(MOST_NAMED).map(|(ip, revert)| format!("{ip} {}", revert.name)).collect();
        let error = refusal(revert).with_context("ip_id", first);
        Err(if others.is_empty() { error } else { error.with_context("also_refused", others.join(", ")) })
    }

    async fn candidates(&self, view: &View<'_>, ips: &[IpId]) -> Result<Vec<Candidate>> {
        let addresses = view.addresses();
        let (registry, licenses) = (addresses.ip_asset_registry, addresses.license_registry);
        let (template, terms_id) =
            (convert::evm_address(self.template), convert::u256_of_terms(self.terms_id));
        let mut questions = Questions::default();
        for ip in ips.iter().copied().map(convert::evm_ip) {
            questions = questions
                .ask(registry, &IpAssetRegistry::isRegisteredCall { id: ip })
                .ask(registry, &IpAssetRegistry::isRegisteredGroupCall { groupId: ip })
                .ask(addresses.dispute_module, &DisputeModule::isIpTaggedCall { ipId: ip })
                .ask(licenses, &LicenseRegistry::getExpireTimeCall { ipId: ip })
                .ask(
                    licenses,
                    &LicenseRegistry::hasIpAttachedLicenseTermsCall {
                        ipId: ip,
                        licenseTemplate: template,
                        licenseTermsId: terms_id,
                    },
                )
                .ask(
                    licenses,
                    &LicenseRegistry::getLicensingConfigCall {
                        ipId: ip,
                        licenseTemplate: template,
                        licenseTermsId: terms_id,
                    },
                );
        }
        let mut answers = questions.send(view).await?;
        let candidate = |ip: &IpId| {
            let is_registered = answers.must::<IpAssetRegistry::isRegisteredCall>()?;
            Ok(Candidate {
                ip: *ip,
                is_registered,
                // These fail for what is not registered, or for an unknown template.
                is_group: answers.next::<IpAssetRegistry::isRegisteredGroupCall>().unwrap_or_default(),
                is_tagged: answers.next::<DisputeModule::isIpTaggedCall>().unwrap_or_default(),
                expires: answers
                    .next::<LicenseRegistry::getExpireTimeCall>()
                    .is_some_and(|time| !time.is_zero()),
                has_terms: answers
                    .next::<LicenseRegistry::hasIpAttachedLicenseTermsCall>()
                    .unwrap_or_default(),
                config: answers.next::<LicenseRegistry::getLicensingConfigCall>().unwrap_or_default(),
            })
        };
        ips.iter().map(candidate).collect()
    }

    fn refusals(&self, candidates: &[Candidate], max_share: Share) -> Vec<(IpId, Revert)> {
        let unregistered: Vec<_> = candidates
            .iter()
            .filter(|candidate| !candidate.is_registered)
            .map(|candidate| {
                (candidate.ip, Revert::new("GroupIPAssetRegistry__NotRegisteredIP").arg(candidate.ip))
            })
            .collect();
        if !unregistered.is_empty() {
            return unregistered;
        }
        let members = self.members.saturating_add(u64::try_from(candidates.len()).unwrap_or(u64::MAX));
        if members > MOST_MEMBERS {
            let revert = Revert::new("GroupIPAssetRegistry__GroupSizeExceedsLimit");
            return vec![(self.group, revert.arg(members).arg(MOST_MEMBERS))];
        }
        let mut room = self.room;
        candidates
            .iter()
            .filter_map(|candidate| {
                let revert = self
                    .of_candidate(candidate)
                    .or_else(|| self.of_config(candidate))
                    .or_else(|| self.of_share(candidate, max_share))
                    .or_else(|| self.of_room(candidate, room.as_mut()?))?;
                Some((candidate.ip, revert))
            })
            .collect()
    }

    fn of_candidate(&self, candidate: &Candidate) -> Option<Revert> {
        let ip = candidate.ip;
        let terms = |name| Revert::new(name).arg(ip).arg(self.template).arg(self.terms_id);
        if candidate.is_group {
            Some(Revert::new("GroupingModule__CannotAddGroupToGroup").arg(self.group).arg(ip))
        } else if candidate.is_tagged {
            Some(Revert::new("GroupingModule__CannotAddDisputedIpToGroup").arg(ip))
        } else if !candidate.has_terms {
            Some(terms("LicenseRegistry__IpHasNoGroupLicenseTerms"))
        } else if candidate.config.disabled {
            Some(terms("LicenseRegistry__IpLicenseDisabled"))
        } else {
            None
        }
    }

    fn of_config(&self, candidate: &Candidate) -> Option<Revert> {
        let (ip, mine, group) = (candidate.ip, &candidate.config, &self.config);
        let pool = convert::from_evm_address(mine.expectGroupRewardPool);
        let of = |name: &'static str| Revert::new(name).arg(ip);
        if pool.is_zero() {
            Some(of("LicenseRegistry__IpExpectGroupRewardPoolNotSet"))
        } else if pool != self.pool {
            let revert = of("LicenseRegistry__IpExpectGroupRewardPoolNotMatch");
            Some(revert.arg(pool).arg(self.group).arg(self.pool))
        } else if candidate.expires {
            Some(of("LicenseRegistry__CannotAddIpWithExpirationToGroup"))
        } else if mine.mintingFee != group.mintingFee {
            let revert = of("LicenseRegistry__IpMintingFeeNotMatchWithGroup");
            Some(revert.arg(mine.mintingFee).arg(group.mintingFee))
        } else if mine.licensingHook != group.licensingHook {
            let revert = of("LicenseRegistry__IpLicensingHookNotMatchWithGroup");
            Some(
                revert
                    .arg(convert::from_evm_address(mine.licensingHook))
                    .arg(convert::from_evm_address(group.licensingHook)),
            )
        } else if mine.hookData != group.hookData {
            let revert = of("LicenseRegistry__IpLicensingHookDataNotMatchWithGroup");
            Some(revert.arg(&mine.hookData).arg(&group.hookData))
        } else if group.commercialRevShare < mine.commercialRevShare {
            let revert = of("LicenseRegistry__GroupIpCommercialRevShareConfigMustNotLessThanIp");
            Some(revert.arg(mine.commercialRevShare).arg(group.commercialRevShare))
        } else {
            None
        }
    }

    fn of_share(&self, candidate: &Candidate, max_share: Share) -> Option<Revert> {
        let share = candidate.config.expectMinimumGroupRewardShare;
        (share > max_share.millionths()).then(|| {
            Revert::new("GroupingModule__IpExpectedShareExceedsMaxAllowedShare")
                .arg(self.group)
                .arg(candidate.ip)
                .arg(max_share.millionths())
                .arg(share)
        })
    }

    /// Takes the candidate in, if there is room.
    fn of_room(&self, candidate: &Candidate, room: &mut Room) -> Option<Revert> {
        let asked = candidate.config.expectMinimumGroupRewardShare;
        let members = room.members.saturating_add(1);
        let share = room.share.max(U256::from(asked));
        let total = share.saturating_mul(U256::from(members));
        if total > U256::from(FULL_SHARE) {
            let revert =
                Revert::new("GroupingModule__TotalGroupRewardShareExceeds100Percent").arg(self.group);
            return Some(revert.arg(total).arg(candidate.ip).arg(asked));
        }
        *room = Room { members, share };
        None
    }
}

/// What is promised to the members that are there. A pool without any forgets nothing, but does not tell what it knows.
fn room(answers: &mut Answers) -> Result<Option<Room>> {
    let members = answers.must::<EvenSplitGroupPool::getTotalIpsCall>()?;
    let total = answers.must::<EvenSplitGroupPool::getTotalAllocatedRewardShareCall>()?;
    let share = total.checked_div(members).unwrap_or_default();
    Ok(Some(Room { members: members.saturating_to(), share }))
}

#[cfg(test)]
mod tests {
    use lore_core::domain::license::LicensingConfig as Config;

    use super::*;

    const POOL: Address = lore_core::protocol::EVEN_SPLIT_GROUP_POOL;

    fn ip(byte: u8) -> IpId {
        IpId::new(Address::from_bytes([byte; 20]))
    }

    fn candidate(byte: u8) -> Candidate {
        let config = GroupLicense::opting_in(LicenseTermsId::from(2_u64), POOL).config;
        Candidate {
            ip: ip(byte),
            is_registered: true,
            is_group: false,
            is_tagged: false,
            has_terms: true,
            expires: false,
            config: convert::licensing_config(&config),
        }
    }

    fn addition() -> Addition {
        let license = GroupLicense::new(LicenseTermsId::from(2_u64), Config::default());
        Addition { group: ip(0xee), ..Addition::to_new_group(POOL, &license, &Addresses::AENEID) }
    }

    /// The reason for one candidate that was changed.
    fn reason(change: impl FnOnce(&mut Candidate)) -> Option<String> {
        let mut changed = candidate(1);
        change(&mut changed);
        let max = Share::from_percent(30).unwrap();
        addition().refusals(&[changed], max).into_iter().next().map(|(_, revert)| revert.to_string())
    }

    /// Recorded reasons have the same names and the same order of arguments.
    #[test]
    fn each_rule_has_the_chains_reason() {
        let (one, group, pool) = (ip(1), ip(0xee), POOL);
        let template = lore_core::protocol::PI_LICENSE_TEMPLATE;
        let other = alloy::primitives::Address::repeat_byte(9);
        assert_eq!(reason(|_| {}), None);
        let unregistered = format!("GroupIPAssetRegistry__NotRegisteredIP({one})");
        assert_eq!(reason(|it| it.is_registered = false), Some(unregistered));
        let nested = format!("GroupingModule__CannotAddGroupToGroup({group},{one})");
        assert_eq!(reason(|it| it.is_group = true), Some(nested));
        let tagged = format!("GroupingModule__CannotAddDisputedIpToGroup({one})");
        assert_eq!(reason(|it| it.is_tagged = true), Some(tagged));
        let terms = format!("LicenseRegistry__IpHasNoGroupLicenseTerms({one},{template},2)");
        assert_eq!(reason(|it| it.has_terms = false), Some(terms));
        let disabled = format!("LicenseRegistry__IpLicenseDisabled({one},{template},2)");
        assert_eq!(reason(|it| it.config.disabled = true), Some(disabled));
        let unset = format!("LicenseRegistry__IpExpectGroupRewardPoolNotSet({one})");
        assert_eq!(reason(|it| it.config = LicensingConfig::default()), Some(unset));
        let elsewhere = format!(
            "LicenseRegistry__IpExpectGroupRewardPoolNotMatch({one},{},{group},{pool})",
            convert::from_evm_address(other)
        );
        assert_eq!(reason(|it| it.config.expectGroupRewardPool = other), Some(elsewhere));
        let expiring = format!("LicenseRegistry__CannotAddIpWithExpirationToGroup({one})");
        assert_eq!(reason(|it| it.expires = true), Some(expiring));
        let fee = format!("LicenseRegistry__IpMintingFeeNotMatchWithGroup({one},1,0)");
        assert_eq!(reason(|it| it.config.mintingFee = U256::ONE), Some(fee));
        let hook = format!(
            "LicenseRegistry__IpLicensingHookNotMatchWithGroup({one},{},{})",
            convert::from_evm_address(other),
            Address::ZERO
        );
        assert_eq!(reason(|it| it.config.licensingHook = other), Some(hook));
        let data = format!("LicenseRegistry__IpLicensingHookDataNotMatchWithGroup({one},0x01,0x)");
        assert_eq!(reason(|it| it.config.hookData = vec![1].into()), Some(data));
        let share = format!("LicenseRegistry__GroupIpCommercialRevShareConfigMustNotLessThanIp({one},5,0)");
        assert_eq!(reason(|it| it.config.commercialRevShare = 5), Some(share));
        let expected =
            format!("GroupingModule__IpExpectedShareExceedsMaxAllowedShare({group},{one},30000000,30000001)");
        assert_eq!(reason(|it| it.config.expectMinimumGroupRewardShare = 30_000_001), Some(expected));
    }

    #[test]
    fn the_largest_share_counts_for_every_member() {
        let mut first = candidate(1);
        first.config.expectMinimumGroupRewardShare = 60_000_000;
        let refused = addition().refusals(&[first, candidate(2)], Share::FULL);
        let (group, second) = (ip(0xee), ip(2));
        let expected =
            format!("GroupingModule__TotalGroupRewardShareExceeds100Percent({group},120000000,{second},0)");
        assert_eq!(refused.len(), 1);
        assert_eq!(refused[0].1.to_string(), expected);
    }

    #[test]
    fn a_thousand_members_are_the_most() {
        let mut addition = addition();
        addition.members = 999;
        assert!(addition.refusals(&[candidate(1)], Share::FULL).is_empty());
        let refused = addition.refusals(&[candidate(1), candidate(2)], Share::FULL);
        let reasons: Vec<_> = refused.iter().map(|(_, revert)| revert.to_string()).collect();
        assert_eq!(reasons, ["GroupIPAssetRegistry__GroupSizeExceedsLimit(1001,1000)"]);
    }

    #[test]
    fn every_ip_that_is_refused_is_named() {
        let (mut first, mut second) = (candidate(1), candidate(2));
        (first.has_terms, second.is_tagged) = (false, true);
        let refused: Vec<_> =
            addition().refusals(&[first, second], Share::FULL).into_iter().map(|(ip, _)| ip).collect();
        assert_eq!(refused, [ip(1), ip(2)]);
    }

    #[test]
    fn derivatives_freeze_a_group_before_tokens_do() {
        let name = |derivatives, tokens| frozen(&ip(1), derivatives, tokens).map(|revert| revert.name);
        assert_eq!(name(false, false), None);
        assert!(name(true, true).unwrap().ends_with("HasDerivativeIps"));
        assert!(name(false, true).unwrap().ends_with("AlreadyMintLicenseTokens"));
    }
}
