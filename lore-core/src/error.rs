//! The one error type of Lore.
//!
//! An [`Error`] answers five questions: what kind of failure it is, whether trying again can help,
//! which operation failed, what the facts were, and what caused it. The adapter that saw the outside
//! world sets `kind` and `retry`; nothing above it guesses from message text.

use std::{borrow::Cow, error::Error as StdError, fmt, time::Duration};

use serde::{Deserialize, Serialize};

mod completion;
mod violation;

pub use self::{
    completion::{CompletionFailure, FailureReason, FailureScope},
    violation::{Violation, Violations},
};

/// A result whose error is [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What kind of failure an [`Error`] is. Each kind has a stable name, [`ErrorKind::as_str`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ErrorKind {
    /// The configuration is wrong or incomplete.
    Config,
    /// The request breaks a rule; [`Error::violations`] names the fields.
    InvalidInput,
    /// A thing that must exist does not.
    NotFound,
    /// A thing that must not exist does.
    AlreadyExists,
    /// Somebody else changed the same thing, or the request contradicts an earlier one.
    Conflict,
    /// The caller is known but may not do this.
    PermissionDenied,
    /// The caller is not known, or a credential was refused.
    Unauthenticated,
    /// An outside service asked for a pause.
    RateLimited,
    /// An outside service, disk or network did not answer.
    Unavailable,
    /// The account cannot pay.
    InsufficientFunds,
    /// The chain refused the transaction; [`Error::revert`] says why.
    Reverted,
    /// Bytes, hashes or stored records do not match.
    IntegrityMismatch,
    /// This adapter cannot do that.
    Unsupported,
    /// A state that should be impossible.
    Unexpected,
}

impl ErrorKind {
    /// Every kind, for tables and bindings.
    pub const ALL: [Self; 14] = [
        Self::Config,
        Self::InvalidInput,
        Self::NotFound,
        Self::AlreadyExists,
        Self::Conflict,
        Self::PermissionDenied,
        Self::Unauthenticated,
        Self::RateLimited,
        Self::Unavailable,
        Self::InsufficientFunds,
        Self::Reverted,
        Self::IntegrityMismatch,
        Self::Unsupported,
        Self::Unexpected,
    ];

    /// The stable name, as stored and as seen by every binding, for example `invalid_input`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::InvalidInput => "invalid_input",
            Self::NotFound => "not_found",
            Self::AlreadyExists => "already_exists",
            Self::Conflict => "conflict",
            Self::PermissionDenied => "permission_denied",
            Self::Unauthenticated => "unauthenticated",
            Self::RateLimited => "rate_limited",
            Self::Unavailable => "unavailable",
            Self::InsufficientFunds => "insufficient_funds",
            Self::Reverted => "reverted",
            Self::IntegrityMismatch => "integrity_mismatch",
            Self::Unsupported => "unsupported",
            Self::Unexpected => "unexpected",
        }
    }

    /// The class an error of this kind has unless the adapter knows better.
    const fn default_retry(self) -> Retry {
        match self {
            Self::RateLimited | Self::Unavailable => Retry::After(None),
            _ => Retry::Never,
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether the same call can succeed later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Retry {
    /// The same call fails the same way.
    Never,
    /// Nothing happened; the call may be repeated, not sooner than the given pause.
    After(Option<Duration>),
    /// It may have happened (the answer to a sent request was lost): look it up, never resend blindly.
    Reconcile,
    /// It was [`Retry::After`], and the retry layer gave up.
    Exhausted,
}

/// Why the chain refused a transaction: the custom error's name and its arguments as text.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Revert {
    /// The error's name in the contract, for example `LicenseRegistry__TooManyParents`.
    pub name: String,
    /// The arguments in order: addresses with checksum, numbers in decimal.
    pub args: Vec<String>,
}

impl Revert {
    /// A revert without arguments.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), args: Vec::new() }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, value: impl fmt::Display) -> Self {
        self.args.push(value.to_string());
        self
    }
}

impl fmt::Display for Revert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({})", self.name, self.args.join(","))
    }
}

impl From<Revert> for Error {
    fn from(revert: Revert) -> Self {
        let mut error = Self::new(ErrorKind::Reverted, "the chain refused the transaction");
        error.0.detail = Some(Detail::Revert(revert));
        error
    }
}

/// A boxed cause.
pub type Source = Box<dyn StdError + Send + Sync + 'static>;

/// A failure of Lore. One word wide.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    retry: Retry,
    op: &'static str,
    message: Cow<'static, str>,
    context: Vec<(&'static str, String)>,
    detail: Option<Detail>,
    source: Option<Source>,
}

enum Detail {
    Violations(Violations),
    Revert(Revert),
    Completion(Box<CompletionFailure>),
}

impl Error {
    /// A failure of `kind`. The message is a lowercase fragment without a full stop and without values;
    /// values go in [`with_context`](Self::with_context).
    pub fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner {
            kind,
            retry: kind.default_retry(),
            op: "",
            message: message.into(),
            context: Vec::new(),
            detail: None,
            source: None,
        }))
    }

    /// One broken rule, as [`ErrorKind::InvalidInput`].
    pub fn invalid(field: impl Into<String>, rule: &'static str, expected: impl Into<String>) -> Self {
        Violations::from(Violation::new(field, rule, expected)).into()
    }

    /// Names the operation that failed. An earlier name moves to the context as `inner_op`.
    #[must_use]
    pub fn with_op(mut self, op: &'static str) -> Self {
        if !self.0.op.is_empty() && self.0.op != op {
            let inner = self.0.op.to_owned();
            self.0.context.push(("inner_op", inner));
        }
        self.0.op = op;
        self
    }

    /// Adds a fact. Never a secret, key, prompt or full body: log a length or a hash.
    #[must_use]
    pub fn with_context(mut self, key: &'static str, value: impl fmt::Display) -> Self {
        self.0.context.push((key, value.to_string()));
        self
    }

    /// Sets whether trying again can help.
    #[must_use]
    pub fn with_retry(mut self, retry: Retry) -> Self {
        self.0.retry = retry;
        self
    }

    /// Sets the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Source>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// What kind of failure this is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Whether trying again can help.
    #[must_use]
    pub fn retry(&self) -> Retry {
        self.0.retry
    }

    /// The operation that failed, for example `pin`; empty if nobody named it.
    #[must_use]
    pub fn op(&self) -> &'static str {
        self.0.op
    }

    /// The message alone.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The facts, in the order they were added.
    #[must_use]
    pub fn context(&self) -> &[(&'static str, String)] {
        &self.0.context
    }

    /// The broken rules, if this is about bad input.
    #[must_use]
    pub fn violations(&self) -> &[Violation] {
        match &self.0.detail {
            Some(Detail::Violations(violations)) => violations.as_slice(),
            _ => &[],
        }
    }

    /// The chain's reason, if the chain refused.
    #[must_use]
    pub fn revert(&self) -> Option<&Revert> {
        match &self.0.detail {
            Some(Detail::Revert(revert)) => Some(revert),
            _ => None,
        }
    }

    /// Says why a model gave no answer that can be used.
    #[must_use]
    pub fn with_completion_failure(mut self, failure: CompletionFailure) -> Self {
        self.0.detail = Some(Detail::Completion(Box::new(failure)));
        self
    }

    /// Why a model gave no answer that can be used, if this is about a model.
    #[must_use]
    pub fn completion_failure(&self) -> Option<&CompletionFailure> {
        match &self.0.detail {
            Some(Detail::Completion(failure)) => Some(failure),
            _ => None,
        }
    }

    /// The same failure for another caller: everything but the live cause.
    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn share(&self) -> Self {
        let detail = self.0.detail.as_ref().map(|detail| match detail {
            Detail::Violations(violations) => Detail::Violations(violations.clone()),
            Detail::Revert(revert) => Detail::Revert(revert.clone()),
            Detail::Completion(failure) => Detail::Completion(failure.clone()),
        });
        Self(Box::new(Inner {
            kind: self.0.kind,
            retry: self.0.retry,
            op: self.0.op,
            message: self.0.message.clone(),
            context: self.0.context.clone(),
            detail,
            source: None,
        }))
    }

    /// Without the values of one kind.
    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn without_context(mut self, key: &str) -> Self {
        self.0.context.retain(|(known, _)| *known != key);
        self
    }

    /// The serialisable form, as stored in journals.
    #[must_use]
    pub fn to_record(&self) -> FailureRecord {
        FailureRecord {
            kind: self.kind(),
            op: self.op().to_owned(),
            message: self.to_string(),
            retry: self.retry(),
            violations: self.violations().to_vec(),
            revert: self.revert().cloned(),
            reason: self.completion_failure().map(|failure| failure.reason),
        }
    }
}

impl From<Violations> for Error {
    fn from(violations: Violations) -> Self {
        let mut error = Self::new(ErrorKind::InvalidInput, "the request breaks a rule");
        error.0.detail = Some(Detail::Violations(violations));
        error
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.0.op.is_empty() {
            write!(f, "{}: ", self.0.op)?;
        }
        f.write_str(&self.0.message)?;
        match &self.0.detail {
            Some(Detail::Violations(violations)) => write!(f, ": {violations}")?,
            Some(Detail::Revert(revert)) => write!(f, ": `{revert}`")?,
            Some(Detail::Completion(failure)) => write!(f, ": {}", failure.reason.as_str())?,
            None => {}
        }
        for (index, (key, value)) in self.0.context.iter().enumerate() {
            f.write_str(if index == 0 { " (" } else { ", " })?;
            write!(f, "{key} `{value}`")?;
        }
        if !self.0.context.is_empty() {
            f.write_str(")")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [{}, retry {:?}]", self, self.0.kind, self.0.retry)?;
        let mut source = self.source();
        while let Some(cause) = source {
            write!(f, "\n  caused by: {cause}")?;
            source = cause.source();
        }
        Ok(())
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

/// An [`Error`] as it is stored and sent: every fact but the live cause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FailureRecord {
    /// What kind of failure it was.
    pub kind: ErrorKind,
    /// The operation that failed.
    pub op: String,
    /// The whole message with its facts.
    pub message: String,
    /// Whether trying again can help.
    pub retry: Retry,
    /// The broken rules, if it was about bad input.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub violations: Vec<Violation>,
    /// The chain's reason, if the chain refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revert: Option<Revert>,
    /// Why a model gave no answer that can be used, if it was about a model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<FailureReason>,
}

impl From<&FailureRecord> for Error {
    fn from(record: &FailureRecord) -> Self {
        let mut error = Self::new(record.kind, record.message.clone()).with_retry(record.retry);
        // The message already carries the findings, so only the typed part is restored.
        if let Some(revert) = &record.revert {
            error.0.message = Cow::Owned(stored_message(&record.message, &format!(": `{revert}`")));
            error.0.detail = Some(Detail::Revert(revert.clone()));
        } else if !record.violations.is_empty() {
            let violations = Violations(record.violations.clone());
            error.0.message = Cow::Owned(stored_message(&record.message, &format!(": {violations}")));
            error.0.detail = Some(Detail::Violations(violations));
        }
        error
    }
}

/// Takes the rendered detail out of a stored message, so that showing the error does not repeat it.
fn stored_message(message: &str, rendered: &str) -> String {
    message.replacen(rendered, "", 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_one_word_wide() {
        assert_eq!(size_of::<Error>(), size_of::<usize>());
    }

    #[test]
    fn the_message_shows_operation_detail_and_facts_on_one_line() {
        let error = Error::new(ErrorKind::RateLimited, "pinning service refused the upload")
            .with_op("pin")
            .with_context("store", "pinata")
            .with_context("size_bytes", 7);
        assert_eq!(
            error.to_string(),
            "pin: pinning service refused the upload (store `pinata`, size_bytes `7`)"
        );
        assert_eq!(error.retry(), Retry::After(None));
    }

    #[test]
    fn violations_name_field_and_expectation() {
        let error = Error::invalid("title", "too_long", "1 to 200 characters");
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert_eq!(error.violations().first().map(|v| v.field.as_str()), Some("title"));
        assert!(error.to_string().contains("`title`: expected 1 to 200 characters"));
    }

    #[test]
    fn an_outer_operation_keeps_the_inner_one_as_a_fact() {
        let error = Error::new(ErrorKind::NotFound, "no such asset").with_op("load").with_op("create");
        assert_eq!(error.op(), "create");
        assert_eq!(error.context(), &[("inner_op", "load".to_owned())]);
    }

    #[test]
    fn a_stored_failure_comes_back_with_kind_retry_and_detail() {
        let error = Error::from(Revert::new("LicensingModule__NoParentIp")).with_op("link");
        let record = error.to_record();
        let json = serde_json::to_string(&record).unwrap();
        let back: FailureRecord = serde_json::from_str(&json).unwrap();
        let restored = Error::from(&back);
        assert_eq!(restored.kind(), ErrorKind::Reverted);
        assert_eq!(restored.revert(), error.revert());
        assert_eq!(restored.to_string(), error.to_string());
    }

    #[test]
    fn a_stored_failure_of_a_model_says_why() {
        let failure = CompletionFailure::new(FailureReason::DailyCap);
        let record =
            Error::new(ErrorKind::RateLimited, "no answer").with_completion_failure(failure).to_record();
        let json = serde_json::to_string(&record).unwrap();
        assert!(json.ends_with(r#""reason":"daily_cap"}"#), "{json}");
        assert_eq!(serde_json::from_str::<FailureRecord>(&json).unwrap(), record);
    }

    #[cfg(not(target_family = "wasm"))]
    #[test]
    fn words_of_the_outside_world_can_be_left_out() {
        let error = Error::new(ErrorKind::Unavailable, "no answer")
            .with_context("model", "a/b")
            .with_context("explanation", "your prompt said so");
        assert_eq!(error.without_context("explanation").to_record().message, "no answer (model `a/b`)");
    }

    #[test]
    fn every_kind_serialises_as_its_stable_name() {
        for kind in ErrorKind::ALL {
            assert_eq!(serde_json::to_string(&kind).unwrap(), format!("\"{}\"", kind.as_str()));
        }
    }
}
