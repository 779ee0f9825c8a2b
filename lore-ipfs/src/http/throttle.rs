//! [`Throttle`]: keeps under a service's rate limit by waiting, not by failing.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use lore_core::Clock;

/// Lets at most so many requests start in any window of time.
///
/// Each request takes the next free start when it asks and waits for it, in the order of asking. Unlike a bucket that
/// refills while it is drained, this never lets more than the limit through in a window, wherever the window begins.
#[derive(Debug)]
pub(crate) struct Throttle {
    clock: Arc<dyn Clock>,
    per_window: usize,
    window: Duration,
    /// Starts given out, oldest first, on the clock's monotonic scale; at most `per_window`.
    starts: Mutex<VecDeque<Duration>>,
}

impl Throttle {
    pub(crate) fn new(clock: Arc<dyn Clock>, per_window: u32, window: Duration) -> Self {
        // A window of nothing would let nothing through; the configuration refuses it, this is the second guard.
        let per_window = usize::try_from(per_window).unwrap_or(usize::MAX).max(1);
        Self { clock, per_window, window, starts: Mutex::new(VecDeque::new()) }
    }

    /// Returns when the next request may start. A caller that gives up waiting has used its turn.
    pub(crate) async fn ready(&self) {
        let wait = self.reserve();
        if !wait.is_zero() {
            self.clock.sleep(wait).await;
        }
    }

    fn reserve(&self) -> Duration {
        let now = self.clock.monotonic();
        let mut starts = self.starts.lock().unwrap_or_else(PoisonError::into_inner);
        let earliest = if starts.len() < self.per_window { None } else { starts.pop_front() };
        let start = earliest.map_or(now, |oldest| now.max(oldest.saturating_add(self.window)));
        starts.push_back(start);
        start.saturating_sub(now)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use lore_core::memory::clock::ManualClock;

    use super::*;

    const WINDOW: Duration = Duration::from_secs(60);

    fn throttle(clock: &ManualClock, per_window: u32) -> Throttle {
        Throttle::new(Arc::new(clock.clone()), per_window, WINDOW)
    }

    #[tokio::test]
    async fn requests_wait_when_the_window_is_full() {
        let clock = ManualClock::default();
        let throttle = throttle(&clock, 2);
        assert!(throttle.ready().now_or_never().is_some());
        clock.advance(Duration::from_secs(10));
        assert!(throttle.ready().now_or_never().is_some());
        let mut third = Box::pin(throttle.ready());
        assert!((&mut third).now_or_never().is_none());
        clock.advance(Duration::from_secs(49));
        assert!((&mut third).now_or_never().is_none());
        clock.advance(Duration::from_secs(1));
        assert!(third.now_or_never().is_some());
    }

    #[tokio::test]
    async fn no_window_holds_more_than_the_limit() {
        let clock = ManualClock::default().auto_advance();
        let throttle = throttle(&clock, 7);
        let mut starts = Vec::new();
        for turn in 0_u64..60 {
            clock.advance(Duration::from_secs(turn % 5));
            throttle.ready().await;
            starts.push(clock.monotonic());
        }
        for pair in starts.windows(8) {
            assert!(pair[7] - pair[0] >= WINDOW, "{pair:?}");
        }
    }
}
