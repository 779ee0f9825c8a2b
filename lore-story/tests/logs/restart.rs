//! Runs that end in the middle, and processes that go on.

use std::sync::Arc;

use lore_core::{ChainId, port::chain_events::ChainEventStore as _};
use lore_story_testbed::{Fault, LogsDialect, LogsLimit, Proxy, Rule, number};

use crate::scene::Scene;

/// The first blocks of the ranges that were asked for.
fn starts(proxy: &Proxy) -> Vec<u64> {
    let calls = proxy.calls().into_iter().filter(|call| call.method == "eth_getLogs");
    let filters = calls.map(|call| call.params[0]["fromBlock"].clone());
    filters.filter(|from| !from.is_null()).map(|from| number(&from)).collect()
}

#[tokio::test]
async fn a_new_process_goes_on_where_the_stored_cursor_is() {
    let Some(scene) = Scene::new("a_new_process_goes_on_where_the_stored_cursor_is").await else { return };
    scene.history("long", 400).await;
    let limit = LogsLimit::blocks(20, LogsDialect::Alchemy);
    scene.proxy.add(Rule::on("eth_getLogs"), Fault::LogsLimit(limit));
    let mut runs = 0;
    loop {
        let cursor = scene.store.event_cursor(ChainId::AENEID).await.unwrap();
        let from = cursor.map_or(0, |cursor| cursor.next_block());
        scene.proxy.forget();
        // Everything but the store is new each time.
        let report = scene.sync(scene.source(0)).with_max_batches(3).run_once().await.unwrap();
        runs += 1;
        let starts = starts(&scene.proxy);
        assert!(starts.iter().all(|start| *start >= from), "from {from}: {starts:?}");
        if report.is_caught_up {
            break;
        }
        assert_eq!(report.batches, 3);
    }
    assert!(runs > 4, "{runs} runs");
    scene.check().await;
}

#[tokio::test]
async fn a_run_that_fails_in_the_middle_keeps_what_it_applied_and_reads_none_of_it_again() {
    let test = "a_run_that_fails_in_the_middle_keeps_what_it_applied_and_reads_none_of_it_again";
    let Some(mut scene) = Scene::new(test).await else { return };
    scene.history("broken", 300).await;
    let faults = [Fault::drop_request(), Fault::drop_answer(), Fault::status(503), Fault::text("<html>")];
    for (fault, nth) in faults.into_iter().flat_map(|fault| [(fault.clone(), 9), (fault, 30)]) {
        scene.store = Arc::default();
        scene.proxy.clear();
        scene.proxy.forget();
        let limit = LogsLimit::blocks(20, LogsDialect::QuickNode);
        let broken = scene.proxy.add(Rule::on("eth_getLogs").nth(nth), fault.clone());
        scene.proxy.add(Rule::on("eth_getLogs"), Fault::LogsLimit(limit));
        let error = scene.run().await.unwrap_err();
        assert_eq!(error.kind(), lore_core::ErrorKind::Unavailable, "{fault:?} {error:?}");
        assert_eq!(scene.proxy.fired(broken), 1);
        let kept = scene.stored().await;
        let from =
            scene.store.event_cursor(ChainId::AENEID).await.unwrap().map_or(0, |cursor| cursor.next_block());
        scene.proxy.forget();
        let report = scene.run().await.unwrap();
        assert!(starts(&scene.proxy).iter().all(|start| *start >= from));
        scene.check().await;
        assert_eq!(usize::try_from(report.added).unwrap() + kept.len(), scene.stored().await.len());
    }
}

#[tokio::test]
async fn two_processes_at_once_keep_each_event_once() {
    let Some(scene) = Scene::new("two_processes_at_once_keep_each_event_once").await else { return };
    scene.history("shared", 300).await;
    let limit = LogsLimit::blocks(15, LogsDialect::Ankr);
    scene.proxy.add(Rule::on("eth_getLogs"), Fault::LogsLimit(limit));
    let (one, two) = (scene.sync(scene.source(0)), scene.sync(scene.source(0)));
    let (one, two) = tokio::join!(one.run_once(), two.run_once());
    let (one, two) = (one.unwrap(), two.unwrap());
    assert!(one.is_caught_up && two.is_caught_up, "{one:?} {two:?}");
    assert_eq!(one.added + two.added, scene.truth().await.len() as u64);
    scene.check().await;
}
