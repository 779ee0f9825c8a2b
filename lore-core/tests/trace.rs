//! What the trace layer and AI help record, as a subscriber sees it.
//!
//! In a process of their own: `tracing` remembers for the whole process whether anybody listens to a place in the code, and
//! while there is one subscriber it asks only the thread that comes to the place first. A test that comes first, without a
//! subscriber, would silence the place for these too. They come to different places.

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
    BoxFuture, Caller, ErrorKind, Retry,
    ai::{
        AiPolicy, AiService, Ask, TierModel,
        operations::{TitleRequest, Work},
    },
    domain::asset::AssetType,
    layer::{Layer, TraceLayer},
    memory::{
        ai_log::MemoryAiLog,
        clock::ManualClock,
        llm::{Reply, ScriptedLlmProvider},
    },
    port::llm::{CompletionRequest, Message, Role},
    task::Spawner,
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

/// Tasks on the runtime of the test.
#[derive(Debug)]
struct OnRuntime;

impl Spawner for OnRuntime {
    #[expect(clippy::disallowed_methods, reason = "the service's tasks run somewhere")]
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        drop(tokio::spawn(task));
    }
}

#[tokio::test]
async fn a_call_to_a_model_is_a_span_under_the_names_of_open_telemetry_without_contents() {
    let clock = Arc::new(ManualClock::default());
    let answer = r#"{"titles": ["Harbour at Dusk", "Copper and Salt", "Sea of Glass", "The Old Quay"]}"#;
    let provider = ScriptedLlmProvider::new("scripted", clock.clone())
        .model("broken", [Reply::failure(ErrorKind::Unavailable, Retry::After(None))])
        .model("steady", [Reply::text(answer)]);
    let mut policy = AiPolicy::default();
    policy.fast = ["broken", "steady"].map(TierModel::new).to_vec();
    let ai = AiService::builder(Arc::new(MemoryAiLog::new()), Arc::new(OnRuntime))
        .llm_provider(Arc::new(provider))
        .clock(clock)
        .policy(policy)
        .build()
        .unwrap();
    let lines = Lines::default();
    let listening = tracing::subscriber::set_default(lines.clone());
    let work = Work::new(AssetType::Writing).title("A harbour that nobody may know of");
    let reply = ai.ask(&Caller::System, &Ask::new(TitleRequest::new(work))).await.unwrap();
    drop(listening);

    let usage = reply.answer.usage;
    let span = |model: &str| {
        format!(
            "gen_ai.chat otel.name=chat {model} otel.kind=\"client\" gen_ai.operation.name=\"chat\" \
             gen_ai.provider.name=scripted gen_ai.request.model={model} lore.ai.operation=\"titles\""
        )
    };
    let lines = lines.lines.lock().unwrap();
    assert_eq!(
        *lines,
        [
            format!("span 1 {}", span("broken")),
            r#"span 1 error.type="outage""#.to_owned(),
            "WARN message=a model failed error=complete: the model failed as its script says: outage (provider \
             `scripted`, model `broken`) micros=0"
                .to_owned(),
            format!("span 2 {}", span("steady")),
            r#"span 2 gen_ai.response.model="steady""#.to_owned(),
            format!("span 2 gen_ai.usage.input_tokens={}", usage.prompt_tokens),
            format!("span 2 gen_ai.usage.output_tokens={}", usage.completion_tokens),
            "DEBUG message=a model answered micros=0".to_owned(),
        ]
    );
    let all = lines.join("\n");
    assert!(!all.to_lowercase().contains("harbour"), "{all}");
}
