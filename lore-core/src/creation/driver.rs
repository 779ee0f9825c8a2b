//! The driver: follows the machine, and is the only part of a creation that waits.
//!
//! Each turn journals what it is about to do, does it under the watch of the lease, and journals what came out together
//! with the next intent, in one commit. Dropping the driver at any await is a crash like any other: the journal says how
//! to go on.

use std::{sync::Arc, time::Duration};

use futures_util::future::{Either, select};

use crate::{
    content::Content,
    creation::{
        Creation, CreationPolicy, CreationRecord, Event, Next, Output, RecordedEvent, Step, Token,
        effects::{Effects, changes_of, missing_media},
    },
    error::{Error, ErrorKind, FailureRecord, Result, Retry},
    ids::HolderId,
    maybe_send::MaybeSend,
    port::{
        chain::ChainClient,
        pins::PinStore,
        refusal::Refusal,
        repository::{ChangeSet, JournalAppend, Lease, Repository},
    },
    progress::{Progress, ProgressEvent},
    time::{Clock, Timestamp},
};

/// How often a lost commit, or one that met another writer, is tried again before the driver gives up.
const COMMIT_ATTEMPTS: u32 = 5;

/// The ports that a creation uses.
#[derive(Clone, Debug)]
pub(crate) struct Ports {
    pub(crate) repository: Arc<dyn Repository>,
    pub(crate) pins: Arc<dyn PinStore>,
    pub(crate) chain: Arc<dyn ChainClient>,
    pub(crate) clock: Arc<dyn Clock>,
}

/// Drives one creation under its lease.
#[derive(Debug)]
pub(crate) struct Driver<'a> {
    ports: &'a Ports,
    policy: &'a CreationPolicy,
    progress: &'a Progress,
    record: CreationRecord,
    machine: Creation,
    lease: Lease,
    media: Option<Arc<dyn Content>>,
    /// The step whose intent this driver journalled and did not act on yet: it needs no look-up.
    fresh: Option<Step>,
}

impl<'a> Driver<'a> {
    /// Takes the lease and reads the journal. `media` may be missing once it is uploaded.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] with a pause if somebody else drives this creation.
    pub(crate) async fn take_over(
        ports: &'a Ports,
        policy: &'a CreationPolicy,
        progress: &'a Progress,
        record: CreationRecord,
        media: Option<Arc<dyn Content>>,
    ) -> Result<Self> {
        let holder = HolderId::generate(&*ports.clock)?;
        let now = ports.clock.now();
        let lease = match ports.repository.acquire_lease(&record.id, holder, now, policy.lease).await {
            Ok(lease) => lease,
            Err(error) => lease_of(ports, &record, holder).await.ok_or(error)?,
        };
        match load(ports, &record).await {
            Ok(machine) => Ok(Self { ports, policy, progress, record, machine, lease, media, fresh: None }),
            Err(error) => {
                release(ports, &record, &lease).await;
                Err(error)
            }
        }
    }

    /// The state that the journal tells.
    pub(crate) fn machine(&self) -> &Creation {
        &self.machine
    }

    /// Counts the holders of the lease.
    pub(crate) fn generation(&self) -> u64 {
        self.lease.generation
    }

    /// Goes on until the creation is finished or stuck, then gives the lease back. With `unstick` a creation that is
    /// stuck now is tried again first.
    ///
    /// # Errors
    /// Why it is stuck, or why it cannot be driven.
    pub(crate) async fn run(mut self, unstick: bool) -> Result<()> {
        let result = match self.ready(unstick).await {
            Ok(()) => self.drive().await,
            Err(error) => Err(error),
        };
        self.release().await;
        result
    }

    /// Makes sure that the media is at hand if it is still needed, and journals the retry of what is stuck.
    async fn ready(&mut self, unstick: bool) -> Result<()> {
        let is_uploaded = self.machine.output(Step::MediaUpload).is_some();
        if self.media.is_none() && !self.machine.status().is_over() && !is_uploaded {
            // It may have arrived before a crash; if not, nothing is journalled about a call that came unprepared.
            let cid = &self.record.input.media.fingerprint.cid;
            self.ports.pins.find(cid).await?.ok_or_else(|| missing_media(&self.record))?;
        }
        match self.machine.next() {
            Next::Stuck { step, .. } if unstick => self.record(vec![Event::Retried { step }]).await,
            _ => Ok(()),
        }
    }

    /// Gives the lease back, so that others need not wait for its end.
    pub(crate) async fn release(&self) {
        release(self.ports, &self.record, &self.lease).await;
    }

    /// Journals events and what they change, in one commit.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] if the lease was lost.
    pub(crate) async fn record(&mut self, events: Vec<Event>) -> Result<()> {
        for attempt in 1.. {
            let mut after = self.machine.clone();
            let now = self.ports.clock.now();
            let mut recorded = Vec::with_capacity(events.len());
            for event in &events {
                after.apply(event)?;
                recorded.push(RecordedEvent::new(after.seq(), now, event.clone()));
            }
            let mut changes = self.changes(&events, now).await?;
            changes.journal = Some(JournalAppend {
                creation: self.record.id,
                generation: self.lease.generation,
                events: recorded,
                status: after.status(),
                step: after.step(),
                at: now,
            });
            let error = match self.ports.repository.commit(changes).await {
                Ok(()) => {
                    self.machine = after;
                    return Ok(());
                }
                Err(error) => error,
            };
            let before = self.machine.seq();
            let again = self.can_commit_again(&error).await?;
            if self.machine.seq() > before {
                // The answer was lost, but the commit was not.
                return Ok(());
            }
            if !again || attempt >= COMMIT_ATTEMPTS {
                return Err(error);
            }
        }
        Ok(())
    }

    /// After a failed commit: reads the journal again, and says whether the same commit may be tried again.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] if the lease was lost: what the journal holds may be somebody else's.
    async fn can_commit_again(&mut self, error: &Error) -> Result<bool> {
        match (error.kind(), error.retry()) {
            (ErrorKind::Conflict, _) | (_, Retry::Reconcile) => {}
            (_, Retry::After(pause)) => {
                self.ports.clock.sleep(pause.unwrap_or(Duration::from_millis(50))).await;
            }
            _ => return Ok(false),
        }
        let machine = load(self.ports, &self.record).await?;
        // Read after the events: if the generation is still this driver's, so is every event that it had not seen.
        let stored = self.ports.repository.creation(&self.record.id).await?;
        let newest = stored.and_then(|record| record.lease).map_or(0, |lease| lease.generation);
        let generation = self.lease.generation;
        if newest != generation {
            return Err(Refusal::StaleLease { creation: self.record.id, generation, newest }.into());
        }
        self.machine = machine;
        Ok(true)
    }

    async fn drive(&mut self) -> Result<()> {
        loop {
            let (step, token, not_before) = match self.machine.next() {
                Next::Finished => {
                    let (creation, asset) = (self.record.id, self.record.asset);
                    self.progress.emit(ProgressEvent::Finished { creation, asset });
                    return Ok(());
                }
                Next::Cancelled => return Err(cancelled(&self.record)),
                Next::Stuck { step, why } => return Err(self.stuck(step, why)),
                Next::Start { step, not_before } => (step, None, not_before),
                Next::Reconcile { step, token, not_before } => (step, Some(token.clone()), not_before),
            };
            self.wait_until(step, not_before).await?;
            match token {
                None => match self.guarded(self.effects().token(step)).await {
                    Ok(token) => self.intend(step, token).await?,
                    Err(error) => self.fail(step, error).await?,
                },
                Some(token) => match self.effect(step, &token).await {
                    Ok(output) => match self.finish(step, output).await {
                        // The records refuse this outcome for good, a parent that is gone for example.
                        Err(error) if is_refused(&error) => self.fail(step, error).await?,
                        result => result?,
                    },
                    Err(error) => self.fail(step, error).await?,
                },
            }
        }
    }

    /// Journals the intent of a step.
    async fn intend(&mut self, step: Step, token: Token) -> Result<()> {
        let creation = self.record.id;
        self.progress.emit(ProgressEvent::Intending { creation, step });
        self.record(vec![Event::Intended { step, token }]).await?;
        self.fresh = Some(step);
        self.progress.emit(ProgressEvent::Intended { creation, step });
        Ok(())
    }

    /// Causes the effect of a step whose intent is journalled; looks it up first unless this driver just intended it.
    async fn effect(&mut self, step: Step, token: &Token) -> Result<Output> {
        let creation = self.record.id;
        let is_fresh = self.fresh.take() == Some(step);
        let effects = self.effects();
        let found = if is_fresh { None } else { self.guarded(effects.look_up(step, token)).await? };
        let reconciled = found.is_some();
        let output = match found {
            Some(output) => output,
            None => {
                self.progress.emit(ProgressEvent::Performing { creation, step });
                self.guarded(effects.perform(step, token)).await?
            }
        };
        self.progress.emit(ProgressEvent::Performed { creation, step, reconciled });
        Ok(output)
    }

    /// Journals what came out of a step, together with the intent of the next: one commit for both.
    async fn finish(&mut self, step: Step, output: Output) -> Result<()> {
        let creation = self.record.id;
        let mut events = vec![Event::Done { step, output }];
        let mut after = self.machine.clone();
        for event in &events {
            after.apply(event)?;
        }
        let next = match after.next() {
            Next::Start { step, not_before: None } => {
                let effects = Effects { machine: &after, ..self.effects() };
                // What cannot be intended now fails on its own turn, where the failure is journalled.
                self.guarded(effects.token(step)).await.ok().map(|token| (step, token))
            }
            _ => None,
        };
        let next_step = next.as_ref().map(|(step, _)| *step);
        if let Some((step, token)) = next {
            self.progress.emit(ProgressEvent::Intending { creation, step });
            events.push(Event::Intended { step, token });
        }
        self.record(events).await?;
        self.fresh = next_step;
        self.progress.emit(ProgressEvent::Recorded { creation, step });
        if let Some(step) = next_step {
            self.progress.emit(ProgressEvent::Intended { creation, step });
        }
        Ok(())
    }

    /// Journals a failed attempt; returns the error if there will be no further one.
    async fn fail(&mut self, step: Step, error: Error) -> Result<()> {
        let attempt = self.machine.attempts() + 1;
        let pause = match error.retry() {
            Retry::Never => None,
            Retry::After(pause) => Some(pause),
            // What may have happened is looked up on the next turn; what the retry layer gave up on is worth a longer wait.
            Retry::Reconcile | Retry::Exhausted => Some(None),
        };
        let wait = pause
            .filter(|_| attempt < self.policy.max_attempts)
            .map(|asked| self.policy.backoff.pause(attempt).max(asked.unwrap_or_default()));
        let retry_at = wait.map(|wait| self.ports.clock.now().saturating_add(wait));
        let why = error.to_record();
        let creation = self.record.id;
        if let Err(lost) = self.record(vec![Event::Failed { step, why: why.clone(), retry_at }]).await {
            tracing::warn!(%creation, %step, %error, "a failure could not be journalled");
            return Err(lost.with_context("after", error));
        }
        match wait {
            Some(wait) => {
                self.progress.emit(ProgressEvent::Retrying { creation, step, attempt, wait, why });
                Ok(())
            }
            None => {
                self.progress.emit(ProgressEvent::Stuck { creation, step, why });
                Err(error.with_context("creation", creation).with_context("step", step))
            }
        }
    }

    fn stuck(&self, step: Step, why: &FailureRecord) -> Error {
        let creation = self.record.id;
        self.progress.emit(ProgressEvent::Stuck { creation, step, why: why.clone() });
        Error::from(why).with_context("creation", creation).with_context("step", step)
    }

    /// Waits for the time of the next attempt, under the watch of the lease.
    async fn wait_until(&self, step: Step, not_before: Option<Timestamp>) -> Result<()> {
        let now = self.ports.clock.now();
        let wait = not_before.map(|at| at.saturating_since(now)).unwrap_or_default();
        if wait.is_zero() {
            return Ok(());
        }
        tracing::debug!(creation = %self.record.id, %step, ?wait, "waiting before the next attempt");
        let clock = &self.ports.clock;
        self.guarded(async {
            clock.sleep(wait).await;
            Ok(())
        })
        .await
    }

    /// Runs `work`, and renews the lease for as long as it takes. A lost lease ends the work: somebody else goes on.
    async fn guarded<T>(&self, work: impl Future<Output = Result<T>> + MaybeSend) -> Result<T> {
        let mut work = std::pin::pin!(work);
        loop {
            let renewal = self.ports.clock.sleep(self.policy.lease / 3);
            match select(work, renewal).await {
                Either::Left((result, _)) => return result,
                Either::Right(((), unfinished)) => work = unfinished,
            }
            let now = self.ports.clock.now();
            let renewed =
                self.ports.repository.renew_lease(&self.record.id, &self.lease, now, self.policy.lease).await;
            match renewed {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::Conflict => return Err(error),
                // The store is away for a moment: the commit that follows decides whether the lease still holds.
                Err(error) => {
                    tracing::warn!(creation = %self.record.id, %error, "a lease could not be renewed")
                }
            }
        }
    }

    fn effects(&self) -> Effects<'_> {
        Effects {
            ports: self.ports,
            record: &self.record,
            machine: &self.machine,
            media: self.media.as_ref(),
            progress: self.progress,
        }
    }

    /// What these events change besides the journal.
    async fn changes(&self, events: &[Event], now: Timestamp) -> Result<ChangeSet> {
        let mut changes = ChangeSet::default();
        for event in events {
            if let Event::Done { step, output } = event {
                changes_of(self.ports, &self.record, (*step, output), now, &mut changes).await?;
            }
        }
        Ok(changes)
    }
}

/// Whether a commit failed in a way that the same commit always will, though the lease still holds.
fn is_refused(error: &Error) -> bool {
    error.retry() == Retry::Never && error.kind() != ErrorKind::Conflict
}

/// The lease that this holder has though it was not told so: the answer was lost, or was given to an earlier attempt.
async fn lease_of(ports: &Ports, record: &CreationRecord, holder: HolderId) -> Option<Lease> {
    // If this cannot be read either, the first failure is the one to report.
    let stored = ports.repository.creation(&record.id).await.ok().flatten()?;
    stored.lease.filter(|lease| lease.holder == holder)
}

async fn release(ports: &Ports, record: &CreationRecord, lease: &Lease) {
    if let Err(error) = ports.repository.release_lease(&record.id, lease).await {
        // The lease ends by itself; the outcome of the work matters more than this.
        tracing::warn!(creation = %record.id, %error, "a lease could not be given back");
    }
}

/// What a driver of a cancelled creation says.
pub(crate) fn cancelled(record: &CreationRecord) -> Error {
    Error::new(ErrorKind::Conflict, "the creation was cancelled; a new one needs another idempotency key")
        .with_context("creation", record.id)
}

/// Reads a creation's journal.
pub(crate) async fn load(ports: &Ports, record: &CreationRecord) -> Result<Creation> {
    let events = ports.repository.events(&record.id).await?;
    for (expected, recorded) in (1_u64..).zip(&events) {
        if recorded.seq != expected {
            return Err(Error::new(ErrorKind::Unexpected, "the journal of a creation has a gap")
                .with_context("creation", record.id)
                .with_context("seq", recorded.seq));
        }
    }
    Ok(Creation::replay(&record.input, events.iter().map(|recorded| &recorded.event))?)
}
