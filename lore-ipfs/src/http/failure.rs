//! What refusals and broken connections mean: kind, retry and a short reason, from codes, never from message text.
//!
//! Every operation of the remote stores looks before it sends, or can be repeated as it is. So a lost answer is
//! [`Retry::After`]: the next attempt finds what the lost one did.

use std::time::Duration;

use lore_core::{Error, ErrorKind, Retry, Timestamp};
use reqwest::{
    StatusCode,
    header::{LOCATION, RETRY_AFTER},
};
use serde_json::{Value, error::Category};
use time::{OffsetDateTime, format_description::well_known::Rfc2822};

use super::client::{Answer, HttpSetup};

/// Most characters of a service's own explanation that an error repeats.
const MAX_REASON_CHARS: usize = 200;

/// No answer, or half of one.
pub(super) fn from_transport(err: reqwest::Error, store: &'static str) -> Error {
    let (kind, phase, message) = if err.is_builder() {
        (ErrorKind::Unexpected, "build", "the request could not be built")
    } else if err.is_connect() {
        (ErrorKind::Unavailable, "connect", "cannot connect to the service")
    } else if err.is_decode() {
        (ErrorKind::Unavailable, "answer", "the answer broke off")
    } else {
        (ErrorKind::Unavailable, "request", "the connection broke before the answer came")
    };
    // Addresses may carry signatures.
    Error::new(kind, message)
        .with_context("store", store)
        .with_context("phase", phase)
        .with_source(err.without_url())
}

/// An answer that should be JSON and is not.
pub(super) fn from_json(err: serde_json::Error, store: &'static str, size_bytes: usize) -> Error {
    let (kind, message) = match err.classify() {
        Category::Eof => (ErrorKind::Unavailable, "the answer broke off"),
        Category::Data => (ErrorKind::Unexpected, "the answer has an unknown shape"),
        Category::Syntax | Category::Io => (ErrorKind::Unavailable, "the answer is not from the service"),
    };
    Error::new(kind, message)
        .with_context("store", store)
        .with_context("size_bytes", size_bytes)
        .with_source(err)
}

/// An answer without success.
pub(super) fn from_answer(answer: &Answer, setup: &HttpSetup, now: Timestamp) -> Error {
    let told = Told::of(&answer.body);
    let (kind, message) = classify(answer.status, told.code.as_deref());
    let mut error = Error::new(kind, message)
        .with_context("store", setup.store)
        .with_context("status", answer.status.as_u16());
    if kind == ErrorKind::RateLimited || answer.status.is_server_error() && kind == ErrorKind::Unavailable {
        error = error.with_retry(Retry::After(retry_after(answer, now)));
    }
    if answer.status.is_redirection()
        && let Some(location) = answer.header(&LOCATION).and_then(|text| reqwest::Url::parse(text).ok())
    {
        error = error.with_context("leads_to", location.host_str().unwrap_or_default());
    }
    let reason = told.shown(setup);
    if reason.is_empty() { error } else { error.with_context("reason", reason) }
}

/// Kind and message of a status. Codes are Pinata's; other services do not use these words.
fn classify(status: StatusCode, code: Option<&str>) -> (ErrorKind, &'static str) {
    match (status.as_u16(), code) {
        (300..=399, _) => (ErrorKind::Config, "the service has moved; set its new address"),
        (401, _) => (ErrorKind::Unauthenticated, "the service refused the credential"),
        (403, Some("API_KEY_REVOKED")) => (ErrorKind::Unauthenticated, "the credential was revoked"),
        (403, Some("NO_SCOPES_FOUND")) => (ErrorKind::PermissionDenied, "the key lacks a scope"),
        (402, _) => (ErrorKind::PermissionDenied, "the account's plan does not allow this"),
        (403 | 451, _) => (ErrorKind::PermissionDenied, "the service does not allow this"),
        (404 | 410, _) => (ErrorKind::NotFound, "the service does not have this"),
        (405 | 501, _) => (ErrorKind::Unsupported, "the service cannot do this"),
        (409, _) => (ErrorKind::Conflict, "the request contradicts the service's state"),
        (413, _) => (ErrorKind::InvalidInput, "the content is over the service's limit"),
        (400 | 422, _) => (ErrorKind::InvalidInput, "the service refused the request"),
        (429, _) => (ErrorKind::RateLimited, "the service asks for a pause"),
        (408 | 423 | 425, _) | (500..=599, _) => (ErrorKind::Unavailable, "the service failed"),
        _ => (ErrorKind::Unexpected, "the service gave an answer that is not foreseen"),
    }
}

/// What an error body says, whatever its shape.
struct Told {
    code: Option<String>,
    text: String,
}

impl Told {
    fn of(body: &[u8]) -> Self {
        match serde_json::from_slice::<Value>(body) {
            Ok(value) => Self::of_json(&value),
            Err(_) => Self { code: None, text: String::from_utf8_lossy(body).into_owned() },
        }
    }

    fn of_json(value: &Value) -> Self {
        let text = |path: &str| value.pointer(path).and_then(Value::as_str).map(str::to_owned);
        let code = text("/error/reason").or_else(|| text("/error/code"));
        let said = code.clone().or_else(|| text("/error/message")).or_else(|| text("/error"));
        let said = said.or_else(|| text("/message")).or_else(|| text("/Message"));
        let text = match (said, text("/error/details")) {
            (Some(said), Some(details)) => format!("{said}: {details}"),
            (said, details) => said.or(details).unwrap_or_else(|| value.to_string()),
        };
        Self { code, text }
    }

    /// Without secrets, on one line, and short. Secrets go first: half a secret would not be recognised.
    fn shown(&self, setup: &HttpSetup) -> String {
        let mut text = self.text.clone();
        for secret in &setup.secrets {
            text = secret.redact(&text);
        }
        let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        line.chars().filter(|c| !c.is_control()).take(MAX_REASON_CHARS).collect()
    }
}

/// The pause a service asked for, in seconds or until a date (RFC 9110, section 10.2.3).
fn retry_after(answer: &Answer, now: Timestamp) -> Option<Duration> {
    let text = answer.header(&RETRY_AFTER)?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let date = OffsetDateTime::parse(text, &Rfc2822).ok()?;
    let until = Timestamp::from_unix_seconds(date.unix_timestamp()).ok()?;
    Some(until.saturating_since(now))
}

#[cfg(test)]
mod tests {
    use lore_core::Secret;
    use reqwest::header::{HeaderMap, HeaderValue};

    use super::*;

    fn setup() -> HttpSetup {
        HttpSetup {
            store: "pinata",
            connect_timeout: Duration::ZERO,
            answer_timeout: Duration::ZERO,
            min_upload_rate: 1,
            secrets: vec![Secret::from("eyJhbGciOi.secret")],
        }
    }

    fn error(status: u16, retry_after: Option<&'static str>, body: &str) -> Error {
        let mut headers = HeaderMap::new();
        if let Some(text) = retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from_static(text));
        }
        let answer =
            Answer { status: StatusCode::from_u16(status).unwrap(), headers, body: body.as_bytes().to_vec() };
        from_answer(&answer, &setup(), "2026-01-31T12:00:00Z".parse().unwrap())
    }

    #[test]
    fn every_status_has_its_kind_and_its_retry() {
        use ErrorKind::{
            Conflict, InvalidInput, NotFound, PermissionDenied, RateLimited, Unauthenticated, Unavailable,
            Unexpected, Unsupported,
        };
        let after = |seconds| Retry::After(Some(Duration::from_secs(seconds)));
        let revoked = r#"{"error":{"reason":"API_KEY_REVOKED","details":"key revoked"}}"#;
        let scopes = r#"{"error":{"reason":"NO_SCOPES_FOUND","details":"no scopes"}}"#;
        let invalid = r#"{"error":{"reason":"INVALID_CREDENTIALS","details":"token is malformed"}}"#;
        let table = [
            (302, None, "", ErrorKind::Config, Retry::Never),
            (400, None, r#"{"error":"bad field"}"#, InvalidInput, Retry::Never),
            (401, None, invalid, Unauthenticated, Retry::Never),
            (401, None, "", Unauthenticated, Retry::Never),
            (402, None, "", PermissionDenied, Retry::Never),
            (403, None, scopes, PermissionDenied, Retry::Never),
            (403, None, revoked, Unauthenticated, Retry::Never),
            (403, None, "<html>blocked</html>", PermissionDenied, Retry::Never),
            (404, None, "", NotFound, Retry::Never),
            (405, None, "", Unsupported, Retry::Never),
            (408, None, "", Unavailable, Retry::After(None)),
            (409, None, "", Conflict, Retry::Never),
            (413, None, "", InvalidInput, Retry::Never),
            (418, None, "", Unexpected, Retry::Never),
            (422, None, "", InvalidInput, Retry::Never),
            (429, None, "", RateLimited, Retry::After(None)),
            (429, Some("17"), "", RateLimited, after(17)),
            (429, Some("Sat, 31 Jan 2026 12:01:30 GMT"), "", RateLimited, after(90)),
            (429, Some("Sat, 31 Jan 2026 11:00:00 GMT"), "", RateLimited, after(0)),
            (429, Some("soon"), "", RateLimited, Retry::After(None)),
            (500, None, "", Unavailable, Retry::After(None)),
            (501, Some("5"), "", Unsupported, Retry::Never),
            (502, None, "<html>bad gateway</html>", Unavailable, Retry::After(None)),
            (503, Some("5"), "", Unavailable, after(5)),
            (504, None, "", Unavailable, Retry::After(None)),
            (599, None, "", Unavailable, Retry::After(None)),
        ];
        for (status, pause, body, kind, retry) in table {
            let error = error(status, pause, body);
            assert_eq!((error.kind(), error.retry()), (kind, retry), "{status} {pause:?} {body}");
        }
    }

    fn reason(body: &str) -> String {
        let error = error(400, None, body);
        let found = error.context().iter().find(|(key, _)| *key == "reason");
        found.map(|(_, text)| text.clone()).unwrap_or_default()
    }

    #[test]
    fn the_reason_is_found_in_every_known_shape() {
        assert_eq!(reason(r#"{"error":{"reason":"R","details":"d"}}"#), "R: d");
        assert_eq!(reason(r#"{"error":{"message":"m"}}"#), "m");
        assert_eq!(reason(r#"{"error":"plain"}"#), "plain");
        assert_eq!(reason(r#"{"message":"top"}"#), "top");
        assert_eq!(reason(r#"{"Message":"kubo","Code":0,"Type":"error"}"#), "kubo");
        assert_eq!(reason(r#"{"other":1}"#), r#"{"other":1}"#);
        assert_eq!(reason("<html>\n  <b>oops</b>\r\n</html>"), "<html> <b>oops</b> </html>");
        assert_eq!(reason(""), "");
    }

    #[test]
    fn a_reason_is_short_and_shows_no_secret() {
        assert_eq!(reason(&"ä".repeat(1_000)).chars().count(), MAX_REASON_CHARS);
        assert_eq!(reason(r#"{"error":"bad token eyJhbGciOi.secret"}"#), "bad token ***");
        // The secret stands across the place where the text is cut.
        let edge = format!("{}eyJhbGciOi.secret", "x".repeat(MAX_REASON_CHARS - 8));
        assert!(!reason(&edge).contains("eyJ"), "{}", reason(&edge));
    }
}
