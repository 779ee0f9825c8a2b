//! The canonical bytes of an [`AuditEntry`], which the chain's hashes are about.
//!
//! The first byte is the version of the form, the second the kind of line, and then comes the request, so that a store can
//! find its lines without a column of its own for it. A change of any declaration here is a new version: every line that was
//! ever written stays readable.

use super::{
    codec::{Canonical, Malformed, Reader, choice, record},
    entry::{
        AuditEntry, CacheOutcome, CallEntry, CallOutcome, InputRecord, RequestEntry, RequestOutcome, Rung,
        Source,
    },
};
use crate::{
    ai::{OperationKind, Tier},
    error::{Error, ErrorKind, FailureReason, FailureRecord, Result, Retry, Revert, Violation},
    port::llm::Usage,
};

/// The version of the form that [`encode`] writes.
pub const VERSION: u8 = 1;

/// The bytes of an entry.
#[must_use]
pub fn encode(entry: &AuditEntry) -> Vec<u8> {
    // Most lines fit, and waste little: a log in memory keeps them.
    let mut out = Vec::with_capacity(whole_texts(entry).saturating_add(192));
    out.push(VERSION);
    entry.write(&mut out);
    out
}

/// How many bytes of a request's line are its texts.
fn whole_texts(entry: &AuditEntry) -> usize {
    let AuditEntry::Request(entry) = entry else { return 0 };
    let input = match &entry.input {
        InputRecord::Whole(text) => text.len(),
        _ => 0,
    };
    let output = match &entry.outcome {
        RequestOutcome::Answered { output: Some(text), .. } => text.len(),
        _ => 0,
    };
    input.saturating_add(output)
}

/// The entry of its bytes: of exactly those that [`encode`] writes for it.
///
/// # Errors
/// [`IntegrityMismatch`](ErrorKind::IntegrityMismatch) for other bytes; [`Unsupported`](ErrorKind::Unsupported) for a
/// version that this Lore does not know.
pub fn decode(bytes: &[u8]) -> Result<AuditEntry> {
    let mut from = Reader::new(bytes);
    match from.byte().map_err(not_canonical)? {
        VERSION => {}
        version => {
            return Err(Error::new(ErrorKind::Unsupported, "a newer version of Lore wrote this log entry")
                .with_context("version", version)
                .with_context("supported_version", VERSION));
        }
    }
    let entry = AuditEntry::read(&mut from).map_err(not_canonical)?;
    from.end().map_err(not_canonical)?;
    Ok(entry)
}

fn not_canonical(malformed: Malformed) -> Error {
    Error::new(ErrorKind::IntegrityMismatch, "the bytes are no log entry in canonical form")
        .with_context("offset", malformed.offset)
        .with_context("expected", malformed.expected)
}

choice!(AuditEntry { 1 => Request(entry), 2 => Call(entry) });

record!(RequestEntry { request, at, user, operation, tier, input, outcome, response_micros });

record!(CallEntry {
    request,
    call,
    at,
    user,
    operation,
    tier,
    provider,
    model,
    choice,
    number,
    outcome,
    response_micros,
    usage,
    cost,
});

choice!(InputRecord { 0 => Redacted, 1 => Whole(text), 2 => Hashed(hash), 3 => SameAs(request) });

choice!(RequestOutcome {
    1 => Answered { source, model, cache, answer, output, rung, usage, cost, saved_usage, saved_cost },
    2 => Failed { failure, usage, cost },
});

choice!(CallOutcome {
    0 => Unknown,
    1 => Answered { model, rung, output },
    2 => Unusable { finding },
    3 => Failed { failure },
});

choice!(CacheOutcome { 0 => Miss, 1 => Fresh, 2 => Stale, 3 => Coalesced });
choice!(Source { 1 => Model, 2 => Rules });
choice!(Rung { 1 => Strict, 2 => Extracted, 3 => Repaired, 4 => Asked });
choice!(Tier { 1 => Fast, 2 => Quality });

choice!(OperationKind {
    1 => Titles,
    2 => Description,
    3 => Analysis,
    4 => LicenseAdvice,
    5 => DerivativeAnalysis,
    6 => Validation,
});

record!(Usage { prompt_tokens, completion_tokens });
record!(FailureRecord { kind, op, message, retry, violations, revert, reason });
record!(Violation { field, rule, expected });
record!(Revert { name, args });
choice!(FailureReason {
    1 => RateLimited,
    2 => DailyCap,
    3 => Credits,
    4 => KeyRefused,
    5 => Outage,
    6 => Timeout,
    7 => Disconnected,
    8 => ModelGone,
    9 => Empty,
    10 => Truncated,
    11 => Filtered,
    12 => ContextLength,
    13 => Malformed,
    14 => Unusable,
    15 => Moderated,
    16 => BadRequest,
    17 => PriceUnknown,
});
choice!(Retry { 0 => Never, 1 => After(pause), 2 => Reconcile, 3 => Exhausted });

choice!(ErrorKind {
    1 => Config,
    2 => InvalidInput,
    3 => NotFound,
    4 => AlreadyExists,
    5 => Conflict,
    6 => PermissionDenied,
    7 => Unauthenticated,
    8 => RateLimited,
    9 => Unavailable,
    10 => InsufficientFunds,
    11 => Reverted,
    12 => IntegrityMismatch,
    13 => Unsupported,
    14 => Unexpected,
});
