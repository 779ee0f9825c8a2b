//! [`Told`]: what an error says about itself, whatever its shape.

use std::collections::BTreeMap;

use lore_core::Secret;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::lenient::{or_nothing, parsed, raw, text};

/// Most characters of an endpoint's own explanation that an error repeats.
const MAX_REASON_CHARS: usize = 200;
/// So many characters of a prompt in an explanation make it a repetition of the prompt.
const REPEATED_CHARS: usize = 16;
/// So many characters of a secret are already too many.
const TELLTALE_CHARS: usize = 8;

/// An error as an endpoint writes it. OpenRouter's API reference (errors, 2026-11) and OpenAI's; others write parts of it.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Told {
    /// A status, or a name.
    #[serde(default, deserialize_with = "raw")]
    code: Option<Box<RawValue>>,
    #[serde(default, deserialize_with = "or_nothing")]
    r#type: Option<String>,
    #[serde(default, deserialize_with = "or_nothing")]
    message: Option<String>,
    #[serde(default, deserialize_with = "or_nothing")]
    metadata: Option<Metadata>,
    #[serde(default, deserialize_with = "or_nothing")]
    pub(super) availability: Option<Availability>,
    /// All of the error as it was written, in lower case.
    #[serde(skip)]
    whole: String,
}

#[derive(Debug, Default, Deserialize)]
struct Metadata {
    #[serde(default, deserialize_with = "or_nothing")]
    error_type: Option<String>,
    #[serde(default, deserialize_with = "raw")]
    reasons: Option<Box<RawValue>>,
    #[serde(default, deserialize_with = "or_nothing")]
    headers: Option<BTreeMap<String, Box<RawValue>>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Availability {
    #[serde(default, deserialize_with = "or_nothing")]
    code: Option<String>,
    #[serde(default, deserialize_with = "or_nothing")]
    pub(super) retryable: Option<bool>,
    /// In seconds.
    #[serde(default, deserialize_with = "parsed")]
    pub(super) retry_after: Option<f64>,
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(default, deserialize_with = "raw")]
    error: Option<Box<RawValue>>,
    /// FastAPI's, of servers in front of models.
    #[serde(default, deserialize_with = "raw")]
    detail: Option<Box<RawValue>>,
}

impl Told {
    /// The body of a refusal.
    pub(crate) fn of_body(body: &[u8]) -> Self {
        let envelope = serde_json::from_slice::<Envelope>(body).ok();
        if let Some(error) = envelope.and_then(|envelope| envelope.error.or(envelope.detail)) {
            return Self::of_error(&error);
        }
        // Some write the error without a frame, and proxies write pages.
        let text = String::from_utf8_lossy(body);
        let told = serde_json::from_slice(body)
            .unwrap_or_else(|_| Self { message: Some(text.clone().into_owned()), ..Self::default() });
        Self { whole: text.to_lowercase(), ..told }
    }

    /// The value of a field `error`.
    pub(crate) fn of_error(error: &RawValue) -> Self {
        let told = serde_json::from_str(error.get()).unwrap_or_else(|_| Self {
            message: text(error).map(std::borrow::Cow::into_owned),
            ..Self::default()
        });
        Self { whole: error.get().to_lowercase(), ..told }
    }

    /// The status that the error names, if it is one of a failure.
    pub(super) fn status(&self) -> Option<u16> {
        let status: u16 = text(self.code.as_deref()?)?.parse().ok()?;
        (400..=599).contains(&status).then_some(status)
    }

    /// The names that it goes by, the most telling first.
    pub(super) fn names(&self) -> impl Iterator<Item = String> {
        let code = self.code.as_deref().and_then(text);
        [
            self.availability.as_ref().and_then(|availability| availability.code.clone()),
            self.metadata.as_ref().and_then(|metadata| metadata.error_type.clone()),
            code.filter(|code| code.parse::<u16>().is_err()).map(std::borrow::Cow::into_owned),
            self.r#type.clone(),
        ]
        .into_iter()
        .flatten()
    }

    /// Whether the endpoint lists what it found wrong with the content of the request.
    pub(super) fn is_moderation(&self) -> bool {
        self.metadata.as_ref().is_some_and(|metadata| metadata.reasons.is_some())
    }

    /// Whether the explanation holds this name. For names that services put nowhere else.
    pub(super) fn mentions(&self, name: &str) -> bool {
        self.message.as_deref().is_some_and(|message| message.contains(name))
    }

    /// Whether any of these words, in lower case, stand anywhere in the error: what a proxy repeats of another service's
    /// is in a place of its own.
    pub(super) fn says_any(&self, words: &[&str]) -> bool {
        words.iter().any(|words| self.whole.contains(words))
    }

    /// A header that the error repeats in its body.
    pub(super) fn header(&self, name: &str) -> Option<String> {
        let headers = self.metadata.as_ref()?.headers.as_ref()?;
        let (_, value) = headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name))?;
        text(value).map(std::borrow::Cow::into_owned)
    }

    /// The explanation on one line, and short; nothing if it repeats a secret's or the prompt's text.
    pub(super) fn shown(&self, secrets: &[Secret], prompt: &[&str]) -> String {
        let Some(message) = &self.message else { return String::new() };
        let mut message = message.clone();
        for secret in secrets {
            // Secrets go first: half a secret would not be recognised.
            message = secret.redact(&message);
        }
        if secrets.iter().any(|secret| repeats(&message, secret.expose(), TELLTALE_CHARS))
            || prompt.iter().any(|text| repeats(&message, text, REPEATED_CHARS))
        {
            return String::new();
        }
        let line = message.split_whitespace().collect::<Vec<_>>().join(" ");
        line.chars().filter(|c| !c.is_control()).take(MAX_REASON_CHARS).collect()
    }
}

/// Whether some run of `length` characters of `text` stands in `original`; of all of it, if the original is shorter.
fn repeats(text: &str, original: &str, length: usize) -> bool {
    let original = original.trim();
    let length = length.min(original.chars().count());
    if length < TELLTALE_CHARS {
        return false;
    }
    let starts: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    starts.windows(length.saturating_add(1)).any(|window| match (window.first(), window.last()) {
        (Some(from), Some(to)) => text.get(*from..*to).is_some_and(|piece| original.contains(piece)),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(body: &str) -> String {
        let secrets = [Secret::from("sk-or-v1-0123456789")];
        Told::of_body(body.as_bytes()).shown(&secrets, &["The knight rides at dawn", "hi"])
    }

    #[test]
    fn an_error_is_understood_in_every_known_shape() {
        for body in [
            r#"{"error":{"message":"m","code":429}}"#,
            r#"{"error":{"message":"m","code":"429"}}"#,
            r#"{"detail":{"message":"m","code":429}}"#,
            r#"{"object":"error","message":"m","code":429,"metadata":[]}"#,
        ] {
            let told = Told::of_body(body.as_bytes());
            assert_eq!((told.status(), told.message.as_deref()), (Some(429), Some("m")), "{body}");
        }
        let told = Told::of_body(br#"{"error":{"code":"server_error","type":"t","metadata":{"error_type":"e"},"availability":{"code":"a"}}}"#);
        assert_eq!(told.names().collect::<Vec<_>>(), ["a", "e", "server_error", "t"]);
        assert_eq!(told.status(), None);
        assert_eq!(shown(r#"{"error":"plain"}"#), "plain");
        assert_eq!(shown("<html>\n  <b>oops</b>\r\n</html>"), "<html> <b>oops</b> </html>");
        assert_eq!(shown(""), "");
    }

    #[test]
    fn an_explanation_is_short_and_repeats_neither_key_nor_prompt() {
        assert_eq!(shown(&"ä".repeat(1_000)).chars().count(), MAX_REASON_CHARS);
        assert_eq!(shown(r#"{"error":"bad key sk-or-v1-0123456789"}"#), "bad key ***");
        assert_eq!(shown(r#"{"error":"bad key sk-or-v1*****6789"}"#), "");
        assert_eq!(shown(r#"{"error":"flagged: The knight rides at d…"}"#), "");
        assert_eq!(shown(r#"{"error":"this hinders: hi, the knight"}"#), "this hinders: hi, the knight");
        let edge = format!("{}sk-or-v1-0123456789", "x".repeat(MAX_REASON_CHARS - 8));
        assert!(!shown(&edge).contains("sk-"), "{}", shown(&edge));
    }
}
