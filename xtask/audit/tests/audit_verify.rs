//! The program on real logs, whole and changed.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use lore_core::{
    ai::audit::{Statistics, archive},
    conformance::audit_log::fixtures::{hit, pending, spent},
    port::ai_log::{AuditLog, Budget, CallLedger},
};
use lore_store::sqlite::{SqliteConfig, SqliteRepository};
use tempfile::TempDir;

fn prove(data: &Path, expected: Option<&str>) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xtask-audit")).arg(data).args(expected).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// A data directory with a log of 150 lines, 50 of them archived, and one open call. Returns what the last line's head is.
fn data() -> (TempDir, String) {
    let directory = TempDir::new().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let head = runtime.block_on(async {
        let config = SqliteConfig::new(directory.path().join("lore.sqlite"));
        let repository = SqliteRepository::connect(config).await.unwrap();
        let log = repository.ai_log();
        let head = log.append(&(1..=150).map(hit).collect::<Vec<_>>()).await.unwrap();
        log.open_call(&pending(1, None, spent(1, 1)), &Budget::default()).await.unwrap();
        archive(&log, Statistics::NotKept, 50, directory.path()).await.unwrap();
        repository.close().await.unwrap();
        head.to_string()
    });
    (directory, head)
}

fn exported(data: &Path) -> std::path::PathBuf {
    let files = fs::read_dir(data).unwrap().map(|entry| entry.unwrap().path());
    files.into_iter().find(|path| path.extension().is_some_and(|extension| extension == "jsonl")).unwrap()
}

#[test]
fn a_real_log_and_its_export_are_proved() {
    let (data, head) = data();
    let output = prove(data.path(), Some(&head));
    assert!(output.status.success(), "{output:?}");
    let text = said(&output);
    for part in
        ["entries     100\n", "open calls  1, not ended yet; ", &format!("head        {head}\n"), "\nok\n"]
    {
        assert!(text.contains(part), "{text}");
    }
    let output = prove(&exported(data.path()), None);
    assert!(output.status.success() && said(&output).contains("entries     50\n"), "{output:?}");
}

#[test]
fn one_changed_byte_names_the_entry() {
    let (data, head) = data();
    let file = data.path().join("lore.sqlite");
    let mut bytes = fs::read(&file).unwrap();
    // The request of line 77, in the line itself: the index holds it too.
    let number = 77_u128.to_be_bytes();
    let start = [[1, 1].as_slice(), &number].concat();
    let place = bytes.windows(start.len()).position(|window| window == start).unwrap();
    *bytes.get_mut(place + 20).unwrap() ^= 1;
    fs::write(&file, bytes).unwrap();
    let output = prove(data.path(), Some(&head));
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(said(&output), "entry 77 is not what was appended; 26 entries before it are right\n");
    let export = exported(data.path());
    let text = fs::read_to_string(&export).unwrap();
    fs::write(&export, text.replacen("\"response_micros\":3}", "\"response_micros\":4}", 1)).unwrap();
    let output = prove(&export, None);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).starts_with("entry 3 says something else than its bytes"), "{output:?}");
}

#[test]
fn another_head_than_the_expected_one_and_a_missing_log_are_told() {
    let (data, head) = data();
    let other = head.replacen("150:", "149:", 1);
    let output = prove(data.path(), Some(&other));
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).starts_with("entry 149 is not the line that was expected"), "{output:?}");
    let empty = TempDir::new().unwrap();
    let text = data.path().join("text");
    fs::write(&text, "no database").unwrap();
    for (path, why) in [
        (data.path().join("nothing"), "there is no such file or directory"),
        (data.path().join("nothing.jsonl"), "there is no such file or directory"),
        (empty.path().to_owned(), "no data directory: it has no `lore.sqlite`"),
        (text, "the file is not a SQLite database"),
    ] {
        let output = prove(&path, None);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(1), [].as_slice()));
        assert!(said.starts_with("the audit log cannot be proved: ") && said.contains(why), "{said}");
        assert_eq!(said.matches(&path.display().to_string()).count(), 1, "{said}");
    }
}
