//! [`RetryLayer`]: repeats what surely did not happen.

use std::{sync::Arc, time::Duration};

use super::{
    Port,
    around::{Around, Call},
    jitter::{Jitter, up_to},
    stack::layer_around_every_port,
};
use crate::{
    error::{Error, ErrorKind, Result, Retry},
    maybe_send::{BoxFuture, MaybeSend},
    time::{Clock, SystemClock},
};

/// Pauses between attempts: random between zero and a bound that doubles with every attempt ("full jitter"), so that those who
/// failed together do not come back together. Clones share their randomness.
#[derive(Clone, Debug)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
    jitter: Jitter,
}

impl Backoff {
    /// The pause after the first attempt is at most `first`, and none is over `longest`.
    #[must_use]
    pub fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest, jitter: Jitter::random() }
    }

    /// Makes the pauses the same each time, for tests.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.jitter = Jitter::seeded(seed);
        self
    }

    /// A pause after `attempts` attempts, at least one.
    #[must_use]
    pub fn pause(&self, attempts: u32) -> Duration {
        let doubled = 1_u32.checked_shl(attempts.saturating_sub(1)).unwrap_or(u32::MAX);
        let most = self.first.saturating_mul(doubled).min(self.longest);
        let most_nanos = u64::try_from(most.as_nanos()).unwrap_or(u64::MAX);
        Duration::from_nanos(up_to(most_nanos, self.jitter.next()))
    }
}

/// Repeats a call that failed with [`Retry::After`], after a pause.
///
/// The pause is that of the [`Backoff`], or the one that the failure asks for, if that is longer. When no attempt is left, or the next one would start after `max_total`, the last failure is returned with
/// [`Retry::Exhausted`] and the number of attempts in its context.
///
/// Nothing else is repeated. [`Retry::Reconcile`] means that it may have happened: a server may have processed a request
/// whose answer was lost. A [`Conflict`](ErrorKind::Conflict) needs another request, so it is handed on as it is, even if
/// a later call may succeed. A read from an opened reader is not repeated, because nobody knows where it stands.
///
/// Defaults: 5 attempts, first pause up to 250 ms and none of its own over 20 s, 2 minutes in total, the machine's clock.
///
/// # Cancellation
/// A dropped call stops where it is: during a pause nothing is under way.
#[derive(Clone, Debug)]
pub struct RetryLayer {
    clock: Arc<dyn Clock>,
    backoff: Backoff,
    max_attempts: u32,
    max_total: Duration,
}

impl Default for RetryLayer {
    fn default() -> Self {
        Self {
            clock: SystemClock::shared(),
            backoff: Backoff::new(Duration::from_millis(250), Duration::from_secs(20)),
            max_attempts: 5,
            max_total: Duration::from_secs(120),
        }
    }
}

impl RetryLayer {
    /// Most attempts, the first one included; zero counts as one.
    #[must_use]
    pub fn max_attempts(mut self, count: u32) -> Self {
        self.max_attempts = count;
        self
    }

    /// The pauses of this layer's own choice.
    #[must_use]
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = backoff;
        self
    }

    /// No attempt starts later than this after the call.
    #[must_use]
    pub fn max_total(mut self, total: Duration) -> Self {
        self.max_total = total;
        self
    }

    /// Waits on another clock than the machine's.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    fn around(&self, _: Port) -> Self {
        self.clone()
    }

    /// The pause after `attempt` attempts, if another one is to follow.
    fn pause_after(&self, attempt: u32, error: &Error, since_start: Duration) -> Option<Duration> {
        let Retry::After(asked) = error.retry() else { return None };
        if attempt >= self.max_attempts {
            return None;
        }
        let own = self.backoff.pause(attempt);
        let pause = asked.map_or(own, |asked| asked.max(own));
        (since_start.saturating_add(pause) <= self.max_total).then_some(pause)
    }
}

layer_around_every_port!(RetryLayer);

/// Whether this layer has a say about a failure.
fn is_repeated(error: &Error) -> bool {
    matches!(error.retry(), Retry::After(_)) && error.kind() != ErrorKind::Conflict
}

impl Around for RetryLayer {
    const WRAPS_READERS: bool = false;

    async fn once<'a, T: MaybeSend + 'static>(
        &'a self,
        _: Call<'a>,
        inner: BoxFuture<'a, Result<T>>,
    ) -> Result<T> {
        inner.await
    }

    async fn repeatable<'a, T: MaybeSend + 'static>(
        &'a self,
        call: Call<'a>,
        mut attempt: impl FnMut() -> BoxFuture<'a, Result<T>> + MaybeSend + 'a,
    ) -> Result<T> {
        let start = self.clock.monotonic();
        let mut attempts = 1;
        loop {
            let error = match attempt().await {
                Err(error) if is_repeated(&error) => error,
                answer => return answer,
            };
            let since_start = self.clock.monotonic().saturating_sub(start);
            let Some(pause) = self.pause_after(attempts, &error, since_start) else {
                return Err(error.with_retry(Retry::Exhausted).with_context("attempts", attempts));
            };
            tracing::debug!(
                port = call.op.port.as_str(),
                adapter = &**call.adapter,
                op = call.op.name,
                attempts,
                kind = error.kind().as_str(),
                pause_millis = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX),
                "the call is repeated after a pause"
            );
            drop(error);
            self.clock.sleep(pause).await;
            attempts += 1;
        }
    }
}
