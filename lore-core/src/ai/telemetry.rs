//! Metrics and traces of AI help, under the names of OpenTelemetry's conventions for generative AI where there are any
//! (semantic-conventions 1.37, `gen_ai.*`, 2026).

use std::{sync::OnceLock, time::Duration};

use metrics::{Counter, Histogram, Label, SharedString};
use tracing::{Span, field::Empty};

use super::{audit::CacheOutcome, catalogue::Candidate, operation::OperationKind};
use crate::{error::Result, port::llm::Completion};

/// The span of one call to a model. What is sent and said is never recorded.
pub(super) fn span(candidate: &Candidate, operation: OperationKind) -> Span {
    tracing::info_span!(
        "gen_ai.chat",
        otel.name = %format_args!("chat {}", candidate.model),
        otel.kind = "client",
        gen_ai.operation.name = "chat",
        gen_ai.provider.name = %candidate.provider_name,
        gen_ai.request.model = %candidate.model,
        gen_ai.response.model = Empty,
        gen_ai.usage.input_tokens = Empty,
        gen_ai.usage.output_tokens = Empty,
        error.type = Empty,
        lore.ai.operation = operation.as_str(),
    )
}

/// What came of the call that the span is of.
///
/// | metric | kind | labels |
/// |---|---|---|
/// | `gen_ai.client.operation.duration` | histogram, seconds | `gen_ai.operation.name`, `gen_ai.provider.name`, `gen_ai.request.model`, `lore.ai.operation`, and `error.type` if it failed |
/// | `gen_ai.client.token.usage` | histogram, tokens | the same without `error.type`, and `gen_ai.token.type`: `input` or `output` |
pub(super) fn ended(
    span: &Span,
    candidate: &Candidate,
    operation: OperationKind,
    completion: &Result<Completion>,
    micros: u64,
) {
    match completion {
        Ok(completion) => {
            let usage = completion.usage;
            if let Some(handles) = candidate.calls.of(candidate, operation) {
                #[expect(clippy::cast_precision_loss, reason = "a histogram has no other numbers")]
                handles.input.record(usage.prompt_tokens as f64);
                #[expect(clippy::cast_precision_loss, reason = "a histogram has no other numbers")]
                handles.output.record(usage.completion_tokens as f64);
                handles.duration.record(Duration::from_micros(micros));
            }
            span.record("gen_ai.response.model", completion.model.as_str());
            span.record("gen_ai.usage.input_tokens", usage.prompt_tokens);
            span.record("gen_ai.usage.output_tokens", usage.completion_tokens);
            tracing::debug!(parent: span, micros, "a model answered");
        }
        Err(error) => {
            let failure =
                error.completion_failure().map_or(error.kind().as_str(), |failure| failure.reason.as_str());
            let labels = labels(candidate, operation, Some(("error.type", failure)));
            metrics::histogram!("gen_ai.client.operation.duration", labels)
                .record(Duration::from_micros(micros));
            span.record("error.type", failure);
            tracing::warn!(parent: span, %error, micros, "a model failed");
        }
    }
}

fn labels(
    candidate: &Candidate,
    operation: OperationKind,
    last: Option<(&'static str, &'static str)>,
) -> Vec<Label> {
    let shared = SharedString::from_shared;
    let mut labels = vec![
        Label::from_static_parts("gen_ai.operation.name", "chat"),
        Label::new("gen_ai.provider.name", shared(candidate.provider_name.clone())),
        Label::new("gen_ai.request.model", shared(candidate.model.clone())),
        Label::from_static_parts("lore.ai.operation", operation.as_str()),
    ];
    labels.extend(last.map(|(name, value)| Label::from_static_parts(name, value)));
    labels
}

/// Handles of what one model's answers are counted by. Each operation's are made at its first answer: looking them up costs
/// as much as reading it.
#[derive(Default)]
pub(super) struct Calls([OnceLock<Handles>; OperationKind::ALL.len()]);

struct Handles {
    input: Histogram,
    output: Histogram,
    duration: Histogram,
}

impl std::fmt::Debug for Calls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Calls").finish_non_exhaustive()
    }
}

impl Calls {
    fn of(&self, candidate: &Candidate, operation: OperationKind) -> Option<&Handles> {
        let make = || {
            let tokens = |kind| {
                let labels = labels(candidate, operation, Some(("gen_ai.token.type", kind)));
                metrics::histogram!("gen_ai.client.token.usage", labels)
            };
            let labels = labels(candidate, operation, None);
            Handles {
                input: tokens("input"),
                output: tokens("output"),
                duration: metrics::histogram!("gen_ai.client.operation.duration", labels),
            }
        };
        let slots = OperationKind::ALL.iter().zip(&self.0);
        slots.into_iter().find(|(kind, _)| **kind == operation).map(|(_, slot)| slot.get_or_init(make))
    }
}

/// How requests end. The handles are made once: looking one up costs as much as a hit.
#[derive(Clone)]
pub(super) struct Requests {
    miss: Outcome,
    fresh: Outcome,
    stale: Outcome,
    coalesced: Outcome,
    failed: Outcome,
}

#[derive(Clone)]
struct Outcome {
    count: Counter,
    duration: Histogram,
}

impl Outcome {
    fn new(outcome: &'static str) -> Self {
        Self {
            count: metrics::counter!("lore_ai_requests_total", "outcome" => outcome),
            duration: metrics::histogram!("lore_ai_request_duration_seconds", "outcome" => outcome),
        }
    }
}

impl std::fmt::Debug for Requests {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Requests").finish_non_exhaustive()
    }
}

impl Requests {
    /// With the recorder that is installed now.
    ///
    /// | metric | kind | labels |
    /// |---|---|---|
    /// | `lore_ai_requests_total` | counter | `outcome`: `miss`, `fresh`, `stale`, `coalesced`, `failed` |
    /// | `lore_ai_request_duration_seconds` | histogram | `outcome` |
    pub(super) fn new() -> Self {
        Self {
            miss: Outcome::new("miss"),
            fresh: Outcome::new("fresh"),
            stale: Outcome::new("stale"),
            coalesced: Outcome::new("coalesced"),
            failed: Outcome::new("failed"),
        }
    }

    fn of(&self, cache: Option<CacheOutcome>) -> &Outcome {
        match cache {
            Some(CacheOutcome::Miss) => &self.miss,
            Some(CacheOutcome::Fresh) => &self.fresh,
            Some(CacheOutcome::Stale) => &self.stale,
            Some(CacheOutcome::Coalesced) => &self.coalesced,
            None => &self.failed,
        }
    }

    /// `None`: it failed.
    pub(super) fn ended(&self, cache: Option<CacheOutcome>, micros: u64) {
        let outcome = self.of(cache);
        outcome.count.increment(1);
        outcome.duration.record(Duration::from_micros(micros));
    }
}
