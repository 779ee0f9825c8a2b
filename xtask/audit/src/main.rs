//! Proves an audit log: `xtask-audit DATA [PLACE:HASH]`. DATA is a data directory, its database file, or an export.
//!
//! Prints what the log holds, how many calls to models have not ended, and `ok`; or the first entry that is not what was appended, and ends with 1. Changes nothing.

#![forbid(unsafe_code)]

use std::{
    env,
    path::{Path, PathBuf},
    process::ExitCode,
};

use lore_core::{
    Error, ErrorKind, Result, Timestamp,
    ai::audit::{AuditReport, ChainHead, Verdict, verify, verify_file},
    port::ai_log::CallLedger,
};
use lore_store::sqlite::{SqliteAiLog, SqliteConfig};

/// The database's name in a data directory.
const DATABASE: &str = "lore.sqlite";

fn main() -> ExitCode {
    match run() {
        Ok(Proof::Holds) => ExitCode::SUCCESS,
        Ok(Proof::Fails) => ExitCode::FAILURE,
        Err(why) => {
            eprintln!("the audit log cannot be proved: {why:?}");
            ExitCode::FAILURE
        }
    }
}

enum Proof {
    Holds,
    Fails,
}

fn run() -> Result<Proof> {
    let mut args = env::args_os().skip(1);
    let usage = || Error::invalid("arguments", "missing", "DATA [PLACE:HASH]");
    let data = PathBuf::from(args.next().ok_or_else(usage)?);
    let expected = args.next().map(|text| text.to_string_lossy().parse::<ChainHead>()).transpose()?;
    if data.is_file() && data.extension().is_some_and(|extension| extension == "jsonl") {
        return Ok(match verify_file(&data, expected)? {
            Verdict::Whole(report) => {
                show(&report, None);
                Proof::Holds
            }
            broken @ Verdict::Broken(_) => fails(&broken),
        });
    }
    let file = database_of(data)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .map_err(|err| Error::new(ErrorKind::Unavailable, "no runtime").with_source(err))?;
    runtime.block_on(database(&file, expected))
}

/// The database of a data directory, or the file itself.
fn database_of(data: PathBuf) -> Result<PathBuf> {
    let absent =
        |what: &'static str| Error::new(ErrorKind::NotFound, what).with_context("path", data.display());
    if data.is_dir() {
        let file = data.join(DATABASE);
        return if file.is_file() {
            Ok(file)
        } else {
            Err(absent("no data directory: it has no `lore.sqlite`"))
        };
    }
    if data.is_file() { Ok(data) } else { Err(absent("there is no such file or directory")) }
}

async fn database(file: &Path, expected: Option<ChainHead>) -> Result<Proof> {
    let log = SqliteAiLog::open_read_only(SqliteConfig::new(file)).await?;
    let report = match verify(&log, expected.as_ref()).await? {
        Verdict::Whole(report) => report,
        broken @ Verdict::Broken(_) => return Ok(fails(&broken)),
    };
    let faults = log.file_faults().await?;
    if !faults.is_empty() {
        println!("every entry of the log is right, but the database file is damaged:");
        faults.iter().for_each(|fault| println!("  {fault}"));
        return Ok(Proof::Fails);
    }
    let end_of_time = Timestamp::EPOCH.saturating_add(std::time::Duration::MAX);
    let open = log.overdue_calls(end_of_time, u32::MAX).await?;
    show(&report, Some(open.len()));
    Ok(Proof::Holds)
}

fn fails(verdict: &Verdict) -> Proof {
    if let Verdict::Broken(broken) = verdict {
        println!("entry {} {}; {} entries before it are right", broken.sequence, broken.fault, broken.intact);
    }
    Proof::Fails
}

fn show(report: &AuditReport, open_calls: Option<usize>) {
    let time = |time: Option<Timestamp>| time.map_or_else(|| "none".to_owned(), |time| time.to_string());
    println!("entries     {}", report.lines);
    println!("after       {}", report.anchor);
    println!("first       {}", time(report.first));
    println!("last        {}", time(report.last));
    println!("head        {}", report.head);
    match open_calls {
        None => {}
        Some(0) => println!("open calls  none"),
        Some(open) => println!(
            "open calls  {open}, not ended yet; one whose process died is closed as unknown when its time is over"
        ),
    }
    println!("ok");
}
