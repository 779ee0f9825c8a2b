//! Lines that differ in everything that is counted, and accepted outputs. Public for the tests that an adapter has of its own.

#![expect(clippy::indexing_slicing, reason = "a case fails by panicking")]

use std::time::Duration;

use crate::{
    ai::{
        OperationKind, Tier,
        audit::{AuditEntry, CacheOutcome, CallOutcome, RequestOutcome, Source},
        stats::{Acceptance, Days, Rating, Taken, fold},
    },
    conformance::{
        audit_log::fixtures::{call_entry, request_entry, request_id, spent},
        repository::fixtures::{address, asset_id, at},
    },
    error::{CompletionFailure, Error, ErrorKind, FailureReason, Result},
    port::{
        ai_reports::{ReportStore, UsageBatch},
        llm::Usage,
    },
    time::{Day, Timestamp},
    usd::Usd,
};

/// Hours after a fixed midnight.
pub fn hour(number: u64) -> Timestamp {
    at(0).saturating_add(Duration::from_secs(3_600 * number))
}

/// The first of the days of [`hour`].
pub fn first_day() -> Day {
    Day::of(hour(0))
}

/// So many days from the first one.
pub fn days(count: u32) -> Result<Days> {
    Days::new(first_day(), Day::from_unix_days(first_day().unix_days() + count - 1)?)
}

/// A line of a request; the number decides about everything in it, `at` apart.
pub fn asked(number: u64, at: Timestamp) -> AuditEntry {
    let mut entry = request_entry(number);
    entry.at = at;
    entry.user = Some(number % 5).filter(|user| *user > 0).map(|user| address(small(user)));
    entry.operation = pick(OperationKind::ALL, number / 2);
    entry.tier = pick(Tier::ALL, number);
    entry.response_micros = number * number * 37 % 100_003;
    let cache = pick(
        &[CacheOutcome::Miss, CacheOutcome::Fresh, CacheOutcome::Stale, CacheOutcome::Coalesced],
        number / 3,
    );
    let saved = if cache == CacheOutcome::Miss { 0 } else { number };
    let by_rules = number.is_multiple_of(11);
    entry.outcome = if number.is_multiple_of(7) {
        let failure = Error::new(ErrorKind::Unavailable, "no model answered").to_record();
        RequestOutcome::Failed { failure, usage: Usage::new(number, 1), cost: Usd::from_picos(number) }
    } else {
        RequestOutcome::Answered {
            source: if by_rules { Source::Rules } else { Source::Model },
            model: (!by_rules).then(|| pick(&MODELS, number).to_owned()),
            cache,
            answer: entry.request,
            output: None,
            rung: None,
            usage: Usage::new(1_000, 1_000),
            cost: Usd::MAX,
            saved_usage: Usage::new(saved * 3, saved),
            saved_cost: Usd::from_picos(saved * 1_001),
        }
    };
    AuditEntry::Request(Box::new(entry))
}

/// A line of a call; the number decides about everything in it, `at` apart. Three calls make one request.
pub fn call(number: u64, at: Timestamp) -> AuditEntry {
    let mut entry = call_entry(number, spent(0, number * 1_003));
    entry.at = at;
    entry.request = request_id(1_000_000 + number / 3);
    entry.number = small(number % 3) + 1;
    entry.choice = pick(&[0, 0, 1, 2], number);
    entry.user = Some(number % 4).filter(|user| *user > 0).map(|user| address(small(user)));
    entry.operation = pick(OperationKind::ALL, number / 6);
    entry.model = pick(&MODELS, number / 2).to_owned();
    entry.response_micros = number * number * 91 % 7_000_003;
    entry.usage = Usage::new(number % 4 * 100, number % 4 * 10);
    let reason = pick(&FailureReason::ALL, number);
    entry.outcome = match number % 5 {
        0 => CallOutcome::Failed {
            failure: Error::new(ErrorKind::Unavailable, "no answer")
                .with_completion_failure(CompletionFailure::new(reason))
                .to_record(),
        },
        1 => CallOutcome::Unusable { finding: "five titles".to_owned() },
        2 if number.is_multiple_of(4) => CallOutcome::Unknown,
        2 => CallOutcome::Failed { failure: Error::new(ErrorKind::Conflict, "no reason").to_record() },
        _ => entry.outcome,
    };
    AuditEntry::Call(Box::new(entry))
}

fn small(number: u64) -> u32 {
    u32::try_from(number).unwrap_or_default()
}

const MODELS: [&str; 3] = ["", "a/model", "星/\"空\""];

fn pick<T: Copy>(all: &[T], number: u64) -> T {
    let index = usize::try_from(number).unwrap_or_default() % all.len();
    all[index]
}

/// Lines of requests and calls, `per_hour` of them in each hour from the first on.
pub fn lines(count: u64, per_hour: u64) -> Vec<AuditEntry> {
    (0..count)
        .map(|number| {
            let at = hour(number / per_hour).saturating_add(Duration::from_secs(number % 3_600));
            if number % 3 == 0 { call(number / 3, at) } else { asked(number, at) }
        })
        .collect()
}

/// A batch of these lines, which come after `expected`.
pub fn batch(expected: u64, lines: &[AuditEntry]) -> UsageBatch {
    let count = u64::try_from(lines.len()).unwrap_or_default();
    UsageBatch::new(expected + count, fold(lines))
}

/// Adds lines to an empty store.
pub async fn filled(store: &dyn ReportStore, lines: &[AuditEntry]) -> Result<()> {
    store.add_usage(0, &batch(0, lines)).await
}

/// An output that was taken; the number decides about everything in it.
pub fn acceptance(number: u32) -> Result<Acceptance> {
    let text = format!("Nr. {number} 星空 \"night\"\n");
    let (operation, taken) = match number % 4 {
        0 => (OperationKind::Titles, Taken::Title(text)),
        1 => (OperationKind::Description, Taken::Description(text)),
        2 => (OperationKind::Analysis, Taken::Category(text)),
        _ => (OperationKind::Analysis, Taken::Tags(vec![text, String::new()])),
    };
    let rating = u8::try_from(number % 6).unwrap_or_default();
    let number = u64::from(number);
    Ok(Acceptance {
        asset: asset_id(small(number % 3)),
        request: request_id(number / 2),
        taken,
        is_edited: number.is_multiple_of(5),
        rating: if rating == 0 { None } else { Some(Rating::new(rating)?) },
        user: address(small(number % 2)),
        operation,
        model: (!number.is_multiple_of(7)).then(|| pick(&MODELS, number).to_owned()),
        answered_at: hour(number),
        // Several at one time.
        accepted_at: hour(500 - number / 4),
    })
}
