//! Layers: behaviour that is the same for every use of a port.
//!
//! A layer takes a port and gives back the same port with something around every call. **The last layer added is the
//! outermost.** From the outside in, a whole stack is
//!
//! ```text
//! trace        one span per call, as the application sees it, with all its attempts inside
//! metrics      one count and one duration per call
//! retry        repeats what surely did not happen, after a pause
//! limit        so many calls at once; a pause between attempts takes no place
//! timeout      ends each attempt
//! adapter
//! ```
//!
//! which is built from the inside out: timeout, limit, retry, metrics, trace. The order matters: with the timeout *outside*
//! the retry, all attempts and pauses together must fit into the time of one call; with the limit outside the retry, a call
//! that pauses keeps others waiting.
//!
//! Layers know no meaning. What may have happened ([`Retry::Reconcile`](crate::Retry::Reconcile)) is not for them to
//! repeat: services look it up.

mod around;
#[cfg(feature = "fault")]
mod fault;
mod forward;
mod forward_chain;
mod jitter;
mod limit;
mod metrics;
mod op;
pub(crate) mod retry;
mod semaphore;
mod stack;
mod timeout;
mod trace;

#[cfg(feature = "fault")]
pub use self::fault::{Fault, FaultCall, FaultLayer, FaultPlan};
pub use self::{
    limit::LimitLayer,
    metrics::MetricsLayer,
    op::Port,
    retry::{Backoff, RetryLayer},
    stack::Layer,
    timeout::TimeoutLayer,
    trace::TraceLayer,
};
