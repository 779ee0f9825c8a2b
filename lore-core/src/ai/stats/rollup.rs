//! [`roll_up`]: counts the lines of the log that are not counted yet.
//!
//! It keeps nothing itself. The cursor in the store says where to go on, and a batch is added only if that cursor is still
//! the one it was made for. So a run may end at any instruction, and several may run at the same time, in one process or many.

use super::fold::UsageDelta;
use crate::{
    ai::audit::LoggedEntry,
    error::{Error, ErrorKind, Result},
    port::{
        ai_log::AuditLog,
        ai_reports::{UsageBatch, UsageReports},
    },
};

/// Lines in a batch: what is in memory at a time.
const BATCH_LINES: u32 = 500;
const BATCH_LEN: usize = 500;

/// What a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RollUp {
    /// Batches that were added.
    pub batches: u32,
    /// Lines that were counted.
    pub lines: u64,
    /// Batches that somebody else added meanwhile.
    pub conflicts: u32,
    /// Through which line everything is counted.
    pub through: u64,
    /// Whether that was the log's last one. If not, the run ended at its limit of batches: run again.
    pub is_caught_up: bool,
}

/// Counts what is new in the log, in at most `max_batches` batches. One batch is in memory at a time.
///
/// # Errors
/// Those of the log and the store; [`ErrorKind::IntegrityMismatch`] if the log lacks lines that were not counted, or was never
/// as long as what is counted. What was added before stays added.
///
/// # Cancellation
/// A run that is dropped has added whole batches; another run goes on from there.
pub async fn roll_up(log: &dyn AuditLog, reports: &dyn UsageReports, max_batches: u32) -> Result<RollUp> {
    run(log, reports, max_batches).await.map_err(|err| err.with_op("roll_up"))
}

async fn run(log: &dyn AuditLog, reports: &dyn UsageReports, max_batches: u32) -> Result<RollUp> {
    let mut report = RollUp { through: reports.counted_through().await?, ..RollUp::default() };
    for _ in 0..max_batches {
        let lines = log.lines(report.through, BATCH_LINES).await?;
        let Some(last) = lines.last() else {
            check_end(log, report.through).await?;
            report.is_caught_up = true;
            return Ok(report);
        };
        let batch = UsageBatch::new(last.head.sequence, count(report.through, &lines)?);
        match reports.add_usage(report.through, &batch).await {
            Ok(()) => {
                report.batches = report.batches.saturating_add(1);
                report.lines = report.lines.saturating_add(batch.through.saturating_sub(report.through));
                report.through = batch.through;
            }
            // Somebody else counted these lines.
            Err(err) if err.kind() == ErrorKind::Conflict => {
                report.conflicts = report.conflicts.saturating_add(1);
                report.through = reports.counted_through().await?;
                continue;
            }
            Err(err) => return Err(err),
        }
        if lines.len() < BATCH_LEN {
            report.is_caught_up = true;
            return Ok(report);
        }
    }
    Ok(report)
}

fn count(after: u64, lines: &[LoggedEntry]) -> Result<UsageDelta> {
    let mut delta = UsageDelta::default();
    let mut last = after;
    for line in lines {
        let place = line.head.sequence;
        if place != last.saturating_add(1) {
            return Err(lacking(last, place));
        }
        last = place;
        delta.count(&line.entry()?);
    }
    Ok(delta)
}

fn lacking(after: u64, next: u64) -> Error {
    Error::new(ErrorKind::IntegrityMismatch, "the log lacks lines that were not counted")
        .with_context("counted_through", after)
        .with_context("next_line", next)
}

/// Whether a log that has no line after `through` ends there.
async fn check_end(log: &dyn AuditLog, through: u64) -> Result<()> {
    let anchor = log.anchor().await?.sequence;
    if anchor > through {
        return Err(lacking(through, anchor.saturating_add(1)));
    }
    let head = log.head().await?.sequence;
    if head < through {
        return Err(Error::new(ErrorKind::IntegrityMismatch, "more lines are counted than the log ever had")
            .with_context("counted_through", through)
            .with_context("last_line", head));
    }
    Ok(())
}

/// Through which line the log may be archived: what is not counted stays.
///
/// # Errors
/// Those of the store.
pub async fn archivable_through(reports: &dyn UsageReports) -> Result<u64> {
    reports.counted_through().await.map_err(|err| err.with_op("archivable_through"))
}
