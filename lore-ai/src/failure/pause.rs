//! How long an endpoint asks to wait. It may say so in several places; the longest wait counts, because each of them has
//! been seen to be too short alone.
//!
//! A number that is too large for a number of seconds is an instant, whatever its place is documented to hold: services
//! send resets as `Retry-After` by mistake, and resets in seconds, milliseconds and microseconds.

use std::time::Duration;

use lore_core::Timestamp;
use reqwest::header::HeaderMap;

use super::told::Told;

/// Longest pause that is believed. The longest limits are those of a day, which ends somewhere within a day from now, with
/// some hours more for a day counted in another time zone than its end. What asks for longer is a mistake, and a model is
/// not left alone for years for one.
const MAX_PAUSE: Duration = Duration::from_hours(31);

/// Numbers from here on are instants: September 2001 in seconds since 1970.
const FIRST_INSTANT: f64 = 1e9;
const MILLIS: f64 = 1e3;
const MICROS: f64 = 1e6;

/// Reads the text of one place.
type Read = fn(&str, Timestamp) -> Option<Duration>;

/// The pause that headers and body ask for. `is_limited` says whether it is about a rate limit, as the reset of one is
/// also told to those who have not reached it.
pub(super) fn pause(headers: &HeaderMap, told: &Told, is_limited: bool, now: Timestamp) -> Option<Duration> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let availability = told.availability.as_ref().and_then(|availability| availability.retry_after);
    let mut longest = availability.and_then(|number| {
        seconds_or_instant(number, now).map(|pause| believed("availability.retry_after", Some(number), pause))
    });
    // LiteLLM passes the headers of the model's host on under this prefix.
    let passed_on = |name: &str| header(&format!("llm_provider-{name}"));
    for find in [&header as &dyn Fn(&str) -> Option<String>, &passed_on, &|name| told.header(name)] {
        let has_left = find("x-ratelimit-remaining").and_then(|left| left.trim().parse().ok()) > Some(0_u64);
        let places = [
            ("retry-after", retry_after as Read, true),
            ("retry-after-ms", retry_after_millis, true),
            ("x-ratelimit-reset", until_reset, is_limited && !has_left),
        ];
        for (name, read, counts) in places {
            let Some(text) = find(name).filter(|_| counts) else { continue };
            let pause = read(text.trim(), now).map(|pause| believed(name, text.trim().parse().ok(), pause));
            longest = longest.max(pause);
        }
    }
    longest
}

/// The pause, or the longest one that is believed. `number` is what stood there, unless it was a date.
fn believed(place: &str, number: Option<f64>, pause: Duration) -> Duration {
    if pause > MAX_PAUSE {
        tracing::warn!(
            header = place,
            value = number,
            asked_seconds = pause.as_secs(),
            taken_seconds = MAX_PAUSE.as_secs(),
            "an endpoint asks for a pause that no limit lasts"
        );
    }
    pause.min(MAX_PAUSE)
}

/// Seconds, or a date in one of three forms (RFC 9110, sections 10.2.3 and 5.6.7).
fn retry_after(text: &str, now: Timestamp) -> Option<Duration> {
    if let Ok(number) = text.parse() {
        return seconds_or_instant(number, now);
    }
    let date = httpdate::parse_http_date(text).ok()?;
    let since_epoch = date.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some(until(since_epoch, now))
}

fn retry_after_millis(text: &str, now: Timestamp) -> Option<Duration> {
    let number: f64 = text.parse().ok()?;
    // A pause in milliseconds reaches the numbers of instants in seconds after eleven days.
    if number >= FIRST_INSTANT * MILLIS {
        return seconds_or_instant(number, now);
    }
    Duration::try_from_secs_f64(number / MILLIS).ok()
}

/// An instant, or seconds from now. The unit is documented nowhere.
fn until_reset(text: &str, now: Timestamp) -> Option<Duration> {
    seconds_or_instant(text.parse().ok()?, now)
}

/// Seconds from now, or until an instant in seconds, milliseconds or microseconds since 1970.
fn seconds_or_instant(number: f64, now: Timestamp) -> Option<Duration> {
    let unit = match number {
        _ if number >= FIRST_INSTANT * MICROS => MICROS,
        _ if number >= FIRST_INSTANT * MILLIS => MILLIS,
        _ => 1.0,
    };
    let duration = Duration::try_from_secs_f64(number / unit).ok()?;
    Some(if number < FIRST_INSTANT { duration } else { until(duration, now) })
}

fn until(since_epoch: Duration, now: Timestamp) -> Duration {
    Timestamp::EPOCH.saturating_add(since_epoch).saturating_since(now)
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;

    const NOW: &str = "2026-01-31T12:00:00Z";

    fn asked(headers: &[(&'static str, &'static str)], body: &str) -> Option<u64> {
        let headers = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        let told = Told::of_body(body.as_bytes());
        pause(&headers, &told, true, NOW.parse().unwrap())
            .map(|pause| u64::try_from(pause.as_millis()).unwrap())
    }

    #[test]
    fn every_form_of_a_pause_is_understood() {
        for (name, value, millis) in [
            ("retry-after", "17", Some(17_000)),
            ("retry-after", " 1.5 ", Some(1_500)),
            ("retry-after", "0", Some(0)),
            ("retry-after", "Sat, 31 Jan 2026 12:01:30 GMT", Some(90_000)),
            ("retry-after", "Saturday, 31-Jan-26 12:01:30 GMT", Some(90_000)),
            ("retry-after", "Sat Jan 31 12:01:30 2026", Some(90_000)),
            ("retry-after", "Sat, 31 Jan 2026 11:00:00 GMT", Some(0)),
            ("retry-after", "soon", None),
            ("retry-after", "1769860830", Some(30_000)),
            ("retry-after", "1769860830000", Some(30_000)),
            ("retry-after", "1769860830000000", Some(30_000)),
            ("retry-after", "1769850000", Some(0)),
            ("retry-after-ms", "1769860830000", Some(30_000)),
            ("retry-after", "-3", None),
            ("retry-after", "NaN", None),
            ("retry-after", "1e300", None),
            ("retry-after-ms", "250", Some(250)),
            ("llm_provider-retry-after", "17", Some(17_000)),
            ("x-ratelimit-reset", "1769860830", Some(30_000)),
            ("x-ratelimit-reset", "1769860830000", Some(30_000)),
            ("x-ratelimit-reset", "1769860830.75", Some(30_750)),
            ("x-ratelimit-reset", "1769860830000000", Some(30_000)),
            ("x-ratelimit-reset", "45", Some(45_000)),
            ("x-ratelimit-reset", "1769850000", Some(0)),
            ("x-ratelimit-reset", "tomorrow", None),
        ] {
            assert_eq!(asked(&[(name, value)], ""), millis, "{name}: {value}");
        }
    }

    #[test]
    fn the_longest_pause_of_all_places_counts() {
        let body = r#"{"error":{"metadata":{"headers":{"X-RateLimit-Reset":"1769860840000","X-RateLimit-Remaining":"0"}},
            "availability":{"retry_after":12.5}}}"#;
        assert_eq!(asked(&[("retry-after", "7")], body), Some(40_000));
        assert_eq!(asked(&[("retry-after", "70"), ("x-ratelimit-reset", "1769860801")], body), Some(70_000));
        assert_eq!(asked(&[], r#"{"error":{"availability":{"retry_after":12.5}}}"#), Some(12_500));
        assert_eq!(asked(&[], r#"{"error":{"metadata":{"headers":{"Retry-After":3}}}}"#), Some(3_000));
        assert_eq!(asked(&[], "{}"), None);
    }

    #[test]
    fn the_reset_of_a_limit_that_is_not_reached_is_no_pause() {
        let headers = [("x-ratelimit-reset", "1769860830"), ("x-ratelimit-remaining", "3")];
        assert_eq!(asked(&headers, ""), None);
    }

    #[test]
    fn no_pause_is_longer_than_a_limit_can_last() {
        let most = Some(31 * 3_600 * 1_000);
        for (name, value) in [
            ("retry-after", "111601"),
            ("retry-after", "999999999"),
            ("retry-after", "1969860830"),
            ("retry-after", "Wed, 31 Jan 2029 12:00:00 GMT"),
            ("retry-after-ms", "999999999999"),
            ("x-ratelimit-reset", "253402300799"),
            ("x-ratelimit-reset", "1769860830000000000"),
            ("llm_provider-retry-after", "400000"),
        ] {
            assert_eq!(asked(&[(name, value)], ""), most, "{name}: {value}");
        }
        assert_eq!(asked(&[], r#"{"error":{"availability":{"retry_after":1e9}}}"#), Some(0));
        assert_eq!(asked(&[], r#"{"error":{"availability":{"retry_after":9e8}}}"#), most);
        assert_eq!(asked(&[("retry-after", "111600")], ""), most, "not more than is allowed");
    }
}
