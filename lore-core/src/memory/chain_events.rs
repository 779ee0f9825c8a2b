//! [`MemoryChainEventStore`]: the protocol's events in memory. Real but for one thing: they end with the process.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::RangeInclusive,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;

use crate::{
    domain::{
        chain_event::{ChainEventQuery, EventPosition},
        page::{Page, SortOrder},
    },
    error::{Error, Result},
    onchain::{ChainId, IpId},
    port::{
        chain_events::{AppliedEvents, ChainEventStore, EventBatch, EventCursor, EventRecord},
        refusal::EventRefusal,
    },
};

/// A [`ChainEventStore`] in memory. Clones share their events.
///
/// A restart reads the chain from its first block again: for tests, browsers and short histories.
#[derive(Clone, Debug, Default)]
pub struct MemoryChainEventStore {
    chains: Arc<Mutex<BTreeMap<ChainId, Chain>>>,
}

impl MemoryChainEventStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<ChainId, Chain>> {
        // Nothing panics between two related changes of a chain, so a poisoned lock still guards whole chains.
        self.chains.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug, Default)]
struct Chain {
    cursor: Option<EventCursor>,
    events: BTreeMap<EventPosition, EventRecord>,
    by_ip: BTreeSet<(IpId, EventPosition)>,
}

/// Counts what is in memory, which 64 bits always can.
fn count(events: usize) -> u64 {
    u64::try_from(events).unwrap_or(u64::MAX)
}

impl Chain {
    fn apply(
        &mut self,
        expected: Option<&EventCursor>,
        batch: &EventBatch,
    ) -> Result<AppliedEvents, EventRefusal> {
        if self.cursor.as_ref() != expected {
            return Err(EventRefusal::StaleCursor {
                chain_id: batch.cursor.chain_id(),
                expected: expected.map(EventCursor::next_block),
                stored: self.cursor.as_ref().map(EventCursor::next_block),
            });
        }
        let from = batch.drop_from.unwrap_or(u64::MAX);
        let dropped = self.events.split_off(&EventPosition::new(from, 0));
        for (position, record) in &dropped {
            for ip in record.event.ips() {
                self.by_ip.remove(&(ip, *position));
            }
        }
        for record in &batch.records {
            let position = record.position();
            self.by_ip.extend(record.event.ips().into_iter().map(|ip| (ip, position)));
            self.events.insert(position, record.clone());
        }
        self.cursor = Some(batch.cursor.clone());
        Ok(AppliedEvents::new(count(dropped.len()), count(batch.records.len())))
    }

    /// The events of a query after a position, one more than fit on the page.
    fn matching(&self, query: &ChainEventQuery, after: Option<EventPosition>) -> Vec<EventRecord> {
        let first = EventPosition::new(query.from_block.unwrap_or(0), 0);
        let last = EventPosition::new(query.to_block.unwrap_or(u64::MAX), u64::MAX);
        if first > last {
            return Vec::new();
        }
        match query.ip {
            Some(ip) => {
                let found = self.by_ip.range((ip, first)..=(ip, last)).map(|(_, position)| position);
                page(query, after, found.filter_map(|position| self.events.get(position)))
            }
            None => {
                let range: RangeInclusive<EventPosition> = first..=last;
                page(query, after, self.events.range(range).map(|(_, record)| record))
            }
        }
    }
}

fn page<'a>(
    query: &ChainEventQuery,
    after: Option<EventPosition>,
    records: impl DoubleEndedIterator<Item = &'a EventRecord>,
) -> Vec<EventRecord> {
    let is_of_kind =
        |record: &&EventRecord| query.kinds.is_empty() || query.kinds.contains(&record.event.kind());
    let wanted = query.limit as usize + 1;
    match query.order {
        SortOrder::Ascending => records
            .filter(|record| after.is_none_or(|after| record.position() > after))
            .filter(is_of_kind)
            .take(wanted)
            .cloned()
            .collect(),
        SortOrder::Descending => records
            .rev()
            .filter(|record| after.is_none_or(|after| record.position() < after))
            .filter(is_of_kind)
            .take(wanted)
            .cloned()
            .collect(),
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl ChainEventStore for MemoryChainEventStore {
    fn name(&self) -> &str {
        "memory"
    }

    async fn event_cursor(&self, chain_id: ChainId) -> Result<Option<EventCursor>> {
        Ok(self.lock().get(&chain_id).and_then(|chain| chain.cursor.clone()))
    }

    async fn apply_events(
        &self,
        expected: Option<&EventCursor>,
        batch: &EventBatch,
    ) -> Result<AppliedEvents> {
        let mut chains = self.lock();
        batch
            .check(expected)
            .and_then(|()| chains.entry(batch.cursor.chain_id()).or_default().apply(expected, batch))
            .map_err(|refusal| Error::from(refusal).with_op("apply_events"))
    }

    async fn chain_events(&self, query: &ChainEventQuery) -> Result<Page<EventRecord>> {
        let after = query.position()?;
        let rows =
            self.lock().get(&query.chain_id).map(|chain| chain.matching(query, after)).unwrap_or_default();
        Page::from_rows(rows, query.limit, |record| query.cursor_after(record.position()))
    }
}
