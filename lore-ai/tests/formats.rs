//! Models that refuse to be held to a schema by `response_format` are asked in words.

#![cfg(test)]

use std::{convert::Infallible, sync::Arc, time::Duration};

use futures_util::StreamExt as _;
use lore_ai::{CompletionEvent, OpenAiConfig, OpenAiLlmProvider, SchemaMode};
use lore_ai_testbed::{Reply, Server};
use lore_core::{
    Error, ErrorKind, Retry, SystemClock,
    error::{FailureReason, FailureScope},
    memory::clock::ManualClock,
    port::llm::{AnswerSchema, CompletionRequest, LlmProvider as _, Message, Role},
};
use serde_json::Value;

const REFUSAL: &str = r#"{"error":{"message":"Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model. Learn more about supported models at the Structured Outputs guide: https://platform.openai.com/docs/guides/structured-outputs","type":"invalid_request_error","param":null,"code":null}}"#;
const SCHEMA: &str = r#"{"type":"object"}"#;
/// One model of the list is said to keep schemas, and one not.
const LIST: &str = r#"{"data":[{"id":"m","supported_parameters":["structured_outputs"]},{"id":"n"}]}"#;

fn request(model: &str) -> CompletionRequest {
    let mut request = CompletionRequest::new(model, vec![Message::new(Role::User, "What colour is it?")]);
    request.schema = Some(AnswerSchema::new("colour", SCHEMA));
    request
}

fn has_format(body: &Value) -> bool {
    body.get("response_format").is_some()
}

fn has_words(body: &Value) -> bool {
    body["messages"][0]["content"].as_str().is_some_and(|text| text.contains(SCHEMA))
}

/// A server whose models refuse the format, and a provider for it.
async fn provider(mode: SchemaMode) -> (Server, OpenAiLlmProvider) {
    let server = Server::start().await;
    for model in ["m", "n"] {
        server.model_by(model, |body| {
            if has_format(body) { Reply::raw(400, REFUSAL) } else { Reply::text("{}").cost("0.5") }
        });
    }
    server.list(Reply::raw(200, LIST));
    let mut config = OpenAiConfig::new("local", server.base_url());
    config.schema_mode = mode;
    let provider = OpenAiLlmProvider::new(config, SystemClock::shared()).unwrap();
    (server, provider)
}

fn assert_not_taken(error: &Error) {
    assert_eq!((error.kind(), error.retry()), (ErrorKind::Unsupported, Retry::Never), "{error:?}");
    let failure = error.completion_failure().unwrap();
    assert_eq!(failure.reason, FailureReason::ModelGone);
    assert_eq!(failure.reason.scope(), FailureScope::Model, "another model may answer");
    assert!(!failure.may_be_charged && failure.cost.is_none(), "a refused request is not charged");
}

#[tokio::test]
async fn a_refused_format_is_left_out_once_and_then_never_sent_again() {
    // `m` is held by the format alone once the list is read; `n` by the format and in words.
    for (model, is_listed) in [("m", false), ("m", true), ("n", true)] {
        let (server, provider) = provider(SchemaMode::Auto).await;
        if is_listed {
            provider.models().await.unwrap();
        }
        for calls in [2, 3, 4] {
            let answer = provider.complete(&request(model)).await.unwrap();
            assert_eq!((answer.text.as_str(), answer.cost.unwrap().to_string()), ("{}", "0.5".to_owned()));
            let last = server.last().json();
            assert_eq!((has_format(&last), has_words(&last)), (false, true), "{model}");
            assert_eq!(server.calls_of(model), calls, "one more for the first question alone");
        }
        // A list that is read anew does not know better.
        provider.models().await.unwrap();
        provider.complete(&request(model)).await.unwrap();
        assert_eq!(server.calls_of(model), 5);
    }
}

#[tokio::test]
async fn one_models_refusal_says_nothing_about_another() {
    let (server, provider) = provider(SchemaMode::Auto).await;
    server.model("keeps", [Reply::text("{}")]);
    provider.complete(&request("m")).await.unwrap();
    provider.complete(&request("keeps")).await.unwrap();
    assert!(has_format(&server.last().json()));
    assert_eq!(server.calls_of("keeps"), 1);
}

#[tokio::test]
async fn a_stream_is_asked_for_once_more_too() {
    let (server, provider) = provider(SchemaMode::Auto).await;
    for calls in [2, 3] {
        let events: Vec<_> = provider.stream(&request("m")).await.unwrap().collect().await;
        let last = events.into_iter().next_back().unwrap().unwrap();
        assert!(matches!(last, CompletionEvent::Done(completion) if completion.text == "{}"));
        assert_eq!(server.calls(), calls);
    }
}

#[tokio::test]
async fn a_format_that_must_be_sent_leaves_the_question_to_another_model() {
    let (server, provider) = provider(SchemaMode::Always).await;
    assert_not_taken(&provider.complete(&request("m")).await.unwrap_err());
    assert_eq!(server.calls(), 1);
}

#[tokio::test]
async fn what_is_refused_in_words_as_well_is_the_requests_fault_and_not_remembered() {
    let (server, provider) = provider(SchemaMode::Auto).await;
    server.model("m", [Reply::raw(400, REFUSAL)]);
    for calls in [2, 4] {
        let error = provider.complete(&request("m")).await.unwrap_err();
        assert_eq!(error.completion_failure().unwrap().reason, FailureReason::ModelGone, "{error:?}");
        assert_eq!(server.calls(), calls, "the format is tried again");
    }
    server.model("m", [Reply::error(400, "this breaks a rule about response_format")]);
    let error = provider.complete(&request("m")).await.unwrap_err();
    assert_eq!(error.completion_failure().unwrap().reason, FailureReason::BadRequest, "{error:?}");
}

#[tokio::test]
async fn a_parameter_that_the_model_does_not_take_is_not_sent_twice() {
    let (server, provider) = provider(SchemaMode::Auto).await;
    let body = r#"{"error":{"message":"Unsupported value: 'temperature' does not support 0 with this model. Only the default (1) value is supported.","type":"invalid_request_error","param":"temperature","code":"unsupported_value"}}"#;
    server.model("m", [Reply::raw(400, body)]);
    assert_not_taken(&provider.complete(&request("m")).await.unwrap_err());
    assert_eq!(server.calls(), 1);
}

#[tokio::test]
async fn both_requests_together_take_no_longer_than_one_may() {
    let server = Server::start().await;
    let clock = ManualClock::default();
    let moved = clock.clone();
    server.model_by("m", move |body| {
        // The first request takes eight of the ten seconds, and the second one is never answered.
        if has_format(body) {
            moved.advance(Duration::from_secs(8));
            return Reply::raw(400, REFUSAL);
        }
        Reply::silent()
    });
    let config = OpenAiConfig::new("local", server.base_url());
    let provider = OpenAiLlmProvider::new(config, Arc::new(clock.clone())).unwrap();
    let mut asked = request("m");
    asked.timeout = Duration::from_secs(10);
    let pass = async {
        server.until_calls(2).await;
        clock.until_sleeping(1).await;
        clock.advance(Duration::from_secs(2));
        std::future::pending::<Infallible>().await
    };
    let answer = tokio::select! {
        answer = provider.complete(&asked) => answer,
        never = pass => match never {},
    };
    let error = answer.unwrap_err();
    let failure = error.completion_failure().unwrap();
    assert_eq!((failure.reason, failure.may_be_charged), (FailureReason::Timeout, true), "{error:?}");
    assert!(error.context().contains(&("limit_millis", "2000".to_owned())), "{error}");
}
