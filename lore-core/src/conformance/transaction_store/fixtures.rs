//! Lanes, transactions and attempts to store.

use std::time::Duration;

use crate::{
    conformance::repository::fixtures::{address, at, holder_id},
    error::Result,
    onchain::{ChainId, TxHash, Wei},
    port::transactions::{
        AttemptKind, Inclusion, LaneId, LaneLease, OperationKey, SignedAttempt, StoredCall,
        StoredTransaction, TransactionState, TransactionStore,
    },
};

/// How long the leases of the suite hold.
pub const TTL: Duration = Duration::from_secs(30);

pub fn lane(signer: u32) -> LaneId {
    LaneId::new(ChainId::AENEID, address(signer))
}

pub fn key(number: u64) -> Result<OperationKey> {
    OperationKey::new(format!("operation-{number}"))
}

fn word(number: u64, last: u8) -> [u8; 32] {
    let mut word = [last; 32];
    for (to, from) in word.iter_mut().zip(number.to_be_bytes()) {
        *to = from;
    }
    word
}

pub fn tx_hash(number: u64) -> TxHash {
    TxHash::from_bytes(word(number, 7))
}

/// The `number`-th signed form, of some twenty bytes.
pub fn attempt(number: u64) -> SignedAttempt {
    let raw = [[2_u8; 12].as_slice(), &number.to_be_bytes()].concat();
    let fees = (2_000_000_000 + u128::from(number), 1_000_000_000);
    SignedAttempt::new(tx_hash(number), AttemptKind::Call, raw, fees, at(number))
}

pub fn call(number: u64) -> StoredCall {
    let data = [[1_u8, 2, 3, 4].as_slice(), &number.to_be_bytes()].concat();
    StoredCall::new(address(500), Wei::from(number), data, 100_000 + number, format!("does thing {number}"))
}

/// The transaction with this nonce, for the key of the same number.
pub fn transaction(lane: LaneId, nonce: u64) -> Result<StoredTransaction> {
    keyed(lane, nonce, nonce)
}

/// The transaction with this nonce, for another key.
pub fn keyed(lane: LaneId, nonce: u64, number: u64) -> Result<StoredTransaction> {
    Ok(StoredTransaction::new(lane, nonce, key(number)?, call(nonce), attempt(nonce)))
}

/// Where the attempt of this number was mined.
pub fn inclusion(number: u64) -> Inclusion {
    Inclusion::new(tx_hash(number), 1_000 + number, word(number, 9))
}

/// The ends after which nothing of the call is left.
pub fn deaths(number: u64) -> [TransactionState; 3] {
    let mined = inclusion(number);
    [TransactionState::Reverted(mined), TransactionState::Cancelled(mined), TransactionState::Displaced]
}

/// The lane, held by the first holder from the first second on.
pub async fn held(store: &dyn TransactionStore, lane: LaneId) -> Result<LaneLease> {
    store.acquire_lane(&lane, holder_id(1), at(0), TTL).await
}

/// Stores a transaction of each nonce, for a key of its own.
pub async fn insert(
    store: &dyn TransactionStore,
    lease: &LaneLease,
    nonces: impl IntoIterator<Item = u64>,
) -> Result<()> {
    for nonce in nonces {
        store.insert_transaction(lease, &transaction(lease.lane, nonce)?).await?;
    }
    Ok(())
}

pub async fn open_nonces(store: &dyn TransactionStore, lane: &LaneId) -> Result<Vec<u64>> {
    Ok(store.open_transactions(lane).await?.into_iter().map(|found| found.nonce).collect())
}
