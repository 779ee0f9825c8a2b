//! What comes back.

use super::{
    fixtures::{attempt, deaths, held, inclusion, insert, key, keyed, lane, open_nonces, tx_hash},
    harness::Harness,
};
use crate::{
    conformance::repository::fixtures::at,
    error::Result,
    onchain::{Address, TxHash, Wei},
    port::transactions::{
        AttemptKind, Inclusion, OperationKey, SignedAttempt, StoredCall, StoredTransaction, TransactionState,
    },
};

/// A transaction whose every field is at its largest.
fn maximal() -> Result<StoredTransaction> {
    let key = OperationKey::new("~".repeat(200))?;
    let data: Vec<u8> = (0..=u8::MAX).cycle().take(100_000).collect();
    let to = Address::from_bytes([255; 20]);
    let call = StoredCall::new(to, Wei::MAX, data.clone(), u64::MAX, "星空\n\0 \u{1f30c}\"'");
    let fees = (u128::MAX, u128::MAX - 1);
    let hash = TxHash::from_bytes([255; 32]);
    let attempt = SignedAttempt::new(hash, AttemptKind::Cancel, data, fees, at(0));
    Ok(StoredTransaction::new(lane(1), u64::from(u32::MAX), key, call, attempt))
}

/// A transaction whose every field is at its smallest.
fn minimal() -> Result<StoredTransaction> {
    let call = StoredCall::new(Address::ZERO, Wei::ZERO, Vec::new(), 0, "");
    let hash = TxHash::from_bytes([0; 32]);
    let attempt = SignedAttempt::new(hash, AttemptKind::Call, Vec::new(), (0, 0), crate::Timestamp::EPOCH);
    Ok(StoredTransaction::new(lane(1), 0, OperationKey::new("!")?, call, attempt))
}

pub async fn a_transaction_comes_back_field_by_field(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    let lease = held(&*store, lane(1)).await?;
    let expected = [minimal()?, keyed(lane(1), 7, 7)?, maximal()?];
    for transaction in &expected {
        store.insert_transaction(&lease, transaction).await?;
    }
    assert_eq!(store.open_transactions(&lane(1)).await?, expected);
    for transaction in expected {
        assert_eq!(store.transaction_by_key(&lane(1), &transaction.key).await?, Some(transaction));
    }
    Ok(())
}

pub async fn every_state_comes_back(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    let lease = held(&*store, lane(1)).await?;
    let far = Inclusion::new(tx_hash(u64::MAX), u64::MAX, [255; 32]);
    let ends = [
        deaths(1).as_slice(),
        &[TransactionState::Succeeded(inclusion(1)), TransactionState::Succeeded(far)],
    ]
    .concat();
    for (nonce, end) in (0..).zip(ends) {
        insert(&*store, &lease, [nonce]).await?;
        store.add_attempt(&lease, nonce, &attempt(100 + nonce)).await?;
        store.settle_transactions(&lease, &[(nonce, end)]).await?;
        let mut expected = keyed(lane(1), nonce, nonce)?;
        expected.attempts.push(attempt(100 + nonce));
        expected.state = end;
        assert_eq!(store.transaction_by_key(&lane(1), &key(nonce)?).await?, Some(expected));
    }
    assert!(open_nonces(&*store, &lane(1)).await?.is_empty());
    Ok(())
}

pub async fn open_transactions_come_by_nonce(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    assert_eq!(store.open_transactions(&lane(1)).await?, []);
    let lease = held(&*store, lane(1)).await?;
    assert_eq!(store.open_transactions(&lane(1)).await?, []);
    insert(&*store, &lease, [300, 2, 10, 1, 255, 256, 9]).await?;
    store.add_attempt(&lease, 2, &attempt(1_000)).await?;
    assert_eq!(open_nonces(&*store, &lane(1)).await?, [1, 2, 9, 10, 255, 256, 300]);
    let ends = [(9, TransactionState::Succeeded(inclusion(9))), (1, TransactionState::Displaced)];
    store.settle_transactions(&lease, &ends).await?;
    assert_eq!(open_nonces(&*store, &lane(1)).await?, [2, 10, 255, 256, 300]);
    Ok(())
}

pub async fn the_newest_transaction_of_a_key_is_found(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    assert_eq!(store.transaction_by_key(&lane(1), &key(1)?).await?, None);
    let lease = held(&*store, lane(1)).await?;
    // Stored in another order than that of the nonces; 256 sorts below 9 as text.
    for nonce in [9, 256, 20] {
        store.insert_transaction(&lease, &keyed(lane(1), nonce, 1)?).await?;
        store.settle_transactions(&lease, &[(nonce, TransactionState::Displaced)]).await?;
    }
    let found = store.transaction_by_key(&lane(1), &key(1)?).await?;
    assert_eq!(found.map(|found| found.nonce), Some(256));
    for other in ["operation-", "operation-11", "Operation-1"] {
        assert_eq!(store.transaction_by_key(&lane(1), &OperationKey::new(other)?).await?, None);
    }
    assert_eq!(store.transaction_by_key(&lane(2), &key(1)?).await?, None);
    Ok(())
}

pub async fn the_next_nonce_follows_the_highest(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    assert_eq!(store.next_nonce(&lane(1)).await?, None);
    let lease = held(&*store, lane(1)).await?;
    assert_eq!(store.next_nonce(&lane(1)).await?, None);
    for (nonce, next) in [(0, 1), (5, 6), (3, 6), (256, 257), (17, 257)] {
        insert(&*store, &lease, [nonce]).await?;
        assert_eq!(store.next_nonce(&lane(1)).await?, Some(next));
    }
    let ends: Vec<_> = [0, 5, 3, 256, 17].map(|nonce| (nonce, TransactionState::Displaced)).into();
    store.settle_transactions(&lease, &ends).await?;
    assert_eq!(store.next_nonce(&lane(1)).await?, Some(257));
    assert_eq!(store.next_nonce(&lane(2)).await?, None);
    Ok(())
}
