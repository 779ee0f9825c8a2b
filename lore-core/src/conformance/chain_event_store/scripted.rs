//! [`ScriptedChain`]: a chain that grows and is reorganised as it is told, and the source that reads it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::fixtures::{CHAIN, every_event, record};
use crate::{
    domain::chain_event::BlockHash,
    error::{Error, ErrorKind, Result},
    onchain::keccak256,
    port::chain_events::{BlockRef, ChainEventSource, EventBatch, EventCursor, EventRecord},
};

/// Numbers that look random and come again with the same seed (SplitMix64, Steele, Lea and Flood 2014).
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `limit`.
    pub const fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }
}

#[derive(Debug)]
struct State {
    dice: Dice,
    /// From number 0 on.
    blocks: Vec<(BlockRef, Vec<EventRecord>)>,
}

/// A chain in memory with random events. Clones are the same chain.
#[derive(Clone, Debug)]
pub struct ScriptedChain {
    state: Arc<Mutex<State>>,
    max_range: u64,
}

impl ScriptedChain {
    /// A chain of one block, which is read in batches of at most `max_range` blocks.
    #[must_use]
    pub fn new(seed: u64, max_range: u64) -> Self {
        let chain = Self {
            state: Arc::new(Mutex::new(State { dice: Dice::new(seed), blocks: Vec::new() })),
            max_range,
        };
        chain.extend(1);
        chain
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Mines so many blocks with 0 to 3 events each.
    pub fn extend(&self, blocks: u64) {
        let mut state = self.lock();
        let pool = every_event();
        for _ in 0..blocks {
            let number = count(state.blocks.len());
            let salt = state.dice.below(u64::MAX);
            let hash = keccak256(&[number.to_be_bytes(), salt.to_be_bytes()].concat());
            let block = BlockRef::new(number, BlockHash::from_bytes(hash));
            let mut records = Vec::new();
            for log_index in 0..state.dice.below(4) {
                let chosen = usize::try_from(state.dice.below(count(pool.len()))).unwrap_or(0);
                // Places in the block need not follow one another: other contracts write logs too.
                let event = pool.get(chosen).cloned();
                records.extend(event.map(|event| record(block, 3 * log_index, event)));
            }
            state.blocks.push((block, records));
        }
    }

    /// Forgets the newest blocks, but never the first one, and mines others.
    pub fn reorganise(&self, depth: u64, blocks: u64) {
        {
            let mut state = self.lock();
            let kept = state.blocks.len().saturating_sub(usize::try_from(depth).unwrap_or(usize::MAX));
            state.blocks.truncate(kept.max(1));
        }
        self.extend(blocks);
    }

    /// All events from `first_block` on.
    #[must_use]
    pub fn canonical(&self, first_block: u64) -> Vec<EventRecord> {
        let state = self.lock();
        let from_there = state.blocks.iter().filter(|(block, _)| block.number >= first_block);
        from_there.flat_map(|(_, records)| records).cloned().collect()
    }
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

impl State {
    fn at(&self, number: u64) -> Option<&(BlockRef, Vec<EventRecord>)> {
        self.blocks.get(usize::try_from(number).ok()?)
    }

    fn has(&self, block: &BlockRef) -> bool {
        self.at(block.number).is_some_and(|(known, _)| known == block)
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl ChainEventSource for ScriptedChain {
    fn name(&self) -> &str {
        "scripted"
    }

    async fn events_after(&self, cursor: &EventCursor) -> Result<EventBatch> {
        let state = self.lock();
        assert_eq!(cursor.chain_id(), CHAIN);
        let Some((head, _)) = state.blocks.last() else {
            return Err(Error::new(ErrorKind::Unavailable, "the chain has no block"));
        };
        let mut next = cursor.clone();
        let mut drop_from = None;
        if cursor.trail().next().is_some_and(|newest| !state.has(newest)) {
            next.rewind(cursor.trail().find(|block| state.has(block)));
            drop_from = Some(next.next_block());
        }
        let from = next.next_block();
        let mut records = Vec::new();
        for number in from..from.saturating_add(self.max_range) {
            let Some((_, found)) = state.at(number) else { break };
            records.extend(found.iter().cloned());
        }
        let last = from.saturating_add(self.max_range).min(head.number.saturating_add(1)).saturating_sub(1);
        if let Some((block, _)) = state.at(last).filter(|(block, _)| block.number >= from) {
            next.advance(*block);
        }
        Ok(EventBatch { drop_from, records, ..EventBatch::new(next, *head) })
    }
}
