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
    pub const DENSE: usize = 64;

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

    /// Keeps the newest blocks, and of the older ones those that are half as far again from the newest as the one kept
    /// before: at most some 170 in all.
    fn thin(&mut self) {
        if self.trail.len() <= Self::DENSE {
            return;
        }
        let newest = self.next_block;
        let mut kept: Vec<BlockRef> = Vec::new();
        for block in self.trail.iter().rev() {
            let is_far = kept.last().is_none_or(|last| {
                let gap = last.number.saturating_sub(block.number);
                gap >= newest.saturating_sub(last.number) / 2
            });
            if kept.len() < Self::DENSE || is_far {
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
