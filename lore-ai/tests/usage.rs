//! What an answer used, where the endpoint does not say.

#![cfg(test)]

use futures_util::StreamExt as _;
use lore_ai::{CompletionEvent, OpenAiConfig, OpenAiLlmProvider};
use lore_ai_testbed::{Reply, Server};
use lore_core::{
    Result, SystemClock, Usd,
    error::FailureReason,
    port::llm::{AnswerSchema, Completion, CompletionRequest, LlmProvider as _, Message, Price, Role, Usage},
};

const SCHEMA: &str = r#"{"type":"object","properties":{"colour":{"type":"string"}}}"#;
/// 3 tokens of text, and 4 to frame it.
const PROMPT: u64 = 7;

fn request() -> CompletionRequest {
    CompletionRequest::new("m", vec![Message::new(Role::User, "colour?")])
}

async fn provider(reply: Reply) -> (Server, OpenAiLlmProvider) {
    let server = Server::start().await;
    server.model("m", [reply]);
    let config = OpenAiConfig::new("local", server.base_url());
    let provider = OpenAiLlmProvider::new(config, SystemClock::shared()).unwrap();
    (server, provider)
}

async fn asked(reply: Reply, request: &CompletionRequest) -> Result<Completion> {
    let (_server, provider) = provider(reply).await;
    provider.complete(request).await
}

fn answer(usage: &str) -> Reply {
    let choice = r#"{"finish_reason":"stop","message":{"content":"Blue, as ever."}}"#;
    Reply::raw(200, format!(r#"{{"choices":[{choice}]{usage}}}"#))
}

#[tokio::test]
async fn tokens_that_are_not_stated_are_estimated_and_marked() {
    for (usage, wanted, is_estimated) in [
        ("", Usage::new(PROMPT, 5), true),
        (r#","usage":null"#, Usage::new(PROMPT, 5), true),
        (r#","usage":"none""#, Usage::new(PROMPT, 5), true),
        (r#","usage":{"tokens":9}"#, Usage::new(PROMPT, 5), true),
        (r#","usage":{"prompt_tokens":0,"completion_tokens":0}"#, Usage::new(PROMPT, 5), true),
        (r#","usage":{"prompt_tokens":12}"#, Usage::new(12, 5), true),
        (r#","usage":{"prompt_tokens":12,"completion_tokens":4}"#, Usage::new(12, 4), false),
        (r#","usage":{"prompt_tokens":0,"completion_tokens":0,"cost":0}"#, Usage::default(), false),
    ] {
        let completion = asked(answer(usage), &request()).await.unwrap();
        assert_eq!((completion.usage, completion.usage_estimated), (wanted, is_estimated), "{usage}");
    }
}

#[tokio::test]
async fn an_estimate_costs_what_its_tokens_cost() {
    let completion = asked(Reply::text("Blue, as ever.").without_usage(), &request()).await.unwrap();
    assert_eq!(completion.cost, None);
    let price = Price::new(Usd::from_picos(10), Usd::from_picos(100));
    assert_eq!(price.of(completion.usage), Usd::from_picos(PROMPT * 10 + 500));
}

#[tokio::test]
async fn the_schema_is_a_part_of_what_was_sent() {
    let mut shaped = request();
    shaped.schema = Some(AnswerSchema::new("colour", SCHEMA));
    let reply = Reply::text(r#"{"colour":"blue"}"#).without_usage();
    let usage = asked(reply, &shaped).await.unwrap().usage;
    // Nothing is known of the model, so it is sent twice.
    assert!(usage.prompt_tokens > PROMPT + 2 * (SCHEMA.len() as u64 / 3), "{usage:?}");
    assert_eq!(usage.completion_tokens, 6);
}

#[tokio::test]
async fn a_stream_without_usage_is_estimated_too() {
    for (reply, usage, is_estimated) in [
        (Reply::text("Blue, as ever.").without_usage(), Usage::new(PROMPT, 5), true),
        (Reply::text("Blue, as ever.").usage(12, 4), Usage::new(12, 4), false),
    ] {
        let (_server, provider) = provider(reply).await;
        let events: Vec<_> = provider.stream(&request()).await.unwrap().collect().await;
        let Some(Ok(CompletionEvent::Done(completion))) = events.into_iter().next_back() else {
            panic!("a stream ends with a completion")
        };
        assert_eq!((completion.usage, completion.usage_estimated), (usage, is_estimated));
    }
}

#[tokio::test]
async fn an_answer_that_cannot_be_used_is_estimated_too() {
    let mut short = request();
    short.max_tokens = 40;
    for (finish, text, reason, completion_tokens) in [
        // It ends where it may not go on, so all tokens that were allowed are used.
        ("length", "Blue, as", FailureReason::Truncated, 40),
        ("content_filter", "Blue, as", FailureReason::Filtered, 3),
        ("stop", " ", FailureReason::Empty, 1),
    ] {
        let error = asked(Reply::text(text).finish(finish).without_usage(), &short).await.unwrap_err();
        let failure = error.completion_failure().unwrap();
        assert_eq!(failure.reason, reason);
        assert_eq!(failure.usage, Usage::new(PROMPT, completion_tokens), "{finish}");
        assert!(failure.usage_estimated && !failure.may_be_charged, "{finish}");

        let error = asked(Reply::text(text).finish(finish).usage(12, 4), &short).await.unwrap_err();
        let failure = error.completion_failure().unwrap();
        assert_eq!((failure.usage, failure.usage_estimated), (Usage::new(12, 4), false), "{finish}");
    }
}

#[tokio::test]
async fn what_was_refused_or_failed_half_way_used_nothing() {
    for reply in [Reply::error(400, "bad"), Reply::error(503, "busy"), Reply::text("Bl").finish("error")] {
        let error = asked(reply.clone(), &request()).await.map(|_| ()).unwrap_err();
        let failure = error.completion_failure().unwrap();
        assert!(!failure.usage_estimated, "{reply:?}: {error:?}");
    }
    let half = Reply::text("Bl").finish("error").without_usage();
    let error = asked(half, &request()).await.unwrap_err();
    assert_eq!(error.completion_failure().unwrap().usage, Usage::default());
}
