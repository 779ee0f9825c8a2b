//! Cases of the [`LlmProvider`] port.

use std::sync::Arc;

use crate::{
    error::{Error, ErrorKind, Result, Retry},
    port::llm::{Completion, CompletionRequest, LlmProvider, Message, Role},
};

/// Makes providers to be tested, and knows what is behind them.
#[expect(
    async_fn_in_trait,
    reason = "a case awaits it in place, so nothing depends on its future being Send"
)]
pub trait Harness {
    /// A provider with at least one model.
    async fn fresh(&self) -> Result<Arc<dyn LlmProvider>>;

    /// A model that it has, and that answers.
    fn model(&self) -> String;

    /// A model that it does not have.
    fn unknown_model(&self) -> String {
        "lore/no-such-model".to_owned()
    }

    /// How many requests were sent to a model since [`fresh`](Self::fresh), if the harness can tell.
    fn requests_sent(&self) -> Option<usize> {
        None
    }
}

fn ensure(holds: bool, rule: &'static str) -> Result<()> {
    if holds {
        Ok(())
    } else {
        Err(Error::new(ErrorKind::Unexpected, rule).with_op("llm_provider_conformance"))
    }
}

fn refusal(answer: Result<Completion>, kind: ErrorKind) -> Result<Error> {
    match answer {
        Err(error) if error.kind() == kind => Ok(error),
        Err(error) => Err(Error::new(ErrorKind::Unexpected, "the request was refused with another kind")
            .with_op("llm_provider_conformance")
            .with_context("expected", kind)
            .with_source(error)),
        Ok(_) => Err(Error::new(ErrorKind::Unexpected, "the request was answered, not refused")
            .with_op("llm_provider_conformance")
            .with_context("expected", kind)),
    }
}

fn question(model: String) -> CompletionRequest {
    CompletionRequest::new(
        model,
        vec![
            Message::new(Role::System, "Answer in one word."),
            Message::new(Role::User, "What colour is a clear sky at noon?"),
        ],
    )
}

/// See [`LlmProvider::complete`].
///
/// # Errors
/// If the provider breaks the rule. So for every case here.
pub async fn a_request_without_messages_is_refused(h: &impl Harness) -> Result<()> {
    let provider = h.fresh().await?;
    let request = CompletionRequest::new(h.model(), Vec::new());
    let error = refusal(provider.complete(&request).await, ErrorKind::InvalidInput)?;
    ensure(error.retry() == Retry::Never, "a refused request must not be tried again")?;
    if let Some(sent) = h.requests_sent() {
        ensure(sent == 0, "the request was sent before it was refused")?;
    }
    Ok(())
}

/// See [`LlmProvider::complete`].
///
/// # Errors
/// If the provider breaks the rule.
pub async fn an_unknown_model_is_named(h: &impl Harness) -> Result<()> {
    let provider = h.fresh().await?;
    let model = h.unknown_model();
    let error = refusal(provider.complete(&question(model.clone())).await, ErrorKind::NotFound)?;
    ensure(error.retry() == Retry::Never, "a model that is not there must not be tried again")?;
    ensure(
        error.context().iter().any(|(key, value)| *key == "model" && *value == model),
        "the error does not name the model as `model` in its context",
    )
}

/// See [`LlmProvider::complete`].
///
/// # Errors
/// If the provider breaks the rule.
pub async fn an_answer_has_text_and_usage(h: &impl Harness) -> Result<()> {
    let provider = h.fresh().await?;
    let answer = provider.complete(&question(h.model())).await?;
    ensure(!answer.text.trim().is_empty(), "the answer is empty")?;
    ensure(!answer.model.is_empty(), "the answer does not say which model gave it")?;
    ensure(answer.usage.prompt_tokens > 0, "the prompt used no tokens")?;
    ensure(answer.usage.completion_tokens > 0, "the answer used no tokens")?;
    if let Some(sent) = h.requests_sent() {
        ensure(sent == 1, "one question was not sent once")?;
    }
    Ok(())
}

/// Runs every case of the [`LlmProvider`] port against a harness.
#[macro_export]
macro_rules! llm_provider_conformance {
    ($harness:expr) => {
        $crate::__cases! {
            $harness, $crate::conformance::llm_provider,
            a_request_without_messages_is_refused,
            an_unknown_model_is_named,
            an_answer_has_text_and_usage,
        }
    };
}
