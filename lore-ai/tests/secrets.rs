//! The key and the prompt reach the endpoint, and nobody else.

#![cfg(test)]

use std::sync::{Arc, Mutex};

use futures_util::StreamExt as _;
use log::{LevelFilter, Log, Metadata, Record};
use lore_ai::{OpenAiConfig, OpenAiLlmProvider};
use lore_ai_testbed::{Reply, Server};
use lore_core::{
    Secret, SystemClock,
    port::llm::{CompletionRequest, LlmProvider as _, Message, Role},
};

const KEY: &str = "sk-or-v1-4d5e6f7a8b9c";
const HEADER: &str = "organisation-0a1b2c3d";
const PROMPT: &str = "The knight rides out at dawn";

/// Keeps every line that anything in this process logs.
struct Lines(Mutex<Vec<String>>);

static LINES: Lines = Lines(Mutex::new(Vec::new()));

impl Log for Lines {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        self.0.lock().unwrap().push(format!("{} {}", record.target(), record.args()));
    }

    fn flush(&self) {}
}

fn config(base_url: String) -> OpenAiConfig {
    let mut config = OpenAiConfig::new("local", base_url);
    config.key = Secret::from(KEY);
    config.headers.insert("openai-organization".to_owned(), Secret::from(HEADER));
    config.site_url = Some("https://gallery.example".to_owned());
    config.site_title = Some("Gallery".to_owned());
    config
}

fn assert_silent(text: &str) {
    for hidden in [KEY, &KEY[..12], HEADER, PROMPT] {
        assert!(!text.contains(hidden), "shows `{hidden}`: {text}");
    }
}

#[tokio::test]
async fn neither_key_nor_prompt_is_shown_even_if_the_endpoint_repeats_them() {
    log::set_logger(&LINES).unwrap();
    log::set_max_level(LevelFilter::Trace);
    let echo = format!("key {KEY} of {HEADER} asked {PROMPT}");
    let json = serde_json::json!({ "error": { "code": 401, "message": echo, "type": echo, "metadata":
        { "raw": echo, "headers": { "authorization": format!("Bearer {KEY}") } } } });
    let server = Server::start().await;
    let partly = format!("Incorrect API key provided: {}****.", &KEY[..12]);
    let replies = [
        Reply::raw(401, json.to_string()),
        Reply::raw(200, json.to_string()),
        Reply::raw(502, echo.clone()),
        Reply::raw(200, echo.clone()),
        Reply::error(401, &partly),
        Reply::raw(200, format!(r#"{{"choices":"{echo}","usage":"{echo}","model":"{echo}"}}"#)),
        Reply::dropped(),
    ];
    let count = replies.len();
    server.model("m", replies);
    let config = config(server.base_url());
    assert_silent(&format!("{config:?}"));
    let provider = OpenAiLlmProvider::new(config, SystemClock::shared()).unwrap();
    assert_silent(&format!("{provider:?}"));
    let request = CompletionRequest::new("m", vec![Message::new(Role::User, PROMPT)]);
    for _ in 0..count {
        let error = provider.complete(&request).await.unwrap_err();
        assert_silent(&format!("{error} {error:?} {:?}", error.to_record()));
    }
    let piece = format!("data: {json}\n\n");
    server.model("m", [Reply::events([piece]), Reply::events([format!("data: {echo}\n\n")])]);
    for _ in 0..2 {
        let mut stream = provider.stream(&request).await.unwrap();
        assert_silent(&format!("{stream:?}"));
        let error = stream.next().await.unwrap().unwrap_err();
        assert_silent(&format!("{error:?}"));
    }
    let lines = LINES.0.lock().unwrap().join("\n");
    assert!(lines.contains("connect"), "the client logs its connections: {lines}");
    assert_silent(&lines);
}

#[tokio::test]
async fn key_and_attribution_are_sent_with_every_request() {
    let server = Server::start().await;
    server.model("m", [Reply::text("yes")]);
    let provider = OpenAiLlmProvider::new(config(server.base_url()), SystemClock::shared()).unwrap();
    let request = CompletionRequest::new("m", vec![Message::new(Role::User, PROMPT)]);
    let sent = || {
        let seen = server.last();
        assert_eq!(seen.header("authorization"), format!("Bearer {KEY}"), "{}", seen.path);
        assert_eq!(seen.header("openai-organization"), HEADER);
        assert_eq!(seen.header("http-referer"), "https://gallery.example");
        assert_eq!(seen.header("x-openrouter-title"), "Gallery");
        seen
    };
    provider.complete(&request).await.unwrap();
    assert_eq!(sent().json()["messages"][0]["content"], PROMPT);
    drop(provider.stream(&request).await.unwrap());
    assert_eq!(sent().json()["stream"], true);
    provider.models().await.unwrap();
    assert_eq!(sent().path, "/v1/models");
}

#[tokio::test]
async fn a_server_that_wants_no_key_gets_none() {
    let server = Server::start().await;
    server.model("m", [Reply::text("yes")]);
    let config = OpenAiConfig::new("local", server.base_url());
    let provider = OpenAiLlmProvider::new(config, Arc::new(SystemClock)).unwrap();
    let request = CompletionRequest::new("m", vec![Message::new(Role::User, PROMPT)]);
    provider.complete(&request).await.unwrap();
    for name in ["authorization", "http-referer", "x-openrouter-title"] {
        assert_eq!(server.last().header(name), "", "{name}");
    }
}
