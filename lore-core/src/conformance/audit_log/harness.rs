//! What an adapter gives the suites of both ports.

use std::sync::Arc;

use crate::{ai::audit::LoggedEntry, error::Result, port::ai_log::CallLedger};

/// Makes logs for the suites.
#[expect(async_fn_in_trait, reason = "the suite polls the futures on the test's own task")]
pub trait Harness {
    /// An empty log that nobody else uses.
    async fn fresh(&self) -> Result<Arc<dyn CallLedger>>;

    /// Opens once more what the last [`fresh`](Self::fresh) made, as another process would; `None` if the lines end with
    /// the handle.
    async fn again(&self) -> Result<Option<Arc<dyn CallLedger>>>;

    /// Puts this line in the place of the one that the last [`fresh`](Self::fresh) stores there, behind its back.
    async fn tamper(&self, place: u64, line: &LoggedEntry) -> Result<()>;
}

/// Says on stdout that a case did not run.
pub(in crate::conformance) fn skip(case: &str) {
    println!("skipped {case}: the lines end with the handle");
}
