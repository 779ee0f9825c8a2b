//! Reads JSON as models write it.
//!
//! One pass over the text, one value out, in time that grows with the text alone. Forgiven are: missing, doubled and
//! trailing commas; single and typographic quotes, and quotes inside a text; names and words without quotes; comments;
//! control characters in a text; `True`, `False` and `None`; an end that is missing.
//!
//! Not forgiven is what would be a guess about meaning: a name given twice in one object, and a text, number or word that
//! the end cuts. The latter is left out, so that half a sentence never passes for a whole one.

use serde_json::{Map, Number, Value};

/// Deeper than any answer, and no danger to any stack.
const MAX_DEPTH: usize = 32;

/// Reads the object at the beginning of a text; what follows it does not matter.
pub(super) fn object(text: &str) -> Option<Value> {
    Reader { text, at: 0 }.value(MAX_DEPTH).ok().filter(Value::is_object)
}

/// Why no value came of it.
enum Stop {
    /// The text ended within.
    Cut,
    /// What is there is no value, or one that is refused.
    Refused,
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

/// The quotes that close what this one opens.
const fn closing(open: char) -> Option<&'static [char]> {
    match open {
        '"' => Some(&['"']),
        '\'' => Some(&['\'']),
        '\u{201c}' | '\u{201d}' | '\u{201e}' => Some(&['\u{201d}', '\u{201c}', '"']),
        '\u{2018}' | '\u{2019}' | '\u{201a}' => Some(&['\u{2019}', '\u{2018}', '\'']),
        '\u{ab}' => Some(&['\u{bb}']),
        _ => None,
    }
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let letter = self.peek()?;
        self.at += letter.len_utf8();
        Some(letter)
    }

    /// Goes past white space, control characters and comments.
    fn skip(&mut self) {
        loop {
            let rest = self.rest();
            let is_space =
                |letter: char| letter.is_whitespace() || letter.is_control() || letter == '\u{feff}';
            let here = rest.trim_start_matches(is_space);
            let comment = if here.starts_with("/*") {
                here.find("*/").map_or(here.len(), |end| end + 2)
            } else if here.starts_with("//") {
                here.find('\n').unwrap_or(here.len())
            } else {
                0
            };
            self.at += rest.len() - here.len() + comment;
            if comment == 0 {
                return;
            }
        }
    }

    /// The same, and past commas.
    fn skip_commas(&mut self) {
        self.skip();
        while self.peek() == Some(',') {
            self.at += 1;
            self.skip();
        }
    }

    fn value(&mut self, depth: usize) -> Result<Value, Stop> {
        let depth = depth.checked_sub(1).ok_or(Stop::Refused)?;
        self.skip();
        match self.peek() {
            None => Err(Stop::Cut),
            Some('{') => self.members(depth),
            Some('[') => self.items(depth),
            Some(letter) => match closing(letter) {
                Some(close) => self.quoted(close).map(Value::String),
                None => self.word().map(literal),
            },
        }
    }

    /// Whether a list of members or items ends here: with its own bracket, with that of what is around it, or with the text.
    fn ends(&mut self, own: char) -> bool {
        self.skip_commas();
        match self.peek() {
            None | Some('}' | ']') => {
                if self.peek() == Some(own) {
                    self.at += 1;
                }
                true
            }
            Some(_) => false,
        }
    }

    fn members(&mut self, depth: usize) -> Result<Value, Stop> {
        self.at += 1;
        let mut members = Map::new();
        while !self.ends('}') {
            match self.name().and_then(|name| self.value(depth).map(|value| (name, value))) {
                Ok((name, value)) => {
                    if members.insert(name, value).is_some() {
                        return Err(Stop::Refused);
                    }
                }
                Err(Stop::Cut) => self.at = self.text.len(),
                Err(Stop::Refused) => return Err(Stop::Refused),
            }
        }
        Ok(Value::Object(members))
    }

    fn items(&mut self, depth: usize) -> Result<Value, Stop> {
        self.at += 1;
        let mut items = Vec::new();
        while !self.ends(']') {
            match self.value(depth) {
                Ok(item) => items.push(item),
                Err(Stop::Cut) => self.at = self.text.len(),
                Err(Stop::Refused) => return Err(Stop::Refused),
            }
        }
        Ok(Value::Array(items))
    }

    /// A member's name and the colon.
    fn name(&mut self) -> Result<String, Stop> {
        let name = match self.peek().and_then(closing) {
            Some(close) => self.quoted(close)?,
            None => {
                let rest = self.rest();
                let is_name = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '$');
                let end = rest.find(|letter| !is_name(letter)).ok_or(Stop::Cut)?;
                self.at += end;
                rest.get(..end).unwrap_or_default().to_owned()
            }
        };
        self.skip();
        match self.peek() {
            None => Err(Stop::Cut),
            Some(':' | '=') if !name.is_empty() => {
                self.at += 1;
                Ok(name)
            }
            Some(_) => Err(Stop::Refused),
        }
    }

    /// A text up to a closing quote that something follows which can follow a text. Any other one belongs to the text.
    fn quoted(&mut self, close: &[char]) -> Result<String, Stop> {
        self.next();
        let mut text = String::new();
        loop {
            let letter = self.next().ok_or(Stop::Cut)?;
            if close.contains(&letter) && self.may_end() {
                return Ok(text);
            }
            match letter {
                '\\' => text.push(self.escaped()?),
                // No text of an answer needs any but these.
                letter if letter.is_control() && !matches!(letter, '\n' | '\t') => {}
                letter => text.push(letter),
            }
        }
    }

    /// Whether a text may end here: before a comma, a colon, a bracket, a comment or the end; or before a quote on the next
    /// line, where a comma is missing. No white space is looked through twice, as a quote ends it.
    fn may_end(&self) -> bool {
        let rest = self.rest();
        let next = rest.trim_start();
        match next.chars().next() {
            None | Some(',' | ':' | '}' | ']') => true,
            Some('/') => next.starts_with("//") || next.starts_with("/*"),
            Some(letter) => {
                let space = rest.get(..rest.len() - next.len()).unwrap_or_default();
                space.contains('\n') && closing(letter).is_some()
            }
        }
    }

    fn escaped(&mut self) -> Result<char, Stop> {
        Ok(match self.next().ok_or(Stop::Cut)? {
            'n' => '\n',
            't' => '\t',
            'r' | 'b' | 'f' => ' ',
            'u' => self.unit()?,
            other => other,
        })
    }

    /// The letter of `\uXXXX`, or of two that belong together.
    fn unit(&mut self) -> Result<char, Stop> {
        let first = self.four_digits()?;
        if let Some(letter) = char::from_u32(u32::from(first)) {
            return Ok(letter);
        }
        if !self.rest().starts_with("\\u") {
            return Ok(char::REPLACEMENT_CHARACTER);
        }
        self.at += 2;
        let second = self.four_digits()?;
        Ok(char::decode_utf16([first, second])
            .next()
            .and_then(Result::ok)
            .unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn four_digits(&mut self) -> Result<u16, Stop> {
        let rest = self.rest();
        if rest.len() < 4 {
            return Err(Stop::Cut);
        }
        let digits = rest.get(..4).ok_or(Stop::Refused)?;
        self.at += 4;
        u16::from_str_radix(digits, 16).map_err(|_| Stop::Refused)
    }

    /// A value without quotes: up to a comma, a bracket, a quote, a colon, a comment or the end of the line.
    fn word(&mut self) -> Result<&'a str, Stop> {
        let rest = self.rest();
        let end = rest.find([',', '}', ']', '{', '[', '\n', '"', ':']).ok_or(Stop::Cut)?;
        let word = rest.get(..end).unwrap_or_default();
        let comment = word.find("//").or_else(|| word.find("/*"));
        let word = comment.and_then(|end| word.get(..end)).unwrap_or(word);
        self.at += word.len();
        if word.trim().is_empty() { Err(Stop::Refused) } else { Ok(word.trim()) }
    }
}

/// A word without quotes: a number, a truth value, nothing, or a text.
fn literal(word: &str) -> Value {
    match word {
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        "null" | "None" | "undefined" => Value::Null,
        word => word.parse::<Number>().map_or_else(|_| Value::String(word.to_owned()), Value::Number),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_models_get_wrong_is_read() {
        for (text, wanted) in [
            (r#"{"a": 1,}"#, json!({"a": 1})),
            (r#"{"a": [1, 2,, 3,],}"#, json!({"a": [1, 2, 3]})),
            ("{'a': 'it is', b: True}", json!({"a": "it is", "b": true})),
            ("{\u{201c}a\u{201d}: \u{201c}x\u{201d}}", json!({"a": "x"})),
            (r#"{"a": "the "old" sea"}"#, json!({"a": "the \"old\" sea"})),
            ("{'a': 'the sea's edge'}", json!({"a": "the sea's edge"})),
            ("{\"a\": \"x\"\n\"b\": \"y\"}", json!({"a": "x", "b": "y"})),
            ("{// note\n\"a\": /* one */ 1 // last\n}", json!({"a": 1})),
            ("{\"a\": \"one\u{1}\ntwo\"}", json!({"a": "one\ntwo"})),
            (
                "{a: commercial remix, b: 15%, c: None}",
                json!({"a": "commercial remix", "b": "15%", "c": null}),
            ),
            (r#"{"a": "\u00e9\ud83d\ude00\ud800",}"#, json!({"a": "\u{e9}\u{1f600}\u{fffd}"})),
            (r#"{"a": {"b": ["x", "y""#, json!({"a": {"b": ["x", "y"]}})),
            (r#"{"a": ["x", "y"}"#, json!({"a": ["x", "y"]})),
        ] {
            assert_eq!(object(text), Some(wanted), "{text}");
        }
    }

    #[test]
    fn what_the_end_cuts_is_left_out() {
        for (text, wanted) in [
            (r#"{"a": ["x", "half a sent"#, json!({"a": ["x"]})),
            (r#"{"a": 1, "b": 4"#, json!({"a": 1})),
            (r#"{"a": 1, "b""#, json!({"a": 1})),
            (r#"{"a": 1, "b": tr"#, json!({"a": 1})),
            (r#"{"a": 1, "b": "x\"#, json!({"a": 1})),
            (r#"{"a": 1, "b": "x\u00"#, json!({"a": 1})),
            ("{\"a\": [{\"b\": tr 'x'", json!({"a": [{}]})),
        ] {
            assert_eq!(object(text), Some(wanted), "{text}");
        }
    }

    #[test]
    fn a_guess_about_meaning_is_refused() {
        for text in [r#"{"a": 1, "a": 2}"#, "{: 1}", "{a b c}", "[1]", "x", "", &"{\"a\":".repeat(99)] {
            assert!(object(text).is_none(), "{text}");
        }
    }
}
