//! Archives: the oldest lines of a log as exports in a directory, which continue each other and end where the log begins.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, BufWriter, Write},
    path::{Path, PathBuf},
};

use super::{
    chain::ChainHead,
    check::{AuditReport, Verdict},
    export::{export, not_so_far, verify_export},
    unfinished::{Unfinished, failed},
    verify::verify,
};
use crate::{
    error::{Error, ErrorKind, Result},
    port::{
        ai_log::AuditLog,
        ai_reports::{ReportRefusal, UsageReports},
    },
};

const PREFIX: &str = "audit-";
const SUFFIX: &str = ".jsonl";

/// A part of a log in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Archived {
    /// The file.
    pub path: PathBuf,
    /// What it holds.
    pub report: AuditReport,
}

/// The statistics of a log, which count a line before it is archived.
#[derive(Clone, Copy, Debug)]
pub enum Statistics<'a> {
    /// They are kept here.
    Counted(&'a dyn UsageReports),
    /// Nobody keeps any, nor will: lines that are archived now can never be counted.
    NotKept,
}

impl Statistics<'_> {
    /// Refuses lines that are not counted.
    async fn check(self, log: &dyn AuditLog, through: u64) -> Result<()> {
        let Self::Counted(reports) = self else { return Ok(()) };
        let counted_through = reports.counted_through().await?;
        if through <= counted_through {
            return Ok(());
        }
        let head = log.head().await?.sequence;
        Err(if through > head {
            not_so_far(through, head)
        } else {
            ReportRefusal::NotCounted { through, counted_through }.into()
        })
    }
}

/// Writes the kept lines up to and including place `through` to a file in `directory`, proves the file, and then drops the
/// lines from the log. `None` if they are archived already. What the statistics have not counted is not archived:
/// [`archivable_through`](crate::ai::stats::archivable_through) says how far that is.
///
/// The file is on disk before anything is dropped. It is named after its range and hash, and never written over, so several
/// may archive at once, to one directory or to several. Blocks on the files that it reads and writes.
///
/// # Errors
/// As [`export`]; [`Conflict`](ErrorKind::Conflict) if the statistics lack some of the lines, which
/// [`roll_up`](fn@crate::ai::stats::roll_up) adds; [`Unavailable`](ErrorKind::Unavailable) if the file cannot be written;
/// [`IntegrityMismatch`](ErrorKind::IntegrityMismatch) if another file has its name. Nothing is dropped then.
///
/// # Cancellation
/// What is dropped leaves all lines in the log or all of them in the archive. After that, and after a crash at any point,
/// archiving again finishes it.
pub async fn archive(
    log: &dyn AuditLog,
    statistics: Statistics<'_>,
    through: u64,
    directory: &Path,
) -> Result<Option<Archived>> {
    loop {
        let anchor = log.anchor().await?;
        if anchor.sequence >= through {
            return Ok(None);
        }
        statistics.check(log, through).await?;
        match attempt(log, through, directory).await {
            // Somebody else archived lines meanwhile. The anchor only moves forward, so this ends.
            Err(_) if log.anchor().await? != anchor => {}
            done => return done.map(Some),
        }
    }
}

async fn attempt(log: &dyn AuditLog, through: u64, directory: &Path) -> Result<Archived> {
    let unfinished = Unfinished::create(directory)?;
    let mut out = BufWriter::new(&unfinished.file);
    let report = export(log, Some(through), |line| {
        out.write_all(line.as_bytes()).and_then(|()| out.write_all(b"\n")).map_err(failed(directory))
    })
    .await?;
    out.flush().map_err(failed(directory))?;
    drop(out);
    let path = unfinished.publish(&name(&report))?;
    prove(&path, &report)?;
    log.drop_through(&report.head).await?;
    Ok(Archived { path, report })
}

/// Refuses a file that does not hold these lines: from here on, nothing else may.
fn prove(path: &Path, report: &AuditReport) -> Result<()> {
    let wrong = || {
        Error::new(ErrorKind::IntegrityMismatch, "a file that is to hold archived lines holds something else")
            .with_context("path", path.display())
    };
    match verify_file(path, Some(report.head))? {
        Verdict::Whole(found) if found == *report => Ok(()),
        Verdict::Whole(_) => Err(wrong()),
        Verdict::Broken(broken) => Err(wrong().with_source(Error::from(broken))),
    }
}

fn name(report: &AuditReport) -> String {
    let (first, last) = (report.anchor.sequence.saturating_add(1), report.head.sequence);
    format!("{PREFIX}{first:020}-{last:020}-{}{SUFFIX}", report.head.hash_hex())
}

/// Checks an export in a file. Blocks on the file.
///
/// # Errors
/// [`Unavailable`](ErrorKind::Unavailable) if the file cannot be read.
pub fn verify_file(path: &Path, expected: Option<ChainHead>) -> Result<Verdict> {
    let file = File::open(path).map_err(failed(path))?;
    let lines = BufReader::new(file).split(b'\n').map(|line| line.map_err(failed(path)));
    verify_export(lines, expected)
}

/// Checks a log together with its archives in `directory`, as one chain from the first line that there is.
///
/// Files that the chain does not go through, such as one that was written before a crash and then once more with more lines,
/// are left out.
///
/// # Errors
/// As [`verify`]; [`Unavailable`](ErrorKind::Unavailable) if a file cannot be read.
pub async fn verify_with_archives(log: &dyn AuditLog, directory: &Path) -> Result<Verdict> {
    let kept = match verify(log, None).await? {
        Verdict::Whole(report) => report,
        broken @ Verdict::Broken(_) => return Ok(broken),
    };
    let mut whole = kept;
    // Backwards, from the anchor of the log to the first line.
    while whole.anchor.sequence > 0 {
        let Some(path) = ending_with(directory, &whole.anchor)? else { break };
        match verify_file(&path, Some(whole.anchor))? {
            Verdict::Whole(part) => {
                whole.lines = whole.lines.saturating_add(part.lines);
                (whole.first, whole.anchor) = (part.first.or(whole.first), part.anchor);
                whole.last = whole.last.or(part.last);
            }
            broken @ Verdict::Broken(_) => return Ok(broken),
        }
    }
    Ok(Verdict::Whole(whole))
}

/// The file whose last line is this one; the longest, if there are several.
fn ending_with(directory: &Path, head: &ChainHead) -> Result<Option<PathBuf>> {
    let end = format!("-{:020}-{}{SUFFIX}", head.sequence, head.hash_hex());
    let mut found = None;
    for entry in fs::read_dir(directory).map_err(failed(directory))? {
        let name = entry.map_err(failed(directory))?.file_name();
        let Some(name) = name.to_str().filter(|name| name.starts_with(PREFIX) && name.ends_with(&end)) else {
            continue;
        };
        // The first place stands first in the name, with leading zeros.
        found = Some(found.map_or(name.to_owned(), |other: String| other.min(name.to_owned())));
    }
    Ok(found.map(|name| directory.join(name)))
}
