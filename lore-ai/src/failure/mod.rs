//! Failures: what a refusal, a broken connection or an unusable answer means. Kind, retry and reason come from statuses
//! and names; how the error is worded is not looked at, except for the few names that stand nowhere else, and for refusals of
//! what one model does not take: no service has a name for most of those.

mod pause;
mod table;
mod told;

use std::{sync::Arc, time::Duration};

use lore_core::{
    Error, ErrorKind, Retry, Secret, Timestamp,
    error::{CompletionFailure, FailureReason},
    port::llm::{CompletionRequest, EXPLANATION, Usage},
};
use reqwest::header::HeaderMap;
use serde_json::value::RawValue;

use self::{table::NotTaken, told::Told};
use crate::{
    estimate,
    wire::{Shape, WireUsage},
};

/// What every error of a provider names, and what none may show.
#[derive(Debug)]
pub(crate) struct Endpoint {
    pub(crate) name: String,
    pub(crate) secrets: Vec<Secret>,
}

/// One question, as far as its errors need to know it.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    endpoint: Arc<Endpoint>,
    op: &'static str,
    /// `None` for the list of models.
    model: Option<String>,
    /// What no error may repeat.
    prompt: Vec<String>,
    /// Whether `response_format` is sent.
    sends_format: bool,
    /// About how many tokens the question is.
    prompt_tokens: u64,
    /// Most tokens of the answer.
    max_tokens: u32,
}

/// The head of an answer.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    /// When it came.
    pub(crate) now: Timestamp,
}

impl Head {
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

impl Asked {
    pub(crate) fn completion(
        endpoint: &Arc<Endpoint>,
        op: &'static str,
        request: &CompletionRequest,
        shape: Shape,
    ) -> Self {
        let prompt = request.messages.iter().map(|message| message.text.clone()).collect();
        let sends_format = request.schema.is_some() && shape != Shape::Words;
        Self {
            endpoint: Arc::clone(endpoint),
            op,
            model: Some(request.model.clone()),
            prompt,
            sends_format,
            prompt_tokens: estimate::prompt_tokens(request, shape),
            max_tokens: request.max_tokens,
        }
    }

    pub(crate) fn list(endpoint: &Arc<Endpoint>, op: &'static str) -> Self {
        let endpoint = Arc::clone(endpoint);
        let (prompt, sends_format) = (Vec::new(), false);
        Self { endpoint, op, model: None, prompt, sends_format, prompt_tokens: 0, max_tokens: 0 }
    }

    fn error(&self, kind: ErrorKind, message: &'static str) -> Error {
        let error = Error::new(kind, message).with_op(self.op).with_context("provider", &self.endpoint.name);
        match &self.model {
            Some(model) => error.with_context("model", model),
            None => error,
        }
    }

    /// The failure of this reason. `status` is that of the answer, 0 if there was none.
    fn failed(&self, reason: FailureReason, status: u16) -> Error {
        self.failed_as(reason, table::meaning(reason, status), status)
    }

    fn failed_as(
        &self,
        reason: FailureReason,
        (kind, retry, message): (ErrorKind, Retry, &'static str),
        status: u16,
    ) -> Error {
        let error = self.error(kind, message).with_retry(retry);
        let error = if status == 0 { error } else { error.with_context("status", status) };
        // A list costs nothing, and no model failed to give it.
        if self.model.is_none() {
            error
        } else {
            error.with_completion_failure(CompletionFailure::new(reason))
        }
    }

    /// An answer that is none, or not all of one: what it used is kept.
    pub(crate) fn unusable(&self, reason: FailureReason, used: Option<&WireUsage>) -> Error {
        charged(self.failed(reason, 0), used, reason == FailureReason::Malformed)
    }

    /// An answer that came to its end without being one. What it used is estimated where it is not stated.
    pub(crate) fn unanswered(&self, reason: FailureReason, used: Option<&WireUsage>, text: &str) -> Error {
        let error = self.unusable(reason, used);
        let Some(mut failure) = error.completion_failure().cloned() else { return error };
        (failure.usage, failure.usage_estimated) = self.usage(used, text, reason == FailureReason::Truncated);
        error.with_completion_failure(failure)
    }

    /// What an answer with this text used, and whether that is an estimate. One that reached the most tokens used them all.
    pub(crate) fn usage(&self, used: Option<&WireUsage>, text: &str, reached_most: bool) -> (Usage, bool) {
        let most = if reached_most { u64::from(self.max_tokens) } else { 0 };
        let estimated = Usage::new(self.prompt_tokens, estimate::tokens(text).max(most));
        let used = used.copied().unwrap_or_default();
        let usage = used.usage_or(estimated);
        let is_estimated = usage != used.usage();
        if is_estimated {
            tracing::debug!(
                provider = self.endpoint.name,
                model = self.model,
                prompt_tokens = usage.prompt_tokens,
                completion_tokens = usage.completion_tokens,
                "the endpoint does not state what an answer used, so it is estimated"
            );
        }
        (usage, is_estimated)
    }

    /// An answer whose status is one of failure.
    pub(crate) fn refused(&self, head: &Head, body: &[u8]) -> Error {
        self.told(head, &Told::of_body(body))
    }

    /// An error inside an answer whose status is one of success.
    pub(crate) fn told_inside(&self, head: &Head, error: &RawValue, used: Option<&WireUsage>) -> Error {
        charged(self.told(head, &Told::of_error(error)), used, false)
    }

    fn told(&self, head: &Head, told: &Told) -> Error {
        let reason = table::reason(head.status, told);
        let status = told.status().unwrap_or(head.status);
        let mut error = match table::not_taken(reason, status, told, self.sends_format) {
            None => self.failed(reason, status),
            Some(part) => {
                let meaning =
                    (ErrorKind::Unsupported, Retry::Never, "the model does not take all of the request");
                // As asked, the endpoint does not have the model; another one may take all of it.
                self.failed_as(FailureReason::ModelGone, meaning, status).with_source(part)
            }
        };
        if let Retry::After(_) = error.retry() {
            let is_limited = matches!(reason, FailureReason::RateLimited | FailureReason::DailyCap);
            let mut pause = pause::pause(&head.headers, told, is_limited, head.now);
            if reason == FailureReason::DailyCap {
                // A day's requests come back with the next day in UTC, if nothing else is said.
                pause = pause.or_else(|| Some(until_tomorrow(head.now)));
            }
            error = error.with_retry(Retry::After(pause));
        }
        let prompt: Vec<&str> = self.prompt.iter().map(String::as_str).collect();
        let explanation = told.shown(&self.endpoint.secrets, &prompt);
        if explanation.is_empty() { error } else { error.with_context(EXPLANATION, explanation) }
    }

    /// A wait that was too long. `may_be_charged` unless the request cannot have arrived.
    pub(crate) fn timed_out(&self, phase: &'static str, limit: Duration) -> Error {
        self.failed(FailureReason::Timeout, 0)
            .with_context("phase", phase)
            .with_context("limit_millis", limit.as_millis())
    }

    /// No answer, or half of one.
    pub(crate) fn disconnected(&self, err: reqwest::Error, phase: &'static str) -> Error {
        let (reason, phase) = match (err.is_connect(), err.is_timeout()) {
            (true, true) => (FailureReason::Timeout, "connect"),
            (true, false) => (FailureReason::Disconnected, "connect"),
            (false, true) => (FailureReason::Timeout, phase),
            (false, false) => (FailureReason::Disconnected, phase),
        };
        let is_unsent = err.is_connect() || err.is_builder();
        let error = self.failed(reason, 0).with_context("phase", phase);
        let error = if is_unsent { charged(error, None, false) } else { error };
        // Addresses may hold passwords.
        error.with_source(err.without_url())
    }

    /// An answer that ended where it must not, without an error of the connection.
    pub(crate) fn broken_off(&self, phase: &'static str) -> Error {
        self.failed(FailureReason::Disconnected, 0).with_context("phase", phase)
    }

    /// An answer that is larger than any can be.
    pub(crate) fn too_large(&self, max_bytes: usize) -> Error {
        self.unusable(FailureReason::Malformed, None).with_context("max_bytes", max_bytes)
    }

    /// A list where there is none.
    pub(crate) fn no_list(&self, status: u16) -> Error {
        self.error(ErrorKind::Unsupported, "the endpoint has no list of models")
            .with_context("status", status)
    }
}

/// Whether a request was refused, free of charge, because of its `response_format`.
pub(crate) fn is_format_refused(error: &Error) -> bool {
    let cause = std::error::Error::source(error).and_then(|cause| cause.downcast_ref());
    let is_free = error
        .completion_failure()
        .is_some_and(|failure| failure.cost.is_none() && failure.usage.total() == 0);
    cause == Some(&NotTaken::Format) && is_free
}

/// `error` with what was used. What the endpoint said to have charged is charged, and nothing is lost.
fn charged(error: Error, used: Option<&WireUsage>, may_be_charged: bool) -> Error {
    let Some(mut failure) = error.completion_failure().cloned() else { return error };
    failure.usage = used.map(WireUsage::usage).unwrap_or_default();
    failure.cost = used.and_then(WireUsage::cost);
    failure.may_be_charged = may_be_charged && failure.cost.is_none();
    error.with_completion_failure(failure)
}

fn until_tomorrow(now: Timestamp) -> Duration {
    lore_core::time::Day::of(now).next_start().saturating_since(now)
}
