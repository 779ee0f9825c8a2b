//! The same tests against any endpoint: `LORE_AI_BASE_URL`, with `LORE_AI_KEY` and `LORE_AI_MODEL` if it needs them.

#![cfg(test)]

use std::{env, sync::Arc};

use futures_util::StreamExt as _;
use lore_ai::{CompletionEvent, OpenAiConfig, OpenAiLlmProvider};
use lore_core::{
    Result, Secret, SystemClock,
    conformance::llm_provider::Harness,
    port::llm::{AnswerSchema, CompletionRequest, LlmProvider, Message, Role},
};
use serde_json::Value;

fn set(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

fn missing() -> Option<String> {
    set("LORE_AI_BASE_URL").is_none().then(|| "LORE_AI_BASE_URL names no endpoint".to_owned())
}

fn provider() -> Result<OpenAiLlmProvider> {
    let mut config = OpenAiConfig::new("live", set("LORE_AI_BASE_URL").unwrap_or_default());
    config.key = Secret::from(set("LORE_AI_KEY").unwrap_or_default());
    // Small models on one core think for a while.
    config.first_byte_timeout_seconds = 180;
    config.answer_timeout_seconds = 300;
    OpenAiLlmProvider::new(config, SystemClock::shared())
}

fn model() -> String {
    set("LORE_AI_MODEL").unwrap_or_else(|| "google/gemini-flash-1.5".to_owned())
}

struct Live;

impl Harness for Live {
    async fn fresh(&self) -> Result<Arc<dyn LlmProvider>> {
        Ok(Arc::new(provider()?))
    }

    fn model(&self) -> String {
        model()
    }
}

lore_core::llm_provider_conformance!(Live, skip_if: missing());

fn question() -> CompletionRequest {
    let text = "Name the colour of a clear sky at noon as JSON, like {\"colour\": \"green\"}.";
    let mut request = CompletionRequest::new(model(), vec![Message::new(Role::User, text)]);
    request.timeout = std::time::Duration::from_secs(300);
    request.max_tokens = 200;
    request
}

#[tokio::test]
async fn an_answer_keeps_a_schema() -> Result<()> {
    if let Some(why) = missing() {
        println!("skipped: an_answer_keeps_a_schema: {why}");
        return Ok(());
    }
    let provider = provider()?;
    if let Err(error) = provider.models().await {
        println!("without a list of models: {error}");
    }
    let mut request = question();
    let schema = r#"{"type":"object","properties":{"colour":{"type":"string"}},"required":["colour"],"additionalProperties":false}"#;
    request.schema = Some(AnswerSchema::new("colour", schema));
    let answer = provider.complete(&request).await?;
    println!("{} said {} for {:?}", answer.model, answer.text, answer.cost);
    let text = answer.text.trim().trim_start_matches("```json").trim_end_matches("```");
    let json: Value = serde_json::from_str(text).expect("the answer is JSON");
    assert!(json["colour"].is_string(), "{json}");
    Ok(())
}

#[tokio::test]
async fn a_stream_brings_what_it_says_it_brought() -> Result<()> {
    if let Some(why) = missing() {
        println!("skipped: a_stream_brings_what_it_says_it_brought: {why}");
        return Ok(());
    }
    let mut stream = provider()?.stream(&question()).await?;
    let mut pieces = String::new();
    while let Some(event) = stream.next().await {
        match event? {
            CompletionEvent::Delta(piece) => pieces.push_str(&piece),
            CompletionEvent::Done(completion) => {
                assert_eq!(completion.text, pieces);
                assert!(completion.usage.completion_tokens > 0, "{:?}", completion.usage);
                return Ok(());
            }
            other => panic!("{other:?}"),
        }
    }
    panic!("the stream ended without a completion")
}
