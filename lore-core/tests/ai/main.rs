//! AI help as an application sees it: the service over providers that follow a script, a log in memory, and a clock that a
//! test moves.

#![expect(
    clippy::disallowed_methods,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests start callers of their own, and their helpers fail like tests"
)]

mod budget;
mod cache;
mod fallback;
mod flight;
mod log;
mod recover;
mod shared;
#[path = "../layers/sums.rs"]
mod sums;
mod telemetry;

use std::{sync::Arc, time::Duration};

use lore_core::{
    Address, BoxFuture, Caller, Clock, ErrorKind, Retry, Usd, Violation, Violations,
    ai::{
        AiPolicy, AiService, Ask, KeyHasher, Operation, OperationKind, Tier, TierModel,
        audit::{AuditEntry, CallEntry, RequestEntry},
        normalized,
    },
    memory::{
        ai_log::MemoryAiLog,
        clock::ManualClock,
        llm::{Reply, ScriptedLlmProvider},
    },
    port::{
        ai_log::AuditLog as _,
        cache::Cache,
        llm::{Message, Price, Role},
    },
    task::Spawner,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A question of the tests' own: name a colour for a text.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Colour {
    pub(crate) text: String,
    pub(crate) hints: Vec<String>,
    pub(crate) shades: u32,
    pub(crate) has_rules: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Named {
    pub(crate) colour: String,
}

impl Colour {
    pub(crate) fn of(text: &str) -> Self {
        Self { text: text.to_owned(), hints: Vec::new(), shades: 7, has_rules: false }
    }
}

impl Operation for Colour {
    type Output = Named;
    const KIND: OperationKind = OperationKind::Analysis;
    const PROMPT_VERSION: u32 = 1;

    fn check(&self) -> Result<(), Violations> {
        let mut violations = Violations::new();
        violations.require(!self.text.trim().is_empty(), "text", "empty", "some text");
        violations.into_result(())
    }

    fn key(&self, key: &mut KeyHasher) {
        let Self { text, hints, shades, has_rules } = self;
        key.text("text", text)
            .text_set("hints", hints.iter().map(String::as_str))
            .number("shades", u64::from(*shades))
            .flag("has_rules", *has_rules);
    }

    fn prompt(&self) -> Vec<Message> {
        vec![Message::new(Role::System, "Name a colour."), Message::new(Role::User, normalized(&self.text))]
    }

    fn max_tokens(&self) -> u32 {
        100
    }

    fn accept(&self, output: Named) -> Result<Named, Violations> {
        if output.colour == "ultraviolet" {
            return Err(Violation::new("colour", "invisible", "a colour that people see").into());
        }
        Ok(output)
    }

    fn by_rules(&self) -> Option<Named> {
        self.has_rules.then(|| Named { colour: "grey".to_owned() })
    }
}

pub(crate) fn says(colour: &str) -> Reply {
    Reply::text(format!("{{\"colour\": \"{colour}\"}}")).cost(Usd::from_picos(1_000))
}

pub(crate) fn limited(seconds: Option<u64>) -> Reply {
    Reply::failure(ErrorKind::RateLimited, Retry::After(seconds.map(Duration::from_secs)))
}

pub(crate) fn out_of_order() -> Reply {
    Reply::failure(ErrorKind::Unavailable, Retry::After(None))
}

pub(crate) const ANNA: Address = Address::from_bytes([1; 20]);
pub(crate) const BEN: Address = Address::from_bytes([2; 20]);

pub(crate) fn anna() -> Caller {
    Caller::User(ANNA)
}

/// A service with three models, and everything behind it.
pub(crate) struct Fixture {
    pub(crate) clock: ManualClock,
    pub(crate) log: MemoryAiLog,
    pub(crate) provider: ScriptedLlmProvider,
    pub(crate) ai: AiService,
}

pub(crate) fn policy() -> AiPolicy {
    let mut policy = AiPolicy::default();
    policy.fast = ["one", "two", "three"].map(TierModel::new).to_vec();
    policy.quality = vec![TierModel::new("best")];
    let price = Price::new(Usd::from_picos(10), Usd::from_picos(20));
    policy.prices = ["one", "two", "three", "best"].map(|model| (model.to_owned(), price)).into();
    policy
}

/// Tasks on the runtime of the test.
#[derive(Debug)]
pub(crate) struct OnRuntime;

impl Spawner for OnRuntime {
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        drop(tokio::spawn(task));
    }
}

pub(crate) struct Setup {
    pub(crate) clock: ManualClock,
    pub(crate) log: MemoryAiLog,
    pub(crate) policy: AiPolicy,
    pub(crate) shared: Option<Arc<dyn Cache>>,
}

impl Setup {
    pub(crate) fn new() -> Self {
        let clock = ManualClock::default().auto_advance();
        Self { clock, log: MemoryAiLog::new(), policy: policy(), shared: None }
    }

    /// A clock that only the test moves.
    pub(crate) fn standing_still() -> Self {
        Self { clock: ManualClock::default(), ..Self::new() }
    }

    pub(crate) fn scripted(self, script: impl FnOnce(ScriptedLlmProvider) -> ScriptedLlmProvider) -> Fixture {
        let clock: Arc<dyn Clock> = Arc::new(self.clock.clone());
        let provider = script(ScriptedLlmProvider::new("scripted", clock.clone()));
        let mut builder = AiService::builder(Arc::new(self.log.clone()), Arc::new(OnRuntime))
            .llm_provider(Arc::new(provider.clone()))
            .clock(clock)
            .policy(self.policy);
        if let Some(shared) = self.shared {
            builder = builder.shared_cache(shared);
        }
        Fixture { clock: self.clock, log: self.log, provider, ai: builder.build().unwrap() }
    }
}

impl Fixture {
    /// One that has an answer past its time, and whose only model that answers then does so no more.
    pub(crate) async fn with_an_answer_past_its_time() -> Self {
        let mut setup = Setup::new();
        setup.policy.stale_while_revalidate_seconds = 0;
        let fixture = setup.scripted(|provider| provider.model("one", [says("blue"), out_of_order()]));
        fixture.ask("sea").await.unwrap();
        fixture.clock.advance(Duration::from_secs(3_700));
        fixture
    }

    pub(crate) fn new(replies: impl IntoIterator<Item = Reply>) -> Self {
        Setup::new().scripted(|provider| provider.model("one", replies))
    }

    pub(crate) async fn ask(&self, text: &str) -> lore_core::Result<lore_core::ai::Reply<Named>> {
        self.ai.ask(&anna(), &Ask::new(Colour::of(text))).await
    }

    /// Every line of the log, once it verifies.
    pub(crate) async fn lines(&self) -> Vec<AuditEntry> {
        self.ai.flush().await;
        let verdict = lore_core::ai::audit::verify(&self.log, None).await.unwrap();
        verdict.into_result().unwrap();
        let lines = self.log.lines(0, u32::MAX).await.unwrap();
        lines.iter().map(|line| line.entry().unwrap()).collect()
    }

    pub(crate) async fn calls(&self) -> Vec<CallEntry> {
        let calls = self.lines().await.into_iter().filter_map(|line| match line {
            AuditEntry::Call(call) => Some(*call),
            _ => None,
        });
        calls.collect()
    }

    pub(crate) async fn requests(&self) -> Vec<RequestEntry> {
        let requests = self.lines().await.into_iter().filter_map(|line| match line {
            AuditEntry::Request(request) => Some(*request),
            _ => None,
        });
        requests.collect()
    }
}

pub(crate) fn quality(text: &str) -> Ask<Colour> {
    Ask::new(Colour::of(text)).tier(Tier::Quality)
}
