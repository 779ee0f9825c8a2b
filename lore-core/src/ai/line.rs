//! [`QueuedLine`]: what the hit path leaves behind for the log.

use std::sync::Arc;

use super::{
    audit::{AuditEntry, CacheOutcome, InputRecord, RequestEntry, RequestOutcome},
    kept::KeptAnswer,
    operation::{OperationKind, Tier},
    policy::LogText,
    queue::Line,
};
use crate::{ids::RequestId, onchain::Address, port::llm::Usage, time::Timestamp, usd::Usd};

/// Who asked what: the part of a line that is known from the start.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    pub(super) request: RequestId,
    pub(super) user: Option<Address>,
    pub(super) operation: OperationKind,
    pub(super) tier: Tier,
}

impl Asked {
    pub(super) fn entry(
        self,
        at: Timestamp,
        input: InputRecord,
        outcome: RequestOutcome,
        response_micros: u64,
    ) -> AuditEntry {
        AuditEntry::Request(Box::new(RequestEntry {
            request: self.request,
            at,
            user: self.user,
            operation: self.operation,
            tier: self.tier,
            input,
            outcome,
            response_micros,
        }))
    }
}

#[derive(Debug)]
pub(super) enum QueuedLine {
    /// An answer that was made for another request.
    Hit {
        asked: Asked,
        at: Timestamp,
        kept: Arc<KeptAnswer>,
        cache: CacheOutcome,
        text: LogText,
        response_micros: u64,
    },
    Entry(AuditEntry),
}

impl Line for QueuedLine {
    fn entry(self) -> AuditEntry {
        let (asked, at, kept, cache, text, response_micros) = match self {
            Self::Entry(entry) => return entry,
            Self::Hit { asked, at, kept, cache, text, response_micros } => {
                (asked, at, kept, cache, text, response_micros)
            }
        };
        let about = &kept.about;
        let outcome = RequestOutcome::Answered {
            source: about.source,
            model: about.model.clone(),
            cache,
            answer: about.request,
            output: None,
            rung: about.rung,
            usage: Usage::default(),
            cost: Usd::ZERO,
            saved_usage: about.usage,
            saved_cost: about.cost,
        };
        let input = match text {
            LogText::Redacted => InputRecord::Redacted,
            LogText::Whole | LogText::Hashed => InputRecord::SameAs(about.request),
        };
        asked.entry(at, input, outcome, response_micros)
    }
}
