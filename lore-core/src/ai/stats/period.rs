//! [`Hour`] and [`Days`]: the times that are counted in, and asked for.

use std::{fmt, str::FromStr, time::Duration};

use serde::Serialize;

use crate::{
    error::{Error, Result},
    time::{Day, Timestamp},
};

const HOUR_SECONDS: u64 = 3_600;
const DAY_HOURS: u32 = 24;

/// An hour in UTC. Shown and serialised as `2026-01-31T12`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hour(u32);

impl Hour {
    /// The hour of an instant.
    #[must_use]
    pub fn of(time: Timestamp) -> Self {
        // The year 9999 has hour 70,389,527.
        Self(u32::try_from(time.unix_seconds() / HOUR_SECONDS).unwrap_or(u32::MAX))
    }

    /// From hours since the Unix epoch.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) after the year 9999.
    pub fn from_unix_hours(hours: u32) -> Result<Self> {
        Timestamp::from_unix_seconds(i64::from(hours).saturating_mul(3_600)).map(Self::of)
    }

    /// Hours since the Unix epoch.
    #[must_use]
    pub const fn unix_hours(self) -> u32 {
        self.0
    }

    /// Its first instant.
    #[must_use]
    pub fn start(self) -> Timestamp {
        Timestamp::EPOCH.saturating_add(Duration::from_secs(u64::from(self.0) * HOUR_SECONDS))
    }

    /// Its day.
    #[must_use]
    pub fn day(self) -> Day {
        Day::of(self.start())
    }

    /// The first and the last hour of a day.
    #[must_use]
    pub fn range_of(day: Day) -> (Self, Self) {
        let first = Self::of(day.start());
        (first, Self(first.0.saturating_add(DAY_HOURS - 1)))
    }
}

impl fmt::Display for Hour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // RFC 3339 has the minutes after the first colon.
        f.write_str(self.start().to_string().split(':').next().unwrap_or_default())
    }
}

impl FromStr for Hour {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let malformed = || Error::invalid("hour", "malformed", "an hour such as 2026-01-31T12");
        if text.len() != 13 {
            return Err(malformed());
        }
        format!("{text}:00:00Z").parse().map(Self::of).map_err(|_: Error| malformed())
    }
}

crate::onchain::serde_as_text!(Hour);

/// Days in a row (UTC), the first and the last included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Days {
    first: Day,
    last: Day,
}

impl Days {
    /// Most days of one report.
    pub const MAX: u32 = 366;

    /// From `first` through `last`.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) if they are the wrong way round, or more than [`MAX`](Self::MAX).
    pub fn new(first: Day, last: Day) -> Result<Self> {
        match last.unix_days().checked_sub(first.unix_days()) {
            Some(more) if more < Self::MAX => Ok(Self { first, last }),
            _ => Err(Error::invalid(
                "days",
                "out_of_range",
                format!("1 to {} days, the earlier first", Self::MAX),
            )),
        }
    }

    /// One day.
    #[must_use]
    pub const fn one(day: Day) -> Self {
        Self { first: day, last: day }
    }

    /// The first day.
    #[must_use]
    pub const fn first(self) -> Day {
        self.first
    }

    /// The last day.
    #[must_use]
    pub const fn last(self) -> Day {
        self.last
    }

    /// Whether a day is one of them.
    #[must_use]
    pub fn contains(self, day: Day) -> bool {
        (self.first..=self.last).contains(&day)
    }

    /// Each day, in order.
    pub fn iter(self) -> impl Iterator<Item = Day> {
        (self.first.unix_days()..=self.last.unix_days()).filter_map(|day| Day::from_unix_days(day).ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_is_read_back_and_is_of_its_day() {
        let hour: Hour = "2026-01-31T23".parse().unwrap();
        assert_eq!(hour.to_string(), "2026-01-31T23");
        assert_eq!(Hour::of("2026-01-31T23:59:59.999999Z".parse().unwrap()), hour);
        assert_eq!(Hour::from_unix_hours(hour.unix_hours()).unwrap(), hour);
        assert!(Hour::from_unix_hours(u32::MAX).is_err());
        assert_eq!(hour.day().to_string(), "2026-01-31");
        assert_eq!(Hour::range_of(hour.day()), ("2026-01-31T00".parse().unwrap(), hour));
        for text in ["", "2026-01-31", "2026-01-31T24", "2026-01-31T1:", "2026-01-31 12x"] {
            assert!(text.parse::<Hour>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_period_has_its_first_and_last_day_and_at_most_a_leap_year() {
        let day = |text: &str| text.parse::<Day>().unwrap();
        let days = Days::new(day("2026-02-27"), day("2026-03-01")).unwrap();
        assert_eq!(
            days.iter().map(|day| day.to_string()).collect::<Vec<_>>(),
            ["2026-02-27", "2026-02-28", "2026-03-01"]
        );
        assert!(days.contains(day("2026-03-01")) && !days.contains(day("2026-03-02")));
        assert_eq!(Days::one(day("2026-03-01")).iter().count(), 1);
        assert!(Days::new(day("2028-01-01"), day("2028-12-31")).is_ok());
        for (first, last) in [("2028-01-01", "2029-01-01"), ("2026-01-02", "2026-01-01")] {
            assert_eq!(Days::new(day(first), day(last)).unwrap_err().violations()[0].field, "days");
        }
    }
}
