//! [`close_overdue_calls`]: ends what a dead process left open.

use super::entry::{AuditEntry, CallEntry, CallOutcome};
use crate::{
    error::{Error, ErrorKind, Result},
    port::{
        ai_log::{CallLedger, PendingCall},
        llm::Usage,
    },
    time::Timestamp,
};

/// Calls that are looked up at a time.
const PAGE: u32 = 100;

/// Closes every call whose time was over at `now`, as [`CallOutcome::Unknown`] and with all that was reserved as used, and
/// says how many. Each is closed once, however many processes do this at the same time.
///
/// # Errors
/// Those of the ledger. What was closed before stays closed.
pub async fn close_overdue_calls(ledger: &dyn CallLedger, now: Timestamp) -> Result<u64> {
    let mut closed: u64 = 0;
    loop {
        let overdue = ledger.overdue_calls(now, PAGE).await?;
        let Some(oldest) = overdue.first().map(|call| call.call) else { return Ok(closed) };
        for call in &overdue {
            match ledger.close_call(&call.call, call.reserved, &[unknown(call, now)]).await {
                Ok(_) => closed = closed.saturating_add(1),
                // Somebody else was faster.
                Err(err) if err.kind() == ErrorKind::NotFound => {}
                Err(err) => return Err(err),
            }
        }
        let next = ledger.overdue_calls(now, 1).await?;
        if next.first().is_some_and(|call| call.call == oldest) {
            // Going on would never end.
            return Err(Error::new(ErrorKind::Unexpected, "a call is open and cannot be closed")
                .with_context("call", oldest));
        }
    }
}

/// The line of a call that nobody knows the end of.
fn unknown(call: &PendingCall, at: Timestamp) -> AuditEntry {
    AuditEntry::Call(Box::new(CallEntry {
        call: call.call,
        request: call.request,
        at,
        user: call.user,
        operation: call.operation,
        tier: call.tier,
        provider: call.provider.clone(),
        model: call.model.clone(),
        choice: call.choice,
        number: call.number,
        outcome: CallOutcome::Unknown,
        response_micros: 0,
        // The ledger reserves tokens of prompt and answer together; so that the log adds up to what it counts, they all
        // stand in one place.
        usage: Usage::new(call.reserved.tokens, 0),
        cost: call.reserved.cost,
    }))
}
