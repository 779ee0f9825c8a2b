//! [`budget_spent`]: how a budget says no.

use crate::{
    error::{Error, ErrorKind, Retry},
    port::ai_log::{Budget, Spent},
    time::{Day, Timestamp},
};

/// The error of a call for which the day has no room; `None` if it has. `taken` is what is used and reserved already,
/// `wanted` what the call may use.
///
/// It is [`ErrorKind::RateLimited`], and [`Retry::After`] says when the next day (UTC) begins.
#[must_use]
pub fn budget_spent(budget: &Budget, taken: Spent, wanted: Spent, now: Timestamp) -> Option<Error> {
    let all = taken.saturating_add(wanted);
    let refusal = |what: &'static str| {
        let next = Day::of(now).next_start();
        Error::new(ErrorKind::RateLimited, "the day's budget has no room for this request")
            .with_context("budget", what)
            .with_context("resets_at", next)
            .with_retry(Retry::After(Some(next.saturating_since(now))))
    };
    if let Some(limit) = budget.tokens_per_day.filter(|limit| all.tokens > *limit) {
        return Some(
            refusal("tokens_per_day")
                .with_context("limit", limit)
                .with_context("taken", taken.tokens)
                .with_context("wanted", wanted.tokens),
        );
    }
    let limit = budget.usd_per_day.filter(|limit| all.cost > *limit)?;
    Some(
        refusal("usd_per_day")
            .with_context("limit", limit)
            .with_context("taken", taken.cost)
            .with_context("wanted", wanted.cost),
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::usd::Usd;

    #[test]
    fn a_budget_has_room_up_to_its_limit_and_says_when_it_begins_anew() {
        let now: Timestamp = "2026-11-24T23:00:00Z".parse().unwrap();
        let mut budget = Budget { tokens_per_day: Some(100), ..Budget::default() };
        let spent = |tokens, picos| Spent::new(tokens, Usd::from_picos(picos));
        assert!(budget_spent(&budget, spent(60, 9), spent(40, 9), now).is_none());
        let error = budget_spent(&budget, spent(60, 9), spent(41, 9), now).unwrap();
        assert_eq!(error.kind(), ErrorKind::RateLimited);
        assert_eq!(error.retry(), Retry::After(Some(Duration::from_secs(3_600))));
        assert!(error.to_string().contains("tokens_per_day"), "{error}");
        budget.usd_per_day = Some(Usd::from_picos(10));
        assert!(budget_spent(&budget, spent(0, 9), spent(0, 1), now).is_none());
        let error = budget_spent(&budget, spent(0, 9), spent(0, 2), now).unwrap();
        assert!(error.to_string().contains("usd_per_day"), "{error}");
    }
}
