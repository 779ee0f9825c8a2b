//! Leases: one driver at a time.

use std::time::Duration;

use futures_util::future::join_all;

use super::{
    creations::all_ids,
    fixtures::{at, creation, creation_id, holder_id, kind, retry},
    harness::Harness,
};
use crate::{
    domain::page::CreationQuery,
    error::{ErrorKind, Result, Retry},
    port::repository::Lease,
};

const TTL: Duration = Duration::from_secs(30);

pub async fn one_of_many_acquires_the_lease(harness: &impl Harness) -> Result<()> {
    let repository = harness.fresh().await?;
    let id = creation_id(1);
    repository.open_creation(&creation(1)?).await?;
    for (round, now) in (1..=4).zip([at(0), at(100), at(200), at(300)]) {
        let holders: Vec<_> = (0..16).map(holder_id).collect();
        let results =
            join_all(holders.iter().map(|holder| repository.acquire_lease(&id, *holder, now, TTL))).await;
        let won: Vec<_> = results.iter().zip(&holders).filter(|(result, _)| result.is_ok()).collect();
        assert_eq!(won.len(), 1, "round {round}");
        for (result, holder) in won {
            let expected = Lease::new(round, *holder, now.saturating_add(TTL));
            assert_eq!(result.as_ref().ok(), Some(&expected));
            assert_eq!(repository.creation(&id).await?.and_then(|record| record.lease), Some(expected));
        }
        assert!(results.iter().filter(|r| r.is_err()).all(|r| kind(r) == Some(ErrorKind::Conflict)));
    }
    Ok(())
}

pub async fn a_held_lease_says_when_to_come_back(harness: &impl Harness) -> Result<()> {
    let repository = harness.fresh().await?;
    let id = creation_id(1);
    repository.open_creation(&creation(1)?).await?;
    repository.acquire_lease(&id, holder_id(1), at(0), TTL).await?;
    // The holder itself must renew.
    for (holder, now) in [(2, 0), (2, 10), (1, 29)] {
        let refused = repository.acquire_lease(&id, holder_id(holder), at(now), TTL).await;
        assert_eq!(kind(&refused), Some(ErrorKind::Conflict));
        assert_eq!(retry(&refused), Some(Retry::After(Some(Duration::from_secs(30 - now)))));
    }
    Ok(())
}

pub async fn an_ended_lease_is_handed_over(harness: &impl Harness) -> Result<()> {
    let repository = harness.fresh().await?;
    let id = creation_id(1);
    repository.open_creation(&creation(1)?).await?;
    let first = repository.acquire_lease(&id, holder_id(1), at(0), TTL).await?;
    assert_eq!(first, Lease::new(1, holder_id(1), at(30)));
    let second = repository.acquire_lease(&id, holder_id(2), first.until, TTL).await?;
    assert_eq!(second, Lease::new(2, holder_id(2), at(60)));
    assert_eq!(repository.creation(&id).await?.and_then(|record| record.lease), Some(second));
    Ok(())
}

pub async fn an_ended_lease_can_be_renewed(harness: &impl Harness) -> Result<()> {
    let repository = harness.fresh().await?;
    let id = creation_id(1);
    repository.open_creation(&creation(1)?).await?;
    let first = repository.acquire_lease(&id, holder_id(1), at(0), TTL).await?;
    let renewed = repository.renew_lease(&id, &first, at(10), TTL).await?;
    assert_eq!(renewed, Lease::new(1, holder_id(1), at(40)));
    let late = repository.renew_lease(&id, &first, at(500), TTL).await?;
    assert_eq!(late, Lease::new(1, holder_id(1), at(530)));
    let refused = repository.acquire_lease(&id, holder_id(2), at(529), TTL).await;
    assert_eq!(kind(&refused), Some(ErrorKind::Conflict));
    Ok(())
}

pub async fn a_replaced_lease_cannot_be_renewed(harness: &impl Harness) -> Result<()> {
    let repository = harness.fresh().await?;
    let id = creation_id(1);
    repository.open_creation(&creation(1)?).await?;
    let old = repository.acquire_lease(&id, holder_id(1), at(0), TTL).await?;
    let new = repository.acquire_lease(&id, holder_id(2), at(30), TTL).await?;
    let forged = Lease::new(new.generation, holder_id(1), new.until);
    let early = Lease::new(new.generation + 1, holder_id(2), new.until);
    for lease in [old, forged, early] {
        let refused = repository.renew_lease(&id, &lease, at(31), TTL).await;
        assert_eq!(kind(&refused), Some(ErrorKind::Conflict));
        assert_eq!(retry(&refused), Some(Retry::Never));
    }
    assert_eq!(repository.creation(&id).await?.and_then(|record| record.lease), Some(new));
    Ok(())
}

pub async fn a_released_lease_is_free(harness: &impl Harness) -> Result<()> {
    let repository = harness.fresh().await?;
    let id = creation_id(1);
    repository.open_creation(&creation(1)?).await?;
    let first = repository.acquire_lease(&id, holder_id(1), at(0), TTL).await?;
    repository.release_lease(&id, &first).await?;
    let second = repository.acquire_lease(&id, holder_id(2), at(0), TTL).await?;
    assert_eq!(second, Lease::new(2, holder_id(2), at(30)));
    Ok(())
}

pub async fn releasing_a_replaced_lease_is_ok(harness: &impl Harness) -> Result<()> {
    let repository = harness.fresh().await?;
    let id = creation_id(1);
    repository.open_creation(&creation(1)?).await?;
    let old = repository.acquire_lease(&id, holder_id(1), at(0), TTL).await?;
    let new = repository.acquire_lease(&id, holder_id(2), at(30), TTL).await?;
    repository.release_lease(&id, &old).await?;
    repository.release_lease(&id, &Lease::new(2, holder_id(1), at(60))).await?;
    assert_eq!(repository.creation(&id).await?.and_then(|record| record.lease), Some(new));
    repository.release_lease(&id, &new).await?;
    repository.release_lease(&id, &new).await?;
    repository.release_lease(&creation_id(9), &new).await
}

pub async fn a_lease_needs_a_creation(harness: &impl Harness) -> Result<()> {
    let repository = harness.fresh().await?;
    let id = creation_id(1);
    let refused = repository.acquire_lease(&id, holder_id(1), at(0), TTL).await;
    assert_eq!(kind(&refused), Some(ErrorKind::NotFound));
    let lease = Lease::new(1, holder_id(1), at(0));
    assert_eq!(kind(&repository.renew_lease(&id, &lease, at(0), TTL).await), Some(ErrorKind::NotFound));
    Ok(())
}

pub async fn creations_without_a_holder_are_found(harness: &impl Harness) -> Result<()> {
    let repository = harness.fresh().await?;
    for number in 1..=4 {
        repository.open_creation(&creation(number)?).await?;
    }
    repository.acquire_lease(&creation_id(2), holder_id(1), at(0), TTL).await?;
    repository.acquire_lease(&creation_id(3), holder_id(1), at(0), TTL * 2).await?;
    let released = repository.acquire_lease(&creation_id(4), holder_id(1), at(0), TTL).await?;
    repository.release_lease(&creation_id(4), &released).await?;
    for (now, expected) in [(0, vec![4, 1]), (29, vec![4, 1]), (30, vec![4, 2, 1]), (60, vec![4, 3, 2, 1])] {
        let query = CreationQuery { unleased_at: Some(at(now)), limit: 1, ..CreationQuery::default() };
        let expected: Vec<_> = expected.into_iter().map(creation_id).collect();
        assert_eq!(all_ids(&*repository, &query).await?, expected, "at {now}");
    }
    // The time may move on between two pages.
    let query = CreationQuery { unleased_at: Some(at(0)), limit: 1, ..CreationQuery::default() };
    let first = repository.list_creations(&query).await?;
    let later = CreationQuery { unleased_at: Some(at(60)), cursor: first.next, ..query };
    assert_eq!(all_ids(&*repository, &later).await?, [3, 2, 1].map(creation_id));
    Ok(())
}
