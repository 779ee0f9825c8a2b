//! How what a call came to is written down, whatever the ledger does.

use std::{sync::Arc, time::Duration};

use super::{
    audit::{AuditEntry, CallOutcome},
    engine::Engine,
    kept::KeptAnswer,
    key::AnswerKey,
};
use crate::{
    error::{ErrorKind, Result},
    ids::{CallId, RequestId},
    port::{
        ai_log::{PendingCall, Spent},
        llm::Usage,
    },
    usd::Usd,
};

/// Attempts while somebody waits.
const ATTEMPTS: u32 = 5;
const PAUSE: Duration = Duration::from_millis(50);
/// Between attempts once nobody waits any more.
const LONGER_PAUSE: Duration = Duration::from_secs(2);

/// A call that could not be closed while somebody waited for it.
pub(super) struct ClosingLater {
    pub(super) pending: PendingCall,
    pub(super) used: Spent,
    /// The call's line.
    pub(super) line: Option<AuditEntry>,
    pub(super) key: AnswerKey,
    /// What it brought: paid for, so it is kept once it is written down.
    pub(super) answer: Option<Arc<KeptAnswer>>,
}

impl Engine {
    /// Writes down what a call came to.
    pub(super) async fn close_call(
        &self,
        request: &RequestId,
        call: &CallId,
        used: Spent,
        lines: &[AuditEntry],
    ) -> Result<()> {
        let mut attempt = 1;
        loop {
            let error = match self.ledger.close_call(call, used, lines).await {
                Ok(_) => return Ok(()),
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    return self.close_again(request, call, lines).await;
                }
                Err(error) => error,
            };
            if attempt == ATTEMPTS {
                return Err(error.with_op("ask"));
            }
            self.clock.sleep(PAUSE.saturating_mul(attempt)).await;
            attempt += 1;
        }
    }

    /// Writes down a call that is closed already. Either it was this process, whose commit failed only to say so, and the
    /// lines are there; or another one gave it up while this one stood still (a laptop that slept), and counted all that was
    /// reserved as used: then the lines count nothing more, so that the log adds up to what the ledger counts.
    async fn close_again(&self, request: &RequestId, call: &CallId, lines: &[AuditEntry]) -> Result<()> {
        for line in self.ledger.lines_of(request).await? {
            if let AuditEntry::Call(known) = line.entry()?
                && known.call == *call
                && known.outcome != CallOutcome::Unknown
            {
                return Ok(());
            }
        }
        let mut lines = lines.to_vec();
        for line in &mut lines {
            if let AuditEntry::Call(entry) = line {
                (entry.usage, entry.cost) = (Usage::default(), Usd::ZERO);
            }
        }
        self.ledger.append(&lines).await.map(|_| ())
    }

    /// Goes on trying in a task of its own, until the call is overdue and any process may give it up.
    pub(super) fn close_call_later(self: &Arc<Self>, later: ClosingLater) {
        let engine = Arc::clone(self);
        self.spawner.spawn(Box::pin(async move {
            let ClosingLater { pending, used, line, key, answer } = later;
            let lines: Vec<_> = line.into_iter().collect();
            loop {
                engine.clock.sleep(LONGER_PAUSE).await;
                match engine.close_call(&pending.request, &pending.call, used, &lines).await {
                    Ok(()) => break,
                    Err(error) if engine.clock.now() >= pending.until => {
                        tracing::error!(call = %pending.call, %error, "what a call came to cannot be written down");
                        return;
                    }
                    Err(error) => tracing::warn!(call = %pending.call, %error, "the audit log cannot be written"),
                }
            }
            if let Some(answer) = answer {
                engine.cache.keep(key, answer);
            }
        }));
    }
}
