//! Statistics over the log: hourly rows of exact counters, what users did on a day, which outputs were taken, and the reports
//! made of them.
//!
//! The one idea: counters only ever add up. So the rows of any part of the log can be merged with those of any other, in any
//! order, and a report of a year is the sum of its hours.

mod acceptance;
mod analytics;
mod counts;
mod figures;
mod fold;
mod period;
mod rollup;
mod sketch;

pub(crate) use self::analytics::AnalyticsBuilder;
pub use self::{
    acceptance::{Acceptance, AcceptanceKey, AcceptanceRow, Rating, Taken, TakenKind},
    analytics::{
        AcceptanceFigures, Analytics, Comparison, DailyReport, DayFigures, HourFigures, ModelFigures,
        OperationFigures,
    },
    counts::{CacheHits, UsageCounts, UsageKey, UsageRow, UsageTotals},
    figures::{CallFigures, Figures, Rate},
    fold::{UsageDelta, fold},
    period::{Days, Hour},
    rollup::{RollUp, archivable_through, roll_up},
    sketch::{LatencySketch, Percentiles},
};
