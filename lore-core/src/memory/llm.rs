//! [`ScriptedLlmProvider`]: a provider whose models say what a script tells them to.
//!
//! It thinks nothing and knows nothing; but it keeps every rule of the port, takes time on a [`Clock`], and remembers what it
//! was asked, so that fallback, caching and checking can be tried without a network.

use std::{
    collections::{BTreeMap, VecDeque},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;

use crate::{
    ai::estimated_tokens,
    error::{CompletionFailure, Error, ErrorKind, FailureReason, Result, Retry},
    maybe_send::{MaybeSend, MaybeSync},
    port::llm::{Completion, CompletionRequest, LlmProvider, ModelInfo, Usage},
    time::Clock,
    usd::Usd,
};

const OP: &str = "complete";

/// What a model does with one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    delay: Duration,
    says: Says,
    cost: Option<Usd>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Says {
    Text(String),
    Failure(ErrorKind, Retry, FailureReason),
}

impl Reply {
    /// Answers with a text. An empty one is a failure, as from a real model: [`ErrorKind::Unavailable`].
    pub fn text(text: impl Into<String>) -> Self {
        Self { delay: Duration::ZERO, says: Says::Text(text.into()), cost: None }
    }

    /// Fails, for the reason that this kind of failure has most often.
    #[must_use]
    pub const fn failure(kind: ErrorKind, retry: Retry) -> Self {
        let reason = match kind {
            ErrorKind::RateLimited => FailureReason::RateLimited,
            ErrorKind::InvalidInput => FailureReason::BadRequest,
            ErrorKind::NotFound => FailureReason::ModelGone,
            ErrorKind::Unauthenticated | ErrorKind::PermissionDenied => FailureReason::KeyRefused,
            ErrorKind::InsufficientFunds => FailureReason::Credits,
            _ => FailureReason::Outage,
        };
        Self { delay: Duration::ZERO, says: Says::Failure(kind, retry, reason), cost: None }
    }

    /// Fails for this reason instead.
    #[must_use]
    pub fn because(mut self, reason: FailureReason) -> Self {
        if let Says::Failure(_, _, why) = &mut self.says {
            *why = reason;
        }
        self
    }

    /// States what was charged.
    #[must_use]
    pub const fn cost(mut self, cost: Usd) -> Self {
        self.cost = Some(cost);
        self
    }

    /// Takes so long about it.
    #[must_use]
    pub const fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }
}

trait Rule: MaybeSend + MaybeSync {
    fn reply(&self, request: &CompletionRequest) -> Reply;
}

impl<F: Fn(&CompletionRequest) -> Reply + MaybeSend + MaybeSync> Rule for F {
    fn reply(&self, request: &CompletionRequest) -> Reply {
        self(request)
    }
}

enum Script {
    /// In this order; the last one stays.
    Replies(VecDeque<Reply>),
    Rule(Arc<dyn Rule>),
}

impl Script {
    fn has_replies(&self) -> bool {
        match self {
            Self::Replies(replies) => !replies.is_empty(),
            Self::Rule(_) => true,
        }
    }

    /// `None` if there never was a reply.
    fn next(&mut self, request: &CompletionRequest) -> Option<Reply> {
        match self {
            Self::Rule(rule) => Some(rule.reply(request)),
            Self::Replies(replies) if replies.len() > 1 => replies.pop_front(),
            Self::Replies(replies) => replies.front().cloned(),
        }
    }
}

#[derive(Default)]
struct State {
    models: BTreeMap<String, Script>,
    requests: Vec<CompletionRequest>,
}

/// A provider whose models follow a script. Clones are the same provider.
///
/// ```
/// # use std::sync::Arc;
/// use lore_core::{ErrorKind, Retry, memory::{clock::ManualClock, llm::{Reply, ScriptedLlmProvider}}};
///
/// let clock = Arc::new(ManualClock::default().auto_advance());
/// let provider = ScriptedLlmProvider::new("scripted", clock)
///     .model("steady", [Reply::text("always the same")])
///     .model("moody", [Reply::failure(ErrorKind::RateLimited, Retry::After(None)), Reply::text("now then")])
///     .model_by("echo", |request| Reply::text(request.messages[0].text.clone()));
/// assert_eq!(provider.calls_of("steady"), 0);
/// ```
#[derive(Clone)]
pub struct ScriptedLlmProvider {
    name: Arc<str>,
    clock: Arc<dyn Clock>,
    state: Arc<Mutex<State>>,
}

impl ScriptedLlmProvider {
    /// A provider without models.
    #[must_use]
    pub fn new(name: &str, clock: Arc<dyn Clock>) -> Self {
        Self { name: name.into(), clock, state: Arc::default() }
    }

    /// Adds a model that gives these replies in this order, and then the last one again and again. A model without replies
    /// is one that the provider does not have.
    #[must_use]
    pub fn model(self, model: impl Into<String>, replies: impl IntoIterator<Item = Reply>) -> Self {
        self.lock().models.insert(model.into(), Script::Replies(replies.into_iter().collect()));
        self
    }

    /// Adds a model that decides by the request.
    #[must_use]
    pub fn model_by(
        self,
        model: impl Into<String>,
        rule: impl Fn(&CompletionRequest) -> Reply + MaybeSend + MaybeSync + 'static,
    ) -> Self {
        self.lock().models.insert(model.into(), Script::Rule(Arc::new(rule)));
        self
    }

    /// How many requests reached a model.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.lock().requests.len()
    }

    /// How many requests reached this model.
    #[must_use]
    pub fn calls_of(&self, model: &str) -> usize {
        self.lock().requests.iter().filter(|request| request.model == model).count()
    }

    /// Every request that reached a model, in order.
    #[must_use]
    pub fn requests(&self) -> Vec<CompletionRequest> {
        self.lock().requests.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No code that holds the lock leaves a change half done: a rule that panics does so before any.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the model's next reply and notes the request.
    fn take_reply(&self, request: &CompletionRequest) -> Result<Reply> {
        let mut state = self.lock();
        let reply = state.models.get_mut(&request.model).and_then(|script| script.next(request));
        let reply = reply.ok_or_else(|| {
            self.error(ErrorKind::NotFound, "the provider does not have this model", request)
                .with_completion_failure(CompletionFailure::new(FailureReason::ModelGone))
        })?;
        state.requests.push(request.clone());
        Ok(reply)
    }

    fn error(&self, kind: ErrorKind, message: &'static str, request: &CompletionRequest) -> Error {
        Error::new(kind, message)
            .with_op(OP)
            .with_context("provider", &self.name)
            .with_context("model", &request.model)
    }
}

impl fmt::Debug for ScriptedLlmProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.lock();
        f.debug_struct("ScriptedLlmProvider")
            .field("name", &self.name)
            .field("models", &state.models.keys())
            .field("calls", &state.requests.len())
            .finish_non_exhaustive()
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl LlmProvider for ScriptedLlmProvider {
    fn name(&self) -> &str {
        &self.name
    }

    async fn complete(&self, request: &CompletionRequest) -> Result<Completion> {
        if request.messages.is_empty() {
            return Err(Error::invalid("messages", "empty", "at least one message").with_op(OP));
        }
        let reply = self.take_reply(request)?;
        self.clock.sleep(reply.delay.min(request.timeout)).await;
        if reply.delay > request.timeout {
            return Err(self
                .error(ErrorKind::Unavailable, "the model did not answer in time", request)
                .with_completion_failure(CompletionFailure::new(FailureReason::Timeout)));
        }
        match reply.says {
            Says::Text(text) if text.is_empty() => Err(self
                .error(ErrorKind::Unavailable, "the model gave an empty answer", request)
                .with_completion_failure(CompletionFailure::new(FailureReason::Empty))),
            Says::Text(text) => {
                let prompt_tokens =
                    request.messages.iter().map(|message| estimated_tokens(&message.text)).sum();
                let usage = Usage::new(prompt_tokens, estimated_tokens(&text));
                let mut completion = Completion::new(request.model.clone(), text, usage);
                completion.cost = reply.cost;
                Ok(completion)
            }
            Says::Failure(kind, retry, reason) => {
                let mut failure = CompletionFailure::new(reason);
                failure.cost = reply.cost;
                Err(self
                    .error(kind, "the model failed as its script says", request)
                    .with_retry(retry)
                    .with_completion_failure(failure))
            }
        }
    }

    async fn models(&self) -> Result<Vec<ModelInfo>> {
        let state = self.lock();
        let answering = state.models.iter().filter(|(_, script)| script.has_replies());
        Ok(answering.map(|(model, _)| ModelInfo::new(model)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        memory::clock::ManualClock,
        port::llm::{Message, Role},
    };

    fn request(model: &str) -> CompletionRequest {
        CompletionRequest::new(model, vec![Message::new(Role::User, "a question?")])
    }

    fn provider() -> (ScriptedLlmProvider, ManualClock) {
        let clock = ManualClock::default().auto_advance();
        (ScriptedLlmProvider::new("scripted", Arc::new(clock.clone())), clock)
    }

    #[tokio::test]
    async fn replies_come_in_order_and_the_last_one_stays() {
        let limited = Reply::failure(ErrorKind::RateLimited, Retry::After(Some(Duration::from_secs(3))));
        let provider = provider().0.model("m", [limited, Reply::text("yes")]);
        let error = provider.complete(&request("m")).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.retry()),
            (ErrorKind::RateLimited, Retry::After(Some(Duration::from_secs(3))))
        );
        for _ in 0..2 {
            let answer = provider.complete(&request("m")).await.unwrap();
            assert_eq!((answer.text.as_str(), answer.usage), ("yes", Usage::new(3, 1)));
        }
        assert_eq!((provider.calls(), provider.calls_of("m"), provider.calls_of("n")), (3, 3, 0));
    }

    #[tokio::test]
    async fn a_rule_sees_the_request() {
        let provider = provider().0.model_by("echo", |request| Reply::text(&request.messages[0].text));
        assert_eq!(provider.complete(&request("echo")).await.unwrap().text, "a question?");
        assert_eq!(provider.requests(), [request("echo")]);
    }

    #[tokio::test]
    async fn a_reply_takes_its_time_and_no_more_than_the_request_allows() {
        let (provider, clock) = provider();
        let provider = provider.model("slow", [Reply::text("yes").after(Duration::from_secs(9))]);
        provider.complete(&request("slow")).await.unwrap();
        assert_eq!(clock.monotonic(), Duration::from_secs(9));
        let mut hasty = request("slow");
        hasty.timeout = Duration::from_secs(2);
        let error = provider.complete(&hasty).await.unwrap_err();
        assert_eq!((error.kind(), error.retry()), (ErrorKind::Unavailable, Retry::After(None)));
        assert_eq!(clock.monotonic(), Duration::from_secs(11));
    }

    #[tokio::test]
    async fn an_empty_answer_is_a_failure() {
        let provider = provider().0.model("mute", [Reply::text("")]);
        assert_eq!(provider.complete(&request("mute")).await.unwrap_err().kind(), ErrorKind::Unavailable);
    }
}
