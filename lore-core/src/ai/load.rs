//! The load: finds an answer that nobody in this process has, in a task of its own.
//!
//! A caller who leaves does not end it: a call that was sent is charged, so its answer is waited for and kept.

use std::{sync::Arc, time::Duration};

use super::{
    audit::{Rung, Source},
    engine::{Blame, Claim, Engine, Job, Landed, Origin, Used},
    flight::Flight,
    kept::{self, Found, KeptAnswer},
    key::AnswerKey,
    operation::Operation,
    reply::Answer,
    run::Run,
    shared::SharedCache,
};
use crate::error::{Error, FailureScope};

/// How often another process's load is looked after.
const LOOK_EVERY: Duration = Duration::from_millis(25);

fn answer_key(key: &AnswerKey) -> String {
    format!("lore:ai:answer:1:{key}")
}

fn lease_key(key: &AnswerKey) -> String {
    format!("lore:ai:flight:1:{key}")
}

/// What the other processes know or do about a request.
enum Elsewhere {
    Answer(Arc<KeptAnswer>, Origin),
    /// This process is to ask a model, and holds the lease that says so.
    Mine,
    /// This process is to ask a model; nobody knows what others do.
    Unknown,
}

impl Engine {
    pub(super) async fn load<O: Operation>(self: Arc<Self>, job: Job<O>, flight: Flight<Landed>) {
        self.find(job, flight).await;
        // Nobody waits any more.
        self.close_overdue_calls().await;
    }

    async fn find<O: Operation>(self: &Arc<Self>, mut job: Job<O>, flight: Flight<Landed>) {
        let elsewhere = match &self.shared {
            Some(shared) => self.look_elsewhere(shared, &mut job).await,
            None => Elsewhere::Unknown,
        };
        if let Elsewhere::Answer(answer, origin) = elsewhere {
            self.cache.keep(job.key, answer.clone());
            return flight.land(Landed::Answer(answer, origin, Blame::Question));
        }
        let mut run = Run::new(self, &job);
        let found = run.find().await;
        let (landed, to_share) = match found {
            Ok(answer) => {
                // Rules answer only where every provider is one of rules; no other process should believe them.
                let share = (answer.about.source == Source::Model).then(|| answer.clone());
                self.cache.keep(job.key, answer.clone());
                (Landed::Answer(answer, Origin::Model, Blame::Question), share)
            }
            Err(error) => {
                let (used, blame) = (run.used(), run.blame(&error));
                (self.without_a_model(&job, error, used, blame), None)
            }
        };
        // From before its caller has the answer.
        let _sharing = self.sharing.begin();
        flight.land(landed);
        let Some(shared) = &self.shared else { return };
        let answer = to_share.and_then(|kept| kept.answer::<O::Output>());
        if let Some(bytes) = answer.and_then(|answer| kept::to_bytes(&answer)) {
            shared.put(&answer_key(&job.key), bytes, self.policy.kept()).await;
        }
        if let Elsewhere::Mine = elsewhere {
            shared.remove(&lease_key(&job.key)).await;
        }
    }

    /// What is left when no model answered.
    fn without_a_model<O: Operation>(&self, job: &Job<O>, error: Error, used: Used, blame: Blame) -> Landed {
        let now = self.clock.now();
        let scope = error.completion_failure().map(|failure| failure.reason.scope());
        if scope == Some(FailureScope::Request) {
            self.cache.refuse(job.key, self.failure_record(&error), now);
            return Landed::Failed(Arc::new(error), used, blame);
        }
        // A budget, or a log that cannot be written, is no failure of the models.
        if scope.is_none() {
            return Landed::Failed(Arc::new(error), used, blame);
        }
        if let Some(stale) = &job.stale {
            tracing::warn!(operation = %O::KIND, %error, "no model answers: an answer past its time serves");
            return Landed::Answer(stale.clone(), Origin::Stale, blame);
        }
        let by_rules = self.policy.rules_when_no_model_answers.then(|| job.operation.by_rules()).flatten();
        let Some(value) = by_rules else { return Landed::Failed(Arc::new(error), used, blame) };
        tracing::warn!(operation = %O::KIND, %error, "no model answers: rules do");
        let answer = Answer {
            value,
            source: Source::Rules,
            model: None,
            rung: None,
            request: job.asked.request,
            made: now,
            usage: used.usage,
            cost: used.cost,
        };
        Landed::Answer(Arc::new(KeptAnswer::new(answer, Duration::ZERO, 0)), Origin::Rules, blame)
    }

    /// What the shared cache has, if it keeps the rules of this version.
    async fn shared_answer<O: Operation>(&self, shared: &SharedCache, job: &Job<O>) -> Found {
        let Some(bytes) = shared.get(&answer_key(&job.key)).await else { return Found::Nothing };
        let Some((mut answer, size_bytes)) = kept::from_bytes::<O::Output>(&bytes) else {
            return Found::Nothing;
        };
        let Ok(value) = job.operation.accept(answer.value) else { return Found::Nothing };
        answer.value = value;
        let fresh = Duration::from_secs(self.policy.fresh_seconds);
        self.cache.judge(Arc::new(KeptAnswer::new(answer, fresh, size_bytes)), self.clock.now())
    }

    /// Takes another process's answer, waits for one that is being made, or takes it on.
    async fn look_elsewhere<O: Operation>(&self, shared: &SharedCache, job: &mut Job<O>) -> Elsewhere {
        if !job.may_be_cached {
            return Elsewhere::Unknown;
        }
        match self.shared_answer(shared, job).await {
            Found::Fresh(kept) => return Elsewhere::Answer(kept, Origin::Shared),
            // A load that nobody waits for is to replace it.
            Found::Revalidate(kept) if job.claim.is_some() => {
                return Elsewhere::Answer(kept, Origin::SharedStale);
            }
            Found::Revalidate(kept) | Found::IfError(kept) => _ = job.stale.get_or_insert(kept),
            Found::Refused(_) | Found::Nothing => {}
        }
        let lease = lease_key(&job.key);
        // Half of the time: the other process may be dead, and then there must be time to ask.
        let patience = Duration::from_secs(self.policy.deadline_seconds) / 2;
        let deadline = job.started.saturating_add(patience);
        let ttl = Duration::from_secs(self.policy.call_seconds.saturating_add(self.policy.deadline_seconds));
        loop {
            match shared.put_if_absent(&lease, Arc::from([1]), ttl).await {
                None => return Elsewhere::Unknown,
                Some(true) => {
                    // Whoever held the lease before may have left an answer.
                    let Found::Fresh(kept) = self.shared_answer(shared, job).await else {
                        return Elsewhere::Mine;
                    };
                    shared.remove(&lease).await;
                    return Elsewhere::Answer(kept, Origin::Shared);
                }
                Some(false) if self.clock.monotonic() >= deadline => return Elsewhere::Unknown,
                Some(false) => {
                    self.clock.sleep(LOOK_EVERY).await;
                    if let Found::Fresh(kept) = self.shared_answer(shared, job).await {
                        return Elsewhere::Answer(kept, Origin::Shared);
                    }
                }
            }
        }
    }

    /// A model's answer in the form in which it is kept; `size_bytes` is about that of its JSON.
    pub(super) fn kept<T: Send + Sync + 'static>(
        &self,
        answer: Answer<T>,
        size_bytes: usize,
    ) -> Arc<KeptAnswer> {
        let fresh = Duration::from_secs(self.policy.fresh_seconds);
        Arc::new(KeptAnswer::new(answer, fresh, size_bytes))
    }
}

/// How a model's text became a value.
pub(super) struct Read<T> {
    pub(super) value: T,
    pub(super) rung: Rung,
}

/// Whether the load is to write the request's line: it is the first to say so, and somebody asked.
pub(super) fn claims(claim: Option<&Claim>) -> bool {
    claim.is_some_and(Claim::take)
}
