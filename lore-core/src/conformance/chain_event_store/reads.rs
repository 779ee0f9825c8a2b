//! What is found, and in which order.

use super::{
    fixtures::{
        CHAIN, all, attached, batch, block, every_event, filled, oldest_first, places, record, start,
    },
    harness::Harness,
};
use crate::{
    conformance::repository::fixtures::{ip_id, kind},
    domain::{
        chain_event::{ChainEventKind, ChainEventQuery},
        page::SortOrder,
    },
    error::{ErrorKind, Result},
    port::chain_events::{ChainEventStore, EventBatch, EventRecord},
};

/// Applies one block that has all kinds of events, and gives them.
async fn all_kinds(store: &dyn ChainEventStore) -> Result<Vec<EventRecord>> {
    let records: Vec<_> =
        (0..).zip(every_event()).map(|(index, event)| record(block(1, 0), index, event)).collect();
    let batch = EventBatch { records: records.clone(), ..batch(&start(), [1], 0) };
    store.apply_events(None, &batch).await?;
    Ok(records)
}

pub async fn every_event_comes_back_field_by_field(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    let records = all_kinds(&*store).await?;
    let kinds: Vec<_> = records.iter().map(|record| record.event.kind()).collect();
    assert_eq!(kinds, ChainEventKind::ALL);
    assert_eq!(all(&*store, &oldest_first()).await?, records);
    Ok(())
}

pub async fn an_event_is_found_under_each_ip_that_it_names(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    let records = all_kinds(&*store).await?;
    for ip in (0..=10).map(ip_id) {
        let expected: Vec<_> =
            records.iter().filter(|record| record.event.ips().contains(&ip)).cloned().collect();
        let query = ChainEventQuery { ip: Some(ip), ..oldest_first() };
        assert_eq!(all(&*store, &query).await?, expected, "{ip}");
    }
    Ok(())
}

pub async fn events_are_filtered_by_kind(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    let records = all_kinds(&*store).await?;
    let [first, second, ..] = ChainEventKind::ALL else { return Ok(()) };
    let last = ChainEventKind::NftTransferred;
    for kinds in [vec![*first], vec![last, *first], vec![*second, last, *second], vec![]] {
        for ip in [None, Some(ip_id(1)), Some(ip_id(9))] {
            let matches = |record: &&EventRecord| {
                (kinds.is_empty() || kinds.contains(&record.event.kind()))
                    && ip.is_none_or(|ip| record.event.ips().contains(&ip))
            };
            let expected: Vec<_> = records.iter().filter(matches).cloned().collect();
            let query = ChainEventQuery { kinds: kinds.clone(), ip, ..oldest_first() };
            assert_eq!(all(&*store, &query).await?, expected, "{query:?}");
        }
    }
    Ok(())
}

pub async fn events_are_filtered_by_block(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    filled(&*store, 6).await?;
    let table = [
        (None, Some(2), vec![1, 2]),
        (Some(5), None, vec![5, 6]),
        (Some(3), Some(4), vec![3, 4]),
        (Some(4), Some(4), vec![4]),
        (Some(4), Some(3), vec![]),
        (Some(u64::MAX), None, vec![]),
        (None, Some(u64::MAX), vec![1, 2, 3, 4, 5, 6]),
    ];
    for (from_block, to_block, expected) in table {
        for kinds in [vec![], vec![ChainEventKind::LicenseTermsAttached, ChainEventKind::RoyaltyPaid]] {
            let all = ChainEventQuery { from_block, to_block, kinds, ..oldest_first() };
            let of_ip = ChainEventQuery { ip: Some(ip_id(0)), ..all.clone() };
            let both: Vec<_> = expected.iter().flat_map(|block| [(*block, 0, 0), (*block, 0, 3)]).collect();
            assert_eq!(places(&*store, &all).await?, both, "{all:?}");
            let one: Vec<_> = expected.iter().map(|block| (*block, 0, 3)).collect();
            assert_eq!(places(&*store, &of_ip).await?, one, "{of_ip:?}");
        }
    }
    Ok(())
}

pub async fn events_come_in_the_order_of_the_chain(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    // Given in another order, and with numbers that sort differently as text.
    let mut cursor = start();
    for number in [9, 10, 256] {
        cursor.advance(block(number, 0));
    }
    let given = [(256, 0), (9, 300), (10, 2), (9, 2), (10, 10), (9, 10)];
    let records = given.map(|(number, index)| record(block(number, 0), index, attached(1))).to_vec();
    let applied = EventBatch { records, ..EventBatch::new(cursor, block(256, 0)) };
    store.apply_events(None, &applied).await?;
    let mut expected: Vec<_> = given.into_iter().map(|(number, index)| (number, 0, index)).collect();
    expected.sort_unstable();
    for ip in [None, Some(ip_id(1))] {
        let query = ChainEventQuery { ip, ..oldest_first() };
        assert_eq!(places(&*store, &query).await?, expected);
        let mut newest_first =
            places(&*store, &ChainEventQuery { order: SortOrder::Descending, ..query }).await?;
        newest_first.reverse();
        assert_eq!(newest_first, expected);
    }
    Ok(())
}

pub async fn pages_give_every_event_once(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    filled(&*store, 60).await?;
    for limit in [1, 7, 100] {
        for order in [SortOrder::Ascending, SortOrder::Descending] {
            for ip in [None, Some(ip_id(0))] {
                let query = ChainEventQuery { limit, order, ip, ..ChainEventQuery::new(CHAIN) };
                let mut found = places(&*store, &query).await?;
                assert_eq!(found.len(), if ip.is_some() { 60 } else { 120 });
                if order == SortOrder::Descending {
                    found.reverse();
                }
                assert!(found.is_sorted_by(|a, b| a < b));
            }
        }
    }
    Ok(())
}

pub async fn events_added_while_paging_do_not_shift_pages(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    let cursor = filled(&*store, 4).await?;
    let newest_first = ChainEventQuery { limit: 3, ..ChainEventQuery::new(CHAIN) };
    let [down, up] = [newest_first, ChainEventQuery { limit: 3, ..oldest_first() }];
    let first_down = store.chain_events(&down).await?;
    let first_up = store.chain_events(&up).await?;
    store.apply_events(Some(&cursor), &batch(&cursor, 5..=6, 0)).await?;
    let rest = places(&*store, &ChainEventQuery { cursor: first_down.next, ..down }).await?;
    assert_eq!(rest, [(3, 0, 0), (2, 0, 3), (2, 0, 0), (1, 0, 3), (1, 0, 0)]);
    let rest = places(&*store, &ChainEventQuery { cursor: first_up.next, ..up }).await?;
    assert_eq!(rest.len(), 9);
    assert_eq!(rest.first(), Some(&(2, 0, 3)));
    Ok(())
}

pub async fn a_cursor_of_another_query_is_refused(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    filled(&*store, 4).await?;
    let query = oldest_first();
    let cursor = store.chain_events(&query).await?.next;
    assert!(cursor.is_some());
    let longer = ChainEventQuery { cursor: cursor.clone(), limit: 50, ..query.clone() };
    assert_eq!(store.chain_events(&longer).await?.items.len(), 6);
    for other in [
        ChainEventQuery { ip: Some(ip_id(1)), ..query.clone() },
        ChainEventQuery { order: SortOrder::Descending, ..query.clone() },
        ChainEventQuery { kinds: vec![ChainEventKind::RoyaltyPaid], ..query },
    ] {
        let refused = store.chain_events(&ChainEventQuery { cursor: cursor.clone(), ..other }).await;
        assert_eq!(kind(&refused), Some(ErrorKind::InvalidInput));
    }
    Ok(())
}

pub async fn page_limits_are_bounded(harness: &impl Harness) -> Result<()> {
    let store = harness.fresh().await?;
    for limit in [0, 101] {
        let refused = store.chain_events(&ChainEventQuery { limit, ..oldest_first() }).await;
        assert_eq!(kind(&refused), Some(ErrorKind::InvalidInput));
    }
    assert_eq!(all(&*store, &ChainEventQuery { limit: 100, ..oldest_first() }).await?, []);
    Ok(())
}
