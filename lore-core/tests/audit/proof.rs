//! What a check finds that changes at the ends of a log.

use std::fmt::Debug;

use async_trait::async_trait;
use lore_core::{
    Error, ErrorKind, Result,
    ai::audit::{AuditEntry, ChainHead, LineFault, LoggedEntry, Verdict, verify},
    ids::RequestId,
    memory::ai_log::MemoryAiLog,
    port::ai_log::AuditLog,
};

use super::log_of;

/// A log whose lines and ends are what a test says.
#[derive(Debug)]
struct Changed {
    lines: Vec<LoggedEntry>,
    anchor: ChainHead,
    head: ChainHead,
    /// The line that cannot be read.
    unreadable: Option<u64>,
}

#[async_trait]
impl AuditLog for Changed {
    async fn append(&self, _: &[AuditEntry]) -> Result<ChainHead> {
        unreachable!("it is only read")
    }

    async fn head(&self) -> Result<ChainHead> {
        Ok(self.head)
    }

    async fn anchor(&self) -> Result<ChainHead> {
        Ok(self.anchor)
    }

    async fn lines(&self, after: u64, limit: u32) -> Result<Vec<LoggedEntry>> {
        let later = self.lines.iter().filter(|line| line.head.sequence > after);
        let lines: Vec<_> = later.take(limit as usize).cloned().collect();
        match self.unreadable {
            Some(bad) if lines.iter().any(|line| line.head.sequence == bad) => {
                Err(Error::new(ErrorKind::IntegrityMismatch, "damaged").with_context("sequence", bad))
            }
            _ => Ok(lines),
        }
    }

    async fn lines_of(&self, _: &RequestId) -> Result<Vec<LoggedEntry>> {
        unreachable!("nobody asks for a request")
    }

    async fn drop_through(&self, _: &ChainHead) -> Result<()> {
        unreachable!("it is only read")
    }
}

async fn changed(change: impl FnOnce(&mut Changed)) -> (u64, LineFault) {
    let log = log_of(20).await;
    let lines = log.lines(0, 100).await.unwrap();
    log.drop_through(&lines[4].head).await.unwrap();
    let mut changed =
        Changed { lines: lines[5..].to_vec(), anchor: lines[4].head, head: lines[19].head, unreadable: None };
    assert!(matches!(verify(&changed, None).await.unwrap(), Verdict::Whole(_)));
    change(&mut changed);
    match verify(&changed, None).await.unwrap() {
        Verdict::Broken(broken) => (broken.sequence, broken.fault),
        Verdict::Whole(report) => panic!("{report:?}"),
    }
}

#[tokio::test]
async fn lines_that_were_taken_out_or_moved_are_named() {
    assert_eq!(changed(|log| drop(log.lines.remove(3))).await, (9, LineFault::Missing));
    assert_eq!(changed(|log| drop(log.lines.remove(0))).await, (6, LineFault::Missing));
    assert_eq!(changed(|log| drop(log.lines.pop())).await, (20, LineFault::Missing));
    assert_eq!(changed(|log| log.lines.clear()).await, (6, LineFault::Missing));
    assert_eq!(changed(|log| log.lines.swap(3, 4)).await, (9, LineFault::Missing));
    let twice = changed(|log| log.lines.insert(4, log.lines[3].clone())).await;
    assert_eq!(twice, (10, LineFault::Misplaced { found: 9 }));
    let moved = changed(|log| (log.lines[3].head.sequence, log.lines[4].head.sequence) = (10, 9)).await;
    assert_eq!(moved, (9, LineFault::Missing));
}

#[tokio::test]
async fn a_changed_head_or_anchor_is_named() {
    assert_eq!(changed(|log| log.head.hash[0] ^= 1).await, (20, LineFault::Head));
    assert_eq!(changed(|log| log.head.sequence = 21).await, (21, LineFault::Missing));
    assert_eq!(changed(|log| log.head = log.lines[10].head).await, (17, LineFault::AfterHead));
    assert_eq!(changed(|log| log.head = ChainHead::START).await, (1, LineFault::AfterHead));
    assert_eq!(changed(|log| log.anchor.hash[0] ^= 1).await, (6, LineFault::Bytes));
    assert_eq!(changed(|log| log.anchor.sequence = 4).await, (5, LineFault::Missing));
    assert_eq!(changed(|log| log.anchor = log.lines[0].head).await, (7, LineFault::Anchor));
    assert_eq!(changed(|log| log.anchor.sequence = 0).await, (0, LineFault::Anchor));
}

#[tokio::test]
async fn a_line_that_cannot_be_read_is_named_after_a_changed_one_before_it() {
    assert_eq!(changed(|log| log.unreadable = Some(9)).await, (9, LineFault::Unreadable));
    let both = changed(|log| {
        log.unreadable = Some(9);
        log.lines[1].bytes[30] ^= 1;
    });
    assert_eq!(both.await, (7, LineFault::Bytes));
    let side_by_side = changed(|log| {
        log.unreadable = Some(9);
        log.lines[2].head.hash[0] ^= 1;
    });
    // Nothing that can be read tells which of the two changed.
    assert_eq!(side_by_side.await, (8, LineFault::Bytes));
}

/// The chain is right, and its bytes mean nothing: somebody wrote it anew.
#[tokio::test]
async fn bytes_that_are_no_entry_are_named() {
    let found = changed(|log| {
        let mut head = log.lines[13].head;
        log.lines[14] = LoggedEntry::new(head.next(b"nothing"), b"nothing".to_vec());
        head = log.lines[14].head;
        log.head = head;
    })
    .await;
    assert_eq!(found, (20, LineFault::NotCanonical));
}

async fn expecting(log: &MemoryAiLog, head: ChainHead) -> Result<Option<(u64, LineFault)>> {
    Ok(match verify(log, Some(&head)).await? {
        Verdict::Whole(_) => None,
        Verdict::Broken(broken) => Some((broken.sequence, broken.fault)),
    })
}

#[tokio::test]
async fn a_log_that_was_written_anew_does_not_hold_the_head_that_was_noted() {
    let log = log_of(20).await;
    let lines = log.lines(0, 100).await.unwrap();
    for line in &lines {
        assert_eq!(expecting(&log, line.head).await.unwrap(), None);
    }
    let (noted, seventh) = (ChainHead::new(7, [7; 32]), lines[6].head);
    assert_eq!(expecting(&log, noted).await.unwrap(), Some((7, LineFault::NotExpected)));
    // Also where the log's own head was set back with the lines.
    let later = ChainHead::new(21, [7; 32]);
    assert_eq!(expecting(&log, later).await.unwrap(), Some((21, LineFault::Missing)));
    log.drop_through(&seventh).await.unwrap();
    assert_eq!(expecting(&log, seventh).await.unwrap(), None);
    assert_eq!(expecting(&log, noted).await.unwrap(), Some((7, LineFault::NotExpected)));
    assert_eq!(expecting(&log, lines[2].head).await.unwrap_err().kind(), ErrorKind::InvalidInput);
}
