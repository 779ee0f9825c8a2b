//! The rules for text that a model writes: what is cleaned, and what is refused.

use std::{borrow::Cow, fmt};

use crate::{ai::text::normalized, error::Violations};

/// Letters that nobody sees, and that hide or turn what one sees: zero-width spaces, marks and overrides of the writing
/// direction, invisible operators, tags. Joiners stay, as scripts and emoji need them.
pub(super) const fn is_hidden(letter: char) -> bool {
    matches!(
        letter,
        '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'
            | '\u{200e}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

/// One line: without hidden letters, one space for all white space and control characters inside, composed (NFC).
pub(in crate::ai) fn clean_line<'a>(text: impl Into<Cow<'a, str>>) -> String {
    let text = text.into();
    if is_plain_line(&text) {
        return text.into_owned();
    }
    let visible: String = text.chars().filter(|letter| !is_hidden(*letter)).collect();
    let words = visible.split(|letter: char| letter.is_whitespace() || letter.is_control());
    let line = words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    normalized(&line).into_owned()
}

/// Whether a text is clean, as far as that is told at a glance: most of what models write is.
fn is_plain_line(text: &str) -> bool {
    let mut before = b' ';
    let is_plain = text.bytes().all(|byte| {
        let is_single = byte != b' ' || before != b' ';
        before = byte;
        is_single && matches!(byte, b' '..=b'~')
    });
    is_plain && (before != b' ' || text.is_empty())
}

/// Each line clean, at most one empty line between two.
pub(in crate::ai) fn clean_text(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for line in normalized(text).lines().map(clean_line) {
        if line.is_empty() && (clean.is_empty() || clean.ends_with("\n\n")) {
            continue;
        }
        clean.push_str(&line);
        clean.push('\n');
    }
    clean.truncate(clean.trim_end().len());
    clean
}

/// Whether two texts differ in nothing but their case.
pub(super) fn reads_as(one: &str, other: &str) -> bool {
    if one.is_ascii() && other.is_ascii() {
        return one.eq_ignore_ascii_case(other);
    }
    one.to_lowercase() == other.to_lowercase()
}

/// Each line clean, each once whatever its case, without empty ones.
pub(super) fn clean_lines(lines: Vec<String>) -> Vec<String> {
    let mut seen = std::collections::HashSet::new();
    let lines = lines.into_iter().map(clean_line);
    lines.filter(|line| !line.is_empty() && seen.insert(line.to_lowercase())).collect()
}

/// Whether a text holds what a page would make a link, a picture or a script of.
pub(in crate::ai) fn has_markup(text: &str) -> bool {
    const MARKS: [&str; 9] =
        ["://", "](", "javascript:", "data:text", "mailto:", "```", "</", "<script", "<img"];
    // A letter that each of the marks has, or the end of the host's.
    let mut before = 0;
    let may_have = text.bytes().any(|byte| {
        let is_w = matches!(std::mem::replace(&mut before, byte), b'w' | b'W');
        matches!(byte, b':' | b']' | b'`' | b'<') || (byte == b'.' && is_w)
    });
    if !may_have {
        return false;
    }
    let lower = text.to_lowercase();
    // A host begins so; a sentence may end so.
    let hosts = lower.split("www.").skip(1).any(|rest| rest.starts_with(char::is_alphanumeric));
    hosts || MARKS.iter().any(|mark| lower.contains(mark))
}

/// Not empty, bounded, and without links and markup: nobody asked a model for any, and they are what an answer that obeys a
/// stranger's text would carry.
pub(super) fn check_written(
    found: &mut Violations,
    field: impl fmt::Display + Copy,
    text: &str,
    max_chars: usize,
) {
    found.require(!text.is_empty(), field, "empty", "some text");
    let most = format_args!("at most {max_chars} characters");
    found.require(text.chars().count() <= max_chars, field, "too_long", most);
    found.require(!has_markup(text), field, "markup", "plain text without links, addresses and markup");
}

/// A list of such lines, of `least` to `most`.
pub(super) fn check_lines(
    found: &mut Violations,
    field: &str,
    lines: &[String],
    count: std::ops::RangeInclusive<usize>,
    max_chars: usize,
) {
    let (least, most) = (count.start(), count.end());
    found.require(
        count.contains(&lines.len()),
        field,
        "wrong_count",
        format_args!("{least} to {most} different entries, not {}", lines.len()),
    );
    for (index, line) in lines.iter().enumerate().take(*most) {
        check_written(found, format_args!("{field}[{index}]"), line, max_chars);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clean_line_hides_nothing() {
        assert_eq!(
            clean_line("  Night\u{200b}  \u{202e}Harbor\u{0}\n Lights\u{e0041} "),
            "Night Harbor Lights"
        );
        assert_eq!(clean_line("cafe\u{301}"), "caf\u{e9}");
        for (text, clean) in [("", ""), (" ", ""), ("a", "a"), ("a ", "a"), (" a", "a"), ("a  b", "a b")] {
            assert_eq!(clean_line(text), clean);
        }
        for text in ["a\tb", "a\u{a0}b", "a\u{7f}b", "a b"] {
            assert_eq!(clean_line(text), "a b");
        }
        assert_eq!(clean_line("\u{1f468}\u{200d}\u{1f467}"), "\u{1f468}\u{200d}\u{1f467}");
    }

    #[test]
    fn a_clean_text_keeps_its_paragraphs() {
        assert_eq!(clean_text("\n a  b \r\n\r\n\r\n\r\nc\t\n"), "a b\n\nc");
        assert_eq!(clean_text(" \n "), "");
    }

    #[test]
    fn lines_that_read_the_same_are_one() {
        let lines = ["Sea", " sea ", "", "SEA", "salt"].map(str::to_owned).to_vec();
        assert_eq!(clean_lines(lines), ["Sea", "salt"]);
        for (one, other, same) in [
            ("Sea", "sEA", true),
            ("Sea", "Tea", false),
            ("Sea", "Seas", false),
            ("\u{c9}t\u{e9}", "\u{e9}T\u{c9}", true),
            // The sign for kelvins has the letter as its lower case.
            ("\u{212a}elp", "kelp", true),
        ] {
            assert_eq!(reads_as(one, other), same, "{one} {other}");
        }
    }

    #[test]
    fn links_and_markup_are_found() {
        for text in ["see https://x", "WWW.x.example", "[a](b)", "JavaScript:x", "<IMG src=x>", "</data>"] {
            assert!(has_markup(text), "{text}");
        }
        for text in ["3 < 4", "a [note] (aside)", "10/10", "they say www.", "the web: a story"] {
            assert!(!has_markup(text), "{text}");
        }
    }
}
