//! Cases of the [`Clock`] port.
//!
//! The one suite that really waits when it runs on the machine's clock: a few milliseconds per case. A [`ManualClock`]
//! takes part with its time moving by itself.
//!
//! [`ManualClock`]: crate::memory::clock::ManualClock

use std::{sync::Arc, time::Duration};

use futures_util::{
    FutureExt,
    future::{Either, select},
};

use crate::{error::Result, time::Clock};

const SHORT: Duration = Duration::from_millis(2);
const LONG: Duration = Duration::from_secs(3_600);

/// Makes clocks to be tested.
#[expect(
    async_fn_in_trait,
    reason = "a case awaits it in place, so nothing depends on its future being Send"
)]
pub trait Harness {
    /// A clock whose time passes while somebody sleeps.
    async fn fresh(&self) -> Result<Arc<dyn Clock>>;
}

/// See [`Clock::monotonic`].
pub async fn monotonic_never_goes_back(h: &impl Harness) -> Result<()> {
    let clock = h.fresh().await?;
    let mut before = clock.monotonic();
    for _ in 0..1_000 {
        let after = clock.monotonic();
        assert!(after >= before, "the monotonic reading went back");
        before = after;
    }
    Ok(())
}

/// See [`Clock::sleep`].
pub async fn a_sleep_is_never_short(h: &impl Harness) -> Result<()> {
    let clock = h.fresh().await?;
    for millis in [1, 2, 5] {
        let duration = Duration::from_millis(millis);
        let before = clock.monotonic();
        clock.sleep(duration).await;
        assert!(clock.monotonic().saturating_sub(before) >= duration, "the sleep was too short");
    }
    Ok(())
}

/// See [`Clock::sleep`].
pub async fn a_sleep_of_zero_ends(h: &impl Harness) -> Result<()> {
    let clock = h.fresh().await?;
    let first = select(clock.sleep(Duration::ZERO), clock.sleep(LONG)).await;
    assert!(matches!(first, Either::Left(_)), "a sleep of zero outlasted a sleep of an hour");
    Ok(())
}

/// See [`Clock::sleep`].
pub async fn the_shorter_of_two_sleeps_ends_first(h: &impl Harness) -> Result<()> {
    let clock = h.fresh().await?;
    let first = select(clock.sleep(SHORT), clock.sleep(LONG)).await;
    assert!(matches!(first, Either::Left(_)), "the long sleep ended before the short one");
    let second = select(clock.sleep(LONG), clock.sleep(SHORT)).await;
    assert!(matches!(second, Either::Right(_)), "the long sleep ended before the short one");
    Ok(())
}

/// See [`Clock::sleep`].
pub async fn a_sleep_can_be_dropped(h: &impl Harness) -> Result<()> {
    let clock = h.fresh().await?;
    let mut unfinished = clock.sleep(LONG);
    assert!((&mut unfinished).now_or_never().is_none(), "a sleep of an hour ended at once");
    drop(unfinished);
    drop(clock.sleep(LONG));
    let before = clock.monotonic();
    clock.sleep(SHORT).await;
    assert!(clock.monotonic().saturating_sub(before) < LONG, "a dropped sleep still held up another one");
    Ok(())
}

/// Runs every case of the [`Clock`] port against a harness.
#[macro_export]
macro_rules! clock_conformance {
    ($harness:expr) => {
        $crate::__cases! {
            $harness, $crate::conformance::clock,
            monotonic_never_goes_back,
            a_sleep_is_never_short,
            a_sleep_of_zero_ends,
            the_shorter_of_two_sleeps_ends_first,
            a_sleep_can_be_dropped,
        }
    };
}
