//! [`Analytics`]: a report over some days.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    acceptance::AcceptanceRow,
    counts::{UsageCounts, UsageRow},
    figures::{Figures, Rate},
    period::{Days, Hour},
};
use crate::{ai::operation::OperationKind, port::llm::Price, time::Day, usd::Usd};

/// What happened in some days, by model, by operation, by hour and by day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Analytics {
    /// Which days.
    pub days: Days,
    /// All of it.
    pub all: Figures,
    /// Users who asked something.
    pub unique_users: u64,
    /// By model, in the order of their names.
    pub models: Vec<ModelFigures>,
    /// By operation.
    pub operations: Vec<OperationFigures>,
    /// Each hour in which something happened.
    pub by_hour: Vec<HourFigures>,
    /// Each day.
    pub by_day: Vec<DayFigures>,
    /// What was taken of the answers of these days, whenever it was taken, by operation and model.
    pub acceptance: Vec<AcceptanceFigures>,
    /// What a named model would have cost, if one was asked for.
    pub reference: Option<Comparison>,
}

/// What happened on a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DailyReport {
    /// Which day.
    pub day: Day,
    /// All of it.
    pub all: Figures,
    /// Users who asked something.
    pub unique_users: u64,
    /// By operation.
    pub operations: Vec<OperationFigures>,
}

/// What a model did.
///
/// Requests are those that it answered, by the name that it gives itself; calls, tokens and cost are those of calls to it, by
/// the name that it is asked by. Where the two names differ there is an entry for each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ModelFigures {
    /// Which model.
    pub model: String,
    /// What it did.
    pub figures: Figures,
}

/// What an operation was used for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct OperationFigures {
    /// Which operation.
    pub operation: OperationKind,
    /// What happened.
    pub figures: Figures,
}

/// What happened in an hour.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct HourFigures {
    /// Which hour.
    pub hour: Hour,
    /// What happened.
    pub figures: Figures,
}

/// What happened on one of the days.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DayFigures {
    /// Which day.
    pub day: Day,
    /// Users who asked something.
    pub unique_users: u64,
    /// What happened.
    pub figures: Figures,
}

/// What was taken of the answers of a model to an operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AcceptanceFigures {
    /// What was asked.
    pub operation: OperationKind,
    /// The model that answered, as it names itself; `None` for rules.
    pub model: Option<String>,
    /// Requests of whose answers something was taken, of all that were answered.
    pub acceptance_rate: Rate,
    /// What was changed before it was taken, of all that was taken.
    pub edited_rate: Rate,
    /// How many were rated.
    pub rated: u64,
    /// Mean rating in hundredths of a star, rounded down: 450 is four and a half. `None` without ratings.
    pub mean_rating_hundredths: Option<u64>,
}

/// What all tokens, those of calls and those that the cache saved, would have cost on one model without a cache.
///
/// A price for each request is counted for every call that used tokens and for every hit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Comparison {
    /// The model.
    pub model: String,
    /// What it would have cost.
    pub would_cost: Usd,
    /// What was paid.
    pub cost: Usd,
    /// How much less that is; zero if it is more.
    pub saved: Usd,
    /// How much more it is; zero if it is less.
    pub overspent: Usd,
}

impl Comparison {
    fn new((model, price): (String, Price), counts: &UsageCounts) -> Self {
        let totals = counts.totals;
        let requests = counts.metered_calls.saturating_add(totals.hits.total());
        let tokens =
            Price { request: Usd::ZERO, ..price }.of(totals.usage.saturating_add(totals.saved_usage));
        let would_cost = tokens.saturating_add(price.request.saturating_mul(requests));
        let cost = totals.cost;
        Self {
            model,
            would_cost,
            cost,
            saved: would_cost.saturating_sub(cost),
            overspent: cost.saturating_sub(would_cost),
        }
    }
}

/// Adds up rows, a day at a time. What is kept grows with hours, models and operations, not with rows.
#[derive(Debug)]
pub(crate) struct AnalyticsBuilder {
    days: Days,
    all: UsageCounts,
    models: BTreeMap<String, UsageCounts>,
    operations: BTreeMap<OperationKind, UsageCounts>,
    answered: BTreeMap<(OperationKind, Option<String>), u64>,
    by_hour: Vec<HourFigures>,
    by_day: Vec<DayFigures>,
}

impl AnalyticsBuilder {
    pub(crate) fn new(days: Days) -> Self {
        Self {
            days,
            all: UsageCounts::default(),
            models: BTreeMap::new(),
            operations: BTreeMap::new(),
            answered: BTreeMap::new(),
            by_hour: Vec::new(),
            by_day: Vec::new(),
        }
    }

    /// Adds a day.
    pub(crate) fn add_day(&mut self, day: Day, unique_users: u64, rows: &[UsageRow]) {
        let mut of_day = UsageCounts::default();
        let mut hours: BTreeMap<Hour, UsageCounts> = BTreeMap::new();
        for UsageRow { key, counts } in rows {
            of_day.merge(counts);
            hours.entry(key.hour).or_default().merge(counts);
            self.operations.entry(key.operation).or_default().merge(counts);
            if let Some(model) = &key.model {
                self.models.entry(model.clone()).or_default().merge(counts);
            }
            let answered = self.answered.entry((key.operation, key.model.clone())).or_default();
            *answered = answered.saturating_add(counts.totals.answered);
        }
        self.all.merge(&of_day);
        let hours = hours.iter().map(|(hour, counts)| HourFigures { hour: *hour, figures: counts.into() });
        self.by_hour.extend(hours);
        self.by_day.push(DayFigures { day, unique_users, figures: (&of_day).into() });
    }

    fn operations(&self) -> Vec<OperationFigures> {
        let figures = |(operation, counts): (&OperationKind, &UsageCounts)| OperationFigures {
            operation: *operation,
            figures: counts.into(),
        };
        self.operations.iter().map(figures).collect()
    }

    /// The report of the one day that was added.
    pub(crate) fn daily(self, day: Day, unique_users: u64) -> DailyReport {
        DailyReport { day, all: (&self.all).into(), unique_users, operations: self.operations() }
    }

    /// The report.
    pub(crate) fn finish(
        self,
        unique_users: u64,
        accepted: Vec<AcceptanceRow>,
        reference: Option<(String, Price)>,
    ) -> Analytics {
        let operations = self.operations();
        let reference = reference.map(|reference| Comparison::new(reference, &self.all));
        let acceptance = acceptance(self.answered, accepted);
        let models = self
            .models
            .iter()
            .map(|(model, counts)| ModelFigures { model: model.clone(), figures: counts.into() });
        Analytics {
            days: self.days,
            all: (&self.all).into(),
            unique_users,
            models: models.collect(),
            operations,
            by_hour: self.by_hour,
            by_day: self.by_day,
            acceptance,
            reference,
        }
    }
}

/// Every operation and model that answered something, with what was taken of that.
fn acceptance(
    answered: BTreeMap<(OperationKind, Option<String>), u64>,
    accepted: Vec<AcceptanceRow>,
) -> Vec<AcceptanceFigures> {
    let mut rows: BTreeMap<_, (u64, AcceptanceRow)> = answered
        .into_iter()
        .filter(|(_, answered)| *answered > 0)
        .map(|((operation, model), answered)| {
            ((operation, model.clone()), (answered, AcceptanceRow::new(operation, model)))
        })
        .collect();
    for row in accepted {
        let key = (row.operation, row.model.clone());
        let answered = rows.get(&key).map_or(0, |(answered, _)| *answered);
        rows.insert(key, (answered, row));
    }
    rows.into_values()
        .map(|(answered, row)| AcceptanceFigures {
            operation: row.operation,
            model: row.model,
            acceptance_rate: Rate::new(row.requests, answered),
            edited_rate: Rate::new(row.edited, row.taken),
            rated: row.rated,
            mean_rating_hundredths: row.stars.saturating_mul(100).checked_div(row.rated),
        })
        .collect()
}
