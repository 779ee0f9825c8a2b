//! Entries and calls: small ones, and one of each kind. Public for the tests that an adapter has of its own.

use std::time::Duration;

use crate::{
    ai::{
        OperationKind, Tier,
        audit::{
            AuditEntry, CacheOutcome, CallEntry, CallOutcome, InputRecord, LoggedEntry, RequestEntry,
            RequestOutcome, Rung, Source,
        },
    },
    conformance::repository::fixtures::{address, at},
    error::{CompletionFailure, Error, ErrorKind, FailureReason, FailureRecord, Result, Retry, Revert},
    ids::{CallId, RequestId},
    onchain::Address,
    port::{
        ai_log::{AuditLog, PendingCall, Spent},
        llm::Usage,
    },
    usd::Usd,
};

fn numbered(number: u64) -> [u8; 16] {
    u128::from(number).to_be_bytes()
}

pub fn request_id(number: u64) -> RequestId {
    RequestId::from_bytes(numbered(number))
}

pub fn call_id(number: u64) -> CallId {
    CallId::from_bytes(numbered(number))
}

pub fn spent(tokens: u64, picos: u64) -> Spent {
    Spent::new(tokens, Usd::from_picos(picos))
}

/// A cached answer to the request of this number, as most lines of a log are.
pub fn hit(number: u64) -> AuditEntry {
    AuditEntry::Request(Box::new(request_entry(number)))
}

pub fn request_entry(number: u64) -> RequestEntry {
    RequestEntry {
        request: request_id(number),
        at: at(number),
        user: Some(address(1)),
        operation: OperationKind::Titles,
        tier: Tier::Fast,
        input: InputRecord::SameAs(request_id(1)),
        outcome: RequestOutcome::Answered {
            source: Source::Model,
            model: Some("a/model".to_owned()),
            cache: CacheOutcome::Fresh,
            answer: request_id(1),
            output: None,
            rung: Some(Rung::Strict),
            usage: Usage::default(),
            cost: Usd::ZERO,
            saved_usage: Usage::new(300, 40),
            saved_cost: Usd::from_picos(37_500),
        },
        response_micros: number % 7,
    }
}

/// A call of the request of the same number, with what it used.
pub fn called(number: u64, used: Spent) -> AuditEntry {
    AuditEntry::Call(Box::new(call_entry(number, used)))
}

pub fn call_entry(number: u64, used: Spent) -> CallEntry {
    CallEntry {
        call: call_id(number),
        request: request_id(number),
        at: at(number),
        user: Some(address(1)),
        operation: OperationKind::Titles,
        tier: Tier::Quality,
        provider: "scripted".to_owned(),
        model: "a/model".to_owned(),
        choice: 0,
        number: 1,
        outcome: CallOutcome::Answered { model: "a/model-2".to_owned(), rung: Rung::Asked, output: None },
        response_micros: 1_234_567,
        usage: Usage::new(used.tokens, 0),
        cost: used.cost,
    }
}

/// A call that is about to be sent, for the request of the same number, with a minute's time.
pub fn pending(number: u64, user: Option<Address>, reserved: Spent) -> PendingCall {
    let opened = at(number);
    let mut call = PendingCall::new(
        (call_id(number), request_id(number)),
        (opened, opened.saturating_add(Duration::from_secs(60))),
        (OperationKind::LicenseAdvice, Tier::Quality),
        "scripted",
        format!("model/{number}"),
    );
    (call.user, call.reserved) = (user, reserved);
    (call.choice, call.number) = (2, 3);
    call
}

/// A failure record with everything in it, of each retry class and kind.
fn failures() -> Vec<FailureRecord> {
    let retries = [Retry::Never, Retry::After(None), Retry::Reconcile, Retry::Exhausted];
    let mut all: Vec<_> = ErrorKind::ALL
        .into_iter()
        .zip(retries.into_iter().cycle())
        .map(|(kind, retry)| Error::new(kind, "it failed").with_retry(retry).to_record())
        .collect();
    let pause = Retry::After(Some(Duration::new(300, 999_999_999)));
    all.push(Error::new(ErrorKind::RateLimited, "später").with_op("complete").with_retry(pause).to_record());
    all.push(Error::invalid("title", "too_long", "1 to 200 characters").to_record());
    all.extend(FailureReason::ALL.into_iter().map(|reason| {
        let failure = CompletionFailure::new(reason);
        Error::new(ErrorKind::Unavailable, "no answer").with_completion_failure(failure).to_record()
    }));
    all.push(Error::from(Revert::new("Full").arg(7).arg("星空")).to_record());
    all
}

/// One entry of each kind, with each choice taken at least once.
pub fn every_entry() -> Vec<AuditEntry> {
    let mut entries = Vec::new();
    let mut number = 0;
    let mut request = |change: &dyn Fn(&mut RequestEntry)| {
        number += 1;
        let mut entry = request_entry(number);
        change(&mut entry);
        entries.push(AuditEntry::Request(Box::new(entry)));
    };
    for kind in OperationKind::ALL {
        request(&|entry| entry.operation = *kind);
    }
    for input in [
        InputRecord::Redacted,
        InputRecord::Whole("{\"text\":\"星空 \\\"night\\\"\"}".to_owned()),
        InputRecord::Hashed([7; 32]),
        InputRecord::Whole("x".repeat(20_000)),
    ] {
        request(&|entry| (entry.user, entry.input) = (None, input.clone()));
    }
    for cache in [CacheOutcome::Miss, CacheOutcome::Fresh, CacheOutcome::Stale, CacheOutcome::Coalesced] {
        for (source, rung) in [
            (Source::Rules, None),
            (Source::Model, Some(Rung::Strict)),
            (Source::Model, Some(Rung::Extracted)),
            (Source::Model, Some(Rung::Repaired)),
            (Source::Model, Some(Rung::Asked)),
        ] {
            request(&|entry| {
                entry.outcome = RequestOutcome::Answered {
                    source,
                    model: rung.map(|_| "m".to_owned()),
                    cache,
                    answer: entry.request,
                    output: Some("[1,2]".to_owned()),
                    rung,
                    usage: Usage::new(u64::MAX, 1),
                    cost: Usd::MAX,
                    saved_usage: Usage::new(0, 128),
                    saved_cost: Usd::from_picos(1),
                };
            });
        }
    }
    for failure in failures() {
        request(&|entry| {
            let failure = failure.clone();
            entry.outcome = RequestOutcome::Failed { failure, usage: Usage::new(1, 2), cost: Usd::ZERO };
        });
    }
    let failed = failures().into_iter().map(|failure| CallOutcome::Failed { failure });
    let outcomes = [CallOutcome::Unknown, CallOutcome::Unusable { finding: "five titles".to_owned() }];
    let output = Some("{\"titles\":[]}".to_owned());
    let answered = CallOutcome::Answered { model: String::new(), rung: Rung::Strict, output };
    for outcome in outcomes.into_iter().chain([answered]).chain(failed) {
        number += 1;
        let mut entry = call_entry(number, spent(number, number));
        (entry.outcome, entry.choice, entry.number) = (outcome, u16::MAX, u32::MAX);
        entries.push(AuditEntry::Call(Box::new(entry)));
    }
    entries
}

/// All kept lines, read in pages of three.
pub async fn all_lines(log: &dyn AuditLog) -> Result<Vec<LoggedEntry>> {
    let mut all: Vec<LoggedEntry> = Vec::new();
    loop {
        let page = log.lines(all.last().map_or(0, |line| line.head.sequence), 3).await?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}
