//! How long an endpoint asks to wait. It may say so in several places; the longest wait counts, because each of them has
//! been seen to be too short alone.

use std::time::Duration;

use lore_core::Timestamp;
use reqwest::header::HeaderMap;

use super::told::Told;

/// Numbers from here on are instants in seconds (September 2001), below they are seconds from now.
const FIRST_INSTANT: u64 = 1_000_000_000;
/// Numbers from here on are instants in milliseconds.
const FIRST_INSTANT_IN_MILLIS: u64 = 100_000_000_000;

/// The pause that headers and body ask for. `is_limited` says whether it is about a rate limit, as the reset of one is
/// also told to those who have not reached it.
pub(super) fn pause(headers: &HeaderMap, told: &Told, is_limited: bool, now: Timestamp) -> Option<Duration> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let availability = told.availability.as_ref().and_then(|availability| availability.retry_after);
    let mut longest = availability.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    // LiteLLM passes the headers of the model's host on under this prefix.
    let passed_on = |name: &str| header(&format!("llm_provider-{name}"));
    for find in [&header as &dyn Fn(&str) -> Option<String>, &passed_on, &|name| told.header(name)] {
        let has_left = find("x-ratelimit-remaining").and_then(|left| left.trim().parse().ok()) > Some(0_u64);
        let reset = find("x-ratelimit-reset").filter(|_| is_limited && !has_left);
        let candidates = [
            find("retry-after").and_then(|text| retry_after(text.trim(), now)),
            find("retry-after-ms").and_then(|text| text.trim().parse().ok().map(Duration::from_millis)),
            reset.and_then(|text| until_reset(text.trim(), now)),
        ];
        longest = candidates.into_iter().fold(longest, Option::max);
    }
    longest
}

/// Seconds, or a date in one of three forms (RFC 9110, sections 10.2.3 and 5.6.7).
fn retry_after(text: &str, now: Timestamp) -> Option<Duration> {
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let date = httpdate::parse_http_date(text).ok()?;
    let since_epoch = date.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some(Timestamp::EPOCH.saturating_add(since_epoch).saturating_since(now))
}

/// An instant in seconds or in milliseconds, or seconds from now. The unit is documented nowhere.
fn until_reset(text: &str, now: Timestamp) -> Option<Duration> {
    let whole = text.split('.').next().unwrap_or(text);
    let number: u64 = whole.parse().ok()?;
    let instant = match number {
        FIRST_INSTANT_IN_MILLIS.. => Duration::from_millis(number),
        FIRST_INSTANT.. => Duration::from_secs(number),
        _ => return Some(Duration::from_secs(number)),
    };
    Some(Timestamp::EPOCH.saturating_add(instant).saturating_since(now))
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
            ("retry-after", "-3", None),
            ("retry-after", "NaN", None),
            ("retry-after", "1e300", None),
            ("retry-after-ms", "250", Some(250)),
            ("llm_provider-retry-after", "17", Some(17_000)),
            ("x-ratelimit-reset", "1769860830", Some(30_000)),
            ("x-ratelimit-reset", "1769860830000", Some(30_000)),
            ("x-ratelimit-reset", "1769860830.75", Some(30_000)),
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
}
