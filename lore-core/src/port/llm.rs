//! [`LlmProvider`]: asks a language model.

use std::{fmt::Debug, time::Duration};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{
    error::Result,
    maybe_send::{MaybeSend, MaybeSync},
};

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

/// What a model is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CompletionRequest {
    /// The model, by the provider's name for it.
    pub model: String,
    /// The prompt; at least one message.
    pub messages: Vec<Message>,
    /// JSON schema of the answer, if it must be JSON.
    pub json_schema: Option<String>,
    /// Most tokens in the answer.
    pub max_tokens: u32,
    /// Randomness in thousandths: 0 to 2000.
    pub temperature_millis: u16,
    /// How long to wait for the whole answer.
    pub timeout: Duration,
}

impl CompletionRequest {
    /// Asks `model`; 1,024 tokens at most, no randomness, 60 seconds.
    pub fn new(model: impl Into<String>, messages: Vec<Message>) -> Self {
        Self {
            model: model.into(),
            messages,
            json_schema: None,
            max_tokens: 1_024,
            temperature_millis: 0,
            timeout: Duration::from_secs(60),
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
}

impl Completion {
    /// An answer.
    pub fn new(model: impl Into<String>, text: impl Into<String>, usage: Usage) -> Self {
        Self { model: model.into(), text: text.into(), usage }
    }
}

/// Asks a language model.
///
/// Every MUST below is proved by the conformance case named after it.
#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
pub trait LlmProvider: Debug + MaybeSend + MaybeSync + 'static {
    /// Short, stable label for metrics and errors, for example `openrouter`.
    fn name(&self) -> &str;

    /// Asks a model and waits for its whole answer.
    ///
    /// - MUST refuse a request without messages with [`InvalidInput`](crate::ErrorKind::InvalidInput), before anything
    ///   is sent (`a_request_without_messages_is_refused`).
    /// - MUST fail with [`NotFound`](crate::ErrorKind::NotFound) for a model it does not have (`an_unknown_model_is_named`).
    /// - MUST return an answer that is not empty, with the tokens it used (`an_answer_has_text_and_usage`).
    ///
    /// # Errors
    /// As above; [`RateLimited`](crate::ErrorKind::RateLimited) with the pause asked for;
    /// [`Unavailable`](crate::ErrorKind::Unavailable); [`Unauthenticated`](crate::ErrorKind::Unauthenticated).
    async fn complete(&self, request: &CompletionRequest) -> Result<Completion>;
}
const _: Option<&dyn LlmProvider> = None;
