//! An audit log that somebody changed: in its rows, and in the bytes of its file.
#![cfg(feature = "sqlite")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use lore_core::{
    Error, ErrorKind,
    ai::audit::{
        ChainHead, LineFault, LoggedEntry, Statistics, Verdict, archive, verify, verify_with_archives,
    },
    conformance::{
        audit_log::fixtures::{called, every_entry, hit, pending, spent},
        repository::fixtures::{address, asset, insert},
    },
    port::ai_log::{AuditLog, Budget, CallLedger},
};
use lore_store::sqlite::{SqliteAiLog, SqliteConfig, SqliteRepository};
use sqlx::{ConnectOptions, Connection, Row, SqliteConnection, sqlite::SqliteConnectOptions};
use tempfile::TempDir;

/// SplitMix64: the same numbers in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % end as u64).unwrap()
    }

    fn flip(&mut self, bytes: &mut [u8]) {
        let place = self.below(bytes.len());
        bytes[place] ^= 1 << self.below(8);
    }
}

async fn connect(file: &Path) -> SqliteRepository {
    SqliteRepository::connect(SqliteConfig::new(file)).await.unwrap()
}

async fn raw(file: &Path) -> SqliteConnection {
    SqliteConnectOptions::new().filename(file).connect().await.unwrap()
}

/// A closed file with a real log in it, and what it holds.
struct Subject {
    _directory: TempDir,
    file: PathBuf,
    whole: Vec<u8>,
    lines: Vec<LoggedEntry>,
}

impl Subject {
    /// Some hundred lines of every kind, an archived beginning, open calls, sums, and other records beside them.
    async fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let file = directory.path().join("lore.db");
        let repository = connect(&file).await;
        let log = repository.ai_log();
        for round in 0..8 {
            let hits: Vec<_> = (0..40).map(|number| hit(1_000 * round + number)).collect();
            log.append(&hits).await.unwrap();
            insert(&repository, &[asset(u32::try_from(round).unwrap() + 1).unwrap()]).await.unwrap();
            for number in [10 * round, 10 * round + 1] {
                let call = pending(number, Some(address(1)), spent(9, 9));
                log.open_call(&call, &Budget::default()).await.unwrap();
            }
            let closed = [called(10 * round, spent(5, 5)), hit(10 * round)];
            log.close_call(
                &lore_core::ids::CallId::from_bytes(u128::from(10 * round).to_be_bytes()),
                spent(5, 5),
                &closed,
            )
            .await
            .unwrap();
        }
        log.append(&every_entry()).await.unwrap();
        archive(&log, Statistics::NotKept, 30, directory.path()).await.unwrap().unwrap();
        verify_with_archives(&log, directory.path()).await.unwrap().into_result().unwrap();
        let lines = log.lines(0, 10_000).await.unwrap();
        assert!(lines.len() > 300 && lines[0].head.sequence == 31);
        repository.close().await.unwrap();
        let whole = fs::read(&file).unwrap();
        assert!(!file.with_extension("db-wal").exists());
        Self { _directory: directory, file, whole, lines }
    }

    fn restore(&self) {
        for extension in ["db-wal", "db-shm"] {
            let _gone_or_never_there = fs::remove_file(self.file.with_extension(extension));
        }
        fs::write(&self.file, &self.whole).unwrap();
    }

    async fn open(&self) -> Result<SqliteAiLog, Error> {
        SqliteAiLog::open_read_only(SqliteConfig::new(&self.file).with_read_connections(1)).await
    }

    async fn verdict(&self) -> Result<Verdict, Error> {
        verify(&self.open().await?, None).await
    }

    /// The line that a check names.
    async fn named(&self) -> (u64, LineFault) {
        match self.verdict().await.unwrap() {
            Verdict::Broken(broken) => (broken.sequence, broken.fault),
            Verdict::Whole(report) => panic!("nothing was found: {report:?}"),
        }
    }

    /// Runs a statement on the whole file, past its constraints.
    async fn change(&self, sql: &'static str, sequence: u64, value: Vec<u8>) -> bool {
        let mut connection = raw(&self.file).await;
        sqlx::query("PRAGMA ignore_check_constraints = ON").execute(&mut connection).await.unwrap();
        let number = value.clone().try_into().map(i64::from_be_bytes).unwrap_or_default();
        let changed = sqlx::query(sql)
            .bind(sequence.cast_signed())
            .bind(value)
            .bind(number)
            .execute(&mut connection)
            .await;
        connection.close().await.unwrap();
        changed.is_ok_and(|done| done.rows_affected() == 1)
    }
}

#[tokio::test]
async fn a_changed_byte_of_a_row_names_its_line() {
    let subject = Subject::new().await;
    let mut random = Random(7);
    let mut moved = 0;
    for _ in 0..250 {
        let line = &subject.lines[random.below(subject.lines.len())];
        let (place, mut bytes, mut hash) = (line.head.sequence, line.bytes.clone(), line.head.hash.to_vec());
        random.flip(&mut bytes);
        assert!(
            subject
                .change("UPDATE lore_ai_lines SET bytes = ?2 WHERE sequence = ?1 OR ?3 = -1", place, bytes)
                .await
        );
        let (named, fault) = subject.named().await;
        assert_eq!((named, fault), (place, LineFault::Bytes));
        subject.restore();
        random.flip(&mut hash);
        assert!(
            subject
                .change("UPDATE lore_ai_lines SET hash = ?2 WHERE sequence = ?1 OR ?3 = -1", place, hash)
                .await
        );
        assert_eq!(subject.named().await, (place, LineFault::Hash));
        subject.restore();
        let mut sequence = place.to_be_bytes().to_vec();
        random.flip(&mut sequence);
        // Where another line is in that place already, SQLite refuses.
        let sql = "UPDATE lore_ai_lines SET sequence = ?3 WHERE sequence = ?1 OR ?2 = -1";
        if subject.change(sql, place, sequence).await {
            let (named, fault) = subject.named().await;
            assert!(named == place || fault == LineFault::Anchor, "{place} was moved, {named} {fault}");
            moved += 1;
        }
        subject.restore();
    }
    assert!(moved > 100);
}

#[tokio::test]
async fn a_changed_byte_of_the_stored_ends_is_named() {
    let subject = Subject::new().await;
    let mut random = Random(8);
    let head = subject.lines[subject.lines.len() - 1].head;
    for _ in 0..60 {
        let mut hash = head.hash.to_vec();
        random.flip(&mut hash);
        assert!(
            subject
                .change("UPDATE lore_ai_chain SET head_hash = ?2 WHERE ?1 >= 0 AND ?3 IS NOT NULL", 0, hash)
                .await
        );
        assert_eq!(subject.named().await, (head.sequence, LineFault::Head));
        subject.restore();
        let mut sequence = head.sequence.to_be_bytes().to_vec();
        random.flip(&mut sequence);
        let sql = "UPDATE lore_ai_chain SET head_sequence = ?3 WHERE ?1 >= 0 AND ?2 IS NOT NULL";
        assert!(subject.change(sql, 0, sequence).await);
        match subject.verdict().await {
            Ok(Verdict::Broken(broken)) => {
                // Set back, it names a line that is there and has another hash.
                let is_end =
                    matches!(broken.fault, LineFault::Missing | LineFault::AfterHead | LineFault::Head);
                assert!(is_end, "{broken}");
            }
            Ok(Verdict::Whole(report)) => panic!("{report:?}"),
            // It is negative now.
            Err(error) => assert_eq!(error.kind(), ErrorKind::IntegrityMismatch),
        }
        subject.restore();
        let mut hash = [0; 32].to_vec();
        random.flip(&mut hash);
        let sql = "UPDATE lore_ai_chain SET anchor_hash = ?2 WHERE ?1 >= 0 AND ?3 IS NOT NULL";
        assert!(subject.change(sql, 0, hash).await);
        assert_eq!(subject.named().await, (31, LineFault::Bytes));
        subject.restore();
    }
}

#[tokio::test]
async fn lines_that_were_cut_off_are_missed() {
    let subject = Subject::new().await;
    let cut = subject.lines[subject.lines.len() - 5].head.sequence;
    let mut connection = raw(&subject.file).await;
    let sql = "DELETE FROM lore_ai_lines WHERE sequence > ?1";
    sqlx::query(sql).bind(cut.cast_signed()).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    assert_eq!(subject.named().await, (cut + 1, LineFault::Missing));
}

/// Which structure each page of the file belongs to.
async fn pages(file: &Path) -> BTreeMap<usize, String> {
    let mut connection = raw(file).await;
    let rows = sqlx::query("SELECT pageno, name FROM dbstat").fetch_all(&mut connection).await.unwrap();
    let page = |row: &sqlx::sqlite::SqliteRow| {
        (usize::try_from(row.get::<i64, _>(0)).unwrap(), row.get::<String, _>(1))
    };
    let pages = rows.iter().map(page).collect();
    connection.close().await.unwrap();
    pages
}

const PAGE: usize = 4_096;

/// Where `needle` stands in the file, if it lies in one piece.
fn find(whole: &[u8], needle: &[u8]) -> Option<usize> {
    whole.windows(needle.len()).position(|window| window == needle)
}

#[tokio::test]
async fn a_changed_byte_of_the_file_within_a_line_names_that_line() {
    let subject = Subject::new().await;
    let mut random = Random(9);
    let mut found = 0;
    for _ in 0..300 {
        let line = &subject.lines[random.below(subject.lines.len())];
        let needle = if random.below(4) == 0 { line.head.hash.as_slice() } else { line.bytes.as_slice() };
        let Some(start) = find(&subject.whole, needle) else { continue };
        // Lines may say the same, free space holds what was archived, and the last hash stands with the head too.
        if find(&subject.whole[start + 1..], needle).is_some() {
            continue;
        }
        let mut changed = subject.whole.clone();
        random.flip(&mut changed[start..start + needle.len()]);
        fs::write(&subject.file, changed).unwrap();
        assert_eq!(subject.named().await.0, line.head.sequence);
        subject.restore();
        found += 1;
    }
    assert!(found > 120, "{found}");
}

#[tokio::test]
async fn a_changed_byte_anywhere_in_the_file_is_found_or_changes_no_line() {
    let subject = Subject::new().await;
    let pages = pages(&subject.file).await;
    subject.restore();
    let mut random = Random(10);
    let of_log: Vec<usize> =
        pages.iter().filter(|(_, name)| name.starts_with("lore_ai_")).map(|(page, _)| *page).collect();
    let mut outcomes: BTreeMap<(String, &str), usize> = BTreeMap::new();
    for round in 0..900 {
        // Two of three in the pages of the log.
        let page = if round % 3 == 0 {
            random.below(subject.whole.len() / PAGE) + 1
        } else {
            of_log[random.below(of_log.len())]
        };
        let mut changed = subject.whole.clone();
        random.flip(&mut changed[(page - 1) * PAGE..page * PAGE]);
        fs::write(&subject.file, changed).unwrap();
        let structure = pages.get(&page).map_or("free", String::as_str);
        let outcome = match subject.verdict().await {
            Ok(Verdict::Broken(_)) => "names a line",
            Ok(Verdict::Whole(_)) => {
                let log = subject.open().await.unwrap();
                assert!(log.lines(0, 10_000).await.unwrap() == subject.lines, "page {page} of {structure}");
                match log.file_faults().await {
                    Ok(faults) if faults.is_empty() => "no line changed",
                    Ok(_) | Err(_) => "no line changed, SQLite names the damage",
                }
            }
            Err(error) => {
                let is_apart = page == 1 || !structure.starts_with("lore_ai_lines");
                assert!(is_apart || error.kind() == ErrorKind::IntegrityMismatch, "{structure}: {error:?}");
                "the file cannot be read"
            }
        };
        *outcomes.entry((structure.to_owned(), outcome)).or_default() += 1;
        subject.restore();
    }
    for ((structure, outcome), count) in &outcomes {
        println!("{count:4} x {structure}: {outcome}");
    }
    assert!(outcomes.get(&("lore_ai_lines".to_owned(), "names a line")).is_some_and(|count| *count > 200));
}

#[tokio::test]
async fn a_file_that_is_only_read_refuses_writes_and_one_without_a_log_is_told() {
    let subject = Subject::new().await;
    let log = subject.open().await.unwrap();
    let error = log.append(&[hit(1)]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(log.file_faults().await.unwrap(), Vec::<String>::new());
    drop(log);
    let missing = SqliteConfig::new(subject.file.with_file_name("other.db"));
    let error = SqliteAiLog::open_read_only(missing).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(!subject.file.with_file_name("other.db").exists());
    let mut connection = raw(&subject.file).await;
    sqlx::query("DROP TABLE lore_ai_chain").execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    assert_eq!(subject.open().await.unwrap_err().kind(), ErrorKind::Config);
}

const CHILD: &str = "LORE_STORE_TEST_APPENDING_CHILD";

#[test]
fn processes_that_append_at_once_make_one_chain() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    if let Some(file) = env::var_os(CHILD) {
        return runtime.block_on(async {
            let log = connect(Path::new(&file)).await.ai_log();
            for batch in 0..100 {
                let hits: Vec<_> = (0..=batch % 10).map(hit).collect();
                log.append(&hits).await.unwrap();
            }
        });
    }
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("lore.db");
    let start = || {
        Command::new(env::current_exe().unwrap())
            .args(["--exact", "processes_that_append_at_once_make_one_chain"])
            .env(CHILD, &file)
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap()
    };
    for mut child in [start(), start(), start()] {
        assert!(child.wait().unwrap().success());
    }
    runtime.block_on(async {
        let report = verify(&connect(&file).await.ai_log(), None).await.unwrap().into_result().unwrap();
        assert_eq!((report.lines, report.anchor), (3 * 550, ChainHead::START));
    });
}

const ARCHIVER: &str = "LORE_STORE_TEST_ARCHIVING_CHILD";

/// The names in a directory that begin so.
fn named(directory: &Path, start: &str) -> usize {
    let names = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name());
    names.filter(|name| name.to_string_lossy().starts_with(start)).count()
}

async fn archive_all(file: &Path) {
    let log = connect(file).await.ai_log();
    let head = log.head().await.unwrap().sequence;
    loop {
        let through = log.anchor().await.unwrap().sequence + 7;
        if through > head {
            return;
        }
        archive(&log, Statistics::NotKept, through, file.parent().unwrap()).await.unwrap();
    }
}

#[test]
fn processes_that_archive_at_once_and_are_killed_lose_no_line() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    if let Some(file) = env::var_os(ARCHIVER) {
        return runtime.block_on(archive_all(Path::new(&file)));
    }
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("lore.db");
    runtime.block_on(async {
        let repository = connect(&file).await;
        repository.ai_log().append(&(0..1_400).map(hit).collect::<Vec<_>>()).await.unwrap();
        repository.close().await.unwrap();
    });
    let start = || {
        Command::new(env::current_exe().unwrap())
            .args(["--exact", "processes_that_archive_at_once_and_are_killed_lose_no_line"])
            .env(ARCHIVER, &file)
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap()
    };
    let mut children = [start(), start(), start()];
    for kill in 1..=12 {
        while named(directory.path(), "audit-") < 10 * kill {
            std::thread::yield_now();
        }
        let child = &mut children[kill % 3];
        child.kill().unwrap();
        child.wait().unwrap();
        *child = start();
    }
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(named(directory.path(), "audit.unfinished"), 0);
    runtime.block_on(async {
        let log = connect(&file).await.ai_log();
        let verdict = verify_with_archives(&log, directory.path()).await.unwrap();
        let report = verdict.into_result().unwrap();
        assert_eq!((report.lines, report.anchor), (1_400, ChainHead::START));
        assert_eq!(log.lines(0, 10).await.unwrap(), []);
    });
}
