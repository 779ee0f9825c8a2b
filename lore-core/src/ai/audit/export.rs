//! Exports: a log as JSON Lines that people and tools can read, and that proves itself.
//!
//! The first line tells what the export follows, the last what it ends with. Each line between holds an entry twice: as JSON,
//! and as the bytes that the chain is about. There is one way to write each, so a reader compares whole lines.

use data_encoding::{BASE64, HEXLOWER};
use serde::{Deserialize, Serialize, de::IgnoredAny};

use super::{
    chain::{ChainHead, LoggedEntry},
    check::{AuditReport, BrokenLine, ChainCheck, LineFault, Verdict},
    entry::AuditEntry,
    verify::Walk,
};
use crate::{
    error::{Error, ErrorKind, Result},
    port::ai_log::AuditLog,
};

const FORMAT: &str = "lore-audit-log";
const VERSION: u32 = 1;

#[derive(Debug, Serialize, Deserialize)]
struct HeaderLine<'a> {
    format: &'a str,
    version: u32,
    after: String,
}

#[derive(Debug, Serialize)]
struct EntryLine<'a> {
    sequence: u64,
    hash: String,
    entry: &'a AuditEntry,
    bytes: String,
}

/// An entry's line as it is read: its JSON is compared, not trusted.
#[derive(Debug, Deserialize)]
struct AnyEntryLine<'a> {
    sequence: u64,
    #[serde(borrow)]
    hash: &'a str,
    #[serde(rename = "entry")]
    _entry: IgnoredAny,
    #[serde(borrow)]
    bytes: &'a str,
}

#[derive(Debug, Serialize, Deserialize)]
struct EndLine {
    end: String,
    lines: u64,
}

fn json<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value)
        .map_err(|err| Error::new(ErrorKind::Unexpected, "a log entry cannot be written").with_source(err))
}

fn header(anchor: &ChainHead) -> Result<String> {
    json(&HeaderLine { format: FORMAT, version: VERSION, after: anchor.to_string() })
}

fn end(report: &AuditReport) -> Result<String> {
    json(&EndLine { end: report.head.to_string(), lines: report.lines })
}

fn rendered(line: &LoggedEntry) -> Result<String> {
    json(&EntryLine {
        sequence: line.head.sequence,
        hash: line.head.hash_hex(),
        entry: &line.entry()?,
        bytes: BASE64.encode(&line.bytes),
    })
}

/// Writes the kept lines up to and including place `through`, or all, to `sink`, one call per line of text without its
/// line end, in little memory. They are checked on the way: an export of a changed log is not finished.
///
/// # Errors
/// [`IntegrityMismatch`](ErrorKind::IntegrityMismatch) naming the first line that is not what was appended; those of the log
/// and of the sink.
pub async fn export(
    log: &dyn AuditLog,
    through: Option<u64>,
    mut sink: impl FnMut(&str) -> Result<()>,
) -> Result<AuditReport> {
    let (anchor, head) = (log.anchor().await?, log.head().await?);
    let through = through.unwrap_or(head.sequence);
    let mut walk = Walk::begin(anchor, None)??;
    sink(&header(&anchor)?)?;
    while walk.check.last().sequence < through {
        let show = |line: &LoggedEntry| match line.head.sequence > through {
            true => Ok(()),
            false => sink(&rendered(line)?),
        };
        if !walk.page(log, through, show).await?? {
            break;
        }
    }
    let report = if walk.check.last().sequence < through {
        // Nothing comes after the last line: the head tells what it is.
        let report = walk.check.finish(&head)?;
        return Err(not_so_far(through, report.head.sequence));
    } else {
        *walk.check.report()
    };
    sink(&end(&report)?)?;
    Ok(report)
}

/// The error where the log has no line `through` yet.
pub(super) fn not_so_far(through: u64, head: u64) -> Error {
    Error::new(ErrorKind::NotFound, "the log does not go so far")
        .with_context("through", through)
        .with_context("head", head)
}

/// Checks the lines of an export, which are given one by one without their line ends.
#[derive(Debug)]
pub struct ExportCheck {
    expected: Option<ChainHead>,
    state: State,
}

#[derive(Debug)]
enum State {
    Header,
    Lines(ChainCheck),
    Done(AuditReport),
}

impl ExportCheck {
    /// Begins; `expected` is a line that the export must hold.
    #[must_use]
    pub const fn new(expected: Option<ChainHead>) -> Self {
        Self { expected, state: State::Header }
    }

    /// Takes the next line of text.
    ///
    /// # Errors
    /// The first line of the log that is not what was exported. Place 0 is the header.
    pub fn take(&mut self, text: &str) -> Result<(), BrokenLine> {
        match &mut self.state {
            State::Header => {
                let anchor = read_header(text).ok_or(BrokenLine {
                    sequence: 0,
                    fault: LineFault::Unreadable,
                    intact: 0,
                })?;
                self.state = State::Lines(ChainCheck::new(anchor, self.expected));
                Ok(())
            }
            State::Lines(check) => {
                if let Ok(end) = serde_json::from_str::<EndLine>(text) {
                    return self.end(text, &end);
                }
                let line = match read_line(text) {
                    Ok(line) => line,
                    Err(fault) => return Err(check.unreadable_as(fault)),
                };
                check.take(&line)?;
                // Its bytes are right, so they tell what the rest of it must be; if they are not, the next line says so.
                if check.last() == line.head && rendered(&line).ok().as_deref() != Some(text) {
                    return Err(BrokenLine {
                        sequence: line.head.sequence,
                        fault: LineFault::Rendering,
                        intact: check.report().lines.saturating_sub(1),
                    });
                }
                Ok(())
            }
            State::Done(report) => Err(BrokenLine {
                sequence: report.head.sequence.saturating_add(1),
                fault: LineFault::AfterHead,
                intact: report.lines,
            }),
        }
    }

    fn end(&mut self, text: &str, line: &EndLine) -> Result<(), BrokenLine> {
        let State::Lines(check) = std::mem::replace(&mut self.state, State::Header) else { return Ok(()) };
        let (last, intact) = (check.last(), check.report().lines);
        let broken = |fault| BrokenLine { sequence: last.sequence, fault, intact };
        let head = line.end.parse().map_err(|_| broken(LineFault::Head))?;
        let report = check.finish(&head)?;
        if end(&report).ok().as_deref() != Some(text) {
            return Err(broken(LineFault::Head));
        }
        self.state = State::Done(report);
        Ok(())
    }

    /// Ends where no more lines come.
    ///
    /// # Errors
    /// The line after the last, if the export does not say that it ends there.
    pub fn finish(self) -> Result<AuditReport, BrokenLine> {
        match self.state {
            State::Done(report) => Ok(report),
            State::Lines(check) => Err(check.unreadable_as(LineFault::Missing)),
            State::Header => Err(BrokenLine { sequence: 0, fault: LineFault::Missing, intact: 0 }),
        }
    }
}

fn read_header(text: &str) -> Option<ChainHead> {
    let read: HeaderLine<'_> = serde_json::from_str(text).ok()?;
    let anchor = read.after.parse().ok()?;
    (header(&anchor).ok()? == text && (anchor.sequence > 0 || anchor == ChainHead::START)).then_some(anchor)
}

fn read_line(text: &str) -> Result<LoggedEntry, LineFault> {
    let unreadable = LineFault::Unreadable;
    let Ok(read) = serde_json::from_str::<AnyEntryLine<'_>>(text) else { return Err(unreadable) };
    let hash = HEXLOWER.decode(read.hash.as_bytes()).ok().and_then(|hash| hash.try_into().ok());
    let bytes = BASE64.decode(read.bytes.as_bytes());
    match (hash, bytes) {
        (Some(hash), Ok(bytes)) => Ok(LoggedEntry::new(ChainHead::new(read.sequence, hash), bytes)),
        _ => Err(unreadable),
    }
}

/// Checks an export from its lines of text.
///
/// # Errors
/// Those of the lines.
pub fn verify_export<T: AsRef<[u8]>>(
    lines: impl IntoIterator<Item = Result<T>>,
    expected: Option<ChainHead>,
) -> Result<Verdict> {
    let mut check = ExportCheck::new(expected);
    for line in lines {
        let line = line?;
        // What is no text is no line of an export, and is told as one that cannot be read.
        let text = std::str::from_utf8(line.as_ref()).unwrap_or_default();
        if let Err(broken) = check.take(text) {
            return Ok(Verdict::Broken(broken));
        }
    }
    Ok(check.finish().into())
}
