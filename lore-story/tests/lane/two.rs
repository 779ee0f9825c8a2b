//! Two processes with one key.

use std::{sync::Arc, time::Duration};

use alloy::primitives::Bytes;
use lore_core::{
    Clock as _, ErrorKind, SystemClock,
    ids::HolderId,
    port::transactions::{StoredTransaction, TransactionStore},
};
use lore_story_testbed::Mining;

use super::{
    double::{Stop, StoppingStore},
    scene::{SIGNER, Scene, key},
};

#[tokio::test]
async fn two_lanes_share_a_key_through_one_store() {
    let Some(scene) =
        Scene::new("two_lanes_share_a_key_through_one_store", Mining::Every(Duration::from_millis(250)))
            .await
    else {
        return;
    };
    let lanes = [scene.lane(), scene.lane()];
    let calls = (0..40_usize).map(|number| {
        let lane = &lanes[number % 2];
        // Every fourth is wanted by both.
        let name = format!("song{}", if number % 4 == 3 { number - 1 } else { number });
        let call = scene.mint(&name);
        async move { lane.execute(&key(&name), &call).await }
    });
    for result in futures_util::future::join_all(calls).await {
        result.unwrap();
    }
    assert_eq!((scene.mints().await, scene.gaps().await, scene.node.nonce(SIGNER).await), (30, 0, 30));
}

#[tokio::test]
async fn a_held_lane_is_waited_for_and_then_refused() {
    let Some(mut scene) = Scene::new("a_held_lane_is_waited_for_and_then_refused", Mining::Auto).await else {
        return;
    };
    scene.policy.lease_wait_ms = 200;
    let lane = scene.lane();
    let holder = HolderId::generate(&SystemClock).unwrap();
    let held = scene
        .store
        .acquire_lane(&lane.id(), holder, SystemClock.now(), Duration::from_secs(60))
        .await
        .unwrap();
    let error = lane.execute(&key("song"), &scene.mint("song")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
    scene.store.release_lane(&held).await.unwrap();
    lane.execute(&key("song"), &scene.mint("song")).await.unwrap();
    assert_eq!(scene.mints().await, 1);
}

#[tokio::test]
async fn a_replaced_holder_sends_nothing() {
    let Some(scene) = Scene::new("a_replaced_holder_sends_nothing", Mining::Auto).await else { return };
    // It slept between its transaction and the sending, and somebody took the lane over.
    dies_after_storing(&scene, "song").await;
    let (key, call) = (key("song"), scene.mint("song"));
    // The other one finds what was stored, and brings it to its end.
    let receipt = scene.lane().execute(&key, &call).await.unwrap();
    assert_eq!(scene.lane().find(&key).await.unwrap(), Some(receipt));
    assert_eq!((scene.mints().await, scene.node.nonce(SIGNER).await), (1, 1));
}

#[tokio::test]
async fn what_a_dead_process_left_is_finished_in_the_order_of_nonces() {
    let test = "what_a_dead_process_left_is_finished_in_the_order_of_nonces";
    let Some(scene) = Scene::new(test, Mining::Auto).await else { return };
    let dead = scene.lane();
    let rule = scene.proxy.add(
        lore_story_testbed::Rule::on("eth_sendRawTransaction"),
        lore_story_testbed::Fault::drop_request(),
    );
    let calls = (0..5).map(|number| {
        let name = format!("song{number}");
        let call = scene.mint(&name);
        let dead = &dead;
        async move { dead.execute(&key(&name), &call).await }
    });
    let dies = tokio::time::timeout(Duration::from_millis(800), futures_util::future::join_all(calls));
    assert!(dies.await.is_err(), "nothing can be sent");
    scene.proxy.remove(rule);
    let heir = scene.lane();
    assert_eq!(heir.status().await.unwrap().open.len(), 5);
    heir.resume().await.unwrap();
    assert_eq!(heir.status().await.unwrap().open, []);
    assert_eq!((scene.mints().await, scene.gaps().await, scene.node.nonce(SIGNER).await), (5, 0, 5));
}

/// How often something was sent. All of it must be in what is stored: if it is mined, nobody else would know whose it is.
fn sends(scene: &Scene, stored: &[&StoredTransaction]) -> usize {
    let calls = scene.proxy.calls().into_iter().filter(|call| call.method == "eth_sendRawTransaction");
    let sent: Vec<Bytes> = calls.map(|call| call.params[0].as_str().unwrap().parse().unwrap()).collect();
    for raw in &sent {
        let mut attempts = stored.iter().flat_map(|each| &each.attempts);
        assert!(attempts.any(|attempt| attempt.raw == *raw), "something was sent that is not stored");
    }
    sent.len()
}

#[tokio::test]
async fn a_holder_that_slept_before_it_stored_takes_another_nonce() {
    let test = "a_holder_that_slept_before_it_stored_takes_another_nonce";
    let Some(scene) = Scene::new(test, Mining::Auto).await else { return };
    let store = Arc::clone(&scene.store) as Arc<dyn TransactionStore>;
    let stopping = StoppingStore::new(store, Stop::BeforeInsert);
    let sleeper = scene.lane_over(stopping.clone());
    let (slow, quick) = (key("slow"), key("quick"));
    let call = scene.mint("slow");
    let mut work = std::pin::pin!(sleeper.execute(&slow, &call));
    tokio::select! {
        done = &mut work => panic!("too early: {done:?}"),
        () = stopping.reached() => {}
    }
    // Its lease ends, and somebody else gives out the nonce that it has signed for.
    let other = scene.lane();
    other.execute(&quick, &scene.mint("quick")).await.unwrap();
    stopping.go_on();
    work.await.unwrap();
    let stored = |key| {
        let (store, lane) = (&scene.store, other.id());
        async move { store.transaction_by_key(&lane, key).await.unwrap().unwrap() }
    };
    let (slow, quick) = (stored(&slow).await, stored(&quick).await);
    assert_eq!((quick.nonce, slow.nonce), (0, 1));
    assert_eq!(sends(&scene, &[&slow, &quick]), 2);
    assert_eq!((scene.mints().await, scene.gaps().await, scene.node.nonce(SIGNER).await), (2, 0, 2));
}

#[tokio::test]
async fn a_holder_that_slept_before_it_stored_a_replacement_does_not_send_it() {
    let test = "a_holder_that_slept_before_it_stored_a_replacement_does_not_send_it";
    let Some(mut scene) = Scene::new(test, Mining::Manual).await else { return };
    scene.policy.stall_after_ms = 100;
    let store = Arc::clone(&scene.store) as Arc<dyn TransactionStore>;
    let stopping = StoppingStore::new(store, Stop::BeforeAttempt);
    let sleeper = scene.lane_over(stopping.clone());
    scene.policy.stall_after_ms = 60_000;
    let other = scene.lane();
    let (key, call) = (key("song"), scene.mint("song"));
    let mut work = std::pin::pin!(sleeper.execute(&key, &call));
    tokio::select! {
        done = &mut work => panic!("too early: {done:?}"),
        () = stopping.reached() => {}
    }
    // Somebody else takes the lane over, with what is stored.
    let mut taken_over = std::pin::pin!(other.execute(&key, &call));
    let is_held = async {
        while !other.status().await.unwrap().is_held {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        done = &mut taken_over => panic!("too early: {done:?}"),
        () = is_held => {}
    }
    stopping.go_on();
    let pause = tokio::time::sleep(Duration::from_millis(300));
    tokio::select! {
        done = &mut work => panic!("too early: {done:?}"),
        done = &mut taken_over => panic!("too early: {done:?}"),
        () = pause => {}
    }
    scene.node.set_automine(true).await;
    scene.node.mine(1).await;
    let (first, second) = tokio::join!(work, taken_over);
    assert_eq!(first.unwrap(), second.unwrap());
    let stored = scene.store.transaction_by_key(&other.id(), &key).await.unwrap().unwrap();
    sends(&scene, &[&stored]);
    assert_eq!((scene.mints().await, scene.gaps().await, scene.node.nonce(SIGNER).await), (1, 0, 1));
}

#[tokio::test]
async fn a_holder_that_slept_after_it_stored_learns_that_it_was_replaced() {
    let test = "a_holder_that_slept_after_it_stored_learns_that_it_was_replaced";
    let Some(scene) = Scene::new(test, Mining::Manual).await else { return };
    let (first, second) = (key("first"), key("second"));
    let (call_first, call_second) = (scene.mint("first"), scene.mint("second"));
    dies_after_storing(&scene, "first").await;
    let store = Arc::clone(&scene.store) as Arc<dyn TransactionStore>;
    let stopping = StoppingStore::new(store, Stop::AfterInsert);
    let sleeper = scene.lane_over(stopping.clone());
    let mut work_first = std::pin::pin!(sleeper.execute(&first, &call_first));
    tokio::select! {
        done = &mut work_first => panic!("too early: {done:?}"),
        () = scene.waiting(1) => {}
    }
    let mut work_second = std::pin::pin!(sleeper.execute(&second, &call_second));
    tokio::select! {
        done = &mut work_first => panic!("too early: {done:?}"),
        done = &mut work_second => panic!("too early: {done:?}"),
        () = stopping.reached() => {}
    }
    // Nothing of it moves until its lease has ended and somebody else has finished everything.
    scene.node.set_automine(true).await;
    scene.node.mine(1).await;
    scene.lane().resume().await.unwrap();
    assert_eq!(scene.mints().await, 2);
    work_first.await.unwrap();
    stopping.go_on();
    let woken = tokio::time::timeout(Duration::from_secs(5), work_second).await;
    woken.expect("it does not wait for what is over").unwrap();
    assert_eq!((scene.mints().await, scene.gaps().await, scene.node.nonce(SIGNER).await), (2, 0, 2));
}

#[tokio::test]
async fn a_new_call_goes_behind_what_a_dead_process_left() {
    let test = "a_new_call_goes_behind_what_a_dead_process_left";
    let Some(scene) = Scene::new(test, Mining::Auto).await else { return };
    dies_after_storing(&scene, "left").await;
    let lane = scene.lane();
    lane.execute(&key("new"), &scene.mint("new")).await.unwrap();
    lane.resume().await.unwrap();
    let nonce = |name| {
        let (store, id, key) = (&scene.store, lane.id(), key(name));
        async move { store.transaction_by_key(&id, &key).await.unwrap().unwrap().nonce }
    };
    assert_eq!((nonce("left").await, nonce("new").await), (0, 1));
    assert_eq!((scene.mints().await, scene.gaps().await, scene.node.nonce(SIGNER).await), (2, 0, 2));
}

/// A process that dies with a call stored and not sent.
async fn dies_after_storing(scene: &Scene, name: &str) {
    let store = Arc::clone(&scene.store) as Arc<dyn TransactionStore>;
    let stopping = StoppingStore::new(store, Stop::AfterInsert);
    let (lane, key, call) = (scene.lane_over(stopping.clone()), key(name), scene.mint(name));
    tokio::select! {
        done = lane.execute(&key, &call) => panic!("too early: {done:?}"),
        () = stopping.reached() => {}
    }
}
