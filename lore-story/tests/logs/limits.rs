//! Nodes that limit what `eth_getLogs` may ask for, each in its own words.

use lore_story_testbed::{Fault, LogsDialect, LogsLimit, Rule};

use crate::scene::Scene;

#[tokio::test]
async fn every_event_is_read_once_within_the_limits_of_every_service() {
    let Some(mut scene) = Scene::new("every_event_is_read_once_within_the_limits_of_every_service").await
    else {
        return;
    };
    scene.history("limited", 700).await;
    let truth = scene.truth().await;
    let mut lines = Vec::new();
    for dialect in LogsDialect::ALL {
        let limits = [
            ("7 blocks", LogsLimit::blocks(7, dialect)),
            ("100 blocks", LogsLimit::blocks(100, dialect)),
            // A registration alone has five that are asked for.
            ("6 logs", LogsLimit::logs(6, dialect)),
        ];
        for (name, limit) in limits {
            scene.store = std::sync::Arc::default();
            scene.proxy.forget();
            let rule = scene.proxy.add(Rule::on("eth_getLogs"), Fault::LogsLimit(limit));
            let report = scene.run().await.unwrap_or_else(|error| panic!("{dialect:?}, {name}: {error:?}"));
            assert!(report.is_caught_up, "{dialect:?}, {name}: {report:?}");
            assert_eq!(scene.stored().await, truth, "{dialect:?}, {name}");
            assert!(scene.proxy.fired(rule) > 0);
            lines.push(format!(
                "{dialect:?}, {name}: {} batches, {} requests for logs",
                report.batches,
                scene.proxy.count("eth_getLogs")
            ));
            scene.proxy.remove(rule);
        }
    }
    println!("{}", lines.join("\n"));
}

#[tokio::test]
async fn a_limit_that_comes_and_goes_costs_requests_and_no_events() {
    let Some(scene) = Scene::new("a_limit_that_comes_and_goes_costs_requests_and_no_events").await else {
        return;
    };
    scene.history("moody", 500).await;
    let tight = Fault::LogsLimit(LogsLimit::blocks(3, LogsDialect::Silent));
    scene.proxy.add(Rule::on("eth_getLogs").first(40), tight);
    let later = Fault::LogsLimit(LogsLimit::blocks(60, LogsDialect::PublicNode));
    scene.proxy.add(Rule::on("eth_getLogs").from_nth(60), later);
    // One process all the time: it must find out by itself that more is possible.
    let report = scene.sync(scene.source(0)).run_once().await.unwrap();
    assert!(report.is_caught_up, "{report:?}");
    scene.check().await;
}

#[tokio::test]
async fn a_node_that_refuses_a_single_block_is_an_error_and_not_an_end() {
    let Some(scene) = Scene::new("a_node_that_refuses_a_single_block_is_an_error_and_not_an_end").await
    else {
        return;
    };
    scene.history("refused", 60).await;
    let never =
        scene.proxy.add(Rule::on("eth_getLogs"), Fault::error(-32005, "query returned more than 0 results"));
    let error = scene.run().await.unwrap_err();
    assert_eq!(error.kind(), lore_core::ErrorKind::InvalidInput, "{error:?}");
    assert!(scene.stored().await.is_empty());
    // From a thousand blocks down to one, and not for ever.
    assert!(scene.proxy.count("eth_getLogs") < 30, "{}", scene.proxy.count("eth_getLogs"));
    scene.proxy.remove(never);
    scene.run().await.unwrap();
    scene.check().await;
}
