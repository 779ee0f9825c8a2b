//! [`SqliteChainEventStore`]: the protocol's events and how far they are known.

use std::sync::Arc;

use async_trait::async_trait;
use lore_core::{
    ChainId, Error, Result,
    domain::{chain_event::ChainEventQuery, page::Page},
    port::{
        chain_events::{AppliedEvents, ChainEventStore, EventBatch, EventCursor, EventRecord},
        refusal::EventRefusal,
    },
};

use super::{
    chain_event_rows::{
        CURSOR, DROP_EVENTS, DROP_IPS, cursor, drop_from, events, insert, insert_ips, of_chain, put_cursor,
        record,
    },
    connection::{Readers, Statement, Write, Writer},
    error::{During, database},
};

/// A [`ChainEventStore`] in the file of a [`SqliteRepository`](super::SqliteRepository), whose connections it shares.
///
/// A batch is one transaction, so the events and the cursor never part. Lists walk an index from where the last page ended;
/// the events of one IP and of certain kinds are found among all events of that IP.
///
/// # Cancellation
/// A batch that is dropped has been applied as a whole or not at all.
#[derive(Clone, Debug)]
pub struct SqliteChainEventStore {
    readers: Arc<Readers>,
    writer: Arc<Writer>,
}

impl SqliteChainEventStore {
    pub(super) const fn new(readers: Arc<Readers>, writer: Arc<Writer>) -> Self {
        Self { readers, writer }
    }
}

async fn run(write: &mut Write<'_>, statement: Statement<'_>) -> Result<u64> {
    write.execute(statement).await.map_err(|err| database(err, During::Statement))
}

async fn apply(
    write: &mut Write<'_>,
    expected: Option<&EventCursor>,
    batch: &EventBatch,
) -> Result<AppliedEvents> {
    batch.check(expected)?;
    let chain_id = batch.cursor.chain_id();
    let rows = write.rows(of_chain(CURSOR, chain_id)).await?;
    let stored = rows.first().map(|row| cursor(chain_id, row)).transpose()?;
    if stored.as_ref() != expected {
        return Err(EventRefusal::StaleCursor {
            chain_id,
            expected: expected.map(EventCursor::next_block),
            stored: stored.as_ref().map(EventCursor::next_block),
        }
        .into());
    }
    let mut applied = AppliedEvents::default();
    if let Some(block) = batch.drop_from {
        applied.dropped = run(write, drop_from(DROP_EVENTS, chain_id, block)).await?;
        run(write, drop_from(DROP_IPS, chain_id, block)).await?;
    }
    for record in &batch.records {
        applied.added = applied.added.saturating_add(run(write, insert(chain_id, record)?).await?);
        if let Some(ips) = insert_ips(chain_id, record)? {
            run(write, ips).await?;
        }
    }
    run(write, put_cursor(&batch.cursor)?).await?;
    Ok(applied)
}

#[async_trait]
impl ChainEventStore for SqliteChainEventStore {
    fn name(&self) -> &str {
        "sqlite"
    }

    async fn event_cursor(&self, chain_id: ChainId) -> Result<Option<EventCursor>> {
        let rows = self.readers.rows(of_chain(CURSOR, chain_id)).await;
        rows.and_then(|rows| rows.first().map(|row| cursor(chain_id, row)).transpose())
            .map_err(|err| err.with_op("event_cursor"))
    }

    async fn apply_events(
        &self,
        expected: Option<&EventCursor>,
        batch: &EventBatch,
    ) -> Result<AppliedEvents> {
        let op = |err: Error| err.with_op("apply_events");
        let mut write = self.writer.begin().await.map_err(op)?;
        let applied = apply(&mut write, expected, batch).await;
        write.finish(applied).await.map_err(op)
    }

    async fn chain_events(&self, query: &ChainEventQuery) -> Result<Page<EventRecord>> {
        let op = |err: Error| err.with_op("chain_events");
        let after = query.position().map_err(op)?;
        let rows = self.readers.rows(events(query, after).map_err(op)?).await.map_err(op)?;
        let records = rows.iter().map(record).collect::<Result<Vec<_>>>().map_err(op)?;
        Page::from_rows(records, query.limit, |record| query.cursor_after(record.position())).map_err(op)
    }
}
