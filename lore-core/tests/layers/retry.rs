//! What the retry layer repeats, when, and how it gives up.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use lore_core::{
    Clock, ErrorKind, Retry,
    layer::{Backoff, FaultLayer, FaultPlan, Layer, RetryLayer, TimeoutLayer},
    memory::{
        clock::ManualClock,
        llm::{Reply, ScriptedLlmProvider},
    },
};

use crate::{SECOND, ask, scripted};

const UNAVAILABLE: Reply = Reply::failure(ErrorKind::Unavailable, Retry::After(None));

fn retrying(clock: &ManualClock) -> RetryLayer {
    RetryLayer::default().clock(Arc::new(clock.clone())).backoff(Backoff::new(SECOND, 8 * SECOND).seed(1))
}

#[tokio::test]
async fn what_surely_did_not_happen_is_repeated_until_it_succeeds() {
    let (provider, clock) = scripted();
    let provider = provider.model("m", [UNAVAILABLE, UNAVAILABLE, Reply::text("yes")]);
    let layered = retrying(&clock).llm_provider(Arc::new(provider.clone()));
    assert_eq!(layered.complete(&ask("m")).await.unwrap().text, "yes");
    assert_eq!(provider.calls(), 3);
}

#[tokio::test]
async fn when_no_attempt_is_left_the_last_failure_says_how_many_there_were() {
    let (provider, clock) = scripted();
    let provider = provider.model("m", [UNAVAILABLE]);
    let layered = retrying(&clock).max_attempts(3).llm_provider(Arc::new(provider.clone()));
    let error = layered.complete(&ask("m")).await.unwrap_err();
    assert_eq!((error.kind(), error.retry()), (ErrorKind::Unavailable, Retry::Exhausted));
    assert_eq!(error.context().last(), Some(&("attempts", "3".to_owned())));
    assert_eq!(provider.calls(), 3);
}

#[tokio::test]
async fn nothing_else_is_repeated() {
    for (kind, retry) in [
        (ErrorKind::Unavailable, Retry::Reconcile),
        (ErrorKind::Unavailable, Retry::Exhausted),
        (ErrorKind::NotFound, Retry::Never),
        // The same request cannot win; whoever makes another one may.
        (ErrorKind::Conflict, Retry::After(Some(SECOND))),
    ] {
        let (provider, clock) = scripted();
        let provider = provider.model("m", [Reply::failure(kind, retry)]);
        let layered = retrying(&clock).llm_provider(Arc::new(provider.clone()));
        let error = layered.complete(&ask("m")).await.unwrap_err();
        assert_eq!((error.kind(), error.retry()), (kind, retry));
        assert_eq!((provider.calls(), clock.monotonic()), (1, Duration::ZERO), "{kind} {retry:?}");
    }
}

#[tokio::test]
async fn pauses_grow_are_bounded_and_differ() {
    let backoff = Backoff::new(SECOND, 8 * SECOND).seed(7);
    for (attempts, most) in [(1, 1), (2, 2), (3, 4), (4, 8), (5, 8), (400, 8)] {
        let pauses: Vec<Duration> = (0..64).map(|_| backoff.pause(attempts)).collect();
        let longest = pauses.iter().max().unwrap();
        assert!(*longest <= most * SECOND, "{attempts}: {longest:?}");
        assert!(*longest > most * SECOND / 2, "{attempts}: never near its bound: {longest:?}");
        assert!(pauses.iter().any(|pause| *pause < most * SECOND / 2), "{attempts}: no jitter");
    }
}

#[tokio::test]
async fn a_longer_pause_that_the_failure_asks_for_is_honoured() {
    let (provider, clock) = scripted();
    let limited = Reply::failure(ErrorKind::RateLimited, Retry::After(Some(40 * SECOND)));
    let provider = provider.model("m", [limited, Reply::text("yes")]);
    let layered = retrying(&clock).llm_provider(Arc::new(provider));
    layered.complete(&ask("m")).await.unwrap();
    assert_eq!(clock.monotonic(), 40 * SECOND);
}

#[tokio::test]
async fn no_attempt_starts_after_the_time_for_all_of_them() {
    let (provider, clock) = scripted();
    let limited = Reply::failure(ErrorKind::RateLimited, Retry::After(Some(40 * SECOND)));
    let provider = provider.model("m", [limited]);
    let layered = retrying(&clock).max_total(100 * SECOND).llm_provider(Arc::new(provider.clone()));
    let error = layered.complete(&ask("m")).await.unwrap_err();
    assert_eq!(error.retry(), Retry::Exhausted);
    // At 0, 40 and 80 seconds; the next would have been at 120, and nobody waits for it.
    assert_eq!((provider.calls(), clock.monotonic()), (3, 80 * SECOND));
}

#[tokio::test]
async fn a_call_dropped_during_a_pause_makes_no_further_attempt() {
    let clock = ManualClock::default();
    let provider = ScriptedLlmProvider::new("scripted", Arc::new(clock.clone())).model("m", [UNAVAILABLE]);
    let layered = retrying(&clock).llm_provider(Arc::new(provider.clone()));
    let request = ask("m");
    tokio::select! {
        biased;
        answer = layered.complete(&request) => panic!("{answer:?}"),
        () = clock.until_sleeping(1) => {}
    }
    assert_eq!(clock.sleepers(), 0);
    clock.advance(100 * SECOND);
    assert_eq!(provider.calls(), 1);
}

#[tokio::test]
async fn each_attempt_has_its_own_timeout() {
    let (provider, clock) = scripted();
    let starts = Arc::new(Mutex::new(Vec::new()));
    let provider = provider.model_by("m", {
        let (starts, clock) = (starts.clone(), clock.clone());
        move |_| {
            let mut starts = starts.lock().unwrap();
            starts.push(clock.monotonic());
            Reply::text("yes").after(if starts.len() == 1 { 90 * SECOND } else { 50 * SECOND })
        }
    });
    let timeout = TimeoutLayer::default().clock(Arc::new(clock.clone()));
    let layered = retrying(&clock).llm_provider(timeout.llm_provider(Arc::new(provider)));
    assert_eq!(layered.complete(&ask("m")).await.unwrap().text, "yes");
    let starts = starts.lock().unwrap();
    assert_eq!((starts.len(), starts[0]), (2, Duration::ZERO));
    assert!((60 * SECOND..=61 * SECOND).contains(&starts[1]), "{starts:?}");
}

#[tokio::test]
async fn each_attempt_is_a_call_of_its_own_below_the_layer() {
    let (provider, clock) = scripted();
    let faults = FaultLayer::new(FaultPlan::none());
    let provider = provider.model("m", [UNAVAILABLE, Reply::text("yes")]);
    let layered = retrying(&clock).llm_provider(faults.llm_provider(Arc::new(provider)));
    layered.complete(&ask("m")).await.unwrap();
    assert_eq!(faults.calls_of("complete"), 2);
}
