//! Archives: the oldest lines of a log as exports in a directory, which continue each other and end where the log begins.

use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader, BufWriter, Write},
    path::{Path, PathBuf},
};

use super::{
    chain::ChainHead,
    check::{AuditReport, Verdict},
    export::{export, verify_export},
    verify::verify,
};
use crate::{
    error::{Error, ErrorKind, Result},
    port::ai_log::AuditLog,
};

const PREFIX: &str = "audit-";
const SUFFIX: &str = ".jsonl";
/// Not yet whole: a crash may leave one behind, and the next archive writes over it.
const UNFINISHED: &str = "audit.unfinished";

/// A part of a log in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Archived {
    /// The file.
    pub path: PathBuf,
    /// What it holds.
    pub report: AuditReport,
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.display().to_string();
    |err| {
        Error::new(ErrorKind::Unavailable, "an archive of the audit log cannot be read or written")
            .with_context("path", path)
            .with_source(err)
    }
}

/// Writes the kept lines up to and including place `through` to a file in `directory`, on disk when it returns, and then
/// drops them from the log. `None` if they were archived before.
///
/// The file is named after its range and hash. After a crash between the two steps, archiving again writes the same file.
/// Blocks on the files that it writes.
///
/// # Errors
/// As [`export`], and nothing is dropped then; [`Unavailable`](ErrorKind::Unavailable) if the file cannot be written.
pub async fn archive(log: &dyn AuditLog, through: u64, directory: &Path) -> Result<Option<Archived>> {
    if log.anchor().await?.sequence >= through {
        return Ok(None);
    }
    let unfinished = directory.join(UNFINISHED);
    let file = File::create(&unfinished).map_err(failed(&unfinished))?;
    let mut out = BufWriter::new(file);
    let report = export(log, Some(through), |line| {
        out.write_all(line.as_bytes()).and_then(|()| out.write_all(b"\n")).map_err(failed(&unfinished))
    })
    .await?;
    let file = out.into_inner().map_err(|err| failed(&unfinished)(err.into_error()))?;
    file.sync_all().map_err(failed(&unfinished))?;
    let path = directory.join(name(&report));
    fs::rename(&unfinished, &path).map_err(failed(&path))?;
    sync_directory(directory)?;
    log.drop_through(&report.head).await?;
    Ok(Some(Archived { path, report }))
}

fn name(report: &AuditReport) -> String {
    let (first, last) = (report.anchor.sequence.saturating_add(1), report.head.sequence);
    format!("{PREFIX}{first:020}-{last:020}-{}{SUFFIX}", report.head.hash_hex())
}

/// A name is on disk once its directory is.
#[cfg(unix)]
fn sync_directory(directory: &Path) -> Result<()> {
    File::open(directory).and_then(|opened| opened.sync_all()).map_err(failed(directory))
}

#[cfg(not(unix))]
fn sync_directory(_directory: &Path) -> Result<()> {
    Ok(())
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
