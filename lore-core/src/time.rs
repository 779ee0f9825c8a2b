//! Time: the [`Timestamp`] value, the [`Clock`] port, and the [`SystemClock`] of each target.
//!
//! Nothing in Lore reads a clock of the standard library: it traps on wasm, and tests must be able to move
//! time. Times are UTC.

use std::{fmt, str::FromStr, sync::Arc, time::Duration};

use async_trait::async_trait;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    error::{Error, Result},
    maybe_send::{MaybeSend, MaybeSync},
};

/// An instant in UTC, in whole microseconds since the Unix epoch.
///
/// Shown and serialised as RFC 3339 (`2026-01-31T12:00:00Z`); range: years 1970 to 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// 9999-12-31T23:59:59.999999Z, the last instant that RFC 3339 can write.
const MAX_MICROS: i64 = 253_402_300_799_999_999;

impl Timestamp {
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self(0);

    /// From microseconds since the Unix epoch.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) outside the years 1970 to 9999.
    pub fn from_unix_micros(micros: i64) -> Result<Self> {
        if (0..=MAX_MICROS).contains(&micros) {
            Ok(Self(micros))
        } else {
            Err(Error::invalid("timestamp", "out_of_range", "a time in the years 1970 to 9999"))
        }
    }

    /// From whole seconds since the Unix epoch.
    ///
    /// # Errors
    /// As [`from_unix_micros`](Self::from_unix_micros).
    pub fn from_unix_seconds(seconds: i64) -> Result<Self> {
        Self::from_unix_micros(seconds.saturating_mul(1_000_000))
    }

    /// Microseconds since the Unix epoch.
    #[must_use]
    pub const fn unix_micros(self) -> i64 {
        self.0
    }

    /// Whole milliseconds since the Unix epoch.
    #[must_use]
    pub const fn unix_millis(self) -> u64 {
        (self.0 / 1_000).unsigned_abs()
    }

    /// Whole seconds since the Unix epoch.
    #[must_use]
    pub const fn unix_seconds(self) -> u64 {
        (self.0 / 1_000_000).unsigned_abs()
    }

    /// This instant plus `duration`, at most the end of the year 9999.
    #[must_use]
    pub fn saturating_add(self, duration: Duration) -> Self {
        let micros = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(micros).min(MAX_MICROS))
    }

    /// The time from `earlier` to this instant, zero if `earlier` is later.
    #[must_use]
    pub fn saturating_since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = i128::from(self.0) * 1_000;
        let time = OffsetDateTime::from_unix_timestamp_nanos(nanos).map_err(|_| fmt::Error)?;
        f.write_str(&time.format(&Rfc3339).map_err(|_| fmt::Error)?)
    }
}

impl FromStr for Timestamp {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let time = OffsetDateTime::parse(text, &Rfc3339).map_err(|err| {
            Error::invalid("timestamp", "malformed", "an RFC 3339 time such as 2026-01-31T12:00:00Z")
                .with_source(err)
        })?;
        let micros = i64::try_from(time.unix_timestamp_nanos() / 1_000).unwrap_or(i64::MAX);
        Self::from_unix_micros(micros)
    }
}

crate::onchain::serde_as_text!(Timestamp);

/// A day in UTC, from midnight to midnight. Shown and serialised as `2026-01-31`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(u32);

const DAY_SECONDS: u64 = 86_400;

impl Day {
    /// The day of an instant.
    #[must_use]
    pub fn of(time: Timestamp) -> Self {
        // The year 9999 is day 2,932,896.
        Self(u32::try_from(time.unix_seconds() / DAY_SECONDS).unwrap_or(u32::MAX))
    }

    /// From days since the Unix epoch.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) after the year 9999.
    pub fn from_unix_days(days: u32) -> Result<Self> {
        let seconds = i64::from(days).saturating_mul(86_400);
        Timestamp::from_unix_seconds(seconds).map(Self::of)
    }

    /// Days since the Unix epoch.
    #[must_use]
    pub const fn unix_days(self) -> u32 {
        self.0
    }

    /// Its first instant.
    #[must_use]
    pub fn start(self) -> Timestamp {
        Timestamp::EPOCH.saturating_add(Duration::from_secs(u64::from(self.0) * DAY_SECONDS))
    }

    /// The first instant of the next day.
    #[must_use]
    pub fn next_start(self) -> Timestamp {
        self.start().saturating_add(Duration::from_secs(DAY_SECONDS))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // RFC 3339 starts with the date.
        f.write_str(self.start().to_string().split('T').next().unwrap_or_default())
    }
}

impl FromStr for Day {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let malformed = || Error::invalid("day", "malformed", "a day such as 2026-01-31");
        if text.len() != 10 {
            return Err(malformed());
        }
        format!("{text}T00:00:00Z").parse().map(Self::of).map_err(|_: Error| malformed())
    }
}

crate::onchain::serde_as_text!(Day);

/// Tells the time and waits.
///
/// Every MUST below is proved by the conformance case named after it.
#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
pub trait Clock: fmt::Debug + MaybeSend + MaybeSync + 'static {
    /// The time in UTC.
    fn now(&self) -> Timestamp;

    /// A reading for measuring; only differences mean anything.
    ///
    /// - MUST never go back (`monotonic_never_goes_back`).
    fn monotonic(&self) -> Duration;

    /// Returns after `duration` has passed on this clock.
    ///
    /// - MUST NOT return early by [`monotonic`](Self::monotonic) (`a_sleep_is_never_short`).
    /// - MUST return at once from a sleep of zero (`a_sleep_of_zero_ends`).
    /// - MUST let the shorter of two sleeps end first (`the_shorter_of_two_sleeps_ends_first`).
    /// - MUST be fine if it is dropped half way (`a_sleep_can_be_dropped`).
    async fn sleep(&self, duration: Duration);
}
const _: Option<&dyn Clock> = None;

/// The clock of the machine, or of the browser.
///
/// Natively [`Clock::sleep`] needs a running tokio runtime with its timer enabled.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl SystemClock {
    /// This clock as a port.
    #[must_use]
    pub fn shared() -> Arc<dyn Clock> {
        Arc::new(Self)
    }
}

#[cfg(not(target_family = "wasm"))]
mod system {
    use std::{sync::LazyLock, time};

    use super::{Clock, Duration, SystemClock, Timestamp, async_trait};

    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the machine's clocks")]
    fn monotonic_start() -> time::Instant {
        time::Instant::now()
    }

    static START: LazyLock<time::Instant> = LazyLock::new(monotonic_start);

    #[async_trait]
    impl Clock for SystemClock {
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the one place that reads the machine's clocks"
        )]
        fn now(&self) -> Timestamp {
            // A clock before 1970 reads as 1970: nothing better can be said.
            let since = time::SystemTime::now().duration_since(time::UNIX_EPOCH).unwrap_or_default();
            Timestamp::EPOCH.saturating_add(since)
        }

        fn monotonic(&self) -> Duration {
            START.elapsed()
        }

        #[expect(clippy::disallowed_methods, reason = "this is the one place that waits")]
        async fn sleep(&self, duration: Duration) {
            tokio::time::sleep(duration).await;
        }
    }
}

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod browser {
    use super::{Clock, Duration, SystemClock, Timestamp, async_trait};

    #[async_trait(?Send)]
    impl Clock for SystemClock {
        fn now(&self) -> Timestamp {
            let since = web_time::SystemTime::now().duration_since(web_time::UNIX_EPOCH).unwrap_or_default();
            Timestamp::EPOCH.saturating_add(since)
        }

        fn monotonic(&self) -> Duration {
            // Zero on the first call is fine: only differences count.
            thread_local!(static START: web_time::Instant = web_time::Instant::now());
            START.with(|start| start.elapsed())
        }

        async fn sleep(&self, duration: Duration) {
            gloo_timers::future::sleep(duration).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_is_shown_and_read_as_rfc_3339() {
        let time: Timestamp = "2026-01-31T12:00:00.000001Z".parse().unwrap();
        assert_eq!(time.to_string(), "2026-01-31T12:00:00.000001Z");
        assert_eq!(
            "2026-01-31T13:00:00+01:00".parse::<Timestamp>().unwrap().to_string(),
            "2026-01-31T12:00:00Z"
        );
    }

    #[test]
    fn a_day_is_the_days_of_its_instants_and_is_read_back() {
        let day: Day = "2026-01-31".parse().unwrap();
        assert_eq!(day.to_string(), "2026-01-31");
        assert_eq!(Day::of("2026-01-31T23:59:59.999999Z".parse().unwrap()), day);
        assert_eq!(day.next_start().to_string(), "2026-02-01T00:00:00Z");
        assert_eq!(Day::from_unix_days(day.unix_days()).unwrap(), day);
        for text in ["2026-02-30", "2026-1-31", "", "2026-01-31T"] {
            assert!(text.parse::<Day>().is_err(), "{text}");
        }
    }

    #[test]
    fn times_outside_the_range_are_refused() {
        assert!(Timestamp::from_unix_micros(-1).is_err());
        assert!(Timestamp::from_unix_micros(MAX_MICROS + 1).is_err());
        assert_eq!(Timestamp(MAX_MICROS).saturating_add(Duration::from_secs(9)), Timestamp(MAX_MICROS));
    }
}
