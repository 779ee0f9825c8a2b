//! [`ChainCheck`]: takes lines one by one and finds the first that is not what was appended.

use std::fmt;

use super::{
    canonical,
    chain::{ChainHead, LoggedEntry},
};
use crate::{
    error::{Error, ErrorKind, Result},
    time::Timestamp,
};

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LineFault {
    /// It is not there.
    Missing,
    /// Another line stands in its place.
    Misplaced {
        /// The place that the other one says it has.
        found: u64,
    },
    /// Its bytes are not those that were appended, or what it follows is not.
    Bytes,
    /// Its bytes are true, and its hash is not.
    Hash,
    /// It cannot be read at all.
    Unreadable,
    /// Its bytes are no entry that this version of Lore can read.
    NotCanonical,
    /// It stands after the head: the head was changed, or the line was never appended.
    AfterHead,
    /// It is not the line that the head says was appended last.
    Head,
    /// It is not the line that the expected head names.
    NotExpected,
    /// What is kept begins somewhere else than after the anchor.
    Anchor,
    /// What can be read of it is not what its bytes say. Only in exports.
    Rendering,
}

impl LineFault {
    /// The stable name, for example `missing`.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Misplaced { .. } => "misplaced",
            Self::Bytes => "bytes",
            Self::Hash => "hash",
            Self::Unreadable => "unreadable",
            Self::NotCanonical => "not_canonical",
            Self::AfterHead => "after_head",
            Self::Head => "head",
            Self::NotExpected => "not_expected",
            Self::Anchor => "anchor",
            Self::Rendering => "rendering",
        }
    }
}

impl fmt::Display for LineFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "is missing",
            Self::Misplaced { found } => return write!(f, "is not in its place, where line {found} stands"),
            Self::Bytes => "is not what was appended",
            Self::Hash => "has another hash than its bytes",
            Self::Unreadable => "cannot be read",
            Self::NotCanonical => "is no entry in canonical form",
            Self::AfterHead => "stands after the head of the log",
            Self::Head => "is not the line that the head of the log names",
            Self::NotExpected => "is not the line that was expected",
            Self::Anchor => "does not follow the anchor of the log",
            Self::Rendering => "says something else than its bytes",
        })
    }
}

/// The first line that is not what was appended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BrokenLine {
    /// Its place; 0 if it is what stands before all lines.
    pub sequence: u64,
    /// What is wrong with it.
    pub fault: LineFault,
    /// How many lines before it are as they were appended.
    pub intact: u64,
}

impl fmt::Display for BrokenLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} {}", self.sequence, self.fault)
    }
}

impl From<BrokenLine> for Error {
    fn from(broken: BrokenLine) -> Self {
        Self::new(ErrorKind::IntegrityMismatch, "the audit log was changed")
            .with_context("sequence", broken.sequence)
            .with_context("fault", broken.fault.as_str())
    }
}

/// A log, or a part of one, in which every line is what was appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuditReport {
    /// How many lines there are.
    pub lines: u64,
    /// When the first of them happened.
    pub first: Option<Timestamp>,
    /// When the last of them happened.
    pub last: Option<Timestamp>,
    /// What the first follows.
    pub anchor: ChainHead,
    /// The last.
    pub head: ChainHead,
}

/// What came out of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every line is what was appended.
    Whole(AuditReport),
    /// At least this one is not.
    Broken(BrokenLine),
}

impl Verdict {
    /// The report of a whole log.
    ///
    /// # Errors
    /// [`IntegrityMismatch`](ErrorKind::IntegrityMismatch) naming the first line that is not what was appended.
    pub fn into_result(self) -> Result<AuditReport> {
        match self {
            Self::Whole(report) => Ok(report),
            Self::Broken(broken) => Err(broken.into()),
        }
    }
}

impl From<Result<AuditReport, BrokenLine>> for Verdict {
    fn from(result: Result<AuditReport, BrokenLine>) -> Self {
        result.map_or_else(Self::Broken, Self::Whole)
    }
}

/// Takes the lines of a chain in order.
#[derive(Debug)]
pub(super) struct ChainCheck {
    report: AuditReport,
    expected: Option<ChainHead>,
    /// What the newest line's hash should be, if it is another: the next line tells whether its bytes or its hash changed.
    suspect: Option<ChainHead>,
}

impl ChainCheck {
    /// Begins after `anchor`. `expected` is a line that the chain must hold.
    pub(super) const fn new(anchor: ChainHead, expected: Option<ChainHead>) -> Self {
        let report = AuditReport { lines: 0, first: None, last: None, anchor, head: anchor };
        Self { report, expected, suspect: None }
    }

    /// The last line that was taken and is right.
    pub(super) const fn last(&self) -> ChainHead {
        self.report.head
    }

    pub(super) const fn broken(&self, sequence: u64, fault: LineFault) -> BrokenLine {
        BrokenLine { sequence, fault, intact: self.report.lines }
    }

    /// The line after the last good one, with this fault.
    pub(super) const fn next_is(&self, fault: LineFault) -> BrokenLine {
        self.broken(self.report.head.sequence.saturating_add(1), fault)
    }

    /// The fault of a line whose hash is another, where what follows shows `truth`, whether it follows from the bytes.
    fn suspected(&self, truth: impl FnOnce(&ChainHead) -> bool) -> Result<(), BrokenLine> {
        match &self.suspect {
            None => Ok(()),
            Some(computed) if truth(computed) => Err(self.next_is(LineFault::Hash)),
            Some(_) => Err(self.next_is(LineFault::Bytes)),
        }
    }

    fn expected_at(&self, head: &ChainHead) -> Result<(), BrokenLine> {
        match self.expected {
            Some(expected) if expected.sequence == head.sequence && expected.hash != head.hash => {
                Err(self.broken(head.sequence, LineFault::NotExpected))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn take(&mut self, line: &LoggedEntry) -> Result<(), BrokenLine> {
        self.suspected(|computed| computed.next(&line.bytes) == line.head)?;
        let computed = self.report.head.next(&line.bytes);
        if line.head.sequence != computed.sequence {
            let found = line.head.sequence;
            return Err(self.next_is(if found > computed.sequence {
                LineFault::Missing
            } else if self.report.lines == 0 {
                LineFault::Anchor
            } else {
                LineFault::Misplaced { found }
            }));
        }
        if line.head.hash != computed.hash {
            self.suspect = Some(computed);
            return Ok(());
        }
        let entry = canonical::decode(&line.bytes).map_err(|_| self.next_is(LineFault::NotCanonical))?;
        self.expected_at(&computed)?;
        self.report.lines = self.report.lines.saturating_add(1);
        self.report.first.get_or_insert(entry.at());
        self.report.last = Some(entry.at());
        self.report.head = computed;
        Ok(())
    }

    /// Ends where no more lines come, and `head` is the last, as it is stored elsewhere.
    pub(super) fn finish(self, head: &ChainHead) -> Result<AuditReport, BrokenLine> {
        self.suspected(|computed| computed == head)?;
        let last = self.report.head;
        if last.sequence < head.sequence {
            return Err(self.next_is(LineFault::Missing));
        }
        if last.sequence > head.sequence {
            return Err(self.broken(head.sequence.saturating_add(1), LineFault::AfterHead));
        }
        if last.hash != head.hash {
            return Err(self.broken(last.sequence, LineFault::Head));
        }
        match self.expected {
            Some(expected) if expected.sequence > last.sequence => Err(self.next_is(LineFault::Missing)),
            _ => Ok(self.report),
        }
    }

    /// What is known so far.
    pub(super) const fn report(&self) -> &AuditReport {
        &self.report
    }

    /// The finding where the line at this place cannot be read.
    pub(super) fn unreadable(&self, sequence: u64) -> BrokenLine {
        match self.suspected(|_| false) {
            Err(broken) => broken,
            Ok(()) => self.broken(sequence, LineFault::Unreadable),
        }
    }

    /// The finding where the next line cannot be taken, for this reason.
    pub(super) fn unreadable_as(&self, fault: LineFault) -> BrokenLine {
        match self.suspected(|_| false) {
            Err(broken) => broken,
            Ok(()) => self.next_is(fault),
        }
    }
}
