//! [`CrashingStore`]: a store at which the process dies.

use std::{
    fmt, process,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use lore::{
    LaneId, LaneLease, OperationKey, Result, SignedAttempt, StoredTransaction, Timestamp, TransactionState,
    TransactionStore,
};
use lore_core::ids::HolderId;
use serde::{Deserialize, Serialize};

/// Everything that a lane asks of its store.
pub(crate) const CALLS: [&str; 9] = [
    "transaction_by_key",
    "acquire_lane",
    "open_transactions",
    "next_nonce",
    "insert_transaction",
    "renew_lane",
    "add_attempt",
    "settle_transactions",
    "release_lane",
];

/// One side of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Side {
    Before,
    After,
}

/// Where the process dies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Point {
    pub(crate) side: Side,
    pub(crate) call: String,
    /// At which of these calls, from 1.
    pub(crate) nth: u64,
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {} {}", self.side, self.call, self.nth)
    }
}

#[derive(Debug)]
pub(crate) struct CrashingStore {
    inner: Arc<dyn TransactionStore>,
    point: Point,
    seen: AtomicU64,
}

impl CrashingStore {
    pub(crate) fn new(inner: Arc<dyn TransactionStore>, point: Point) -> Self {
        Self { inner, point, seen: AtomicU64::new(0) }
    }

    async fn around<T>(&self, name: &str, call: impl Future<Output = T>) -> T {
        let is_here =
            self.point.call == name && self.seen.fetch_add(1, Ordering::SeqCst) + 1 == self.point.nth;
        // Not a panic: nothing is unwound, no destructor runs, as when the machine loses power.
        if is_here && self.point.side == Side::Before {
            process::abort();
        }
        let answer = call.await;
        if is_here {
            process::abort();
        }
        answer
    }
}

#[async_trait]
impl TransactionStore for CrashingStore {
    fn name(&self) -> &str {
        "crashing"
    }

    async fn acquire_lane(
        &self,
        lane: &LaneId,
        holder: HolderId,
        now: Timestamp,
        ttl: Duration,
    ) -> Result<LaneLease> {
        self.around("acquire_lane", self.inner.acquire_lane(lane, holder, now, ttl)).await
    }

    async fn renew_lane(&self, lease: &LaneLease, now: Timestamp, ttl: Duration) -> Result<LaneLease> {
        self.around("renew_lane", self.inner.renew_lane(lease, now, ttl)).await
    }

    async fn release_lane(&self, lease: &LaneLease) -> Result<()> {
        self.around("release_lane", self.inner.release_lane(lease)).await
    }

    async fn insert_transaction(&self, lease: &LaneLease, transaction: &StoredTransaction) -> Result<()> {
        self.around("insert_transaction", self.inner.insert_transaction(lease, transaction)).await
    }

    async fn add_attempt(&self, lease: &LaneLease, nonce: u64, attempt: &SignedAttempt) -> Result<()> {
        self.around("add_attempt", self.inner.add_attempt(lease, nonce, attempt)).await
    }

    async fn settle_transactions(
        &self,
        lease: &LaneLease,
        settled: &[(u64, TransactionState)],
    ) -> Result<()> {
        self.around("settle_transactions", self.inner.settle_transactions(lease, settled)).await
    }

    async fn open_transactions(&self, lane: &LaneId) -> Result<Vec<StoredTransaction>> {
        self.around("open_transactions", self.inner.open_transactions(lane)).await
    }

    async fn transaction_by_key(
        &self,
        lane: &LaneId,
        key: &OperationKey,
    ) -> Result<Option<StoredTransaction>> {
        self.around("transaction_by_key", self.inner.transaction_by_key(lane, key)).await
    }

    async fn next_nonce(&self, lane: &LaneId) -> Result<Option<u64>> {
        self.around("next_nonce", self.inner.next_nonce(lane)).await
    }
}
