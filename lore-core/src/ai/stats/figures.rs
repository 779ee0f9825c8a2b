//! [`Figures`]: what counters say.

use std::{collections::BTreeMap, fmt};

use serde::Serialize;

use super::{
    counts::{UsageCounts, UsageTotals},
    sketch::Percentiles,
};

/// A part of a whole, as the two exact numbers. Shown in percent, rounded down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Rate {
    /// The part.
    pub part: u64,
    /// The whole.
    pub whole: u64,
}

impl Rate {
    /// So many of so many.
    #[must_use]
    pub const fn new(part: u64, whole: u64) -> Self {
        Self { part, whole }
    }

    /// In millionths, rounded down: 950,000 is 95 %. `None` of nothing.
    #[must_use]
    pub fn millionths(self) -> Option<u64> {
        let millionths = (u128::from(self.part) * 1_000_000).checked_div(u128::from(self.whole))?;
        Some(u64::try_from(millionths).unwrap_or(u64::MAX))
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.millionths() {
            Some(millionths) => write!(f, "{}.{:02} %", millionths / 10_000, millionths % 10_000 / 100),
            None => f.write_str("-"),
        }
    }
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Figures {
    /// What was asked, used and saved.
    pub totals: UsageTotals,
    /// Requests without an answer.
    pub failed: u64,
    /// Requests that rules answered.
    pub by_rules: u64,
    /// Answered requests of all requests.
    pub success_rate: Rate,
    /// Hits of all kinds of all requests.
    pub hit_rate: Rate,
    /// Mean response time of a request, in microseconds, rounded down; `None` without requests.
    pub mean_micros: Option<u64>,
    /// Percentiles of the requests' response times, within one part in 128; `None` without requests.
    pub latency: Option<Percentiles>,
    /// Calls to models.
    pub calls: CallFigures,
}

/// What calls to models came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CallFigures {
    /// Calls.
    pub calls: u64,
    /// Calls by why they gave no answer that could be used.
    pub failures: BTreeMap<String, u64>,
    /// Calls with an answer that kept the rules, of all calls.
    pub success_rate: Rate,
    /// Calls to another model or provider than the tier's first choice, whether that failed or was left alone, of all calls.
    pub fallback_share: Rate,
    /// Mean response time, in microseconds, rounded down; `None` without calls.
    pub mean_micros: Option<u64>,
    /// Percentiles of the response times, within one part in 128; `None` without calls.
    pub latency: Option<Percentiles>,
}

impl From<&UsageCounts> for Figures {
    fn from(counts: &UsageCounts) -> Self {
        let totals = counts.totals;
        Self {
            totals,
            failed: totals.failed(),
            by_rules: counts.by_rules,
            success_rate: Rate::new(totals.answered, totals.requests),
            hit_rate: Rate::new(totals.hits.total(), totals.requests),
            mean_micros: counts.request_micros.checked_div(totals.requests),
            latency: counts.request_latency.percentiles(),
            calls: CallFigures {
                calls: counts.calls,
                failures: counts.call_failures.clone(),
                success_rate: Rate::new(counts.calls_answered, counts.calls),
                fallback_share: Rate::new(counts.fallback_calls, counts.calls),
                mean_micros: counts.call_micros.checked_div(counts.calls),
                latency: counts.call_latency.percentiles(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_shown_in_percent_and_of_nothing_not_at_all() {
        for (rate, millionths, shown) in [
            (Rate::new(1, 3), Some(333_333), "33.33 %"),
            (Rate::new(0, 7), Some(0), "0.00 %"),
            (Rate::new(7, 7), Some(1_000_000), "100.00 %"),
            (Rate::new(u64::MAX, u64::MAX), Some(1_000_000), "100.00 %"),
            (Rate::default(), None, "-"),
        ] {
            assert_eq!(rate.millionths(), millionths);
            assert_eq!(rate.to_string(), shown);
        }
    }
}
