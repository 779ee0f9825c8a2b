//! Times in order, and the table of what was measured.

use std::time::Duration;

use serde_json::{Map, Value, json};

/// Durations of single calls.
pub(crate) struct Times(Vec<Duration>);

impl Times {
    pub(crate) fn new(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    /// In microseconds.
    pub(crate) fn percentile(&self, percent: usize) -> f64 {
        let index = (self.0.len() * percent / 100).min(self.0.len() - 1);
        self.0[index].as_nanos() as f64 / 1_000.0
    }
}

#[derive(Default)]
pub(crate) struct Figures(Map<String, Value>);

impl Figures {
    /// Prints a figure, and keeps it under `name`.
    pub(crate) fn add(&mut self, name: &str, value: f64, unit: &str, goal: &str) {
        println!("{name:<44} {value:>12.2} {unit:<10} {goal}");
        self.0.insert(name.replace([' ', ','], "_"), json!(value));
    }

    pub(crate) fn times(&mut self, name: &str, times: &Times, goal: &str) {
        self.add(&format!("{name} p50"), times.percentile(50), "us", goal);
        self.add(&format!("{name} p99"), times.percentile(99), "us", "");
    }

    pub(crate) fn to_json(&self) -> String {
        serde_json::to_string_pretty(&self.0).unwrap()
    }
}
