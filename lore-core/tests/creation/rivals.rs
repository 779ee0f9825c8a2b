//! Others at work at the same time: rivals for a lease, parents that go away, answers that look like a rival's.

use std::sync::Arc;

use futures_util::poll;
use lore_core::{
    Address, Caller, ErrorKind, Retry,
    content::unixfs::Profile,
    creation::{CreationStatus, Step},
    domain::asset::{AssetText, AssetType},
    layer::{Fault, FaultLayer, FaultPlan},
    memory::{
        chain::{Call, LicensingConfig},
        pins::MemoryPinStore,
    },
    progress::Progress,
    service::CreateAsset,
};

use crate::{
    lifecycle::Gate,
    world::{World, caller, original, remix_of, request},
};

#[tokio::test]
async fn a_driver_whose_commit_failed_while_another_took_over_does_not_take_its_journal_for_its_own() {
    let world = World::new();
    // The first commit never arrives; before it is tried again, the lease ends.
    let faults = FaultLayer::new(FaultPlan::nth_of("commit", 1, Fault::FailBefore));
    let slow = World { pins: Arc::new(MemoryPinStore::new(Profile::UnixFsV1_2025)), ..world.clone() };
    let lore = slow.lore_with(faults.clone());
    let (alice, nobody) = (caller(), Progress::none());
    let mut sleeper = Box::pin(lore.creations().create(&alice, original("it"), &nobody));
    assert!(poll!(sleeper.as_mut()).is_pending());
    assert_eq!(faults.calls_of("commit"), 1);
    world.let_the_lease_end();

    // The other one journals the same intent, and dies with the media pinned.
    let rival = FaultLayer::new(FaultPlan::nth_of("pin", 1, Fault::CrashAfter));
    let rival_lore = world.lore_with(rival.clone());
    let work = rival_lore.creations().create(&alice, original("it"), &nobody);
    assert!(rival.until_crash(work).await.is_none());

    let error = sleeper.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
    assert_eq!(faults.calls_of("pin"), 0, "the effect of somebody else's intent was repeated");
    world.let_the_lease_end();
    assert!(world.create(original("it")).await.unwrap().is_finished());
}

#[tokio::test]
async fn a_parent_that_is_deleted_during_the_upload_leaves_a_stuck_creation_that_can_be_cancelled() {
    let world = World::new();
    let parent = world.parent("first").await;
    let before = world.counts();
    let gate = Gate::new("it");
    let work = CreateAsset::new(AssetType::DigitalArt, AssetText::new("It", ""), Arc::new(gate.clone()))
        .idempotency_key("it")
        .parent(remix_of(&parent, "100"));
    let (lore, alice, nobody) = (world.lore(), caller(), Progress::none());
    let mut creating = Box::pin(lore.creations().create(&alice, work, &nobody));
    gate.close_after(2);
    assert!(poll!(creating.as_mut()).is_pending());
    world.lore().assets().delete(&caller(), &parent.id).await.unwrap();
    gate.open();

    let error = creating.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    let open = world.creation("it").await;
    assert_eq!((open.status, open.step), (CreationStatus::Stuck, Some(Step::DatabaseSave)));
    assert!(error.context().contains(&("creation", open.id.to_string())), "{error}");
    assert!(error.to_string().contains(&parent.id.to_string()), "{error}");
    world.lore().creations().cancel(&caller(), &open.id, &nobody).await.unwrap();
    assert_eq!(world.pins.pin_count(), before.4);
}

#[tokio::test]
async fn a_step_refused_for_a_conflict_is_not_taken_for_somebody_else_at_work() {
    let world = World::that_does_not_wait();
    let refusal = Fault::Refuse(ErrorKind::Conflict, Retry::After(None));
    let lore = world.lore_with(FaultLayer::new(FaultPlan::every("register", refusal)));
    let error = lore.creations().create(&caller(), original("it"), &Progress::none()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(world.creation("it").await.status, CreationStatus::Stuck);
}

#[tokio::test]
async fn a_driver_recognises_the_lease_whose_answer_was_lost_as_its_own() {
    let world = World::that_does_not_wait();
    let lore = world.lore_with(FaultLayer::new(FaultPlan::nth_of("acquire_lease", 1, Fault::LoseAnswer)));
    assert!(
        lore.creations().create(&caller(), original("it"), &Progress::none()).await.unwrap().is_finished()
    );
}

#[tokio::test]
async fn a_retry_that_could_not_be_journalled_gives_its_lease_back() {
    let world = World::that_does_not_wait();
    let refuse =
        |op| FaultLayer::new(FaultPlan::every(op, Fault::Refuse(ErrorKind::Unexpected, Retry::Never)));
    let lore = world.lore_with(refuse("register"));
    lore.creations().create(&caller(), original("it"), &Progress::none()).await.unwrap_err();
    let id = world.creation("it").await.id;
    for op in ["commit", "events"] {
        let lore = world.lore_with(refuse(op));
        lore.creations().retry_creation(&caller(), &id, None, &Progress::none()).await.unwrap_err();
        let lease = world.creation("it").await.lease.unwrap();
        assert_eq!(lease.until, lore_core::Timestamp::EPOCH, "after a refused {op}");
    }
}

#[tokio::test]
async fn media_that_arrived_before_the_crash_is_not_asked_for_again() {
    let world = World::new();
    let faults = FaultLayer::new(FaultPlan::nth_of("pin", 1, Fault::CrashAfter));
    let lore = world.lore_with(faults.clone());
    let nobody = Progress::none();
    assert!(faults.until_crash(lore.creations().create(&caller(), original("it"), &nobody)).await.is_none());
    world.let_the_lease_end();
    let id = world.creation("it").await.id;
    let view = world.lore().creations().retry_creation(&caller(), &id, None, &nobody).await.unwrap();
    assert!(view.is_finished());
}

#[tokio::test]
async fn a_link_made_with_the_registration_is_recorded_though_the_parent_closed_its_terms_since() {
    let world = World::new();
    let parent = world.parent("first").await;
    // The signer registers for somebody else, so that it links in the same transaction.
    let bob = Caller::User(Address::from_bytes([0xb0; 20]));
    let faults = FaultLayer::new(FaultPlan::nth_of("register", 1, Fault::CrashAfter));
    let lore = world.lore_with(faults.clone());
    let nobody = Progress::none();
    let work = || request("it").parent(remix_of(&parent, "100"));
    assert!(faults.until_crash(lore.creations().create(&bob, work(), &nobody)).await.is_none());
    let config = LicensingConfig { is_set: true, disabled: true, ..LicensingConfig::default() };
    let (ip, terms_id) = (parent.ip_id().unwrap(), parent.license.as_ref().unwrap().terms_id);
    world.chain.execute(&Call::SetLicensingConfig { ip, terms_id, config }).unwrap();
    world.let_the_lease_end();
    let view = world.lore().creations().create(&bob, work(), &nobody).await.unwrap();
    let links = world.lore().derivatives().parents(&bob, &view.record.asset).await.unwrap();
    assert!(links.iter().all(|link| link.on_chain.is_some()));
}
