//! Words: how many a text has, and how it begins.
//!
//! Words are those of Unicode (UAX #29). Scripts that put no spaces between words have no boundaries there: the standard
//! leaves them to dictionaries and cuts between all letters. For these, neighbouring letters are counted together: two Han
//! or Hiragana letters, or four Thai, Lao, Khmer or Myanmar ones, are a word; what is left over is one too. Katakana stays
//! together in the standard, so a run of it is one word, and Korean has spaces.

use unicode_segmentation::UnicodeSegmentation;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Script {
    Spaced,
    EastAsian,
    SoutheastAsian,
}

impl Script {
    fn of(word: &str) -> Self {
        match word.chars().next().map_or(0, u32::from) {
            0x3005..=0x3007
            | 0x3041..=0x309F
            | 0x3400..=0x4DBF
            | 0x4E00..=0x9FFF
            | 0xF900..=0xFAFF
            | 0x20000..=0x3FFFF => Self::EastAsian,
            0x0E00..=0x0EFF | 0x1000..=0x109F | 0x1780..=0x17FF | 0xA9E0..=0xA9FF | 0xAA60..=0xAA7F => {
                Self::SoutheastAsian
            }
            _ => Self::Spaced,
        }
    }

    const fn letters_per_word(self) -> usize {
        match self {
            Self::Spaced => 1,
            Self::EastAsian => 2,
            Self::SoutheastAsian => 4,
        }
    }
}

/// A word, or a letter of one: where it begins, itself, and whether a word begins with it.
fn pieces(text: &str) -> impl Iterator<Item = (usize, &str, bool)> {
    let mut run = (Script::Spaced, 0, 0);
    text.unicode_word_indices().map(move |(start, piece)| {
        let (script, end, length) = run;
        let this = Script::of(piece);
        let position = if this == script && start == end { length } else { 0 };
        run = (this, start + piece.len(), (position + 1) % this.letters_per_word());
        (start, piece, position == 0)
    })
}

/// How many words a text has.
#[must_use]
pub fn word_count(text: &str) -> usize {
    pieces(text).filter(|(_, _, begins)| *begins).count()
}

/// The beginning of a text, up to so many words, with its punctuation.
pub(in crate::ai) fn beginning(text: &str, words: usize) -> &str {
    let next = pieces(text).filter(|(_, _, begins)| *begins).nth(words);
    next.and_then(|(start, _, _)| text.get(..start)).unwrap_or(text).trim_end()
}

/// The first words of a text with nothing between them but spaces where the script has them. Without addresses and
/// whatever else has a full stop or a colon inside, and without words that no line can hold.
pub(in crate::ai) fn plain_words(text: &str, words: usize) -> String {
    const LONGEST_CHARS: usize = 30;
    let mut plain = String::new();
    let mut count = 0;
    for (_, piece, begins) in pieces(text) {
        if piece.contains(['.', ':']) || piece.chars().count() > LONGEST_CHARS {
            continue;
        }
        if begins {
            if count == words {
                break;
            }
            count += 1;
        }
        if Script::of(piece) == Script::Spaced && !plain.is_empty() {
            plain.push(' ');
        }
        plain.push_str(piece);
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_counted_in_every_script() {
        for (text, words) in [
            ("", 0),
            (" -- ... \u{1f600} ", 0),
            ("The quick (brown) fox can't jump 32.3 feet, right?", 9),
            ("well-known", 2),
            ("\u{444}\u{43e}\u{43d}\u{430}\u{440}\u{44c} \u{443} \u{43c}\u{43e}\u{440}\u{44f}", 3),
            ("\u{661f}\u{7a7a}\u{4e0b}\u{7684}\u{732b}", 3),
            ("\u{661f}\u{7a7a} \u{4e0b}\u{7684} \u{732b}", 3),
            ("\u{7528}Rust\u{5199}", 3),
            ("\u{30b3}\u{30fc}\u{30d2}\u{30fc}", 1),
            ("\u{591c}\u{660e}\u{3051}\u{306e}\u{9759}\u{304b}\u{306a}\u{6e2f}", 4),
            ("\u{e17}\u{e30}\u{e40}\u{e25}\u{e2a}\u{e27}\u{e22}", 2),
            ("\u{bc14}\u{b2e4} \u{c704}\u{c758} \u{bc24}", 3),
        ] {
            assert_eq!(word_count(text), words, "{text}");
        }
    }

    #[test]
    fn a_beginning_ends_before_the_next_word() {
        assert_eq!(beginning("One, two (three) four.", 2), "One, two (");
        assert_eq!(beginning("One, two.", 9), "One, two.");
        assert_eq!(
            beginning("\u{661f}\u{7a7a}\u{4e0b}\u{7684}\u{732b}", 2),
            "\u{661f}\u{7a7a}\u{4e0b}\u{7684}"
        );
    }

    #[test]
    fn plain_words_have_no_punctuation_and_no_links() {
        assert_eq!(plain_words("See: https://bad.example/x now, \"friend\"!", 5), "See https x now friend");
        assert_eq!(plain_words("\u{661f}\u{7a7a}\u{3001}sea", 2), "\u{661f}\u{7a7a} sea");
        assert_eq!(plain_words(&"x".repeat(31), 2), "");
    }
}
