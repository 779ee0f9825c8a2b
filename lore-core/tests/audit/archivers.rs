//! Several archivers at once, and archivers that do not come to their end.

use std::{
    fs::{self, File},
    path::Path,
    task::{Context, Poll, Waker},
    thread,
};

use async_trait::async_trait;
use futures_util::{
    future::{join_all, poll_fn},
    pin_mut,
};
use lore_core::{
    ErrorKind, Result,
    ai::audit::{AuditEntry, ChainHead, LoggedEntry, Statistics, archive},
    conformance::audit_log::fixtures::hit,
    ids::RequestId,
    memory::ai_log::MemoryAiLog,
    port::ai_log::AuditLog,
};
use tempfile::TempDir;

use super::{
    archives::{files, whole},
    log_of,
};

/// A log that lets others run before and after whatever it does, as one on a disk does.
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

async fn slowly<T>(call: impl Future<Output = T>) -> T {
    pause().await;
    let result = call.await;
    pause().await;
    result
}

#[async_trait]
impl AuditLog for Slow {
    async fn append(&self, entries: &[AuditEntry]) -> Result<ChainHead> {
        slowly(self.0.append(entries)).await
    }

    async fn head(&self) -> Result<ChainHead> {
        slowly(self.0.head()).await
    }

    async fn anchor(&self) -> Result<ChainHead> {
        slowly(self.0.anchor()).await
    }

    async fn lines(&self, after: u64, limit: u32) -> Result<Vec<LoggedEntry>> {
        slowly(self.0.lines(after, limit)).await
    }

    async fn lines_of(&self, request: &RequestId) -> Result<Vec<LoggedEntry>> {
        slowly(self.0.lines_of(request)).await
    }

    async fn drop_through(&self, through: &ChainHead) -> Result<()> {
        slowly(self.0.drop_through(through)).await
    }
}

fn unfinished(directory: &Path) -> Vec<String> {
    files(directory).into_iter().filter(|name| name.starts_with("audit.unfinished")).collect()
}

/// Where each of three archivers stops in a round, of a log that has `lines` more lines than before.
fn ends(round: u64, lines: u64) -> [u64; 3] {
    let start = round * lines;
    match round % 4 {
        0 => [start + lines; 3],
        1 => [start + 1, start + lines / 2, start + lines],
        2 => [start + lines - 1, start + lines, start + 3],
        _ => [start + 5, start + 5, start + lines],
    }
}

#[tokio::test]
async fn archivers_that_take_turns_at_every_step_lose_no_line() {
    let directory = TempDir::new().unwrap();
    let log = Slow(MemoryAiLog::new());
    for round in 0..5 {
        // Two pages, so that lines can go while others are read.
        log.append(&(0..1_100).map(hit).collect::<Vec<_>>()).await.unwrap();
        let archiving =
            ends(round, 1_100).map(|through| archive(&log, Statistics::NotKept, through, directory.path()));
        let done: Vec<_> = join_all(archiving).await.into_iter().map(Result::unwrap).collect();
        assert!(done.iter().any(Option::is_some));
        assert_eq!(log.0.anchor().await.unwrap().sequence, 1_100 * (round + 1));
        assert_eq!(whole(&log.0, directory.path()).await, (0, 1_100 * (round + 1)));
    }
    assert_eq!(unfinished(directory.path()), Vec::<String>::new());
}

#[tokio::test]
async fn archivers_in_threads_of_their_own_lose_no_line() {
    let directory = TempDir::new().unwrap();
    let log = MemoryAiLog::new();
    for round in 0..40 {
        log.append(&(0..20).map(hit).collect::<Vec<_>>()).await.unwrap();
        thread::scope(|scope| {
            for through in ends(round, 20) {
                let (log, directory) = (&log, directory.path());
                scope.spawn(move || {
                    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                    runtime.block_on(archive(log, Statistics::NotKept, through, directory)).unwrap();
                });
            }
        });
        assert_eq!(log.anchor().await.unwrap().sequence, 20 * (round + 1));
        assert_eq!(whole(&log, directory.path()).await, (0, 20 * (round + 1)));
    }
    assert_eq!(unfinished(directory.path()), Vec::<String>::new());
}

/// Polls an archiver so many times and drops it; whether it came to its end.
fn archives_in(steps: usize, log: &Slow, directory: &Path) -> bool {
    let archiving = archive(log, Statistics::NotKept, 50, directory);
    pin_mut!(archiving);
    let mut context = Context::from_waker(Waker::noop());
    (0..steps).any(|_| match archiving.as_mut().poll(&mut context) {
        Poll::Ready(done) => done.unwrap().is_some(),
        Poll::Pending => false,
    })
}

#[tokio::test]
async fn an_archiver_that_is_dropped_at_any_step_is_gone_on_with() {
    let (mut dropped, mut is_published) = (0, false);
    for steps in 1.. {
        let directory = TempDir::new().unwrap();
        let log = Slow(log_of(60).await);
        if archives_in(steps, &log, directory.path()) {
            break;
        }
        dropped += 1;
        assert_eq!(unfinished(directory.path()), Vec::<String>::new());
        is_published |= files(directory.path()).len() == 1 && log.0.anchor().await.unwrap().sequence == 0;
        assert_eq!(whole(&log.0, directory.path()).await, (0, 60));
        archive(&log, Statistics::NotKept, 50, directory.path()).await.unwrap();
        assert_eq!(log.0.anchor().await.unwrap().sequence, 50);
        assert_eq!((files(directory.path()).len(), whole(&log.0, directory.path()).await), (1, (0, 60)));
    }
    assert!(dropped > 5 && is_published, "{dropped}");
}

#[tokio::test]
async fn what_a_killed_archiver_left_is_removed_and_what_a_live_one_writes_is_not() {
    let directory = TempDir::new().unwrap();
    let directory = directory.path();
    let log = log_of(100).await;
    let [dead, alive] = ["audit.unfinished.0", "audit.unfinished.1"].map(|name| directory.join(name));
    fs::write(&dead, "{\"form").unwrap();
    fs::write(&alive, "{\"form").unwrap();
    let writer = File::open(&alive).unwrap();
    writer.lock().unwrap();
    archive(&log, Statistics::NotKept, 60, directory).await.unwrap().unwrap();
    assert_eq!(unfinished(directory), ["audit.unfinished.1"]);
    // Its process ends too.
    drop(writer);
    archive(&log, Statistics::NotKept, 61, directory).await.unwrap().unwrap();
    assert_eq!((files(directory).len(), whole(&log, directory).await), (2, (0, 100)));
}

#[tokio::test]
async fn a_file_that_holds_something_else_is_not_written_over_and_nothing_is_dropped() {
    let (directory, other) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let path =
        archive(&log_of(100).await, Statistics::NotKept, 60, other.path()).await.unwrap().unwrap().path;
    let text = fs::read_to_string(&path).unwrap();
    let place = directory.path().join(path.file_name().unwrap());
    let log = log_of(100).await;
    for wrong in [String::new(), text[..text.len() / 2].to_owned(), text.replacen("0:0000", "0:0001", 1)] {
        fs::write(&place, &wrong).unwrap();
        let error = archive(&log, Statistics::NotKept, 60, directory.path()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::IntegrityMismatch);
        assert!(error.to_string().contains(&place.display().to_string()), "{error}");
        assert_eq!(log.lines(0, 1_000).await.unwrap().len(), 100);
        assert_eq!(fs::read_to_string(&place).unwrap(), wrong);
    }
    fs::remove_file(&place).unwrap();
    archive(&log, Statistics::NotKept, 60, directory.path()).await.unwrap().unwrap();
    assert_eq!(fs::read_to_string(&place).unwrap(), text);
}
