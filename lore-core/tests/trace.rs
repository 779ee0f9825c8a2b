//! What the trace layer records, as a subscriber sees it.
//!
//! One test, alone in its process: `tracing` remembers for the whole process whether anybody listens to a place in the
//! code, and while there is one subscriber it asks only the thread that comes to the place first. A test beside this one
//! that comes first, without a subscriber, would silence the place for this one too.

#![cfg(test)]

use std::{
    fmt::{Debug, Write},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use futures_util::FutureExt;
use lore_core::{
    ErrorKind, Retry,
    layer::{Layer, TraceLayer},
    memory::{
        clock::ManualClock,
        llm::{Reply, ScriptedLlmProvider},
    },
    port::llm::{CompletionRequest, Message, Role},
};
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};

/// Writes down everything that is recorded, one line each.
#[derive(Clone, Default)]
struct Lines {
    lines: Arc<Mutex<Vec<String>>>,
    spans: Arc<AtomicU64>,
}

struct Fields<'a>(&'a mut String);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {}={value:?}", field.name()).unwrap();
    }
}

impl Lines {
    fn push(&self, mut line: String, record: impl FnOnce(&mut Fields<'_>)) {
        record(&mut Fields(&mut line));
        self.lines.lock().unwrap().push(line);
    }
}

impl Subscriber for Lines {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let id = self.spans.fetch_add(1, Ordering::Relaxed) + 1;
        self.push(format!("span {id} {}", span.metadata().name()), |fields| span.record(fields));
        Id::from_u64(id)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        self.push(format!("span {}", span.into_u64()), |fields| values.record(fields));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        self.push(event.metadata().level().to_string(), |fields| event.record(fields));
    }

    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

fn ask(model: &str) -> CompletionRequest {
    CompletionRequest::new(model, vec![Message::new(Role::User, "what the user wrote")])
}

#[test]
fn a_call_is_a_span_and_a_failure_is_an_event_without_contents() {
    let lines = Lines::default();
    let provider = ScriptedLlmProvider::new("scripted", Arc::new(ManualClock::default()))
        .model("steady", [Reply::text("what the model said")])
        .model("broken", [Reply::failure(ErrorKind::Unavailable, Retry::After(None))]);
    let layered = TraceLayer.llm_provider(Arc::new(provider));
    tracing::subscriber::with_default(lines.clone(), || {
        layered.complete(&ask("steady")).now_or_never().unwrap().unwrap();
        layered.complete(&ask("broken")).now_or_never().unwrap().unwrap_err();
        layered.complete(&ask("missing")).now_or_never().unwrap().unwrap_err();
    });
    let lines = lines.lines.lock().unwrap();
    let call = r#"call port="llm_provider" adapter="scripted" op="complete""#;
    let failed = r#"message=the call failed port="llm_provider" adapter="scripted" op="complete""#;
    assert_eq!(
        *lines,
        [
            format!("span 1 {call}"),
            r#"span 1 outcome="ok""#.to_owned(),
            format!("span 2 {call}"),
            r#"span 2 outcome="unavailable""#.to_owned(),
            format!(
                "WARN {failed} kind=\"unavailable\" retry=After(None) error=complete: the model failed as its script \
                 says: outage (provider `scripted`, model `broken`)"
            ),
            format!("span 3 {call}"),
            r#"span 3 outcome="not_found""#.to_owned(),
            format!(
                "DEBUG {failed} kind=\"not_found\" retry=Never error=complete: the provider does not have this model: \
                 model_gone (provider `scripted`, model `missing`)"
            ),
        ]
    );
    // Neither what was asked nor what was answered.
    assert!(!lines.join("\n").contains("what the"));
}
