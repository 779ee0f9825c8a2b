//! [`CompletionStream`]: an answer while it is being written, as server-sent events.

use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use futures_core::Stream;
use futures_util::{
    StreamExt as _,
    future::{Either, select},
    stream,
};
use lore_core::{Error, Result, error::FailureReason, port::llm::Completion};
use reqwest::{RequestBuilder, Response, header::CONTENT_TYPE};
use serde_json::value::RawValue;
use sse_stream::{Sse, SseByteStream};

use crate::{
    failure::{Asked, Head},
    http::{Expiry, Http, MAX_ANSWER_BYTES},
    provider::{closed, read_completion},
    wire::{Chunk, Finish, WireAnswer, WireUsage},
};

/// What a stream of an answer brings.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CompletionEvent {
    /// The next piece of the text; never empty.
    Delta(String),
    /// The whole answer with what it used. Nothing comes after it.
    Done(Completion),
}

/// An answer while it is being written: pieces of text, then the whole completion, or an error.
///
/// ```no_run
/// use futures_util::StreamExt as _;
/// use lore_ai::CompletionEvent;
/// # async fn show(
/// #     provider: lore_ai::OpenAiLlmProvider,
/// #     request: lore_core::port::llm::CompletionRequest,
/// # ) -> lore_core::Result<()> {
/// let mut answer = provider.stream(&request).await?;
/// while let Some(event) = answer.next().await {
///     match event? {
///         CompletionEvent::Delta(piece) => print!("{piece}"),
///         CompletionEvent::Done(completion) => println!("\n{} tokens", completion.usage.total()),
///         _ => {}
///     }
/// }
/// # Ok(()) }
/// ```
#[must_use = "a stream does nothing unless it is read"]
pub struct CompletionStream(Pin<Box<dyn Stream<Item = Result<CompletionEvent>> + Send>>);

impl fmt::Debug for CompletionStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CompletionStream").finish_non_exhaustive()
    }
}

impl Stream for CompletionStream {
    type Item = Result<CompletionEvent>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(context)
    }
}

/// Sends the request and waits for the head of the answer.
pub(crate) async fn open(
    http: &Arc<Http>,
    request: RequestBuilder,
    limit: Duration,
    asked: Asked,
    model: &str,
) -> Result<CompletionStream> {
    let start = http.clock().monotonic();
    let mut expiry = http.first_byte_expiry(start, limit);
    let (head, response) = http.send(request, &mut expiry, || asked.clone()).await?;
    let content_type =
        head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if head.is_success() && !content_type.starts_with("application/json") {
        let events = SseByteStream::new(limited(response));
        let reading = Reading {
            events,
            http: Arc::clone(http),
            asked,
            head,
            start,
            limit,
            expiry,
            has_begun: false,
            text: String::new(),
            model: model.to_owned(),
            finish: None,
            used: None,
        };
        let events = stream::unfold(Some(reading), |reading| async { Some(reading?.step().await) });
        return Ok(CompletionStream(Box::pin(events)));
    }
    // Some servers answer whole, whatever they were asked; and all of them refuse whole.
    let mut whole = http.expiry(start, limit);
    let body = http.read(response, &head, &mut whole, || asked.clone()).await?;
    let completion = read_completion(&head, &body, model, || asked.clone())?;
    let events = [CompletionEvent::Delta(completion.text.clone()), CompletionEvent::Done(completion)];
    Ok(CompletionStream(Box::pin(stream::iter(events.map(Ok)))))
}

/// Why there are no more bytes.
#[derive(Debug)]
enum BodyFault {
    Connection(reqwest::Error),
    TooLarge,
}

impl fmt::Display for BodyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connection(_) => "the connection broke",
            Self::TooLarge => "the answer is larger than allowed",
        })
    }
}

impl std::error::Error for BodyFault {}

type Pieces = Pin<Box<dyn Stream<Item = Result<Bytes, BodyFault>> + Send>>;

/// The body, up to the most bytes of an answer.
fn limited(response: Response) -> Pieces {
    let mut left = MAX_ANSWER_BYTES;
    Box::pin(response.bytes_stream().map(move |piece| {
        let piece = piece.map_err(BodyFault::Connection)?;
        left = left.checked_sub(piece.len()).ok_or(BodyFault::TooLarge)?;
        Ok(piece)
    }))
}

/// A stream that is being read.
struct Reading {
    events: SseByteStream<Pieces>,
    http: Arc<Http>,
    asked: Asked,
    head: Head,
    start: Duration,
    limit: Duration,
    /// For the first event, and after that for everything.
    expiry: Expiry,
    has_begun: bool,
    text: String,
    model: String,
    finish: Option<Finish>,
    used: Option<WireUsage>,
}

type Step = (Result<CompletionEvent>, Option<Reading>);

/// What reading one event leads to.
enum Turn {
    More,
    Delta(String),
    End,
}

impl Reading {
    /// Reads until there is something to hand out.
    async fn step(mut self) -> Step {
        loop {
            let next = match select(self.events.next(), &mut self.expiry.sleep).await {
                Either::Left((next, _)) => next,
                Either::Right(_) => {
                    return self.stopped(|reading| {
                        let phase = if reading.has_begun { "body" } else { "first event" };
                        reading.asked.timed_out(phase, reading.expiry.limit)
                    });
                }
            };
            let turn = match next {
                Some(Ok(event)) => self.absorb(&event),
                Some(Err(sse_stream::Error::Body(cause))) => {
                    return self.stopped(|reading| reading.lost(cause));
                }
                Some(Err(_)) => Err(self.asked.unusable(FailureReason::Malformed, self.used.as_ref())),
                None => return self.stopped(|reading| reading.asked.broken_off("body")),
            };
            match turn {
                Ok(Turn::More) => {}
                Ok(Turn::Delta(piece)) => return (Ok(CompletionEvent::Delta(piece)), Some(self)),
                Ok(Turn::End) => return self.close(),
                Err(error) => return (Err(self.measured(error)), None),
            }
        }
    }

    fn absorb(&mut self, event: &Sse) -> Result<Turn> {
        let Some(data) = event.data.as_deref() else { return Ok(Turn::More) };
        if !self.has_begun {
            self.has_begun = true;
            self.expiry = self.http.expiry(self.start, self.limit);
        }
        if data.trim() == "[DONE]" {
            return Ok(Turn::End);
        }
        let Ok(mut piece) = serde_json::from_str::<WireAnswer>(data) else {
            return Err(self.asked.unusable(FailureReason::Malformed, self.used.as_ref()));
        };
        self.used = piece.usage.or(self.used);
        let Chunk { text, finish, error, .. } = piece.take_chunk();
        let unframed = || event.event.as_deref().filter(|name| *name == "error").and_then(|_| raw(data));
        if let Some(error) = error.or_else(unframed) {
            // Pauses that end at an instant count from now, not from the head.
            self.head.now = self.http.clock().now();
            return Err(self.asked.told_inside(&self.head, &error, self.used.as_ref()));
        }
        if let Some(model) = piece.model {
            self.model = model;
        }
        self.finish = self.finish.max(finish);
        self.text.push_str(&text);
        Ok(if text.is_empty() { Turn::More } else { Turn::Delta(text) })
    }

    /// The end by word of the endpoint.
    fn close(self) -> Step {
        let Self { text, finish, model, used, asked, .. } = self;
        let received = text.chars().count();
        let closed = closed(text, finish, model, used, || asked.clone());
        let closed = closed.map_err(|error| error.with_context("received_chars", received));
        (closed.map(CompletionEvent::Done), None)
    }

    /// The end without one: of no matter once the model has stopped, as only the usage may be missing.
    fn stopped(self, error: impl FnOnce(&Self) -> Error) -> Step {
        if self.finish.is_some() {
            return self.close();
        }
        let error = self.measured(error(&self));
        (Err(error), None)
    }

    fn lost(&self, cause: Box<dyn std::error::Error + Send + Sync>) -> Error {
        match cause.downcast::<BodyFault>() {
            Ok(fault) => match *fault {
                BodyFault::Connection(err) => self.asked.disconnected(err, "body"),
                BodyFault::TooLarge => self.asked.too_large(MAX_ANSWER_BYTES),
            },
            Err(_) => self.asked.broken_off("body"),
        }
    }

    fn measured(&self, error: Error) -> Error {
        error.with_context("received_chars", self.text.chars().count())
    }
}

fn raw(json: &str) -> Option<Box<RawValue>> {
    serde_json::from_str(json).ok()
}
