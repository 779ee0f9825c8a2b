//! [`MemoryTransactionStore`]: signed transactions in memory. Real but for one thing: they end with the process.
//!
//! One lock around ordered maps, never held over an await. Everything is checked before anything is changed.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;

use crate::{
    error::{Error, Result},
    ids::HolderId,
    port::{
        refusal::TransactionRefusal,
        transactions::{
            LaneId, LaneLease, OperationKey, SignedAttempt, StoredTransaction, TransactionState,
            TransactionStore,
        },
    },
    time::Timestamp,
};

/// A [`TransactionStore`] in memory. Clones share their lanes.
///
/// What it keeps does not survive the process, so a crash between signing and sending cannot be told from one after it:
/// for tests, simulated chains, and keys that are thrown away.
#[derive(Clone, Debug, Default)]
pub struct MemoryTransactionStore {
    lanes: Arc<Mutex<BTreeMap<LaneId, Lane>>>,
}

impl MemoryTransactionStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<LaneId, Lane>> {
        // Nothing panics between two related changes of a lane, so a poisoned lock still guards whole lanes.
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A lane that was acquired once.
#[derive(Debug)]
struct Lane {
    /// The newest lease.
    lease: LaneLease,
    by_nonce: BTreeMap<u64, StoredTransaction>,
    by_key: BTreeMap<OperationKey, BTreeSet<u64>>,
    open: BTreeSet<u64>,
}

impl Lane {
    const fn new(lease: LaneLease) -> Self {
        Self { lease, by_nonce: BTreeMap::new(), by_key: BTreeMap::new(), open: BTreeSet::new() }
    }

    /// The transactions of a key, newest first.
    fn of_key(&self, key: &OperationKey) -> impl Iterator<Item = &StoredTransaction> {
        let nonces = self.by_key.get(key).into_iter().flatten().rev();
        nonces.filter_map(|nonce| self.by_nonce.get(nonce))
    }

    fn insert(&mut self, transaction: &StoredTransaction) -> Result<(), TransactionRefusal> {
        let (lane, nonce) = (transaction.lane, transaction.nonce);
        if self.by_nonce.contains_key(&nonce) {
            return Err(TransactionRefusal::NonceTaken { lane, nonce });
        }
        if let Some(living) = self.of_key(&transaction.key).find(|found| found.state.is_living()) {
            return Err(TransactionRefusal::KeyAlive {
                lane,
                key: transaction.key.clone(),
                nonce: living.nonce,
            });
        }
        self.by_key.entry(transaction.key.clone()).or_default().insert(nonce);
        self.open.insert(nonce);
        self.by_nonce.insert(nonce, transaction.clone());
        Ok(())
    }

    fn add_attempt(&mut self, nonce: u64, attempt: &SignedAttempt) -> Result<(), TransactionRefusal> {
        let lane = self.lease.lane;
        let transaction =
            self.by_nonce.get_mut(&nonce).ok_or(TransactionRefusal::TransactionMissing { lane, nonce })?;
        if transaction.state.is_final() {
            return Err(TransactionRefusal::TransactionFinal { lane, nonce });
        }
        if !transaction.attempts.iter().any(|known| known.hash == attempt.hash) {
            transaction.attempts.push(attempt.clone());
        }
        Ok(())
    }

    fn settle(&mut self, settled: &[(u64, TransactionState)]) -> Result<(), TransactionRefusal> {
        let lane = self.lease.lane;
        let mut ends: BTreeMap<u64, TransactionState> = BTreeMap::new();
        for (nonce, state) in settled {
            let nonce = *nonce;
            if !state.is_final() {
                return Err(TransactionRefusal::NotFinal { lane, nonce });
            }
            let stored =
                self.by_nonce.get(&nonce).ok_or(TransactionRefusal::TransactionMissing { lane, nonce })?;
            let end =
                *ends.entry(nonce).or_insert(if stored.state.is_final() { stored.state } else { *state });
            if end != *state {
                return Err(TransactionRefusal::TransactionFinal { lane, nonce });
            }
        }
        for (nonce, state) in ends {
            self.open.remove(&nonce);
            if let Some(transaction) = self.by_nonce.get_mut(&nonce) {
                transaction.state = state;
            }
        }
        Ok(())
    }
}

/// The lane of a lease that is still the newest.
fn held<'a>(
    lanes: &'a mut BTreeMap<LaneId, Lane>,
    lease: &LaneLease,
) -> Result<&'a mut Lane, TransactionRefusal> {
    let (lane, generation) = (lease.lane, lease.generation);
    match lanes.get_mut(&lane) {
        Some(found) if (found.lease.generation, found.lease.holder) == (generation, lease.holder) => {
            Ok(found)
        }
        found => {
            let newest = found.map_or(0, |found| found.lease.generation);
            Err(TransactionRefusal::StaleLane { lane, generation, newest })
        }
    }
}

/// Names the operation that was refused.
fn refused(op: &'static str) -> impl FnOnce(TransactionRefusal) -> Error {
    move |refusal| Error::from(refusal).with_op(op)
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl TransactionStore for MemoryTransactionStore {
    fn name(&self) -> &str {
        "memory"
    }

    async fn acquire_lane(
        &self,
        lane: &LaneId,
        holder: HolderId,
        now: Timestamp,
        ttl: Duration,
    ) -> Result<LaneLease> {
        let mut lanes = self.lock();
        let newest = lanes.get(lane).map(|found| found.lease);
        if let Some(held) = newest.filter(|held| held.until > now) {
            let refusal = TransactionRefusal::LaneHeld { lane: *lane, now, until: held.until };
            return Err(refused("acquire_lane")(refusal));
        }
        let generation = newest.map_or(0, |held| held.generation).saturating_add(1);
        let lease = LaneLease::new(*lane, generation, holder, now.saturating_add(ttl));
        lanes.entry(*lane).or_insert_with(|| Lane::new(lease)).lease = lease;
        Ok(lease)
    }

    async fn renew_lane(&self, lease: &LaneLease, now: Timestamp, ttl: Duration) -> Result<LaneLease> {
        let mut lanes = self.lock();
        let lane = held(&mut lanes, lease).map_err(refused("renew_lane"))?;
        lane.lease.until = now.saturating_add(ttl);
        Ok(lane.lease)
    }

    async fn release_lane(&self, lease: &LaneLease) -> Result<()> {
        // The generation stays: the next holder's must be above it.
        if let Ok(lane) = held(&mut self.lock(), lease) {
            lane.lease.until = Timestamp::EPOCH;
        }
        Ok(())
    }

    async fn insert_transaction(&self, lease: &LaneLease, transaction: &StoredTransaction) -> Result<()> {
        let mut lanes = self.lock();
        transaction
            .check_new(lease)
            .and_then(|()| held(&mut lanes, lease)?.insert(transaction))
            .map_err(refused("insert_transaction"))
    }

    async fn add_attempt(&self, lease: &LaneLease, nonce: u64, attempt: &SignedAttempt) -> Result<()> {
        let mut lanes = self.lock();
        held(&mut lanes, lease)
            .and_then(|lane| lane.add_attempt(nonce, attempt))
            .map_err(refused("add_attempt"))
    }

    async fn settle_transactions(
        &self,
        lease: &LaneLease,
        settled: &[(u64, TransactionState)],
    ) -> Result<()> {
        let mut lanes = self.lock();
        held(&mut lanes, lease).and_then(|lane| lane.settle(settled)).map_err(refused("settle_transactions"))
    }

    async fn open_transactions(&self, lane: &LaneId) -> Result<Vec<StoredTransaction>> {
        let lanes = self.lock();
        let Some(lane) = lanes.get(lane) else { return Ok(Vec::new()) };
        Ok(lane.open.iter().filter_map(|nonce| lane.by_nonce.get(nonce)).cloned().collect())
    }

    async fn transaction_by_key(
        &self,
        lane: &LaneId,
        key: &OperationKey,
    ) -> Result<Option<StoredTransaction>> {
        Ok(self.lock().get(lane).and_then(|lane| lane.of_key(key).next().cloned()))
    }

    async fn next_nonce(&self, lane: &LaneId) -> Result<Option<u64>> {
        let highest = self.lock().get(lane).and_then(|lane| lane.by_nonce.keys().next_back().copied());
        Ok(highest.map(|nonce| nonce.saturating_add(1)))
    }
}
