//! Cases of the [`LlmProvider`] port.

use std::sync::Arc;

use crate::{
    error::{Error, ErrorKind, FailureReason, Result, Retry},
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

fn refusal(answer: Result<Completion>, kind: ErrorKind) -> Result<Error> {
    match answer {
        Err(error) if error.kind() == kind => Ok(error),
        Err(error) => Err(Error::new(ErrorKind::Unexpected, "a call failed with the wrong kind")
            .with_context("wanted", kind)
            .with_source(error)),
        Ok(_) => {
            Err(Error::new(ErrorKind::Unexpected, "a call succeeded that must fail")
                .with_context("wanted", kind))
        }
    }
}

fn assert_sent(h: &impl Harness, case: &str, wanted: usize) {
    match h.requests_sent() {
        Some(sent) => assert_eq!(sent, wanted, "requests sent"),
        None => println!("skipped: {case}: nobody can count the requests that were sent"),
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
pub async fn a_request_without_messages_is_refused(h: &impl Harness) -> Result<()> {
    let provider = h.fresh().await?;
    let request = CompletionRequest::new(h.model(), Vec::new());
    let error = refusal(provider.complete(&request).await, ErrorKind::InvalidInput)?;
    assert!(error.retry() == Retry::Never, "a refused request must not be tried again");
    assert_sent(h, "a_request_without_messages_is_refused", 0);
    Ok(())
}

/// See [`LlmProvider::complete`].
pub async fn an_unknown_model_is_named(h: &impl Harness) -> Result<()> {
    let provider = h.fresh().await?;
    let model = h.unknown_model();
    let error = refusal(provider.complete(&question(model.clone())).await, ErrorKind::NotFound)?;
    assert!(error.retry() == Retry::Never, "a model that is not there must not be tried again");
    assert!(
        error.context().iter().any(|(key, value)| *key == "model" && *value == model),
        "the error does not name the model as `model` in its context: {error}"
    );
    Ok(())
}

/// See [`LlmProvider::complete`].
pub async fn an_answer_has_text_and_usage(h: &impl Harness) -> Result<()> {
    let provider = h.fresh().await?;
    let answer = provider.complete(&question(h.model())).await?;
    assert!(!answer.text.trim().is_empty(), "the answer is empty");
    assert!(!answer.model.is_empty(), "the answer does not say which model gave it");
    assert!(answer.usage.prompt_tokens > 0, "the prompt used no tokens");
    assert!(answer.usage.completion_tokens > 0, "the answer used no tokens");
    assert_sent(h, "an_answer_has_text_and_usage", 1);
    Ok(())
}

/// See [`LlmProvider::complete`].
pub async fn a_failure_says_why(h: &impl Harness) -> Result<()> {
    let provider = h.fresh().await?;
    let error = refusal(provider.complete(&question(h.unknown_model())).await, ErrorKind::NotFound)?;
    let reason = error.completion_failure().map(|failure| failure.reason);
    assert_eq!(reason, Some(FailureReason::ModelGone), "why: {error}");
    Ok(())
}

/// See [`LlmProvider::models`].
pub async fn a_model_that_answers_is_listed_once(h: &impl Harness) -> Result<()> {
    let provider = h.fresh().await?;
    let models = match provider.models().await {
        Err(error) if error.kind() == ErrorKind::Unsupported => {
            println!("skipped: a_model_that_answers_is_listed_once: the endpoint has no list");
            return Ok(());
        }
        models => models?,
    };
    let found = models.iter().filter(|info| info.model == h.model()).count();
    assert_eq!(found, 1, "entries of the model");
    Ok(())
}

/// Runs every case of the [`LlmProvider`] port against a harness.
#[macro_export]
macro_rules! llm_provider_conformance {
    ($harness:expr) => {
        $crate::llm_provider_conformance! { $harness, skip_if: ::core::option::Option::None::<String> }
    };
    ($harness:expr, skip_if: $why:expr) => {
        $crate::__cases! {
            $harness, skip_if: $why, $crate::conformance::llm_provider,
            a_request_without_messages_is_refused,
            an_unknown_model_is_named,
            an_answer_has_text_and_usage,
            a_failure_says_why,
            a_model_that_answers_is_listed_once,
        }
    };
}
