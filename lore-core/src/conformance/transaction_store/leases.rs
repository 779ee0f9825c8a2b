//! Leases: one holder of a lane at a time.

use std::time::Duration;

use futures_util::future::join_all;

use super::{
    fixtures::{TTL, held, insert, lane, open_nonces},
    harness::Harness,
};
use crate::{
    conformance::repository::fixtures::{at, holder_id, kind, retry},
    error::{ErrorKind, Result, Retry},
    onchain::ChainId,
    port::transactions::{LaneId, LaneLease},
};

pub async fn one_of_many_acquires_the_lane(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    assert!(!store.name().is_empty());
    let lane = lane(1);
    for (generation, now) in (1..=4).zip([at(0), at(100), at(200), at(300)]) {
        let holders: Vec<_> = (0..16).map(holder_id).collect();
        let results =
            join_all(holders.iter().map(|holder| store.acquire_lane(&lane, *holder, now, TTL))).await;
        let won: Vec<_> = results.iter().zip(&holders).filter(|(result, _)| result.is_ok()).collect();
        assert_eq!(won.len(), 1, "generation {generation}");
        for (result, holder) in won {
            let expected = LaneLease::new(lane, generation, *holder, now.saturating_add(TTL));
            assert_eq!(result.as_ref().ok(), Some(&expected));
            assert_eq!(store.renew_lane(&expected, now, TTL).await?, expected);
        }
        assert!(results.iter().filter(|r| r.is_err()).all(|r| kind(r) == Some(ErrorKind::Conflict)));
    }
    Ok(())
}

pub async fn a_held_lane_says_when_to_come_back(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    held(&*store, lane(1)).await?;
    // The holder itself must renew.
    for (holder, now) in [(2, 0), (2, 10), (1, 29)] {
        let refused = store.acquire_lane(&lane(1), holder_id(holder), at(now), TTL).await;
        assert_eq!(kind(&refused), Some(ErrorKind::Conflict));
        assert_eq!(retry(&refused), Some(Retry::After(Some(Duration::from_secs(30 - now)))));
    }
    Ok(())
}

pub async fn an_ended_lane_lease_is_handed_over(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    let first = held(&*store, lane(1)).await?;
    assert_eq!(first, LaneLease::new(lane(1), 1, holder_id(1), at(30)));
    let second = store.acquire_lane(&lane(1), holder_id(2), first.until, TTL).await?;
    assert_eq!(second, LaneLease::new(lane(1), 2, holder_id(2), at(60)));
    Ok(())
}

pub async fn an_ended_lane_lease_can_be_renewed(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    let first = held(&*store, lane(1)).await?;
    let renewed = store.renew_lane(&first, at(10), TTL).await?;
    assert_eq!(renewed, LaneLease::new(lane(1), 1, holder_id(1), at(40)));
    let late = store.renew_lane(&first, at(500), TTL).await?;
    assert_eq!(late, LaneLease::new(lane(1), 1, holder_id(1), at(530)));
    let refused = store.acquire_lane(&lane(1), holder_id(2), at(529), TTL).await;
    assert_eq!(kind(&refused), Some(ErrorKind::Conflict));
    Ok(())
}

pub async fn an_ended_lane_lease_may_store_until_it_is_replaced(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    let lease = held(&*store, lane(1)).await?;
    store.release_lane(&lease).await?;
    insert(&*store, &lease, [1]).await?;
    assert_eq!(open_nonces(&*store, &lane(1)).await?, [1]);
    Ok(())
}

pub async fn a_replaced_lane_lease_cannot_be_renewed(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    let never = LaneLease::new(lane(1), 1, holder_id(1), at(30));
    assert_eq!(kind(&store.renew_lane(&never, at(0), TTL).await), Some(ErrorKind::Conflict));
    let old = held(&*store, lane(1)).await?;
    let new = store.acquire_lane(&lane(1), holder_id(2), at(30), TTL).await?;
    let forged = LaneLease::new(lane(1), new.generation, holder_id(1), new.until);
    let early = LaneLease::new(lane(1), new.generation + 1, holder_id(2), new.until);
    for lease in [old, forged, early] {
        let refused = store.renew_lane(&lease, at(31), TTL).await;
        assert_eq!(kind(&refused), Some(ErrorKind::Conflict));
        assert_eq!(retry(&refused), Some(Retry::Never));
    }
    // Nothing was moved.
    let refused = store.acquire_lane(&lane(1), holder_id(3), at(59), TTL).await;
    assert_eq!(retry(&refused), Some(Retry::After(Some(Duration::from_secs(1)))));
    Ok(())
}

pub async fn a_released_lane_is_free(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    let first = held(&*store, lane(1)).await?;
    store.release_lane(&first).await?;
    let second = store.acquire_lane(&lane(1), holder_id(2), at(0), TTL).await?;
    assert_eq!(second, LaneLease::new(lane(1), 2, holder_id(2), at(30)));
    Ok(())
}

pub async fn releasing_a_replaced_lane_is_ok(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    let old = held(&*store, lane(1)).await?;
    let new = store.acquire_lane(&lane(1), holder_id(2), at(30), TTL).await?;
    store.release_lane(&old).await?;
    store.release_lane(&LaneLease::new(lane(1), 2, holder_id(1), at(60))).await?;
    let refused = store.acquire_lane(&lane(1), holder_id(3), at(31), TTL).await;
    assert_eq!(kind(&refused), Some(ErrorKind::Conflict));
    store.release_lane(&new).await?;
    store.release_lane(&new).await?;
    store.release_lane(&LaneLease::new(lane(9), 1, holder_id(1), at(60))).await
}

pub async fn lanes_are_independent(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    let other_chain = LaneId::new(ChainId::new(u64::MAX), lane(1).signer);
    let lanes = [lane(1), lane(2), other_chain];
    for lane in lanes {
        let lease = held(&*store, lane).await?;
        assert_eq!(lease, LaneLease::new(lane, 1, holder_id(1), at(30)));
        // The same nonce for the same key, but another lane's.
        insert(&*store, &lease, [1]).await?;
    }
    for lane in lanes {
        let open = store.open_transactions(&lane).await?;
        assert_eq!(open.iter().map(|found| (found.lane, found.nonce)).collect::<Vec<_>>(), [(lane, 1)]);
    }
    Ok(())
}
