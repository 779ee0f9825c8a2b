//! A fair semaphore for futures: first come, first served, and whoever gives up waiting frees the place.

use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZeroUsize,
    pin::Pin,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

#[derive(Debug)]
pub(super) struct Semaphore(Mutex<State>);

#[derive(Debug)]
struct State {
    free: usize,
    next_ticket: u64,
    /// Those who wait, in the order in which they came.
    waiting: BTreeMap<u64, Waker>,
    /// Those who were given a place and have not noticed yet.
    called: BTreeSet<u64>,
}

impl State {
    /// Gives free places to those who wait longest; the caller wakes them without the lock.
    #[must_use]
    fn call_next(&mut self) -> Vec<Waker> {
        let mut wake = Vec::new();
        while self.free > 0
            && let Some((ticket, waker)) = self.waiting.pop_first()
        {
            self.free -= 1;
            self.called.insert(ticket);
            wake.push(waker);
        }
        wake
    }
}

impl Semaphore {
    pub(super) fn new(places: NonZeroUsize) -> Self {
        Self(Mutex::new(State {
            free: places.get(),
            next_ticket: 0,
            waiting: BTreeMap::new(),
            called: BTreeSet::new(),
        }))
    }

    /// Waits for a place.
    pub(super) fn acquire(&self) -> Acquire<'_> {
        Acquire { semaphore: self, ticket: None }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No code that holds the lock can panic half way through a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn release(&self) {
        let wake = {
            let mut state = self.lock();
            state.free += 1;
            state.call_next()
        };
        wake.into_iter().for_each(Waker::wake);
    }
}

pub(super) struct Acquire<'a> {
    semaphore: &'a Semaphore,
    ticket: Option<u64>,
}

impl<'a> Future for Acquire<'a> {
    type Output = Place<'a>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Place<'a>> {
        let semaphore = self.semaphore;
        let mut state = semaphore.lock();
        let Some(ticket) = self.ticket else {
            // Whoever waits was here first, even if a place is free for a moment.
            if state.free > 0 && state.waiting.is_empty() {
                state.free -= 1;
                return Poll::Ready(Place(semaphore));
            }
            let ticket = state.next_ticket;
            state.next_ticket += 1;
            state.waiting.insert(ticket, context.waker().clone());
            drop(state);
            self.ticket = Some(ticket);
            return Poll::Pending;
        };
        if state.called.remove(&ticket) {
            drop(state);
            self.ticket = None;
            return Poll::Ready(Place(semaphore));
        }
        state.waiting.insert(ticket, context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Acquire<'_> {
    fn drop(&mut self) {
        let Some(ticket) = self.ticket else { return };
        let was_called = {
            let mut state = self.semaphore.lock();
            state.waiting.remove(&ticket);
            state.called.remove(&ticket)
        };
        if was_called {
            self.semaphore.release();
        }
    }
}

/// A place that is given back when dropped.
pub(super) struct Place<'a>(&'a Semaphore);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.release();
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    use super::*;

    fn semaphore(places: usize) -> Semaphore {
        Semaphore::new(NonZeroUsize::new(places).unwrap())
    }

    #[test]
    fn those_who_wait_are_served_in_the_order_in_which_they_came() {
        let semaphore = semaphore(1);
        let held = semaphore.acquire().now_or_never().unwrap();
        let (mut first, mut second) = (semaphore.acquire(), semaphore.acquire());
        assert!((&mut first).now_or_never().is_none());
        assert!((&mut second).now_or_never().is_none());
        drop(held);
        assert!((&mut second).now_or_never().is_none(), "the second overtook the first");
        assert!(semaphore.acquire().now_or_never().is_none(), "a newcomer overtook those who wait");
        let held = first.now_or_never().unwrap();
        assert!((&mut second).now_or_never().is_none());
        drop(held);
        assert!(second.now_or_never().is_some());
    }

    #[test]
    fn whoever_gives_up_waiting_frees_the_place() {
        let semaphore = semaphore(1);
        let held = semaphore.acquire().now_or_never().unwrap();
        let (mut gives_up_early, mut gives_up_late, mut stays) =
            (semaphore.acquire(), semaphore.acquire(), semaphore.acquire());
        for waiting in [&mut gives_up_early, &mut gives_up_late, &mut stays] {
            assert!(waiting.now_or_never().is_none());
        }
        drop(gives_up_early);
        drop(held);
        // It has been called by now, and leaves without having noticed.
        drop(gives_up_late);
        assert!(stays.now_or_never().is_some());
        let state = semaphore.lock();
        assert_eq!((state.free, state.waiting.len(), state.called.len()), (1, 0, 0));
    }

    proptest! {
        /// Whoever comes, waits, gives up or leaves: no place is lost or made, and nobody waits while one is free.
        #[test]
        fn places_are_neither_lost_nor_made(
            places in 1_usize..4,
            moves in proptest::collection::vec((0..4, any::<usize>()), 0..60),
        ) {
            let semaphore = semaphore(places);
            let (mut waiting, mut held) = (Vec::new(), Vec::new());
            for (kind, pick) in moves {
                match kind {
                    0 => waiting.push(semaphore.acquire()),
                    1 if !waiting.is_empty() => {
                        let index = pick % waiting.len();
                        if let Some(place) = (&mut waiting[index]).now_or_never() {
                            held.push(place);
                            drop(waiting.remove(index));
                        }
                    }
                    2 if !waiting.is_empty() => drop(waiting.remove(pick % waiting.len())),
                    3 if !held.is_empty() => drop(held.remove(pick % held.len())),
                    _ => {}
                }
                let state = semaphore.lock();
                prop_assert_eq!(state.free + state.called.len() + held.len(), places);
                prop_assert!(state.free == 0 || state.waiting.is_empty());
            }
            drop((waiting, held));
            let state = semaphore.lock();
            prop_assert_eq!((state.free, state.waiting.len(), state.called.len()), (places, 0, 0));
        }
    }
}
