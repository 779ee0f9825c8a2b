//! Exports prove themselves.

use std::sync::LazyLock;

use lore_core::{
    Error, ErrorKind,
    ai::audit::{ChainHead, LineFault, Verdict, export, verify_export},
    conformance::audit_log::fixtures::every_entry,
    memory::ai_log::MemoryAiLog,
    port::ai_log::AuditLog,
};
use proptest::prelude::{any, prop, proptest};

use super::log_of;

async fn exported(log: &MemoryAiLog, through: Option<u64>) -> Vec<u8> {
    let mut out = Vec::new();
    let report = export(log, through, |line| {
        out.extend_from_slice(line.as_bytes());
        out.push(b'\n');
        Ok(())
    })
    .await
    .unwrap();
    assert_eq!(check(&out), Verdict::Whole(report));
    out
}

fn check(export: &[u8]) -> Verdict {
    let whole = export.strip_suffix(b"\n").unwrap_or(export);
    verify_export(whole.split(|byte| *byte == b'\n').map(Ok::<_, Error>), None).unwrap()
}

fn fault(export: &[u8]) -> (u64, LineFault) {
    match check(export) {
        Verdict::Broken(broken) => (broken.sequence, broken.fault),
        Verdict::Whole(report) => panic!("{report:?}"),
    }
}

#[tokio::test]
async fn an_export_holds_the_log_in_words_and_in_bytes() {
    let log = MemoryAiLog::new();
    log.append(&every_entry()).await.unwrap();
    let text = String::from_utf8(exported(&log, None).await).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), every_entry().len() + 2);
    insta::assert_snapshot!("first_lines", lines[..2].join("\n"));
    assert!(lines[1..].iter().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()));
}

#[tokio::test]
async fn parts_of_a_log_are_exported_from_its_anchor() {
    let log = log_of(2_500).await;
    for through in [0, 1, 999, 1_000, 1_001, 2_500] {
        let lines = exported(&log, Some(through)).await.split(|byte| *byte == b'\n').count() as u64;
        assert_eq!(lines, through + 3);
    }
    let error = export(&log, Some(2_501), |_| Ok(())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let anchor = log.lines(999, 1).await.unwrap()[0].head;
    log.drop_through(&anchor).await.unwrap();
    let text = exported(&log, Some(1_500)).await;
    assert!(text.starts_with(
        format!("{{\"format\":\"lore-audit-log\",\"version\":1,\"after\":\"{anchor}\"}}").as_bytes()
    ));
}

#[tokio::test]
async fn a_changed_log_is_not_exported() {
    let log = log_of(10).await;
    let mut line = log.lines(4, 1).await.unwrap()[0].clone();
    line.bytes[40] ^= 1;
    assert!(log.tamper(5, line));
    for through in [Some(5), Some(6), None] {
        let error = export(&log, through, |_| Ok(())).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::IntegrityMismatch);
        assert!(error.context().contains(&("sequence", "5".to_owned())), "{error}");
    }
}

#[tokio::test]
async fn lines_that_are_missing_or_moved_are_named() {
    let text = exported(&log_of(9).await, None).await;
    let lines: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
    let without = |place: usize| [&lines[..place], &lines[place + 1..]].concat().concat();
    assert_eq!(fault(&without(0)), (0, LineFault::Unreadable));
    assert_eq!(fault(&without(4)), (4, LineFault::Missing));
    assert_eq!(fault(&without(9)), (9, LineFault::Missing));
    assert_eq!(fault(&without(10)), (10, LineFault::Missing));
    assert_eq!(fault(b""), (0, LineFault::Unreadable));
    let mut swapped = lines.clone();
    swapped.swap(3, 4);
    assert_eq!(fault(&swapped.concat()), (3, LineFault::Missing));
    assert_eq!(fault(&[lines.concat(), lines[9].to_vec()].concat()), (10, LineFault::AfterHead));
}

#[tokio::test]
async fn words_that_say_something_else_than_the_bytes_are_named() {
    let text = String::from_utf8(exported(&log_of(9).await, None).await).unwrap();
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let mut changed = lines.clone();
    changed[5] = changed[5].replace("\"a/model\"", "\"b/model\"");
    assert_ne!(changed, lines);
    assert_eq!(fault(changed.join("\n").as_bytes()), (5, LineFault::Rendering));
    let mut changed = lines.clone();
    changed[5].push(' ');
    assert_eq!(fault(changed.join("\n").as_bytes()), (5, LineFault::Rendering));
    let mut changed = lines;
    changed[10] = changed[10].replace("\"lines\":9", "\"lines\":8");
    assert_eq!(fault(changed.join("\n").as_bytes()), (9, LineFault::Head));
}

#[tokio::test]
async fn an_export_of_another_chain_is_not_the_expected_one() {
    let (log, other) = (log_of(9).await, MemoryAiLog::new());
    other.append(&every_entry()[..9]).await.unwrap();
    let text = exported(&other, None).await;
    let lines = || text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(Ok::<_, Error>);
    let expected = |head: ChainHead| verify_export(lines(), Some(head)).unwrap();
    assert!(matches!(expected(other.head().await.unwrap()), Verdict::Whole(_)));
    let Verdict::Broken(broken) = expected(log.head().await.unwrap()) else { panic!("it is another") };
    assert_eq!((broken.sequence, broken.fault), (9, LineFault::NotExpected));
}

/// An export of forty lines, without its last line end, which is no part of any line.
static FORTY: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut text = runtime.block_on(async { exported(&log_of(40).await, None).await });
    text.pop();
    text
});

proptest! {
    #![proptest_config(proptest::test_runner::Config { cases: 1_500, ..Default::default() })]

    /// The finding is about the line in which the byte is, or about the one after it where a line end was changed.
    #[test]
    fn any_changed_byte_is_found_in_its_line(place in any::<prop::sample::Index>(), flip in 1..=255_u8) {
        let mut text = FORTY.clone();
        let place = place.index(text.len());
        let line = text[..place].iter().filter(|byte| **byte == b'\n').count() as u64;
        text[place] ^= flip;
        let (named, _) = fault(&text);
        assert!(named == line || (line == 41 && named >= 40), "line {line} was changed, {named} was named");
    }
}
