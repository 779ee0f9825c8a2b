//! Waits end when they should, on a clock that the test moves.

#![cfg(test)]
#![expect(clippy::disallowed_methods, reason = "a test waits for a real socket")]

use std::{sync::Arc, time::Duration};

use futures_util::StreamExt as _;
use lore_ai::{CompletionEvent, OpenAiConfig, OpenAiLlmProvider};
use lore_ai_testbed::{Reply, Server};
use lore_core::{
    Error, ErrorKind, Retry, SystemClock,
    error::FailureReason,
    memory::clock::ManualClock,
    port::llm::{CompletionRequest, LlmProvider as _, Message, Role},
};

const FIRST_BYTE: u64 = 5;
const WHOLE: u64 = 20;
/// So long after the request, the head of an answer from this machine is there.
const HEAD_ARRIVES: Duration = Duration::from_millis(200);

fn request(timeout: u64) -> CompletionRequest {
    let mut request = CompletionRequest::new("m", vec![Message::new(Role::User, "?")]);
    request.timeout = Duration::from_secs(timeout);
    request
}

async fn provider(reply: Reply) -> (Server, ManualClock, OpenAiLlmProvider) {
    let server = Server::start().await;
    server.model("m", [reply]);
    let clock = ManualClock::default();
    let mut config = OpenAiConfig::new("local", server.base_url());
    config.first_byte_timeout_seconds = FIRST_BYTE;
    config.answer_timeout_seconds = WHOLE;
    let provider = OpenAiLlmProvider::new(config, Arc::new(clock.clone())).unwrap();
    (server, clock, provider)
}

fn assert_late(error: &Error, phase: &str, limit_seconds: u64) {
    assert_eq!((error.kind(), error.retry()), (ErrorKind::Unavailable, Retry::After(None)), "{error:?}");
    let failure = error.completion_failure().unwrap();
    assert_eq!((failure.reason, failure.may_be_charged), (FailureReason::Timeout, true), "{error:?}");
    let limit = (limit_seconds * 1_000).to_string();
    for fact in [("phase", phase.to_owned()), ("limit_millis", limit)] {
        assert!(error.context().contains(&fact), "{fact:?}: {error}");
    }
}

/// Moves the clock once the request has arrived and somebody waits for the answer.
async fn pass(server: &Server, clock: &ManualClock, seconds: u64) {
    server.until_calls(1).await;
    clock.until_sleeping(1).await;
    clock.advance(Duration::from_secs(seconds));
}

#[tokio::test]
async fn a_silent_endpoint_is_left_after_the_wait_for_the_first_byte() {
    let (server, clock, provider) = provider(Reply::silent()).await;
    let asked = request(60);
    let (answer, ()) = tokio::join!(provider.complete(&asked), pass(&server, &clock, FIRST_BYTE));
    assert_late(&answer.unwrap_err(), "first byte", FIRST_BYTE);
}

#[tokio::test]
async fn a_request_that_allows_less_waits_less() {
    let (server, clock, provider) = provider(Reply::silent()).await;
    let asked = request(2);
    let (answer, ()) = tokio::join!(provider.complete(&asked), pass(&server, &clock, 2));
    assert_late(&answer.unwrap_err(), "first byte", 2);
}

#[tokio::test]
async fn an_answer_that_trickles_is_left_after_the_wait_for_the_whole() {
    let trickle = Reply::events(["{\"choices\":["]).stalls();
    for (timeout, limit) in [(60, WHOLE), (8, 8)] {
        let (server, clock, provider) = provider(trickle.clone()).await;
        let asked = request(timeout);
        let (answer, ()) = tokio::join!(provider.complete(&asked), async {
            // The wait for the first byte must be over before time passes.
            server.until_calls(1).await;
            tokio::time::sleep(HEAD_ARRIVES).await;
            clock.until_sleeping(1).await;
            clock.advance(Duration::from_secs(limit));
        });
        assert_late(&answer.unwrap_err(), "body", limit);
    }
}

#[tokio::test]
async fn comments_are_no_first_event_of_a_stream() {
    let comments = vec![": OPENROUTER PROCESSING\n\n"; 10_000];
    let busy = Reply::events(comments).gap(Duration::from_millis(1));
    let (server, clock, provider) = provider(busy).await;
    let asked = request(60);
    let (stream, ()) = tokio::join!(provider.stream(&asked), server.until_calls(1));
    let mut stream = stream.unwrap();
    let (event, ()) = tokio::join!(stream.next(), pass(&server, &clock, FIRST_BYTE));
    assert_late(&event.unwrap().unwrap_err(), "first event", FIRST_BYTE);
}

#[tokio::test]
async fn a_stream_that_stalls_is_left_with_what_had_come() {
    let word = "data: {\"choices\":[{\"delta\":{\"content\":\"Blue\"}}]}\n\n";
    let (server, clock, provider) = provider(Reply::events([word]).stalls()).await;
    let asked = request(60);
    let mut stream = provider.stream(&asked).await.unwrap();
    assert_eq!(stream.next().await.unwrap().unwrap(), CompletionEvent::Delta("Blue".to_owned()));
    let (event, ()) = tokio::join!(stream.next(), pass(&server, &clock, WHOLE));
    let error = event.unwrap().unwrap_err();
    assert_late(&error, "body", WHOLE);
    assert!(error.context().contains(&("received_chars", "4".to_owned())), "{error}");
    assert!(stream.next().await.is_none());
}

#[tokio::test]
async fn a_host_that_accepts_no_connection_is_left_after_the_wait_for_one() {
    // With a queue of one that is full, Linux lets further connections wait.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut queued = Vec::new();
    for _ in 0..4 {
        let connecting = tokio::net::TcpStream::connect(address);
        match tokio::time::timeout(Duration::from_millis(200), connecting).await {
            Ok(stream) => queued.push(stream.unwrap()),
            Err(_) => break,
        }
    }
    if queued.len() == 4 {
        println!(
            "skipped: a_host_that_accepts_no_connection…: this system queues more connections than asked"
        );
        return;
    }
    let mut config = OpenAiConfig::new("local", format!("http://{address}/v1"));
    config.connect_timeout_seconds = 1;
    let provider = OpenAiLlmProvider::new(config, SystemClock::shared()).unwrap();
    let error = provider.complete(&request(60)).await.unwrap_err();
    let failure = error.completion_failure().unwrap();
    assert_eq!((failure.reason, failure.may_be_charged), (FailureReason::Timeout, false), "{error:?}");
    assert!(error.context().contains(&("phase", "connect".to_owned())), "{error}");
}
