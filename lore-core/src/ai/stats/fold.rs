//! [`fold`]: rows out of lines of the log.

use std::collections::BTreeMap;

use super::{
    counts::{UsageCounts, UsageKey, UsageRow, UsageTotals, add},
    period::Hour,
};
use crate::{
    ai::audit::{AuditEntry, CacheOutcome, CallEntry, CallOutcome, RequestEntry, RequestOutcome, Source},
    error::{FailureReason, FailureRecord},
    onchain::Address,
    port::llm::Usage,
    time::Day,
};

/// The name under which calls are counted whose end nobody saw.
const UNKNOWN: &str = "unknown";

/// What some lines of the log add to the rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UsageDelta {
    rows: BTreeMap<UsageKey, UsageCounts>,
    users: BTreeMap<(Day, Address), UsageTotals>,
}

/// Counts lines.
pub fn fold<'a>(entries: impl IntoIterator<Item = &'a AuditEntry>) -> UsageDelta {
    let mut delta = UsageDelta::default();
    for entry in entries {
        delta.count(entry);
    }
    delta
}

impl UsageDelta {
    /// Counts a line.
    pub fn count(&mut self, entry: &AuditEntry) {
        match entry {
            AuditEntry::Request(request) => self.count_request(request),
            AuditEntry::Call(call) => self.count_call(call),
        }
    }

    /// Adds what another one counted.
    pub fn merge(&mut self, other: &Self) {
        for (key, counts) in &other.rows {
            self.rows.entry(key.clone()).or_default().merge(counts);
        }
        for (key, totals) in &other.users {
            self.users.entry(*key).or_default().merge(totals);
        }
    }

    /// The rows, in the order of their keys.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = (&UsageKey, &UsageCounts)> {
        self.rows.iter()
    }

    /// The rows, owned.
    #[must_use]
    pub fn into_rows(self) -> Vec<UsageRow> {
        self.rows.into_iter().map(|(key, counts)| UsageRow::new(key, counts)).collect()
    }

    /// What each user did on each day, by day and user.
    pub fn users(&self) -> impl ExactSizeIterator<Item = (Day, Address, &UsageTotals)> {
        self.users.iter().map(|((day, user), totals)| (*day, *user, totals))
    }

    fn add(&mut self, key: UsageKey, user: Option<Address>, totals: &UsageTotals) -> &mut UsageCounts {
        if let Some(user) = user {
            self.users.entry((key.hour.day(), user)).or_default().merge(totals);
        }
        let counts = self.rows.entry(key).or_default();
        counts.totals.merge(totals);
        counts
    }

    fn count_request(&mut self, entry: &RequestEntry) {
        let mut totals = UsageTotals { requests: 1, ..UsageTotals::default() };
        let mut answered_by = None;
        let mut by_rules = 0;
        // What the calls of the request used and cost is counted from their own lines.
        if let RequestOutcome::Answered { source, model, cache, saved_usage, saved_cost, .. } = &entry.outcome
        {
            totals.answered = 1;
            totals.saved_usage = *saved_usage;
            totals.saved_cost = *saved_cost;
            match cache {
                CacheOutcome::Miss => {}
                CacheOutcome::Fresh => totals.hits.fresh = 1,
                CacheOutcome::Stale => totals.hits.stale = 1,
                CacheOutcome::Coalesced => totals.hits.coalesced = 1,
            }
            match source {
                Source::Model => answered_by.clone_from(model),
                Source::Rules => by_rules = 1,
            }
        }
        let key = UsageKey::new(Hour::of(entry.at), entry.operation, entry.tier, answered_by);
        let counts = self.add(key, entry.user, &totals);
        add(&mut counts.by_rules, by_rules);
        add(&mut counts.request_micros, entry.response_micros);
        counts.request_latency.record(entry.response_micros);
    }

    fn count_call(&mut self, entry: &CallEntry) {
        let totals = UsageTotals { usage: entry.usage, cost: entry.cost, ..UsageTotals::default() };
        let key = UsageKey::new(Hour::of(entry.at), entry.operation, entry.tier, Some(entry.model.clone()));
        let counts = self.add(key, entry.user, &totals);
        add(&mut counts.calls, 1);
        match &entry.outcome {
            CallOutcome::Answered { .. } => add(&mut counts.calls_answered, 1),
            CallOutcome::Unusable { .. } => counts.fail(FailureReason::Unusable.as_str()),
            CallOutcome::Failed { failure } => counts.fail(name(failure)),
            CallOutcome::Unknown => counts.fail(UNKNOWN),
        }
        add(&mut counts.fallback_calls, u64::from(entry.choice > 0));
        add(&mut counts.metered_calls, u64::from(entry.usage != Usage::default()));
        add(&mut counts.call_micros, entry.response_micros);
        counts.call_latency.record(entry.response_micros);
    }
}

impl UsageCounts {
    fn fail(&mut self, name: &str) {
        match self.call_failures.get_mut(name) {
            Some(count) => add(count, 1),
            None => {
                self.call_failures.insert(name.to_owned(), 1);
            }
        }
    }
}

fn name(failure: &FailureRecord) -> &'static str {
    failure.reason.map_or(failure.kind.as_str(), FailureReason::as_str)
}
