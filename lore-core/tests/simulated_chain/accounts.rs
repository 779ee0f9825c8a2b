//! Permissions of IP accounts, and batches that run as one.

use lore_core::{
    Address, IpId, LicenseTermsId, Wei,
    memory::chain::{Call, Outcome, Permission},
    protocol::{ACCESS_CONTROLLER, LICENSING_MODULE, WIP},
};

use crate::{ALICE, BOB, CAROL, scene::Scene};

const ATTACH: [u8; 4] = [0x2a, 0x41, 0x30, 0xc0];
const DEFAULT_TERMS: u64 = 1;

fn attach(ip: IpId) -> Call {
    Call::AttachLicenseTerms { ip, terms_id: LicenseTermsId::from(DEFAULT_TERMS) }
}

fn is_attached(scene: &Scene, ip: IpId) -> bool {
    scene.ledger.has_attached(&ip, LicenseTermsId::from(DEFAULT_TERMS))
}

fn allow_for_now(ip: IpId, signer: Address) -> Call {
    Call::SetTransientPermission { ip, signer, to: LICENSING_MODULE, func: ATTACH, permission: 1 }
}

#[test]
fn a_transient_permission_ends_with_the_transaction() {
    let mut scene = Scene::default();
    let ip = scene.ip(ALICE);
    scene.must(ALICE, allow_for_now(ip, BOB));
    assert_eq!(scene.ledger.permission(&ip, BOB, LICENSING_MODULE, ATTACH), Some(0));
    assert!(scene.refused(BOB, &attach(ip)).starts_with("AccessController__PermissionDenied("));
}

#[test]
fn a_transient_permission_of_a_transaction_that_reverts_is_gone_too() {
    let mut scene = Scene::default();
    let ip = scene.ip(ALICE);
    let calls = vec![allow_for_now(ip, BOB), Call::ResolveDispute { dispute: 7 }];
    scene.refused(ALICE, &Call::ExecuteBatch { ip, calls });
    assert_eq!(scene.ledger.transient_permission(&ip, BOB, LICENSING_MODULE, ATTACH), Some(0));
}

#[test]
fn a_transient_permission_lets_another_account_act_in_the_same_transaction() {
    let mut scene = Scene::default();
    let (ip, helper) = (scene.ip(ALICE), scene.ip(ALICE));
    scene.give(helper, ALICE, ip.address());
    let act = Call::ExecuteBatch { ip: helper, calls: vec![attach(ip)] };
    let alone = Call::ExecuteBatch { ip, calls: vec![act.clone()] };
    assert!(scene.refused(ALICE, &alone).starts_with("AccessController__PermissionDenied("));
    let calls = vec![allow_for_now(ip, helper.address()), act];
    scene.must(ALICE, Call::ExecuteBatch { ip, calls });
    assert!(is_attached(&scene, ip));
}

#[test]
fn a_revert_inside_a_batch_leaves_nothing() {
    let mut scene = Scene::default();
    let ip = scene.ip(ALICE);
    let permit = Call::SetAllPermissions { ip, signer: BOB, permission: 1 };
    let calls = vec![attach(ip), permit, attach(ip)];
    let refused = scene.refused(ALICE, &Call::ExecuteBatch { ip, calls });
    assert!(refused.starts_with("LicenseRegistry__LicenseTermsAlreadyAttached("), "{refused}");
    assert!(!is_attached(&scene, ip));
}

#[test]
fn a_delegate_runs_as_the_account_only_what_it_is_allowed() {
    let mut scene = Scene::default();
    let ip = scene.ip(ALICE);
    scene.must(ALICE, Call::Transfer { token: WIP, to: ip.address(), amount: Wei::from_coins(5) });
    let permit = |to, func| Call::SetPermission { ip, signer: BOB, to, func, permission: 1 };
    scene.must(ALICE, permit(LICENSING_MODULE, ATTACH));
    // What is no module is the owner's alone, whatever is permitted.
    scene.must(ALICE, permit(WIP, [0; 4]));
    let take = Call::Transfer { token: WIP, to: BOB, amount: Wei::from_coins(5) };
    let refused = scene.refused(BOB, &Call::ExecuteBatch { ip, calls: vec![attach(ip), take.clone()] });
    let expected = format!("AccessController__BothCallerAndRecipientAreNotRegisteredModule({BOB},{WIP})");
    assert_eq!(refused, expected);
    scene.must(BOB, Call::ExecuteBatch { ip, calls: vec![attach(ip)] });
    assert!(is_attached(&scene, ip));

    scene.must(ALICE, Call::ExecuteBatch { ip, calls: vec![take] });
    assert_eq!(scene.wip(ip.address()), Wei::ZERO);
    assert_eq!(scene.wip(BOB), Wei::from_coins(1_005));
}

#[test]
fn a_delegate_may_pass_permissions_on_only_through_the_account() {
    let mut scene = Scene::default();
    let ip = scene.ip(ALICE);
    let pass = Call::SetAllPermissions { ip, signer: CAROL, permission: 1 };
    let permit = Call::SetPermission { ip, signer: BOB, to: ACCESS_CONTROLLER, func: [0; 4], permission: 1 };
    scene.must(ALICE, permit);
    assert_eq!(scene.refused(BOB, &pass), "AccessController__CallerIsNotIPAccountOrOwner()");
    scene.must(BOB, Call::ExecuteBatch { ip, calls: vec![pass] });
    scene.must(CAROL, attach(ip));
}

#[test]
fn a_batch_of_permissions_is_set_wholly_or_not_at_all() {
    let mut scene = Scene::default();
    let ip = scene.ip(ALICE);
    let entry =
        |signer, permission| Permission { ip, signer, to: LICENSING_MODULE, func: ATTACH, permission };
    let bad = vec![entry(BOB, 1), entry(CAROL, 3)];
    let refused = scene.refused(ALICE, &Call::SetBatchPermissions { permissions: bad });
    assert_eq!(refused, "AccessController__PermissionIsNotValid()");
    scene.must(ALICE, Call::SetBatchPermissions { permissions: vec![entry(BOB, 1), entry(CAROL, 2)] });
    assert_eq!(scene.ledger.permanent_permission(&ip, CAROL, LICENSING_MODULE, ATTACH), Some(2));
    assert_eq!(scene.ledger.check_permission(&ip, BOB, LICENSING_MODULE, ATTACH), Ok(()));
}

#[test]
fn a_batch_returns_what_its_last_call_returned() {
    let mut scene = Scene::default();
    let ip = scene.ip(ALICE);
    let mint = |to| Call::Mint { collection: CAROL, to };
    let outcome = scene.must(ALICE, Call::ExecuteBatch { ip, calls: vec![mint(ALICE), mint(BOB)] });
    assert_eq!(outcome, Outcome::Token(2_u64.into()));
    assert_eq!(scene.must(ALICE, Call::ExecuteBatch { ip, calls: Vec::new() }), Outcome::Done);
    let nobodys = Call::ExecuteBatch { ip: IpId::new(CAROL), calls: Vec::new() };
    let expected = format!("AccessController__IPAccountIsNotValid({CAROL})");
    assert_eq!(scene.refused(ALICE, &nobodys), expected);
}

#[test]
fn batches_in_batches_end_before_a_file_could_not_hold_them() {
    let mut scene = Scene::default();
    // Each account owns the next, so that each may run the next one's batch.
    let accounts: Vec<_> = (0..17).map(|_| scene.ip(ALICE)).collect();
    for pair in accounts.windows(2) {
        scene.give(pair[1], ALICE, pair[0].address());
    }
    let nested = |accounts: &[IpId]| {
        accounts.iter().rev().fold(attach(accounts[accounts.len() - 1]), |call, ip| Call::ExecuteBatch {
            ip: *ip,
            calls: vec![call],
        })
    };
    assert_eq!(scene.refused(ALICE, &nested(&accounts)), "OUT_OF_GAS()");
    let deepest = nested(&accounts[..16]);
    let json = serde_json::to_string(&deepest).unwrap();
    assert_eq!(serde_json::from_str::<Call>(&json).unwrap(), deepest);
    scene.must(ALICE, deepest);
    assert!(is_attached(&scene, accounts[15]));
}

#[test]
fn a_simulated_transaction_answers_and_leaves_nothing() {
    let mut scene = Scene::default();
    let ip = scene.ip(ALICE);
    let before = scene.ledger.state_digest();
    let calls = vec![attach(ip), allow_for_now(ip, BOB)];
    let (attached, level) = scene
        .ledger
        .simulate(ALICE, scene.now, &Call::ExecuteBatch { ip, calls }, |ledger, receipt| {
            assert_eq!(receipt.outcome, Outcome::Done);
            let attached = ledger.has_attached(&ip, LicenseTermsId::from(DEFAULT_TERMS));
            (attached, ledger.permission(&ip, BOB, LICENSING_MODULE, ATTACH))
        })
        .unwrap();
    assert_eq!((attached, level), (true, Some(1)));
    assert_eq!(scene.ledger.state_digest(), before);
    assert_eq!(scene.ledger.permission(&ip, BOB, LICENSING_MODULE, ATTACH), Some(0));
}
