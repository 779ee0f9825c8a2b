//! One look at the chain, for everybody who waits.

use std::time::Duration;

use futures_channel::oneshot;
use futures_util::future::{Either, select};
use lore_core::{Error, ErrorKind, FailureRecord, Result, Retry};

use super::lane::Shared;
use crate::rpc::BlockHeader;

/// Longest pause that a node can ask for.
const MAX_PAUSE: Duration = Duration::from_secs(30);

/// What whoever watches hands on to the next one.
#[derive(Debug, Default)]
pub(super) struct Watch {
    /// When the chain may be looked at again, by the monotonic clock.
    next_at: Duration,
    /// The newest block that was seen.
    pub(super) head: Option<BlockHeader>,
    /// The newest block whose receipts were read.
    pub(super) looked: u64,
    /// The lowest nonce that is not mined, and since when it is the lowest.
    pub(super) first: Option<(u64, Duration)>,
    /// A nonce that the lane did not give out keeps the others back: since when.
    pub(super) gap: Option<(u64, Duration)>,
    /// Since when the node is behind.
    behind_since: Option<Duration>,
    /// Why the last look failed.
    trouble: Option<FailureRecord>,
}

impl Shared {
    /// Waits to be told, and watches the chain for all while nobody else does. `None` if whoever would tell is gone.
    ///
    /// # Errors
    /// With [`Retry::Reconcile`]: [`ErrorKind::Unavailable`] at the deadline, and what waiting cannot cure.
    pub(super) async fn drive<T>(
        &self,
        mut told: oneshot::Receiver<T>,
        deadline: Duration,
    ) -> Result<Option<T>> {
        loop {
            let left = deadline.saturating_sub(self.now());
            let turn = select(&mut told, self.watch.lock());
            let mut watch = match select(turn, self.clock.sleep(left)).await {
                Either::Left((Either::Left((told, _)), _)) => return Ok(told.ok()),
                Either::Left((Either::Right((watch, _)), _)) => watch,
                Either::Right(_) => return Err(self.too_late(None)),
            };
            self.round(&mut watch).await.map_err(|error| error.with_retry(Retry::Reconcile))?;
            match told.try_recv() {
                Ok(Some(told)) => return Ok(Some(told)),
                Ok(None) if self.now() >= deadline => return Err(self.too_late(watch.trouble.take())),
                Ok(None) => {}
                Err(oneshot::Canceled) => return Ok(None),
            }
        }
    }

    fn too_late(&self, trouble: Option<FailureRecord>) -> Error {
        let error = Error::new(ErrorKind::Unavailable, "the transaction is not final in time")
            .with_context("lane", self.id)
            .with_retry(Retry::Reconcile);
        match trouble {
            Some(trouble) => error.with_source(Error::from(&trouble)),
            None => error,
        }
    }

    /// Waits for its time, then looks once.
    async fn round(&self, watch: &mut Watch) -> Result<()> {
        let pause = watch.next_at.saturating_sub(self.now());
        if !pause.is_zero() {
            self.clock.sleep(pause).await;
        }
        // Set first: the next one keeps the pace if this one is dropped.
        watch.next_at = self.now().saturating_add(self.policy.poll_interval());
        match Box::pin(self.look_once(watch)).await {
            Ok(()) => watch.trouble = None,
            Err(error) if is_incurable(&error) => return Err(error),
            Err(error) => {
                tracing::debug!(lane = %self.id, %error, "looking at the chain failed");
                if let Retry::After(Some(pause)) = error.retry() {
                    watch.next_at = watch.next_at.max(self.now().saturating_add(pause.min(MAX_PAUSE)));
                }
                watch.trouble = Some(error.to_record());
            }
        }
        Ok(())
    }

    async fn look_once(&self, watch: &mut Watch) -> Result<()> {
        if self.flight().entries.is_empty() || self.lease().await?.is_none() {
            return Ok(());
        }
        let head = self.rpc.latest_block().await?;
        if self.lags(watch, &head) {
            return Ok(());
        }
        self.look(watch, &head).await?;
        self.settle_final(watch, &head).await?;
        self.mend(watch, &head).await
    }

    /// Whether the node is behind what was seen. A chain that stays shorter for long was rewound, and counts anew.
    fn lags(&self, watch: &mut Watch, head: &BlockHeader) -> bool {
        let now = self.now();
        if watch.head.is_none_or(|seen| head.number >= seen.number) {
            watch.behind_since = None;
            return false;
        }
        let since = *watch.behind_since.get_or_insert(now);
        if now.saturating_sub(since) < self.policy.rebroadcast_after() {
            return true;
        }
        tracing::warn!(lane = %self.id, head = head.number, "the chain is shorter than it was");
        watch.behind_since = None;
        watch.head = None;
        watch.looked = 0;
        self.flight().entries.values_mut().for_each(|entry| entry.look_up = true);
        false
    }
}

/// What no waiting cures.
fn is_incurable(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Config
            | ErrorKind::Unauthenticated
            | ErrorKind::PermissionDenied
            | ErrorKind::IntegrityMismatch
    )
}
