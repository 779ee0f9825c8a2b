//! [`ChainEventSource`] and [`ChainEventStore`]: the protocol's events from a chain into the records.
//!
//! The one idea: a batch says what to drop, what to add, and where to go on, and the store does all of it or nothing,
//! provided that nobody moved the cursor since. So a crash, a second process and a reorganised chain end alike: in exactly
//! the events of the canonical blocks.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Debug,
};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{
    domain::{
        chain_event::{BlockHash, ChainEvent, ChainEventQuery, EventPosition},
        page::Page,
    },
    error::Result,
    maybe_send::{MaybeSend, MaybeSync},
    onchain::{Address, ChainId, TxHash},
    port::refusal::EventRefusal,
    time::Timestamp,
};

/// A block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct BlockRef {
    /// Its number.
    pub number: u64,
    /// Its hash.
    pub hash: BlockHash,
}

impl BlockRef {
    /// Names a block.
    #[must_use]
    pub const fn new(number: u64, hash: BlockHash) -> Self {
        Self { number, hash }
    }
}

/// An event and where it happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct EventRecord {
    /// The block.
    pub block: BlockRef,
    /// The time of the block.
    pub at: Timestamp,
    /// The transaction.
    pub tx_hash: TxHash,
    /// The log's place in the block.
    pub log_index: u64,
    /// The contract that wrote the log.
    pub emitter: Address,
    /// What it says.
    pub event: ChainEvent,
}

impl EventRecord {
    /// Describes an event.
    #[must_use]
    pub const fn new(
        (block, at): (BlockRef, Timestamp),
        tx_hash: TxHash,
        log_index: u64,
        emitter: Address,
        event: ChainEvent,
    ) -> Self {
        Self { block, at, tx_hash, log_index, emitter, event }
    }

    /// Where it is in the chain.
    #[must_use]
    pub const fn position(&self) -> EventPosition {
        EventPosition::new(self.block.number, self.log_index)
    }
}

/// How far the events of a chain are known, and through which blocks that went.
///
/// The trail of blocks is dense at its end and the sparser the farther back, so that it stays short and still finds a block
/// that a reorganised chain has in common, however deep that is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventCursor {
    chain_id: ChainId,
    first_block: u64,
    next_block: u64,
    /// Oldest first.
    trail: Vec<BlockRef>,
}

impl EventCursor {
    /// This many of the newest blocks are all in the trail.
    pub const DENSE: usize = 32;

    /// Nothing is known yet of a chain that is read from `first_block` on.
    #[must_use]
    pub const fn new(chain_id: ChainId, first_block: u64) -> Self {
        Self { chain_id, first_block, next_block: first_block, trail: Vec::new() }
    }

    /// The chain.
    #[must_use]
    pub const fn chain_id(&self) -> ChainId {
        self.chain_id
    }

    /// The block that reading began with.
    #[must_use]
    pub const fn first_block(&self) -> u64 {
        self.first_block
    }

    /// The first block whose events are not known.
    #[must_use]
    pub const fn next_block(&self) -> u64 {
        self.next_block
    }

    /// Blocks that were read through, newest first. The first is the block before [`next_block`](Self::next_block), if any
    /// was read.
    pub fn trail(&self) -> impl DoubleEndedIterator<Item = &BlockRef> + ExactSizeIterator {
        self.trail.iter().rev()
    }

    /// Everything up to `block` is known. A block below [`next_block`](Self::next_block) is passed over.
    pub fn advance(&mut self, block: BlockRef) {
        if block.number < self.next_block {
            return;
        }
        self.next_block = block.number.saturating_add(1);
        self.trail.push(block);
        self.thin();
    }

    /// Nothing above `common` is known any more: the newest block of the trail that the chain still has, or `None` if it has
    /// none of them.
    pub fn rewind(&mut self, common: Option<&BlockRef>) {
        self.next_block = common.map_or(self.first_block, |block| block.number.saturating_add(1));
        self.trail.retain(|block| block.number < self.next_block);
    }

    /// Keeps the newest blocks and the oldest. Of the others those go whose neighbours are closer to each other than half
    /// the way from the newest block: what a reorganisation has in common is then found within half its depth, and the trail
    /// has some hundred blocks after millions.
    fn thin(&mut self) {
        let newest = self.next_block;
        let mut kept: Vec<BlockRef> = Vec::with_capacity(self.trail.len());
        let mut blocks = self.trail.iter().rev().peekable();
        while let Some(block) = blocks.next() {
            let is_spare = match (kept.last(), blocks.peek()) {
                (Some(newer), Some(older)) if kept.len() >= Self::DENSE => {
                    let gap = newer.number.saturating_sub(older.number);
                    gap <= newest.saturating_sub(newer.number) / 2
                }
                _ => false,
            };
            if !is_spare {
                kept.push(*block);
            }
        }
        kept.reverse();
        self.trail = kept;
    }
}

/// What the store is to do in one go.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventBatch {
    /// The chain was reorganised: the events of this block and of all later ones are dropped first.
    pub drop_from: Option<u64>,
    /// The events of the blocks from there, or from the cursor, to the new cursor, in any order.
    pub records: Vec<EventRecord>,
    /// Where to go on.
    pub cursor: EventCursor,
    /// The newest block of the chain that the source would read.
    pub head: BlockRef,
    /// Whether the cursor is at the head.
    pub is_caught_up: bool,
}

impl EventBatch {
    /// A batch without events, up to `cursor`.
    #[must_use]
    pub const fn new(cursor: EventCursor, head: BlockRef) -> Self {
        let is_caught_up = cursor.next_block > head.number;
        Self { drop_from: None, records: Vec::new(), cursor, head, is_caught_up }
    }

    /// Whether it may follow `expected`: it is of that chain, goes on where that ended or drops what is above, and has only
    /// events in between, one for each place and of one block for each number. For adapters.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn check(&self, expected: Option<&EventCursor>) -> Result<(), EventRefusal> {
        let cursor = &self.cursor;
        let chain_id = cursor.chain_id;
        if let Some(expected) = expected.filter(|expected| expected.chain_id != chain_id) {
            return Err(EventRefusal::OtherChain { expected: expected.chain_id, chain_id });
        }
        let known = expected.map_or(cursor.first_block, |expected| expected.next_block);
        let from = self.drop_from.unwrap_or(known);
        if from > known || cursor.next_block < from {
            return Err(EventRefusal::Gap { chain_id, known, from, next: cursor.next_block });
        }
        let mut hashes: BTreeMap<u64, BlockHash> =
            cursor.trail.iter().map(|block| (block.number, block.hash)).collect();
        let mut places = BTreeSet::new();
        for record in &self.records {
            let EventPosition { block, log_index, .. } = record.position();
            let is_between = (from..cursor.next_block).contains(&block);
            let is_of_one_block = *hashes.entry(block).or_insert(record.block.hash) == record.block.hash;
            if !is_between || !is_of_one_block || !places.insert((block, log_index)) {
                return Err(EventRefusal::Misplaced { chain_id, block, log_index });
            }
        }
        Ok(())
    }
}

/// What [`ChainEventStore::apply_events`] did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AppliedEvents {
    /// Events that were dropped.
    pub dropped: u64,
    /// Events that were added.
    pub added: u64,
}

impl AppliedEvents {
    /// Counts.
    #[must_use]
    pub const fn new(dropped: u64, added: u64) -> Self {
        Self { dropped, added }
    }
}

/// Reads the protocol's events from a chain.
#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
pub trait ChainEventSource: Debug + MaybeSend + MaybeSync + 'static {
    /// Short, stable label for metrics and errors, for example `story`.
    fn name(&self) -> &str;

    /// What follows a cursor, as much as one batch should hold.
    ///
    /// - MUST look whether the chain still has the newest block of the cursor's trail. If not, MUST go back to the newest one
    ///   that it has, drop what is above, and go on from there.
    /// - MUST give every event of the blocks that it moves the cursor over, with the hash of the block in which it is.
    ///   Where the chain changes between its requests, MUST give a batch that is right for one of the two chains, or fail
    ///   with [`Unavailable`](crate::ErrorKind::Unavailable).
    /// - MUST move the cursor on, drop something, or say that it is at the head.
    ///
    /// # Errors
    /// [`Unavailable`](crate::ErrorKind::Unavailable) and [`RateLimited`](crate::ErrorKind::RateLimited) may be retried;
    /// [`Config`](crate::ErrorKind::Config) for a cursor of another chain;
    /// [`IntegrityMismatch`](crate::ErrorKind::IntegrityMismatch) for an answer that cannot be.
    async fn events_after(&self, cursor: &EventCursor) -> Result<EventBatch>;
}
const _: Option<&dyn ChainEventSource> = None;

/// Keeps the protocol's events, exactly once each, and how far they are known.
///
/// Every MUST below is proved by the conformance case named after it.
#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
pub trait ChainEventStore: Debug + MaybeSend + MaybeSync + 'static {
    /// Short, stable label for metrics and errors, for example `sqlite`.
    fn name(&self) -> &str;

    /// How far the events of a chain are known; `None` if none was read (`the_cursor_is_what_was_applied_last`).
    ///
    /// # Errors
    /// [`Unavailable`](crate::ErrorKind::Unavailable); [`Unexpected`](crate::ErrorKind::Unexpected) for a damaged row. So
    /// for every method here.
    async fn event_cursor(&self, chain_id: ChainId) -> Result<Option<EventCursor>>;

    /// Drops, adds, and moves the cursor.
    ///
    /// - MUST do all of it or nothing (`a_refused_batch_changes_nothing`).
    /// - MUST refuse with [`Conflict`](crate::ErrorKind::Conflict) if the stored cursor is not the expected one, so that of
    ///   several processes one applies what follows (`one_of_many_applies_a_batch`) and a batch is applied once
    ///   (`a_batch_is_applied_once`).
    /// - MUST drop the events of `drop_from` and above, and no others (`a_reorganised_chain_leaves_its_own_events`).
    /// - MUST refuse with [`InvalidInput`](crate::ErrorKind::InvalidInput) what [`EventBatch::check`] refuses
    ///   (`only_what_follows_is_applied`).
    ///
    /// # Errors
    /// As above.
    async fn apply_events(&self, expected: Option<&EventCursor>, batch: &EventBatch)
    -> Result<AppliedEvents>;

    /// A page of events.
    ///
    /// - MUST give every matching event exactly once over all pages, also while others are added
    ///   (`pages_give_every_event_once`, `events_added_while_paging_do_not_shift_pages`).
    ///
    /// # Errors
    /// As above; [`InvalidInput`](crate::ErrorKind::InvalidInput) for a cursor of another query.
    async fn chain_events(&self, query: &ChainEventQuery) -> Result<Page<EventRecord>>;
}
const _: Option<&dyn ChainEventStore> = None;

#[cfg(test)]
mod tests {
    use super::*;

    fn block(number: u64) -> BlockRef {
        BlockRef::new(number, BlockHash::from_bytes([7; 32]))
    }

    #[test]
    fn a_trail_stays_short_and_reaches_far_back() {
        let mut cursor = EventCursor::new(ChainId::AENEID, 0);
        let mut longest = 0;
        // Long ranges while catching up, then block by block, and again after a long pause.
        let numbers = (0..3_000).map(|n| n * 10_000).chain(30_000_000..30_004_000).chain([u64::MAX - 1]);
        for number in numbers {
            cursor.advance(block(number));
            longest = longest.max(cursor.trail().len());
            assert_eq!(cursor.trail().next(), Some(&block(number)));
        }
        assert!(longest <= 110, "{longest}");
        let numbers: Vec<u64> = cursor.trail().map(|block| block.number).collect();
        assert!(numbers.is_sorted_by(|newer, older| newer > older));
        assert_eq!(cursor.next_block(), u64::MAX);
    }

    #[test]
    fn what_a_reorganisation_has_in_common_is_found_within_half_its_depth() {
        let mut cursor = EventCursor::new(ChainId::AENEID, 0);
        for number in 0..50_000 {
            cursor.advance(block(number));
        }
        for depth in [1_u64, 10, 31, 32, 33, 100, 1_000, 10_000, 40_000] {
            let common = 49_999 - depth;
            let found = cursor.trail().find(|block| block.number <= common).map(|block| block.number);
            let again = 49_999 - found.unwrap_or(0);
            assert!(again <= depth + depth / 2 + 1, "{depth} deep, {again} blocks are read again");
        }
    }

    #[test]
    fn a_rewound_cursor_goes_on_after_the_common_block() {
        let mut cursor = EventCursor::new(ChainId::AENEID, 5);
        [7, 9, 12].into_iter().for_each(|number| cursor.advance(block(number)));
        cursor.advance(block(12));
        cursor.rewind(Some(&block(9)));
        assert_eq!((cursor.next_block(), cursor.trail().len()), (10, 2));
        cursor.rewind(None);
        assert_eq!(cursor, EventCursor::new(ChainId::AENEID, 5));
    }

    #[test]
    fn a_cursor_is_read_back_from_its_stored_form() {
        let mut cursor = EventCursor::new(ChainId::AENEID, 5);
        cursor.advance(block(7));
        let json = serde_json::to_string(&cursor).unwrap();
        assert_eq!(serde_json::from_str::<EventCursor>(&json).unwrap(), cursor);
        let hash = "0x0707070707070707070707070707070707070707070707070707070707070707";
        assert_eq!(
            json,
            format!(
                r#"{{"chain_id":1315,"first_block":5,"next_block":8,"trail":[{{"number":7,"hash":"{hash}"}}]}}"#
            )
        );
    }
}
