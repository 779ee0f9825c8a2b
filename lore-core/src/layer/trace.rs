//! [`TraceLayer`]: one `tracing` span per call.

use tracing::{Instrument, field::Empty};

use super::{
    Port,
    around::{Around, Call},
    op,
    stack::layer_around_every_port,
};
use crate::{
    error::{Error, ErrorKind, Result},
    maybe_send::{BoxFuture, MaybeSend},
};

/// Opens one span per call, named `call`, with `port`, `adapter` and `op`, and at its end `outcome`: `ok` or the
/// [kind](ErrorKind::as_str) of the failure.
///
/// A failure is also an event inside the span, with its message: a warning if it says something about the outside world or
/// about Lore itself, a debug event if it is an ordinary answer to the caller, such as `not_found`. Requests and answers
/// are never recorded. Single reads from an opened reader are recorded only if they fail.
#[derive(Clone, Copy, Debug, Default)]
pub struct TraceLayer;

impl TraceLayer {
    #[expect(clippy::unused_self, reason = "the shape that every layer has")]
    fn around(&self, _: Port) -> Self {
        Self
    }
}

layer_around_every_port!(TraceLayer);

/// Whether the failure is an ordinary answer, of interest to the caller alone.
const fn is_ordinary(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::InvalidInput
            | ErrorKind::NotFound
            | ErrorKind::AlreadyExists
            | ErrorKind::Conflict
            | ErrorKind::PermissionDenied
            | ErrorKind::Unsupported
    )
}

/// Errors carry no contents and no secrets, so their message may be shown.
fn record(call: Call<'_>, error: &Error) {
    let (port, adapter, op) = (call.op.port.as_str(), &**call.adapter, call.op.name);
    let kind = error.kind().as_str();
    let retry = error.retry();
    if is_ordinary(error.kind()) {
        tracing::debug!(port, adapter, op, kind, ?retry, %error, "the call failed");
    } else {
        tracing::warn!(port, adapter, op, kind, ?retry, %error, "the call failed");
    }
}

impl Around for TraceLayer {
    const WRAPS_READERS: bool = true;

    async fn once<'a, T: MaybeSend + 'static>(
        &'a self,
        call: Call<'a>,
        inner: BoxFuture<'a, Result<T>>,
    ) -> Result<T> {
        if call.op == op::READ {
            return inner.await.inspect_err(|error| record(call, error));
        }
        let span = tracing::debug_span!(
            "call",
            port = call.op.port.as_str(),
            adapter = &**call.adapter,
            op = call.op.name,
            outcome = Empty
        );
        let inside = span.clone();
        let work = async move {
            let answer = inner.await;
            let outcome = answer.as_ref().map_or_else(|error| error.kind().as_str(), |_| "ok");
            inside.record("outcome", outcome);
            answer.inspect_err(|error| record(call, error))
        };
        work.instrument(span).await
    }
}
