//! What the simulated chain logged: a block for each transaction, each with a hash over everything before it, so that
//! another history is known by the hash of its last block.

use crate::{
    domain::{
        asset::Mined,
        chain_event::{BlockHash, ChainEvent},
    },
    memory::chain::{config::SimulatedConfig, state::State},
    onchain::{Address, TxHash, keccak256},
    port::chain_events::{BlockRef, EventRecord},
    time::Timestamp,
};

/// An event and the contract that logged it.
type Log = (Address, ChainEvent);

/// The transaction that is being executed, and what it logged so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Running {
    /// None for what a chain starts with.
    mined: Option<Mined>,
    logs: Vec<Log>,
}

impl Running {
    pub(super) const fn new(mined: Mined) -> Self {
        Self { mined: Some(mined), logs: Vec::new() }
    }
}

impl State {
    /// Writes a log, as `emitter`. It is gone if the transaction fails.
    pub(super) fn log(&mut self, emitter: Address, event: ChainEvent) {
        self.running.logs.push((emitter, event));
    }
}

#[derive(Clone, Debug)]
struct Block {
    hash: BlockHash,
    tx_hash: TxHash,
    at: Timestamp,
    logs: Vec<Log>,
}

/// All blocks. Number 0 is the beginning, without logs; the first transaction is in number 1.
#[derive(Clone, Debug)]
pub(super) struct History {
    beginning: BlockHash,
    blocks: Vec<Block>,
}

/// Counts what is in memory, which 64 bits always can.
fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

impl History {
    pub(super) fn new(config: &SimulatedConfig) -> Self {
        let mut bytes = b"simulated chain".to_vec();
        bytes.extend(config.chain_id.get().to_be_bytes());
        bytes.extend(config.collection.as_bytes());
        Self { beginning: BlockHash::from_bytes(keccak256(&bytes)), blocks: Vec::new() }
    }

    /// Adds the block of a transaction.
    pub(super) fn add(&mut self, Running { mined, logs }: Running) {
        let Some(Mined { tx_hash, at, .. }) = mined else { return };
        let mut bytes = b"simulated block".to_vec();
        bytes.extend(self.head().hash.as_bytes());
        bytes.extend(tx_hash.as_bytes());
        bytes.extend(at.unix_micros().to_be_bytes());
        let hash = BlockHash::from_bytes(keccak256(&bytes));
        self.blocks.push(Block { hash, tx_hash, at, logs });
    }

    /// The newest block.
    pub(super) fn head(&self) -> BlockRef {
        let hash = self.blocks.last().map_or(self.beginning, |block| block.hash);
        BlockRef::new(count(self.blocks.len()), hash)
    }

    /// The block with a number, if there is one.
    pub(super) fn block(&self, number: u64) -> Option<BlockRef> {
        let hash = match number.checked_sub(1) {
            None => self.beginning,
            Some(place) => self.blocks.get(usize::try_from(place).ok()?)?.hash,
        };
        Some(BlockRef::new(number, hash))
    }

    /// What was logged in a block, in order.
    pub(super) fn events(&self, number: u64) -> impl Iterator<Item = EventRecord> {
        let place = number.checked_sub(1).and_then(|place| usize::try_from(place).ok());
        let block = place.and_then(|place| self.blocks.get(place));
        block.into_iter().flat_map(move |block| {
            let (reference, at) = (BlockRef::new(number, block.hash), block.at);
            (0_u64..).zip(&block.logs).map(move |(index, (emitter, event))| {
                EventRecord::new((reference, at), block.tx_hash, index, *emitter, event.clone())
            })
        })
    }
}
