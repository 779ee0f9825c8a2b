//! [`MetricsLayer`]: counts and times calls through the `metrics` facade.

use std::{sync::Arc, time::Duration};

use metrics::SharedString;

use super::{
    Port,
    around::{Around, Call},
    stack::layer_around_every_port,
};
use crate::{
    error::Result,
    maybe_send::{BoxFuture, MaybeSend},
    time::{Clock, SystemClock},
};

/// Counts and times every call, for whatever recorder the application installs.
///
/// | metric | kind | labels |
/// |---|---|---|
/// | `lore_calls_total` | counter | `port`, `adapter`, `op`, `outcome` |
/// | `lore_call_duration_seconds` | histogram | `port`, `adapter`, `op`, `outcome` |
///
/// `port` is one of [`Port`], `adapter` the adapter's name, `op` the operation (`read` for one read from an opened reader),
/// `outcome` either `ok`, the [kind](crate::ErrorKind::as_str) of the failure, or `cancelled` for a call that was dropped.
#[derive(Clone, Debug)]
pub struct MetricsLayer {
    clock: Arc<dyn Clock>,
}

impl Default for MetricsLayer {
    fn default() -> Self {
        Self { clock: SystemClock::shared() }
    }
}

impl MetricsLayer {
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

layer_around_every_port!(MetricsLayer);

/// Counts when it is dropped, so that a dropped call counts too.
struct Measured<'a> {
    call: Call<'a>,
    clock: &'a dyn Clock,
    start: Duration,
    outcome: &'static str,
}

impl Drop for Measured<'_> {
    fn drop(&mut self) {
        let labels = [
            ("port", SharedString::const_str(self.call.op.port.as_str())),
            ("adapter", SharedString::from(self.call.adapter.clone())),
            ("op", SharedString::const_str(self.call.op.name)),
            ("outcome", SharedString::const_str(self.outcome)),
        ];
        let duration = self.clock.monotonic().saturating_sub(self.start);
        metrics::counter!("lore_calls_total", &labels).increment(1);
        metrics::histogram!("lore_call_duration_seconds", &labels).record(duration);
    }
}

impl Around for MetricsLayer {
    const WRAPS_READERS: bool = true;

    async fn once<'a, T: MaybeSend + 'static>(
        &'a self,
        call: Call<'a>,
        inner: BoxFuture<'a, Result<T>>,
    ) -> Result<T> {
        let clock = &*self.clock;
        let mut measured = Measured { call, clock, start: clock.monotonic(), outcome: "cancelled" };
        let answer = inner.await;
        measured.outcome = answer.as_ref().map_or_else(|error| error.kind().as_str(), |_| "ok");
        answer
    }
}
