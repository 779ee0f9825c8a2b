//! What the metrics layer counts and times, as a recorder sees it.

use std::sync::Arc;

use ::metrics::with_local_recorder;
use futures_util::FutureExt;
use lore_core::{
    ErrorKind, Retry,
    layer::{Layer, MetricsLayer},
    memory::{
        clock::ManualClock,
        llm::{Reply, ScriptedLlmProvider},
    },
};

use crate::{SECOND, ask, sums::Sums};

#[test]
fn calls_are_counted_and_timed_by_port_adapter_operation_and_outcome() {
    let sums = Sums::default();
    let clock = ManualClock::default();
    let provider = ScriptedLlmProvider::new("scripted", Arc::new(clock.clone()))
        .model("steady", [Reply::text("yes").after(2 * SECOND)])
        .model("broken", [Reply::failure(ErrorKind::RateLimited, Retry::After(None))]);
    let layered = MetricsLayer::default().clock(Arc::new(clock.clone())).llm_provider(Arc::new(provider));
    with_local_recorder(&sums, || {
        for _ in 0..2 {
            let request = ask("steady");
            let mut call = layered.complete(&request);
            assert!((&mut call).now_or_never().is_none());
            clock.advance(2 * SECOND);
            call.now_or_never().unwrap().unwrap();
        }
        layered.complete(&ask("broken")).now_or_never().unwrap().unwrap_err();
        let request = ask("steady");
        let mut dropped = layered.complete(&request);
        assert!((&mut dropped).now_or_never().is_none());
        clock.advance(SECOND);
        drop(dropped);
    });
    assert_eq!(
        sums.lines(),
        [
            "lore_call_duration_seconds{port=llm_provider,adapter=scripted,op=complete,outcome=cancelled} 1",
            "lore_call_duration_seconds{port=llm_provider,adapter=scripted,op=complete,outcome=ok} 4",
            "lore_call_duration_seconds{port=llm_provider,adapter=scripted,op=complete,outcome=rate_limited} 0",
            "lore_calls_total{port=llm_provider,adapter=scripted,op=complete,outcome=cancelled} 1",
            "lore_calls_total{port=llm_provider,adapter=scripted,op=complete,outcome=ok} 2",
            "lore_calls_total{port=llm_provider,adapter=scripted,op=complete,outcome=rate_limited} 1",
        ]
    );
}
