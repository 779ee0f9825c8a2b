//! Answers while they are being written.

#![cfg(test)]

use futures_util::StreamExt as _;
use lore_ai::{CompletionEvent, OpenAiConfig, OpenAiLlmProvider};
use lore_ai_testbed::{Reply, Server};
use lore_core::{
    Error, ErrorKind, Result, Retry, SystemClock,
    error::FailureReason,
    port::llm::{Completion, CompletionRequest, LlmProvider as _, Message, Role, Usage},
};

fn request() -> CompletionRequest {
    CompletionRequest::new("m", vec![Message::new(Role::User, "What colour is the sky?")])
}

/// The pieces of text, and how it ended.
struct Read {
    pieces: Vec<String>,
    end: Result<Completion>,
}

async fn read(reply: Reply) -> Result<Read> {
    let server = Server::start().await;
    server.model("m", [reply]);
    let config = OpenAiConfig::new("local", server.base_url());
    let provider = OpenAiLlmProvider::new(config, SystemClock::shared())?;
    let mut stream = provider.stream(&request()).await?;
    let mut pieces = Vec::new();
    loop {
        match stream.next().await.expect("a stream ends with a completion or an error") {
            Ok(CompletionEvent::Delta(piece)) => pieces.push(piece),
            Ok(CompletionEvent::Done(completion)) => {
                assert!(stream.next().await.is_none(), "nothing comes after the end");
                return Ok(Read { pieces, end: Ok(completion) });
            }
            Ok(other) => panic!("{other:?}"),
            Err(error) => {
                assert!(stream.next().await.is_none(), "nothing comes after an error");
                return Ok(Read { pieces, end: Err(error) });
            }
        }
    }
}

fn word(text: &str) -> String {
    format!(
        r#"{{"id":"g","model":"vendor/m","choices":[{{"delta":{{"content":{}}},"finish_reason":null}}]}}"#,
        serde_json::to_string(text).unwrap()
    )
}

fn end(reason: &str) -> String {
    format!(r#"{{"choices":[{{"delta":{{}},"finish_reason":"{reason}"}}]}}"#)
}

const USAGE: &str = r#"{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":2,"cost":2.55e-6}}"#;
const USAGE_WITH_CHOICE: &str = r#"{"choices":[{"index":0,"delta":{}}],"usage":{"prompt_tokens":9,"completion_tokens":2,"cost":2.55e-6}}"#;

fn data(chunks: &[&str]) -> String {
    chunks.iter().map(|chunk| format!("data: {chunk}\n\n")).collect()
}

fn blue() -> (String, String) {
    (word("Blue, as "), word("ever."))
}

fn assert_blue(name: &str, read: &Read) {
    let completion = read.end.as_ref().unwrap_or_else(|error| panic!("{name}: {error:?}"));
    assert_eq!(completion.text, "Blue, as ever.", "{name}");
    assert_eq!(read.pieces, ["Blue, as ", "ever."], "{name}");
    assert_eq!(completion.model, "vendor/m", "{name}");
}

#[tokio::test]
async fn a_stream_brings_the_pieces_and_then_the_whole_with_its_cost() {
    let (first, second) = blue();
    for (name, usage) in [("without a choice", USAGE), ("with a choice", USAGE_WITH_CHOICE)] {
        let text = data(&[&first, &second, &end("stop"), usage, "[DONE]"]);
        let read = read(Reply::events([format!(": OPENROUTER PROCESSING\n\n{text}")])).await.unwrap();
        assert_blue(name, &read);
        let completion = read.end.unwrap();
        assert_eq!(completion.usage, Usage::new(9, 2), "{name}");
        assert_eq!(completion.cost.unwrap().to_string(), "0.00000255", "{name}");
    }
}

#[tokio::test]
async fn every_way_to_write_events_is_read_however_it_is_cut() {
    let (first, second) = blue();
    let text = data(&[&first, &second, &end("stop"), "[DONE]"]);
    // A comment within an event, a field that nobody knows, data on several lines.
    let lines = format!(
        "event: message\n: ping\nnovelty: 1\ndata: {}\ndata:{}\nid: 7\n\n{}",
        "{\"model\":\"vendor/m\",",
        first.trim_start_matches("{\"id\":\"g\",\"model\":\"vendor/m\","),
        data(&[&second, &end("stop")]),
    );
    for (name, text) in [
        ("LF", text.clone()),
        ("CRLF", text.replace('\n', "\r\n")),
        ("CR", text.replace('\n', "\r")),
        ("comments between", text.replace("data:", ": keep-alive\n\ndata:")),
        ("several lines, no closing mark", lines.clone()),
        ("several lines with CRLF", lines.replace('\n', "\r\n")),
        ("a byte order mark", format!("\u{feff}{text}")),
        ("no space after the colon", text.replace("data: ", "data:")),
    ] {
        let bytes = text.into_bytes();
        for size in [1, 2, 7, 64, bytes.len()] {
            let pieces: Vec<_> = bytes.chunks(size).map(<[u8]>::to_vec).collect();
            let read = read(Reply::events(pieces)).await.unwrap();
            assert_blue(&format!("{name}, pieces of {size}"), &read);
        }
    }
}

#[tokio::test]
async fn letters_cut_in_half_arrive_whole() {
    let bytes = data(&[&word("grün 🦊"), "[DONE]"]).into_bytes();
    let pieces: Vec<_> = bytes.chunks(1).map(<[u8]>::to_vec).collect();
    assert_eq!(read(Reply::events(pieces)).await.unwrap().end.unwrap().text, "grün 🦊");
}

#[tokio::test]
async fn only_what_ended_is_a_completion() {
    let (first, second) = blue();
    let both = data(&[&first, &second]);
    let complete = format!("{both}{}", data(&[&end("stop")]));
    assert_blue("closed after the end", &read(Reply::events([complete.clone()])).await.unwrap());
    // Only the usage is lost.
    let cut = Reply::events([complete, "data: {\"choi".to_owned()]).cut_after(2);
    assert_blue("broken after the end", &read(cut).await.unwrap());
    let marked = format!("{both}{}", data(&["[DONE]"]));
    assert_blue("the mark without a reason", &read(Reply::events([marked])).await.unwrap());
}

#[tokio::test]
async fn a_failure_within_a_stream_says_why_and_how_much_text_had_come() {
    use FailureReason::{Disconnected, Empty, Filtered, Malformed, Outage, RateLimited, Truncated};
    let (first, second) = blue();
    let both = data(&[&first, &second]);
    let then = |more: &str| Reply::events([both.clone(), data(&[more])]);
    let limited = r#"{"error":{"code":429,"message":"m","metadata":{"headers":{"Retry-After":"8"}}},"choices":[{"delta":{"content":""},"finish_reason":"error"}]}"#;
    let named = r#"{"error":{"code":"server_error","message":"m"},"choices":[{"finish_reason":"error"}]}"#;
    let choice = r#"{"choices":[{"finish_reason":"error","error":{"code":502,"message":"m"}}]}"#;
    let event = format!("{both}event: error\ndata: {{\"message\":\"m\",\"type\":\"overloaded_error\"}}\n\n");
    let later = Retry::After(None);
    let pause = Retry::After(Some(std::time::Duration::from_secs(8)));
    let rows: Vec<(&str, Reply, Retry, FailureReason, usize)> = vec![
        ("an error with a code", then(limited), pause, RateLimited, 14),
        ("an error with a name", then(named), later, Outage, 14),
        ("an error in a choice", then(choice), later, Outage, 14),
        ("an event `error`", Reply::events([event]), later, Outage, 14),
        ("finish_reason error", then(&end("error")), later, Outage, 14),
        ("the most tokens", then(&end("length")), Retry::Never, Truncated, 14),
        ("withheld", then(&end("content_filter")), Retry::Never, Filtered, 14),
        ("no JSON", then("{\"choices\":[{"), later, Malformed, 14),
        (
            "no letters",
            Reply::events([both.clone().into_bytes(), b"data: \xff\xfe\n\n".to_vec()]),
            later,
            Malformed,
            14,
        ),
        ("closed in the middle", Reply::events([both.clone()]), later, Disconnected, 14),
        ("broken in the middle", then("{}").cut_after(1), later, Disconnected, 14),
        (
            "broken within an event",
            Reply::events([both.clone(), "data: {\"ch".to_owned()]).cut_after(2),
            later,
            Disconnected,
            14,
        ),
        ("closed at once", Reply::events([""; 0]), later, Disconnected, 0),
        ("nothing said", Reply::events([data(&[&end("stop"), "[DONE]"])]), later, Empty, 0),
    ];
    for (name, reply, retry, reason, chars) in rows {
        let read = read(reply).await.unwrap();
        let error = read.end.unwrap_err();
        let failure = error.completion_failure().unwrap_or_else(|| panic!("{name}: {error:?}"));
        assert_eq!((failure.reason, error.retry()), (reason, retry), "{name}: {error:?}");
        assert_eq!(failure.may_be_charged, matches!(reason, Disconnected | Malformed), "{name}");
        assert!(error.context().contains(&("received_chars", chars.to_string())), "{name}: {error}");
        assert_eq!(read.pieces.concat().chars().count(), chars, "{name}");
        assert_eq!(error.op(), "stream");
    }
}

#[tokio::test]
async fn a_truncated_stream_keeps_what_it_cost() {
    let text = data(&[&word("Blue"), &end("length"), USAGE, "[DONE]"]);
    let error = read(Reply::events([text])).await.unwrap().end.unwrap_err();
    let failure = error.completion_failure().unwrap();
    assert_eq!(
        (failure.usage, failure.cost.unwrap().to_string()),
        (Usage::new(9, 2), "0.00000255".to_owned())
    );
}

#[tokio::test]
async fn a_refusal_comes_before_the_stream() {
    let refused = |reply: Reply| async { read(reply).await.map(|_| ()).unwrap_err() };
    let error: Error = refused(Reply::error(429, "m").header("retry-after", "3")).await;
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    assert_eq!(error.retry(), Retry::After(Some(std::time::Duration::from_secs(3))));
    let inside = refused(Reply::raw(200, r#"{"error":{"code":402,"message":"m"}}"#)).await;
    assert_eq!(inside.kind(), ErrorKind::InsufficientFunds);
    let lost = refused(Reply::dropped()).await;
    assert_eq!(lost.completion_failure().unwrap().reason, FailureReason::Disconnected);
}

#[tokio::test]
async fn an_endpoint_that_does_not_stream_answers_in_one_piece() {
    let whole = r#"{"model":"vendor/m","choices":[{"finish_reason":"stop","message":{"content":"Blue."}}]}"#;
    let read = read(Reply::raw(200, whole)).await.unwrap();
    assert_eq!((read.pieces, read.end.unwrap().text), (vec!["Blue.".to_owned()], "Blue.".to_owned()));
}

#[tokio::test]
async fn whole_and_streamed_answers_are_the_same() {
    let server = Server::start().await;
    server.model("m", [Reply::text("one two three").usage(5, 6).cost("0.00042")]);
    let config = OpenAiConfig::new("local", server.base_url());
    let provider = OpenAiLlmProvider::new(config, SystemClock::shared()).unwrap();
    let whole = provider.complete(&request()).await.unwrap();
    let events: Vec<_> = provider.stream(&request()).await.unwrap().collect().await;
    let last = events.into_iter().next_back().unwrap().unwrap();
    assert_eq!(last, CompletionEvent::Done(whole));
}
