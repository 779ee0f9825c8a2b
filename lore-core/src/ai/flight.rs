//! [`Flights`]: equal requests under way share one load.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures_channel::oneshot;
use futures_util::{FutureExt as _, future::Shared};

use super::key::AnswerKey;

/// Ends with what the load sent, or with `Canceled` if the load was dropped.
pub(super) type Landing<T> = Shared<oneshot::Receiver<T>>;

#[derive(Debug)]
pub(super) struct Flights<T>(Mutex<HashMap<AnswerKey, Landing<T>>>)
where
    T: Clone;

/// What a request is to do.
pub(super) enum Boarding<T: Clone, F> {
    /// Another load ended in between: this is what it left.
    Found(F),
    /// Wait for the load under way.
    Join(Landing<T>),
    /// Start the load, and wait for it too.
    Lead(Flight<T>, Landing<T>),
}

impl<T: Clone> Flights<T> {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(HashMap::new())))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<AnswerKey, Landing<T>>> {
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
        if let Some(landing) = flights.get(&key) {
            return Boarding::Join(landing.clone());
        }
        if let Some(found) = look() {
            return Boarding::Found(found);
        }
        let (sender, receiver) = oneshot::channel();
        let landing = receiver.shared();
        flights.insert(key, landing.clone());
        Boarding::Lead(Flight { flights: Arc::clone(self), key, sender: Some(sender) }, landing)
    }
}

/// The load's side. Dropped without landing, it tells those who wait that nothing will come.
pub(super) struct Flight<T: Clone> {
    flights: Arc<Flights<T>>,
    key: AnswerKey,
    sender: Option<oneshot::Sender<T>>,
}

impl<T: Clone> Flight<T> {
    pub(super) fn land(mut self, value: T) {
        self.flights.lock().remove(&self.key);
        if let Some(sender) = self.sender.take() {
            // Nobody waits any more: what was found is kept in the cache.
            drop(sender.send(value));
        }
    }
}

impl<T: Clone> Drop for Flight<T> {
    fn drop(&mut self) {
        if self.sender.is_some() {
            self.flights.lock().remove(&self.key);
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

    fn lead(flights: &Arc<Flights<u8>>) -> (Flight<u8>, Landing<u8>) {
        match flights.board(key(), || None::<()>) {
            Boarding::Lead(flight, landing) => (flight, landing),
            _ => panic!("somebody else leads"),
        }
    }

    fn join(flights: &Arc<Flights<u8>>) -> Landing<u8> {
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
    async fn a_load_that_is_dropped_tells_those_who_wait_and_another_may_lead() {
        let flights = Flights::new();
        let (flight, _) = lead(&flights);
        let other = join(&flights);
        drop(flight);
        assert!(other.await.is_err());
        lead(&flights).0.land(1);
    }
}
