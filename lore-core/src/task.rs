//! [`Spawner`]: work that goes on when nobody waits for it.

use std::fmt;

use crate::maybe_send::{BoxFuture, MaybeSend, MaybeSync};

/// Runs tasks of the engine beside the calls that caused them.
///
/// Lore starts tasks only through this port, and only for work that must outlive its caller: an answer that is paid for
/// already, the writing of the audit log.
pub trait Spawner: fmt::Debug + MaybeSend + MaybeSync + 'static {
    /// Runs `task` to its end, or until the runtime stops.
    fn spawn(&self, task: BoxFuture<'static, ()>);
}
const _: Option<&dyn Spawner> = None;

#[cfg(not(target_family = "wasm"))]
mod native {
    use std::sync::Arc;

    use super::{BoxFuture, Spawner};
    use crate::error::{Error, ErrorKind, Result};

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
}

#[cfg(not(target_family = "wasm"))]
pub use self::native::TokioSpawner;
