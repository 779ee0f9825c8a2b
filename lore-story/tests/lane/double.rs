//! A store at which a process can die or sleep: a call stands still there until it is dropped, or told to go on.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use lore_core::{
    Result, Timestamp,
    ids::HolderId,
    port::transactions::{
        LaneId, LaneLease, OperationKey, SignedAttempt, StoredTransaction, TransactionState, TransactionStore,
    },
};
use tokio::sync::watch;

/// Where a call stands still, in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    AfterLookup,
    BeforeLease,
    BeforeInsert,
    AfterInsert,
    BeforeAttempt,
    BeforeSettle,
    AfterSettle,
    /// Before the store's n-th call, from 1.
    BeforeCall(u64),
    /// After the store's n-th call.
    AfterCall(u64),
}

#[derive(Debug)]
pub(crate) struct StoppingStore {
    inner: Arc<dyn TransactionStore>,
    stop: Stop,
    calls: AtomicU64,
    reached: watch::Sender<bool>,
    is_over: watch::Sender<bool>,
}

impl StoppingStore {
    pub(crate) fn new(inner: Arc<dyn TransactionStore>, stop: Stop) -> Arc<Self> {
        let (reached, is_over) = (watch::Sender::new(false), watch::Sender::new(false));
        Arc::new(Self { inner, stop, calls: AtomicU64::new(0), reached, is_over })
    }

    /// Lets the call go on that stands still, and stops no other.
    pub(crate) fn go_on(&self) {
        self.is_over.send_replace(true);
    }

    /// Returns once a call stands still.
    pub(crate) async fn reached(&self) {
        self.reached.subscribe().wait_for(|reached| *reached).await.unwrap();
    }

    async fn stop_if(&self, stops: &[Stop]) {
        if stops.contains(&self.stop) {
            self.reached.send_replace(true);
            self.is_over.subscribe().wait_for(|is_over| *is_over).await.unwrap();
        }
    }

    /// Makes a call, and stops before or after it if told to.
    async fn around<T>(&self, before: Option<Stop>, after: Option<Stop>, call: impl Future<Output = T>) -> T {
        let number = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
        let stops: Vec<Stop> = before.into_iter().chain([Stop::BeforeCall(number)]).collect();
        self.stop_if(&stops).await;
        let result = call.await;
        let stops: Vec<Stop> = after.into_iter().chain([Stop::AfterCall(number)]).collect();
        self.stop_if(&stops).await;
        result
    }
}

#[async_trait]
impl TransactionStore for StoppingStore {
    fn name(&self) -> &str {
        "stopping"
    }

    async fn acquire_lane(
        &self,
        lane: &LaneId,
        holder: HolderId,
        now: Timestamp,
        ttl: Duration,
    ) -> Result<LaneLease> {
        self.around(Some(Stop::BeforeLease), None, self.inner.acquire_lane(lane, holder, now, ttl)).await
    }

    async fn renew_lane(&self, lease: &LaneLease, now: Timestamp, ttl: Duration) -> Result<LaneLease> {
        self.around(None, None, self.inner.renew_lane(lease, now, ttl)).await
    }

    async fn release_lane(&self, lease: &LaneLease) -> Result<()> {
        self.around(None, None, self.inner.release_lane(lease)).await
    }

    async fn insert_transaction(&self, lease: &LaneLease, transaction: &StoredTransaction) -> Result<()> {
        let call = self.inner.insert_transaction(lease, transaction);
        self.around(Some(Stop::BeforeInsert), Some(Stop::AfterInsert), call).await
    }

    async fn add_attempt(&self, lease: &LaneLease, nonce: u64, attempt: &SignedAttempt) -> Result<()> {
        let call = self.inner.add_attempt(lease, nonce, attempt);
        self.around(Some(Stop::BeforeAttempt), None, call).await
    }

    async fn settle_transactions(
        &self,
        lease: &LaneLease,
        settled: &[(u64, TransactionState)],
    ) -> Result<()> {
        let call = self.inner.settle_transactions(lease, settled);
        self.around(Some(Stop::BeforeSettle), Some(Stop::AfterSettle), call).await
    }

    async fn open_transactions(&self, lane: &LaneId) -> Result<Vec<StoredTransaction>> {
        self.around(None, None, self.inner.open_transactions(lane)).await
    }

    async fn transaction_by_key(
        &self,
        lane: &LaneId,
        key: &OperationKey,
    ) -> Result<Option<StoredTransaction>> {
        self.around(None, Some(Stop::AfterLookup), self.inner.transaction_by_key(lane, key)).await
    }

    async fn next_nonce(&self, lane: &LaneId) -> Result<Option<u64>> {
        self.around(None, None, self.inner.next_nonce(lane)).await
    }
}
