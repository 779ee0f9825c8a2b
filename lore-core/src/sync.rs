//! [`EventSync`]: moves the protocol's events from a [`ChainEventSource`] into a [`ChainEventStore`].
//!
//! It keeps nothing itself. The cursor in the store says where to go on, and a batch is applied only if that cursor is
//! still the one it was made for. So a run may end at any instruction, and several may run at the same time, in one process
//! or many: the next one goes on where the last batch ended.

use std::sync::Arc;

use crate::{
    error::{Error, ErrorKind, Result},
    onchain::ChainId,
    port::chain_events::{BlockRef, ChainEventSource, ChainEventStore, EventBatch, EventCursor},
};

/// Keeps the events of one chain up to date.
#[derive(Clone, Debug)]
pub struct EventSync {
    source: Arc<dyn ChainEventSource>,
    store: Arc<dyn ChainEventStore>,
    chain_id: ChainId,
    first_block: u64,
    max_batches: u32,
}

/// What a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SyncReport {
    /// Batches that were applied.
    pub batches: u32,
    /// Events that were added.
    pub added: u64,
    /// Events that were dropped, because the chain was reorganised.
    pub dropped: u64,
    /// How often it was.
    pub reorganisations: u32,
    /// Batches that somebody else applied meanwhile.
    pub conflicts: u32,
    /// The first block whose events are not known.
    pub next_block: u64,
    /// The newest block that the source would read.
    pub head: Option<BlockRef>,
    /// Whether everything up to there is known. If not, the run ended at its limit of batches: run again.
    pub is_caught_up: bool,
}

impl EventSync {
    /// Batches in one run unless said otherwise.
    pub const DEFAULT_BATCHES: u32 = 1_000;

    /// Reads a chain from `first_block` on, if the store knows nothing of it, or else from where the store ends.
    #[must_use]
    pub fn new(
        source: Arc<dyn ChainEventSource>,
        store: Arc<dyn ChainEventStore>,
        chain_id: ChainId,
        first_block: u64,
    ) -> Self {
        Self { source, store, chain_id, first_block, max_batches: Self::DEFAULT_BATCHES }
    }

    /// Sets how many batches a run asks for before it ends without having caught up.
    #[must_use]
    pub const fn with_max_batches(mut self, max_batches: u32) -> Self {
        self.max_batches = max_batches;
        self
    }

    /// Applies what is new until the head is reached. One batch is in memory at a time.
    ///
    /// # Errors
    /// Those of the source and the store. What was applied before stays applied.
    /// [`ErrorKind::Unexpected`] if the source neither goes on nor is at the head.
    ///
    /// # Cancellation
    /// A run that is dropped has applied whole batches; another run goes on from there.
    pub async fn run_once(&self) -> Result<SyncReport> {
        self.run().await.map_err(|err| err.with_op("sync_events"))
    }

    async fn run(&self) -> Result<SyncReport> {
        let mut report = SyncReport::default();
        let mut stored = self.store.event_cursor(self.chain_id).await?;
        for _ in 0..self.max_batches {
            let cursor = stored.clone().unwrap_or_else(|| EventCursor::new(self.chain_id, self.first_block));
            let batch = self.source.events_after(&cursor).await?;
            report.head = Some(batch.head);
            report.next_block = cursor.next_block();
            report.is_caught_up = batch.is_caught_up;
            if batch.drop_from.is_none() && batch.cursor == cursor {
                return if batch.is_caught_up { Ok(report) } else { Err(self.stands_still(&cursor)) };
            }
            match self.store.apply_events(stored.as_ref(), &batch).await {
                Ok(applied) => {
                    report.batches = report.batches.saturating_add(1);
                    report.added = report.added.saturating_add(applied.added);
                    report.dropped = report.dropped.saturating_add(applied.dropped);
                    report.reorganisations =
                        report.reorganisations.saturating_add(u32::from(batch.drop_from.is_some()));
                }
                // Somebody else applied a batch since: what was read is known already, or of a chain that is gone.
                Err(err) if err.kind() == ErrorKind::Conflict => {
                    report.conflicts = report.conflicts.saturating_add(1);
                    report.is_caught_up = false;
                    stored = self.store.event_cursor(self.chain_id).await?;
                    continue;
                }
                Err(err) => return Err(err),
            }
            let EventBatch { cursor, is_caught_up, .. } = batch;
            report.next_block = cursor.next_block();
            if is_caught_up {
                return Ok(report);
            }
            stored = Some(cursor);
        }
        Ok(report)
    }

    fn stands_still(&self, cursor: &EventCursor) -> Error {
        Error::new(ErrorKind::Unexpected, "the source of events stands still")
            .with_context("source", self.source.name())
            .with_context("chain_id", self.chain_id)
            .with_context("next_block", cursor.next_block())
    }
}
