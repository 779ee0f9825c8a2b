//! [`Run`]: asks the models of a tier in order until one gives an answer that keeps the rules.

use std::{sync::Arc, time::Duration};

use futures_channel::oneshot;
use futures_util::{
    future::{Either, select},
    pin_mut,
};
use tracing::Instrument as _;

use super::{
    answer::{Finding, answer_shape, read, reask_message},
    audit::{AuditEntry, CacheOutcome, CallEntry, CallOutcome, RequestOutcome, Rung, Source},
    catalogue::Candidate,
    closing::ClosingLater,
    cooldown::{Cooled, Readiness},
    engine::{Blame, Claim, Engine, Job, Used},
    kept::KeptAnswer,
    line::QueuedLine,
    load::{Read, claims},
    operation::Operation,
    pass::{Idle, Tried},
    policy::LogText,
    reply::Answer,
    telemetry,
};
use crate::{
    error::{CompletionFailure, Error, ErrorKind, FailureReason, FailureScope, Result, Retry},
    ids::CallId,
    port::{
        ai_log::{PendingCall, Spent},
        llm::{Completion, CompletionRequest, Message, Price, Role, Usage},
    },
    usd::Usd,
};

/// How much longer than it may take a call is waited for, before it counts as lost although its provider did not say so.
const GRACE: Duration = Duration::from_secs(5);
/// How long after that others leave a call alone: for as long its own process may still be writing down what it came to.
/// Opening a call, before it is sent, and each attempt at closing it may wait until it is their turn to write (in
/// SQLite 5 s unless set), which is half of this; the rest is for clocks of machines that differ.
const OVERDUE_AFTER: Duration = Duration::from_secs(60);

/// How often a model that another caller is trying is looked after.
const LOOK_AFTER_TRIAL: Duration = Duration::from_millis(50);

pub(super) struct Run<'a, O> {
    engine: &'a Arc<Engine>,
    job: &'a Job<O>,
    calls: u32,
    usage: Usage,
    cost: Usd,
    /// Each model that gave no answer.
    tried: Vec<Tried>,
    last: Option<Error>,
    /// Keys that failed as a whole, and why.
    dead_keys: Vec<(Arc<str>, FailureReason)>,
    /// What the models of this pass can be waited for.
    idle: Idle,
}

/// What came of asking one model.
enum Asked {
    Answer(Arc<KeptAnswer>),
    Next,
    Stop(Error),
}

/// What came of one call.
enum Called<T> {
    Answer(Completion, Read<T>),
    /// An answer that breaks the rules, and what is wrong with it.
    Unusable(Completion, Finding),
    Failed(Error),
}

impl<'a, O: Operation> Run<'a, O> {
    pub(super) fn new(engine: &'a Arc<Engine>, job: &'a Job<O>) -> Self {
        Self {
            engine,
            job,
            calls: 0,
            usage: Usage::default(),
            cost: Usd::ZERO,
            tried: Vec::new(),
            last: None,
            dead_keys: Vec::new(),
            idle: Idle::default(),
        }
    }

    pub(super) fn used(&self) -> Used {
        Used { usage: self.usage, cost: self.cost }
    }

    fn left(&self) -> Duration {
        let deadline = Duration::from_secs(self.engine.policy.deadline_seconds);
        self.job.started.saturating_add(deadline).saturating_sub(self.engine.clock.monotonic())
    }

    /// Whether the time that the caller gave it is over.
    fn is_late(&self) -> bool {
        self.left().is_zero()
    }

    /// Whom the failure of the run is about.
    pub(super) fn blame(&self, error: &Error) -> Blame {
        let scope = error.completion_failure().map(|failure| failure.reason.scope());
        let is_budget = scope.is_none() && error.kind() == ErrorKind::RateLimited;
        let has_no_price = self.tried.iter().any(|tried| tried.reason == FailureReason::PriceUnknown);
        if scope == Some(FailureScope::Request) {
            Blame::Question
        } else if is_budget || has_no_price {
            Blame::Payer(self.job.asked.user)
        } else if self.is_late() {
            Blame::Time
        } else {
            Blame::Question
        }
    }

    pub(super) async fn find(&mut self) -> Result<Arc<KeptAnswer>> {
        loop {
            self.idle = Idle::default();
            for candidate in self.engine.catalogue.candidates(self.job.asked.tier) {
                if self.is_late() {
                    // Nobody knows what the others would have said.
                    self.idle.is_over = true;
                    return Err(self.nobody());
                }
                match self.engine.readiness(candidate).await {
                    Readiness::Ready | Readiness::Trial => {}
                    Readiness::Cooling(until) => {
                        self.idle.until(until);
                        self.left_alone(candidate);
                        continue;
                    }
                    Readiness::OnTrial => {
                        self.idle.is_tried = true;
                        self.left_alone(candidate);
                        continue;
                    }
                }
                match self.ask(candidate).await {
                    Asked::Answer(answer) => return Ok(answer),
                    Asked::Next => {}
                    Asked::Stop(error) => return Err(error),
                }
            }
            // An answer past its time serves at once, and is not waited beside.
            let Some(wait) = self.wait().filter(|_| self.job.stale.is_none()) else {
                return Err(self.nobody());
            };
            self.engine.clock.sleep(wait).await;
            self.tried.retain(|tried| !tried.is_left_alone);
        }
    }

    /// How long to wait before the models are looked at again; `None` if that does not help in time.
    fn wait(&self) -> Option<Duration> {
        if self.idle.is_over {
            return None;
        }
        let wait = self.idle.soonest.map(|soonest| soonest.saturating_since(self.engine.clock.now()));
        let wait = if self.idle.is_tried {
            wait.map_or(LOOK_AFTER_TRIAL, |wait| wait.min(LOOK_AFTER_TRIAL))
        } else {
            wait?
        };
        Some(wait.max(Duration::from_millis(1))).filter(|wait| *wait < self.left())
    }

    fn left_alone(&mut self, candidate: &Candidate) {
        let dead = self.dead_keys.iter().find(|(name, _)| *name == candidate.provider_name);
        let reason = dead.map_or(FailureReason::RateLimited, |(_, reason)| *reason);
        self.tried.push(Tried { model: name(candidate), reason, is_left_alone: true });
    }

    /// Notes why a model that was asked, or would have been, gave no answer. It may be asked again at once.
    fn gave_none(&mut self, candidate: &Candidate, reason: FailureReason) {
        self.idle.is_over = true;
        self.tried.push(Tried { model: name(candidate), reason, is_left_alone: false });
    }

    /// The error of a request that no model answered.
    fn nobody(&mut self) -> Error {
        let mut reasons = self.tried.iter().map(|tried| tried.reason);
        let first = reasons.next().unwrap_or(FailureReason::Timeout);
        let limited = |reason| matches!(reason, FailureReason::RateLimited | FailureReason::DailyCap);
        let same = reasons.all(|reason| reason == first || (limited(reason) && limited(first)));
        let (kind, reason) = match first {
            _ if !same => (ErrorKind::Unavailable, FailureReason::Outage),
            // No model can read it, so it is the request's fault.
            FailureReason::ContextLength => (ErrorKind::InvalidInput, FailureReason::BadRequest),
            FailureReason::RateLimited | FailureReason::DailyCap => (ErrorKind::RateLimited, first),
            FailureReason::Credits => (ErrorKind::InsufficientFunds, first),
            FailureReason::KeyRefused => (ErrorKind::Unauthenticated, first),
            FailureReason::PriceUnknown => (ErrorKind::Config, first),
            _ => (ErrorKind::Unavailable, first),
        };
        let mut error = Error::new(kind, "no model gave an answer that can be used")
            .with_op("ask")
            .with_context("operation", O::KIND)
            .with_context("tier", self.job.asked.tier)
            .with_completion_failure(CompletionFailure::new(reason));
        for Tried { model, reason, .. } in &self.tried {
            error = error.with_context("tried", format_args!("{model}: {}", reason.as_str()));
        }
        if let Some(soonest) = self.idle.returns_at() {
            let wait = soonest.saturating_since(self.engine.clock.now());
            error = error.with_context("retry_at", soonest).with_retry(Retry::After(Some(wait)));
        }
        match self.last.take() {
            Some(last) => error.with_source(last),
            None => error,
        }
    }

    /// Asks one model, and once more if what it says breaks the rules.
    async fn ask(&mut self, candidate: &Candidate) -> Asked {
        let engine = self.engine;
        let cooled = Cooled::model(&candidate.provider_name, &candidate.model);
        let Some(price) = self.price(candidate).await else {
            engine.cooldowns.undecided(&Cooled::key(&candidate.provider_name)).await;
            engine.cooldowns.undecided(&cooled).await;
            self.gave_none(candidate, FailureReason::PriceUnknown);
            return Asked::Next;
        };
        let mut request = self.request(candidate);
        for asked_again in [false, true] {
            match self.call(candidate, price, &request, asked_again).await {
                Err(error) => {
                    // The call was not made, or what it came to cannot be written down: either way the answer cannot be used.
                    engine.cooldowns.undecided(&Cooled::key(&candidate.provider_name)).await;
                    engine.cooldowns.undecided(&cooled).await;
                    return Asked::Stop(error);
                }
                Ok(Called::Answer(completion, read)) => {
                    self.answered(candidate, &cooled).await;
                    return Asked::Answer(self.finished(&completion, read));
                }
                Ok(Called::Unusable(completion, finding)) => {
                    self.answered(candidate, &cooled).await;
                    if asked_again || self.is_late() {
                        self.gave_none(candidate, FailureReason::Unusable);
                        return Asked::Next;
                    }
                    request.messages.push(Message::new(Role::Assistant, completion.text));
                    request.messages.push(reask_message(&finding));
                }
                Ok(Called::Failed(error)) => return self.failed(candidate, &cooled, error).await,
            }
        }
        Asked::Next
    }

    async fn answered(&self, candidate: &Candidate, cooled: &Cooled) {
        self.engine.cooldowns.answered(cooled).await;
        self.engine.cooldowns.answered(&Cooled::key(&candidate.provider_name)).await;
    }

    /// Leaves alone what the failure is about, and decides how to go on.
    async fn failed(&mut self, candidate: &Candidate, cooled: &Cooled, error: Error) -> Asked {
        let (engine, policy) = (self.engine, &self.engine.policy);
        let reason = error.completion_failure().map_or(FailureReason::Outage, |failure| failure.reason);
        let asked_for = match error.retry() {
            Retry::After(Some(pause)) => pause,
            _ => Duration::ZERO,
        };
        let at_least = |seconds: u64| asked_for.max(Duration::from_secs(seconds));
        let key = Cooled::key(&candidate.provider_name);
        let until = match reason.scope() {
            FailureScope::Request => {
                engine.cooldowns.undecided(&key).await;
                engine.cooldowns.undecided(cooled).await;
                return Asked::Stop(error.with_op("ask"));
            }
            FailureScope::Key => {
                engine.cooldowns.undecided(cooled).await;
                self.dead_keys.push((candidate.provider_name.clone(), reason));
                Some(engine.cooldowns.cool(&key, at_least(policy.cooling_seconds)).await)
            }
            FailureScope::Model => {
                engine.cooldowns.undecided(&key).await;
                let pause = match reason {
                    FailureReason::RateLimited => Some(policy.cooling_seconds),
                    FailureReason::ModelGone => Some(policy.gone_seconds),
                    FailureReason::Outage | FailureReason::Timeout | FailureReason::Disconnected => {
                        let in_a_row = engine.cooldowns.failed(cooled);
                        let is_long = !asked_for.is_zero() || in_a_row >= policy.outage_failures;
                        is_long.then_some(policy.outage_cooling_seconds)
                    }
                    // What this prompt made of it says nothing about the next.
                    _ => None,
                };
                match pause {
                    Some(seconds) => Some(engine.cooldowns.cool(cooled, at_least(seconds)).await),
                    None => {
                        engine.cooldowns.undecided(cooled).await;
                        None
                    }
                }
            }
        };
        match until.filter(|until| *until > engine.clock.now()) {
            Some(until) => {
                self.idle.until(until);
                self.tried.push(Tried { model: name(candidate), reason, is_left_alone: false });
            }
            None => self.gave_none(candidate, reason),
        }
        self.last = Some(error);
        Asked::Next
    }

    fn request(&self, candidate: &Candidate) -> CompletionRequest {
        let mut request = CompletionRequest::new(&*candidate.model, self.job.operation.prompt());
        request.schema = Some(answer_shape::<O>().schema.clone());
        request.max_tokens = self.job.operation.max_tokens();
        request.temperature_millis = self.engine.policy.temperature_millis;
        request.timeout = Duration::from_secs(self.engine.policy.call_seconds);
        request.operation = Some(O::KIND.as_str().to_owned());
        request
    }

    /// What a model costs; `None` if nobody knows and it has to be known.
    async fn price(&self, candidate: &Candidate) -> Option<Price> {
        let engine = self.engine;
        let price = engine.catalogue.price(candidate, &engine.policy);
        let is_limited = self.job.asked.user.is_some() && engine.policy.budget.usd_per_day.is_some();
        if price.is_some() || !is_limited {
            return Some(price.unwrap_or_default());
        }
        self.learn_prices().await;
        let price = engine.catalogue.price(candidate, &engine.policy);
        if price.is_none() {
            tracing::warn!(
                provider = %candidate.provider_name,
                model = %candidate.model,
                "users have a budget in money, and the price of a model is not known"
            );
        }
        price
    }

    /// Asks the providers for prices, in a task of its own that others profit from; waits as long as there is time.
    async fn learn_prices(&self) {
        let (learnt, wait) = oneshot::channel::<()>();
        let engine = Arc::clone(self.engine);
        self.engine.spawner.spawn(Box::pin(async move {
            engine.catalogue.learn_prices(&*engine.clock).await;
            drop(learnt);
        }));
        select(wait, self.engine.clock.sleep(self.left())).await;
    }

    /// One call: opened in the ledger, sent, read, closed in the ledger.
    async fn call(
        &mut self,
        candidate: &Candidate,
        price: Price,
        request: &CompletionRequest,
        asked_again: bool,
    ) -> Result<Called<O::Output>> {
        let (engine, asked) = (self.engine, self.job.asked);
        let most = most_usage(request);
        let reserved = Spent::new(most.total(), price.of(most));
        self.calls = self.calls.saturating_add(1);
        let opened = engine.clock.now();
        let patience = request.timeout.saturating_add(GRACE);
        let pending = PendingCall {
            call: CallId::pooled(opened, &engine.ids)?,
            request: asked.request,
            opened,
            until: opened.saturating_add(patience).saturating_add(OVERDUE_AFTER),
            user: asked.user,
            operation: asked.operation,
            tier: asked.tier,
            provider: String::from(&*candidate.provider_name),
            model: String::from(&*candidate.model),
            choice: candidate.choice,
            number: self.calls,
            reserved,
        };
        engine.ledger.open_call(&pending, &engine.policy.budget).await?;
        let started = engine.clock.monotonic();
        let span = telemetry::span(candidate, asked.operation);
        let completion = self.complete(candidate, request, patience).instrument(span.clone()).await;
        let response_micros = engine.micros_since(started);
        telemetry::ended(&span, candidate, asked.operation, &completion, response_micros);

        let (usage, cost, called) = self.judge(price, reserved, completion, asked_again);
        self.usage = self.usage.saturating_add(usage);
        self.cost = self.cost.saturating_add(cost);
        let outcome = match &called {
            Called::Answer(completion, read) => {
                CallOutcome::Answered { model: completion.model.clone(), rung: read.rung, output: None }
            }
            Called::Unusable(_, finding) => CallOutcome::Unusable {
                finding: match engine.policy.log_text {
                    LogText::Whole => finding.to_string(),
                    LogText::Hashed | LogText::Redacted => finding.redacted(),
                },
            },
            Called::Failed(error) => CallOutcome::Failed { failure: engine.failure_record(error) },
        };
        let mut entry = CallEntry {
            call: pending.call,
            request: asked.request,
            at: engine.clock.now(),
            user: asked.user,
            operation: asked.operation,
            tier: asked.tier,
            provider: pending.provider.clone(),
            model: pending.model.clone(),
            choice: pending.choice,
            number: pending.number,
            outcome,
            response_micros,
            usage,
            cost,
        };
        let (mut output, mut request_line) = (None, None);
        if let Called::Answer(completion, read) = &called {
            output = self.output(read);
            request_line = self.request_line(completion, read, output.clone(), &mut entry);
        }
        let used = Spent::new(usage.total(), cost);
        let lines: Vec<_> = [AuditEntry::Call(Box::new(entry))].into_iter().chain(request_line).collect();
        if let Err(error) = engine.close_call(&asked.request, &pending.call, used, &lines).await {
            // The request has a line of its own that says so, and the call's line has the answer.
            let mut lines = lines.into_iter();
            let mut line = lines.next();
            let took_claim = lines.next().is_some();
            if took_claim && !self.job.claim.as_ref().is_some_and(Claim::give_back) {
                let outcome = RequestOutcome::Failed {
                    failure: engine.failure_record(&error),
                    usage: self.usage,
                    cost: self.cost,
                };
                let input = engine.input_record(&self.job.operation);
                let micros = engine.micros_since(self.job.started);
                let line = asked.entry(engine.clock.now(), input, outcome, micros);
                engine.queue.push_now(QueuedLine::Entry(line));
            }
            let mut answer = None;
            if let Called::Answer(completion, read) = called {
                answer = Some(self.finished(&completion, read));
                if let Some(AuditEntry::Call(entry)) = &mut line
                    && let CallOutcome::Answered { output: in_call, .. } = &mut entry.outcome
                {
                    *in_call = output;
                }
            }
            engine.close_call_later(ClosingLater { pending, used, line, key: self.job.key, answer });
            return Err(error);
        }
        Ok(called)
    }

    /// Waits for a call no longer than it may take, whatever the provider does.
    async fn complete(
        &self,
        candidate: &Candidate,
        request: &CompletionRequest,
        patience: Duration,
    ) -> Result<Completion> {
        let call = candidate.provider.complete(request);
        let timer = self.engine.clock.sleep(patience);
        pin_mut!(timer);
        match select(call, timer).await {
            Either::Left((completion, _)) => completion,
            Either::Right(((), _)) => {
                Err(Error::new(ErrorKind::Unavailable, "the provider did not end a call in its time")
                    .with_context("provider", &candidate.provider_name)
                    .with_context("model", &candidate.model)
                    .with_completion_failure(CompletionFailure::new(FailureReason::Timeout)))
            }
        }
    }

    /// What a call used and came to.
    fn judge(
        &self,
        price: Price,
        reserved: Spent,
        completion: Result<Completion>,
        asked_again: bool,
    ) -> (Usage, Usd, Called<O::Output>) {
        let completion = match completion {
            Ok(completion) => completion,
            Err(error) => {
                let failure = error.completion_failure();
                let lost = failure.is_none_or(|failure| failure.may_be_charged);
                let stated = failure.map(|failure| failure.usage).filter(|usage| *usage != Usage::default());
                let (usage, cost) = match (stated, failure.and_then(|failure| failure.cost)) {
                    (Some(usage), cost) => (usage, cost.unwrap_or_else(|| price.of(usage))),
                    (None, Some(cost)) => (Usage::default(), cost),
                    // Nobody knows what a lost call used, so all that it may have used counts.
                    (None, None) if lost => (Usage::new(reserved.tokens, 0), reserved.cost),
                    (None, None) => (Usage::default(), Usd::ZERO),
                };
                return (usage, cost, Called::Failed(error));
            }
        };
        let usage = completion.usage;
        let cost = completion.cost.unwrap_or_else(|| price.of(usage));
        let called = match read(&self.job.operation, &completion.text) {
            Ok((value, rung)) => {
                let rung = if asked_again { Rung::Asked } else { rung };
                Called::Answer(completion, Read { value, rung })
            }
            Err(finding) => Called::Unusable(completion, finding),
        };
        (usage, cost, called)
    }

    /// What the log keeps of an answer.
    fn output(&self, read: &Read<O::Output>) -> Option<String> {
        match self.engine.policy.log_text {
            LogText::Whole => serde_json::to_string(&read.value).ok(),
            LogText::Hashed | LogText::Redacted => None,
        }
    }

    /// The line of the request itself, unless its caller has left and written it: then the call's line has the answer.
    fn request_line(
        &self,
        completion: &Completion,
        read: &Read<O::Output>,
        output: Option<String>,
        call: &mut CallEntry,
    ) -> Option<AuditEntry> {
        let engine = self.engine;
        if !claims(self.job.claim.as_ref()) {
            if let CallOutcome::Answered { output: in_call, .. } = &mut call.outcome {
                *in_call = output;
            }
            return None;
        }
        let by_rules = completion.by_rules;
        let outcome = RequestOutcome::Answered {
            source: if by_rules { Source::Rules } else { Source::Model },
            model: (!by_rules).then(|| completion.model.clone()),
            cache: CacheOutcome::Miss,
            answer: self.job.asked.request,
            output,
            rung: (!by_rules).then_some(read.rung),
            usage: self.usage,
            cost: self.cost,
            saved_usage: Usage::default(),
            saved_cost: Usd::ZERO,
        };
        let input = engine.input_record(&self.job.operation);
        let micros = engine.micros_since(self.job.started);
        Some(self.job.asked.entry(engine.clock.now(), input, outcome, micros))
    }

    fn finished(&self, completion: &Completion, read: Read<O::Output>) -> Arc<KeptAnswer> {
        let by_rules = completion.by_rules;
        let answer = Answer {
            value: read.value,
            source: if by_rules { Source::Rules } else { Source::Model },
            model: (!by_rules).then(|| completion.model.clone()),
            rung: (!by_rules).then_some(read.rung),
            request: self.job.asked.request,
            made: self.engine.clock.now(),
            usage: self.usage,
            cost: self.cost,
        };
        self.engine.kept(answer, completion.text.len())
    }
}

fn name(candidate: &Candidate) -> String {
    format!("{}/{}", candidate.provider_name, candidate.model)
}

/// The most that a call can use: a token is at least a byte of what the model reads, and each message costs some to frame
/// it.
fn most_usage(request: &CompletionRequest) -> Usage {
    let text = request.messages.iter().map(|message| message.text.len().saturating_add(16));
    let schema = request.schema.as_ref().map_or(0, |schema| schema.json.len());
    let prompt = text.fold(schema.saturating_add(16), usize::saturating_add) as u64;
    Usage::new(prompt, u64::from(request.max_tokens))
}
