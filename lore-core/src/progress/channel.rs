//! The channel between long work and whoever watches it: never full, never blocking, bounded.

use std::{
    collections::VecDeque,
    fmt,
    future::poll_fn,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use super::{Sink, event::ProgressEvent};

#[derive(Default)]
struct State {
    unread: VecDeque<ProgressEvent>,
    missed: u64,
    reader: Option<Waker>,
    sender_is_gone: bool,
    reader_is_gone: bool,
}

#[derive(Default)]
struct Shared(Mutex<State>);

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // No code that holds the lock can panic half way through a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake_reader(mut state: MutexGuard<'_, State>) {
        let reader = state.reader.take();
        drop(state);
        if let Some(reader) = reader {
            reader.wake();
        }
    }
}

/// The one sender; every clone of a [`Progress`](super::Progress) shares it.
pub(super) struct Sender(Arc<Shared>);

pub(super) fn channel() -> (Sender, ProgressStream) {
    let shared = Arc::<Shared>::default();
    (Sender(shared.clone()), ProgressStream(shared))
}

impl Sink for Sender {
    fn tell(&self, event: &ProgressEvent) {
        let mut state = self.0.lock();
        if state.reader_is_gone {
            return;
        }
        if let Some(position) = state.unread.iter().position(|earlier| event.replaces(earlier)) {
            state.unread.remove(position);
        } else if state.unread.len() >= ProgressStream::CAPACITY {
            state.unread.pop_front();
            state.missed += 1;
        }
        state.unread.push_back(event.clone());
        Shared::wake_reader(state);
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.sender_is_gone = true;
        Shared::wake_reader(state);
    }
}

/// What long work tells, for one reader.
///
/// Dropping it does not disturb the work.
pub struct ProgressStream(Arc<Shared>);

impl ProgressStream {
    /// Most events that wait to be read.
    pub const CAPACITY: usize = 4_096;

    /// The next event; `None` once the work is over and everything was read.
    ///
    /// # Cancellation
    /// A dropped call loses nothing.
    pub async fn next(&mut self) -> Option<ProgressEvent> {
        poll_fn(|context| self.poll_next(context)).await
    }

    fn poll_next(&mut self, context: &Context<'_>) -> Poll<Option<ProgressEvent>> {
        let mut state = self.0.lock();
        if state.missed > 0 {
            let count = std::mem::take(&mut state.missed);
            return Poll::Ready(Some(ProgressEvent::Missed { count }));
        }
        if let Some(event) = state.unread.pop_front() {
            return Poll::Ready(Some(event));
        }
        if state.sender_is_gone {
            return Poll::Ready(None);
        }
        state.reader = Some(context.waker().clone());
        Poll::Pending
    }
}

impl Drop for ProgressStream {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.reader_is_gone = true;
        state.unread = VecDeque::new();
    }
}

impl fmt::Debug for ProgressStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProgressStream({} unread)", self.0.lock().unread.len())
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{FutureExt, future::join};

    use super::*;
    use crate::{creation::Step, ids::CreationId, progress::Progress};

    const CREATION: CreationId = CreationId::from_bytes([7; 16]);

    fn uploading(step: Step, done_bytes: u64) -> ProgressEvent {
        ProgressEvent::Uploading { creation: CREATION, step, done_bytes, total_bytes: 9 }
    }

    fn intended(step: Step) -> ProgressEvent {
        ProgressEvent::Intended { creation: CREATION, step }
    }

    async fn rest(mut stream: ProgressStream) -> Vec<ProgressEvent> {
        let mut all = Vec::new();
        while let Some(event) = stream.next().await {
            all.push(event);
        }
        all
    }

    #[tokio::test]
    async fn only_the_newest_position_is_kept_and_every_other_event() {
        let (progress, stream) = Progress::channel();
        for event in [
            uploading(Step::MediaUpload, 1),
            uploading(Step::IpaMetadataUpload, 1),
            intended(Step::MediaUpload),
            intended(Step::MediaUpload),
            uploading(Step::MediaUpload, 2),
        ] {
            progress.emit(event);
        }
        drop(progress);
        assert_eq!(
            rest(stream).await,
            [
                uploading(Step::IpaMetadataUpload, 1),
                intended(Step::MediaUpload),
                intended(Step::MediaUpload),
                uploading(Step::MediaUpload, 2),
            ]
        );
    }

    #[tokio::test]
    async fn a_reader_that_never_reads_costs_a_bounded_amount_and_learns_what_it_missed() {
        let (progress, stream) = Progress::channel();
        for _ in 0..ProgressStream::CAPACITY + 3 {
            progress.emit(intended(Step::Registration));
        }
        drop(progress);
        let events = rest(stream).await;
        assert_eq!(events.len(), ProgressStream::CAPACITY + 1);
        assert_eq!(events[0], ProgressEvent::Missed { count: 3 });
    }

    #[tokio::test]
    async fn a_waiting_reader_is_woken_by_an_event_and_by_the_end() {
        let (progress, stream) = Progress::channel();
        let work = async move {
            tokio::task::yield_now().await;
            progress.emit(intended(Step::Registration));
            tokio::task::yield_now().await;
        };
        let (events, ()) = join(rest(stream), work).await;
        assert_eq!(events, [intended(Step::Registration)]);
    }

    #[tokio::test]
    async fn a_dropped_call_to_next_loses_nothing() {
        let (progress, mut stream) = Progress::channel();
        assert!(stream.next().now_or_never().is_none());
        progress.emit(intended(Step::Registration));
        assert_eq!(stream.next().now_or_never(), Some(Some(intended(Step::Registration))));
    }

    #[test]
    fn a_dropped_stream_holds_nothing_back() {
        let (progress, stream) = Progress::channel();
        let shared = Arc::downgrade(&stream.0);
        progress.emit(intended(Step::Registration));
        drop(stream);
        progress.emit(intended(Step::Registration));
        assert!(shared.upgrade().unwrap().lock().unread.is_empty());
    }
}
