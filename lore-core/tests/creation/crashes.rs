//! Crashes, lost answers and rivals at every single call.

use std::sync::Arc;

use lore_core::{
    Error, ErrorKind, Result, Retry,
    content::unixfs::Profile,
    creation::CreationStatus,
    layer::{Fault, FaultLayer, FaultPlan},
    memory::pins::MemoryPinStore,
    progress::Progress,
    service::{CreateAsset, CreationView},
};

use crate::world::{World, caller, original, remix_of, request};

/// More calls than any creation makes.
const MANY: u64 = 200;

/// The kinds of work whose every call is tried.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Original,
    Derivative,
}

/// A world ready for the work, and the work itself.
async fn scene(kind: Kind, world: &World) -> CreateAsset {
    match kind {
        Kind::Original => original("it"),
        Kind::Derivative => {
            let (first, second) = (world.parent("first").await, world.parent("second").await);
            request("it").parent(remix_of(&first, "62.5")).parent(remix_of(&second, "37.5"))
        }
    }
}

/// What one undisturbed run adds to the world.
async fn undisturbed(kind: Kind) -> (u64, u64, u64, u64, usize) {
    let world = World::new();
    let work = scene(kind, &world).await;
    world.create(work).await.unwrap();
    world.counts()
}

async fn create(world: &World, faults: &FaultLayer, work: CreateAsset) -> Result<CreationView> {
    let lore = world.lore_with(faults.clone());
    Box::pin(lore.creations().create(&caller(), work, &Progress::none())).await
}

/// Nothing is missing, nothing is there twice.
async fn assert_complete(
    world: &World,
    view: &CreationView,
    expected: (u64, u64, u64, u64, usize),
    what: &str,
) {
    assert!(view.is_finished(), "{what}");
    let asset = view.asset.as_ref().expect(what);
    assert!(
        asset.registration.is_some() && asset.ipa_metadata.is_some() && asset.nft_metadata.is_some(),
        "{what}"
    );
    assert_eq!(world.counts(), expected, "{what}");
    let links = world.lore().derivatives().parents(&caller(), &asset.id).await.unwrap();
    assert!(links.iter().all(|link| link.on_chain.is_some()), "{what}");
    assert_eq!(asset.license.is_some(), links.is_empty(), "{what}");
    assert_eq!(world.assets().await.len(), world.creation_count().await, "{what}");
}

#[tokio::test]
async fn a_crash_at_any_call_loses_nothing_and_repeats_nothing() {
    for kind in [Kind::Original, Kind::Derivative] {
        let expected = undisturbed(kind).await;
        let mut crashes = 0;
        for number in 1..MANY {
            for fault in [Fault::CrashBefore, Fault::CrashAfter] {
                let what = format!("{kind:?}: {fault:?} at call {number}");
                let world = World::new();
                let work = scene(kind, &world).await;
                let faults = FaultLayer::new(FaultPlan::nth(number, fault));
                let outcome = faults.until_crash(create(&world, &faults, work.clone())).await;
                crashes += u64::from(outcome.is_none());
                world.let_the_lease_end();
                let view = world.create(work).await.expect(&what);
                assert_complete(&world, &view, expected, &what).await;
            }
        }
        assert!(crashes > 40, "{kind:?}: only {crashes} crashes were tried");
    }
}

#[tokio::test]
async fn a_second_crash_while_resuming_changes_nothing_either() {
    let expected = undisturbed(Kind::Original).await;
    for number in 1..60 {
        for second in [1, 4, 9] {
            let what = format!("crashes at calls {number} and then {second}");
            let world = World::new();
            for fault in
                [FaultPlan::nth(number, Fault::CrashAfter), FaultPlan::nth(second, Fault::CrashAfter)]
            {
                let faults = FaultLayer::new(fault);
                let crashed = faults.until_crash(create(&world, &faults, original("it"))).await;
                drop(crashed);
                world.let_the_lease_end();
            }
            let view = world.create(original("it")).await.expect(&what);
            assert_complete(&world, &view, expected, &what).await;
        }
    }
}

#[tokio::test]
async fn a_lost_answer_at_any_call_is_looked_up_not_repeated() {
    for kind in [Kind::Original, Kind::Derivative] {
        let expected = undisturbed(kind).await;
        for number in 1..MANY {
            for fault in [Fault::LoseAnswer, Fault::FailBefore, Fault::AnswerNothing] {
                let what = format!("{kind:?}: {fault:?} at call {number}");
                let world = World::that_does_not_wait();
                let work = scene(kind, &world).await;
                let faults = FaultLayer::new(FaultPlan::nth(number, fault));
                let view = match create(&world, &faults, work.clone()).await {
                    Ok(view) => view,
                    Err(error) => {
                        assert_ne!(error.kind(), ErrorKind::Unexpected, "{what}: {error:?}");
                        world.let_the_lease_end();
                        world.create(work).await.expect(&what)
                    }
                };
                let view = if view.is_finished() {
                    view
                } else {
                    // The answer to the lease was lost: it looked as if somebody else were at work.
                    world.let_the_lease_end();
                    let retried = world.lore().creations().get(&caller(), &view.record.id).await.unwrap();
                    world
                        .lore()
                        .creations()
                        .retry_creation(
                            &caller(),
                            &retried.record.id,
                            Some(crate::world::media("it")),
                            &Progress::none(),
                        )
                        .await
                        .expect(&what)
                };
                assert_complete(&world, &view, expected, &what).await;
            }
        }
    }
}

#[tokio::test]
async fn a_world_of_random_faults_ends_in_exactly_one_of_everything() {
    let expected = undisturbed(Kind::Original).await;
    let faults =
        [Fault::LoseAnswer, Fault::FailBefore, Fault::AnswerNothing, Fault::CrashBefore, Fault::CrashAfter];
    for seed in 0..150 {
        let world = World::new();
        let mut finished = None;
        for attempt in 0..60 {
            let layer = FaultLayer::new(FaultPlan::random(seed * 1_000 + attempt, 80, &faults));
            // Time moves while it works, so that pauses end; a crash ends the work.
            let work = layer.until_crash(create(&world, &layer, original("it")));
            let mut work = std::pin::pin!(work);
            let outcome = loop {
                match futures_util::poll!(work.as_mut()) {
                    std::task::Poll::Ready(outcome) => break outcome,
                    std::task::Poll::Pending => world.clock.advance(std::time::Duration::from_secs(1)),
                }
            };
            world.let_the_lease_end();
            if let Some(Ok(view)) = outcome
                && view.is_finished()
            {
                finished = Some(view);
                break;
            }
        }
        let what = format!("seed {seed}");
        assert_complete(&world, &finished.expect(&what), expected, &what).await;
    }
}

#[tokio::test]
async fn a_driver_that_slept_through_its_lease_cannot_write_any_more() {
    let world = World::new();
    let faults = FaultLayer::new(FaultPlan::none());
    // Stops in the middle by itself: its media does not arrive until later.
    let gate = crate::lifecycle::Gate::new("it");
    let slow = CreateAsset::new(
        lore_core::domain::asset::AssetType::DigitalArt,
        lore_core::domain::asset::AssetText::new("Work it", "A work."),
        Arc::new(gate.clone()),
    )
    .idempotency_key("it")
    .license(crate::world::remix_terms());
    // It is at work in another process, whose pin store is its own.
    let elsewhere = World { pins: Arc::new(MemoryPinStore::new(Profile::UnixFsV1_2025)), ..world.clone() };
    let mut sleeper = std::pin::pin!(create(&elsewhere, &faults, slow));
    gate.close_after(2);
    assert!(futures_util::poll!(sleeper.as_mut()).is_pending());
    assert_eq!(faults.calls_of("pin"), 1);

    world.let_the_lease_end();
    let view = world.create(original("it")).await.unwrap();
    assert!(view.is_finished());
    let after = world.counts();

    gate.open();
    assert_eq!(sleeper.await.unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(world.counts(), after);
    assert_eq!(world.assets().await.len(), 1);
}

#[tokio::test]
async fn sixteen_callers_with_one_key_make_one_asset() {
    let world = World::that_does_not_wait();
    let expected = undisturbed(Kind::Original).await;
    let all = futures_util::future::join_all((0..16).map(|_| world.create(original("it")))).await;
    let ids: std::collections::BTreeSet<_> =
        all.iter().map(|view| view.as_ref().unwrap().record.id).collect();
    assert_eq!(ids.len(), 1);
    let view = world.create(original("it")).await.unwrap();
    assert_complete(&world, &view, expected, "sixteen callers").await;
}

#[tokio::test]
async fn attempts_are_counted_across_restarts_until_the_creation_is_stuck() {
    let world = World::that_does_not_wait();
    let refuse = || FaultLayer::new(FaultPlan::every("register", Fault::FailBefore));
    let error = create(&world, &refuse(), original("it")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    let creation: lore_core::CreationId =
        error.context().iter().find(|(key, _)| *key == "creation").unwrap().1.parse().unwrap();
    let view = world.lore().creations().get(&caller(), &creation).await.unwrap();
    assert_eq!(view.record.status, CreationStatus::Stuck);
    assert_eq!(view.failure.as_ref().unwrap().kind, ErrorKind::Unavailable);
    // Asking again gives five new attempts.
    let faults = refuse();
    create(&world, &faults, original("it")).await.unwrap_err();
    assert_eq!(faults.calls_of("register"), 5);

    let asset = view.record.asset;
    let done =
        world.lore().creations().retry_registration(&caller(), &asset, &Progress::none()).await.unwrap();
    assert_complete(&world, &done, undisturbed(Kind::Original).await, "after the retry").await;
}

#[tokio::test]
async fn a_step_that_cannot_succeed_is_tried_once() {
    let world = World::that_does_not_wait();
    let faults = FaultLayer::new(FaultPlan::every(
        "register",
        Fault::Refuse(ErrorKind::InsufficientFunds, Retry::Never),
    ));
    let error: Error = create(&world, &faults, original("it")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InsufficientFunds);
    assert_eq!(faults.calls_of("register"), 1);
    assert!(error.to_string().contains("registration"), "{error}");
}
