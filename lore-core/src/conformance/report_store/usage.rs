//! Batches of counted lines, and the rows they make.

#![expect(clippy::indexing_slicing, reason = "a case fails by panicking")]

use std::{collections::BTreeMap, sync::Arc};

use futures_util::future::{join, join_all};

use super::{
    fixtures::{asked, batch, call, days, filled, first_day, hour, lines},
    harness::{Harness, skip},
};
use crate::{
    ai::{
        audit::AuditEntry,
        stats::{Days, UsageRow, UsageTotals, fold, roll_up},
    },
    conformance::repository::fixtures::{address, kind, retry},
    error::{ErrorKind, Result, Retry},
    memory::ai_log::MemoryAiLog,
    port::{
        ai_log::AuditLog,
        ai_reports::{ReportStore, UsageBatch},
    },
    time::Day,
};

/// The rows of some days, in order.
async fn rows(store: &dyn ReportStore, days: Days) -> Result<Vec<UsageRow>> {
    let mut rows = Vec::new();
    for day in days.iter() {
        rows.extend(store.usage_of_day(day).await?);
    }
    Ok(rows)
}

/// That the store has counted exactly these lines, which are of the first ten days.
async fn assert_counted(store: &dyn ReportStore, lines: &[AuditEntry]) -> Result<()> {
    let delta = fold(lines);
    let mut expected: BTreeMap<_, UsageTotals> = BTreeMap::new();
    for (_, user, totals) in delta.users() {
        expected.entry(user).or_default().merge(totals);
    }
    for (user, totals) in &expected {
        assert_eq!(store.usage_of_user(user, days(10)?).await?, *totals);
    }
    let asked = u64::try_from(expected.values().filter(|totals| totals.requests > 0).count());
    assert_eq!(Ok(store.unique_users(days(10)?).await?), asked);
    assert_eq!(rows(store, days(10)?).await?, delta.into_rows());
    Ok(())
}

pub async fn batches_add_up(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    assert!(!store.name().is_empty());
    assert_eq!(store.counted_through().await?, 0);
    assert_counted(&*store, &[]).await?;
    let lines = lines(400, 17);
    let mut expected = 0;
    for part in lines.chunks(37) {
        let batch = batch(expected, part);
        store.add_usage(expected, &batch).await?;
        expected = batch.through;
        assert_eq!(store.counted_through().await?, expected);
    }
    // Each batch knows its own first calls only, so what is compared does too.
    let mut sum = UsageBatch::default().delta;
    lines.chunks(37).for_each(|part| sum.merge(&fold(part)));
    assert_eq!(rows(&*store, days(10)?).await?, sum.into_rows());
    Ok(())
}

pub async fn a_batch_is_added_once(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    let lines = lines(60, 9);
    let (first, second) = (batch(0, &lines[..40]), batch(40, &lines[40..]));
    store.add_usage(0, &first).await?;
    for (expected, again) in [(0, &first), (39, &second), (41, &second), (u64::MAX, &first)] {
        let refused = store.add_usage(expected, again).await;
        assert_eq!((kind(&refused), retry(&refused)), (Some(ErrorKind::Conflict), Some(Retry::Never)));
        assert_counted(&*store, &lines[..40]).await?;
        assert_eq!(store.counted_through().await?, 40);
    }
    store.add_usage(40, &second).await?;
    let refused = store.add_usage(40, &second).await;
    assert_eq!(kind(&refused), Some(ErrorKind::Conflict));
    assert_eq!(store.counted_through().await?, 60);
    Ok(())
}

pub async fn a_batch_goes_forward(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    let lines = lines(9, 9);
    for (expected, through) in [(0, 0), (9, 9), (9, 8)] {
        if expected > 0 && store.counted_through().await? == 0 {
            filled(&*store, &lines).await?;
        }
        let refused = store.add_usage(expected, &UsageBatch::new(through, fold(&lines))).await;
        assert_eq!(kind(&refused), Some(ErrorKind::InvalidInput), "{expected} {through}");
    }
    assert_counted(&*store, &lines).await?;
    // Without anything to add, and as far as places go.
    store.add_usage(9, &UsageBatch::new(1 << 62, fold(&[]))).await?;
    assert_eq!(store.counted_through().await?, 1 << 62);
    assert_counted(&*store, &lines).await
}

pub async fn one_of_many_adds_a_batch(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    let mut counted = Vec::new();
    for round in 0..4_u64 {
        let expected = store.counted_through().await?;
        // Each rival's lines are of a user and time of its own, so that a mix would show.
        let rivals: Vec<Vec<_>> =
            (0..12).map(|rival| vec![asked(round * 100 + rival * 5 + 1, hour(rival * 2 + round))]).collect();
        let batches: Vec<_> = rivals.iter().map(|lines| batch(expected, lines)).collect();
        let results = join_all(batches.iter().map(|batch| store.add_usage(expected, batch))).await;
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1, "round {round}");
        assert!(results.iter().filter(|r| r.is_err()).all(|r| kind(r) == Some(ErrorKind::Conflict)));
        let won = rivals.into_iter().zip(&results).filter(|(_, result)| result.is_ok());
        counted.extend(won.flat_map(|(lines, _)| lines));
        assert_counted(&*store, &counted).await?;
    }
    Ok(())
}

pub async fn a_day_has_the_rows_of_its_hours(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    let at = [23, 24, 47, 48].map(|number| asked(1, hour(number)));
    filled(&*store, &at).await?;
    let day = Day::from_unix_days(first_day().unix_days() + 1)?;
    assert_eq!(store.usage_of_day(day).await?, fold(&at[1..3]).into_rows());
    assert_eq!(store.usage_of_day(first_day()).await?, fold(&at[..1]).into_rows());
    let before = Day::from_unix_days(first_day().unix_days() - 1)?;
    assert_eq!(store.usage_of_day(before).await?, []);
    Ok(())
}

pub async fn users_are_counted_once(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    // Numbers 1, 2 and 6 are requests of users 1, 2 and 1, number 5 is of nobody; call 3 is of user 3.
    let lines = [
        asked(1, hour(0)),
        asked(6, hour(1)),
        asked(2, hour(2)),
        asked(5, hour(3)),
        call(3, hour(3)),
        asked(1, hour(30)),
    ];
    filled(&*store, &lines).await?;
    assert_eq!(store.unique_users(days(1)?).await?, 2);
    assert_eq!(store.unique_users(days(2)?).await?, 2);
    assert_eq!(store.unique_users(Days::one(Day::of(hour(30)))).await?, 1);
    assert_eq!(store.unique_users(Days::one(Day::of(hour(50)))).await?, 0);
    Ok(())
}

pub async fn a_users_days_add_up(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    let lines = [asked(1, hour(0)), call(1, hour(23)), asked(6, hour(24)), asked(1, hour(48))];
    filled(&*store, &lines).await?;
    let sum = |lines: &[AuditEntry]| {
        let mut sum = UsageTotals::default();
        fold(lines).users().for_each(|(_, _, totals)| sum.merge(totals));
        sum
    };
    let user = address(1);
    assert_eq!(store.usage_of_user(&user, days(1)?).await?, sum(&lines[..2]));
    assert_eq!(store.usage_of_user(&user, days(2)?).await?, sum(&lines[..3]));
    assert_eq!(store.usage_of_user(&user, days(3)?).await?, sum(&lines));
    assert_eq!(store.usage_of_user(&address(9), days(3)?).await?, UsageTotals::default());
    Ok(())
}

pub async fn the_cursor_and_the_rows_survive_reopening(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    let lines = lines(90, 7);
    filled(&*store, &lines).await?;
    drop(store);
    let Some(store) = harness.again().await? else {
        skip("the_cursor_and_the_rows_survive_reopening");
        return Ok(());
    };
    assert_eq!(store.counted_through().await?, 90);
    assert_counted(&*store, &lines).await
}

/// Two processes count a log that grows, and count it again.
pub async fn what_two_processes_count_is_counted_once(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    let other = harness.again().await?.unwrap_or_else(|| Arc::clone(&store));
    let log = MemoryAiLog::new();
    let lines = lines(2_400, 20);
    for part in lines.chunks(800) {
        log.append(part).await?;
        let (one, two) = join(roll_up(&log, &*store, 100), roll_up(&log, &*other, 100)).await;
        assert!(one?.is_caught_up && two?.is_caught_up);
        let again = roll_up(&log, &*other, 100).await?;
        assert_eq!((again.batches, again.lines), (0, 0));
    }
    assert_eq!(store.counted_through().await?, 2_400);
    assert_counted(&*store, &lines).await
}
