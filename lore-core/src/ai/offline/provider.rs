//! [`OfflineProvider`].

use async_trait::async_trait;
use serde::de::DeserializeOwned;

use super::{comparison, prose, subject};
use crate::{
    ai::{
        estimated_tokens,
        operation::{Operation, OperationKind},
        operations::{
            AnalysisRequest, DerivativeRequest, DescriptionRequest, LicenseRequest, TitleRequest,
            ValidationRequest, prompt,
        },
    },
    error::{CompletionFailure, Error, ErrorKind, FailureReason, Result},
    port::llm::{Completion, CompletionRequest, LlmProvider, ModelInfo, Price, Usage},
    usd::Usd,
};

const OP: &str = "complete";

/// Answers every operation by fixed rules, without a model, a key or a network.
///
/// The same request has the same answer always. Answers are plain and say nothing that the request does not: they are for
/// trying Lore out, for tests, and for a platform that wants no model. [`Completion::by_rules`] tells them apart. They cost
/// nothing; tokens are estimated.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct OfflineProvider;

impl OfflineProvider {
    /// Its only model.
    pub const MODEL: &'static str = "lore/offline-rules";

    /// The provider.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }

    fn answer(request: &CompletionRequest) -> Result<String> {
        let Some(name) = &request.operation else {
            return Ok("Fixed rules answer here, and they know nothing about this.".to_owned());
        };
        let answer = match OperationKind::from_name(name) {
            Some(OperationKind::Titles) => by(request, |asked: &TitleRequest| asked.by_rules()),
            Some(OperationKind::LicenseAdvice) => by(request, |asked: &LicenseRequest| asked.by_rules()),
            Some(OperationKind::Validation) => by(request, |asked: &ValidationRequest| asked.by_rules()),
            Some(OperationKind::Description) => {
                by(request, |asked: &DescriptionRequest| prose::description(asked))
            }
            Some(OperationKind::Analysis) => by(request, |asked: &AnalysisRequest| subject::analysis(asked)),
            Some(OperationKind::DerivativeAnalysis) => {
                by(request, |asked: &DerivativeRequest| comparison::analysis(asked))
            }
            None => None,
        };
        answer.ok_or_else(|| {
            Error::new(ErrorKind::InvalidInput, "the rules know no answer to this prompt")
                .with_context("operation", name)
                .with_op(OP)
                .with_completion_failure(CompletionFailure::new(FailureReason::BadRequest))
        })
    }
}

/// The answer to the request in the prompt, as it passes the request's own rules.
fn by<O: Operation + DeserializeOwned>(
    request: &CompletionRequest,
    rules: impl FnOnce(&O) -> Option<O::Output>,
) -> Option<String> {
    let asked: O = prompt::parameters(&request.messages)?;
    let answer = asked.accept(rules(&asked)?).ok()?;
    serde_json::to_string(&answer).ok()
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl LlmProvider for OfflineProvider {
    fn name(&self) -> &str {
        "offline"
    }

    async fn complete(&self, request: &CompletionRequest) -> Result<Completion> {
        if request.messages.is_empty() {
            return Err(Error::invalid("messages", "empty", "at least one message").with_op(OP));
        }
        if request.model != Self::MODEL {
            return Err(Error::new(ErrorKind::NotFound, "the provider does not have this model")
                .with_op(OP)
                .with_context("provider", self.name())
                .with_context("model", &request.model)
                .with_completion_failure(CompletionFailure::new(FailureReason::ModelGone)));
        }
        let text = Self::answer(request)?;
        let prompt_tokens = request.messages.iter().map(|message| estimated_tokens(&message.text)).sum();
        let usage = Usage::new(prompt_tokens, estimated_tokens(&text));
        let mut completion = Completion::new(Self::MODEL, text, usage);
        completion.cost = Some(Usd::ZERO);
        completion.by_rules = true;
        Ok(completion)
    }

    async fn models(&self) -> Result<Vec<ModelInfo>> {
        let mut model = ModelInfo::new(Self::MODEL);
        model.price = Some(Price::default());
        model.keeps_schemas = Some(true);
        Ok(vec![model])
    }
}
