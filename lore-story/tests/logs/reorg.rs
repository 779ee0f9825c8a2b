//! Chains that change: the sync goes back to the block that both have, and on from there.

use lore_core::ErrorKind;
use lore_story_testbed::{Fault, Gate, Rule};

use crate::scene::Scene;

/// A registration with its two transfers.
const EVENTS: u64 = 3;

#[tokio::test]
async fn events_of_dropped_blocks_are_taken_back_and_those_of_their_successors_come_once() {
    let test = "events_of_dropped_blocks_are_taken_back_and_those_of_their_successors_come_once";
    let Some(scene) = Scene::new(test).await else { return };
    scene.history("common", 60).await;
    for name in ["kept", "lost", "lost too"] {
        scene.register(name).await;
    }
    scene.run().await.unwrap();
    scene.check().await;
    let before = scene.stored().await;

    scene.node.reorg(2).await;
    let report = scene.run().await.unwrap();
    assert_eq!((report.dropped, report.reorganisations, report.added), (2 * EVENTS, 1, 0), "{report:?}");
    scene.check().await;
    assert_eq!(scene.stored().await, before[..before.len() - 6]);

    // The same registration again, in another block, is another event.
    for name in ["lost", "new"] {
        scene.register(name).await;
    }
    let report = scene.run().await.unwrap();
    assert_eq!((report.dropped, report.added), (0, 2 * EVENTS));
    scene.check().await;
}

#[tokio::test]
async fn another_history_from_an_early_block_on_is_followed_from_that_block() {
    let test = "another_history_from_an_early_block_on_is_followed_from_that_block";
    let Some(scene) = Scene::new(test).await else { return };
    scene.history("common", 120).await;
    let common = scene.truth().await.len();
    let snapshot = scene.node.snapshot().await;
    scene.history("first", 90).await;
    scene.run().await.unwrap();
    scene.check().await;
    let first = scene.stored().await;

    scene.node.revert(snapshot).await;
    // The clock tells the blocks apart, as miners and time would.
    scene.node.increase_time(1_000).await;
    scene.history("second", 110).await;
    let report = scene.run().await.unwrap();
    assert!(report.is_caught_up && report.reorganisations == 1, "{report:?}");
    scene.check().await;
    let second = scene.stored().await;
    assert_eq!(first[..common], second[..common]);
    assert!(first[common..].iter().all(|lost| !second.contains(lost)));
    assert!(report.dropped >= (first.len() - common) as u64, "{report:?}");
}

#[tokio::test]
async fn a_chain_that_changes_while_it_is_read_gives_no_mixture() {
    let test = "a_chain_that_changes_while_it_is_read_gives_no_mixture";
    let Some(mut scene) = Scene::new(test).await else { return };
    // Both ways of reading: by ranges and block by block.
    scene.history("common", 80).await;
    for (number, method) in ["eth_getLogs", "eth_getBlockByNumber"].into_iter().enumerate() {
        for nth in 1..=12 {
            scene.store = std::sync::Arc::default();
            scene.proxy.clear();
            let gate = Gate::new();
            let held = scene.proxy.add(Rule::on(method).nth(nth), Fault::HoldAnswer(gate.clone()));
            let sync = scene.sync(scene.source(0));
            let run = tokio::spawn(async move { sync.run_once().await });
            let start = std::time::Instant::now();
            while scene.proxy.fired(held) == 0 && !run.is_finished() {
                assert!(start.elapsed().as_secs() < 20, "{method} {nth}");
                tokio::time::sleep(std::time::Duration::from_millis(2)).await;
            }
            scene.node.reorg(3).await;
            scene.register(&format!("after-{number}-{nth}")).await;
            gate.open();
            match run.await.unwrap() {
                Ok(_) => {}
                Err(error) => assert_eq!(error.kind(), ErrorKind::Unavailable, "{method} {nth}: {error:?}"),
            }
            scene.proxy.clear();
            let report = scene.run().await.unwrap();
            assert!(report.is_caught_up, "{report:?}");
            scene.check().await;
        }
    }
}
