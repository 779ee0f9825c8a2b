//! Two processes with one key.

use std::{sync::Arc, time::Duration};

use lore_core::{Clock as _, SystemClock};
use lore_core::{ErrorKind, ids::HolderId, port::transactions::TransactionStore};
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
    // It slept between its lease and its transaction, and somebody took the lane over.
    let store = Arc::clone(&scene.store) as Arc<dyn TransactionStore>;
    let stopping = StoppingStore::new(store, Stop::AfterInsert);
    let sleeper = scene.lane_over(stopping.clone());
    let (key, call) = (key("song"), scene.mint("song"));
    {
        let work = std::pin::pin!(sleeper.execute(&key, &call));
        tokio::select! {
            done = work => panic!("too early: {done:?}"),
            () = stopping.reached() => {}
        }
    }
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
