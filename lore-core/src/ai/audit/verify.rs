//! [`verify()`]: whether every line of a log is what was appended.

use super::{
    chain::{ChainHead, LoggedEntry},
    check::{AuditReport, BrokenLine, ChainCheck, LineFault, Verdict},
};
use crate::{
    error::{Error, ErrorKind, Result},
    port::ai_log::AuditLog,
};

/// Lines in memory at a time.
pub(super) const PAGE: u32 = 1_000;

/// Checks every kept line of a log, in one pass and little memory, while others may go on appending and archiving.
///
/// Who can change the whole log can compute it anew, so a head that was noted elsewhere proves more than the log's own:
/// `expected` is the place and hash of a line that the log must hold.
///
/// # Errors
/// Those of the log, but for a line that cannot be read: that one is a finding.
/// [`InvalidInput`](ErrorKind::InvalidInput) if the expected line was archived.
pub async fn verify(log: &dyn AuditLog, expected: Option<&ChainHead>) -> Result<Verdict> {
    loop {
        let anchor = log.anchor().await?;
        let result = pass(log, anchor, expected).await?;
        // Lines that went missing because somebody archived them are no fault. The anchor only moves forward, so this ends.
        if result.is_ok() || log.anchor().await? == anchor {
            return Ok(result.into());
        }
    }
}

async fn pass(
    log: &dyn AuditLog,
    anchor: ChainHead,
    expected: Option<&ChainHead>,
) -> Result<Result<AuditReport, BrokenLine>> {
    let head = log.head().await?;
    let mut walk = match Walk::begin(anchor, expected)? {
        Ok(walk) => walk,
        Err(broken) => return Ok(Err(broken)),
    };
    while walk.check.last().sequence < head.sequence {
        match walk.page(log, head.sequence, |_| Ok(())).await? {
            Ok(true) => {}
            Ok(false) => break,
            Err(broken) => return Ok(Err(broken)),
        }
    }
    let beyond = walk.check.last().sequence.max(head.sequence);
    let report = match walk.check.finish(&head) {
        Ok(report) => report,
        Err(broken) => return Ok(Err(broken)),
    };
    // What was appended meanwhile moved the head too.
    let (sequence, fault) = match log.lines(beyond, 1).await {
        Ok(lines) => match lines.first().map(|line| line.head.sequence) {
            Some(sequence) if log.head().await?.sequence < sequence => (sequence, LineFault::AfterHead),
            _ => return Ok(Ok(report)),
        },
        Err(err) => (unreadable(err)?, LineFault::Unreadable),
    };
    Ok(Err(BrokenLine { sequence, fault, intact: report.lines }))
}

/// The place of a line that cannot be read; other errors stay what they are.
fn unreadable(err: Error) -> Result<u64> {
    let sequence = err.context().iter().find(|(key, _)| *key == "sequence");
    match sequence.and_then(|(_, sequence)| sequence.parse().ok()) {
        Some(sequence) if err.kind() == ErrorKind::IntegrityMismatch => Ok(sequence),
        _ => Err(err),
    }
}

/// A walk over the lines of a log, page by page.
#[derive(Debug)]
pub(super) struct Walk {
    pub(super) check: ChainCheck,
    /// The place after which the next page begins.
    after: u64,
}

impl Walk {
    pub(super) fn begin(anchor: ChainHead, expected: Option<&ChainHead>) -> Result<Result<Self, BrokenLine>> {
        let check = ChainCheck::new(anchor, expected.copied());
        if anchor.sequence == 0 && anchor != ChainHead::START {
            return Ok(Err(check.broken(0, LineFault::Anchor)));
        }
        match expected {
            Some(expected) if expected.sequence < anchor.sequence => {
                Err(Error::invalid("expected", "archived", "the head of a line that is still kept"))
            }
            Some(expected) if expected.sequence == anchor.sequence && *expected != anchor => {
                Ok(Err(check.broken(anchor.sequence, LineFault::NotExpected)))
            }
            // From the very first, and not from the anchor: what is kept before it is a finding too.
            _ => Ok(Ok(Self { check, after: 0 })),
        }
    }

    /// Takes a page of lines up to `through`, and shows each; says whether there may be more.
    pub(super) async fn page(
        &mut self,
        log: &dyn AuditLog,
        through: u64,
        mut show: impl FnMut(&LoggedEntry) -> Result<()>,
    ) -> Result<Result<bool, BrokenLine>> {
        let (lines, unread) = match readable(log, self.after).await? {
            Ok(lines) => (lines, None),
            Err(sequence) => (before(log, self.check.last().sequence, sequence).await?, Some(sequence)),
        };
        for line in &lines {
            if line.head.sequence > through && self.check.last().sequence >= through {
                return Ok(Ok(false));
            }
            if let Err(broken) = self.check.take(line) {
                return Ok(Err(broken));
            }
            show(line)?;
            self.after = line.head.sequence;
        }
        match unread {
            Some(sequence) => Ok(Err(self.check.unreadable(sequence))),
            None => Ok(Ok(!lines.is_empty())),
        }
    }
}

/// The next page, or the place of the first line in it that cannot be read.
async fn readable(log: &dyn AuditLog, after: u64) -> Result<Result<Vec<LoggedEntry>, u64>> {
    match log.lines(after, PAGE).await {
        Ok(lines) => Ok(Ok(lines)),
        Err(err) => unreadable(err).map(Err),
    }
}

/// The lines before one that cannot be read, of which one may have been changed.
async fn before(log: &dyn AuditLog, after: u64, unread: u64) -> Result<Vec<LoggedEntry>> {
    match u32::try_from(unread.saturating_sub(after).saturating_sub(1)) {
        Ok(count) if (1..PAGE).contains(&count) => match log.lines(after, count).await {
            Ok(lines) => Ok(lines),
            // Some are missing, so that these would reach as far.
            Err(err) => unreadable(err).map(|_| Vec::new()),
        },
        _ => Ok(Vec::new()),
    }
}
