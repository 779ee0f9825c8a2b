//! What the fault layer does to a call, and how it counts.

use std::sync::Arc;

use lore_core::{
    Error, ErrorKind, Retry,
    layer::{Fault, FaultLayer, FaultPlan, Layer, Port},
    memory::{
        cache::MemoryCache,
        clock::ManualClock,
        llm::{Reply, ScriptedLlmProvider},
    },
    port::cache::Cache,
};

use crate::{SECOND, ask, scripted};

fn bytes(text: &str) -> Arc<[u8]> {
    text.as_bytes().into()
}

fn cache() -> Arc<MemoryCache> {
    Arc::new(MemoryCache::new(Arc::new(ManualClock::default()), 1 << 20))
}

fn provider() -> ScriptedLlmProvider {
    scripted().0.model("m", [Reply::text("yes")])
}

fn class(error: &Error) -> (ErrorKind, Retry) {
    (error.kind(), error.retry())
}

#[tokio::test]
async fn a_call_that_fails_before_has_not_happened() {
    let inner = cache();
    let faulty = FaultLayer::new(FaultPlan::nth(1, Fault::FailBefore)).cache(inner.clone());
    let error = faulty.put_if_absent("k", bytes("v"), SECOND).await.unwrap_err();
    assert_eq!(class(&error), (ErrorKind::Unavailable, Retry::After(None)));
    assert_eq!(inner.get("k").await.unwrap(), None);
    assert!(faulty.put_if_absent("k", bytes("v"), SECOND).await.unwrap());
}

#[tokio::test]
async fn a_call_whose_answer_is_lost_has_happened() {
    for (op, retry) in [("put", Retry::After(None)), ("put_if_absent", Retry::Reconcile)] {
        let inner = cache();
        let faulty = FaultLayer::new(FaultPlan::nth_of(op, 1, Fault::LoseAnswer)).cache(inner.clone());
        let answer = match op {
            "put" => faulty.put("k", bytes("v"), SECOND).await,
            _ => faulty.put_if_absent("k", bytes("v"), SECOND).await.map(drop),
        };
        assert_eq!(class(&answer.unwrap_err()), (ErrorKind::Unavailable, retry));
        assert_eq!(inner.get("k").await.unwrap(), Some(bytes("v")));
    }
}

#[tokio::test]
async fn a_look_up_can_answer_as_if_nothing_was_there() {
    let inner = cache();
    inner.put("k", bytes("v"), SECOND).await.unwrap();
    let faulty = FaultLayer::new(FaultPlan::nth_of("get", 2, Fault::AnswerNothing)).cache(inner);
    assert!(faulty.get("k").await.unwrap().is_some());
    assert!(faulty.get("k").await.unwrap().is_none());
    assert!(faulty.get("k").await.unwrap().is_some());
}

#[tokio::test]
async fn a_refusal_is_the_one_that_was_planned() {
    let refusal = Fault::Refuse(ErrorKind::Unauthenticated, Retry::Never);
    let faulty = FaultLayer::new(FaultPlan::every("complete", refusal)).llm_provider(Arc::new(provider()));
    for _ in 0..2 {
        let error = faulty.complete(&ask("m")).await.unwrap_err();
        assert_eq!(class(&error), (ErrorKind::Unauthenticated, Retry::Never));
    }
}

#[tokio::test]
async fn a_crash_drops_the_work_before_or_after_the_effect() {
    for (fault, is_there) in [(Fault::CrashBefore, false), (Fault::CrashAfter, true)] {
        let inner = cache();
        let faults = FaultLayer::new(FaultPlan::nth(2, fault));
        let faulty = faults.cache(inner.clone());
        let survived = faults
            .until_crash(async {
                faulty.put("first", bytes("v"), SECOND).await?;
                faulty.put("second", bytes("v"), SECOND).await?;
                faulty.put("third", bytes("v"), SECOND).await
            })
            .await;
        assert!(survived.is_none());
        assert!(inner.get("first").await.unwrap().is_some());
        assert_eq!(inner.get("second").await.unwrap().is_some(), is_there);
        assert_eq!(inner.get("third").await.unwrap(), None);
        assert_eq!(faults.calls(), 2);
    }
}

#[tokio::test]
async fn a_crash_is_noticed_while_other_work_goes_on() {
    let faults = FaultLayer::new(FaultPlan::nth(1, Fault::CrashBefore));
    let faulty = faults.cache(cache());
    tokio::select! {
        biased;
        survived = faults.until_crash(std::future::pending::<()>()) => assert_eq!(survived, None),
        answer = faulty.remove("k") => panic!("{answer:?}"),
    }
}

#[tokio::test]
async fn work_without_a_crash_is_done() {
    let faults = FaultLayer::new(FaultPlan::none());
    let faulty = faults.cache(cache());
    assert!(faults.until_crash(faulty.remove("k")).await.unwrap().is_ok());
}

#[tokio::test]
async fn calls_are_numbered_over_all_ports_and_per_operation() {
    let faults = FaultLayer::new(FaultPlan::nth(3, Fault::FailBefore).and(FaultPlan::nth_of(
        "get",
        2,
        Fault::AnswerNothing,
    )));
    let (cache, provider) = (faults.cache(cache()), faults.llm_provider(Arc::new(provider())));
    cache.get("k").await.unwrap();
    provider.complete(&ask("m")).await.unwrap();
    cache.put("k", bytes("v"), SECOND).await.unwrap_err();
    cache.get("k").await.unwrap();
    let log: Vec<_> = faults
        .log()
        .iter()
        .map(|call| (call.number, call.number_of_op, call.port, call.op, call.fault))
        .collect();
    assert_eq!(
        log,
        [
            (1, 1, Port::Cache, "get", None),
            (2, 1, Port::LlmProvider, "complete", None),
            (3, 1, Port::Cache, "put", Some(Fault::FailBefore)),
            (4, 2, Port::Cache, "get", Some(Fault::AnswerNothing)),
        ]
    );
    assert_eq!((faults.calls(), faults.calls_of("get"), faults.calls_of("pin")), (4, 2, 0));
}

#[tokio::test]
async fn chance_is_the_same_for_the_same_seed_and_keeps_to_its_rate() {
    let run = async |seed| {
        let faults = FaultLayer::new(FaultPlan::random(seed, 250, &[Fault::FailBefore, Fault::LoseAnswer]));
        let faulty = faults.cache(cache());
        for _ in 0..1_000 {
            // Whether it failed is in the log.
            drop(faulty.get("k").await);
        }
        faults.log().iter().map(|call| call.fault).collect::<Vec<_>>()
    };
    let (first, again, other) = (run(1).await, run(1).await, run(2).await);
    assert_eq!(first, again);
    assert_ne!(first, other);
    for fault in [Fault::FailBefore, Fault::LoseAnswer] {
        let count = first.iter().filter(|seen| **seen == Some(fault)).count();
        assert!((75..=175).contains(&count), "{fault:?}: {count} of 1000");
    }
}
