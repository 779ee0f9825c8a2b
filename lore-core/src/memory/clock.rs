//! [`ManualClock`]: a clock that stands still until a test moves it.
//!
//! Time is one number that all clones share. A sleeper leaves its deadline and its waker in an ordered list; whoever moves
//! time takes the due ones off the front. No runtime, no threads: it works wherever futures are polled.

use std::{
    collections::BTreeMap,
    fmt,
    future::poll_fn,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    time::Duration,
};

use async_trait::async_trait;

use crate::time::{Clock, Timestamp};

/// A [`Clock`] whose time moves only by [`advance`](Self::advance). Clones share their time.
///
/// With [`auto_advance`](Self::auto_advance) sleeping itself moves time, so that backoffs and delays cost nothing: every
/// sleep gives way once, and then time jumps to the next deadline. Sleepers of one clock still end in the order of their
/// deadlines. A timeout around work that waits for the real world (a socket, a disk) therefore fires at once: move the
/// time by hand there.
///
/// ```
/// use std::time::Duration;
/// use lore_core::{Clock, memory::clock::ManualClock};
///
/// let clock = ManualClock::default();
/// let before = clock.now();
/// clock.advance(Duration::from_secs(90));
/// assert_eq!(clock.now().saturating_since(before), Duration::from_secs(90));
/// ```
#[derive(Clone)]
pub struct ManualClock {
    state: Arc<Mutex<State>>,
}

struct State {
    start: Timestamp,
    /// Time since the clock was made.
    elapsed: Duration,
    auto_advance: bool,
    /// By deadline, then by the order in which they fell asleep.
    sleepers: BTreeMap<SleeperKey, Waker>,
    next_sleeper: u64,
    /// Those who wait for others to fall asleep.
    watchers: Vec<Waker>,
}

type SleeperKey = (Duration, u64);

impl State {
    /// Moves time to `target` and takes out those who are due, in order; the caller wakes them without the lock.
    fn move_to(&mut self, target: Duration) -> Vec<Waker> {
        self.elapsed = self.elapsed.max(target);
        let later = self.sleepers.split_off(&(self.elapsed.saturating_add(Duration::from_nanos(1)), 0));
        std::mem::replace(&mut self.sleepers, later).into_values().collect()
    }
}

/// 2026-01-01T00:00:00Z: a time that looks like one in logs.
const DEFAULT_START_SECONDS: i64 = 1_767_225_600;

impl Default for ManualClock {
    /// Starts at 2026-01-01T00:00:00Z.
    fn default() -> Self {
        Self::new(Timestamp::from_unix_seconds(DEFAULT_START_SECONDS).unwrap_or(Timestamp::EPOCH))
    }
}

impl ManualClock {
    /// A clock that stands at `start`.
    #[must_use]
    pub fn new(start: Timestamp) -> Self {
        Self {
            state: Arc::new(Mutex::new(State {
                start,
                elapsed: Duration::ZERO,
                auto_advance: false,
                sleepers: BTreeMap::new(),
                next_sleeper: 0,
                watchers: Vec::new(),
            })),
        }
    }

    /// Lets sleeping move the time, for this clock and all its clones.
    #[must_use]
    pub fn auto_advance(self) -> Self {
        self.lock().auto_advance = true;
        self
    }

    /// Moves time forward and wakes those whose sleep is over, in the order of their deadlines.
    ///
    /// Who falls asleep again does so from the new time on.
    pub fn advance(&self, duration: Duration) {
        let due = {
            let mut state = self.lock();
            let target = state.elapsed.saturating_add(duration);
            state.move_to(target)
        };
        due.into_iter().for_each(Waker::wake);
    }

    /// How many sleeps are under way.
    #[must_use]
    pub fn sleepers(&self) -> usize {
        self.lock().sleepers.len()
    }

    /// Returns once at least `count` sleeps are under way, so that a test moves the time neither too early nor by waiting.
    pub async fn until_sleeping(&self, count: usize) {
        poll_fn(|context| {
            let mut state = self.lock();
            if state.sleepers.len() >= count {
                return Poll::Ready(());
            }
            if !state.watchers.iter().any(|watcher| watcher.will_wake(context.waker())) {
                state.watchers.push(context.waker().clone());
            }
            Poll::Pending
        })
        .await;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No code that holds the lock can panic half way through a change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for ManualClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.lock();
        f.debug_struct("ManualClock")
            .field("now", &format_args!("{}", state.start.saturating_add(state.elapsed)))
            .field("auto_advance", &state.auto_advance)
            .field("sleepers", &state.sleepers.len())
            .finish_non_exhaustive()
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        let state = self.lock();
        state.start.saturating_add(state.elapsed)
    }

    fn monotonic(&self) -> Duration {
        self.lock().elapsed
    }

    async fn sleep(&self, duration: Duration) {
        let deadline = self.lock().elapsed.saturating_add(duration);
        Sleep { clock: self, deadline, key: None }.await;
    }
}

/// One sleep; leaves the list when it is dropped.
struct Sleep<'a> {
    clock: &'a ManualClock,
    deadline: Duration,
    key: Option<SleeperKey>,
}

impl Future for Sleep<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let mut state = this.clock.lock();
        let mut wake = Vec::new();
        let gave_way = this.key.is_some();
        if state.auto_advance
            && gave_way
            && state.elapsed < this.deadline
            && let Some((&(next, _), _)) = state.sleepers.first_key_value()
        {
            wake = state.move_to(next);
        }
        let is_over = state.elapsed >= this.deadline;
        if !is_over {
            let next_sleeper = &mut state.next_sleeper;
            let key = *this.key.get_or_insert_with(|| {
                *next_sleeper += 1;
                (this.deadline, *next_sleeper)
            });
            state.sleepers.insert(key, context.waker().clone());
            wake.append(&mut state.watchers);
            if state.auto_advance {
                wake.push(context.waker().clone());
            }
        }
        drop(state);
        wake.into_iter().for_each(Waker::wake);
        if is_over { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Drop for Sleep<'_> {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            self.clock.lock().sleepers.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::Wake;

    use futures_util::{
        FutureExt,
        future::{join3, select},
    };

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test]
    async fn time_moves_only_when_it_is_moved() {
        let clock = ManualClock::default();
        assert_eq!(clock.now().to_string(), "2026-01-01T00:00:00Z");
        let mut sleep = clock.sleep(SECOND);
        assert!((&mut sleep).now_or_never().is_none());
        clock.advance(SECOND - Duration::from_nanos(1));
        assert!((&mut sleep).now_or_never().is_none());
        clock.advance(Duration::from_nanos(1));
        assert!(sleep.now_or_never().is_some());
        assert_eq!(clock.monotonic(), SECOND);
    }

    /// Notes its name when it is woken.
    struct Named(&'static str, Arc<Mutex<Vec<&'static str>>>);

    impl Wake for Named {
        fn wake(self: Arc<Self>) {
            self.1.lock().unwrap().push(self.0);
        }
    }

    #[test]
    fn sleepers_wake_in_the_order_of_their_deadlines() {
        let clock = ManualClock::default();
        let woken = Arc::new(Mutex::new(Vec::new()));
        let mut sleeps = Vec::new();
        for (name, seconds) in [("third", 3), ("first", 1), ("second", 2), ("not yet", 9)] {
            let waker = Waker::from(Arc::new(Named(name, woken.clone())));
            let mut sleep = clock.sleep(Duration::from_secs(seconds));
            assert!(sleep.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
            sleeps.push(sleep);
        }
        clock.advance(Duration::from_secs(5));
        assert_eq!(*woken.lock().unwrap(), ["first", "second", "third"]);
        assert_eq!(clock.sleepers(), 1);
    }

    #[tokio::test]
    async fn a_test_can_wait_until_others_sleep() {
        let clock = ManualClock::default();
        let mover = async {
            clock.until_sleeping(2).await;
            clock.advance(2 * SECOND);
        };
        join3(clock.sleep(SECOND), clock.sleep(2 * SECOND), mover).await;
        assert_eq!(clock.monotonic(), 2 * SECOND);
    }

    #[tokio::test]
    async fn a_dropped_sleep_leaves_nothing_behind() {
        let clock = ManualClock::default();
        let mut sleep = clock.sleep(SECOND);
        assert!((&mut sleep).now_or_never().is_none());
        assert_eq!(clock.sleepers(), 1);
        drop(sleep);
        assert_eq!(clock.sleepers(), 0);
        clock.advance(SECOND);
    }

    #[tokio::test]
    async fn with_auto_advance_a_sleep_takes_exactly_its_duration() {
        let clock = ManualClock::default().auto_advance();
        clock.sleep(SECOND).await;
        clock.sleep(SECOND).await;
        assert_eq!(clock.monotonic(), 2 * SECOND);
    }

    #[tokio::test]
    async fn with_auto_advance_the_shorter_of_two_sleeps_wins_whichever_is_polled_first() {
        for (first, second) in [(1, 3), (3, 1)] {
            let clock = ManualClock::default().auto_advance();
            let first = clock.sleep(Duration::from_secs(first));
            let second = clock.sleep(Duration::from_secs(second));
            select(first, second).await;
            assert_eq!(clock.monotonic(), SECOND);
        }
    }

    #[tokio::test]
    async fn with_auto_advance_a_sleep_that_nobody_polls_holds_up_nobody() {
        let clock = ManualClock::default().auto_advance();
        let mut forgotten = clock.sleep(SECOND);
        assert!((&mut forgotten).now_or_never().is_none());
        clock.sleep(2 * SECOND).await;
        assert!(forgotten.now_or_never().is_some());
        assert_eq!(clock.monotonic(), 2 * SECOND);
    }
}
