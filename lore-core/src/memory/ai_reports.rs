//! [`MemoryAiReports`]: usage and accepted outputs in memory. Real but for one thing: they end with the process.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;

use crate::{
    ai::stats::{
        Acceptance, AcceptanceKey, AcceptanceRow, Days, Hour, Rating, UsageCounts, UsageKey, UsageRow,
        UsageTotals,
    },
    domain::page::Page,
    error::{Error, Result},
    onchain::Address,
    port::ai_reports::{
        AcceptedBy, AcceptedContent, AcceptedPosition, AcceptedQuery, ReportRefusal, UsageBatch, UsageReports,
    },
    time::Day,
};

/// A [`UsageReports`] and [`AcceptedContent`] in memory. Clones share their records.
///
/// A restart counts the log from its first line again: for tests, browsers and short histories.
#[derive(Clone, Debug, Default)]
pub struct MemoryAiReports {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    through: u64,
    rows: BTreeMap<UsageKey, UsageCounts>,
    users: BTreeMap<(Day, Address), UsageTotals>,
    accepted: BTreeMap<AcceptanceKey, Acceptance>,
}

impl MemoryAiReports {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics between two related changes, so a poisoned lock still guards whole records.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn add(&mut self, expected: u64, batch: &UsageBatch) -> Result<(), ReportRefusal> {
        batch.check(expected, self.through)?;
        for (key, counts) in batch.delta.rows() {
            self.rows.entry(key.clone()).or_default().merge(counts);
        }
        for (day, user, totals) in batch.delta.users() {
            self.users.entry((day, user)).or_default().merge(totals);
        }
        self.through = batch.through;
        Ok(())
    }

    fn users(&self, days: Days) -> impl Iterator<Item = (&Address, &UsageTotals)> {
        self.users
            .iter()
            .filter(move |((day, _), _)| days.contains(*day))
            .map(|((_, user), totals)| (user, totals))
    }
}

fn is_asked_for(accepted: &Acceptance, by: AcceptedBy) -> bool {
    match by {
        AcceptedBy::Asset(asset) => accepted.asset == asset,
        AcceptedBy::Request(request) => accepted.request == request,
        AcceptedBy::User(user) => accepted.user == user,
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl UsageReports for MemoryAiReports {
    fn name(&self) -> &str {
        "memory"
    }

    async fn counted_through(&self) -> Result<u64> {
        Ok(self.lock().through)
    }

    async fn add_usage(&self, expected: u64, batch: &UsageBatch) -> Result<()> {
        self.lock().add(expected, batch).map_err(|refusal| Error::from(refusal).with_op("add_usage"))
    }

    async fn usage_of_day(&self, day: Day) -> Result<Vec<UsageRow>> {
        let (first, last) = Hour::range_of(day);
        let state = self.lock();
        let rows = state.rows.iter().filter(|(key, _)| (first..=last).contains(&key.hour));
        Ok(rows.map(|(key, counts)| UsageRow::new(key.clone(), counts.clone())).collect())
    }

    async fn unique_users(&self, days: Days) -> Result<u64> {
        let state = self.lock();
        let asked = state.users(days).filter(|(_, totals)| totals.requests > 0);
        let users: BTreeSet<&Address> = asked.map(|(user, _)| user).collect();
        // What is in memory, 64 bits can always count.
        Ok(u64::try_from(users.len()).unwrap_or(u64::MAX))
    }

    async fn usage_of_user(&self, user: &Address, days: Days) -> Result<UsageTotals> {
        let mut sum = UsageTotals::default();
        self.lock().users(days).filter(|(of, _)| *of == user).for_each(|(_, totals)| sum.merge(totals));
        Ok(sum)
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl AcceptedContent for MemoryAiReports {
    async fn put_accepted(&self, accepted: &Acceptance) -> Result<()> {
        let key = accepted.key();
        let mut state = self.lock();
        if state.accepted.contains_key(&key) {
            return Err(Error::from(ReportRefusal::Accepted(key)).with_op("put_accepted"));
        }
        state.accepted.insert(key, accepted.clone());
        Ok(())
    }

    async fn rate_accepted(&self, key: &AcceptanceKey, rating: Option<Rating>) -> Result<()> {
        match self.lock().accepted.get_mut(key) {
            Some(accepted) => {
                accepted.rating = rating;
                Ok(())
            }
            None => Err(Error::from(ReportRefusal::NotAccepted(*key)).with_op("rate_accepted")),
        }
    }

    async fn accepted(&self, key: &AcceptanceKey) -> Result<Option<Acceptance>> {
        Ok(self.lock().accepted.get(key).cloned())
    }

    async fn list_accepted(&self, query: &AcceptedQuery) -> Result<Page<Acceptance>> {
        let below = query.position().map_err(|err| err.with_op("list_accepted"))?;
        let state = self.lock();
        let found = state.accepted.values().filter(|accepted| is_asked_for(accepted, query.by));
        let mut rows: BTreeMap<AcceptedPosition, &Acceptance> =
            found.map(|accepted| (AcceptedPosition::from(accepted), accepted)).collect();
        if let Some(below) = below {
            rows.split_off(&below);
        }
        let wanted = query.limit as usize + 1;
        let page = rows.into_values().rev().take(wanted).cloned().collect();
        Page::from_rows(page, query.limit, |last| query.cursor_after(last))
    }

    async fn count_accepted(&self, days: Days) -> Result<Vec<AcceptanceRow>> {
        let state = self.lock();
        let mut rows: BTreeMap<_, (AcceptanceRow, BTreeSet<_>)> = BTreeMap::new();
        for accepted in state.accepted.values().filter(|taken| days.contains(Day::of(taken.answered_at))) {
            let key = (accepted.operation, accepted.model.clone());
            let (row, requests) = rows.entry(key).or_insert_with(|| {
                (AcceptanceRow::new(accepted.operation, accepted.model.clone()), BTreeSet::new())
            });
            row.requests += u64::from(requests.insert(accepted.request));
            row.taken += 1;
            row.edited += u64::from(accepted.is_edited);
            row.rated += u64::from(accepted.rating.is_some());
            row.stars += accepted.rating.map_or(0, |rating| u64::from(rating.stars()));
        }
        Ok(rows.into_values().map(|(row, _)| row).collect())
    }
}
