//! Creations and their journals.

use std::time::Duration;

use futures_util::future::join_all;

use super::{
    fixtures::{
        address, append, asset_id, at, creation, creation_id, every_event, holder_id, kind, leased,
        maximal_creation, recorded,
    },
    harness::{Harness, skip},
};
use crate::{
    creation::{CreationRecord, CreationStatus, Event, NewCreation, Step},
    domain::page::CreationQuery,
    error::{ErrorKind, Result},
    ids::CreationId,
    port::repository::{ChangeSet, Lease, Opened, Repository},
};

pub async fn a_creation_comes_back_field_by_field(harness: &impl Harness) -> Result<()> {
    let repository = harness.fresh().await?;
    assert_eq!(repository.creation(&creation_id(1)).await?, None);
    for new in [creation(1)?, maximal_creation(2)?] {
        let expected = CreationRecord::new(new.clone());
        assert_eq!(repository.open_creation(&new).await?, Opened::New(expected.clone()));
        assert_eq!(repository.creation(&new.id).await?.as_ref(), Some(&expected));
        assert_eq!(repository.creation_of_asset(&new.asset).await?.as_ref(), Some(&expected));
        let by_key = repository.creation_by_key(&new.owner, &new.idempotency_key).await?;
        assert_eq!(by_key.as_ref(), Some(&expected));
        assert_eq!(repository.open_creation(&new).await?, Opened::Existing(expected));
        assert_eq!(repository.events(&new.id).await?, []);
    }
    assert_eq!(repository.creation_of_asset(&asset_id(9)).await?, None);
    Ok(())
}

pub async fn one_of_many_opens_a_creation(harness: &impl Harness) -> Result<()> {
    let repository = harness.fresh().await?;
    // The same key and owner from everybody, but ids of their own.
    let news = (1..=16)
        .map(|number| Ok(NewCreation { idempotency_key: "same".to_owned(), ..creation(number)? }))
        .collect::<Result<Vec<_>>>()?;
    let opened = join_all(news.iter().map(|new| repository.open_creation(new))).await;
    let mut made = Vec::new();
    let mut found = Vec::new();
    for opened in opened {
        match opened? {
            Opened::New(record) => made.push(record),
            Opened::Existing(record) => found.push(record),
        }
    }
    assert_eq!(made.len(), 1);
    assert!(found.iter().all(|record| made.contains(record)));
    let stored = repository.list_creations(&CreationQuery::default()).await?.items;
    assert_eq!(stored, made);
    Ok(())
}

pub async fn keys_of_other_owners_are_other_creations(harness: &impl Harness) -> Result<()> {
    let repository = harness.fresh().await?;
    let first = NewCreation { idempotency_key: "Key".to_owned(), ..creation(1)? };
    let other_owner = NewCreation { owner: address(2), idempotency_key: "Key".to_owned(), ..creation(2)? };
    let other_case = NewCreation { idempotency_key: "key".to_owned(), ..creation(3)? };
    let trailing_space = NewCreation { idempotency_key: "Key ".to_owned(), ..creation(4)? };
    for new in [first, other_owner, other_case, trailing_space] {
        assert!(matches!(repository.open_creation(&new).await?, Opened::New(_)), "{}", new.id);
        let found = repository.creation_by_key(&new.owner, &new.idempotency_key).await?;
        assert_eq!(found.map(|record| record.id), Some(new.id));
    }
    assert_eq!(repository.creation_by_key(&address(2), "key").await?, None);
    Ok(())
}

pub async fn a_creation_id_and_asset_are_taken_once(harness: &impl Harness) -> Result<()> {
    let repository = harness.fresh().await?;
    repository.open_creation(&creation(1)?).await?;
    let same_id = NewCreation { id: creation_id(1), ..creation(2)? };
    assert_eq!(kind(&repository.open_creation(&same_id).await), Some(ErrorKind::AlreadyExists));
    let same_asset = NewCreation { asset: asset_id(1), ..creation(2)? };
    assert_eq!(kind(&repository.open_creation(&same_asset).await), Some(ErrorKind::AlreadyExists));
    assert_eq!(repository.creation(&creation_id(2)).await?, None);
    Ok(())
}

pub async fn every_event_comes_back(harness: &impl Harness) -> Result<()> {
    let repository = harness.fresh().await?;
    let lease = leased(&*repository, 1).await?;
    let events = recorded(1, every_event());
    let (first, rest) = events.split_at(5);
    repository.commit(append(1, &lease, first.to_vec())).await?;
    assert_eq!(repository.events(&creation_id(1)).await?, first);
    repository.commit(append(1, &lease, rest.to_vec())).await?;
    assert_eq!(repository.events(&creation_id(1)).await?, events);
    assert_eq!(repository.events(&creation_id(2)).await?, []);
    Ok(())
}

pub async fn the_journal_moves_status_and_step(harness: &impl Harness) -> Result<()> {
    let repository = harness.fresh().await?;
    let lease = leased(&*repository, 1).await?;
    let steps = Step::ALL.into_iter().map(Some).chain([None]);
    for (seq, (step, status)) in (1..).zip(steps.zip(CreationStatus::ALL.into_iter().cycle())) {
        let event = Event::Retried { step: Step::MediaUpload };
        let mut set = append(1, &lease, recorded(seq, [event]));
        set.journal.iter_mut().for_each(|journal| {
            journal.status = status;
            journal.step = step;
            journal.at = at(100 + seq);
        });
        repository.commit(set).await?;
        let expected = CreationRecord {
            status,
            step,
            lease: Some(lease),
            updated_at: at(100 + seq),
            ..CreationRecord::new(creation(1)?)
        };
        assert_eq!(repository.creation(&creation_id(1)).await?, Some(expected));
    }
    Ok(())
}

pub async fn an_append_needs_a_creation_and_a_lease(harness: &impl Harness) -> Result<()> {
    let repository = harness.fresh().await?;
    let events = recorded(1, every_event().into_iter().take(1));
    let no_lease = Lease::new(0, holder_id(1), at(1));
    let refused = repository.commit(append(1, &no_lease, events.clone())).await;
    assert_eq!(kind(&refused), Some(ErrorKind::NotFound));
    repository.open_creation(&creation(1)?).await?;
    for generation in [0, 1] {
        let lease = Lease::new(generation, holder_id(1), at(1));
        let refused = repository.commit(append(1, &lease, events.clone())).await;
        assert_eq!(kind(&refused), Some(ErrorKind::Conflict), "generation {generation}");
    }
    assert_eq!(repository.events(&creation_id(1)).await?, []);
    Ok(())
}

pub async fn a_replaced_lease_cannot_append(harness: &impl Harness) -> Result<()> {
    let repository = harness.fresh().await?;
    let old = leased(&*repository, 1).await?;
    let events = recorded(1, every_event().into_iter().take(2));
    repository.commit(append(1, &old, events.clone())).await?;
    let new =
        repository.acquire_lease(&creation_id(1), holder_id(2), old.until, Duration::from_secs(9)).await?;
    let more = recorded(3, every_event().into_iter().take(1));
    let refused = repository.commit(append(1, &old, more.clone())).await;
    assert_eq!(kind(&refused), Some(ErrorKind::Conflict));
    assert_eq!(repository.events(&creation_id(1)).await?, events);
    repository.commit(append(1, &new, more)).await?;
    assert_eq!(repository.events(&creation_id(1)).await?.len(), 3);
    Ok(())
}

pub async fn events_follow_without_a_gap(harness: &impl Harness) -> Result<()> {
    let repository = harness.fresh().await?;
    let lease = leased(&*repository, 1).await?;
    let from = |first| recorded(first, every_event().into_iter().take(2));
    for first in [0, 2] {
        let refused = repository.commit(append(1, &lease, from(first))).await;
        assert_eq!(kind(&refused), Some(ErrorKind::Conflict), "from {first}");
    }
    repository.commit(append(1, &lease, from(1))).await?;
    for first in [1, 2, 4] {
        let refused = repository.commit(append(1, &lease, from(first))).await;
        assert_eq!(kind(&refused), Some(ErrorKind::Conflict), "from {first}");
    }
    let mut torn = from(3);
    torn.extend(recorded(6, every_event().into_iter().take(1)));
    assert_eq!(kind(&repository.commit(append(1, &lease, torn)).await), Some(ErrorKind::Conflict));
    repository.commit(append(1, &lease, from(3))).await?;
    assert_eq!(repository.events(&creation_id(1)).await?, [from(1), from(3)].concat());
    Ok(())
}

pub async fn one_of_many_appends_an_event(harness: &impl Harness) -> Result<()> {
    let repository = harness.fresh().await?;
    let lease = leased(&*repository, 1).await?;
    let sets: Vec<ChangeSet> = every_event()
        .into_iter()
        .cycle()
        .take(16)
        .map(|event| append(1, &lease, recorded(1, [event])))
        .collect();
    let results = join_all(sets.into_iter().map(|set| repository.commit(set))).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    assert!(results.iter().filter(|result| result.is_err()).all(|r| kind(r) == Some(ErrorKind::Conflict)));
    assert_eq!(repository.events(&creation_id(1)).await?.len(), 1);
    Ok(())
}

pub async fn an_unknown_step_is_refused(harness: &impl Harness) -> Result<()> {
    let repository = harness.fresh().await?;
    let lease = leased(&*repository, 1).await?;
    repository.commit(append(1, &lease, recorded(1, every_event().into_iter().take(2)))).await?;
    if !harness.plant_unknown_step(&creation_id(1)).await? {
        skip("an_unknown_step_is_refused", "this repository cannot hold one");
        return Ok(());
    }
    let refused = repository.events(&creation_id(1)).await;
    assert_eq!(kind(&refused), Some(ErrorKind::Unexpected));
    let names_it = refused.err().is_some_and(|err| err.to_string().contains(&creation_id(1).to_string()));
    assert!(names_it, "the error does not name the creation");
    Ok(())
}

/// The ids on all pages.
pub(super) async fn all_ids(repository: &dyn Repository, query: &CreationQuery) -> Result<Vec<CreationId>> {
    let mut query = query.clone();
    let mut found = Vec::new();
    loop {
        let page = repository.list_creations(&query).await?;
        assert!(page.items.len() <= query.limit as usize);
        found.extend(page.items.into_iter().map(|record| record.id));
        match page.next {
            Some(next) => query.cursor = Some(next.to_string().parse()?),
            None => return Ok(found),
        }
    }
}

pub async fn creations_are_listed_newest_first(harness: &impl Harness) -> Result<()> {
    let repository = harness.fresh().await?;
    for number in [4, 9, 1, 12, 7, 3, 30] {
        repository.open_creation(&creation(number)?).await?;
    }
    let expected = [30, 12, 9, 7, 4, 3, 1].map(creation_id);
    for limit in [1, 2, 3, 7, 100] {
        let query = CreationQuery { limit, ..CreationQuery::default() };
        assert_eq!(all_ids(&*repository, &query).await?, expected);
    }
    for limit in [0, 101] {
        let refused = repository.list_creations(&CreationQuery { limit, ..Default::default() }).await;
        assert_eq!(kind(&refused), Some(ErrorKind::InvalidInput));
    }
    let page = repository.list_creations(&CreationQuery { limit: 2, ..Default::default() }).await?;
    let other = CreationQuery { owner: Some(address(1)), cursor: page.next, ..Default::default() };
    assert_eq!(kind(&repository.list_creations(&other).await), Some(ErrorKind::InvalidInput));
    Ok(())
}

pub async fn creations_are_filtered(harness: &impl Harness) -> Result<()> {
    let repository = harness.fresh().await?;
    for (number, status) in (1..=12).zip(CreationStatus::ALL.into_iter().cycle()) {
        let new = NewCreation { owner: address(number % 2), ..creation(number)? };
        repository.open_creation(&new).await?;
        let lease = repository.acquire_lease(&new.id, holder_id(1), at(1), Duration::from_secs(1)).await?;
        let mut set = append(number, &lease, Vec::new());
        set.journal.iter_mut().for_each(|journal| journal.status = status);
        repository.commit(set).await?;
    }
    let status_of = |number: u32| CreationStatus::ALL.into_iter().cycle().nth(number as usize - 1);
    let [running, stuck, finished, cancelled] = CreationStatus::ALL;
    for statuses in [
        vec![],
        vec![running],
        vec![running, stuck],
        vec![cancelled, finished, stuck],
        vec![finished, finished],
        CreationStatus::ALL.to_vec(),
    ] {
        for owner in [None, Some(0), Some(1), Some(2)] {
            for limit in [2, 100] {
                let query = CreationQuery {
                    owner: owner.map(address),
                    statuses: statuses.clone(),
                    limit,
                    ..CreationQuery::default()
                };
                let expected: Vec<_> = (1..=12)
                    .rev()
                    .filter(|number| owner.is_none_or(|owner| number % 2 == owner))
                    .filter(|number| {
                        statuses.is_empty() || status_of(*number).is_some_and(|s| statuses.contains(&s))
                    })
                    .map(creation_id)
                    .collect();
                assert_eq!(all_ids(&*repository, &query).await?, expected, "{query:?}");
            }
        }
    }
    Ok(())
}
