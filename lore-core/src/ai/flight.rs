//! [`Flights`]: equal requests under way share one load.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures_channel::oneshot::{self, Receiver, Sender};

use super::key::AnswerKey;

/// The loads under way, and who waits for each.
// A channel for each who waits, not one future for all of them: such a one wakes also the task that polls it, and that
// costs the caller of every load a turn of its runtime.
#[derive(Debug)]
pub(super) struct Flights<T>(Mutex<HashMap<AnswerKey, Vec<Sender<T>>>>);

/// What a request is to do. A receiver ends with what the load came to, or with `Canceled` if the load was dropped.
pub(super) enum Boarding<T: Clone, F> {
    /// Another load ended in between: this is what it left.
    Found(F),
    /// Wait for the load under way.
    Join(Receiver<T>),
    /// Start the load, and wait for it too.
    Lead(Flight<T>, Receiver<T>),
}

impl<T: Clone> Flights<T> {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(HashMap::new())))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<AnswerKey, Vec<Sender<T>>>> {
        // No code that holds the lock can panic half way through a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `look` is asked under the lock: a load keeps its answer before it leaves the map, so that no request can miss both.
    pub(super) fn board<F>(
        self: &Arc<Self>,
        key: AnswerKey,
        look: impl FnOnce() -> Option<F>,
    ) -> Boarding<T, F> {
        let mut flights = self.lock();
        if let Some(waiting) = flights.get_mut(&key) {
            if waiting.len() == waiting.capacity() {
                // Before it grows: those who left wait no more.
                waiting.retain(|sender| !sender.is_canceled());
            }
            let (sender, receiver) = oneshot::channel();
            waiting.push(sender);
            return Boarding::Join(receiver);
        }
        if let Some(found) = look() {
            return Boarding::Found(found);
        }
        let (sender, receiver) = oneshot::channel();
        flights.insert(key, vec![sender]);
        Boarding::Lead(Flight { flights: Arc::clone(self), key, is_over: false }, receiver)
    }
}

/// The load's side. Dropped without landing, it tells those who wait that nothing will come.
pub(super) struct Flight<T: Clone> {
    flights: Arc<Flights<T>>,
    key: AnswerKey,
    is_over: bool,
}

impl<T: Clone> Flight<T> {
    pub(super) fn land(mut self, value: T) {
        for waiting in self.end() {
            // Whoever left needs nothing: what was found is kept in the cache.
            drop(waiting.send(value.clone()));
        }
    }

    /// Whom this was for. From now on another may lead.
    fn end(&mut self) -> Vec<Sender<T>> {
        self.is_over = true;
        self.flights.lock().remove(&self.key).unwrap_or_default()
    }
}

impl<T: Clone> Drop for Flight<T> {
    fn drop(&mut self) {
        if !self.is_over {
            drop(self.end());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ai::key::KeyHasher;

    fn key() -> AnswerKey {
        KeyHasher::new().finish()
    }

    fn lead(flights: &Arc<Flights<u8>>) -> (Flight<u8>, Receiver<u8>) {
        match flights.board(key(), || None::<()>) {
            Boarding::Lead(flight, landing) => (flight, landing),
            _ => panic!("somebody else leads"),
        }
    }

    fn join(flights: &Arc<Flights<u8>>) -> Receiver<u8> {
        match flights.board(key(), || -> Option<()> { panic!("a load is under way") }) {
            Boarding::Join(landing) => landing,
            _ => panic!("nobody leads"),
        }
    }

    #[tokio::test]
    async fn one_leads_and_all_get_what_it_found() {
        let flights = Flights::new();
        let (flight, first) = lead(&flights);
        let others = [join(&flights), join(&flights)];
        flight.land(7);
        assert_eq!(first.await, Ok(7));
        for other in others {
            assert_eq!(other.await, Ok(7));
        }
        assert!(matches!(flights.board(key(), || Some("kept")), Boarding::Found("kept")));
    }

    #[tokio::test]
    async fn those_who_left_are_forgotten_as_others_come() {
        let flights = Flights::new();
        let (flight, first) = lead(&flights);
        for _ in 0..1_000 {
            drop(join(&flights));
        }
        let last = join(&flights);
        assert!(flights.lock()[&key()].len() < 10);
        flight.land(7);
        assert_eq!((first.await, last.await), (Ok(7), Ok(7)));
    }

    #[tokio::test]
    async fn a_load_that_is_dropped_tells_those_who_wait_and_another_may_lead() {
        let flights = Flights::new();
        let (flight, _) = lead(&flights);
        let other = join(&flights);
        drop(flight);
        assert!(other.await.is_err());
        lead(&flights).0.land(1);
    }
}
