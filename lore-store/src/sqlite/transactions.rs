//! [`SqliteTransactionStore`]: what was signed, on disk before it is sent.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use lore_core::{
    Error, ErrorKind, Result, Timestamp,
    ids::HolderId,
    port::{
        refusal::TransactionRefusal,
        transactions::{
            LaneId, LaneLease, OperationKey, SignedAttempt, StoredTransaction, TransactionState,
            TransactionStore,
        },
    },
};

use super::{
    connection::{Readers, Statement, Write, Writer},
    error::{During, database},
    transaction_rows::{
        BY_KEY, NEXT_NONCE, OPEN, insert_attempt, insert_transaction, of_lane, settle, state, transactions,
    },
    values::{Columns, count},
};

/// A [`TransactionStore`] in the file of a [`SqliteRepository`](super::SqliteRepository), whose connections it shares.
///
/// What a method wrote is on disk when it returns (write-ahead log, `synchronous=FULL`), after a power cut too if the disk
/// keeps its word: a transaction is sent next, and one that the chain has but the store does not might be signed again with
/// another nonce. Where even that is unknown, because the disk failed while it was asked, the error says
/// [`Retry::Reconcile`](lore_core::Retry::Reconcile): nothing may be sent before the store was read again.
///
/// Several processes may have the file open; the lease of a lane decides which of them signs.
///
/// # Cancellation
/// A write that is dropped has happened as a whole or not at all, and the next one works.
#[derive(Clone, Debug)]
pub struct SqliteTransactionStore {
    readers: Arc<Readers>,
    writer: Arc<Writer>,
}

impl SqliteTransactionStore {
    pub(super) const fn new(readers: Arc<Readers>, writer: Arc<Writer>) -> Self {
        Self { readers, writer }
    }
}

fn failed(err: sqlx::Error) -> Error {
    database(err, During::Statement)
}

async fn run(write: &mut Write<'_>, statement: Statement<'_>) -> Result<u64> {
    write.execute(statement).await.map_err(failed)
}

/// The row of a lane and its newest lease, if it was ever acquired.
async fn newest(write: &mut Write<'_>, lane: &LaneId) -> Result<Option<(i64, LaneLease)>> {
    let sql = "SELECT pk, lease_generation, lease_holder, lease_until FROM lore_lanes \
         WHERE chain_id = ?1 AND signer = ?2";
    let rows = write.rows(of_lane(sql, lane)).await?;
    let Some(columns) = rows.first().map(Columns) else { return Ok(None) };
    let holder = HolderId::from_bytes(columns.bytes("lease_holder")?);
    let generation = columns.count("lease_generation")?;
    let lease = LaneLease::new(*lane, generation, holder, columns.time("lease_until")?);
    Ok(Some((columns.get("pk")?, lease)))
}

/// The row of a lane whose newest lease is this one.
async fn held(write: &mut Write<'_>, lease: &LaneLease) -> Result<i64> {
    let (lane, generation) = (lease.lane, lease.generation);
    match newest(write, &lane).await? {
        Some((pk, newest)) if (newest.generation, newest.holder) == (generation, lease.holder) => Ok(pk),
        found => {
            let newest = found.map_or(0, |(_, newest)| newest.generation);
            Err(TransactionRefusal::StaleLane { lane, generation, newest }.into())
        }
    }
}

async fn acquire(
    write: &mut Write<'_>,
    lane: &LaneId,
    holder: HolderId,
    now: Timestamp,
    until: Timestamp,
) -> Result<LaneLease> {
    let newest = newest(write, lane).await?.map(|(_, lease)| lease);
    if let Some(held) = newest.filter(|held| held.until > now) {
        return Err(TransactionRefusal::LaneHeld { lane: *lane, now, until: held.until }.into());
    }
    let generation = newest.map_or(0, |lease| lease.generation).saturating_add(1);
    let sql = "INSERT INTO lore_lanes (chain_id, signer, lease_generation, lease_holder, lease_until) \
         VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (chain_id, signer) \
         DO UPDATE SET lease_generation = ?3, lease_holder = ?4, lease_until = ?5";
    let statement = of_lane(sql, lane)
        .bind(count(generation)?)
        .bind(holder.to_bytes().to_vec())
        .bind(until.unix_micros());
    run(write, statement).await?;
    Ok(LaneLease::new(*lane, generation, holder, until))
}

async fn move_end(write: &mut Write<'_>, lane: i64, until: Timestamp) -> Result<()> {
    let sql = "UPDATE lore_lanes SET lease_until = ?2 WHERE pk = ?1";
    run(write, sqlx::query(sql).bind(lane).bind(until.unix_micros())).await.map(|_| ())
}

async fn renew(write: &mut Write<'_>, lease: &LaneLease, until: Timestamp) -> Result<LaneLease> {
    let lane = held(write, lease).await?;
    move_end(write, lane, until).await?;
    Ok(LaneLease::new(lease.lane, lease.generation, lease.holder, until))
}

async fn release(write: &mut Write<'_>, lease: &LaneLease) -> Result<()> {
    match newest(write, &lease.lane).await? {
        // The generation stays: the next holder's must be above it.
        Some((pk, newest)) if (newest.generation, newest.holder) == (lease.generation, lease.holder) => {
            move_end(write, pk, Timestamp::EPOCH).await
        }
        _ => Ok(()),
    }
}

pub(super) const STORED: &str = "SELECT pk, state, mined_hash, block_number, block_hash FROM lore_transactions \
     WHERE lane = ?1 AND nonce = ?2";
pub(super) const LIVING: &str = "SELECT nonce FROM lore_transactions \
     WHERE lane = ?1 AND operation_key = ?2 AND state IN ('open', 'succeeded')";

/// The row and the state of a transaction.
async fn stored(write: &mut Write<'_>, lane: i64, nonce: u64) -> Result<Option<(i64, TransactionState)>> {
    let rows = write.rows(sqlx::query(STORED).bind(lane).bind(count(nonce)?)).await?;
    rows.first().map(|row| Ok((Columns(row).get("pk")?, state(row)?))).transpose()
}

async fn insert(write: &mut Write<'_>, lease: &LaneLease, transaction: &StoredTransaction) -> Result<()> {
    transaction.check_new(lease)?;
    let lane = held(write, lease).await?;
    if stored(write, lane, transaction.nonce).await?.is_some() {
        return Err(TransactionRefusal::NonceTaken { lane: lease.lane, nonce: transaction.nonce }.into());
    }
    let living = sqlx::query(LIVING).bind(lane).bind(transaction.key.as_str().to_owned());
    if let Some(row) = write.rows(living).await?.first() {
        let nonce = Columns(row).count("nonce")?;
        let key = transaction.key.clone();
        return Err(TransactionRefusal::KeyAlive { lane: lease.lane, key, nonce }.into());
    }
    let rows = write.rows(insert_transaction(lane, transaction)?).await?;
    let row = rows.first().ok_or_else(|| Error::new(ErrorKind::Unexpected, "an insert gave no row"))?;
    let pk = Columns(row).get("pk")?;
    for attempt in &transaction.attempts {
        run(write, insert_attempt(pk, attempt)?).await?;
    }
    Ok(())
}

async fn add(write: &mut Write<'_>, lease: &LaneLease, nonce: u64, attempt: &SignedAttempt) -> Result<()> {
    let lane = held(write, lease).await?;
    match stored(write, lane, nonce).await? {
        None => Err(TransactionRefusal::TransactionMissing { lane: lease.lane, nonce }.into()),
        Some((_, state)) if state.is_final() => {
            Err(TransactionRefusal::TransactionFinal { lane: lease.lane, nonce }.into())
        }
        Some((pk, _)) => run(write, insert_attempt(pk, attempt)?).await.map(|_| ()),
    }
}

async fn end(write: &mut Write<'_>, lease: &LaneLease, settled: &[(u64, TransactionState)]) -> Result<()> {
    let lane = held(write, lease).await?;
    for (nonce, state) in settled {
        let (id, nonce) = (lease.lane, *nonce);
        if !state.is_final() {
            return Err(TransactionRefusal::NotFinal { lane: id, nonce }.into());
        }
        match stored(write, lane, nonce).await? {
            None => return Err(TransactionRefusal::TransactionMissing { lane: id, nonce }.into()),
            Some((_, found)) if found == *state => {}
            Some((_, found)) if found.is_final() => {
                return Err(TransactionRefusal::TransactionFinal { lane: id, nonce }.into());
            }
            Some((pk, _)) => {
                run(write, settle(pk, state)?).await?;
            }
        }
    }
    Ok(())
}

#[async_trait]
impl TransactionStore for SqliteTransactionStore {
    fn name(&self) -> &str {
        "sqlite"
    }

    async fn acquire_lane(
        &self,
        lane: &LaneId,
        holder: HolderId,
        now: Timestamp,
        ttl: Duration,
    ) -> Result<LaneLease> {
        let op = |err: Error| err.with_op("acquire_lane");
        let mut write = self.writer.begin().await.map_err(op)?;
        let acquired = acquire(&mut write, lane, holder, now, now.saturating_add(ttl)).await;
        write.finish(acquired).await.map_err(op)
    }

    async fn renew_lane(&self, lease: &LaneLease, now: Timestamp, ttl: Duration) -> Result<LaneLease> {
        let op = |err: Error| err.with_op("renew_lane");
        let mut write = self.writer.begin().await.map_err(op)?;
        let renewed = renew(&mut write, lease, now.saturating_add(ttl)).await;
        write.finish(renewed).await.map_err(op)
    }

    async fn release_lane(&self, lease: &LaneLease) -> Result<()> {
        let op = |err: Error| err.with_op("release_lane");
        let mut write = self.writer.begin().await.map_err(op)?;
        let released = release(&mut write, lease).await;
        write.finish(released).await.map_err(op)
    }

    async fn insert_transaction(&self, lease: &LaneLease, transaction: &StoredTransaction) -> Result<()> {
        let op = |err: Error| err.with_op("insert_transaction");
        let mut write = self.writer.begin().await.map_err(op)?;
        let inserted = insert(&mut write, lease, transaction).await;
        write.finish(inserted).await.map_err(op)
    }

    async fn add_attempt(&self, lease: &LaneLease, nonce: u64, attempt: &SignedAttempt) -> Result<()> {
        let op = |err: Error| err.with_op("add_attempt");
        let mut write = self.writer.begin().await.map_err(op)?;
        let added = add(&mut write, lease, nonce, attempt).await;
        write.finish(added).await.map_err(op)
    }

    async fn settle_transactions(
        &self,
        lease: &LaneLease,
        settled: &[(u64, TransactionState)],
    ) -> Result<()> {
        let op = |err: Error| err.with_op("settle_transactions");
        let mut write = self.writer.begin().await.map_err(op)?;
        let ended = end(&mut write, lease, settled).await;
        write.finish(ended).await.map_err(op)
    }

    async fn open_transactions(&self, lane: &LaneId) -> Result<Vec<StoredTransaction>> {
        let rows = self.readers.rows(of_lane(OPEN, lane)).await;
        rows.and_then(|rows| transactions(lane, &rows)).map_err(|err| err.with_op("open_transactions"))
    }

    async fn transaction_by_key(
        &self,
        lane: &LaneId,
        key: &OperationKey,
    ) -> Result<Option<StoredTransaction>> {
        let rows = self.readers.rows(of_lane(BY_KEY, lane).bind(key.as_str().to_owned())).await;
        let found = rows.and_then(|rows| transactions(lane, &rows));
        Ok(found.map_err(|err| err.with_op("transaction_by_key"))?.pop())
    }

    async fn next_nonce(&self, lane: &LaneId) -> Result<Option<u64>> {
        let op = |err: Error| err.with_op("next_nonce");
        let rows = self.readers.rows(of_lane(NEXT_NONCE, lane)).await.map_err(op)?;
        let Some(columns) = rows.first().map(Columns) else { return Ok(None) };
        if columns.get::<Option<i64>>("highest").map_err(op)?.is_none() {
            return Ok(None);
        }
        Ok(Some(columns.count("highest").map_err(op)?.saturating_add(1)))
    }
}
