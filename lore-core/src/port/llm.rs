//! [`LlmProvider`]: asks a language model.

use std::{fmt::Debug, time::Duration};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{
    error::Result,
    maybe_send::{MaybeSend, MaybeSync},
    time::Timestamp,
    usd::Usd,
};

/// Under this key the context of an error has the endpoint's own words, which may repeat what it was asked. A log that
/// keeps no texts leaves them out.
pub const EXPLANATION: &str = "explanation";

/// Who speaks in a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Role {
    /// The application.
    System,
    /// The user.
    User,
    /// The model, earlier.
    Assistant,
}

/// One message of a prompt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said.
    pub text: String,
}

impl Message {
    /// A message.
    pub fn new(role: Role, text: impl Into<String>) -> Self {
        Self { role, text: text.into() }
    }
}

/// The shape that an answer must have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AnswerSchema {
    /// A name for it: letters, digits, `_` and `-`, at most 64.
    pub name: String,
    /// The JSON schema, as JSON. Objects are closed and all their fields required.
    pub json: String,
}

impl AnswerSchema {
    /// A shape.
    pub fn new(name: impl Into<String>, json: impl Into<String>) -> Self {
        Self { name: name.into(), json: json.into() }
    }
}

/// What a model is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CompletionRequest {
    /// The model, by the provider's name for it.
    pub model: String,
    /// The prompt; at least one message.
    pub messages: Vec<Message>,
    /// The shape of the answer, if it must be JSON. A provider whose model cannot be held to it asks for JSON in words:
    /// callers check what they get.
    pub schema: Option<AnswerSchema>,
    /// Most tokens in the answer.
    pub max_tokens: u32,
    /// Randomness in thousandths: 0 to 2000.
    pub temperature_millis: u16,
    /// How long to wait for the whole answer.
    pub timeout: Duration,
    /// What the answer is for, for traces and for providers that answer by rules.
    pub operation: Option<String>,
}

impl CompletionRequest {
    /// Asks `model`; 1,024 tokens at most, no randomness, 60 seconds.
    pub fn new(model: impl Into<String>, messages: Vec<Message>) -> Self {
        Self {
            model: model.into(),
            messages,
            schema: None,
            max_tokens: 1_024,
            temperature_millis: 0,
            timeout: Duration::from_secs(60),
            operation: None,
        }
    }
}

/// Tokens that a completion used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Usage {
    /// Tokens of the prompt.
    pub prompt_tokens: u64,
    /// Tokens of the answer.
    pub completion_tokens: u64,
}

impl Usage {
    /// Counts tokens.
    #[must_use]
    pub const fn new(prompt_tokens: u64, completion_tokens: u64) -> Self {
        Self { prompt_tokens, completion_tokens }
    }

    /// Tokens of prompt and answer.
    #[must_use]
    pub const fn total(self) -> u64 {
        self.prompt_tokens.saturating_add(self.completion_tokens)
    }

    /// Both together.
    #[must_use]
    pub const fn saturating_add(self, other: Self) -> Self {
        Self {
            prompt_tokens: self.prompt_tokens.saturating_add(other.prompt_tokens),
            completion_tokens: self.completion_tokens.saturating_add(other.completion_tokens),
        }
    }
}

/// A model's answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Completion {
    /// The model that answered, as it names itself.
    pub model: String,
    /// The answer; never empty.
    pub text: String,
    /// What it used.
    pub usage: Usage,
    /// Whether the provider estimated `usage`, because the endpoint did not state it. Estimates are rather too high than too
    /// low, so that budgets fill.
    #[serde(default)]
    pub usage_estimated: bool,
    /// What the endpoint charged, if it said; otherwise the price list must tell.
    pub cost: Option<Usd>,
    /// Whether rules made the answer, and no language model.
    pub by_rules: bool,
}

impl Completion {
    /// An answer with the usage that its endpoint stated, and without a stated cost.
    pub fn new(model: impl Into<String>, text: impl Into<String>, usage: Usage) -> Self {
        let (model, text) = (model.into(), text.into());
        Self { model, text, usage, usage_estimated: false, cost: None, by_rules: false }
    }
}

/// What one token costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Price {
    /// A token of the prompt.
    pub prompt: Usd,
    /// A token of the answer.
    pub completion: Usd,
    /// Each request, beside its tokens.
    pub request: Usd,
}

impl Price {
    /// Per token.
    #[must_use]
    pub const fn new(prompt: Usd, completion: Usd) -> Self {
        Self { prompt, completion, request: Usd::ZERO }
    }

    /// What so many tokens cost in one request.
    #[must_use]
    pub const fn of(&self, usage: Usage) -> Usd {
        self.prompt
            .saturating_mul(usage.prompt_tokens)
            .saturating_add(self.completion.saturating_mul(usage.completion_tokens))
            .saturating_add(self.request)
    }
}

/// A model as its endpoint lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ModelInfo {
    /// The name to ask it by.
    pub model: String,
    /// What it costs, if the endpoint says.
    pub price: Option<Price>,
    /// Most tokens of prompt and answer together, if the endpoint says.
    pub context_tokens: Option<u64>,
    /// Whether it can be held to a schema, if the endpoint says.
    pub keeps_schemas: Option<bool>,
    /// When the endpoint stops offering it, if it will.
    pub ends: Option<Timestamp>,
}

impl ModelInfo {
    /// A model of which only the name is known.
    pub fn new(model: impl Into<String>) -> Self {
        Self { model: model.into(), price: None, context_tokens: None, keeps_schemas: None, ends: None }
    }
}

/// Asks a language model: one endpoint with one key.
///
/// Every MUST below is proved by the conformance case named after it.
#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
pub trait LlmProvider: Debug + MaybeSend + MaybeSync + 'static {
    /// Short, stable label for metrics and errors, for example `openrouter`. Two keys of one endpoint have two names.
    fn name(&self) -> &str;

    /// Asks a model and waits for its whole answer.
    ///
    /// - MUST refuse a request without messages with [`InvalidInput`](crate::ErrorKind::InvalidInput), before anything
    ///   is sent (`a_request_without_messages_is_refused`).
    /// - MUST fail with [`NotFound`](crate::ErrorKind::NotFound) for a model it does not have (`an_unknown_model_is_named`).
    /// - MUST return an answer that is not empty, with the tokens it used, be it by an estimate
    ///   (`an_answer_has_text_and_usage`).
    /// - MUST say why in [`completion_failure`](crate::Error::completion_failure) whenever a model gave no answer
    ///   (`a_failure_says_why`).
    ///
    /// # Errors
    /// As above; [`RateLimited`](crate::ErrorKind::RateLimited) with the pause asked for;
    /// [`Unavailable`](crate::ErrorKind::Unavailable); [`Unauthenticated`](crate::ErrorKind::Unauthenticated);
    /// [`InsufficientFunds`](crate::ErrorKind::InsufficientFunds) if the key's account cannot pay.
    async fn complete(&self, request: &CompletionRequest) -> Result<Completion>;

    /// Every model of the endpoint, in no order.
    ///
    /// - MUST list each model that answers, once (`a_model_that_answers_is_listed_once`).
    ///
    /// # Errors
    /// [`Unavailable`](crate::ErrorKind::Unavailable); [`Unauthenticated`](crate::ErrorKind::Unauthenticated);
    /// [`Unsupported`](crate::ErrorKind::Unsupported) if the endpoint has no list.
    async fn models(&self) -> Result<Vec<ModelInfo>>;
}
const _: Option<&dyn LlmProvider> = None;
