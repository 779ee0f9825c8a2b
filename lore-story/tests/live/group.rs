//! Groups: registration in all forms, members, freezing, rewards with and without fees. The port's suite runs here too.

use std::sync::{Arc, OnceLock, RwLockReadGuard};

use lore_core::{
    ErrorKind, IpId, LicenseTermsId, Result, Share, Wei,
    conformance::{
        Clients,
        group_client::{GroupClients, Harness},
    },
    domain::license::{LicensingConfig, Payment, PilTerms},
    port::{
        chain::{AddGroupMembers, DistributeRewards, GroupClient, ParentTerms, PayRoyalty},
        transactions::OperationKey,
    },
    protocol::{EVEN_SPLIT_GROUP_POOL, ROYALTY_POLICY_LRP},
};
use lore_story::{
    StoryClient,
    ops::{
        AttachTerms, ClaimReward, CollectAndDistribute, CollectRoyalties, DerivativeLink, GroupLicense,
        Joining, LinkDerivative, MintLicenseTokens, MintRegisterAndAddToGroup, RegisterGroup,
        RegisterGroupWithLicense, RegisterGroupWithLicenseAndMembers, RegisterNftAndAddToGroup,
        RegisterTerms, RemoveGroupMembers, SetLicensingConfig, TransferGroupRevenue,
    },
};

use crate::{
    chain::{Story, live, steady_time},
    fresh,
};

struct Fresh {
    _time: RwLockReadGuard<'static, ()>,
    /// The client of the clients' signer, which the suite knows by its ports only.
    signer: OnceLock<StoryClient>,
}

impl Fresh {
    fn new() -> Self {
        Self { _time: steady_time(), signer: OnceLock::new() }
    }
}

impl Harness for Fresh {
    async fn fresh(&self) -> Result<GroupClients> {
        let (client, other) = (fresh::client().await?, Arc::new(fresh::client().await?));
        let client = Arc::new(self.signer.get_or_init(|| client).clone());
        let of_groups = Clients::<dyn GroupClient>::new(client.clone(), client.clone()).with_other(other);
        Ok(GroupClients::new(client, of_groups))
    }

    async fn opt_in(&self, ip: &IpId, terms_id: LicenseTermsId) -> Result<()> {
        let client = self.signer.get().unwrap();
        let config = GroupLicense::opting_in(terms_id, EVEN_SPLIT_GROUP_POOL).config;
        client.send(&SetLicensingConfig::new(*ip, terms_id, config)).await?;
        Ok(())
    }

    fn many(&self) -> u64 {
        // A hundred more take minutes, and the page is the contract's.
        4
    }
}

mod suite {
    lore_core::group_client_conformance!(super::Fresh::new(), skip_if: crate::fresh::missing());
}

/// Terms for groups, and their id.
async fn terms(story: &Story, fee: u64) -> LicenseTermsId {
    let payment = Payment { royalty_policy: ROYALTY_POLICY_LRP, ..Payment::default() };
    let terms = PilTerms::commercial_remix(Wei::from(fee), Share::from_percent(10).unwrap(), payment);
    story.client.send(&RegisterTerms::new(terms)).await.unwrap().terms_id
}

/// What a member's license says about the group's pool.
fn opted_in(terms_id: LicenseTermsId, fee: u64) -> GroupLicense {
    let mut license = GroupLicense::opting_in(terms_id, EVEN_SPLIT_GROUP_POOL);
    license.config.minting_fee = Wei::from(fee);
    license
}

/// An IP of mine that may be taken in.
async fn candidate(story: &Story, terms_id: LicenseTermsId, fee: u64) -> IpId {
    let ip = story.ip("group member").await;
    story.client.send(&AttachTerms::new(ip, terms_id)).await.unwrap();
    let license = opted_in(terms_id, fee);
    story.client.send(&SetLicensingConfig::new(ip, terms_id, license.config)).await.unwrap();
    ip
}

fn of_group(terms_id: LicenseTermsId, fee: u64) -> GroupLicense {
    let config = LicensingConfig { is_set: true, minting_fee: Wei::from(fee), ..LicensingConfig::default() };
    GroupLicense::new(terms_id, config)
}

/// A derivative of mine below the group.
async fn derivative(story: &Story, group: IpId, terms_id: LicenseTermsId) -> IpId {
    let child = story.ip("group's derivative").await;
    let link = DerivativeLink::new(vec![ParentTerms::new(group, terms_id)]);
    story.client.send(&LinkDerivative::new(child, link)).await.unwrap();
    child
}

async fn pay(story: &Story, receiver: IpId, amount: u64) {
    let key = OperationKey::new(story.unique("pay").replace(' ', "-")).unwrap();
    story
        .client
        .send(&PayRoyalty::new(key, receiver, story.client.addresses().wip, Wei::from(amount)))
        .await
        .unwrap();
}

#[test]
fn a_group_lives_from_registration_to_reward() {
    live(|story| async move {
        let (client, wip) = (&story.client, story.client.addresses().wip);
        let terms_id = terms(story, 0).await;
        let members = vec![candidate(story, terms_id, 0).await, candidate(story, terms_id, 0).await];
        let register = RegisterGroupWithLicenseAndMembers::new(of_group(terms_id, 0), members.clone());
        let plan = client.plan(&register, story.me()).await.unwrap();
        assert_eq!((plan.transactions.len(), plan.costs.len()), (1, 0));
        assert!(plan.transactions[0].gas_limit.is_some());
        let group = client.send(&register).await.unwrap().group;
        assert_eq!(client.are_members(&group, &members).await.unwrap(), [true, true]);
        let state = client.group_state(&group).await.unwrap().unwrap();
        assert_eq!((state.owner, state.member_count), (story.me(), 2));
        assert_eq!((state.terms_id, state.is_frozen), (Some(terms_id), false));

        // One leaves and comes back, which is possible until somebody takes a license.
        let leaving = RemoveGroupMembers::new(group, vec![members[1]]);
        assert_eq!(client.send(&leaving).await.unwrap().members, [members[1]]);
        assert_eq!(client.send(&leaving).await.unwrap().mined, None);
        let back = AddGroupMembers::new(group, members.clone());
        assert_eq!(client.send(&back).await.unwrap().members, [members[1]]);

        let child = derivative(story, group, terms_id).await;
        let frozen = client.send(&leaving).await.unwrap_err();
        assert_eq!(frozen.revert().unwrap().name, "GroupingModule__GroupFrozenDueToHasDerivativeIps");

        pay(story, child, 1_000_000).await;
        let owed = client.group_revenue(&group, &wip).await.unwrap();
        assert!(owed.is_complete);
        let due = Wei::from(100_000_u64);
        assert_eq!(owed.owed, [(child, due)]);
        let paid =
            client.distribute_rewards(&DistributeRewards::new(group, wip, members.clone())).await.unwrap();
        assert_eq!(paid.collected, due);
        let half = due.checked_div(2).unwrap();
        let amounts: Vec<_> = paid.rewards.iter().map(|reward| (reward.member, reward.amount)).collect();
        assert_eq!(amounts, [(members[0], half), (members[1], half)]);
        assert!(client.group_revenue(&group, &wip).await.unwrap().owed.is_empty());
    });
}

#[test]
fn members_of_terms_with_a_fee_get_their_vaults_paid_for() {
    live(|story| async move {
        let (client, wip) = (&story.client, story.client.addresses().wip);
        let fee = 500;
        let terms_id = terms(story, fee).await;
        let members = vec![candidate(story, terms_id, fee).await, candidate(story, terms_id, fee).await];
        let register = RegisterGroupWithLicenseAndMembers::new(of_group(terms_id, fee), members.clone());
        let group = client.send(&register).await.unwrap().group;
        // The fee of the derivative is what the group earns.
        derivative(story, group, terms_id).await;

        let direct = CollectAndDistribute::new(group, wip, members.clone());
        let refused = client.send(&direct).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Unsupported, "{refused:?}");
        let distribute = DistributeRewards::new(group, wip, members.clone());
        let paid = client.distribute_rewards(&distribute).await.unwrap();
        assert_eq!(paid.collected, Wei::from(fee));
        assert!(paid.rewards.iter().all(|reward| reward.amount == Wei::from(fee / 2)), "{paid:?}");
        let [again] = &client.send(&direct).await.unwrap()[..] else { panic!("one token was named") };
        assert!(again.collected.is_zero() && again.rewards.iter().all(|reward| reward.amount.is_zero()));
    });
}

#[test]
fn rewards_are_collected_and_claimed_step_by_step_by_anybody() {
    live(|story| async move {
        let (client, wip) = (&story.client, story.client.addresses().wip);
        let somebody = story.other.as_ref().unwrap_or(client);
        let terms_id = terms(story, 0).await;
        let member = candidate(story, terms_id, 0).await;
        let register = RegisterGroupWithLicenseAndMembers::new(of_group(terms_id, 0), vec![member]);
        let group = client.send(&register).await.unwrap().group;
        let child = derivative(story, group, terms_id).await;
        pay(story, child, 1_000).await;

        let moved = somebody.send(&TransferGroupRevenue::new(group, wip, vec![child, member])).await.unwrap();
        assert_eq!(moved.amounts, [(child, Wei::from(100_u64))]);
        let collected = somebody.send(&CollectRoyalties::new(group, wip)).await.unwrap();
        assert_eq!(collected.amount, Wei::from(100_u64));
        let claimable = client.claimable_group_rewards(&group, &wip, &[member]).await.unwrap();
        assert_eq!(claimable, [Wei::from(100_u64)]);

        let claim = ClaimReward::new(group, wip, vec![member]);
        let refused = somebody.send(&claim).await.unwrap_err();
        assert_eq!(refused.revert().unwrap().name, "RoyaltyModule__ZeroReceiverVault", "{refused}");
        somebody.send(&MintLicenseTokens::new(member, terms_id, 1)).await.unwrap();
        let claimed = somebody.send(&claim).await.unwrap();
        assert_eq!(claimed.rewards[0].amount, Wei::from(100_u64));
        let nothing = somebody.send(&CollectRoyalties::new(group, wip)).await.unwrap();
        assert_eq!(nothing.amount, Wei::ZERO);
    });
}

#[test]
fn new_and_known_tokens_join_a_group_in_one_transaction() {
    live(|story| async move {
        let client = &story.client;
        let terms_id = terms(story, 0).await;
        let group = client.send(&RegisterGroupWithLicense::new(of_group(terms_id, 0))).await.unwrap().group;
        let joining = Joining::new(group, vec![opted_in(terms_id, 0)]);

        let mint = MintRegisterAndAddToGroup::new(story.new_nft("joins").await, joining.clone());
        let minted = client.send(&mint).await.unwrap();
        assert!(minted.mined.is_some());
        assert_eq!(client.send(&mint).await.unwrap().ip_id, minted.ip_id);

        let register = RegisterNftAndAddToGroup::new(story.existing_nft("joins").await, joining);
        let registered = client.send(&register).await.unwrap();
        assert_eq!(client.members_of_group(&group, 0).await.unwrap(), [minted.ip_id, registered.ip_id]);
        // Without its memory the client finds both on chain.
        let forgetful = story.amnesiac();
        assert_eq!(forgetful.send(&mint).await.unwrap().mined, None);
        assert_eq!(forgetful.send(&register).await.unwrap().ip_id, registered.ip_id);
    });
}

#[test]
fn a_wallet_joins_a_group_with_signatures_of_its_own() {
    live(|story| async move {
        let client = &story.client;
        let Some(other) = story.other() else { return };
        let terms_id = terms(story, 0).await;
        let group = client.send(&RegisterGroupWithLicense::new(of_group(terms_id, 0))).await.unwrap().group;
        let joining = Joining::new(group, vec![opted_in(terms_id, 0)]);
        let mut register = RegisterNftAndAddToGroup::new(story.existing_nft("wallet").await, joining);

        // Another client plans for the owner's wallet, which signs elsewhere.
        let unsigned = other.plan(&register, story.me()).await.unwrap_err();
        assert_eq!(unsigned.kind(), ErrorKind::Unauthenticated, "{unsigned:?}");
        let view = other.view_as(story.me());
        let of_ip = register.authorization_request(&view).await.unwrap();
        let of_group = register.group_authorization_request(&view).await.unwrap();
        let sign = async |request| client.view().sign(request).await.unwrap();
        register.nft.authorization = Some(of_ip.signed(sign(&of_ip.request).await));
        register.joining.authorization = Some(of_group.signed(sign(&of_group.request).await));
        let plan = other.plan(&register, story.me()).await.unwrap();
        assert_eq!(plan.transactions.len(), 1);
        assert!(plan.transactions[0].gas_limit.is_some(), "it was simulated with both signatures");
    });
}

#[test]
fn all_that_is_wrong_with_members_is_said_before_anything_is_sent() {
    live(|story| async move {
        let client = &story.client;
        let terms_id = terms(story, 0).await;
        let bare = story.ip("no terms").await;
        let unwilling = story.ip("not opted in").await;
        client.send(&AttachTerms::new(unwilling, terms_id)).await.unwrap();
        let greedy = candidate(story, terms_id, 0).await;
        let mut config = opted_in(terms_id, 0).config;
        config.expect_minimum_group_reward_share = 60_000_000;
        client.send(&SetLicensingConfig::new(greedy, terms_id, config)).await.unwrap();
        let modest = candidate(story, terms_id, 0).await;

        let group = client.send(&RegisterGroupWithLicense::new(of_group(terms_id, 0))).await.unwrap().group;
        let add = |members| AddGroupMembers::new(group, members);
        let error = client.send(&add(vec![bare, unwilling])).await.unwrap_err();
        assert_eq!(error.revert().unwrap().name, "LicenseRegistry__IpHasNoGroupLicenseTerms");
        let others = error.context().iter().find(|(key, _)| *key == "also_refused").unwrap();
        assert!(others.1.contains(&unwilling.to_string()), "{error}");

        let mut limited = add(vec![greedy]);
        limited.max_reward_share = Share::from_percent(50).unwrap();
        let error = client.send(&limited).await.unwrap_err();
        assert_eq!(error.revert().unwrap().name, "GroupingModule__IpExpectedShareExceedsMaxAllowedShare");
        // The largest share counts for all: two at 60 % are too many.
        let error = client.send(&add(vec![greedy, modest])).await.unwrap_err();
        assert_eq!(error.revert().unwrap().name, "GroupingModule__TotalGroupRewardShareExceeds100Percent");
        client.send(&add(vec![greedy])).await.unwrap();
        let error = client.send(&add(vec![modest])).await.unwrap_err();
        assert_eq!(error.revert().unwrap().name, "GroupingModule__TotalGroupRewardShareExceeds100Percent");
    });
}

#[test]
fn a_group_registered_under_a_key_is_found_again() {
    live(|story| async move {
        let key = OperationKey::new(story.unique("group").replace(' ', "-")).unwrap();
        let group = RegisterGroup::default();
        let first = story.client.send_once(&key, &group).await.unwrap();
        assert_eq!(story.client.send_once(&key, &group).await.unwrap(), first);
        assert_eq!(story.client.members_of_group(&first.group, 0).await.unwrap(), []);
        assert_ne!(story.client.send(&group).await.unwrap().group, first.group);
    });
}
