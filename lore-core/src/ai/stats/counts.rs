//! [`UsageRow`]: what happened in an hour, counted exactly.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{period::Hour, sketch::LatencySketch};
use crate::{
    ai::operation::{OperationKind, Tier},
    port::llm::Usage,
    usd::Usd,
};

/// What a row is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct UsageKey {
    /// The hour in which requests were answered and calls ended.
    pub hour: Hour,
    /// What for.
    pub operation: OperationKind,
    /// Which models might answer.
    pub tier: Tier,
    /// For requests the model that made the answer, as it names itself; for calls the model that was asked. `None` for
    /// requests without an answer and those that rules answered.
    pub model: Option<String>,
}

impl UsageKey {
    /// Names a row.
    #[must_use]
    pub const fn new(hour: Hour, operation: OperationKind, tier: Tier, model: Option<String>) -> Self {
        Self { hour, operation, tier, model }
    }
}

/// A row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct UsageRow {
    /// What it is about.
    pub key: UsageKey,
    /// What happened.
    pub counts: UsageCounts,
}

impl UsageRow {
    /// A row.
    #[must_use]
    pub const fn new(key: UsageKey, counts: UsageCounts) -> Self {
        Self { key, counts }
    }
}

/// Requests that were answered without a call of their own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct CacheHits {
    /// By an answer in its time.
    pub fresh: u64,
    /// By an answer past its time.
    pub stale: u64,
    /// By the answer to an equal request that was under way.
    pub coalesced: u64,
}

impl CacheHits {
    /// All of them.
    #[must_use]
    pub const fn total(self) -> u64 {
        self.fresh.saturating_add(self.stale).saturating_add(self.coalesced)
    }
}

/// What was asked, used and saved. Sums stop at the largest number.
///
/// What users got is counted from the log's lines about requests, what was asked of models, and what that cost, from those
/// about calls: a call is paid also if nobody waited for its answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct UsageTotals {
    /// Requests.
    pub requests: u64,
    /// Requests with an answer.
    pub answered: u64,
    /// Those of them that the cache answered.
    pub hits: CacheHits,
    /// Tokens that calls used.
    pub usage: Usage,
    /// What they cost.
    pub cost: Usd,
    /// Tokens that the cache saved.
    pub saved_usage: Usage,
    /// What they had cost.
    pub saved_cost: Usd,
}

impl UsageTotals {
    /// Requests without an answer.
    #[must_use]
    pub const fn failed(self) -> u64 {
        self.requests.saturating_sub(self.answered)
    }

    /// Adds what another one counted.
    pub fn merge(&mut self, other: &Self) {
        // Without `..`, so that no counter is forgotten.
        let Self { requests, answered, hits, usage, cost, saved_usage, saved_cost } = other;
        let CacheHits { fresh, stale, coalesced } = hits;
        add(&mut self.requests, *requests);
        add(&mut self.answered, *answered);
        add(&mut self.hits.fresh, *fresh);
        add(&mut self.hits.stale, *stale);
        add(&mut self.hits.coalesced, *coalesced);
        self.usage = self.usage.saturating_add(*usage);
        self.cost = self.cost.saturating_add(*cost);
        self.saved_usage = self.saved_usage.saturating_add(*saved_usage);
        self.saved_cost = self.saved_cost.saturating_add(*saved_cost);
    }
}

/// What happened, counted exactly.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct UsageCounts {
    /// What was asked, used and saved.
    pub totals: UsageTotals,
    /// Requests that rules answered.
    pub by_rules: u64,
    /// Sum of the requests' response times, in microseconds.
    pub request_micros: u64,
    /// The requests' response times.
    pub request_latency: LatencySketch,
    /// Calls to models.
    pub calls: u64,
    /// Calls with an answer that kept the rules.
    pub calls_answered: u64,
    /// All other calls by [`FailureReason`](crate::error::FailureReason) name; by the name of the error's kind where it has
    /// no reason; `unknown` for those whose end nobody saw.
    pub call_failures: BTreeMap<String, u64>,
    /// Calls to another model or provider than the tier's first choice, whether that failed or was left alone.
    pub fallback_calls: u64,
    /// Calls that used tokens.
    pub metered_calls: u64,
    /// Sum of the calls' response times, in microseconds.
    pub call_micros: u64,
    /// The calls' response times.
    pub call_latency: LatencySketch,
}

pub(super) fn add(sum: &mut u64, more: u64) {
    *sum = sum.saturating_add(more);
}

impl UsageCounts {
    /// Adds what another one counted.
    pub fn merge(&mut self, other: &Self) {
        // Without `..`, so that no counter is forgotten.
        let Self {
            totals,
            by_rules,
            request_micros,
            request_latency,
            calls,
            calls_answered,
            call_failures,
            fallback_calls,
            metered_calls,
            call_micros,
            call_latency,
        } = other;
        self.totals.merge(totals);
        add(&mut self.by_rules, *by_rules);
        add(&mut self.request_micros, *request_micros);
        self.request_latency.merge(request_latency);
        add(&mut self.calls, *calls);
        add(&mut self.calls_answered, *calls_answered);
        for (name, more) in call_failures {
            add(self.call_failures.entry(name.clone()).or_default(), *more);
        }
        add(&mut self.fallback_calls, *fallback_calls);
        add(&mut self.metered_calls, *metered_calls);
        add(&mut self.call_micros, *call_micros);
        self.call_latency.merge(call_latency);
    }
}
