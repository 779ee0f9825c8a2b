//! What every kind of failure means: each row is an answer of the server, and what Lore makes of it.

#![cfg(test)]

use std::{sync::Arc, time::Duration};

use lore_ai::{OpenAiConfig, OpenAiLlmProvider};
use lore_ai_testbed::{Reply, Server};
use lore_core::{
    Error, ErrorKind, Retry, SystemClock,
    error::FailureReason::{self, *},
    memory::clock::ManualClock,
    port::llm::{CompletionRequest, LlmProvider as _, Message, Role, Usage},
};

const NEVER: Retry = Retry::Never;
const LATER: Retry = Retry::After(None);
/// 2026-01-31T12:00:00Z in seconds; the clock of these tests stands there.
const NOW: u64 = 1_769_860_800;

const fn after(seconds: u64) -> Retry {
    Retry::After(Some(Duration::from_secs(seconds)))
}

fn request(model: &str) -> CompletionRequest {
    CompletionRequest::new(model, vec![Message::new(Role::User, "What colour is the sky?")])
}

type Row = (&'static str, Reply, ErrorKind, Retry, FailureReason);

fn choice(choice: &str) -> Reply {
    Reply::raw(
        200,
        format!(
            r#"{{"model":"m","choices":[{choice}],"usage":{{"prompt_tokens":7,"completion_tokens":3,"cost":0.00012}}}}"#
        ),
    )
}

fn named(status: u16, field: &str, name: &str) -> Reply {
    let error = match field {
        "error_type" => format!(r#"{{"code":{status},"message":"m","metadata":{{"error_type":"{name}"}}}}"#),
        field => format!(r#"{{"message":"m","{field}":"{name}"}}"#),
    };
    Reply::raw(status, format!(r#"{{"error":{error}}}"#))
}

fn available(status: u16, code: &str, retryable: bool, more: &str) -> Reply {
    let body = format!(
        r#"{{"error":{{"code":{status},"message":"m","availability":{{"code":"{code}","retryable":{retryable}{more}}}}}}}"#
    );
    Reply::raw(status, body)
}

/// Statuses alone, as any server and every proxy before it may send them.
fn statuses() -> Vec<Row> {
    use ErrorKind::*;
    vec![
        ("301", Reply::raw(301, ""), Config, NEVER, Outage),
        ("400", Reply::error(400, "bad"), InvalidInput, NEVER, BadRequest),
        ("401", Reply::error(401, "no"), Unauthenticated, NEVER, KeyRefused),
        ("402", Reply::error(402, "pay"), InsufficientFunds, NEVER, Credits),
        ("403", Reply::error(403, "no"), PermissionDenied, NEVER, KeyRefused),
        ("404", Reply::raw(404, "<html>not here</html>"), NotFound, NEVER, ModelGone),
        ("405", Reply::raw(405, ""), Unsupported, NEVER, Outage),
        ("408", Reply::error(408, "slow"), Unavailable, LATER, FailureReason::Timeout),
        ("409", Reply::error(409, "busy"), Unavailable, LATER, Outage),
        ("421", Reply::raw(421, ""), Unavailable, LATER, Outage),
        ("423", Reply::raw(423, ""), Unavailable, LATER, Outage),
        (
            "424",
            Reply::error(424, "upstream failed").header("retry-after", "9"),
            Unavailable,
            after(9),
            Outage,
        ),
        ("425", Reply::raw(425, ""), Unavailable, LATER, Outage),
        ("410", Reply::raw(410, ""), NotFound, NEVER, ModelGone),
        ("413", Reply::error(413, "large"), InvalidInput, NEVER, BadRequest),
        ("422", Reply::raw(422, r#"{"detail":[{"msg":"odd"}]}"#), InvalidInput, NEVER, BadRequest),
        ("429", Reply::error(429, "slower"), ErrorKind::RateLimited, LATER, FailureReason::RateLimited),
        ("451", Reply::raw(451, ""), InvalidInput, NEVER, Moderated),
        ("500", Reply::error(500, "oops"), Unavailable, LATER, Outage),
        ("502", Reply::raw(502, "<html>bad gateway</html>"), Unavailable, LATER, Outage),
        ("503", Reply::error(503, "busy"), Unavailable, LATER, Outage),
        (
            "503 + Retry-After",
            Reply::error(503, "busy").header("retry-after", "9"),
            Unavailable,
            after(9),
            Outage,
        ),
        ("504", Reply::raw(504, ""), Unavailable, LATER, FailureReason::Timeout),
        ("524", Reply::raw(524, ""), Unavailable, LATER, FailureReason::Timeout),
        ("529", Reply::raw(529, ""), Unavailable, LATER, Outage),
    ]
}

/// Every way to ask for a pause.
fn pauses() -> Vec<Row> {
    let limited = || Reply::error(429, "slower");
    let body = |headers: &str| {
        let error = format!(r#"{{"code":429,"message":"m","metadata":{{"headers":{headers}}}}}"#);
        Reply::raw(429, format!(r#"{{"error":{error}}}"#))
    };
    let daily =
        "Rate limit exceeded: free-models-per-day. Add 10 credits to unlock 1000 free model requests per day";
    let row = |name, reply, pause, reason| (name, reply, ErrorKind::RateLimited, pause, reason);
    let minute = FailureReason::RateLimited;
    vec![
        row("Retry-After: seconds", limited().header("retry-after", "17"), after(17), minute),
        row(
            "Retry-After: date",
            limited().header("retry-after", "Sat, 31 Jan 2026 12:01:30 GMT"),
            after(90),
            minute,
        ),
        row(
            "Retry-After: an instant",
            limited().header("retry-after", &(NOW + 30).to_string()),
            after(30),
            minute,
        ),
        row(
            "Retry-After: for years",
            limited().header("retry-after", "Wed, 31 Jan 2035 12:01:30 GMT"),
            after(31 * 3_600),
            minute,
        ),
        row(
            "X-RateLimit-Reset: seconds",
            limited().header("x-ratelimit-reset", &(NOW + 30).to_string()),
            after(30),
            minute,
        ),
        row(
            "X-RateLimit-Reset: milliseconds",
            limited().header("x-ratelimit-reset", &((NOW + 30) * 1_000).to_string()),
            after(30),
            minute,
        ),
        row(
            "X-RateLimit-Reset: microseconds",
            limited().header("x-ratelimit-reset", &((NOW + 30) * 1_000_000).to_string()),
            after(30),
            minute,
        ),
        row(
            "X-RateLimit-Reset in the body",
            body(&format!(r#"{{"X-RateLimit-Reset":"{}"}}"#, (NOW + 45) * 1_000)),
            after(45),
            minute,
        ),
        row(
            "the later of two",
            limited().header("retry-after", "7").header("x-ratelimit-reset", &(NOW + 30).to_string()),
            after(30),
            minute,
        ),
        row(
            "availability.retry_after",
            available(429, "rate_limit_exceeded", true, r#","retry_after":33"#),
            after(33),
            minute,
        ),
        row(
            "a daily cap with its reset",
            Reply::error(429, daily).header("x-ratelimit-reset", &((NOW + 3_600) * 1_000).to_string()),
            after(3_600),
            DailyCap,
        ),
        row("a daily cap: until midnight", Reply::error(429, daily), after(12 * 3_600), DailyCap),
    ]
}

/// Names that say more than the status.
fn names() -> Vec<Row> {
    use ErrorKind::*;
    let long = "This model's maximum context length is 4096 tokens";
    let moderated =
        r#"{"error":{"code":403,"message":"m","metadata":{"reasons":["violence"],"flagged_input":"…"}}}"#;
    vec![
        (
            "400 context_length_exceeded",
            named(400, "code", "context_length_exceeded"),
            InvalidInput,
            NEVER,
            ContextLength,
        ),
        (
            "400 error_type token_limit",
            named(400, "error_type", "token_limit_exceeded"),
            InvalidInput,
            NEVER,
            ContextLength,
        ),
        (
            "400 exceed_context_size_error",
            named(400, "type", "exceed_context_size_error"),
            InvalidInput,
            NEVER,
            ContextLength,
        ),
        ("400 in words only", Reply::error(400, long), InvalidInput, NEVER, ContextLength),
        (
            "400 no such model in words",
            Reply::error(400, "a/b is not a valid model ID"),
            NotFound,
            NEVER,
            ModelGone,
        ),
        ("400 unsupported_value", named(400, "code", "unsupported_value"), Unsupported, NEVER, ModelGone),
        (
            "400 response_format that was not sent",
            Reply::error(400, "no response_format here"),
            InvalidInput,
            NEVER,
            BadRequest,
        ),
        ("404 model_not_found", named(404, "code", "model_not_found"), NotFound, NEVER, ModelGone),
        ("503 model_deprecated", available(503, "model_deprecated", false, ""), NotFound, NEVER, ModelGone),
        ("404 no_endpoints for now", available(404, "no_endpoints", true, ""), Unavailable, LATER, Outage),
        (
            "503 capacity_exhausted",
            available(503, "capacity_exhausted", true, r#","retry_after":5"#),
            Unavailable,
            after(5),
            Outage,
        ),
        (
            "429 insufficient_quota",
            named(429, "code", "insufficient_quota"),
            InsufficientFunds,
            NEVER,
            Credits,
        ),
        ("400 budget_exceeded", named(400, "type", "budget_exceeded"), InsufficientFunds, NEVER, Credits),
        ("400 invalid_api_key", named(400, "code", "invalid_api_key"), Unauthenticated, NEVER, KeyRefused),
        (
            "403 permission_denied",
            named(403, "error_type", "permission_denied"),
            PermissionDenied,
            NEVER,
            KeyRefused,
        ),
        ("403 moderation", Reply::raw(403, moderated), InvalidInput, NEVER, Moderated),
        (
            "400 content_policy_violation",
            named(400, "error_type", "content_policy_violation"),
            InvalidInput,
            NEVER,
            Moderated,
        ),
        (
            "400 content_filter of the host",
            named(400, "code", "content_filter"),
            Unavailable,
            NEVER,
            Filtered,
        ),
        (
            "500 provider_overloaded",
            named(500, "error_type", "provider_overloaded"),
            Unavailable,
            LATER,
            Outage,
        ),
        ("500 timeout", named(500, "error_type", "timeout"), Unavailable, LATER, FailureReason::Timeout),
        (
            "400 payload_too_large",
            named(400, "error_type", "payload_too_large"),
            InvalidInput,
            NEVER,
            BadRequest,
        ),
    ]
}

/// Failures inside an answer with status 200.
fn inside() -> Vec<Row> {
    use ErrorKind::*;
    let limited = r#"{"error":{"code":429,"message":"m"},"user_id":"u"}"#;
    let half =
        r#"{"finish_reason":"error","message":{"content":"Blu"},"error":{"code":502,"message":"gone"}}"#;
    vec![
        (
            "200 with an error",
            Reply::raw(200, limited).header("retry-after", "4"),
            ErrorKind::RateLimited,
            after(4),
            FailureReason::RateLimited,
        ),
        ("200 with a named error", named(200, "code", "server_error"), Unavailable, LATER, Outage),
        (
            "200 with an error in words",
            Reply::raw(200, r#"{"error":"upstream failed"}"#),
            Unavailable,
            LATER,
            Outage,
        ),
        ("200 with a failed choice", choice(half), Unavailable, LATER, Outage),
        (
            "200 with finish_reason error",
            choice(r#"{"finish_reason":"error","message":{"content":"Blu"}}"#),
            Unavailable,
            LATER,
            Outage,
        ),
        ("200 without a choice", choice(""), Unavailable, LATER, Empty),
        (
            "200 with an empty choice",
            choice(r#"{"finish_reason":"stop","message":{"content":null}}"#),
            Unavailable,
            LATER,
            Empty,
        ),
        (
            "200 with white space",
            choice(r#"{"finish_reason":"stop","message":{"content":" \n"}}"#),
            Unavailable,
            LATER,
            Empty,
        ),
        (
            "200 cut by tokens",
            choice(r#"{"finish_reason":"length","message":{"content":"The sky"}}"#),
            Unavailable,
            NEVER,
            Truncated,
        ),
        (
            "200 withheld",
            choice(r#"{"finish_reason":"content_filter","message":{"content":""}}"#),
            Unavailable,
            NEVER,
            Filtered,
        ),
        (
            "200 refused by the model",
            choice(r#"{"finish_reason":"stop","message":{"refusal":"I will not"}}"#),
            Unavailable,
            NEVER,
            Filtered,
        ),
        ("200 that is a page", Reply::raw(200, "<html>welcome</html>"), Unavailable, LATER, Malformed),
        ("200 that is half JSON", Reply::raw(200, r#"{"choices":[{"#), Unavailable, LATER, Malformed),
        ("200 that is other JSON", Reply::raw(200, r#"{"hello":1}"#), Unavailable, LATER, Malformed),
        ("200 that is nothing", Reply::raw(200, ""), Unavailable, LATER, Malformed),
    ]
}

fn connections() -> Vec<Row> {
    let body = r#"{"choices":[{"message":{"content":"Blue."}}]}"#;
    let lost = (ErrorKind::Unavailable, LATER, Disconnected);
    vec![
        ("closed before the answer", Reply::dropped(), lost.0, lost.1, lost.2),
        ("closed within the answer", Reply::raw(200, body).cut_after(20), lost.0, lost.1, lost.2),
        (
            "closed within a refusal",
            Reply::raw(429, body).cut_after(3).header("retry-after", "6"),
            ErrorKind::RateLimited,
            after(6),
            FailureReason::RateLimited,
        ),
    ]
}

async fn asked(reply: Reply) -> (Server, Error) {
    let server = Server::start().await;
    server.model("m", [reply]);
    // It never moves, so only instants depend on it; no case here waits.
    let clock = ManualClock::new("2026-01-31T12:00:00Z".parse().unwrap());
    let config = OpenAiConfig::new("local", server.base_url());
    let provider = OpenAiLlmProvider::new(config, Arc::new(clock)).unwrap();
    let error = provider.complete(&request("m")).await.unwrap_err();
    (server, error)
}

#[tokio::test]
async fn every_failure_has_its_kind_its_retry_and_its_reason() {
    let mut wrong = Vec::new();
    println!("{:<36} {:<18} {:<22} reason", "answer", "kind", "retry");
    for (name, reply, kind, retry, reason) in
        [statuses(), pauses(), names(), inside(), connections()].into_iter().flatten()
    {
        let (server, error) = asked(reply).await;
        let found = error.completion_failure().map(|failure| failure.reason);
        let shown = format!("{:?}", error.retry());
        println!("{name:<36} {:<18} {shown:<22} {found:?}", error.kind().as_str());
        if (error.kind(), error.retry(), found) != (kind, retry, Some(reason)) {
            wrong.push(format!("{name}: wanted {kind} {retry:?} {reason:?}, found {error:?}"));
        }
        assert!(error.context().contains(&("model", "m".to_owned())), "{name}: {error}");
        assert!(error.context().contains(&("provider", "local".to_owned())), "{name}: {error}");
        assert_eq!(server.calls(), 1, "{name}: one call is one request");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn an_answer_that_cannot_be_used_keeps_what_it_cost() {
    for end in ["length", "content_filter", "error", "stop"] {
        let (_server, error) = asked(choice(&format!(r#"{{"finish_reason":"{end}"}}"#))).await;
        let failure = error.completion_failure().unwrap();
        assert_eq!(failure.usage, Usage::new(7, 3), "{end}");
        assert_eq!(failure.cost.unwrap().to_string(), "0.00012", "{end}");
        assert!(!failure.may_be_charged, "{end}: it is known");
    }
}

#[tokio::test]
async fn a_lost_answer_may_be_charged_and_a_refused_request_is_not() {
    let body = r#"{"choices":[{"message":{"content":"Blue."}}]}"#;
    for (name, reply, may_be) in [
        ("closed before", Reply::dropped(), true),
        ("closed within", Reply::raw(200, body).cut_after(20), true),
        ("not JSON", Reply::raw(200, "<html>"), true),
        ("refused", Reply::error(503, "busy"), false),
        ("an error inside", Reply::raw(200, r#"{"error":{"code":502}}"#), false),
    ] {
        let (_server, error) = asked(reply).await;
        assert_eq!(error.completion_failure().unwrap().may_be_charged, may_be, "{name}");
    }
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let nobody = OpenAiConfig::new("local", format!("http://{free}/v1"));
    let provider = OpenAiLlmProvider::new(nobody, SystemClock::shared()).unwrap();
    let error = provider.complete(&request("m")).await.unwrap_err();
    let failure = error.completion_failure().unwrap();
    assert_eq!((failure.reason, failure.may_be_charged), (Disconnected, false), "{error:?}");
}

#[tokio::test]
async fn an_explanation_is_passed_on_unless_it_repeats_the_prompt() {
    let explained = |error: &Error| {
        let found = error.context().iter().find(|(key, _)| *key == "explanation");
        found.map(|(_, text)| text.clone())
    };
    let (_server, error) = asked(Reply::error(400, "temperature must be\n at most 2")).await;
    assert_eq!(explained(&error).as_deref(), Some("temperature must be at most 2"));
    let (_server, error) = asked(Reply::error(400, "flagged: What colour is the s…")).await;
    assert_eq!(explained(&error), None);
}
