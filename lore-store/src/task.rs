//! [`TokioSpawner`]: tasks of adapters, and of what is built on them.

use std::sync::Arc;

use lore_core::{BoxFuture, Error, ErrorKind, Result, task::Spawner};

/// Tasks on a tokio runtime.
#[derive(Clone, Debug)]
pub struct TokioSpawner(tokio::runtime::Handle);

impl TokioSpawner {
    /// On the runtime that this is called on.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] outside a tokio runtime.
    pub fn current() -> Result<Self> {
        tokio::runtime::Handle::try_current().map(Self).map_err(|err| {
            Error::new(ErrorKind::Config, "there is no tokio runtime to run tasks on").with_source(err)
        })
    }

    /// This spawner as a port.
    #[must_use]
    pub fn shared(self) -> Arc<dyn Spawner> {
        Arc::new(self)
    }
}

impl Spawner for TokioSpawner {
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        // The handle of the task is of no use: its work reports through what it writes.
        drop(self.0.spawn(task));
    }
}
