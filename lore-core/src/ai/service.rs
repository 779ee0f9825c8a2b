//! [`AiService`]: answers requests, out of the cache or by a model.

use std::{sync::Arc, time::Duration};

use futures_channel::oneshot::Receiver;
use futures_util::future::{Either, select};

use super::{
    audit::{AuditEntry, CacheOutcome, InputRecord, RequestOutcome, Source, close_overdue_calls},
    catalogue::{Catalogue, ModelReport},
    cooldown::Cooldowns,
    engine::{Blame, Claim, Engine, Job, Landed, Origin, OverdueCalls, Used},
    flight::{Boarding, Flights},
    kept::{AnswerCache, Found, KeptAnswer},
    key::AnswerKey,
    line::{Asked, QueuedLine},
    operation::Operation,
    policy::{AiPolicy, LogText},
    queue::LogQueue,
    reply::{Ask, Freshness, Reply},
    shared::SharedCache,
    sharing::Sharing,
    telemetry::Requests,
};
use crate::{
    caller::Caller,
    error::{CompletionFailure, Error, ErrorKind, FailureReason, FailureRecord, FailureScope, Result, Retry},
    ids::{RandomPool, RequestId},
    onchain::Address,
    port::{
        ai_log::{CallLedger, Spent},
        cache::Cache,
        llm::{LlmProvider, Usage},
    },
    task::Spawner,
    time::{Clock, Day, SystemClock},
    usd::Usd,
};

const OP: &str = "ask";

/// Help by language models. Clones are cheap and share everything.
#[derive(Clone, Debug)]
pub struct AiService {
    engine: Arc<Engine>,
    requests: Requests,
}

/// Puts an [`AiService`] together.
#[derive(Debug)]
#[must_use]
pub struct AiBuilder {
    providers: Vec<Arc<dyn LlmProvider>>,
    ledger: Arc<dyn CallLedger>,
    spawner: Arc<dyn Spawner>,
    shared: Option<Arc<dyn Cache>>,
    clock: Arc<dyn Clock>,
    policy: AiPolicy,
}

impl AiBuilder {
    /// Adds an endpoint with a key. They are asked in the order in which they were added.
    ///
    /// Put no retry layer around it: which model is asked next, and when, is decided here.
    pub fn llm_provider(mut self, provider: Arc<dyn LlmProvider>) -> Self {
        self.providers.push(provider);
        self
    }

    /// Sets a cache that other processes have too, for answers and for which models are left alone.
    pub fn shared_cache(mut self, cache: Arc<dyn Cache>) -> Self {
        self.shared = Some(cache);
        self
    }

    /// Sets the clock; the system's unless said otherwise.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Sets models, times, budgets and what the log keeps.
    pub fn policy(mut self, policy: AiPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Puts the service together. Metrics go to the recorder that is installed now.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] without a provider, and naming a value that cannot work.
    pub fn build(self) -> Result<AiService> {
        let Self { providers, ledger, spawner, shared, clock, policy } = self;
        policy.check()?;
        let timeout = Duration::from_millis(policy.shared_cache_millis);
        let shared = shared.map(|cache| Arc::new(SharedCache::new(cache, clock.clone(), timeout)));
        let trial = Duration::from_secs(policy.call_seconds.saturating_mul(2));
        let queue = LogQueue::new(ledger.clone(), clock.clone(), spawner.clone(), policy.log_queue_lines);
        let engine = Engine {
            catalogue: Catalogue::new(providers, &policy)?,
            cooldowns: Cooldowns::new(clock.clone(), shared.clone(), trial),
            overdue: OverdueCalls::new(&*clock),
            cache: AnswerCache::new(&policy),
            flights: Flights::new(),
            policy,
            clock,
            spawner,
            ledger,
            shared,
            sharing: Sharing::default(),
            queue,
            ids: RandomPool::default(),
        };
        Ok(AiService { engine: Arc::new(engine), requests: Requests::new() })
    }
}

impl AiService {
    /// Starts putting a service together. What was asked goes to `ledger`; work that outlives its caller runs on `spawner`.
    pub fn builder(ledger: Arc<dyn CallLedger>, spawner: Arc<dyn Spawner>) -> AiBuilder {
        AiBuilder {
            providers: Vec::new(),
            ledger,
            spawner,
            shared: None,
            clock: SystemClock::shared(),
            policy: AiPolicy::default(),
        }
    }

    /// Answers a question.
    ///
    /// An equal question that was answered within the policy's time gets that answer; one that is being answered is waited
    /// for. Otherwise the models of the tier are asked in order until one gives an answer that keeps the operation's rules.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for parameters out of bounds, before anything is asked, and for what every model refuses;
    /// [`ErrorKind::RateLimited`] if the caller's budget of the day has no room, or if all models are left alone: then
    /// [`Retry::After`] and `retry_at` say when the first returns; [`ErrorKind::Unavailable`] if no model gave an answer that
    /// can be used, with each model `tried`, or none in time, or if the audit log cannot be written.
    ///
    /// # Cancellation
    /// Nothing is lost: a call that was sent is finished, written down, and its answer kept.
    pub async fn ask<O: Operation>(&self, caller: &Caller, ask: &Ask<O>) -> Result<Reply<O::Output>> {
        let engine = &self.engine;
        let (now, started) = (engine.clock.now(), engine.clock.monotonic());
        let user = caller.address();
        let asked =
            Asked { request: RequestId::pooled(now, &engine.ids)?, user, operation: O::KIND, tier: ask.tier };
        if let Err(violations) = ask.operation.check() {
            let error = Error::from(violations).with_op(OP);
            // A text over its bounds has no place in the log either.
            self.failed(asked, InputRecord::Redacted, &error, Used::default(), started).await;
            return Err(error);
        }
        let key = engine.key(ask, user);
        let found = match ask.freshness {
            Freshness::Cached => engine.cache.find(&key, now),
            Freshness::New => Found::Nothing,
        };
        match found {
            Found::Fresh(kept) => self.hit(asked, kept, CacheOutcome::Fresh, started).await,
            Found::Revalidate(kept) => {
                self.revalidate(asked, ask, key, &kept);
                self.hit(asked, kept, CacheOutcome::Stale, started).await
            }
            Found::Refused(record) => self.refuse(asked, ask, &record, started).await,
            Found::IfError(kept) => Box::pin(self.miss(asked, ask, key, Some(kept), started)).await,
            Found::Nothing => Box::pin(self.miss(asked, ask, key, None, started)).await,
        }
    }

    /// Gives an answer that was made for another request.
    async fn hit<T: Send + Sync + 'static>(
        &self,
        asked: Asked,
        kept: Arc<KeptAnswer>,
        cache: CacheOutcome,
        started: Duration,
    ) -> Result<Reply<T>> {
        let engine = &self.engine;
        let answer = kept.answer::<T>().ok_or_else(|| {
            Error::new(ErrorKind::Unexpected, "an answer of another type has this key").with_op(OP)
        })?;
        let response_micros = engine.micros_since(started);
        self.requests.ended(Some(cache), response_micros);
        let text = engine.policy.log_text;
        let at = engine.clock.now();
        engine.queue.push(QueuedLine::Hit { asked, at, kept, cache, text, response_micros }).await;
        Ok(Reply { answer, cache, request: asked.request })
    }

    async fn refuse<O: Operation>(
        &self,
        asked: Asked,
        ask: &Ask<O>,
        record: &FailureRecord,
        started: Duration,
    ) -> Result<Reply<O::Output>> {
        let error = Error::from(record);
        let input = self.engine.input_record(&ask.operation);
        self.failed(asked, input, &error, Used::default(), started).await;
        Err(error)
    }

    async fn failed(&self, asked: Asked, input: InputRecord, error: &Error, used: Used, started: Duration) {
        let engine = &self.engine;
        let micros = engine.micros_since(started);
        self.requests.ended(None, micros);
        let outcome = RequestOutcome::Failed {
            failure: engine.failure_record(error),
            usage: used.usage,
            cost: used.cost,
        };
        let entry = asked.entry(engine.clock.now(), input, outcome, micros);
        engine.queue.push(QueuedLine::Entry(entry)).await;
    }

    /// Fetches a new answer in place of one past its time; nobody waits for it.
    fn revalidate<O: Operation>(&self, asked: Asked, ask: &Ask<O>, key: AnswerKey, kept: &KeptAnswer) {
        let engine = &self.engine;
        if !kept.is_to_be_replaced(engine.clock.now()) {
            return;
        }
        // Somebody may have done so since this caller looked.
        let look = || match engine.cache.find(&key, engine.clock.now()) {
            Found::Fresh(kept) => Some(kept),
            _ => None,
        };
        if let Boarding::Lead(flight, _) = engine.flights.board(key, look) {
            let job = Job {
                operation: ask.operation.clone(),
                asked,
                key,
                started: engine.clock.monotonic(),
                may_be_cached: true,
                stale: None,
                claim: None,
            };
            engine.spawner.spawn(Box::pin(Arc::clone(engine).load(job, flight)));
        }
    }

    async fn miss<O: Operation>(
        &self,
        asked: Asked,
        ask: &Ask<O>,
        key: AnswerKey,
        stale: Option<Arc<KeptAnswer>>,
        started: Duration,
    ) -> Result<Reply<O::Output>> {
        let engine = &self.engine;
        let may_be_cached = ask.freshness == Freshness::Cached;
        loop {
            // A load may have ended since this caller looked.
            let look = || match engine.cache.find(&key, engine.clock.now()) {
                Found::Fresh(kept) if may_be_cached => Some(kept),
                _ => None,
            };
            let (claim, landing) = match engine.flights.board(key, look) {
                Boarding::Found(kept) => {
                    return self.hit(asked, kept, CacheOutcome::Fresh, started).await;
                }
                Boarding::Join(landing) => (None, landing),
                Boarding::Lead(flight, landing) => {
                    let claim = Claim::default();
                    let job = Job {
                        operation: ask.operation.clone(),
                        asked,
                        key,
                        started,
                        may_be_cached,
                        stale: stale.clone(),
                        claim: Some(claim.clone()),
                    };
                    engine.spawner.spawn(Box::pin(Arc::clone(engine).load(job, flight)));
                    (Some(claim), landing)
                }
            };
            let mut waiting = Waiting { service: self, asked, ask, started, claim, done: false };
            let landed = waiting.landed(landing).await;
            let claim = waiting.claim.clone();
            waiting.done = true;
            drop(waiting);
            let mut landed = landed;
            if claim.is_none() && is_for_others(&landed, ask.freshness, asked.user) {
                if !self.left(started).is_zero() {
                    continue;
                }
                landed = self.late::<O>();
            }
            return self.land(asked, ask, key, Landing { landed, claim, stale, started }).await;
        }
    }

    /// What a caller has whose time is over.
    fn late<O: Operation>(&self) -> Landed {
        let error = Error::new(ErrorKind::Unavailable, "no model answered in time")
            .with_op(OP)
            .with_context("operation", O::KIND)
            .with_context("deadline_seconds", self.engine.policy.deadline_seconds)
            .with_completion_failure(CompletionFailure::new(FailureReason::Timeout));
        Landed::Failed(Arc::new(error), Used::default(), Blame::Question)
    }

    /// How long a caller still has.
    fn left(&self, started: Duration) -> Duration {
        let deadline = Duration::from_secs(self.engine.policy.deadline_seconds);
        started.saturating_add(deadline).saturating_sub(self.engine.clock.monotonic())
    }

    /// Answers a caller who waited for a load.
    async fn land<O: Operation>(
        &self,
        asked: Asked,
        ask: &Ask<O>,
        key: AnswerKey,
        landing: Landing,
    ) -> Result<Reply<O::Output>> {
        let engine = &self.engine;
        let Landing { landed, claim, stale, started } = landing;
        match landed {
            Landed::Answer(kept, Origin::SharedStale, _) => {
                self.revalidate(asked, ask, key, &kept);
                self.hit(asked, kept, CacheOutcome::Stale, started).await
            }
            Landed::Answer(kept, origin, _) => {
                let led = claim.is_some();
                let cache = match origin {
                    Origin::Model | Origin::Rules if led => CacheOutcome::Miss,
                    Origin::Shared if led => CacheOutcome::Fresh,
                    Origin::Stale => CacheOutcome::Stale,
                    _ => CacheOutcome::Coalesced,
                };
                let written = led && origin == Origin::Model;
                if !written && cache != CacheOutcome::Miss {
                    return self.hit(asked, kept, cache, started).await;
                }
                self.reply_of_load(asked, ask, kept, written, started).await
            }
            Landed::Failed(error, used, _) => {
                let of_models = error
                    .completion_failure()
                    .is_some_and(|failure| failure.reason.scope() != FailureScope::Request);
                if let Some(stale) = stale.filter(|_| of_models) {
                    return self.hit(asked, stale, CacheOutcome::Stale, started).await;
                }
                // What the load used is the line of the one who caused it.
                let used = claim.map_or_else(Used::default, |_| used);
                let input = engine.input_record(&ask.operation);
                self.failed(asked, input, &error, used, started).await;
                Err(error.share())
            }
        }
    }

    /// Gives the caller who caused a load its answer; a line that the load did not write is written here.
    async fn reply_of_load<O: Operation>(
        &self,
        asked: Asked,
        ask: &Ask<O>,
        kept: Arc<KeptAnswer>,
        written: bool,
        started: Duration,
    ) -> Result<Reply<O::Output>> {
        let engine = &self.engine;
        let answer = kept.answer::<O::Output>().ok_or_else(|| {
            Error::new(ErrorKind::Unexpected, "an answer of another type has this key").with_op(OP)
        })?;
        let micros = engine.micros_since(started);
        self.requests.ended(Some(CacheOutcome::Miss), micros);
        if !written {
            let output = match engine.policy.log_text {
                LogText::Whole => serde_json::to_string(&answer.value).ok(),
                LogText::Hashed | LogText::Redacted => None,
            };
            let outcome = RequestOutcome::Answered {
                source: Source::Rules,
                model: None,
                cache: CacheOutcome::Miss,
                answer: asked.request,
                output,
                rung: None,
                usage: answer.usage,
                cost: answer.cost,
                saved_usage: Usage::default(),
                saved_cost: Usd::ZERO,
            };
            let input = engine.input_record(&ask.operation);
            let entry = asked.entry(engine.clock.now(), input, outcome, micros);
            engine.queue.push(QueuedLine::Entry(entry)).await;
        }
        Ok(Reply { answer, cache: CacheOutcome::Miss, request: asked.request })
    }

    /// What a user has used today (UTC), and what calls under way have reserved beside it.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`].
    pub async fn spent_today(&self, user: &Address) -> Result<(Spent, Spent)> {
        let today = Day::of(self.engine.clock.now());
        self.engine.ledger.spent(user, today).await.map_err(|err| err.with_op("spent_today"))
    }

    /// Closes the calls that a process which died left open, as unknown and as if all that was reserved had been used, and
    /// says how many. Any process of a ledger may do it at any time; each call is closed once.
    ///
    /// Only calls whose time is over are closed, a minute after the longest that they may take: until then another process
    /// may be waiting for them, and their users' budgets hold what was reserved. A service that is asked does this by
    /// itself, once a minute at most; it needs to be called only where nobody may ask for long.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`] if the ledger cannot be read or written. What was closed before stays closed.
    pub async fn recover(&self) -> Result<u64> {
        let now = self.engine.clock.now();
        close_overdue_calls(&*self.engine.ledger, now).await.map_err(|err| err.with_op("recover"))
    }

    /// Reads the providers' lists of models and prices again, and says what they no longer have.
    pub async fn refresh_models(&self) -> ModelReport {
        self.engine.catalogue.refresh().await
    }

    /// Waits until the log has a line of every request that was answered before, and the shared cache its answer, if it
    /// takes it in its time. Call it before the process ends: lines of cached answers wait up to 100 ms for company, and
    /// answers are shared after they were returned.
    pub async fn flush(&self) {
        self.engine.queue.flush().await;
        self.engine.sharing.end().await;
    }
}

/// What a caller who waited for a load has.
struct Landing {
    landed: Landed,
    /// Of the caller who caused the load.
    claim: Option<Claim>,
    /// Serves if no model answered.
    stale: Option<Arc<KeptAnswer>>,
    started: Duration,
}

/// Whether what a load came to is nothing for a caller who did not cause it: that one's budget or time is over, or an answer
/// is to be made anew.
fn is_for_others(landed: &Landed, freshness: Freshness, user: Option<Address>) -> bool {
    let (Landed::Answer(_, _, blame) | Landed::Failed(_, _, blame)) = landed;
    let is_old = matches!(landed, Landed::Answer(_, Origin::Shared | Origin::SharedStale | Origin::Stale, _));
    match blame {
        Blame::Time => true,
        Blame::Payer(payer) if *payer != user => true,
        Blame::Payer(_) | Blame::Question => is_old && freshness == Freshness::New,
    }
}

/// A caller that waits for a load, and leaves a line if it stops waiting.
struct Waiting<'a, O: Operation> {
    service: &'a AiService,
    asked: Asked,
    ask: &'a Ask<O>,
    started: Duration,
    /// Of the caller who caused the load.
    claim: Option<Claim>,
    done: bool,
}

impl<O: Operation> Waiting<'_, O> {
    /// What the load came to, or that it did not in time.
    async fn landed(&mut self, landing: Receiver<Landed>) -> Landed {
        let engine = &self.service.engine;
        let timer = engine.clock.sleep(self.service.left(self.started));
        let landing = match select(landing, timer).await {
            Either::Left((landed, _)) => return landed.unwrap_or_else(|_| dropped()),
            Either::Right(((), landing)) => landing,
        };
        match &self.claim {
            // The load is writing this request's line with its answer: that takes no more than a commit.
            Some(claim) if !claim.take() => landing.await.unwrap_or_else(|_| dropped()),
            _ => self.service.late::<O>(),
        }
    }
}

fn dropped() -> Landed {
    let error = Error::new(ErrorKind::Unavailable, "the runtime ended the work on this request")
        .with_op(OP)
        .with_retry(Retry::After(None));
    Landed::Failed(Arc::new(error), Used::default(), Blame::Question)
}

impl<O: Operation> Drop for Waiting<'_, O> {
    fn drop(&mut self) {
        if self.done || self.claim.as_ref().is_some_and(|claim| !claim.leave()) {
            return;
        }
        let engine = &self.service.engine;
        let micros = engine.micros_since(self.started);
        let failure =
            Error::new(ErrorKind::Unavailable, "the caller left before the answer came").with_op(OP);
        let outcome =
            RequestOutcome::Failed { failure: failure.to_record(), usage: Usage::default(), cost: Usd::ZERO };
        let input = engine.input_record(&self.ask.operation);
        let entry: AuditEntry = self.asked.entry(engine.clock.now(), input, outcome, micros);
        self.service.requests.ended(None, micros);
        engine.queue.push_now(QueuedLine::Entry(entry));
    }
}
