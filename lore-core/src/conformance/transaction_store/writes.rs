//! What may be stored, and what is refused.

use super::{
    fixtures::{TTL, attempt, deaths, held, inclusion, insert, key, keyed, lane, open_nonces, transaction},
    harness::Harness,
};
use crate::{
    conformance::repository::fixtures::{at, holder_id, kind, retry},
    error::{ErrorKind, Result, Retry},
    port::transactions::{LaneLease, StoredTransaction, TransactionState},
};

pub async fn a_replaced_lane_lease_cannot_store(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    let never = LaneLease::new(lane(1), 1, holder_id(1), at(30));
    let refused = store.insert_transaction(&never, &transaction(lane(1), 1)?).await;
    assert_eq!(kind(&refused), Some(ErrorKind::Conflict));
    let old = held(&*store, lane(1)).await?;
    insert(&*store, &old, [1]).await?;
    let new = store.acquire_lane(&lane(1), holder_id(2), at(30), TTL).await?;
    let forged = LaneLease::new(lane(1), new.generation, holder_id(1), new.until);
    for lease in [old, forged] {
        let settled = [(1, TransactionState::Displaced)];
        for refused in [
            store.insert_transaction(&lease, &transaction(lane(1), 2)?).await,
            store.add_attempt(&lease, 1, &attempt(11)).await,
            store.settle_transactions(&lease, &settled).await,
            // Also where it would change nothing.
            store.add_attempt(&lease, 1, &attempt(1)).await,
            store.settle_transactions(&lease, &[]).await,
        ] {
            assert_eq!((kind(&refused), retry(&refused)), (Some(ErrorKind::Conflict), Some(Retry::Never)));
        }
    }
    assert_eq!(store.open_transactions(&lane(1)).await?, [transaction(lane(1), 1)?]);
    insert(&*store, &new, [2]).await?;
    store.add_attempt(&new, 1, &attempt(11)).await?;
    store.settle_transactions(&new, &[(1, TransactionState::Displaced)]).await?;
    assert_eq!(open_nonces(&*store, &lane(1)).await?, [2]);
    Ok(())
}

pub async fn a_nonce_is_stored_once(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    let lease = held(&*store, lane(1)).await?;
    insert(&*store, &lease, [1, 2]).await?;
    store.settle_transactions(&lease, &[(2, TransactionState::Displaced)]).await?;
    // Neither for another intention nor for the same one, neither while it is open nor after.
    for (nonce, number) in [(1, 8), (2, 8), (1, 1), (2, 2)] {
        let refused = store.insert_transaction(&lease, &keyed(lane(1), nonce, number)?).await;
        assert_eq!((kind(&refused), retry(&refused)), (Some(ErrorKind::AlreadyExists), Some(Retry::Never)));
    }
    assert_eq!(store.open_transactions(&lane(1)).await?, [transaction(lane(1), 1)?]);
    assert_eq!(store.transaction_by_key(&lane(1), &key(8)?).await?, None);
    Ok(())
}

pub async fn a_key_has_one_living_transaction(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    let lease = held(&*store, lane(1)).await?;
    insert(&*store, &lease, [5]).await?;
    // Whether the new nonce is above or below.
    for nonce in [6, 4] {
        let refused = store.insert_transaction(&lease, &keyed(lane(1), nonce, 5)?).await;
        assert_eq!((kind(&refused), retry(&refused)), (Some(ErrorKind::AlreadyExists), Some(Retry::Never)));
    }
    store.settle_transactions(&lease, &[(5, TransactionState::Succeeded(inclusion(5)))]).await?;
    let refused = store.insert_transaction(&lease, &keyed(lane(1), 6, 5)?).await;
    assert_eq!(kind(&refused), Some(ErrorKind::AlreadyExists));
    // A dead one with a higher nonce does not hide a living one.
    insert(&*store, &lease, [9]).await?;
    store.settle_transactions(&lease, &[(9, TransactionState::Displaced)]).await?;
    store.insert_transaction(&lease, &keyed(lane(1), 8, 9)?).await?;
    let refused = store.insert_transaction(&lease, &keyed(lane(1), 10, 9)?).await;
    assert_eq!(kind(&refused), Some(ErrorKind::AlreadyExists));
    assert_eq!(store.next_nonce(&lane(1)).await?, Some(10));
    Ok(())
}

pub async fn a_key_whose_transaction_died_may_be_used_again(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    let lease = held(&*store, lane(1)).await?;
    for (nonce, death) in (1..).zip(deaths(1)) {
        store.insert_transaction(&lease, &keyed(lane(1), nonce, 1)?).await?;
        store.settle_transactions(&lease, &[(nonce, death)]).await?;
    }
    store.insert_transaction(&lease, &keyed(lane(1), 4, 1)?).await?;
    assert_eq!(store.transaction_by_key(&lane(1), &key(1)?).await?, Some(keyed(lane(1), 4, 1)?));
    Ok(())
}

pub async fn only_a_just_signed_transaction_is_stored(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    let lease = held(&*store, lane(1)).await?;
    held(&*store, lane(2)).await?;
    let good = transaction(lane(1), 1)?;
    let bad = [
        transaction(lane(2), 1)?,
        StoredTransaction { attempts: Vec::new(), ..good.clone() },
        StoredTransaction { attempts: vec![attempt(1), attempt(2), attempt(1)], ..good.clone() },
        StoredTransaction { state: TransactionState::Succeeded(inclusion(1)), ..good.clone() },
        StoredTransaction { state: TransactionState::Displaced, ..good.clone() },
    ];
    for transaction in bad {
        let refused = store.insert_transaction(&lease, &transaction).await;
        assert_eq!(kind(&refused), Some(ErrorKind::InvalidInput), "{transaction:?}");
    }
    assert_eq!(store.next_nonce(&lane(1)).await?, None);
    let twice_signed = StoredTransaction { attempts: vec![attempt(2), attempt(1)], ..good };
    store.insert_transaction(&lease, &twice_signed).await?;
    assert_eq!(store.open_transactions(&lane(1)).await?, [twice_signed]);
    assert_eq!(store.open_transactions(&lane(2)).await?, []);
    Ok(())
}

pub async fn an_attempt_needs_an_open_transaction(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    let lease = held(&*store, lane(1)).await?;
    assert_eq!(kind(&store.add_attempt(&lease, 1, &attempt(1)).await), Some(ErrorKind::NotFound));
    insert(&*store, &lease, [1]).await?;
    store.add_attempt(&lease, 1, &attempt(11)).await?;
    assert_eq!(kind(&store.add_attempt(&lease, 2, &attempt(12)).await), Some(ErrorKind::NotFound));
    store.settle_transactions(&lease, &[(1, TransactionState::Succeeded(inclusion(1)))]).await?;
    // One that is known is refused too: nothing that is final needs another form.
    for number in [11, 12] {
        let refused = store.add_attempt(&lease, 1, &attempt(number)).await;
        assert_eq!((kind(&refused), retry(&refused)), (Some(ErrorKind::Conflict), Some(Retry::Never)));
    }
    let stored = store.transaction_by_key(&lane(1), &key(1)?).await?;
    assert_eq!(stored.map(|found| found.attempts), Some(vec![attempt(1), attempt(11)]));
    Ok(())
}

pub async fn an_attempt_is_stored_once(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    let lease = held(&*store, lane(1)).await?;
    insert(&*store, &lease, [1]).await?;
    // Oldest first is the order in which they came, whatever their hashes and times are.
    for number in [1, 30, 20, 30, 1, 40] {
        store.add_attempt(&lease, 1, &attempt(number)).await?;
    }
    let stored = store.transaction_by_key(&lane(1), &key(1)?).await?;
    assert_eq!(stored.map(|found| found.attempts), Some([1, 30, 20, 40].map(attempt).to_vec()));
    Ok(())
}

pub async fn a_final_state_stays(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    let lease = held(&*store, lane(1)).await?;
    let mined = inclusion(1);
    let ends = [deaths(1).as_slice(), &[TransactionState::Succeeded(mined)]].concat();
    insert(&*store, &lease, 0..4).await?;
    for (nonce, end) in (0..).zip(&ends) {
        store.settle_transactions(&lease, &[(nonce, *end), (nonce, *end)]).await?;
        store.settle_transactions(&lease, &[(nonce, *end)]).await?;
        let other_block = TransactionState::Succeeded(inclusion(2));
        for other in ends.iter().filter(|other| *other != end).chain([&other_block]) {
            let refused = store.settle_transactions(&lease, &[(nonce, *other)]).await;
            assert_eq!((kind(&refused), retry(&refused)), (Some(ErrorKind::Conflict), Some(Retry::Never)));
        }
        let stored = store.transaction_by_key(&lane(1), &key(nonce)?).await?;
        assert_eq!(stored.map(|found| found.state), Some(*end));
    }
    Ok(())
}

pub async fn only_an_end_can_be_settled(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    let lease = held(&*store, lane(1)).await?;
    insert(&*store, &lease, [1]).await?;
    let refused = store.settle_transactions(&lease, &[(1, TransactionState::Open)]).await;
    assert_eq!(kind(&refused), Some(ErrorKind::InvalidInput));
    let refused = store.settle_transactions(&lease, &[(2, TransactionState::Displaced)]).await;
    assert_eq!(kind(&refused), Some(ErrorKind::NotFound));
    store.settle_transactions(&lease, &[]).await?;
    assert_eq!(open_nonces(&*store, &lane(1)).await?, [1]);
    Ok(())
}

pub async fn a_refused_settlement_changes_nothing(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    let lease = held(&*store, lane(1)).await?;
    insert(&*store, &lease, 1..=3).await?;
    let end = |number| (number, TransactionState::Succeeded(inclusion(number)));
    store.settle_transactions(&lease, &[end(3)]).await?;
    let table = [
        ((4, TransactionState::Displaced), ErrorKind::NotFound),
        ((2, TransactionState::Open), ErrorKind::InvalidInput),
        ((3, TransactionState::Displaced), ErrorKind::Conflict),
        ((1, TransactionState::Displaced), ErrorKind::Conflict),
    ];
    for (bad, expected) in table {
        let refused = store.settle_transactions(&lease, &[end(1), end(2), bad]).await;
        assert_eq!(kind(&refused), Some(expected), "{bad:?}");
        assert_eq!(open_nonces(&*store, &lane(1)).await?, [1, 2]);
    }
    store.settle_transactions(&lease, &[end(1), end(2), end(3)]).await?;
    assert!(open_nonces(&*store, &lane(1)).await?.is_empty());
    Ok(())
}
