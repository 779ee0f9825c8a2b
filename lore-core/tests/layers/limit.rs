//! How many calls the limit layer lets through at once.

use std::{num::NonZeroUsize, sync::Arc};

use futures_util::{FutureExt, future::join_all};
use lore_core::{
    Clock,
    layer::{Layer, LimitLayer, Port},
    memory::{
        clock::ManualClock,
        llm::{Reply, ScriptedLlmProvider},
    },
};

use crate::{SECOND, ask};

fn slow_provider(clock: &ManualClock) -> ScriptedLlmProvider {
    ScriptedLlmProvider::new("scripted", Arc::new(clock.clone()))
        .model("m", [Reply::text("yes").after(SECOND)])
}

fn places(count: usize) -> NonZeroUsize {
    NonZeroUsize::new(count).unwrap()
}

#[tokio::test]
async fn no_more_calls_than_allowed_run_at_once() {
    let clock = ManualClock::default().auto_advance();
    let provider = slow_provider(&clock);
    let layered = LimitLayer::new(places(2)).llm_provider(Arc::new(provider.clone()));
    let request = ask("m");
    let answers = join_all((0..6).map(|_| layered.complete(&request))).await;
    assert!(answers.iter().all(Result::is_ok));
    // Six calls of one second, two at a time.
    assert_eq!((provider.calls(), clock.monotonic()), (6, 3 * SECOND));
}

#[tokio::test]
async fn the_adapters_that_one_layer_wraps_share_its_places_and_ports_do_not() {
    let clock = ManualClock::default();
    let layer = LimitLayer::new(places(9)).port(Port::LlmProvider, places(1));
    let (first, second) = (slow_provider(&clock), slow_provider(&clock));
    let (one, other) =
        (layer.llm_provider(Arc::new(first.clone())), layer.llm_provider(Arc::new(second.clone())));
    let request = ask("m");
    let mut running = one.complete(&request);
    let mut waiting = other.complete(&request);
    assert!((&mut running).now_or_never().is_none());
    assert!((&mut waiting).now_or_never().is_none());
    assert_eq!((first.calls(), second.calls()), (1, 0));
    clock.advance(SECOND);
    assert!(running.now_or_never().is_some());
    assert!((&mut waiting).now_or_never().is_none());
    assert_eq!(second.calls(), 1);
}

#[tokio::test]
async fn a_dropped_call_frees_its_place_and_a_dropped_waiter_its_turn() {
    let clock = ManualClock::default();
    let provider = slow_provider(&clock);
    let layered = LimitLayer::new(places(1)).llm_provider(Arc::new(provider.clone()));
    let request = ask("m");
    let mut running = layered.complete(&request);
    let mut gives_up = layered.complete(&request);
    let mut patient = layered.complete(&request);
    for call in [&mut running, &mut gives_up, &mut patient] {
        assert!(call.now_or_never().is_none());
    }
    assert_eq!(provider.calls(), 1);
    drop(gives_up);
    drop(running);
    assert!((&mut patient).now_or_never().is_none());
    assert_eq!(provider.calls(), 2);
    clock.advance(SECOND);
    assert!(patient.now_or_never().is_some_and(|answer| answer.is_ok()));
}
