//! [`Sharing`]: answers that are on their way to the shared cache after their callers have them.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures_channel::oneshot;

#[derive(Debug, Default)]
struct State {
    /// The number of the next one to begin.
    next: u64,
    under_way: BTreeSet<u64>,
    /// Dropped when none of a lower number is under way: those that begin later keep nobody waiting.
    waiting: Vec<(u64, oneshot::Sender<()>)>,
}

/// Which are under way, and who waits for them.
#[derive(Clone, Debug, Default)]
pub(super) struct Sharing(Arc<Mutex<State>>);

/// One of them.
pub(super) struct UnderWay {
    sharing: Sharing,
    number: u64,
}

impl Sharing {
    fn lock(&self) -> MutexGuard<'_, State> {
        // No code that holds the lock can panic half way through a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn begin(&self) -> UnderWay {
        let mut state = self.lock();
        let number = state.next;
        state.next = number.saturating_add(1);
        state.under_way.insert(number);
        drop(state);
        UnderWay { sharing: self.clone(), number }
    }

    /// Waits until all that began before have ended.
    pub(super) async fn end(&self) {
        let waiting = {
            let mut state = self.lock();
            if state.under_way.is_empty() {
                return;
            }
            let (sender, receiver) = oneshot::channel();
            let next = state.next;
            state.waiting.push((next, sender));
            receiver
        };
        waiting.await.unwrap_or_default();
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut state = self.sharing.lock();
        state.under_way.remove(&self.number);
        let first = state.under_way.first().copied().unwrap_or(u64::MAX);
        let done: Vec<_> = state.waiting.extract_if(.., |(next, _)| *next <= first).collect();
        drop(state);
        // Wakes them.
        drop(done);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn who_waits_does_so_until_all_have_ended() {
        let sharing = Sharing::default();
        assert!(sharing.end().now_or_never().is_some());
        let (one, other) = (sharing.begin(), sharing.begin());
        let mut waiting = Box::pin(sharing.end());
        assert!(futures_util::poll!(&mut waiting).is_pending());
        drop(one);
        assert!(futures_util::poll!(&mut waiting).is_pending());
        drop(other);
        assert!(futures_util::poll!(&mut waiting).is_ready());
    }

    #[tokio::test]
    async fn who_waits_does_not_wait_for_those_that_begin_later() {
        let sharing = Sharing::default();
        let before = sharing.begin();
        let mut waiting = Box::pin(sharing.end());
        assert!(futures_util::poll!(&mut waiting).is_pending());
        let later = sharing.begin();
        let mut waiting_longer = Box::pin(sharing.end());
        assert!(futures_util::poll!(&mut waiting_longer).is_pending());
        drop(before);
        assert!(futures_util::poll!(&mut waiting).is_ready());
        assert!(futures_util::poll!(&mut waiting_longer).is_pending());
        drop(later);
        assert!(futures_util::poll!(&mut waiting_longer).is_ready());
    }
}
