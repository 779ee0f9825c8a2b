//! [`Link`]: the connection of the moment, and when to make the next one.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use futures_channel::oneshot;
use futures_util::{
    FutureExt as _,
    future::{Either, Shared, select},
};
use lore_core::{Clock, SystemClock, layer::Backoff, task::Spawner};

use super::{
    config::Target,
    failure::Failure,
    session::{Session, dial},
};
use crate::task::TokioSpawner;

/// What an attempt to connect ended with.
type Outcome = Result<Arc<Session>, Failure>;

/// Hands the connection to calls. It is made when a call needs one, by a task of its own, so that a call that gives up does
/// not undo what the next one will need.
pub(super) struct Link {
    target: Arc<Target>,
    connect_timeout: Duration,
    backoff: Backoff,
    state: Mutex<State>,
}

struct State {
    phase: Phase,
    /// Attempts that failed since the last connection, and what the last of them failed with.
    failed: Option<(u32, Failure)>,
    /// Of [`SystemClock::monotonic`]: no attempt before.
    not_before: Duration,
}

enum Phase {
    Down,
    Connecting(Shared<oneshot::Receiver<Outcome>>),
    Up(Arc<Session>),
}

impl Link {
    pub(super) fn new(target: Target, connect_timeout: Duration, backoff: Backoff) -> Self {
        let state = State { phase: Phase::Down, failed: None, not_before: Duration::ZERO };
        Self { target: Arc::new(target), connect_timeout, backoff, state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it is held; if it did, the state would still be a whole one.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_up(&self) -> bool {
        matches!(&self.state().phase, Phase::Up(session) if !session.has_ended())
    }

    /// The connection, made if there is none.
    ///
    /// After a failed attempt, one call tries again and the others fail at once, as all do until the pause is over: a server
    /// that is away costs its callers no time.
    pub(super) async fn session(self: &Arc<Self>) -> Outcome {
        let attempt = match self.up_or_attempt()? {
            Either::Left(session) => return Ok(session),
            Either::Right(attempt) => attempt,
        };
        attempt.await.unwrap_or_else(|_| Err(Failure::stopped()))
    }

    fn up_or_attempt(
        self: &Arc<Self>,
    ) -> Result<Either<Arc<Session>, Shared<oneshot::Receiver<Outcome>>>, Failure> {
        let mut state = self.state();
        match (&state.phase, &state.failed) {
            (Phase::Up(session), _) if !session.has_ended() => return Ok(Either::Left(Arc::clone(session))),
            (Phase::Connecting(_), Some((_, failure))) => return Err(failure.clone()),
            (Phase::Connecting(attempt), None) => return Ok(Either::Right(attempt.clone())),
            (Phase::Down, Some((_, failure))) => {
                let pause = state.not_before.saturating_sub(SystemClock.monotonic());
                if !pause.is_zero() {
                    return Err(failure.clone().until(pause));
                }
            }
            (Phase::Down, None) | (Phase::Up(_), _) => {}
        }
        let spawner = TokioSpawner::current().map_err(|_| Failure::no_runtime())?;
        let (sender, receiver) = oneshot::channel();
        let receiver = receiver.shared();
        state.phase = Phase::Connecting(receiver.clone());
        // A runtime that shuts down drops the task right here, and its attempt then looks at the state.
        drop(state);
        let attempt = Attempt { link: Arc::downgrade(self), sender: Some(sender) };
        let (target, limit) = (Arc::clone(&self.target), self.connect_timeout);
        spawner.clone().spawn(
            async move {
                let outcome = match select(Box::pin(dial(&target, &spawner)), SystemClock.sleep(limit)).await
                {
                    Either::Left((outcome, _)) => outcome.map(Arc::new),
                    Either::Right(_) => Err(Failure::no_connection()),
                };
                attempt.end(outcome);
            }
            .boxed(),
        );
        Ok(Either::Right(receiver))
    }

    /// Gives a connection up that does not answer: the next call makes another one.
    pub(super) fn give_up(&self, session: &Arc<Session>) {
        let mut state = self.state();
        if matches!(&state.phase, Phase::Up(current) if Arc::ptr_eq(current, session)) {
            state.phase = Phase::Down;
        }
    }

    fn settle(&self, outcome: &Outcome) {
        let mut state = self.state();
        match outcome {
            Ok(session) => {
                state.phase = Phase::Up(Arc::clone(session));
                state.failed = None;
            }
            Err(failure) => {
                let attempts = state.failed.as_ref().map_or(1, |(attempts, _)| attempts.saturating_add(1));
                state.phase = Phase::Down;
                state.not_before = SystemClock.monotonic().saturating_add(self.backoff.pause(attempts));
                state.failed = Some((attempts, failure.clone()));
            }
        }
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link")
            .field("server", &format_args!("{}", self.target.address))
            .field("is_up", &self.is_up())
            .finish()
    }
}

/// An attempt that is under way. There is one at a time, and its end is told however it ends: a runtime that shuts down drops
/// its tasks, and without this the others would wait for one of them for ever.
struct Attempt {
    link: Weak<Link>,
    sender: Option<oneshot::Sender<Outcome>>,
}

impl Attempt {
    fn end(mut self, outcome: Outcome) {
        self.tell(outcome);
    }

    fn tell(&mut self, outcome: Outcome) {
        let Some(sender) = self.sender.take() else { return };
        if let Some(link) = self.link.upgrade() {
            link.settle(&outcome);
        }
        // Those who waited may all have given up.
        drop(sender.send(outcome));
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        self.tell(Err(Failure::stopped()));
    }
}
