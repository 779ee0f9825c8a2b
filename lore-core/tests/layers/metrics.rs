//! What the metrics layer counts and times, as a recorder sees it.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use ::metrics::{
    Counter, CounterFn, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder, SharedString, Unit,
    with_local_recorder,
};
use futures_util::FutureExt;
use lore_core::{
    ErrorKind, Retry,
    layer::{Layer, MetricsLayer},
    memory::{
        clock::ManualClock,
        llm::{Reply, ScriptedLlmProvider},
    },
};

use crate::{SECOND, ask};

type Values = Arc<Mutex<BTreeMap<String, f64>>>;

/// Adds up what is recorded, by name and labels.
#[derive(Default)]
struct Sums(Values);

struct Sum(Values, String);

impl Sum {
    fn of(sums: &Sums, key: &Key) -> Self {
        let labels: Vec<_> = key.labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
        Self(sums.0.clone(), format!("{}{{{}}}", key.name(), labels.join(",")))
    }

    fn add(&self, value: f64) {
        *self.0.lock().unwrap().entry(self.1.clone()).or_default() += value;
    }
}

impl CounterFn for Sum {
    fn increment(&self, value: u64) {
        self.add(f64::from(u32::try_from(value).unwrap()));
    }

    fn absolute(&self, value: u64) {
        panic!("the layer only counts up, and set a counter to {value}");
    }
}

impl HistogramFn for Sum {
    fn record(&self, value: f64) {
        self.add(value);
    }
}

impl Recorder for Sums {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(Arc::new(Sum::of(self, key)))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        panic!("the layer has no gauges, and asked for {}", key.name());
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(Arc::new(Sum::of(self, key)))
    }
}

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
    let sums: Vec<String> =
        sums.0.lock().unwrap().iter().map(|(key, value)| format!("{key} {value}")).collect();
    assert_eq!(
        sums,
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
