//! [`Engine`]: what all requests of a process share.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU8, AtomicU64, Ordering},
    },
    time::Duration,
};

use super::{
    answer::answer_shape,
    audit::{InputRecord, close_overdue_calls},
    catalogue::{Candidate, Catalogue},
    cooldown::{Cooldowns, Cooled, Readiness},
    flight::Flights,
    kept::{AnswerCache, KeptAnswer},
    key::{AnswerKey, KeyHasher},
    line::{Asked, QueuedLine},
    operation::Operation,
    policy::{AiPolicy, LogText},
    queue::LogQueue,
    reply::{Ask, Owner},
    shared::SharedCache,
    sharing::Sharing,
};
use crate::{
    error::{Error, FailureRecord},
    ids::RandomPool,
    onchain::Address,
    port::{
        ai_log::CallLedger,
        llm::{EXPLANATION, Usage},
    },
    task::Spawner,
    time::Clock,
    usd::Usd,
};

pub(super) struct Engine {
    pub(super) policy: AiPolicy,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) spawner: Arc<dyn Spawner>,
    pub(super) ledger: Arc<dyn CallLedger>,
    pub(super) catalogue: Catalogue,
    pub(super) cooldowns: Cooldowns,
    pub(super) shared: Option<Arc<SharedCache>>,
    pub(super) sharing: Sharing,
    pub(super) cache: AnswerCache,
    pub(super) flights: Arc<Flights<Landed>>,
    pub(super) queue: Arc<LogQueue<QueuedLine>>,
    /// A fork does not survive it: the spawner's runtime ends with the process.
    pub(super) ids: RandomPool,
    pub(super) overdue: OverdueCalls,
}

/// How often a process that is asked looks for calls that dead processes left open.
const LOOK_FOR_OVERDUE: Duration = Duration::from_secs(60);

/// When overdue calls were last looked for: seconds on the monotonic reading.
#[derive(Debug)]
pub(super) struct OverdueCalls(AtomicU64);

impl OverdueCalls {
    pub(super) fn new(clock: &dyn Clock) -> Self {
        Self(AtomicU64::new(clock.monotonic().as_secs()))
    }

    /// True for the first who asks after each interval.
    fn are_due(&self, clock: &dyn Clock) -> bool {
        let (now, last) = (clock.monotonic().as_secs(), self.0.load(Ordering::Relaxed));
        now.saturating_sub(last) >= LOOK_FOR_OVERDUE.as_secs()
            && self.0.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("catalogue", &self.catalogue)
            .field("cache", &self.cache)
            .field("ledger", &self.ledger)
            .finish_non_exhaustive()
    }
}

/// What a load came to.
#[derive(Clone, Debug)]
pub(super) enum Landed {
    Answer(Arc<KeptAnswer>, Origin, Blame),
    Failed(Arc<Error>, Used, Blame),
}

/// Whom it is about that a load has no better answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Blame {
    /// Everybody who asks the same.
    Question,
    /// The one whose time is over. Others have their own.
    Time,
    /// The one who pays: the budget has no room, or cannot be kept. Others have their own.
    Payer(Option<Address>),
}

/// What the calls of a load used.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Used {
    pub(super) usage: Usage,
    pub(super) cost: Usd,
}

/// Where a load found its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// A model made it now.
    Model,
    /// Another process has it.
    Shared,
    /// Another process has it, it is past its time, and it serves while a new one is fetched.
    SharedStale,
    /// It is past its time, and no model answers.
    Stale,
    /// No model answers, and the operation has rules.
    Rules,
}

/// Who writes the line of the request that caused a load: the load, with its last call, or the caller, who may leave before.
#[derive(Clone, Debug, Default)]
pub(super) struct Claim(Arc<AtomicU8>);

const OPEN: u8 = 0;
const TAKEN: u8 = 1;
const LEFT: u8 = 2;

impl Claim {
    /// True for the first who asks.
    pub(super) fn take(&self) -> bool {
        self.0.compare_exchange(OPEN, TAKEN, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// The caller leaves: true if the line is theirs to write.
    pub(super) fn leave(&self) -> bool {
        self.0.swap(LEFT, Ordering::AcqRel) == OPEN
    }

    /// The load took it and cannot write: true if the caller will, false if they have left.
    pub(super) fn give_back(&self) -> bool {
        self.0.compare_exchange(TAKEN, OPEN, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}

/// What a load has to do.
pub(super) struct Job<O> {
    pub(super) operation: O,
    pub(super) asked: Asked,
    pub(super) key: AnswerKey,
    /// On the monotonic reading.
    pub(super) started: Duration,
    /// Whether the shared cache may answer.
    pub(super) may_be_cached: bool,
    /// Serves if no model answers; the shared cache may have one too.
    pub(super) stale: Option<Arc<KeptAnswer>>,
    /// `None`: nobody waits for this load.
    pub(super) claim: Option<Claim>,
}

impl Engine {
    /// Closes what dead processes left open, now and then.
    pub(super) async fn close_overdue_calls(&self) {
        if !self.overdue.are_due(&*self.clock) {
            return;
        }
        match close_overdue_calls(&*self.ledger, self.clock.now()).await {
            Ok(0) => {}
            Ok(calls) => tracing::warn!(calls, "calls whose process has died are closed as unknown"),
            // They stay reserved, and are tried again.
            Err(error) => tracing::warn!(%error, "calls whose process has died cannot be closed"),
        }
    }

    pub(super) fn key<O: Operation>(&self, ask: &Ask<O>, user: Option<Address>) -> AnswerKey {
        // A new field of `Ask` must say here whether it is part of the key; freshness is not.
        let Ask { operation, tier, scope, freshness: _ } = ask;
        let mut key = KeyHasher::new();
        key.text("operation", O::KIND.as_str())
            .number("prompt_version", u64::from(O::PROMPT_VERSION))
            .bytes("schema", &answer_shape::<O>().hash)
            .text("tier", tier.as_str());
        match Owner::of(*scope, user) {
            Owner::Everybody => key.flag("public", true),
            Owner::User(user) => key.bytes("user", user.as_bytes()),
            Owner::Application => key.absent("user"),
        };
        operation.key(&mut key);
        key.finish()
    }

    /// What the log keeps of an input.
    pub(super) fn input_record<O: Operation>(&self, operation: &O) -> InputRecord {
        let json = || serde_json::to_string(operation).ok();
        let record = match self.policy.log_text {
            LogText::Whole => json().map(InputRecord::Whole),
            LogText::Hashed => {
                json().map(|json| InputRecord::Hashed(*blake3::hash(json.as_bytes()).as_bytes()))
            }
            LogText::Redacted => None,
        };
        // Inputs are made of texts and numbers, so JSON can always say them.
        record.unwrap_or(InputRecord::Redacted)
    }

    /// What the log keeps of a failure: the words of an endpoint may repeat those of the input.
    pub(super) fn failure_record(&self, error: &Error) -> FailureRecord {
        match self.policy.log_text {
            LogText::Whole => error.to_record(),
            LogText::Hashed | LogText::Redacted => error.share().without_context(EXPLANATION).to_record(),
        }
    }

    pub(super) fn micros_since(&self, started: Duration) -> u64 {
        let taken = self.clock.monotonic().saturating_sub(started);
        u64::try_from(taken.as_micros()).unwrap_or(u64::MAX)
    }

    /// Whether a model may be asked: neither it nor its key is left alone.
    pub(super) async fn readiness(&self, candidate: &Candidate) -> Readiness {
        let key = Cooled::key(&candidate.provider_name);
        let of_key = self.cooldowns.readiness(&key).await;
        if let Readiness::Cooling(_) | Readiness::OnTrial = of_key {
            return of_key;
        }
        let model = Cooled::model(&candidate.provider_name, &candidate.model);
        let of_model = self.cooldowns.readiness(&model).await;
        match (of_key, of_model) {
            (Readiness::Trial, Readiness::Cooling(_) | Readiness::OnTrial) => {
                self.cooldowns.undecided(&key).await;
                of_model
            }
            (Readiness::Trial, _) => Readiness::Trial,
            _ => of_model,
        }
    }
}
