//! [`StoryEvents`]: the protocol's events, batch after batch.

use std::collections::{BTreeMap, BTreeSet};

use alloy::{eips::BlockNumberOrTag, rpc::types::Filter, sol_types::SolEvent};
use async_trait::async_trait;
use futures_util::{StreamExt, TryStreamExt, stream};
use lore_core::{
    Address, Error, ErrorKind, IpId, Result,
    domain::chain_event::BlockHash,
    port::chain_events::{BlockRef, ChainEventSource, EventBatch, EventCursor, EventRecord},
};

use super::{
    decode::{self, Context},
    filter::{self, EventOptions},
    read::{self, BlockLog},
    span::{MOST_LOGS, Span},
};
use crate::{
    addresses::Addresses,
    client::StoryClient,
    contracts::royalty::IpRoyaltyVault,
    rpc::{BlockHeader, Rpc},
};

/// The newest blocks are asked for one by one: of several nodes behind one address, some are behind by a few blocks.
const FRESH_BLOCKS: u64 = 32;

/// Reads the protocol's events from nodes. It needs no key.
///
/// A node that is behind tells of blocks that it does not have that there are no logs in them. So the newest 32 blocks are
/// asked for by their hashes, which a node has or has not; older ones by ranges, which is a request for thousands of them.
///
/// How many blocks it asks for at once, it finds by trying: less where a node refuses, more where there is little. A batch
/// holds some thousand events at most, so memory stays flat however long the chain is.
#[derive(Debug)]
pub struct StoryEvents {
    rpc: Rpc,
    addresses: Addresses,
    options: EventOptions,
    /// The configured ones and that of groups.
    collections: Vec<Address>,
    of_contracts: Filter,
    of_vaults: Filter,
    span: Span,
}

impl StoryClient {
    /// The protocol's events, from the nodes of this client.
    #[must_use]
    pub fn events(&self, options: EventOptions) -> StoryEvents {
        StoryEvents::new(self.rpc().clone(), self.addresses().clone(), options)
    }
}

impl StoryEvents {
    /// Reads from these nodes the events of these contracts.
    #[must_use]
    pub fn new(rpc: Rpc, addresses: Addresses, options: EventOptions) -> Self {
        let mut collections = options.collections.clone();
        collections.push(addresses.group_nft);
        Self {
            of_contracts: filter::of_contracts(&addresses, &collections),
            of_vaults: filter::of_vaults(),
            span: Span::new(options.max_blocks),
            rpc,
            addresses,
            options,
            collections,
        }
    }

    async fn block(&self, number: u64) -> Result<Option<BlockHeader>> {
        self.rpc.block(BlockNumberOrTag::Number(number)).await
    }

    /// A block that the node must have.
    async fn known_block(&self, number: u64) -> Result<BlockHeader> {
        self.block(number).await?.ok_or_else(|| behind(number))
    }

    /// The newest block that is read, and the newest that is no fresh one.
    async fn head(&self) -> Result<(BlockHeader, u64)> {
        let latest = self.rpc.latest_block().await?;
        let number = latest.number.saturating_sub(self.options.confirmations);
        let head = if number == latest.number { latest } else { self.known_block(number).await? };
        Ok((head, latest.number.saturating_sub(FRESH_BLOCKS)))
    }

    /// The cursor, moved back if the chain no longer has what it went through, and from which block on events are dropped.
    async fn on_this_chain(&self, cursor: &EventCursor) -> Result<(EventCursor, Option<u64>)> {
        let (mut is_replaced, mut newest_unknown) = (false, None);
        for block in cursor.trail() {
            match self.block(block.number).await? {
                Some(found) if reference(&found) == *block => {
                    if !is_replaced {
                        return match newest_unknown {
                            None => Ok((cursor.clone(), None)),
                            Some(number) => Err(behind(number)),
                        };
                    }
                    return Ok(rewound(cursor, Some(block)));
                }
                Some(_) => is_replaced = true,
                // Perhaps the chain became shorter, but more likely the node is late.
                None => newest_unknown = newest_unknown.or(Some(block.number)),
            }
        }
        match (is_replaced, newest_unknown) {
            (false, Some(number)) => Err(behind(number)),
            (false, None) => Ok((cursor.clone(), None)),
            (true, _) => Ok(rewound(cursor, None)),
        }
    }

    /// The fresh blocks from `from` on, each the parent of the next, and their logs.
    async fn fresh_logs(&self, from: u64, head: &BlockHeader) -> Result<(Vec<BlockLog>, Vec<BlockHeader>)> {
        let most = self.options.max_blocks.clamp(1, FRESH_BLOCKS);
        let last = head.number.min(from.saturating_add(most - 1));
        let blocks: Vec<BlockHeader> = stream::iter(from..=last)
            .map(|number| async move {
                if number == head.number { Ok(*head) } else { self.known_block(number).await }
            })
            .buffered(read::REQUESTS_AT_ONCE)
            .try_collect()
            .await?;
        if !blocks.iter().zip(blocks.iter().skip(1)).all(|(block, next)| next.parent_hash == block.hash) {
            return Err(read::moved());
        }
        let logs = read::logs_of_blocks(&self.rpc, (&self.of_contracts, &self.of_vaults), &blocks).await?;
        Ok((logs, blocks))
    }

    /// The logs from `from` on, of as many blocks up to `newest` as the node answers for, and the last of these blocks.
    async fn next_logs(&self, from: u64, newest: u64) -> Result<(Vec<BlockLog>, BlockHeader)> {
        loop {
            let asked = self.span.blocks().min(newest.saturating_sub(from).saturating_add(1));
            let to = self.known_block(from.saturating_add(asked - 1)).await?;
            let filters = (&self.of_contracts, &self.of_vaults);
            match read::logs(&self.rpc, filters, from, &to).await {
                Ok(logs) if logs.len() > MOST_LOGS && asked > 1 => self.span.shrink(asked),
                Ok(logs) => {
                    // Unless this is the same block before and after, the logs may be of another chain.
                    if self.known_block(to.number).await?.hash != to.hash {
                        return Err(read::moved());
                    }
                    self.span.answered(asked, logs.len());
                    return Ok((read::with_times(&self.rpc, logs).await?, to));
                }
                Err(error) if is_too_much(&error) && asked > 1 => {
                    tracing::debug!(blocks = asked, %error, "the node cannot answer for so many blocks");
                    self.span.refused(asked);
                }
                Err(error) => {
                    // A node that took too long may manage half.
                    if error.kind() == ErrorKind::Unavailable {
                        self.span.shrink(asked);
                    }
                    return Err(error);
                }
            }
        }
    }

    async fn records(&self, logs: Vec<BlockLog>) -> Result<Vec<EventRecord>> {
        let claims = logs.iter().filter(|log| is_claim(log)).map(|log| log.emitter);
        let contracts: BTreeSet<Address> = claims.collect();
        let vaults = read::ips_of_vaults(&self.rpc, self.addresses.royalty_module, &contracts).await?;
        Ok(logs.into_iter().filter_map(|log| self.record(&log, &vaults)).collect())
    }

    fn record(&self, log: &BlockLog, vaults: &BTreeMap<Address, IpId>) -> Option<EventRecord> {
        let vault_of = if is_claim(log) { Some(*vaults.get(&log.emitter)?) } else { None };
        let context = Context {
            addresses: &self.addresses,
            chain_id: self.rpc.chain_id(),
            emitter: log.emitter,
            vault_of,
            is_collection: self.collections.contains(&log.emitter),
        };
        let event = decode::decode(&log.log, &context).unwrap_or_else(|error| {
            tracing::warn!(tx_hash = %log.tx_hash, log_index = log.log_index, %error, "passed over a log");
            None
        })?;
        let block = BlockRef::new(log.number, BlockHash::from_bytes(log.block.0));
        Some(EventRecord::new((block, log.at), log.tx_hash, log.log_index, log.emitter, event))
    }
}

/// Vaults are the only contracts that are not known before.
fn is_claim(log: &BlockLog) -> bool {
    log.log.topics().first() == Some(&IpRoyaltyVault::RevenueTokenClaimed::SIGNATURE_HASH)
}

/// Whether fewer blocks might do. Nodes say so in many ways; some just fail.
fn is_too_much(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unexpected)
}

fn reference(block: &BlockHeader) -> BlockRef {
    BlockRef::new(block.number, BlockHash::from_bytes(block.hash.0))
}

fn rewound(cursor: &EventCursor, common: Option<&BlockRef>) -> (EventCursor, Option<u64>) {
    let mut cursor = cursor.clone();
    cursor.rewind(common);
    let drop_from = cursor.next_block();
    (cursor, Some(drop_from))
}

fn behind(number: u64) -> Error {
    Error::new(ErrorKind::Unavailable, "the node does not have a block that it should")
        .with_context("block_number", number)
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl ChainEventSource for StoryEvents {
    fn name(&self) -> &str {
        "story"
    }

    async fn events_after(&self, cursor: &EventCursor) -> Result<EventBatch> {
        let chain_id = self.rpc.chain_id();
        if cursor.chain_id() != chain_id {
            return Err(Error::new(ErrorKind::Config, "the cursor is of another chain")
                .with_context("expected", chain_id)
                .with_context("found", cursor.chain_id()));
        }
        let (head, settled) = self.head().await?;
        let (mut cursor, drop_from) = self.on_this_chain(cursor).await?;
        let from = cursor.next_block();
        let mut records = Vec::new();
        if from <= head.number {
            let (logs, blocks) = if from <= settled {
                let (logs, to) = self.next_logs(from, head.number.min(settled)).await?;
                (logs, vec![to])
            } else {
                self.fresh_logs(from, &head).await?
            };
            if let Some(first) = blocks.first() {
                self.still_follows(&cursor, first).await?;
            }
            records = self.records(logs).await?;
            // Blocks whose hashes are known anyway make the way back shorter.
            let with_events = records.iter().map(|record| record.block);
            let known: BTreeMap<u64, BlockRef> =
                with_events.chain(blocks.iter().map(reference)).map(|block| (block.number, block)).collect();
            known.into_values().for_each(|block| cursor.advance(block));
        }
        let mut batch = EventBatch::new(cursor, reference(&head));
        (batch.drop_from, batch.records) = (drop_from, records);
        Ok(batch)
    }
}

impl StoryEvents {
    /// Refuses blocks that do not follow those of the cursor: the chain changed after that was looked at.
    async fn still_follows(&self, cursor: &EventCursor, to: &BlockHeader) -> Result<()> {
        let Some(newest) = cursor.trail().next() else { return Ok(()) };
        let follows = if to.number == cursor.next_block() {
            BlockHash::from_bytes(to.parent_hash.0) == newest.hash
        } else {
            reference(&self.known_block(newest.number).await?) == *newest
        };
        if follows { Ok(()) } else { Err(read::moved()) }
    }
}
