//! The list of models with their prices, and what it is good for.

#![cfg(test)]

use lore_ai::{OpenAiConfig, OpenAiLlmProvider, SchemaMode};
use lore_ai_testbed::{Reply, Server};
use lore_core::{
    ErrorKind, Retry, SystemClock, Usd,
    port::llm::{AnswerSchema, CompletionRequest, LlmProvider as _, Message, Role, Usage},
};

const LIST: &str = r#"{"data":[
    {"id":"vendor/keeps","pricing":{"prompt":"0.0000000375","completion":"0.00000015"},
     "context_length":131072,"supported_parameters":["temperature","structured_outputs"]},
    {"id":"vendor/talks","pricing":{"prompt":"0","completion":"0"},"supported_parameters":["temperature"]},
    {"id":"vendor/silent"}]}"#;

async fn provider(change: impl FnOnce(&mut OpenAiConfig)) -> (Server, OpenAiLlmProvider) {
    let server = Server::start().await;
    for model in ["vendor/keeps", "vendor/keeps:nitro", "vendor/talks", "vendor/silent"] {
        server.model(model, [Reply::text("{}")]);
    }
    server.list(Reply::raw(200, LIST));
    let mut config = OpenAiConfig::new("local", server.base_url());
    config.require_parameters = true;
    change(&mut config);
    let provider = OpenAiLlmProvider::new(config, SystemClock::shared()).unwrap();
    (server, provider)
}

#[tokio::test]
async fn prices_are_exact_and_tell_what_a_completion_costs() {
    let (_server, provider) = provider(|_| {}).await;
    let models = provider.models().await.unwrap();
    assert_eq!(models.len(), 3);
    let price = models[0].price.unwrap();
    assert_eq!(price.prompt, Usd::from_picos(37_500));
    // 1,234,567 x 0.0000000375 + 89 x 0.00000015: in binary fractions the last digit is lost.
    assert_eq!(price.of(Usage::new(1_234_567, 89)).to_string(), "0.0463096125");
    assert_eq!(models[1].price.unwrap().prompt, Usd::ZERO);
    assert_eq!((models[2].price, models[2].context_tokens), (None, None));
}

#[tokio::test]
async fn a_cost_keeps_every_digit() {
    let (server, provider) = provider(|_| {}).await;
    for (digits, cost) in [
        ("0.000014", Some("0.000014")),
        ("1.4e-05", Some("0.000014")),
        ("0.1234567890123456789", Some("0.123456789013")),
        ("9007199.254740993", Some("9007199.254740993")),
        ("0", Some("0")),
        ("null", None),
    ] {
        server.model("m", [Reply::text("yes").cost(digits)]);
        let request = CompletionRequest::new("m", vec![Message::new(Role::User, "?")]);
        let completion = provider.complete(&request).await.unwrap();
        assert_eq!(completion.cost.map(|cost| cost.to_string()).as_deref(), cost, "{digits}");
    }
}

/// Whether the format was sent, whether the words were, and whether hosts must keep every parameter.
async fn asked(server: &Server, provider: &OpenAiLlmProvider, model: &str) -> (bool, bool, bool) {
    let mut request = CompletionRequest::new(model, vec![Message::new(Role::User, "?")]);
    request.schema = Some(AnswerSchema::new("answer", r#"{"type":"object"}"#));
    provider.complete(&request).await.unwrap();
    let body = server.last().json();
    let text = body["messages"][0]["content"].as_str().unwrap();
    let requires = body["provider"]["require_parameters"] == true;
    (body.get("response_format").is_some(), text.contains(r#"{"type":"object"}"#), requires)
}

#[tokio::test]
async fn the_list_decides_how_a_model_is_asked_for_json() {
    let (server, provider) = provider(|_| {}).await;
    assert_eq!(asked(&server, &provider, "vendor/keeps").await, (true, true, false), "nothing is known yet");
    provider.models().await.unwrap();
    for (model, format, words, requires) in [
        ("vendor/keeps", true, false, true),
        ("vendor/keeps:nitro", true, false, true),
        ("vendor/talks", false, true, false),
        ("vendor/silent", true, true, false),
    ] {
        assert_eq!(asked(&server, &provider, model).await, (format, words, requires), "{model}");
    }
}

#[tokio::test]
async fn the_configuration_overrules_the_list() {
    for (mode, model, format, words) in
        [(SchemaMode::Always, "vendor/talks", true, false), (SchemaMode::Never, "vendor/keeps", false, true)]
    {
        let (server, provider) = provider(|config| config.schema_mode = mode).await;
        provider.models().await.unwrap();
        let (has_format, has_words, _) = asked(&server, &provider, model).await;
        assert_eq!((has_format, has_words), (format, words), "{mode:?}");
    }
}

#[tokio::test]
async fn a_list_that_cannot_be_had_says_why() {
    for (reply, kind, retry) in [
        (Reply::raw(404, ""), ErrorKind::Unsupported, Retry::Never),
        (Reply::error(401, "no"), ErrorKind::Unauthenticated, Retry::Never),
        (Reply::error(503, "busy"), ErrorKind::Unavailable, Retry::After(None)),
        (Reply::raw(200, "<html>"), ErrorKind::Unavailable, Retry::After(None)),
        (Reply::dropped(), ErrorKind::Unavailable, Retry::After(None)),
    ] {
        let (server, provider) = provider(|_| {}).await;
        server.list(reply);
        let error = provider.models().await.unwrap_err();
        assert_eq!((error.kind(), error.retry(), error.op()), (kind, retry, "models"), "{error:?}");
        assert!(error.completion_failure().is_none(), "no model failed: {error:?}");
    }
}
