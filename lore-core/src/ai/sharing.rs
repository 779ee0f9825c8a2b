//! [`Sharing`]: answers that are on their way to the shared cache after their callers have them.

use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures_channel::oneshot;

#[derive(Debug, Default)]
struct State {
    under_way: usize,
    /// Dropped when nothing is under way.
    waiting: Vec<oneshot::Sender<()>>,
}

/// How many are under way, and who waits for them.
#[derive(Clone, Debug, Default)]
pub(super) struct Sharing(Arc<Mutex<State>>);

/// One of them.
pub(super) struct UnderWay(Sharing);

impl Sharing {
    fn lock(&self) -> MutexGuard<'_, State> {
        // No code that holds the lock can panic half way through a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn begin(&self) -> UnderWay {
        let mut state = self.lock();
        state.under_way = state.under_way.saturating_add(1);
        drop(state);
        UnderWay(self.clone())
    }

    /// Waits until nothing is under way.
    pub(super) async fn end(&self) {
        let waiting = {
            let mut state = self.lock();
            if state.under_way == 0 {
                return;
            }
            let (sender, receiver) = oneshot::channel();
            state.waiting.push(sender);
            receiver
        };
        waiting.await.unwrap_or_default();
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.under_way = state.under_way.saturating_sub(1);
        let done = if state.under_way == 0 { mem::take(&mut state.waiting) } else { Vec::new() };
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
        waiting.await;
    }
}
