//! Disputes: bonds, who may counter when, the oracle, and who arbitrates.

use lore_core::{
    Address, ContentHash, Wei,
    memory::chain::{Assertion, Call, DisputeState},
    onchain::AssertionId,
    protocol::{ARBITRATION_POLICY_UMA, WIP},
};

use crate::{
    ALICE, BOB, CAROL,
    scene::{LIVENESS, Scene},
};

/// What everybody has at first, in coins.
const START: u64 = 1_000;

fn counter(assertion: &Assertion) -> Call {
    Call::DisputeAssertion { assertion_id: assertion.id, counter_evidence_hash: ContentHash::of(b"counter") }
}

/// Coins and half coins that somebody has more than at first, as twice the coins.
fn gained(scene: &Scene, account: Address) -> i64 {
    let half = Wei::from(500_000_000_000_000_000_u64);
    let halves = (0..4 * START).find(|count| half.checked_mul(*count) == Some(scene.wip(account)));
    i64::try_from(halves.unwrap()).unwrap() - 2 * i64::try_from(START).unwrap()
}

#[test]
fn the_bond_of_a_dispute_that_nobody_counters_goes_back() {
    let mut scene = Scene::default();
    let ip = scene.ip(ALICE);
    let (dispute, _) = scene.raise(BOB, ip);
    assert_eq!((gained(&scene, BOB), scene.wip(ARBITRATION_POLICY_UMA)), (-2, Wei::from_coins(1)));
    scene.warp(LIVENESS);
    scene.must(CAROL, Call::SettleDispute { dispute });
    assert_eq!((gained(&scene, BOB), scene.wip(ARBITRATION_POLICY_UMA)), (0, Wei::ZERO));
    assert_eq!(scene.ledger.dispute(dispute).unwrap().state, DisputeState::Upheld);
}

#[test]
fn the_winner_of_a_countered_dispute_gets_half_of_the_other_bond_and_the_oracle_the_rest() {
    for upheld in [true, false] {
        let mut scene = Scene::default();
        let ip = scene.ip(ALICE);
        scene.greet(&[CAROL]);
        let (dispute, assertion) = scene.raise(BOB, ip);
        scene.warp(LIVENESS - 1);
        scene.must(CAROL, counter(&assertion));
        assert_eq!((gained(&scene, BOB), gained(&scene, CAROL)), (-2, -2));
        scene.must(ALICE, Call::AnswerAsOracle { dispute, upheld });
        assert_eq!(scene.ledger.dispute(dispute).unwrap().current_tag(), "IN_DISPUTE");
        scene.must(ALICE, Call::SettleDispute { dispute });
        let (winner, loser) = if upheld { (BOB, CAROL) } else { (CAROL, BOB) };
        assert_eq!((gained(&scene, winner), gained(&scene, loser)), (1, -2));
        assert_eq!(scene.wip(ARBITRATION_POLICY_UMA), Wei::from(500_000_000_000_000_000_u64));
        let record = scene.ledger.dispute(dispute).unwrap();
        let tag = if upheld { "IMPROPER_USAGE" } else { "" };
        assert_eq!((record.current_tag(), scene.ledger.is_tagged(&ip)), (tag, upheld));
        let by = record.assertion.unwrap().counter.unwrap();
        assert_eq!(by, (CAROL, ContentHash::of(b"counter")));
    }
}

#[test]
fn the_last_second_of_the_owners_time_is_the_accounts_and_the_next_anybodys() {
    let mut scene = Scene::default();
    let ip = scene.ip(ALICE);
    let (_, assertion) = scene.raise(BOB, ip);
    // 66.666666 % of thirty days.
    scene.warp(1_727_999);
    let expected =
        format!("ArbitrationPolicyUMA__OnlyTargetIpIdCanDisputeWithinTimeWindow(1727999,{LIVENESS},{BOB})");
    assert_eq!(scene.refused(BOB, &counter(&assertion)), expected);
    scene.warp(1);
    // Even who raised it.
    scene.must(BOB, counter(&assertion));
}

#[test]
fn a_counter_through_the_ip_account_is_paid_by_the_account() {
    let mut scene = Scene::default();
    let ip = scene.ip(ALICE);
    scene.must(ALICE, Call::Transfer { token: WIP, to: ip.address(), amount: Wei::from_coins(3) });
    let (dispute, assertion) = scene.raise(BOB, ip);
    let approve = Call::Approve { token: WIP, spender: ARBITRATION_POLICY_UMA, amount: assertion.bond };
    let batch = Call::ExecuteBatch { ip, calls: vec![approve, counter(&assertion)] };
    // The policy is no module, so no permission is enough.
    scene.must(ALICE, Call::SetAllPermissions { ip, signer: CAROL, permission: 1 });
    let refused = scene.refused(CAROL, &batch);
    assert!(refused.starts_with("AccessController__BothCallerAndRecipientAreNotRegisteredModule("));
    scene.must(ALICE, batch);
    assert_eq!(scene.wip(ip.address()), Wei::from_coins(2));
    assert_eq!(scene.ledger.dispute_of(assertion.id), Some(dispute));
    assert_eq!(scene.ledger.dispute_of(AssertionId::from_bytes([7; 32])), None);
}

#[test]
fn the_oracle_answers_once_and_only_what_somebody_countered() {
    let mut scene = Scene::default();
    let ip = scene.ip(ALICE);
    let (dispute, assertion) = scene.raise(BOB, ip);
    let answer = |upheld| Call::AnswerAsOracle { dispute, upheld };
    let unasked = "Error(\"The oracle was not asked\")";
    assert_eq!(scene.refused(ALICE, &answer(true)), unasked);
    assert_eq!(scene.refused(ALICE, &Call::AnswerAsOracle { dispute: 9, upheld: true }), unasked);
    scene.warp(LIVENESS - 1);
    scene.must(BOB, counter(&assertion));
    let open = scene.refused(ALICE, &Call::SettleDispute { dispute });
    assert_eq!(open, "EMPTY_REVERT(execution reverted)");
    scene.must(ALICE, answer(false));
    assert_eq!(scene.refused(ALICE, &answer(true)), unasked);
    scene.must(ALICE, Call::SettleDispute { dispute });
    assert_eq!(scene.ledger.dispute(dispute).unwrap().state, DisputeState::Rejected);
}

#[test]
fn an_inherited_tag_is_a_dispute_that_the_oracle_was_never_asked_about() {
    let mut scene = Scene::default();
    let (group, _, members) = scene.group(ALICE, 1);
    let origin = scene.tag(BOB, members[0]);
    scene.warp(5);
    scene.must(CAROL, Call::TagIfRelatedIpInfringed { ip_to_tag: group, infringer_dispute: origin });
    let (from, inherited) =
        (scene.ledger.dispute(origin).unwrap(), scene.ledger.dispute(origin + 1).unwrap());
    assert_eq!((inherited.target, inherited.initiator, inherited.raised_at), (group, CAROL, scene.now));
    assert_eq!((inherited.infringer_dispute, inherited.assertion), (Some(origin), None));
    assert_eq!(inherited.evidence_hash, from.evidence_hash);
    assert_eq!((inherited.current_tag(), scene.ledger.dispute_count()), ("IMPROPER_USAGE", origin + 1));
    let settle = Call::SettleDispute { dispute: origin + 1 };
    assert_eq!(scene.refused(BOB, &settle), "Error(\"Assertion does not exist\")");
}

#[test]
fn a_chosen_arbitration_policy_is_active_after_seven_days() {
    let mut scene = Scene::default();
    let ip = scene.ip(ALICE);
    let choose = Call::SetArbitrationPolicy { ip, next_arbitration_policy: ARBITRATION_POLICY_UMA };
    scene.must(ALICE, choose);
    let from = scene.now.unix_seconds() + 604_800;
    assert_eq!(scene.ledger.next_arbitration_policy(&ip), Some((ARBITRATION_POLICY_UMA, from)));
    scene.warp(604_800);
    scene.raise(BOB, ip);
    assert!(scene.ledger.next_arbitration_policy(&ip).is_some());
    scene.warp(1);
    let (dispute, _) = scene.raise(BOB, ip);
    assert_eq!(scene.ledger.next_arbitration_policy(&ip), None);
    assert_eq!(scene.ledger.arbitration_policy(&ip), ARBITRATION_POLICY_UMA);
    assert_eq!(scene.ledger.dispute(dispute).unwrap().arbitration_policy, ARBITRATION_POLICY_UMA);
}
