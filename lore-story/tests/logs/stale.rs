//! Nodes that are behind, as one of several behind one address can be.

use lore_core::{ChainId, ErrorKind, port::chain_events::ChainEventStore as _};
use lore_story_testbed::{Fault, Lag, Rule};

use crate::scene::Scene;

#[tokio::test]
async fn logs_from_a_node_that_is_behind_skip_no_block() {
    let Some(mut scene) = Scene::new("logs_from_a_node_that_is_behind_skip_no_block").await else { return };
    scene.history("behind", 90).await;
    for name in ["last", "very last"] {
        scene.register(name).await;
    }
    for lag in [1, 2, 5, 20, 31] {
        scene.store = std::sync::Arc::default();
        scene.proxy.clear();
        // Heads come from a node that is up to date, logs from one that is not.
        let rule = scene.proxy.add(Rule::on("eth_getLogs"), Fault::Lag(Lag::Behind(lag)));
        for _ in 0..3 {
            let error = scene.run().await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unavailable, "{lag}: {error:?}");
        }
        assert!(scene.proxy.fired(rule) > 0);
        let head = scene.node.block_number().await;
        let next = scene.store.event_cursor(ChainId::AENEID).await.unwrap().unwrap().next_block();
        assert!(next <= head + 1 - lag, "{lag} behind, and {next} is next of {head}");
        scene.proxy.remove(rule);
        scene.run().await.unwrap();
        scene.check().await;
    }
}

#[tokio::test]
async fn every_second_answer_from_a_node_that_is_behind_costs_runs_and_no_events() {
    let test = "every_second_answer_from_a_node_that_is_behind_costs_runs_and_no_events";
    let Some(scene) = Scene::new(test).await else { return };
    let turn = std::sync::atomic::AtomicU64::new(0);
    scene.history("turns", 60).await;
    let rule = Rule::any().when(move |_| turn.fetch_add(1, std::sync::atomic::Ordering::SeqCst) % 7 == 3);
    let rule = scene.proxy.add(rule, Fault::Lag(Lag::Behind(3)));
    for number in 0..30 {
        scene.register(&format!("turn-{number}")).await;
        match scene.run().await {
            Ok(_) => {}
            Err(error) => assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}"),
        }
        // Nothing is ever in the store that the chain does not have, nor with a hole before it.
        let (stored, truth) = (scene.stored().await, scene.truth().await);
        assert_eq!(stored, truth[..stored.len()]);
    }
    assert!(scene.proxy.fired(rule) > 20);
    scene.proxy.clear();
    scene.run().await.unwrap();
    scene.check().await;
}

#[tokio::test]
async fn a_node_that_is_behind_the_cursor_takes_nothing_back() {
    let Some(scene) = Scene::new("a_node_that_is_behind_the_cursor_takes_nothing_back").await else { return };
    scene.history("known", 60).await;
    scene.run().await.unwrap();
    let known = scene.stored().await;
    let cursor = scene.store.event_cursor(ChainId::AENEID).await.unwrap();
    let rule = scene.proxy.add(Rule::any(), Fault::Lag(Lag::Behind(10)));
    let error = scene.run().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
    assert!(scene.proxy.fired(rule) > 0);
    assert_eq!(scene.stored().await, known);
    assert_eq!(scene.store.event_cursor(ChainId::AENEID).await.unwrap(), cursor);
    scene.proxy.clear();
    let report = scene.run().await.unwrap();
    assert_eq!((report.added, report.dropped, report.is_caught_up), (0, 0, true));
}

#[tokio::test]
async fn blocks_without_enough_confirmations_wait() {
    let Some(scene) = Scene::new("blocks_without_enough_confirmations_wait").await else { return };
    scene.history("deep", 60).await;
    scene.register("newest").await;
    let confirmed = |scene: &Scene| scene.sync(scene.source(4));
    confirmed(&scene).run_once().await.unwrap();
    let head = scene.node.block_number().await;
    let next = scene.store.event_cursor(ChainId::AENEID).await.unwrap().unwrap().next_block();
    assert_eq!(next, head - 3);
    scene.node.mine(4).await;
    confirmed(&scene).run_once().await.unwrap();
    scene.check().await;
}
