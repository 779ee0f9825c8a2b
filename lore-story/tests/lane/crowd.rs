//! Many calls at once.

use std::time::Duration;

use futures_util::future::try_join_all;
use lore_core::ErrorKind;
use lore_story_testbed::{Fault, Mining, Rule};

use super::scene::{SIGNER, Scene, key};

async fn register(scene: &Scene, lane: &lore_story::tx::Lane, count: u32) {
    let work = (0..count).map(|number| {
        let name = format!("song{number}");
        let call = scene.mint(&name);
        async move { lane.execute(&key(&name), &call).await }
    });
    let receipts = try_join_all(work).await.unwrap();
    assert_eq!(receipts.len(), count as usize);
}

#[tokio::test]
async fn a_hundred_calls_share_few_blocks() {
    let Some(scene) =
        Scene::new("a_hundred_calls_share_few_blocks", Mining::Every(Duration::from_secs(1))).await
    else {
        return;
    };
    let before = scene.node.block_number().await;
    register(&scene, &scene.lane(), 100).await;
    let blocks = scene.node.block_number().await - before;
    let mined = scene.node.mined(SIGNER).await;
    let nonces: Vec<u64> = mined.iter().map(|each| each.nonce).collect();
    assert_eq!(nonces, (0..100).collect::<Vec<u64>>());
    assert_eq!((scene.mints().await, scene.gaps().await), (100, 0));
    assert!(blocks <= 12, "{blocks} blocks");
}

#[tokio::test]
async fn a_registration_costs_at_most_four_requests() {
    let Some(mut scene) =
        Scene::new("a_registration_costs_at_most_four_requests", Mining::Every(Duration::from_secs(1))).await
    else {
        return;
    };
    scene.policy.poll_interval_ms = 250;
    scene.policy.rebroadcast_after_ms = 10_000;
    scene.policy.lease_ttl_ms = 30_000;
    let lane = scene.lane();
    scene.proxy.forget();
    register(&scene, &lane, 50).await;
    let counts = scene.proxy.counts();
    let total = scene.proxy.total();
    println!("50 pipelined calls: {total} requests, {:.2} each; {counts:?}", total as f64 / 50.0);
    assert!(total <= 4 * 50, "{counts:?}");
    assert_eq!(scene.mints().await, 50);
}

#[tokio::test]
async fn a_lane_goes_on_through_an_unreliable_network() {
    let Some(scene) =
        Scene::new("a_lane_goes_on_through_an_unreliable_network", Mining::Every(Duration::from_millis(300)))
            .await
    else {
        return;
    };
    // Two of seven requests are lost on the way there or back.
    for (nth, fault) in [(3, Fault::drop_request()), (5, Fault::drop_answer())] {
        for turn in 0..60 {
            let fault = fault.clone();
            scene.proxy.add(Rule::on("eth_sendRawTransaction").nth(nth + 7 * turn), fault.clone());
            scene.proxy.add(Rule::on("eth_getBlockByNumber").nth(nth + 7 * turn), fault);
        }
    }
    let lane = scene.lane();
    let work = (0..40).map(|number| {
        let (name, lane) = (format!("song{number}"), &lane);
        let call = scene.mint(&name);
        async move {
            // Before anything is signed a lost answer is the caller's business, who may always ask again.
            while let Err(error) = lane.execute(&key(&name), &call).await {
                assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
            }
        }
    });
    let done = futures_util::future::join_all(work);
    tokio::time::timeout(Duration::from_secs(60), done).await.expect("no call hangs");
    assert_eq!((scene.mints().await, scene.gaps().await), (40, 0));
    assert_eq!(scene.node.nonce(SIGNER).await, 40);
}

#[tokio::test]
async fn more_calls_than_fit_wait_their_turn() {
    let Some(mut scene) = Scene::new("more_calls_than_fit_wait_their_turn", Mining::Auto).await else {
        return;
    };
    scene.policy.max_in_flight = 3;
    register(&scene, &scene.lane(), 20).await;
    assert_eq!(scene.mints().await, 20);
}

#[tokio::test]
async fn dropped_calls_leave_a_lane_that_works() {
    let Some(scene) = Scene::new("dropped_calls_leave_a_lane_that_works", Mining::Auto).await else { return };
    let lane = scene.lane();
    for number in 0..30_u64 {
        let name = format!("song{number}");
        let (key, call) = (key(&name), scene.mint(&name));
        let work = lane.execute(&key, &call);
        // Sooner and later, until some get through.
        drop(tokio::time::timeout(Duration::from_millis(2 * number), work).await);
    }
    register(&scene, &lane, 30).await;
    assert_eq!((scene.mints().await, scene.gaps().await), (30, 0));
    assert_eq!(scene.node.nonce(SIGNER).await, 30);
}
