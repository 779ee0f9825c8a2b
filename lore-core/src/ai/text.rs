//! What counts as the same text.

use std::borrow::Cow;

use icu_normalizer::ComposingNormalizerBorrowed;

/// The text in Unicode's composed form (NFC), with line ends of one line feed and without white space around it.
///
/// Text that is so already is not copied.
#[must_use]
pub fn normalized(text: &str) -> Cow<'_, str> {
    let text = text.trim();
    let text = if text.is_ascii() {
        Cow::Borrowed(text)
    } else {
        ComposingNormalizerBorrowed::new_nfc().normalize(text)
    };
    // Most texts have none, and the search for one in the standard library costs more than the rest.
    let has_returns = memchr::memchr(b'\r', text.as_bytes()).is_some();
    if has_returns { Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n")) } else { text }
}

/// About how many tokens a text is for a model: four characters of English text make one.
#[must_use]
pub fn estimated_tokens(text: &str) -> u64 {
    (text.chars().count() as u64).div_ceil(4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_become_the_same() {
        for (given, wanted) in [
            ("a title ", "a title"),
            ("\u{feff}\na\r\nb\rc\n\n", "\u{feff}\na\nb\nc"),
            ("\u{2003}cafe\u{301}\t", "caf\u{e9}"),
            ("\u{212b}", "\u{c5}"),
            ("two  spaces\n\ninside", "two  spaces\n\ninside"),
            ("", ""),
        ] {
            assert_eq!(normalized(given), wanted);
            assert_eq!(normalized(wanted), wanted);
        }
    }

    #[test]
    fn text_that_is_normal_is_not_copied() {
        for text in ["plain", "caf\u{e9}", "\u{65e5}\u{672c}\n\u{8a9e}"] {
            assert!(matches!(normalized(text), Cow::Borrowed(_)));
        }
    }
}
