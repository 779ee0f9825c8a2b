//! [`FaultLayer`]: makes chosen calls fail, lose their answer, or never end. For tests.
//!
//! Calls are numbered from 1 over all ports of one layer, in the order in which they start, so that a test can loop over
//! "the n-th thing that happens". What happens to a call depends on its number and name alone.

use std::{
    any::Any,
    collections::BTreeMap,
    future::{pending, poll_fn},
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Poll, Waker},
};

use super::{
    Port,
    around::{Around, Call},
    jitter::{mix, up_to},
    stack::layer_around_every_port,
};
use crate::{
    domain::asset::Registration,
    error::{Error, ErrorKind, Result, Retry},
    maybe_send::{BoxFuture, MaybeSend},
    onchain::LicenseTermsId,
    port::{chain::IpState, pins::Pinned},
};

/// What can happen to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// It never arrives: [`Unavailable`](ErrorKind::Unavailable), [`Retry::After`].
    FailBefore,
    /// It is refused, and nothing happened.
    Refuse(ErrorKind, Retry),
    /// It takes effect, and the answer is lost: [`Unavailable`](ErrorKind::Unavailable) with [`Retry::Reconcile`] if the
    /// same call again would answer differently, else with [`Retry::After`].
    LoseAnswer,
    /// A look-up answers as if nothing was there: an index that lags behind, a cache that dropped its entry. Applies to
    /// `find`, `find_registration`, `find_license_terms`, `ip` and `get`; leaves others alone.
    AnswerNothing,
    /// The process dies before the call: it never ends, see [`FaultLayer::until_crash`].
    CrashBefore,
    /// The process dies after the call took effect: it never ends, see [`FaultLayer::until_crash`].
    CrashAfter,
}

#[derive(Clone, Debug)]
enum Rule {
    /// The call with this number.
    Nth(u64, Fault),
    /// The call of this operation with this number among its kind.
    NthOf(&'static str, u64, Fault),
    /// Every call of this operation.
    Every(&'static str, Fault),
    /// Any call, by chance.
    Random { seed: u64, per_mille: u64, faults: Vec<Fault> },
}

impl Rule {
    fn fault(&self, call: &FaultCall) -> Option<Fault> {
        match self {
            Self::Nth(number, fault) => (call.number == *number).then_some(*fault),
            Self::NthOf(op, number, fault) => {
                (call.op == *op && call.number_of_op == *number).then_some(*fault)
            }
            Self::Every(op, fault) => (call.op == *op).then_some(*fault),
            Self::Random { seed, per_mille, faults } => {
                let random = mix(seed.wrapping_add(mix(call.number)));
                let pick = usize::try_from(up_to((faults.len() as u64).checked_sub(1)?, mix(random))).ok()?;
                (up_to(999, random) < *per_mille).then(|| faults.get(pick).copied()).flatten()
            }
        }
    }
}

/// Which calls have which fault. The first rule that fits decides.
#[derive(Clone, Debug, Default)]
pub struct FaultPlan(Vec<Rule>);

impl FaultPlan {
    /// Nothing happens; calls are counted.
    #[must_use]
    pub const fn none() -> Self {
        Self(Vec::new())
    }

    /// The call with this number, from 1, over all ports.
    #[must_use]
    pub fn nth(number: u64, fault: Fault) -> Self {
        Self(vec![Rule::Nth(number, fault)])
    }

    /// The call of one operation with this number, from 1, among its kind; for example the second `pin`.
    #[must_use]
    pub fn nth_of(op: &'static str, number: u64, fault: Fault) -> Self {
        Self(vec![Rule::NthOf(op, number, fault)])
    }

    /// Every call of one operation.
    #[must_use]
    pub fn every(op: &'static str, fault: Fault) -> Self {
        Self(vec![Rule::Every(op, fault)])
    }

    /// About `per_mille` of 1,000 calls get one of `faults`. The same seed picks the same numbers.
    #[must_use]
    pub fn random(seed: u64, per_mille: u16, faults: &[Fault]) -> Self {
        Self(vec![Rule::Random { seed, per_mille: u64::from(per_mille), faults: faults.to_vec() }])
    }

    /// Adds the rules of another plan, behind these.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }
}

/// One call that a [`FaultLayer`] saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FaultCall {
    /// Its number over all ports, from 1.
    pub number: u64,
    /// Its number among the calls of the same operation, from 1.
    pub number_of_op: u64,
    /// The port.
    pub port: Port,
    /// The operation, for example `pin`; `read` for one read from an opened reader.
    pub op: &'static str,
    /// What happens to it.
    pub fault: Option<Fault>,
}

#[derive(Debug, Default)]
struct State {
    plan: FaultPlan,
    calls: Vec<FaultCall>,
    calls_of_op: BTreeMap<&'static str, u64>,
    has_crashed: bool,
    watchers: Vec<Waker>,
}

/// Makes chosen calls fail. Clones share their plan and their count.
///
/// Innermost in a stack it is a bad outside world, and the retry layer works against it; outermost it shows what the
/// application does with failures that got through.
///
/// ```
/// use lore_core::layer::{Fault, FaultLayer, FaultPlan};
///
/// let faults = FaultLayer::new(FaultPlan::nth_of("register", 1, Fault::LoseAnswer));
/// assert_eq!(faults.calls(), 0);
/// ```
#[derive(Clone, Debug)]
pub struct FaultLayer(Arc<Mutex<State>>);

impl FaultLayer {
    /// Follows a plan.
    #[must_use]
    pub fn new(plan: FaultPlan) -> Self {
        Self(Arc::new(Mutex::new(State { plan, ..State::default() })))
    }

    /// How many calls started so far.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.lock().calls.len() as u64
    }

    /// How many calls of one operation started so far.
    #[must_use]
    pub fn calls_of(&self, op: &str) -> u64 {
        self.lock().calls_of_op.get(op).copied().unwrap_or(0)
    }

    /// Every call so far, in order, with what happened to it.
    #[must_use]
    pub fn log(&self) -> Vec<FaultCall> {
        self.lock().calls.clone()
    }

    /// Does `work` until it is done or a crash point is reached; then `work` is dropped and `None` returned. Everything
    /// that `work` did not hand over to a store is gone, as in a crash.
    pub async fn until_crash<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let mut work = pin!(work);
        poll_fn(|context| {
            if let Poll::Ready(done) = work.as_mut().poll(context) {
                return Poll::Ready(Some(done));
            }
            let mut state = self.lock();
            if state.has_crashed {
                return Poll::Ready(None);
            }
            if !state.watchers.iter().any(|watcher| watcher.will_wake(context.waker())) {
                state.watchers.push(context.waker().clone());
            }
            Poll::Pending
        })
        .await
    }

    fn around(&self, _: Port) -> Self {
        self.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No code that holds the lock can panic half way through a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a call and says what happens to it.
    fn begin(&self, call: Call<'_>) -> Option<Fault> {
        let mut state = self.lock();
        let number = state.calls.len() as u64 + 1;
        let of_op = state.calls_of_op.entry(call.op.name).or_default();
        *of_op += 1;
        let number_of_op = *of_op;
        let mut seen = FaultCall { number, number_of_op, port: call.op.port, op: call.op.name, fault: None };
        seen.fault = state.plan.0.iter().find_map(|rule| rule.fault(&seen));
        state.calls.push(seen);
        seen.fault
    }

    /// Never returns.
    async fn crash<T>(&self) -> T {
        let watchers = {
            let mut state = self.lock();
            state.has_crashed = true;
            std::mem::take(&mut state.watchers)
        };
        watchers.into_iter().for_each(Waker::wake);
        pending().await
    }
}

layer_around_every_port!(FaultLayer);

fn failure(call: Call<'_>, message: &'static str, kind: ErrorKind, retry: Retry) -> Error {
    Error::new(kind, message).with_op(call.op.name).with_context("adapter", call.adapter).with_retry(retry)
}

/// Empties the answer of a look-up.
fn forget<T: 'static>(answer: &mut T) {
    let answer: &mut dyn Any = answer;
    if let Some(found) = answer.downcast_mut::<Option<Pinned>>() {
        *found = None;
    } else if let Some(found) = answer.downcast_mut::<Option<Registration>>() {
        *found = None;
    } else if let Some(found) = answer.downcast_mut::<Option<LicenseTermsId>>() {
        *found = None;
    } else if let Some(found) = answer.downcast_mut::<Option<IpState>>() {
        *found = None;
    } else if let Some(found) = answer.downcast_mut::<Option<Arc<[u8]>>>() {
        *found = None;
    }
}

impl Around for FaultLayer {
    const WRAPS_READERS: bool = true;

    async fn once<'a, T: MaybeSend + 'static>(
        &'a self,
        call: Call<'a>,
        inner: BoxFuture<'a, Result<T>>,
    ) -> Result<T> {
        match self.begin(call) {
            None => inner.await,
            Some(Fault::FailBefore) => Err(failure(
                call,
                "the connection broke before anything was sent",
                ErrorKind::Unavailable,
                Retry::After(None),
            )),
            Some(Fault::Refuse(kind, retry)) => Err(failure(call, "the call was refused", kind, retry)),
            Some(Fault::LoseAnswer) => {
                // Whatever the answer is, nobody hears it.
                drop(inner.await);
                let retry = call.op.effect.retry_when_lost();
                Err(failure(
                    call,
                    "the connection broke before the answer came",
                    ErrorKind::Unavailable,
                    retry,
                ))
            }
            Some(Fault::AnswerNothing) => {
                let mut answer = inner.await?;
                forget(&mut answer);
                Ok(answer)
            }
            Some(Fault::CrashBefore) => self.crash().await,
            Some(Fault::CrashAfter) => {
                drop(inner.await);
                self.crash().await
            }
        }
    }
}
