//! The adapter against LiteLLM's proxy: a server with the same interface that somebody else wrote.

#![cfg(test)]

mod proxy;

use std::{sync::Arc, time::Duration};

use futures_util::StreamExt as _;
use lore_ai::{CompletionEvent, OpenAiConfig, OpenAiLlmProvider};
use lore_core::{
    ErrorKind, Result, Retry, Secret, SystemClock,
    conformance::llm_provider::Harness,
    error::FailureReason,
    port::llm::{CompletionRequest, LlmProvider, Message, Role, Usage},
};

use self::proxy::{KEY, base_url, missing};

fn provider_with(key: &str) -> Result<OpenAiLlmProvider> {
    let mut config = OpenAiConfig::new("litellm", base_url());
    config.key = Secret::from(key);
    OpenAiLlmProvider::new(config, SystemClock::shared())
}

fn request(model: &str) -> CompletionRequest {
    CompletionRequest::new(model, vec![Message::new(Role::User, "What colour is a clear sky?")])
}

struct Proxy;

impl Harness for Proxy {
    async fn fresh(&self) -> Result<Arc<dyn LlmProvider>> {
        Ok(Arc::new(provider_with(KEY)?))
    }

    fn model(&self) -> String {
        "lore/answers".to_owned()
    }
}

lore_core::llm_provider_conformance!(Proxy, skip_if: missing());

#[tokio::test]
async fn what_the_proxy_refuses_is_understood() {
    if let Some(why) = missing() {
        return println!("skipped: what_the_proxy_refuses_is_understood: {why}");
    }
    use FailureReason::{ContextLength, KeyRefused, ModelGone, Outage, RateLimited, Truncated};
    let later = Retry::After(None);
    let limited = Retry::After(Some(Duration::from_secs(17)));
    let rows = [
        ("mock/limited", KEY, ErrorKind::RateLimited, later, RateLimited),
        ("mock/broken", KEY, ErrorKind::Unavailable, later, Outage),
        ("mock/long", KEY, ErrorKind::InvalidInput, Retry::Never, ContextLength),
        ("mock/none", KEY, ErrorKind::NotFound, Retry::Never, ModelGone),
        ("lore/answers", "sk-of-nobody-1234", ErrorKind::Unauthenticated, Retry::Never, KeyRefused),
        ("upstream/limited", KEY, ErrorKind::RateLimited, limited, RateLimited),
        ("upstream/busy", KEY, ErrorKind::Unavailable, later, Outage),
        ("upstream/cut", KEY, ErrorKind::Unavailable, later, Outage),
        ("upstream/short", KEY, ErrorKind::Unavailable, Retry::Never, Truncated),
    ];
    let mut wrong = Vec::new();
    for (model, key, kind, retry, reason) in rows {
        let error = provider_with(key).unwrap().complete(&request(model)).await.unwrap_err();
        let found = error.completion_failure().map(|failure| failure.reason);
        println!(
            "{model:<18} {:<16} {:<22} {found:?}",
            error.kind().as_str(),
            format!("{:?}", error.retry())
        );
        if (error.kind(), error.retry(), found) != (kind, retry, Some(reason)) {
            wrong.push(format!("{model}: wanted {kind} {retry:?} {reason:?}, found {error:?}"));
        }
        assert!(!format!("{error:?}").contains(key), "{model} shows the key");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn an_answer_that_the_proxy_passes_on_keeps_its_usage_and_cost() {
    if let Some(why) = missing() {
        return println!("skipped: an_answer_that_the_proxy_passes_on_keeps_its_usage_and_cost: {why}");
    }
    let answer = provider_with(KEY).unwrap().complete(&request("upstream/steady")).await.unwrap();
    assert_eq!((answer.text.as_str(), answer.usage), ("Blue, as ever.", Usage::new(21, 5)));
    assert_eq!(answer.cost.map(|cost| cost.to_string()).as_deref(), Some("0.00042"));
}

#[tokio::test]
async fn streams_of_the_proxy_end_with_the_whole_or_with_a_reason() {
    if let Some(why) = missing() {
        return println!("skipped: streams_of_the_proxy_end_with_the_whole_or_with_a_reason: {why}");
    }
    let provider = provider_with(KEY).unwrap();
    for model in ["lore/answers", "upstream/steady"] {
        let events: Vec<_> = provider.stream(&request(model)).await.unwrap().collect().await;
        let mut pieces = String::new();
        let mut done = None;
        for event in events {
            match event.unwrap() {
                CompletionEvent::Delta(piece) => pieces.push_str(&piece),
                CompletionEvent::Done(completion) => done = Some(completion),
                other => panic!("{other:?}"),
            }
        }
        let done = done.unwrap();
        assert_eq!(done.text, pieces, "{model}");
        assert!(done.usage.completion_tokens > 0, "{model}: {:?}", done.usage);
    }
    let events: Vec<_> = provider.stream(&request("upstream/halting")).await.unwrap().collect().await;
    let error = events.into_iter().next_back().unwrap().unwrap_err();
    println!("a failure within a stream: {error:?}");
    assert_eq!(error.completion_failure().unwrap().reason, FailureReason::Outage, "{error:?}");
    assert!(error.context().contains(&("received_chars", "8".to_owned())), "{error}");
}
