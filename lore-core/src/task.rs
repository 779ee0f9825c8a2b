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

#[cfg(test)]
pub(crate) mod tests {
    use super::{BoxFuture, Spawner};

    /// Tasks on the runtime of the test.
    #[derive(Debug)]
    pub(crate) struct TestSpawner;

    impl Spawner for TestSpawner {
        #[expect(clippy::disallowed_methods, reason = "this is the port that tasks go through")]
        fn spawn(&self, task: BoxFuture<'static, ()>) {
            drop(tokio::spawn(task));
        }
    }
}
