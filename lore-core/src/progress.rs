//! Progress: the one way in which long work tells what it is doing.
//!
//! Whoever starts long work hands it a [`Progress`]; the work tells it a [`ProgressEvent`] at each turn. A function is
//! called in line, before the work goes on; a channel is read by somebody else, at leisure. Telling never fails and never
//! waits, and what is told is never needed for the work to be right: the journal is.

mod channel;
mod content;
mod event;

use std::{fmt, sync::Arc};

pub use self::{channel::ProgressStream, content::ObservedContent, event::ProgressEvent};
use crate::maybe_send::{MaybeSend, MaybeSync};

trait Sink: MaybeSend + MaybeSync {
    fn tell(&self, event: &ProgressEvent);
}

impl<F: Fn(&ProgressEvent) + MaybeSend + MaybeSync> Sink for F {
    fn tell(&self, event: &ProgressEvent) {
        self(event);
    }
}

/// Where long work reports to. Clones report to the same place.
///
/// ```
/// use lore_core::progress::{Progress, ProgressEvent};
///
/// # futures_util::FutureExt::now_or_never(async {
/// let (progress, mut events) = Progress::channel();
/// progress.emit(ProgressEvent::Hashing { done_bytes: 5, total_bytes: 10 });
/// progress.emit(ProgressEvent::Hashing { done_bytes: 10, total_bytes: 10 });
/// drop(progress);
/// // Nobody looked in between, so only the newest position is left.
/// assert_eq!(events.next().await, Some(ProgressEvent::Hashing { done_bytes: 10, total_bytes: 10 }));
/// assert_eq!(events.next().await, None);
/// # });
/// ```
#[derive(Clone, Default)]
pub struct Progress(Option<Arc<dyn Sink>>);

impl Progress {
    /// Nobody is told.
    #[must_use]
    pub const fn none() -> Self {
        Self(None)
    }

    /// Calls `sink` for every event, in line: the work goes on when it returns.
    pub fn to_fn(sink: impl Fn(&ProgressEvent) + MaybeSend + MaybeSync + 'static) -> Self {
        Self(Some(Arc::new(sink)))
    }

    /// A sender and the stream of what is sent.
    ///
    /// The stream ends when every clone of the sender is gone. Positions ([`Hashing`](ProgressEvent::Hashing),
    /// [`Uploading`](ProgressEvent::Uploading)) that nobody has read yet are replaced by newer ones; every other event is
    /// kept, up to [`ProgressStream::CAPACITY`] unread ones, after which the oldest give way to one
    /// [`Missed`](ProgressEvent::Missed).
    #[must_use]
    pub fn channel() -> (Self, ProgressStream) {
        let (sender, stream) = channel::channel();
        (Self(Some(Arc::new(sender))), stream)
    }

    /// Tells what happens.
    pub fn emit(&self, event: ProgressEvent) {
        if let Some(sink) = &self.0 {
            sink.tell(&event);
        }
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Progress(told)" } else { "Progress(none)" })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn a_function_is_called_in_line_for_every_event_of_every_clone() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let progress = Progress::to_fn({
            let seen = seen.clone();
            move |event: &ProgressEvent| seen.lock().unwrap().push(event.clone())
        });
        let events = [1, 2].map(|done_bytes| ProgressEvent::Hashing { done_bytes, total_bytes: 2 });
        progress.emit(events[0].clone());
        assert_eq!(*seen.lock().unwrap(), events[..1]);
        progress.clone().emit(events[1].clone());
        assert_eq!(*seen.lock().unwrap(), events);
    }

    #[cfg(not(target_family = "wasm"))]
    #[test]
    fn progress_crosses_threads() {
        fn crosses<T: Send + Sync + Clone + 'static>() {}
        crosses::<Progress>();
    }
}
