//! The same tests against any endpoint: `LORE_AI_BASE_URL`, with `LORE_AI_KEY` and `LORE_AI_MODEL` if it needs them.

#![cfg(test)]

use std::{env, sync::Arc};

use futures_util::StreamExt as _;
use lore_ai::{CompletionEvent, OpenAiConfig, OpenAiLlmProvider};
use lore_core::{
    BoxFuture, Caller, Result, Secret, SystemClock,
    ai::{
        AiPolicy, AiService, Ask, Operation, TierModel,
        audit::{Source, verify},
        operations::{
            AnalysisRequest, DerivativeRequest, DescriptionRequest, LicenseRequest, Subject, TitleRequest,
            ValidationRequest, Work,
        },
    },
    conformance::llm_provider::Harness,
    domain::asset::AssetType,
    memory::ai_log::MemoryAiLog,
    port::llm::{AnswerSchema, CompletionRequest, LlmProvider, Message, Role},
    task::Spawner,
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

/// Tasks on the runtime of the test.
#[derive(Debug)]
struct OnRuntime;

impl Spawner for OnRuntime {
    #[expect(clippy::disallowed_methods, reason = "the service's tasks run somewhere")]
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        drop(tokio::spawn(task));
    }
}

/// Whether a model answered. What it said keeps the rules, and why it did not is said.
async fn answers<O: Operation>(ai: &AiService, operation: O) -> bool {
    match ai.ask(&Caller::System, &Ask::new(operation.clone())).await {
        Ok(reply) => {
            println!("{}: {:?} {:?}: {:?}", O::KIND, reply.answer.model, reply.answer.rung, reply.value());
            assert_eq!(reply.answer.source, Source::Model);
            assert!(operation.accept(reply.value().clone()).is_ok());
            true
        }
        Err(error) => {
            println!("{}: {error}", O::KIND);
            assert!(error.completion_failure().is_some(), "{error:?}");
            assert!(error.to_string().contains(&model()), "{error}");
            false
        }
    }
}

#[tokio::test]
async fn every_operation_gives_an_answer_that_keeps_its_rules_or_says_why_not() -> Result<()> {
    if let Some(why) = missing() {
        println!("skipped: every_operation_gives_an_answer_that_keeps_its_rules_or_says_why_not: {why}");
        return Ok(());
    }
    let mut policy = AiPolicy::default();
    policy.fast = vec![TierModel::new(model())];
    policy.rules_when_no_model_answers = false;
    (policy.call_seconds, policy.deadline_seconds) = (300, 600);
    let log = MemoryAiLog::new();
    let ai = AiService::builder(Arc::new(log.clone()), Arc::new(OnRuntime))
        .llm_provider(Arc::new(provider()?))
        .policy(policy)
        .build()?;
    let tide = Work::new(AssetType::Photography).title("Tide").description("A winter beach at first light.");
    let dunes =
        Work::new(AssetType::Photography).title("Dunes").description("The same beach from the dunes.");
    let answered = [
        answers(&ai, TitleRequest::new(tide.clone())).await,
        answers(&ai, DescriptionRequest::new(tide.clone())).await,
        answers(&ai, AnalysisRequest::new(tide.clone())).await,
        answers(&ai, LicenseRequest::new(tide.clone()).commercial_use(true)).await,
        answers(&ai, DerivativeRequest::new(tide, dunes)).await,
        answers(&ai, ValidationRequest::new(Subject::Title("Tide and Dunes".to_owned()))).await,
    ];
    println!("{} of {} answered", answered.iter().filter(|answered| **answered).count(), answered.len());
    ai.flush().await;
    let report = verify(&log, None).await?.into_result()?;
    assert!(report.lines >= 12, "each has a line, and each of its calls: {report:?}");
    Ok(())
}
