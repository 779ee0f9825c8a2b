//! What an adapter gives the suite.

use std::sync::Arc;

use crate::{error::Result, port::ai_reports::ReportStore};

/// Makes stores for the suite.
#[expect(async_fn_in_trait, reason = "the suite polls the futures on the test's own task")]
pub trait Harness {
    /// An empty store that nobody else uses.
    async fn fresh(&self) -> Result<Arc<dyn ReportStore>>;

    /// Opens once more what the last [`fresh`](Self::fresh) made, as another process would; `None` if the records end
    /// with the handle.
    async fn again(&self) -> Result<Option<Arc<dyn ReportStore>>>;
}

/// Says on stdout that a case did not run.
pub(super) fn skip(case: &str) {
    println!("skipped {case}: the records end with the handle");
}
