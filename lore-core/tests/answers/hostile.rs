//! Text of any kind, and much of it.

use std::time::{Duration, Instant};

use lore_core::ai::{
    Operation,
    answer::{Finding, MAX_ANSWER_BYTES, read, reask_message},
};
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use serde_json::Value;

use crate::{
    offline::answer,
    requests::{ForEach, for_each, titles},
};

/// Reads a text with every operation: it never panics, and whatever is read keeps the rules already.
pub(crate) struct Reads<'a>(pub(crate) &'a str);

impl ForEach for Reads<'_> {
    fn run<O: Operation>(&mut self, operation: &O) {
        match read(operation, self.0) {
            Ok((output, _)) => {
                let json = serde_json::to_string(&output).unwrap();
                assert_eq!(serde_json::from_str::<O::Output>(&json).unwrap(), output);
                assert_eq!(operation.accept(output.clone()), Ok(output));
            }
            Err(finding) => {
                let told = reask_message(&finding).text;
                assert!(told.chars().count() < 900 && !finding.to_string().is_empty(), "{told}");
            }
        }
    }
}

/// A good answer that was damaged: bytes taken out, put in, or the end cut off.
fn damaged() -> impl Strategy<Value = (usize, Vec<(usize, usize, String)>)> {
    let junk = prop_oneof![
        "[\\[\\]{}:,\"'`/*\\\\ \n]{0,4}",
        Just("\u{201c}".to_owned()),
        Just("```json\n".to_owned()),
        Just("\u{0}".to_owned()),
        any::<String>(),
    ];
    (any::<usize>(), proptest::collection::vec((any::<usize>(), 0..6_usize, junk), 0..6))
}

fn damage(good: &str, cut: usize, edits: &[(usize, usize, String)]) -> String {
    let mut letters: Vec<char> = good.chars().collect();
    for (at, taken, put) in edits {
        let at = at % (letters.len() + 1);
        let end = (at + taken).min(letters.len());
        letters.splice(at..end, put.chars());
    }
    if cut.is_multiple_of(3) {
        letters.truncate(cut % (letters.len() + 1));
    }
    letters.into_iter().collect()
}

proptest::proptest! {
    #[test]
    fn a_damaged_answer_is_read_or_refused(operation in 0..7_usize, (cut, edits) in damaged()) {
        struct Pick(usize, String);
        impl ForEach for Pick {
            fn run<O: Operation>(&mut self, operation: &O) {
                if self.0 == 0 {
                    self.1 = answer(operation).text;
                }
                self.0 = self.0.wrapping_sub(1);
            }
        }
        let mut good = Pick(operation, String::new());
        for_each("A harbor at night", &mut good);
        for_each("A harbor at night", &mut Reads(&damage(&good.1, cut, &edits)));
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[\\[\\]{}:,\"'`/*\\\\ \na-z0-9]{0,80}") {
        for_each("x", &mut Reads(&text));
    }
}

/// How long reading this takes.
fn time(text: &str) -> Duration {
    #[expect(clippy::disallowed_methods, reason = "the time that reading takes is what is measured")]
    let start = Instant::now();
    assert!(read(&titles(), text).is_err());
    start.elapsed()
}

#[test]
fn a_megabyte_of_anything_takes_time_in_proportion() {
    let patterns = [
        "{",
        "[",
        "\"",
        "'",
        "\\",
        "```",
        "{\"a\":",
        "[{",
        "{/*",
        "```json\n",
        "```{",
        ",",
        "a b ",
        "{\"a\":\"\" ",
        "/*",
        "//",
        "}",
        "{}",
        "{\"titles\":[",
        "\u{201c}",
        "{'\n",
        "\"\n\"",
        "{a:1,",
        "\\u",
        "{\"a\":1}",
        "\" ",
    ];
    let mut slowest = Duration::ZERO;
    for before in ["", "{\"titles\": [\""] {
        for pattern in patterns {
            let of = |bytes: usize| {
                let times = (bytes - before.len()) / pattern.len();
                time(&format!("{before}{}", pattern.repeat(times)))
            };
            let (small, large) = (of(MAX_ANSWER_BYTES / 16), of(MAX_ANSWER_BYTES));
            // Sixteen times the text; what is quadratic takes 256 times as long. The constant forgives a busy machine.
            let most = small * 64 + Duration::from_millis(500);
            assert!(large < most, "{before}{pattern}: {small:?}, then {large:?}");
            slowest = slowest.max(large);
        }
    }
    println!("the slowest megabyte took {slowest:?}");
}

#[test]
fn an_answer_without_end_is_refused_unread() {
    let found = read(&titles(), &" ".repeat(MAX_ANSWER_BYTES + 1)).unwrap_err();
    assert_eq!(found, Finding::TooLong);
}

/// Every text in a value, replaced by another.
pub(crate) fn with_text(value: &Value, text: &str) -> Value {
    match value {
        Value::String(_) => Value::String(text.to_owned()),
        Value::Array(items) => items.iter().map(|item| with_text(item, text)).collect(),
        Value::Object(members) => {
            let members = members.iter().map(|(name, member)| (name.clone(), with_text(member, text)));
            Value::Object(members.collect())
        }
        other => other.clone(),
    }
}
