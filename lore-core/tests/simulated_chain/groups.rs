//! Groups: their members, and what stands between them and their money.

use lore_core::{
    Wei,
    memory::chain::{Call, LicensingConfig, SimulatedConfig},
    protocol::{EVEN_SPLIT_GROUP_POOL, WIP},
};

use crate::{
    ALICE, BOB, CAROL,
    scene::{Scene, mint_license},
};

#[test]
fn members_are_listed_page_by_page_and_the_last_takes_the_place_of_one_that_leaves() {
    let mut scene = Scene::default();
    let (group, _, m) = scene.group(ALICE, 5);
    let page = |scene: &Scene, start, size| scene.ledger.group_members(&group, start, size).unwrap();
    assert_eq!(page(&scene, 0, 100), m);
    assert_eq!(page(&scene, 1, 2), m[1..3]);
    assert_eq!(page(&scene, 4, 100), m[4..]);
    assert_eq!(page(&scene, 5, 1), []);
    assert_eq!(page(&scene, u64::MAX, 100), []);
    let error = scene.ledger.group_members(&group, 0, 101).unwrap_err();
    assert_eq!(error.to_string(), "GroupIPAssetRegistry__PageSizeExceedsLimit(101,100)");

    scene.must(ALICE, Call::RemoveFromGroup { group, members: vec![m[1], m[1], m[4]] });
    // The fifth took the place of the second and then left it to the fourth.
    assert_eq!(page(&scene, 0, 100), [m[0], m[3], m[2]]);
    scene.must(ALICE, Call::AddToGroup { group, members: vec![m[4]], max_reward_share: 100_000_000 });
    assert_eq!(page(&scene, 0, 100), [m[0], m[3], m[2], m[4]]);
    assert_eq!(scene.ledger.total_members(&group), 4);
    assert!(scene.ledger.contains_ip(&group, &m[3]) && !scene.ledger.contains_ip(&group, &m[1]));
    assert_eq!(scene.ledger.group_reward_pool(&group), Some(EVEN_SPLIT_GROUP_POOL));
    assert!(scene.ledger.is_group(&group) && !scene.ledger.is_group(&m[0]));
    assert_eq!(scene.ledger.group_reward_pool(&m[0]), None);
}

#[test]
fn new_members_get_nothing_of_what_was_earned_but_not_collected_before() {
    let mut scene = Scene::default();
    let (group, terms_id, m) = scene.group(ALICE, 2);
    for licensor in [group, m[0], m[1]] {
        scene.must(BOB, mint_license(licensor, terms_id, BOB));
    }
    scene.must(CAROL, Call::PayRoyalty { receiver: group, token: WIP, amount: Wei::from(101_u64) });
    // Whoever is added, what is in the vault goes to the pool first.
    scene.must(ALICE, Call::AddToGroup { group, members: vec![m[1]], max_reward_share: 100_000_000 });
    assert_eq!(scene.wip(EVEN_SPLIT_GROUP_POOL), Wei::from(101_u64));
    let open = scene.ledger.claimable_rewards(&group, WIP, &[m[0], m[1], group]).unwrap();
    assert_eq!(open, [Wei::from(50_u64), Wei::from(50_u64), Wei::ZERO]);
}

#[test]
fn a_tagged_group_gets_its_money_once_the_dispute_is_resolved() {
    let mut scene = Scene::default();
    let (group, terms_id, m) = scene.group(ALICE, 1);
    for licensor in [group, m[0]] {
        scene.must(BOB, mint_license(licensor, terms_id, BOB));
    }
    scene.must(CAROL, Call::PayRoyalty { receiver: group, token: WIP, amount: Wei::from(10_u64) });
    scene.must(ALICE, Call::CollectRoyalties { group, token: WIP });
    let dispute = scene.tag(CAROL, group);
    let claim = Call::ClaimReward { group, token: WIP, members: m.clone() };
    let expected = format!("GroupingModule__DisputedGroupCannotClaimReward({group})");
    assert_eq!(scene.refused(ALICE, &claim), expected);
    assert_eq!(scene.ledger.claimable_rewards(&group, WIP, &m), Ok(vec![Wei::ZERO]));
    scene.must(CAROL, Call::ResolveDispute { dispute });
    scene.must(ALICE, claim);
    assert_eq!(scene.ledger.vault_balance(&m[0], WIP), Wei::from(10_u64));
}

#[test]
fn the_tag_of_a_member_can_be_passed_to_its_group_but_not_the_other_way() {
    let mut scene = Scene::default();
    let (group, _, m) = scene.group(ALICE, 2);
    let origin = scene.tag(BOB, m[0]);
    let pass = |ip_to_tag| Call::TagIfRelatedIpInfringed { ip_to_tag, infringer_dispute: origin };
    assert_eq!(scene.refused(CAROL, &pass(m[1])), "DisputeModule__NotDerivativeOrGroupIp()");
    scene.must(CAROL, pass(group));
    assert!(scene.ledger.is_tagged(&group) && !scene.ledger.is_tagged(&m[1]));
    let down = Call::TagIfRelatedIpInfringed { ip_to_tag: m[1], infringer_dispute: origin + 1 };
    assert_eq!(scene.refused(CAROL, &down), "DisputeModule__NotDerivativeOrGroupIp()");
}

#[test]
fn nobody_gets_a_license_that_a_hook_locks() {
    let mut config = SimulatedConfig::default();
    config.lock_hooks = vec![CAROL];
    let mut scene = Scene::new(config);
    let terms_id = scene.terms(ALICE);
    let (parent, child) = (scene.ip(ALICE), scene.ip(BOB));
    scene.must(ALICE, Call::AttachLicenseTerms { ip: parent, terms_id });
    let lock = |licensing_hook| {
        let config = LicensingConfig { is_set: true, licensing_hook, ..LicensingConfig::default() };
        Call::SetLicensingConfig { ip: parent, terms_id, config }
    };
    let expected = format!("LicensingModule__InvalidLicensingHook({BOB})");
    assert_eq!(scene.refused(ALICE, &lock(BOB)), expected);
    scene.must(ALICE, lock(CAROL));
    let link = Call::RegisterDerivative {
        child,
        parents: vec![parent],
        terms_ids: vec![terms_id],
        max_minting_fee: Wei::ZERO,
        max_revenue_share: 0,
    };
    for (by, call) in [(ALICE, mint_license(parent, terms_id, BOB)), (BOB, link)] {
        let refused = scene.refused(by, &call);
        assert!(refused.starts_with(&format!("LockLicenseHook_LicenseLocked({parent},")), "{refused}");
    }
}
