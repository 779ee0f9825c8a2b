//! Runs over a log: again, at the same time, interrupted, and over one that was archived.

use futures_util::{
    future::{join_all, poll_fn},
    pin_mut,
};
use lore_core::{
    ErrorKind, Result,
    ai::{
        audit::{AuditEntry, ChainHead, LoggedEntry, Statistics, archive},
        stats::{UsageRow, archivable_through, fold, roll_up},
    },
    conformance::report_store::fixtures::{days, lines},
    ids::RequestId,
    memory::{ai_log::MemoryAiLog, ai_reports::MemoryAiReports},
    port::{ai_log::AuditLog, ai_reports::UsageReports},
};
use std::task::Poll;
use tempfile::TempDir;

/// A log that lets others run whenever it is read, as one on a disk does.
#[derive(Debug)]
struct Slow(MemoryAiLog);

async fn pause() {
    let mut is_second = false;
    poll_fn(|context| {
        if is_second {
            return Poll::Ready(());
        }
        is_second = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[async_trait::async_trait]
impl AuditLog for Slow {
    async fn append(&self, entries: &[AuditEntry]) -> Result<ChainHead> {
        self.0.append(entries).await
    }

    async fn head(&self) -> Result<ChainHead> {
        self.0.head().await
    }

    async fn anchor(&self) -> Result<ChainHead> {
        self.0.anchor().await
    }

    async fn lines(&self, after: u64, limit: u32) -> Result<Vec<LoggedEntry>> {
        pause().await;
        self.0.lines(after, limit).await
    }

    async fn lines_of(&self, request: &RequestId) -> Result<Vec<LoggedEntry>> {
        pause().await;
        self.0.lines_of(request).await
    }

    async fn drop_through(&self, through: &ChainHead) -> Result<()> {
        self.0.drop_through(through).await
    }
}

async fn rows(store: &MemoryAiReports) -> Vec<UsageRow> {
    let mut rows = Vec::new();
    for day in days(60).unwrap().iter() {
        rows.extend(store.usage_of_day(day).await.unwrap());
    }
    rows
}

async fn logged(lines: &[AuditEntry]) -> Slow {
    let log = MemoryAiLog::new();
    log.append(lines).await.unwrap();
    Slow(log)
}

#[tokio::test]
async fn several_at_once_count_each_line_once() {
    let lines = lines(3_100, 40);
    let log = logged(&lines).await;
    let store = MemoryAiReports::new();
    let runs = join_all((0..5).map(|_| roll_up(&log, &store, 1_000))).await;
    let runs: Vec<_> = runs.into_iter().map(Result::unwrap).collect();
    assert!(runs.iter().all(|run| run.is_caught_up && run.through == 3_100));
    assert_eq!(runs.iter().map(|run| run.lines).sum::<u64>(), 3_100);
    assert!(runs.iter().map(|run| run.conflicts).sum::<u32>() > 0, "nothing was at once: {runs:?}");
    assert_eq!(rows(&store).await, fold(&lines).into_rows());
}

#[tokio::test]
async fn a_run_that_ends_anywhere_is_gone_on_with() {
    let lines = lines(1_700, 40);
    let log = logged(&lines).await;
    let store = MemoryAiReports::new();
    let mut dropped = 0;
    // The n-th run is dropped after n steps: between a page and its commit among others.
    for steps in 1.. {
        let run = roll_up(&log, &store, 1_000);
        pin_mut!(run);
        let mut left = steps;
        let done = poll_fn(|context| {
            if left == 0 {
                return Poll::Ready(None);
            }
            left -= 1;
            run.as_mut().poll(context).map(Some)
        })
        .await;
        match done {
            Some(done) => {
                assert!(done.unwrap().is_caught_up);
                break;
            }
            None => dropped += 1,
        }
    }
    assert!(dropped > 2, "{dropped}");
    assert_eq!(rows(&store).await, fold(&lines).into_rows());
}

#[tokio::test]
async fn a_run_with_a_limit_says_that_there_is_more() {
    let log = logged(&lines(1_200, 40)).await;
    let store = MemoryAiReports::new();
    let first = roll_up(&log, &store, 2).await.unwrap();
    assert_eq!((first.batches, first.through, first.is_caught_up), (2, 1_000, false));
    let second = roll_up(&log, &store, 2).await.unwrap();
    assert_eq!((second.batches, second.lines, second.is_caught_up), (1, 200, true));
}

#[tokio::test]
async fn the_log_is_not_archived_beyond_what_is_counted() {
    let log = logged(&lines(600, 40)).await;
    let store = MemoryAiReports::new();
    roll_up(&log, &store, 1).await.unwrap();
    assert_eq!(archivable_through(&store).await.unwrap(), 500);
    let (directory, statistics) = (TempDir::new().unwrap(), Statistics::Counted(&store));
    let error = archive(&log, statistics, 501, directory.path()).await.unwrap_err();
    assert_eq!((error.kind(), log.anchor().await.unwrap().sequence), (ErrorKind::Conflict, 0));
    let text = error.to_string();
    for part in ["roll up first", "through `501`", "counted_through `500`"] {
        assert!(text.contains(part), "{text}");
    }
    // Counting does not help there.
    let error = archive(&log, statistics, 601, directory.path()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    archive(&log, statistics, 500, directory.path()).await.unwrap().unwrap();
    assert_eq!(log.anchor().await.unwrap().sequence, 500);
    // Somebody did it all the same: what is lost is not passed over.
    let kept = log.lines(509, 1).await.unwrap();
    log.drop_through(&kept[0].head).await.unwrap();
    let error = roll_up(&log, &store, 9).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::IntegrityMismatch);
    assert!(error.to_string().contains("next_line `511`"), "{error}");
    assert_eq!(store.counted_through().await.unwrap(), 500);
    let last = log.head().await.unwrap();
    log.drop_through(&last).await.unwrap();
    assert_eq!(roll_up(&log, &store, 9).await.unwrap_err().kind(), ErrorKind::IntegrityMismatch);
}

#[tokio::test]
async fn counted_lines_may_go_and_another_log_is_noticed() {
    let lines = lines(700, 40);
    let log = logged(&lines).await;
    let store = MemoryAiReports::new();
    roll_up(&log, &store, 9).await.unwrap();
    let last = log.head().await.unwrap();
    log.drop_through(&last).await.unwrap();
    assert!(roll_up(&log, &store, 9).await.unwrap().is_caught_up);
    log.append(&lines[..3]).await.unwrap();
    assert_eq!(roll_up(&log, &store, 9).await.unwrap().lines, 3);
    let other = logged(&lines[..3]).await;
    assert_eq!(roll_up(&other, &store, 9).await.unwrap_err().kind(), ErrorKind::IntegrityMismatch);
}
