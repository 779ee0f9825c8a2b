//! Batches: what is applied, and what is refused.

use futures_util::future::join_all;

use super::{
    fixtures::{CHAIN, all, attached, batch, block, filled, fork_batch, oldest_first, places, record, start},
    harness::{Harness, skip},
};
use crate::{
    conformance::repository::fixtures::{ip_id, kind, retry},
    domain::chain_event::ChainEventQuery,
    error::{ErrorKind, Result, Retry},
    onchain::ChainId,
    port::chain_events::{AppliedEvents, EventBatch, EventCursor},
};

pub async fn the_cursor_is_what_was_applied_last(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    assert!(!store.name().is_empty());
    assert_eq!(store.event_cursor(CHAIN).await?, None);
    let mut cursor = filled(&*store, 3).await?;
    assert_eq!(store.event_cursor(CHAIN).await?.as_ref(), Some(&cursor));
    // Also without an event, and with a trail as long as it gets.
    for number in (4..200).chain([1_000_000, u64::MAX - 1]) {
        let mut next = cursor.clone();
        next.advance(block(number, 0));
        let moved = EventBatch::new(next.clone(), block(number, 0));
        assert_eq!(store.apply_events(Some(&cursor), &moved).await?, AppliedEvents::new(0, 0));
        assert_eq!(store.event_cursor(CHAIN).await?.as_ref(), Some(&next));
        cursor = next;
    }
    assert!(cursor.trail().len() >= EventCursor::DENSE);
    Ok(())
}

pub async fn a_batch_is_applied_once(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    let first = batch(&start(), 1..=3, 0);
    assert_eq!(store.apply_events(None, &first).await?, AppliedEvents::new(0, 6));
    let second = batch(&first.cursor, 4..=5, 0);
    store.apply_events(Some(&first.cursor), &second).await?;
    for (expected, again) in [(None, &first), (Some(&first.cursor), &second), (Some(&start()), &first)] {
        let refused = store.apply_events(expected, again).await;
        assert_eq!((kind(&refused), retry(&refused)), (Some(ErrorKind::Conflict), Some(Retry::Never)));
    }
    assert_eq!(all(&*store, &oldest_first()).await?, [first.records, second.records].concat());
    Ok(())
}

pub async fn one_of_many_applies_a_batch(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    let mut stored = None;
    for round in 1..=4 {
        let after = stored.clone().unwrap_or_else(start);
        // Each appliers' blocks are of a fork of its own, so that a mix would show.
        let rivals: Vec<_> = (1..=16).map(|fork| batch(&after, [round], fork)).collect();
        let results = join_all(rivals.iter().map(|rival| store.apply_events(stored.as_ref(), rival))).await;
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1, "round {round}");
        assert!(results.iter().filter(|r| r.is_err()).all(|r| kind(r) == Some(ErrorKind::Conflict)));
        stored = store.event_cursor(CHAIN).await?;
        let won = rivals.iter().zip(&results).find(|(_, result)| result.is_ok()).map(|(rival, _)| rival);
        assert_eq!(stored.as_ref(), won.map(|won| &won.cursor));
        let of_round = ChainEventQuery { from_block: Some(round), ..oldest_first() };
        assert_eq!(Some(all(&*store, &of_round).await?), won.map(|won| won.records.clone()));
    }
    Ok(())
}

pub async fn a_refused_batch_changes_nothing(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    let cursor = filled(&*store, 5).await?;
    let before = all(&*store, &oldest_first()).await?;
    let stale = fork_batch(&cursor, &block(2, 0), 3..=9, 1);
    let mut misplaced = stale.clone();
    misplaced.records.push(record(block(99, 1), 0, attached(1)));
    let table =
        [(Some(start()), &stale), (None, &stale), (Some(cursor.clone()), &misplaced), (None, &misplaced)];
    for (expected, batch) in table {
        assert!(store.apply_events(expected.as_ref(), batch).await.is_err());
        assert_eq!(all(&*store, &oldest_first()).await?, before);
        assert_eq!(store.event_cursor(CHAIN).await?.as_ref(), Some(&cursor));
    }
    let of_ip = ChainEventQuery { ip: Some(ip_id(5)), ..oldest_first() };
    assert_eq!(places(&*store, &of_ip).await?, [(5, 0, 0)]);
    Ok(())
}

pub async fn only_what_follows_is_applied(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    let cursor = filled(&*store, 5).await?;
    let good = batch(&cursor, 6..=7, 0);
    let mut rewound = cursor.clone();
    rewound.rewind(Some(&block(3, 0)));
    let with = |record| {
        let records = good.records.iter().cloned().chain([record]).collect();
        EventBatch { records, ..good.clone() }
    };
    let elsewhere = EventBatch::new(EventCursor::new(ChainId::STORY, 1), block(0, 0));
    let bad = [
        // Before the cursor and after the new one.
        with(record(block(5, 0), 9, attached(1))),
        with(record(block(8, 0), 0, attached(1))),
        // At a place that is taken, and in another block of the same number.
        with(record(block(6, 0), 3, attached(1))),
        with(record(block(6, 1), 4, attached(1))),
        // In another block than the one that the trail says was read.
        EventBatch { records: vec![record(block(7, 1), 0, attached(1))], ..good.clone() },
        // Back without dropping, and dropping what was never read.
        EventBatch::new(rewound, block(3, 0)),
        EventBatch { drop_from: Some(7), ..good.clone() },
        elsewhere,
    ];
    for bad in bad {
        let refused = store.apply_events(Some(&cursor), &bad).await;
        assert_eq!(kind(&refused), Some(ErrorKind::InvalidInput), "{bad:?}");
    }
    store.apply_events(Some(&cursor), &good).await?;
    assert_eq!(all(&*store, &oldest_first()).await?.len(), 14);
    Ok(())
}

pub async fn a_reorganised_chain_leaves_its_own_events(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    let cursor = filled(&*store, 5).await?;
    let shorter = fork_batch(&cursor, &block(2, 0), 3..=3, 1);
    assert_eq!(store.apply_events(Some(&cursor), &shorter).await?, AppliedEvents::new(6, 2));
    let places_of = |ip| ChainEventQuery { ip, ..oldest_first() };
    let expected = [(1, 0, 0), (1, 0, 3), (2, 0, 0), (2, 0, 3), (3, 1, 0), (3, 1, 3)];
    assert_eq!(places(&*store, &places_of(None)).await?, expected);
    assert_eq!(places(&*store, &places_of(Some(ip_id(4)))).await?, []);
    assert_eq!(places(&*store, &places_of(Some(ip_id(0)))).await?, [(1, 0, 3), (2, 0, 3), (3, 1, 3)]);
    // Back to the first fork, which comes with its old blocks, and then to nothing.
    let back = fork_batch(&shorter.cursor, &block(2, 0), 3..=4, 0);
    assert_eq!(store.apply_events(Some(&shorter.cursor), &back).await?, AppliedEvents::new(2, 4));
    assert_eq!(places(&*store, &places_of(Some(ip_id(4)))).await?, [(4, 0, 0)]);
    let mut none = back.cursor.clone();
    none.rewind(None);
    let nothing = EventBatch { drop_from: Some(1), ..EventBatch::new(none.clone(), block(0, 2)) };
    assert_eq!(store.apply_events(Some(&back.cursor), &nothing).await?, AppliedEvents::new(8, 0));
    assert_eq!(places(&*store, &places_of(None)).await?, []);
    assert_eq!(store.event_cursor(CHAIN).await?, Some(none));
    Ok(())
}

pub async fn chains_are_independent(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    let cursor = filled(&*store, 2).await?;
    let far = ChainId::new(u64::MAX);
    let other = EventBatch {
        records: vec![record(block(1, 8), 0, attached(1))],
        ..batch(&EventCursor::new(far, 1), 1..=1, 8)
    };
    store.apply_events(None, &other).await?;
    assert_eq!(store.event_cursor(CHAIN).await?.as_ref(), Some(&cursor));
    assert_eq!(store.event_cursor(far).await?.as_ref(), Some(&other.cursor));
    let of_far = ChainEventQuery { chain_id: far, ip: Some(ip_id(1)), ..oldest_first() };
    assert_eq!(all(&*store, &of_far).await?, other.records);
    let dropped = fork_batch(&other.cursor, &block(0, 8), [], 8);
    store.apply_events(Some(&other.cursor), &dropped).await?;
    assert_eq!(all(&*store, &of_far).await?, []);
    assert_eq!(all(&*store, &oldest_first()).await?.len(), 4);
    Ok(())
}

pub async fn events_survive_reopening(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    let cursor = filled(&*store, 3).await?;
    let events = all(&*store, &oldest_first()).await?;
    drop(store);
    let Some(store) = harness.again().await? else {
        skip("events_survive_reopening");
        return Ok(());
    };
    assert_eq!(store.event_cursor(CHAIN).await?.as_ref(), Some(&cursor));
    assert_eq!(all(&*store, &oldest_first()).await?, events);
    store.apply_events(Some(&cursor), &batch(&cursor, 4..=4, 0)).await.map(|_| ())
}
