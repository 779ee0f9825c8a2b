//! [`SimulatedEvents`]: the events of a simulated chain, batch after batch.

use async_trait::async_trait;

use crate::{
    error::{Error, ErrorKind, Result},
    memory::chain::{client::SimulatedChain, history::History},
    port::chain_events::{ChainEventSource, EventBatch, EventCursor},
};

/// A batch ends with the block in which it got this many events.
const MANY_EVENTS: usize = 1_000;

/// Reads the events of a simulated chain: those that the real contracts would log, in their order, in blocks of one
/// transaction each, from number 1 on.
///
/// A chain is never reorganised. But one in memory begins anew with its process: a store that outlives it then drops
/// what it knew, as after a reorganisation.
///
/// The registration of the default terms, with which every chain begins, is in no block.
#[derive(Clone, Debug)]
pub struct SimulatedEvents {
    chain: SimulatedChain,
}

impl SimulatedChain {
    /// The events of this chain.
    #[must_use]
    pub fn events(&self) -> SimulatedEvents {
        SimulatedEvents { chain: self.clone() }
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl ChainEventSource for SimulatedEvents {
    fn name(&self) -> &str {
        "simulated"
    }

    async fn events_after(&self, cursor: &EventCursor) -> Result<EventBatch> {
        self.chain.read("events_after", |ledger| {
            let chain_id = ledger.config().chain_id;
            if cursor.chain_id() != chain_id {
                return Err(Error::new(ErrorKind::Config, "the cursor is of another chain")
                    .with_context("expected", chain_id)
                    .with_context("found", cursor.chain_id()));
            }
            Ok(batch(&ledger.history, cursor))
        })?
    }
}

fn batch(history: &History, known: &EventCursor) -> EventBatch {
    let head = history.head();
    let mut cursor = known.clone();
    let common = known.trail().find(|block| history.block(block.number) == Some(**block));
    let drop_from = (common != known.trail().next()).then(|| {
        cursor.rewind(common);
        cursor.next_block()
    });
    let mut records = Vec::new();
    for number in cursor.next_block()..=head.number {
        if records.len() >= MANY_EVENTS {
            break;
        }
        records.extend(history.events(number));
        if let Some(block) = history.block(number) {
            cursor.advance(block);
        }
    }
    let mut batch = EventBatch::new(cursor, head);
    (batch.drop_from, batch.records) = (drop_from, records);
    batch
}
