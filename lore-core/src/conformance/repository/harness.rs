//! What an adapter gives the suite.

use std::sync::Arc;

use crate::{error::Result, ids::CreationId, port::repository::Repository};

/// Makes repositories for the suite.
#[expect(async_fn_in_trait, reason = "the suite polls the futures on the test's own task")]
pub trait Harness {
    /// An empty repository that nobody else uses.
    async fn fresh(&self) -> Result<Arc<dyn Repository>>;

    /// Opens once more what the last [`fresh`](Self::fresh) made, as another process would; `None` if the records end
    /// with the handle.
    async fn reopen(&self) -> Result<Option<Arc<dyn Repository>>>;

    /// Changes, behind the repository's back, the step of the newest event of this creation to a name that no version of
    /// Lore knows; `false` if that cannot be.
    async fn plant_unknown_step(&self, creation: &CreationId) -> Result<bool>;
}

/// Says on stdout that a case did not run.
pub(super) fn skip(case: &str, why: &str) {
    println!("skipped {case}: {why}");
}
