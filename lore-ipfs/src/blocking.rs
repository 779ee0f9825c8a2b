//! Work that blocks, moved off the async executor.

use lore_core::{Error, ErrorKind, Result};
use tokio::task::JoinError;

/// Runs `work` on a blocking thread. If the future is dropped, the work still runs to its end: it must leave things in
/// order by itself.
///
/// # Errors
/// What `work` returns; [`ErrorKind::Unavailable`] if the runtime shuts down first.
pub(crate) async fn run<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(join_error)?
}

pub(crate) fn join_error(err: JoinError) -> Error {
    if err.is_cancelled() {
        Error::new(ErrorKind::Unavailable, "the runtime is shutting down").with_source(err)
    } else {
        Error::new(ErrorKind::Unexpected, "blocking work panicked").with_source(err)
    }
}
