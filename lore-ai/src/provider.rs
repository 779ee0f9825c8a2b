//! [`OpenAiLlmProvider`].

use std::{
    collections::{HashMap, VecDeque},
    fmt,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use async_trait::async_trait;
use lore_core::{
    Clock, Result, Usd,
    error::FailureReason,
    port::llm::{Completion, CompletionRequest, LlmProvider, ModelInfo},
};
use reqwest::Url;

use crate::{
    config::{OpenAiConfig, SchemaMode},
    failure::{Asked, Endpoint, Head, is_format_refused},
    http::Http,
    stream::{self, CompletionStream},
    wire::{Chunk, Finish, Shape, WireAnswer, WireUsage, chat_body, read_models},
};

/// How many models are remembered to refuse `response_format`; the first one found out is forgotten first.
const MAX_REFUSING: usize = 256;

/// Language models behind OpenRouter, or behind anything else with OpenAI's interface of chat completions.
///
/// One endpoint with one key. It neither retries nor falls back: each call is one request, so that whoever counts,
/// budgets and cools down sees every one. The one exception is a request that is refused, free of charge, because its model
/// does not know `response_format`: it is sent once more without it, and that model is asked in words from then on.
pub struct OpenAiLlmProvider {
    config: OpenAiConfig,
    endpoint: Arc<Endpoint>,
    http: Arc<Http>,
    chat_url: Url,
    models_url: Url,
    /// Which models can be held to a schema, as last listed.
    keeps_schemas: RwLock<HashMap<String, bool>>,
    /// Which models answered in words what they had refused with a format, whatever the list says.
    refuses_format: RwLock<VecDeque<String>>,
}

impl fmt::Debug for OpenAiLlmProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenAiLlmProvider")
            .field("name", &self.config.name)
            .field("host", &self.chat_url.host_str())
            .finish_non_exhaustive()
    }
}

impl OpenAiLlmProvider {
    /// A provider; nothing is sent yet.
    ///
    /// # Errors
    /// [`Config`](lore_core::ErrorKind::Config), naming the field.
    pub fn new(config: OpenAiConfig, clock: Arc<dyn Clock>) -> Result<Self> {
        config.check()?;
        Ok(Self {
            endpoint: Arc::new(Endpoint { name: config.name.clone(), secrets: config.secrets() }),
            http: Arc::new(Http::new(&config, clock)?),
            chat_url: config.endpoint(&["chat", "completions"])?,
            models_url: config.endpoint(&["models"])?,
            keeps_schemas: RwLock::default(),
            refuses_format: RwLock::default(),
            config,
        })
    }

    /// Asks a model and hands out its answer piece by piece, then the whole of it with what it used.
    ///
    /// The request's timeout is for the whole stream. After an error nothing more comes.
    ///
    /// # Errors
    /// As [`complete`](LlmProvider::complete). The stream's own errors are the same; each says in its context how much
    /// text had come, as `received_chars`.
    ///
    /// # Cancellation
    /// Dropping the stream closes the connection. Some hosts stop and charge what they had written; others write on, and
    /// charge all of it.
    pub async fn stream(&self, request: &CompletionRequest) -> Result<CompletionStream> {
        const OP: &str = "stream";
        self.ask(request, |shape, limit| async move {
            let body = chat_body(request, &self.config, shape, true).map_err(|err| err.with_op(OP))?;
            let asked = Asked::completion(&self.endpoint, OP, request, shape);
            let sent = self.http.post(&self.chat_url, body);
            stream::open(&self.http, sent, limit, asked, &request.model).await
        })
        .await
    }

    /// Sends a request, and once more in words if that is what its model wants, all within the request's time.
    async fn ask<T, F: Future<Output = Result<T>>>(
        &self,
        request: &CompletionRequest,
        send: impl Fn(Shape, Duration) -> F,
    ) -> Result<T> {
        let (start, limit) = (self.http.clock().monotonic(), self.limit(request));
        let answer = send(self.shape(request), limit).await;
        // Whoever set `Always` wants no words.
        let may_ask_again = self.config.schema_mode != SchemaMode::Always;
        if !answer.as_ref().is_err_and(|error| may_ask_again && is_format_refused(error)) {
            return answer;
        }
        let left = limit.saturating_sub(self.http.clock().monotonic().saturating_sub(start));
        let answer = send(Shape::Words, left).await;
        // The words of a refusal prove little; an answer does.
        if answer.is_ok() {
            self.remember_refusing(&request.model);
        }
        answer
    }

    fn remember_refusing(&self, model: &str) {
        tracing::info!(
            provider = self.config.name,
            model,
            "the model is asked for JSON in words from now on"
        );
        // One change at a time: a panic elsewhere leaves nothing half done.
        let mut refusing = self.refuses_format.write().unwrap_or_else(PoisonError::into_inner);
        if refusing.iter().any(|known| known == model) {
            return;
        }
        if refusing.len() == MAX_REFUSING {
            refusing.pop_front();
        }
        refusing.push_back(model.to_owned());
    }

    fn refuses_format(&self, model: &str) -> bool {
        let refusing = self.refuses_format.read().unwrap_or_else(PoisonError::into_inner);
        refusing.iter().any(|known| known == model)
    }

    fn limit(&self, request: &CompletionRequest) -> Duration {
        request.timeout.min(self.config.answer_timeout())
    }

    fn shape(&self, request: &CompletionRequest) -> Shape {
        match self.config.schema_mode {
            SchemaMode::Always => Shape::Format,
            SchemaMode::Never => Shape::Words,
            SchemaMode::Auto if self.refuses_format(&request.model) => Shape::Words,
            SchemaMode::Auto => match self.keeps_schemas(&request.model) {
                Some(true) => Shape::Format,
                Some(false) => Shape::Words,
                None => Shape::Both,
            },
        }
    }

    fn keeps_schemas(&self, model: &str) -> Option<bool> {
        // The map is replaced whole, so a panic elsewhere leaves nothing half done.
        let known = self.keeps_schemas.read().unwrap_or_else(PoisonError::into_inner);
        // Variants such as `:nitro` choose among the hosts of one model, and are not listed.
        let base = || model.rsplit_once(':').and_then(|(base, _)| known.get(base));
        known.get(model).or_else(base).copied()
    }
}

#[async_trait]
impl LlmProvider for OpenAiLlmProvider {
    fn name(&self) -> &str {
        &self.config.name
    }

    async fn complete(&self, request: &CompletionRequest) -> Result<Completion> {
        const OP: &str = "complete";
        self.ask(request, |shape, limit| async move {
            let body = chat_body(request, &self.config, shape, false).map_err(|err| err.with_op(OP))?;
            let asked = || Asked::completion(&self.endpoint, OP, request, shape);
            let sent = self.http.post(&self.chat_url, body);
            let (head, body) = self.http.exchange(sent, limit, asked).await?;
            read_completion(&head, &body, &request.model, asked)
        })
        .await
    }

    async fn models(&self) -> Result<Vec<ModelInfo>> {
        let asked = || Asked::list(&self.endpoint, "models");
        let sent = self.http.get(&self.models_url);
        let (head, body) = self.http.exchange(sent, self.config.answer_timeout(), asked).await?;
        match head.status {
            200..=299 => {}
            404 | 405 | 501 => return Err(asked().no_list(head.status)),
            _ => return Err(asked().refused(&head, &body)),
        }
        let models = read_models(&body).ok_or_else(|| asked().unusable(FailureReason::Malformed, None))?;
        let known =
            models.iter().filter_map(|info| Some((info.model.clone(), info.keeps_schemas?))).collect();
        *self.keeps_schemas.write().unwrap_or_else(PoisonError::into_inner) = known;
        Ok(models)
    }
}

/// The completion of a whole answer, if it is one.
pub(crate) fn read_completion(
    head: &Head,
    body: &[u8],
    model: &str,
    asked: impl Fn() -> Asked,
) -> Result<Completion> {
    if !head.is_success() {
        return Err(asked().refused(head, body));
    }
    let Ok(mut answer) = serde_json::from_slice::<WireAnswer>(body) else {
        let error = asked().unusable(FailureReason::Malformed, None);
        return Err(error.with_context("size_bytes", body.len()));
    };
    let used = answer.usage;
    let Chunk { text, finish, error, has_choices } = answer.take_chunk();
    if let Some(error) = error {
        return Err(asked().told_inside(head, &error, used.as_ref()));
    }
    if !has_choices {
        return Err(asked().unusable(FailureReason::Malformed, used.as_ref()));
    }
    let model = answer.model.unwrap_or_else(|| model.to_owned());
    let mut completion = closed(text, finish, model, used, asked)?;
    completion.cost = completion.cost.or_else(|| told_cost(head));
    Ok(completion)
}

/// The completion that ended like this.
pub(crate) fn closed(
    text: String,
    finish: Option<Finish>,
    model: String,
    used: Option<WireUsage>,
    asked: impl Fn() -> Asked,
) -> Result<Completion> {
    let reason = match finish {
        // Hosts do not charge for what failed half way.
        Some(Finish::Failed) => return Err(asked().unusable(FailureReason::Outage, used.as_ref())),
        Some(Finish::Length) => FailureReason::Truncated,
        Some(Finish::Filtered) => FailureReason::Filtered,
        Some(Finish::Done) | None if text.trim().is_empty() => FailureReason::Empty,
        Some(Finish::Done) | None => {
            let (usage, is_estimated) = asked().usage(used.as_ref(), &text, false);
            let mut completion = Completion::new(model, text, usage);
            completion.usage_estimated = is_estimated;
            completion.cost = used.and_then(|used| used.cost());
            return Ok(completion);
        }
    };
    Err(asked().unanswered(reason, used.as_ref(), &text))
}

/// LiteLLM states the cost of a whole answer in a header.
fn told_cost(head: &Head) -> Option<Usd> {
    head.headers.get("x-litellm-response-cost")?.to_str().ok()?.trim().parse().ok()
}
