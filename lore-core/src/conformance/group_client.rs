//! Cases of the [`GroupClient`] port.
//!
//! Groups have terms at 5 % without a fee, under the policy LRP; rewards are in the chain's own royalty token.

#![expect(missing_docs, reason = "a case is documented by its name, which is the rule")]

use std::sync::Arc;

use crate::{
    conformance::on_chain::{Clients, missing, register, reverted},
    domain::license::{Payment, PilTerms},
    error::{Error, ErrorKind, Result},
    onchain::{Address, IpId, LicenseTermsId, Share, Wei},
    port::{
        chain::{
            AddGroupMembers, DerivativeTerms, DistributeRewards, GroupClient, MemberReward, ParentTerms,
            PayRoyalty, RegisterGroup, RoyaltyClient,
        },
        transactions::OperationKey,
    },
    protocol,
};

/// Clients of one chain on which nothing of the suite happened yet.
#[derive(Debug)]
#[non_exhaustive]
pub struct GroupClients {
    /// Pays groups; the signer of the clients, who has at least a tenth of a coin.
    pub royalties: Arc<dyn RoyaltyClient>,
    /// The clients under test.
    pub of_groups: Clients<dyn GroupClient>,
}

impl GroupClients {
    /// One signer's ports, and perhaps another's.
    #[must_use]
    pub fn new(royalties: Arc<dyn RoyaltyClient>, of_groups: Clients<dyn GroupClient>) -> Self {
        Self { royalties, of_groups }
    }
}

/// Makes clients for the suite.
#[expect(async_fn_in_trait, reason = "the suite polls the futures on the test's own task")]
pub trait Harness {
    /// Clients whose signers registered nothing before: a fresh chain, or fresh accounts and a fresh collection.
    async fn fresh(&self) -> Result<GroupClients>;

    /// Lets groups of the pool that splits evenly take in an IP of the signer, under these terms: its licensing config
    /// names the pool and changes nothing else.
    async fn opt_in(&self, ip: &IpId, terms_id: LicenseTermsId) -> Result<()>;

    /// How many members a group gets to see its pages. They hold 100 each, but a hundred members take long to make on a
    /// slow chain.
    fn many(&self) -> u64 {
        102
    }
}

/// What is paid to a group: its third is not whole.
const AMOUNT: u64 = 1_000;
/// What is paid to a derivative of a group; 5 % of it are the group's.
const AMOUNT_BELOW: u64 = 20_000;

/// A group, and what it takes to make members of it.
struct Scene<'a, H> {
    harness: &'a H,
    clients: Clients<dyn GroupClient>,
    royalties: Arc<dyn RoyaltyClient>,
    name: &'static str,
    token: Address,
    fee: Share,
    terms_id: LicenseTermsId,
    group: IpId,
}

impl<'a, H: Harness> Scene<'a, H> {
    async fn new(harness: &'a H, name: &'static str) -> Result<Self> {
        let GroupClients { royalties, of_groups: clients } = harness.fresh().await?;
        let info = clients.chain.info().await?;
        let terms_id = clients.chain.register_license_terms(&terms(info.royalty_token)).await?.terms_id;
        let mut request = RegisterGroup::new(key(&clients, name).await?);
        request.terms_id = Some(terms_id);
        let group = clients.client.register_group(&request).await?.group;
        let (token, fee) = (info.royalty_token, info.royalty_fee);
        Ok(Self { harness, clients, royalties, name, token, fee, terms_id, group })
    }

    fn groups(&self) -> &Arc<dyn GroupClient> {
        &self.clients.client
    }

    /// An IP that has the group's terms, but does not want to be in a group.
    async fn licensed(&self, number: u64) -> Result<IpId> {
        let ip = register(&self.clients.chain, &format!("{}-{number}", self.name)).await?;
        self.clients.chain.attach_license_terms(&ip, self.terms_id).await?;
        Ok(ip)
    }

    /// An IP that may be taken in.
    async fn candidate(&self, number: u64) -> Result<IpId> {
        let ip = self.licensed(number).await?;
        self.harness.opt_in(&ip, self.terms_id).await?;
        Ok(ip)
    }

    async fn members(&self, count: u64) -> Result<Vec<IpId>> {
        let mut members = Vec::new();
        for number in 0..count {
            members.push(self.candidate(number).await?);
        }
        for some in members.chunks(20) {
            self.groups().add_group_members(&AddGroupMembers::new(self.group, some.to_vec())).await?;
        }
        Ok(members)
    }

    /// Links an IP to the group, which so gets a vault.
    async fn derivative(&self) -> Result<IpId> {
        let child = register(&self.clients.chain, &format!("{}-derivative", self.name)).await?;
        let links = DerivativeTerms::new(vec![ParentTerms::new(self.group, self.terms_id)]);
        self.clients.chain.link_derivative(&child, &links).await?;
        Ok(child)
    }

    /// Pays an IP, and returns what arrives after the protocol's own part.
    async fn pay(&self, receiver: IpId, amount: u64, number: u32) -> Result<Wei> {
        let key = OperationKey::new(format!("conformance/group-pay/{receiver}/{number}"))?;
        let request = PayRoyalty::new(key, receiver, self.token, Wei::from(amount));
        Ok(self.royalties.pay_royalty(&request).await?.amount_after_fee)
    }

    /// What arrives of a payment that a member gets.
    fn arriving(&self, amount: Wei) -> Result<Wei> {
        amount.checked_share(self.fee).and_then(|fee| amount.checked_sub(fee)).ok_or_else(overflow)
    }

    fn distribution(&self, members: &[IpId]) -> DistributeRewards {
        DistributeRewards::new(self.group, self.token, members.to_vec())
    }

    /// What a member's own account could take out of its vault.
    async fn earned(&self, member: &IpId) -> Result<Wei> {
        self.royalties.claimable_revenue(member, &member.address(), &self.token).await
    }
}

fn terms(currency: Address) -> PilTerms {
    let mut payment = Payment::default();
    (payment.currency, payment.royalty_policy) = (currency, protocol::ROYALTY_POLICY_LRP);
    PilTerms::commercial_remix(Wei::ZERO, Share::from_percent(5).unwrap_or_default(), payment)
}

fn overflow() -> Error {
    Error::new(ErrorKind::Unexpected, "an amount of the suite is over 256 bits")
}

/// A key that no two signers share.
async fn key(clients: &Clients<dyn GroupClient>, name: &str) -> Result<OperationKey> {
    let collection = clients.chain.info().await?.collection;
    OperationKey::new(format!("conformance/group/{collection}/{name}"))
}

pub async fn a_group_is_registered_once_per_key(harness: &impl Harness) -> Result<()> {
    let clients = harness.fresh().await?.of_groups;
    let request = RegisterGroup::new(key(&clients, "once").await?);
    let first = clients.client.register_group(&request).await?;
    assert_eq!(clients.client.register_group(&request).await?, first);
    assert_eq!(clients.again.register_group(&request).await?, first);
    let other = RegisterGroup::new(key(&clients, "twice").await?);
    assert_ne!(clients.client.register_group(&other).await?.group, first.group);
    Ok(())
}

pub async fn a_group_shows_owner_pool_and_license(harness: &impl Harness) -> Result<()> {
    let scene = Scene::new(harness, "shown").await?;
    let signer = scene.clients.chain.info().await?.signer;
    let state = scene.groups().group(&scene.group).await?.ok_or_else(|| missing("the group"))?;
    assert_eq!((state.group, state.owner), (scene.group, signer));
    assert_eq!(state.pool, protocol::EVEN_SPLIT_GROUP_POOL);
    assert_eq!((state.member_count, state.terms_id, state.is_frozen), (0, Some(scene.terms_id), false));

    let request = RegisterGroup::new(key(&scene.clients, "without-terms").await?);
    let bare = scene.groups().register_group(&request).await?.group;
    let state = scene.groups().group(&bare).await?.ok_or_else(|| missing("the group"))?;
    assert_eq!(state.terms_id, None);
    Ok(())
}

pub async fn what_is_no_group_is_none(harness: &impl Harness) -> Result<()> {
    let clients = harness.fresh().await?.of_groups;
    let ip = register(&clients.chain, "no-group").await?;
    for nothing in [ip, IpId::new(Address::from_bytes([0x57; 20]))] {
        assert_eq!(clients.client.group(&nothing).await?, None);
        assert!(clients.client.group_members(&nothing, 0).await?.is_empty());
    }
    Ok(())
}

pub async fn terms_under_another_policy_are_refused(harness: &impl Harness) -> Result<()> {
    let clients = harness.fresh().await?.of_groups;
    let token = clients.chain.info().await?.royalty_token;
    let mut lap = terms(token);
    lap.royalty_policy = protocol::ROYALTY_POLICY_LAP;
    let terms_id = clients.chain.register_license_terms(&lap).await?.terms_id;
    let mut request = RegisterGroup::new(key(&clients, "lap").await?);
    request.terms_id = Some(terms_id);
    let name = "LicenseRegistry__LicenseTermsCannotAttachToGroupIp";
    let args = reverted(clients.client.register_group(&request).await, name)?;
    assert_eq!(args, [protocol::PI_LICENSE_TEMPLATE.to_string(), terms_id.to_string()]);
    Ok(())
}

pub async fn a_reward_pool_must_be_known(harness: &impl Harness) -> Result<()> {
    let clients = harness.fresh().await?.of_groups;
    let mut request = RegisterGroup::new(key(&clients, "pool").await?);
    request.pool = Address::from_bytes([0x57; 20]);
    let name = "GroupIPAssetRegistry__GroupRewardPoolNotRegistered";
    let args = reverted(clients.client.register_group(&request).await, name)?;
    assert_eq!(args, [request.pool.to_string()]);
    Ok(())
}

pub async fn adding_members_twice_is_ok(harness: &impl Harness) -> Result<()> {
    let scene = Scene::new(harness, "add-twice").await?;
    let (first, second) = (scene.candidate(1).await?, scene.candidate(2).await?);
    let one = AddGroupMembers::new(scene.group, vec![first]);
    assert!(scene.groups().add_group_members(&one).await?.is_some());
    assert_eq!(scene.groups().add_group_members(&one).await?, None);
    assert_eq!(scene.clients.again.add_group_members(&one).await?, None);
    let both = AddGroupMembers::new(scene.group, vec![first, second]);
    assert!(scene.groups().add_group_members(&both).await?.is_some());
    assert_eq!(scene.clients.again.add_group_members(&both).await?, None);
    assert_eq!(scene.groups().group_members(&scene.group, 0).await?, [first, second]);
    assert_eq!(scene.groups().group(&scene.group).await?.map(|state| state.member_count), Some(2));
    Ok(())
}

pub async fn a_member_must_opt_in(harness: &impl Harness) -> Result<()> {
    let scene = Scene::new(harness, "opt-in").await?;
    let (unwilling, bare) = (scene.licensed(1).await?, register(&scene.clients.chain, "opt-in-bare").await?);
    let answer = scene.groups().add_group_members(&AddGroupMembers::new(scene.group, vec![unwilling])).await;
    assert_eq!(reverted(answer, "LicenseRegistry__IpExpectGroupRewardPoolNotSet")?, [unwilling.to_string()]);
    let answer = scene.groups().add_group_members(&AddGroupMembers::new(scene.group, vec![bare])).await;
    let args = reverted(answer, "LicenseRegistry__IpHasNoGroupLicenseTerms")?;
    assert_eq!(args.first(), Some(&bare.to_string()));
    assert!(scene.groups().group_members(&scene.group, 0).await?.is_empty());

    scene.harness.opt_in(&unwilling, scene.terms_id).await?;
    let request = AddGroupMembers::new(scene.group, vec![unwilling]);
    assert!(scene.groups().add_group_members(&request).await?.is_some());
    Ok(())
}

pub async fn a_group_without_terms_has_no_members(harness: &impl Harness) -> Result<()> {
    let scene = Scene::new(harness, "without-terms").await?;
    let request = RegisterGroup::new(key(&scene.clients, "without-terms-at-all").await?);
    let bare = scene.groups().register_group(&request).await?.group;
    let candidate = scene.candidate(1).await?;
    let answer = scene.groups().add_group_members(&AddGroupMembers::new(bare, vec![candidate])).await;
    assert_eq!(reverted(answer, "GroupingModule__GroupIPHasNoLicenseTerms")?, [bare.to_string()]);
    Ok(())
}

pub async fn only_the_owner_changes_members(harness: &impl Harness) -> Result<()> {
    let scene = Scene::new(harness, "owner").await?;
    let Some(other) = scene.clients.other_or_skip("only_the_owner_changes_members") else { return Ok(()) };
    let name = "AccessController__PermissionDenied";
    let candidate = scene.candidate(1).await?;
    let request = AddGroupMembers::new(scene.group, vec![candidate]);
    reverted(other.add_group_members(&request).await, name)?;
    scene.groups().add_group_members(&request).await?;
    reverted(other.remove_group_members(&scene.group, &[candidate]).await, name)?;
    assert_eq!(scene.groups().group_members(&scene.group, 0).await?, [candidate]);
    Ok(())
}

pub async fn removing_members_twice_is_ok(harness: &impl Harness) -> Result<()> {
    let scene = Scene::new(harness, "remove-twice").await?;
    let members = scene.members(2).await?;
    let (first, rest) = members.split_at_checked(1).ok_or_else(|| missing("the members"))?;
    assert!(scene.groups().remove_group_members(&scene.group, first).await?.is_some());
    assert_eq!(scene.groups().remove_group_members(&scene.group, first).await?, None);
    assert_eq!(scene.clients.again.remove_group_members(&scene.group, first).await?, None);
    assert_eq!(scene.groups().group_members(&scene.group, 0).await?, rest);
    assert!(
        scene.groups().add_group_members(&AddGroupMembers::new(scene.group, first.to_vec())).await?.is_some()
    );
    Ok(())
}

pub async fn a_licensed_group_keeps_its_members(harness: &impl Harness) -> Result<()> {
    let scene = Scene::new(harness, "frozen").await?;
    let members = scene.members(1).await?;
    scene.derivative().await?;
    let answer = scene.groups().remove_group_members(&scene.group, &members).await;
    let args = reverted(answer, "GroupingModule__GroupFrozenDueToHasDerivativeIps")?;
    assert_eq!(args, [scene.group.to_string()]);
    let state = scene.groups().group(&scene.group).await?.ok_or_else(|| missing("the group"))?;
    assert!(state.is_frozen);
    // Only leaving is frozen.
    let late = scene.candidate(9).await?;
    assert!(
        scene.groups().add_group_members(&AddGroupMembers::new(scene.group, vec![late])).await?.is_some()
    );
    assert_eq!(scene.groups().group_members(&scene.group, 0).await?.len(), 2);
    Ok(())
}

pub async fn members_are_listed_in_pages(harness: &impl Harness) -> Result<()> {
    let scene = Scene::new(harness, "pages").await?;
    let members = scene.members(harness.many()).await?;
    let expected = |start: usize| members.iter().skip(start).take(100).copied().collect::<Vec<_>>();
    for start in [0_u64, 1, 100, harness.many()] {
        let page = scene.groups().group_members(&scene.group, start).await?;
        assert_eq!(page, expected(usize::try_from(start).unwrap_or(usize::MAX)), "from {start} on");
    }
    Ok(())
}

pub async fn rewards_are_split_evenly_to_the_wei(harness: &impl Harness) -> Result<()> {
    let scene = Scene::new(harness, "even").await?;
    let members = scene.members(3).await?;
    scene.derivative().await?;
    let arrived = scene.pay(scene.group, AMOUNT, 1).await?;
    let nothing = vec![Wei::ZERO; 3];
    assert_eq!(scene.groups().claimable_rewards(&scene.group, &scene.token, &members).await?, nothing);

    let paid = scene.groups().distribute_rewards(&scene.distribution(&members)).await?;
    let third = arrived.checked_div(3).ok_or_else(overflow)?;
    let expected: Vec<_> = members.iter().map(|member| MemberReward::new(*member, third)).collect();
    assert_eq!((paid.collected, &paid.rewards), (arrived, &expected));
    for member in &members {
        assert_eq!(scene.earned(member).await?, scene.arriving(third)?);
    }
    let again = scene.clients.again.distribute_rewards(&scene.distribution(&members)).await?;
    assert_eq!(again.collected, Wei::ZERO);
    assert!(again.rewards.iter().all(|reward| reward.amount.is_zero()), "{again:?}");
    Ok(())
}

pub async fn a_member_that_was_not_paid_keeps_its_claim(harness: &impl Harness) -> Result<()> {
    let scene = Scene::new(harness, "later").await?;
    let members = scene.members(2).await?;
    scene.derivative().await?;
    let half = scene.pay(scene.group, AMOUNT, 1).await?.checked_div(2).ok_or_else(overflow)?;
    let (first, second) = members.split_at_checked(1).ok_or_else(|| missing("the members"))?;
    let paid = scene.groups().distribute_rewards(&scene.distribution(first)).await?;
    assert_eq!(paid.rewards.iter().map(|reward| reward.amount).collect::<Vec<_>>(), [half]);
    let left = scene.groups().claimable_rewards(&scene.group, &scene.token, &members).await?;
    assert_eq!(left, [Wei::ZERO, half]);
    let paid = scene.groups().distribute_rewards(&scene.distribution(second)).await?;
    assert_eq!(paid.collected, Wei::ZERO);
    assert_eq!(paid.rewards.iter().map(|reward| reward.amount).collect::<Vec<_>>(), [half]);
    Ok(())
}

pub async fn what_derivatives_owe_is_collected(harness: &impl Harness) -> Result<()> {
    let scene = Scene::new(harness, "derivatives").await?;
    let members = scene.members(1).await?;
    let derivative = scene.derivative().await?;
    let arrived = scene.pay(derivative, AMOUNT_BELOW, 1).await?;
    let due = arrived.checked_share(Share::from_percent(5)?).ok_or_else(overflow)?;
    let paid = scene.groups().distribute_rewards(&scene.distribution(&members)).await?;
    assert_eq!(paid.collected, due);
    assert_eq!(paid.rewards.iter().map(|reward| reward.amount).collect::<Vec<_>>(), [due]);
    Ok(())
}

pub async fn rewards_are_in_the_currency_of_the_terms(harness: &impl Harness) -> Result<()> {
    let scene = Scene::new(harness, "currency").await?;
    let members = scene.members(1).await?;
    let mut request = scene.distribution(&members);
    request.token = Address::from_bytes([0x57; 20]);
    let answer = scene.groups().distribute_rewards(&request).await;
    reverted(answer, "GroupingModule__TokenNotMatchGroupRevenueToken")?;
    Ok(())
}

/// Emits one test per case of the group suite for the harness that the expression makes.
#[macro_export]
macro_rules! group_client_conformance {
    ($harness:expr) => {
        $crate::group_client_conformance! { $harness, skip_if: ::core::option::Option::None::<String> }
    };
    ($harness:expr, skip_if: $why:expr) => {
        $crate::__cases! { $harness, skip_if: $why, $crate::conformance::group_client,
            a_group_is_registered_once_per_key,
            a_group_shows_owner_pool_and_license,
            what_is_no_group_is_none,
            terms_under_another_policy_are_refused,
            a_reward_pool_must_be_known,
            adding_members_twice_is_ok,
            a_member_must_opt_in,
            a_group_without_terms_has_no_members,
            only_the_owner_changes_members,
            removing_members_twice_is_ok,
            a_licensed_group_keeps_its_members,
            members_are_listed_in_pages,
            rewards_are_split_evenly_to_the_wei,
            a_member_that_was_not_paid_keeps_its_claim,
            what_derivatives_owe_is_collected,
            rewards_are_in_the_currency_of_the_terms,
        }
    };
}
