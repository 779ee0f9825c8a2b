//! [`TimeoutLayer`]: ends calls that take too long.

use std::{sync::Arc, time::Duration};

use futures_util::future::{Either, select};

use super::{
    Port,
    around::{Around, Call},
    op::Pace,
    stack::layer_around_every_port,
};
use crate::{
    error::{Error, ErrorKind, Result},
    maybe_send::{BoxFuture, MaybeSend},
    time::{Clock, SystemClock},
};

/// Ends a call that takes too long, with [`Unavailable`](ErrorKind::Unavailable). The call is dropped: what it sent may
/// still take effect.
///
/// | calls | time | what a timeout means |
/// |---|---|---|
/// | everything that only reads: look-ups, lists, `fetch`, `get`; each read from an opened reader | `calls` | nothing happened: [`Retry::After`] |
/// | `unpin`, `open_creation`, `renew_lease`, `release_lease`, cache `put` and `remove` | `calls` | harmless to repeat: [`Retry::After`] |
/// | `commit`, `acquire_lease`, `put_if_absent` | `calls` | it may have happened: [`Retry::Reconcile`] |
/// | chain writes | `confirmations` | it may have happened: [`Retry::Reconcile`] |
/// | `pin` | `transfers` | the store finds what it has: [`Retry::After`] |
/// | `complete` | the request's own `timeout` | nothing is kept: [`Retry::After`] |
///
/// Defaults: 30 seconds for calls, 5 minutes for confirmations, 1 hour for transfers.
///
/// [`Retry::After`]: crate::Retry::After
/// [`Retry::Reconcile`]: crate::Retry::Reconcile
#[derive(Clone, Debug)]
pub struct TimeoutLayer {
    clock: Arc<dyn Clock>,
    calls: Duration,
    confirmations: Duration,
    transfers: Duration,
}

impl Default for TimeoutLayer {
    fn default() -> Self {
        Self {
            clock: SystemClock::shared(),
            calls: Duration::from_secs(30),
            confirmations: Duration::from_secs(5 * 60),
            transfers: Duration::from_secs(60 * 60),
        }
    }
}

impl TimeoutLayer {
    /// Most time for a call that is one question and one answer.
    #[must_use]
    pub fn calls(mut self, timeout: Duration) -> Self {
        self.calls = timeout;
        self
    }

    /// Most time until a transaction is sent and confirmed.
    #[must_use]
    pub fn confirmations(mut self, timeout: Duration) -> Self {
        self.confirmations = timeout;
        self
    }

    /// Most time for sending the whole of some content.
    #[must_use]
    pub fn transfers(mut self, timeout: Duration) -> Self {
        self.transfers = timeout;
        self
    }

    /// Measures on another clock than the machine's.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    fn around(&self, _: Port) -> Self {
        self.clone()
    }
}

layer_around_every_port!(TimeoutLayer);

impl Around for TimeoutLayer {
    const WRAPS_READERS: bool = true;

    async fn once<'a, T: MaybeSend + 'static>(
        &'a self,
        call: Call<'a>,
        inner: BoxFuture<'a, Result<T>>,
    ) -> Result<T> {
        let timeout = call.own_timeout.unwrap_or(match call.op.pace {
            Pace::Prompt => self.calls,
            Pace::Confirmation => self.confirmations,
            Pace::Transfer => self.transfers,
        });
        // The call is polled first: an answer that is there counts, however late.
        match select(inner, self.clock.sleep(timeout)).await {
            Either::Left((answer, _)) => answer,
            Either::Right(((), _)) => Err(Error::new(ErrorKind::Unavailable, "there was no answer in time")
                .with_op(call.op.name)
                .with_retry(call.op.effect.retry_when_lost())
                .with_context("adapter", call.adapter)
                .with_context("timeout_millis", timeout.as_millis())),
        }
    }
}
