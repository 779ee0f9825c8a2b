//! A source and a store whose every call can be interrupted, and the runs over them.

use std::{
    future::poll_fn,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    task::Poll,
};

use async_trait::async_trait;
use lore_core::{
    ChainId, Error, ErrorKind, Result, Retry,
    conformance::chain_event_store::{
        fixtures::{CHAIN, all, oldest_first},
        scripted::ScriptedChain,
    },
    domain::{chain_event::ChainEventQuery, page::Page},
    memory::chain_events::MemoryChainEventStore,
    port::chain_events::{
        AppliedEvents, ChainEventSource, ChainEventStore, EventBatch, EventCursor, EventRecord,
    },
    sync::EventSync,
};

/// The block that every run starts with.
pub(crate) const FIRST: u64 = 2;

/// Waits once, so that something else may happen here.
async fn pause() {
    let mut is_over = false;
    poll_fn(|context| {
        if std::mem::replace(&mut is_over, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Waits before and after every call.
#[derive(Clone, Debug)]
pub(crate) struct Slow<T> {
    inner: T,
    /// So many answers to a batch are lost after it was applied.
    lost: Arc<AtomicU32>,
}

#[async_trait]
impl ChainEventSource for Slow<ScriptedChain> {
    fn name(&self) -> &str {
        self.inner.name()
    }

    async fn events_after(&self, cursor: &EventCursor) -> Result<EventBatch> {
        pause().await;
        let batch = self.inner.events_after(cursor).await;
        pause().await;
        batch
    }
}

#[async_trait]
impl ChainEventStore for Slow<MemoryChainEventStore> {
    fn name(&self) -> &str {
        self.inner.name()
    }

    async fn event_cursor(&self, chain_id: ChainId) -> Result<Option<EventCursor>> {
        pause().await;
        let cursor = self.inner.event_cursor(chain_id).await;
        pause().await;
        cursor
    }

    async fn apply_events(
        &self,
        expected: Option<&EventCursor>,
        batch: &EventBatch,
    ) -> Result<AppliedEvents> {
        pause().await;
        let applied = self.inner.apply_events(expected, batch).await;
        pause().await;
        let one_less = |lost: u32| lost.checked_sub(1);
        if self.lost.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less).is_ok() {
            return Err(
                Error::new(ErrorKind::Unavailable, "the answer was lost").with_retry(Retry::Reconcile)
            );
        }
        applied
    }

    async fn chain_events(&self, query: &ChainEventQuery) -> Result<Page<EventRecord>> {
        self.inner.chain_events(query).await
    }
}

/// A chain and a store.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) chain: ScriptedChain,
    pub(crate) store: MemoryChainEventStore,
    lost: Arc<AtomicU32>,
}

impl World {
    /// A chain that is read in ranges of so many blocks.
    pub(crate) fn new(seed: u64, max_range: u64) -> Self {
        let chain = ScriptedChain::new(seed, max_range);
        Self { chain, store: MemoryChainEventStore::new(), lost: Arc::default() }
    }

    /// A process of its own.
    pub(crate) fn sync(&self) -> EventSync {
        let source = Slow { inner: self.chain.clone(), lost: Arc::default() };
        let store = Slow { inner: self.store.clone(), lost: Arc::clone(&self.lost) };
        EventSync::new(Arc::new(source), Arc::new(store), CHAIN, FIRST)
    }

    /// Loses the answers to the next batches.
    pub(crate) fn lose_answers(&self, answers: u32) {
        self.lost.store(answers, Ordering::SeqCst);
    }

    /// Everything that is stored, in the order of the chain.
    pub(crate) async fn stored(&self) -> Vec<EventRecord> {
        let mut query = oldest_first();
        query.limit = 100;
        all(&self.store, &query).await.unwrap()
    }

    pub(crate) fn canonical(&self) -> Vec<EventRecord> {
        self.chain.canonical(FIRST)
    }

    /// Whether what is stored is what some moment of the chain had up to the stored cursor.
    pub(crate) async fn is_whole(&self) -> bool {
        let cursor = self.store.event_cursor(CHAIN).await.unwrap();
        let next = cursor.as_ref().map_or(FIRST, EventCursor::next_block);
        let stored = self.stored().await;
        stored.iter().all(|record| record.block.number < next)
            && stored.is_sorted_by(|before, after| before.position() < after.position())
    }
}

/// Polls a run at most so often, as a process that is killed then.
pub(crate) async fn run_for<T>(polls: u32, run: impl Future<Output = T>) -> Option<T> {
    let mut run = pin!(run);
    let mut left = polls;
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        run.as_mut().poll(context).map(Some)
    })
    .await
}
