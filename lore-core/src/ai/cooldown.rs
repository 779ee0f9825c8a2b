//! [`Cooldowns`]: which models and keys are left alone, until when, and who may try first.
//!
//! A mark is one time, and a later one always wins. It is kept in the process, and in the shared cache so that other
//! processes see it. When its time is over one caller tries; the others wait for what the trial shows.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::shared::SharedCache;
use crate::time::{Clock, Timestamp};

/// How long a mark read from the shared cache, or its absence, is believed.
const BELIEVED: Duration = Duration::from_secs(1);

/// What is left alone: a model of a provider, or all that the provider's key gives access to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Cooled {
    provider: Arc<str>,
    model: Option<Arc<str>>,
}

impl Cooled {
    pub(super) fn model(provider: &Arc<str>, model: &Arc<str>) -> Self {
        Self { provider: provider.clone(), model: Some(model.clone()) }
    }

    pub(super) fn key(provider: &Arc<str>) -> Self {
        Self { provider: provider.clone(), model: None }
    }

    /// Lengths keep `a:b` of one provider apart from `b` of another.
    fn shared_key(&self) -> String {
        let model = self.model.as_deref().unwrap_or_default();
        format!("lore:ai:cooling:1:{}:{}:{model}", self.provider.len(), self.provider)
    }
}

/// Whether something may be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Readiness {
    /// Yes.
    Ready,
    /// Yes, as the one who tries it after its time: what comes of it must be reported.
    Trial,
    /// Not before this time.
    Cooling(Timestamp),
    /// Not now: its time is over, and another caller is trying it.
    OnTrial,
}

#[derive(Clone, Copy, Debug)]
struct Mark {
    until: Timestamp,
    /// Until when the trial of another caller of this process is waited for.
    trial_until: Option<Timestamp>,
}

#[derive(Debug, Default)]
struct State {
    mark: Option<Mark>,
    failures_in_a_row: u32,
    /// On the monotonic reading: until when the shared cache need not be asked.
    believed_until: Duration,
}

#[derive(Debug)]
pub(super) struct Cooldowns {
    clock: Arc<dyn Clock>,
    shared: Option<Arc<SharedCache>>,
    /// How long one trial may take.
    trial: Duration,
    states: Mutex<HashMap<Cooled, State>>,
}

impl Cooldowns {
    pub(super) fn new(clock: Arc<dyn Clock>, shared: Option<Arc<SharedCache>>, trial: Duration) -> Self {
        Self { clock, shared, trial, states: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Cooled, State>> {
        // No code that holds the lock can panic half way through a change.
        self.states.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes over what other processes know.
    async fn learn(&self, cooled: &Cooled) {
        let Some(shared) = &self.shared else { return };
        let now = self.clock.monotonic();
        if self.lock().get(cooled).is_some_and(|state| state.believed_until > now) {
            return;
        }
        let until = read(shared, cooled).await;
        let mut states = self.lock();
        let state = states.entry(cooled.clone()).or_default();
        state.believed_until = self.clock.monotonic().saturating_add(BELIEVED);
        if let Some(until) = until.filter(|until| state.mark.is_none_or(|mark| mark.until < *until)) {
            state.mark = Some(Mark { until, trial_until: None });
        }
    }

    /// Whether `cooled` may be asked now.
    pub(super) async fn readiness(&self, cooled: &Cooled) -> Readiness {
        self.learn(cooled).await;
        let now = self.clock.now();
        let trial_until = now.saturating_add(self.trial);
        {
            let mut states = self.lock();
            let Some(mark) = states.get_mut(cooled).and_then(|state| state.mark.as_mut()) else {
                return Readiness::Ready;
            };
            if mark.until > now {
                return Readiness::Cooling(mark.until);
            }
            if mark.trial_until.is_some_and(|until| until > now) {
                return Readiness::OnTrial;
            }
            mark.trial_until = Some(trial_until);
        }
        let Some(shared) = &self.shared else { return Readiness::Trial };
        let taken = shared.put_if_absent(&trial_key(cooled), Arc::from([]), self.trial).await;
        // Without the shared cache each process tries once.
        if taken.unwrap_or(true) {
            return Readiness::Trial;
        }
        // Another process tries: whoever asks next looks again at what came of it.
        if let Some(state) = self.lock().get_mut(cooled) {
            state.believed_until = Duration::ZERO;
            state.mark = state.mark.map(|mark| Mark { trial_until: None, ..mark });
        }
        Readiness::OnTrial
    }

    /// Leaves it alone for so long; what is longer already stays. Returns until when.
    pub(super) async fn cool(&self, cooled: &Cooled, duration: Duration) -> Timestamp {
        let now = self.clock.now();
        let mut until = now.saturating_add(duration);
        {
            let mut states = self.lock();
            let state = states.entry(cooled.clone()).or_default();
            until = state.mark.map_or(until, |mark| mark.until.max(until));
            state.mark = Some(Mark { until, trial_until: None });
            state.failures_in_a_row = 0;
        }
        tracing::warn!(
            provider = %cooled.provider,
            model = cooled.model.as_deref().unwrap_or("*"),
            %until,
            "a model is left alone"
        );
        let Some(shared) = &self.shared else { return until };
        // Two processes may do this at once: then the shorter time may win for others, and the longer holds here.
        let until = read(shared, cooled).await.map_or(until, |known| known.max(until));
        let ttl = until.saturating_since(now);
        if !ttl.is_zero() {
            let value = until.unix_micros().to_le_bytes();
            shared.put(&cooled.shared_key(), Arc::from(value), ttl).await;
        }
        shared.remove(&trial_key(cooled)).await;
        until
    }

    /// Counts a failure that is not about the request, and says how many there were in a row.
    pub(super) fn failed(&self, cooled: &Cooled) -> u32 {
        let mut states = self.lock();
        let state = states.entry(cooled.clone()).or_default();
        state.failures_in_a_row = state.failures_in_a_row.saturating_add(1);
        state.failures_in_a_row
    }

    /// Ends a trial that showed nothing about the model, so that the next caller may try.
    pub(super) async fn undecided(&self, cooled: &Cooled) {
        let trial = {
            let mut states = self.lock();
            let mark = states.get_mut(cooled).and_then(|state| state.mark.as_mut());
            mark.and_then(|mark| mark.trial_until.take()).is_some()
        };
        if let Some(shared) = self.shared.as_ref().filter(|_| trial) {
            shared.remove(&trial_key(cooled)).await;
        }
    }

    /// It answered: nothing is held against it any more, unless it is left alone meanwhile. Then the call was sent before,
    /// and says nothing about now.
    pub(super) async fn answered(&self, cooled: &Cooled) {
        let now = self.clock.now();
        let was_on_trial = match self.lock().get_mut(cooled) {
            None => false,
            Some(state) => {
                state.failures_in_a_row = 0;
                let over = state.mark.filter(|mark| mark.until <= now);
                state.mark = state.mark.filter(|mark| mark.until > now);
                over.is_some_and(|mark| mark.trial_until.is_some())
            }
        };
        // The mark itself is gone there as well: it was put for as long as it holds.
        if let Some(shared) = self.shared.as_ref().filter(|_| was_on_trial) {
            shared.remove(&trial_key(cooled)).await;
        }
    }
}

fn trial_key(cooled: &Cooled) -> String {
    cooled.shared_key() + ":trial"
}

async fn read(shared: &SharedCache, cooled: &Cooled) -> Option<Timestamp> {
    let bytes = shared.get(&cooled.shared_key()).await?;
    let micros = i64::from_le_bytes(<[u8; 8]>::try_from(&*bytes).ok()?);
    Timestamp::from_unix_micros(micros).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::{cache::MemoryCache, clock::ManualClock};

    const TRIAL: Duration = Duration::from_secs(45);

    fn cooled() -> Cooled {
        Cooled::model(&"openrouter".into(), &"a/b".into())
    }

    fn alone(clock: &ManualClock) -> Cooldowns {
        Cooldowns::new(Arc::new(clock.clone()), None, TRIAL)
    }

    /// Makes processes that share a cache.
    fn processes(clock: &ManualClock) -> impl Fn() -> Cooldowns {
        let clock: Arc<dyn Clock> = Arc::new(clock.clone());
        let cache = Arc::new(MemoryCache::new(clock.clone(), MemoryCache::DEFAULT_BYTES));
        move || {
            let shared = SharedCache::new(cache.clone(), clock.clone(), seconds(1));
            Cooldowns::new(clock.clone(), Some(Arc::new(shared)), TRIAL)
        }
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[tokio::test]
    async fn a_longer_time_wins_whichever_came_first() {
        let clock = ManualClock::default();
        let start = clock.now();
        for order in [[300, 900], [900, 300]] {
            let cooldowns = alone(&clock);
            for duration in order {
                cooldowns.cool(&cooled(), seconds(duration)).await;
            }
            let until = start.saturating_add(seconds(900));
            assert_eq!(cooldowns.readiness(&cooled()).await, Readiness::Cooling(until));
        }
    }

    #[tokio::test]
    async fn after_its_time_one_caller_tries_and_the_others_wait() {
        let clock = ManualClock::default();
        let cooldowns = alone(&clock);
        assert_eq!(cooldowns.readiness(&cooled()).await, Readiness::Ready);
        cooldowns.cool(&cooled(), seconds(300)).await;
        clock.advance(seconds(300));
        assert_eq!(cooldowns.readiness(&cooled()).await, Readiness::Trial);
        assert_eq!(cooldowns.readiness(&cooled()).await, Readiness::OnTrial);

        cooldowns.undecided(&cooled()).await;
        assert_eq!(cooldowns.readiness(&cooled()).await, Readiness::Trial);
        clock.advance(TRIAL);
        assert_eq!(cooldowns.readiness(&cooled()).await, Readiness::Trial, "the first never reported");
        cooldowns.answered(&cooled()).await;
        assert_eq!(cooldowns.readiness(&cooled()).await, Readiness::Ready);
    }

    #[tokio::test]
    async fn a_trial_that_fails_begins_a_new_time() {
        let clock = ManualClock::default();
        let cooldowns = alone(&clock);
        cooldowns.cool(&cooled(), seconds(10)).await;
        clock.advance(seconds(10));
        assert_eq!(cooldowns.readiness(&cooled()).await, Readiness::Trial);
        cooldowns.cool(&cooled(), seconds(10)).await;
        let until = clock.now().saturating_add(seconds(10));
        assert_eq!(cooldowns.readiness(&cooled()).await, Readiness::Cooling(until));
    }

    #[tokio::test]
    async fn processes_share_marks_and_trials_through_the_cache() {
        let clock = ManualClock::default();
        let process = processes(&clock);
        let (one, other) = (process(), process());
        assert_eq!(other.readiness(&cooled()).await, Readiness::Ready);
        one.cool(&cooled(), seconds(300)).await;
        clock.advance(BELIEVED);
        let until = clock.now().saturating_add(seconds(299));
        assert_eq!(other.readiness(&cooled()).await, Readiness::Cooling(until));

        other.cool(&cooled(), seconds(100)).await;
        assert_eq!(process().readiness(&cooled()).await, Readiness::Cooling(until), "the longer time stays");

        clock.advance(seconds(299));
        assert_eq!(one.readiness(&cooled()).await, Readiness::Trial);
        assert_eq!(other.readiness(&cooled()).await, Readiness::OnTrial);
        one.answered(&cooled()).await;
        assert_eq!(process().readiness(&cooled()).await, Readiness::Ready);
        assert_eq!(other.readiness(&cooled()).await, Readiness::Trial, "it looks again at once");
    }

    #[tokio::test]
    async fn a_trial_that_fails_in_one_process_is_seen_at_once_by_those_who_wait() {
        let clock = ManualClock::default();
        let process = processes(&clock);
        let (one, other) = (process(), process());
        for cooldowns in [&one, &other] {
            cooldowns.cool(&cooled(), seconds(10)).await;
        }
        clock.advance(seconds(10));
        assert_eq!(one.readiness(&cooled()).await, Readiness::Trial);
        assert_eq!(other.readiness(&cooled()).await, Readiness::OnTrial);
        let until = one.cool(&cooled(), seconds(300)).await;
        assert_eq!(other.readiness(&cooled()).await, Readiness::Cooling(until));
    }

    #[tokio::test]
    async fn an_answer_to_a_call_that_was_sent_before_ends_no_pause() {
        let clock = ManualClock::default();
        let cooldowns = alone(&clock);
        let until = cooldowns.cool(&cooled(), seconds(300)).await;
        cooldowns.answered(&cooled()).await;
        assert_eq!(cooldowns.readiness(&cooled()).await, Readiness::Cooling(until));
        clock.advance(seconds(300));
        cooldowns.answered(&cooled()).await;
        assert_eq!(cooldowns.readiness(&cooled()).await, Readiness::Ready);
    }

    #[tokio::test]
    async fn a_key_and_its_models_are_different_things() {
        let clock = ManualClock::default();
        let cooldowns = alone(&clock);
        cooldowns.cool(&Cooled::key(&"openrouter".into()), seconds(60)).await;
        assert_eq!(cooldowns.readiness(&cooled()).await, Readiness::Ready);
        assert_ne!(
            Cooled::key(&"a".into()).shared_key(),
            Cooled::model(&"a".into(), &"b".into()).shared_key()
        );
    }

    #[test]
    fn failures_are_counted_in_a_row() {
        let cooldowns = alone(&ManualClock::default());
        assert_eq!((cooldowns.failed(&cooled()), cooldowns.failed(&cooled())), (1, 2));
    }
}
