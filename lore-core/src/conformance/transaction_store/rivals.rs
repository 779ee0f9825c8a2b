//! Several writers, several handles.

use futures_util::future::join_all;

use super::{
    fixtures::{TTL, attempt, held, inclusion, insert, key, keyed, lane, open_nonces, transaction},
    harness::{Harness, skip},
};
use crate::{
    conformance::repository::fixtures::{at, holder_id, kind},
    error::{ErrorKind, Result},
    port::transactions::TransactionState,
};

pub async fn one_of_many_stores_a_nonce(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    let lease = held(&*store, lane(1)).await?;
    for nonce in 0..8 {
        let rivals: Vec<_> =
            (0..16).map(|number| keyed(lane(1), nonce, 100 * nonce + number)).collect::<Result<_>>()?;
        let results = join_all(rivals.iter().map(|rival| store.insert_transaction(&lease, rival))).await;
        let won: Vec<_> = results.iter().zip(&rivals).filter(|(result, _)| result.is_ok()).collect();
        assert_eq!(won.len(), 1, "nonce {nonce}");
        assert!(results.iter().filter(|r| r.is_err()).all(|r| kind(r) == Some(ErrorKind::AlreadyExists)));
        for (_, winner) in won {
            assert_eq!(store.transaction_by_key(&lane(1), &winner.key).await?.as_ref(), Some(winner));
        }
    }
    assert_eq!(open_nonces(&*store, &lane(1)).await?, (0..8).collect::<Vec<_>>());
    Ok(())
}

pub async fn one_of_many_stores_a_key(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    let lease = held(&*store, lane(1)).await?;
    for number in 0..8 {
        let rivals: Vec<_> =
            (0..16).map(|rival| keyed(lane(1), 100 * number + rival, number)).collect::<Result<_>>()?;
        let results = join_all(rivals.iter().map(|rival| store.insert_transaction(&lease, rival))).await;
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1, "key {number}");
        assert!(results.iter().filter(|r| r.is_err()).all(|r| kind(r) == Some(ErrorKind::AlreadyExists)));
    }
    assert_eq!(store.open_transactions(&lane(1)).await?.len(), 8);
    Ok(())
}

pub async fn many_transactions_at_once_all_land(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    let lease = held(&*store, lane(1)).await?;
    join_all((0..32).map(|nonce| insert(&*store, &lease, [nonce])))
        .await
        .into_iter()
        .collect::<Result<()>>()?;
    let attempts: Vec<_> = (0..32).map(|nonce| (nonce, attempt(100 + nonce))).collect();
    let added = attempts.iter().map(|(nonce, attempt)| store.add_attempt(&lease, *nonce, attempt));
    join_all(added).await.into_iter().collect::<Result<()>>()?;
    let ends: Vec<_> =
        (0..16).map(|nonce| [(nonce, TransactionState::Succeeded(inclusion(nonce)))]).collect();
    let settled = ends.iter().map(|end| store.settle_transactions(&lease, end));
    join_all(settled).await.into_iter().collect::<Result<()>>()?;
    let open = store.open_transactions(&lane(1)).await?;
    assert_eq!(open.iter().map(|found| found.nonce).collect::<Vec<_>>(), (16..32).collect::<Vec<_>>());
    assert!(open.iter().all(|found| found.attempts == [attempt(found.nonce), attempt(100 + found.nonce)]));
    Ok(())
}

/// Two that both believe to hold the lane: whatever the order, no nonce has two owners, and the old one ends.
pub async fn of_two_holders_the_newer_one_stores(harness: &impl Harness) -> Result<()> {
    let first = harness.fresh().await?;
    let second = harness.again().await?.unwrap_or_else(|| std::sync::Arc::clone(&first));
    let old = held(&*first, lane(1)).await?;
    let mine = async {
        let mut stored = 0;
        for nonce in 0..40 {
            let result = first.insert_transaction(&old, &transaction(lane(1), nonce)?).await;
            match kind(&result) {
                None => stored += 1,
                Some(ErrorKind::Conflict | ErrorKind::AlreadyExists) => {}
                Some(_) => result?,
            }
        }
        Ok::<_, crate::Error>(stored)
    };
    let theirs = async {
        let new = second.acquire_lane(&lane(1), holder_id(2), old.until, TTL).await?;
        // What the old holder stored before it was replaced is seen, and nothing of it comes later.
        let from = second.next_nonce(&lane(1)).await?.unwrap_or(0);
        for nonce in from..from + 5 {
            second.insert_transaction(&new, &keyed(lane(1), nonce, 1_000 + nonce)?).await?;
        }
        Ok::<_, crate::Error>(from)
    };
    let (mine, theirs) = futures_util::future::join(mine, theirs).await;
    let (stored, from) = (mine?, theirs?);
    assert_eq!(stored, from);
    assert_eq!(open_nonces(&*first, &lane(1)).await?, (0..from + 5).collect::<Vec<_>>());
    let refused = first.renew_lane(&old, at(31), TTL).await;
    assert_eq!(kind(&refused), Some(ErrorKind::Conflict));
    Ok(())
}

pub async fn handles_share_one_store(harness: &impl Harness) -> Result<()> {
    let first = harness.fresh().await?;
    let Some(second) = harness.again().await? else {
        skip("handles_share_one_store");
        return Ok(());
    };
    let holders: Vec<_> = (0..16).map(holder_id).collect();
    let handles = [&first, &second];
    let (id, now) = (lane(1), at(0));
    let asked = holders.iter().zip(handles.into_iter().cycle());
    let results = join_all(asked.map(|(holder, handle)| handle.acquire_lane(&id, *holder, now, TTL))).await;
    let won: Vec<_> = results.into_iter().filter_map(Result::ok).collect();
    assert_eq!(won.len(), 1, "{won:?}");
    let Some(lease) = won.first().copied() else { return Ok(()) };
    let nonces = (0..32).zip(handles.into_iter().cycle());
    let stored = nonces.map(|(nonce, handle)| insert(&**handle, &lease, [nonce]));
    join_all(stored).await.into_iter().collect::<Result<()>>()?;
    for handle in handles {
        assert_eq!(open_nonces(&**handle, &id).await?, (0..32).collect::<Vec<_>>());
        let refused = handle.insert_transaction(&lease, &keyed(id, 1, 99)?).await;
        assert_eq!(kind(&refused), Some(ErrorKind::AlreadyExists));
    }
    Ok(())
}

pub async fn transactions_survive_reopening(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    let lease = held(&*store, lane(1)).await?;
    insert(&*store, &lease, [1, 2]).await?;
    store.add_attempt(&lease, 2, &attempt(12)).await?;
    let end = TransactionState::Succeeded(inclusion(1));
    store.settle_transactions(&lease, &[(1, end)]).await?;
    let open = store.open_transactions(&lane(1)).await?;
    drop(store);

    let Some(store) = harness.again().await? else {
        skip("transactions_survive_reopening");
        return Ok(());
    };
    assert_eq!(store.open_transactions(&lane(1)).await?, open);
    assert_eq!(store.transaction_by_key(&lane(1), &key(1)?).await?.map(|found| found.state), Some(end));
    assert_eq!(store.next_nonce(&lane(1)).await?, Some(3));
    let refused = store.acquire_lane(&lane(1), holder_id(2), at(29), TTL).await;
    assert_eq!(kind(&refused), Some(ErrorKind::Conflict));
    assert_eq!(store.acquire_lane(&lane(1), holder_id(2), at(30), TTL).await?.generation, 2);
    Ok(())
}
