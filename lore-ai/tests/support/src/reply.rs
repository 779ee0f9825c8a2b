//! [`Reply`]: what a model does with one request.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use hyper::header::{HeaderName, HeaderValue};
use serde_json::json;

/// What a model does with one request. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Reply {
    pub(crate) delay: Duration,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) does: Does,
}

/// How an answer in pieces ends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum End {
    Properly,
    /// The connection breaks.
    Cut,
    /// Not at all: nothing more comes.
    Never,
}

#[derive(Clone, Debug)]
pub(crate) enum Does {
    /// Answers, whole or in pieces, as it was asked to.
    Says(Arc<Speech>),
    /// Answers with these bytes, whatever it was asked to.
    Body { status: u16, body: Bytes, cut_at: Option<usize> },
    /// Answers with these pieces of an event stream.
    Events { pieces: Arc<[Bytes]>, gap: Duration, end: End },
    /// Closes the connection.
    Drops,
    /// Never answers.
    Hangs,
}

#[derive(Clone, Debug)]
pub(crate) struct Speech {
    text: String,
    usage: Option<(u64, u64)>,
    cost: Option<String>,
    finish: &'static str,
    pub(crate) gap: Duration,
}

impl Reply {
    fn of(does: Does) -> Self {
        Self { delay: Duration::ZERO, headers: Vec::new(), does }
    }

    /// Answers with a text. If a stream is asked for, word by word.
    pub fn text(text: impl Into<String>) -> Self {
        let text = text.into();
        let usage = Some((10, text.len().div_ceil(4) as u64));
        Self::of(Does::Says(Arc::new(Speech {
            text,
            usage,
            cost: None,
            finish: "stop",
            gap: Duration::ZERO,
        })))
    }

    /// Answers with a status and a body, called JSON.
    pub fn raw(status: u16, body: impl Into<Bytes>) -> Self {
        Self::of(Does::Body { status, body: body.into(), cut_at: None })
    }

    /// Answers with an error as OpenRouter writes it.
    pub fn error(code: u16, message: &str) -> Self {
        Self::raw(code, json!({ "error": { "code": code, "message": message } }).to_string())
    }

    /// Answers with these pieces of an event stream, each sent by itself.
    pub fn events<P: Into<Bytes>>(pieces: impl IntoIterator<Item = P>) -> Self {
        let pieces = pieces.into_iter().map(Into::into).collect();
        Self::of(Does::Events { pieces, gap: Duration::ZERO, end: End::Properly })
    }

    /// Closes the connection instead of answering.
    pub fn dropped() -> Self {
        Self::of(Does::Drops)
    }

    /// Never answers.
    pub fn silent() -> Self {
        Self::of(Does::Hangs)
    }

    fn speech(mut self, change: impl FnOnce(&mut Speech)) -> Self {
        match &mut self.does {
            Does::Says(speech) => change(Arc::make_mut(speech)),
            other => panic!("only a text has that, not {other:?}"),
        }
        self
    }

    /// States the cost of a text, as a JSON number in these very digits.
    pub fn cost(self, digits: &str) -> Self {
        self.speech(|speech| speech.cost = Some(digits.to_owned()))
    }

    /// States what a text used.
    pub fn usage(self, prompt_tokens: u64, completion_tokens: u64) -> Self {
        self.speech(|speech| speech.usage = Some((prompt_tokens, completion_tokens)))
    }

    /// States neither what a text used nor its cost.
    pub fn without_usage(self) -> Self {
        self.speech(|speech| speech.usage = None)
    }

    /// States another reason for the end of a text than `stop`.
    pub fn finish(self, reason: &'static str) -> Self {
        self.speech(|speech| speech.finish = reason)
    }

    /// Waits so long before each piece of a stream.
    pub fn gap(mut self, gap: Duration) -> Self {
        if let Does::Events { gap: of_events, .. } = &mut self.does {
            *of_events = gap;
            return self;
        }
        self.speech(|speech| speech.gap = gap)
    }

    /// Breaks the connection: a body after so many bytes, a stream after so many pieces.
    pub fn cut_after(mut self, count: usize) -> Self {
        match &mut self.does {
            Does::Body { cut_at, .. } => *cut_at = Some(count),
            Does::Events { pieces, end, .. } => {
                *pieces = pieces.iter().take(count).cloned().collect();
                *end = End::Cut;
            }
            other => panic!("only a body or a stream can be cut, not {other:?}"),
        }
        self
    }

    /// Sends nothing after the last piece of a stream, and leaves the connection open.
    pub fn stalls(mut self) -> Self {
        match &mut self.does {
            Does::Events { end, .. } => *end = End::Never,
            other => panic!("only a stream can stall, not {other:?}"),
        }
        self
    }

    /// Adds a header.
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((HeaderName::from_static(name), value.parse().expect("a header's value")));
        self
    }

    /// Takes so long about it.
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

impl Speech {
    fn usage_json(&self) -> String {
        let Some((prompt, completion)) = self.usage else { return "null".to_owned() };
        let total = prompt + completion;
        let cost = self.cost.as_ref().map(|digits| format!(r#","cost":{digits}"#)).unwrap_or_default();
        format!(
            r#"{{"prompt_tokens":{prompt},"completion_tokens":{completion},"total_tokens":{total}{cost}}}"#
        )
    }

    pub(crate) fn whole(&self, model: &str) -> Bytes {
        let (model, text, usage) = (quoted(model), quoted(&self.text), self.usage_json());
        format!(
            r#"{{"id":"gen-1","object":"chat.completion","created":1,"provider":"Testbed","model":{model},"choices":[{{"index":0,"finish_reason":"{}","message":{{"role":"assistant","content":{text},"refusal":null}}}}],"usage":{usage}}}"#,
            self.finish
        )
        .into()
    }

    /// A comment, the words, the end, the usage without a choice, and the closing mark.
    pub(crate) fn pieces(&self, model: &str) -> Vec<Bytes> {
        let model = quoted(model);
        let chunk = |choices: String, more: String| {
            Bytes::from(format!(
                "data: {{\"id\":\"gen-1\",\"object\":\"chat.completion.chunk\",\"model\":{model},\"choices\":[{choices}]{more}}}\n\n"
            ))
        };
        let word = |word: &str| {
            chunk(
                format!(r#"{{"index":0,"delta":{{"content":{}}},"finish_reason":null}}"#, quoted(word)),
                String::new(),
            )
        };
        let mut pieces = vec![Bytes::from_static(b": OPENROUTER PROCESSING\n\n")];
        pieces.extend(self.text.split_inclusive(' ').map(word));
        let end = format!(r#"{{"index":0,"delta":{{}},"finish_reason":"{}"}}"#, self.finish);
        pieces.push(chunk(end, String::new()));
        pieces.push(chunk(String::new(), format!(",\"usage\":{}", self.usage_json())));
        pieces.push(Bytes::from_static(b"data: [DONE]\n\n"));
        pieces
    }
}
