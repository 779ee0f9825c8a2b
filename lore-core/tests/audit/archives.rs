//! Archives and the log that goes on after them.

use std::{fs, path::Path};

use async_trait::async_trait;
use lore_core::{
    Error, ErrorKind, Result,
    ai::audit::{
        AuditEntry, ChainHead, LineFault, LoggedEntry, Statistics, Verdict, archive, verify_file,
        verify_with_archives,
    },
    ids::RequestId,
    memory::ai_log::MemoryAiLog,
    port::ai_log::AuditLog,
};
use tempfile::TempDir;

use super::log_of;

pub(crate) async fn whole(log: &dyn AuditLog, directory: &Path) -> (u64, u64) {
    let report = verify_with_archives(log, directory).await.unwrap().into_result().unwrap();
    assert!(report.first.unwrap() <= report.last.unwrap());
    (report.anchor.sequence, report.lines)
}

pub(crate) fn files(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = entries.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn archives_and_the_log_are_one_chain() {
    let directory = TempDir::new().unwrap();
    let directory = directory.path();
    let log = log_of(3_000).await;
    assert_eq!(whole(&log, directory).await, (0, 3_000));
    for (through, left) in [(1_200, 1_800), (1_201, 1_799), (3_000, 0)] {
        let archived = archive(&log, Statistics::NotKept, through, directory).await.unwrap().unwrap();
        assert_eq!(archived.report.head, log.anchor().await.unwrap());
        assert_eq!(log.lines(0, 5_000).await.unwrap().len(), left);
        assert_eq!(verify_file(&archived.path, None).unwrap(), Verdict::Whole(archived.report));
        assert_eq!(whole(&log, directory).await, (0, 3_000));
        // Once more changes nothing.
        assert_eq!(archive(&log, Statistics::NotKept, through, directory).await.unwrap(), None);
    }
    assert_eq!(files(directory).len(), 3);
    // Without the first, the chain begins later, and says so.
    fs::remove_file(directory.join(&files(directory)[0])).unwrap();
    assert_eq!(whole(&log, directory).await, (1_200, 1_800));
    assert_eq!(
        archive(&log, Statistics::NotKept, 3_001, directory).await.unwrap_err().kind(),
        ErrorKind::NotFound
    );
}

#[tokio::test]
async fn a_changed_archive_is_named() {
    let directory = TempDir::new().unwrap();
    let log = log_of(100).await;
    let archived = archive(&log, Statistics::NotKept, 60, directory.path()).await.unwrap().unwrap();
    let text = fs::read_to_string(&archived.path).unwrap();
    fs::write(&archived.path, text.replacen("\"sequence\":33,", "\"sequence\":34,", 1)).unwrap();
    let verdict = verify_with_archives(&log, directory.path()).await.unwrap();
    let Verdict::Broken(broken) = verdict else { panic!("it was changed") };
    assert_eq!((broken.sequence, broken.fault), (33, LineFault::Missing));
}

/// A log that ends with its process right before it drops anything.
#[derive(Debug)]
struct Dying(MemoryAiLog);

#[async_trait]
impl AuditLog for Dying {
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
        self.0.lines(after, limit).await
    }

    async fn lines_of(&self, request: &RequestId) -> Result<Vec<LoggedEntry>> {
        self.0.lines_of(request).await
    }

    async fn drop_through(&self, _: &ChainHead) -> Result<()> {
        Err(Error::new(ErrorKind::Unavailable, "the process died"))
    }
}

#[tokio::test]
async fn a_crash_between_writing_and_dropping_does_no_harm() {
    let directory = TempDir::new().unwrap();
    let directory = directory.path();
    let dying = Dying(log_of(100).await);
    archive(&dying, Statistics::NotKept, 60, directory).await.unwrap_err();
    let left = files(directory);
    assert_eq!((left.len(), whole(&dying.0, directory).await), (1, (0, 100)));
    // Again: the same file.
    archive(&dying.0, Statistics::NotKept, 60, directory).await.unwrap();
    assert_eq!((files(directory), whole(&dying.0, directory).await), (left, (0, 100)));
    // Again with more lines: the shorter file is left out.
    archive(&dying, Statistics::NotKept, 80, directory).await.unwrap_err();
    archive(&dying.0, Statistics::NotKept, 90, directory).await.unwrap();
    assert_eq!((files(directory).len(), whole(&dying.0, directory).await), (3, (0, 100)));
}

#[tokio::test]
async fn a_changed_log_is_not_archived() {
    let directory = TempDir::new().unwrap();
    let log = log_of(10).await;
    let mut line = log.lines(4, 1).await.unwrap()[0].clone();
    line.bytes[40] ^= 1;
    assert!(log.tamper(5, line));
    let error = archive(&log, Statistics::NotKept, 8, directory.path()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::IntegrityMismatch);
    assert_eq!(log.lines(0, 100).await.unwrap().len(), 10);
    assert!(files(directory.path()).iter().all(|name| !name.ends_with(".jsonl")));
}
