//! The protocol's events as rows, and the statements behind their lists.

use lore_core::{
    Address, ChainId, Result, TxHash,
    domain::{
        chain_event::{BlockHash, ChainEventQuery, EventPosition},
        page::SortOrder,
    },
    port::chain_events::{BlockRef, EventCursor, EventRecord},
};
use sqlx::sqlite::SqliteRow;

use super::{
    connection::Statement,
    list::{Argument, Builder, statement},
    values::{Columns, count, damaged, hex_list, json},
};

macro_rules! event_columns {
    () => {
        "block, log_index, block_hash, at, tx_hash, emitter, event"
    };
}

pub(super) const CURSOR: &str = "SELECT cursor FROM lore_chain_cursors WHERE chain_id = ?1";
const PUT_CURSOR: &str = "INSERT INTO lore_chain_cursors (chain_id, cursor) VALUES (?1, ?2) \
     ON CONFLICT (chain_id) DO UPDATE SET cursor = ?2";
pub(super) const DROP_EVENTS: &str = "DELETE FROM lore_chain_events WHERE chain_id = ?1 AND block >= ?2";
pub(super) const DROP_IPS: &str = "DELETE FROM lore_chain_event_ips WHERE chain_id = ?1 AND block >= ?2";
const INSERT: &str = "INSERT INTO lore_chain_events \
     (chain_id, block, log_index, block_hash, at, tx_hash, emitter, kind, event) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
const INSERT_IPS: &str = "INSERT INTO lore_chain_event_ips (chain_id, ip, block, log_index, kind) \
     SELECT ?1, unhex(value), ?2, ?3, ?4 FROM json_each(?5)";

/// A statement about a chain; binds its first argument.
pub(super) fn of_chain<'q>(sql: &'static str, chain_id: ChainId) -> Statement<'q> {
    sqlx::query(sql).bind(chain_id.get().cast_signed())
}

/// The statement that writes a cursor over the one before.
pub(super) fn put_cursor<'q>(cursor: &EventCursor) -> Result<Statement<'q>> {
    Ok(of_chain(PUT_CURSOR, cursor.chain_id()).bind(json(cursor)?))
}

/// The statement that drops what is at or above a block: no event is above the numbers that SQLite has.
pub(super) fn drop_from<'q>(sql: &'static str, chain_id: ChainId, block: u64) -> Statement<'q> {
    of_chain(sql, chain_id).bind(capped(block))
}

fn capped(block: u64) -> i64 {
    i64::try_from(block).unwrap_or(i64::MAX)
}

/// The statement that writes an event.
pub(super) fn insert<'q>(chain_id: ChainId, record: &EventRecord) -> Result<Statement<'q>> {
    Ok(of_chain(INSERT, chain_id)
        .bind(count(record.block.number)?)
        .bind(count(record.log_index)?)
        .bind(record.block.hash.as_bytes().to_vec())
        .bind(record.at.unix_micros())
        .bind(record.tx_hash.as_bytes().to_vec())
        .bind(record.emitter.as_bytes().to_vec())
        .bind(record.event.kind().as_str())
        .bind(json(&record.event)?))
}

/// The statement that writes under which IPs an event is found, if there are any.
pub(super) fn insert_ips<'q>(chain_id: ChainId, record: &EventRecord) -> Result<Option<Statement<'q>>> {
    let ips = record.event.ips();
    if ips.is_empty() {
        return Ok(None);
    }
    let statement = of_chain(INSERT_IPS, chain_id)
        .bind(count(record.block.number)?)
        .bind(count(record.log_index)?)
        .bind(record.event.kind().as_str())
        .bind(hex_list(ips.iter().map(|ip| *ip.address().as_bytes()))?);
    Ok(Some(statement))
}

/// A cursor from its row.
pub(super) fn cursor(chain_id: ChainId, row: &SqliteRow) -> Result<EventCursor> {
    Columns(row).json("cursor").map_err(|err| damaged("cursor_of_chain", chain_id, err))
}

/// An event from its row.
pub(super) fn record(row: &SqliteRow) -> Result<EventRecord> {
    let columns = Columns(row);
    let (block, log_index) = (columns.count("block")?, columns.count("log_index")?);
    let read = || {
        let hash = BlockHash::from_bytes(columns.bytes("block_hash")?);
        Ok(EventRecord::new(
            (BlockRef::new(block, hash), columns.time("at")?),
            TxHash::from_bytes(columns.bytes("tx_hash")?),
            log_index,
            Address::from_bytes(columns.bytes("emitter")?),
            columns.json("event")?,
        ))
    };
    read().map_err(|err| damaged("block", block, err).with_context("log_index", log_index))
}

/// The statement for a page of events.
pub(super) fn events<'q>(query: &ChainEventQuery, after: Option<EventPosition>) -> Result<Statement<'q>> {
    events_sql(query, after).map(statement)
}

pub(super) fn events_sql(
    query: &ChainEventQuery,
    after: Option<EventPosition>,
) -> Result<(String, Vec<Argument>)> {
    let mut builder = Builder::default();
    builder.equal("chain_id", Argument::Int(query.chain_id.get().cast_signed()));
    if let Some(ip) = query.ip {
        builder.equal("ip", Argument::Blob(ip.address().as_bytes().to_vec()));
    }
    for (bound, compare) in [(query.from_block, ">="), (query.to_block, "<=")] {
        if let Some(bound) = bound {
            let bound = builder.argument(Argument::Int(capped(bound)));
            builder.conditions.push(format!("block {compare} {bound}"));
        }
    }
    let (compare, direction) = match query.order {
        SortOrder::Ascending => (">", "ASC"),
        SortOrder::Descending => ("<", "DESC"),
    };
    if let Some(after) = after {
        let block = builder.argument(Argument::Int(count(after.block)?));
        let log_index = builder.argument(Argument::Int(count(after.log_index)?));
        builder.conditions.push(format!("(block, log_index) {compare} ({block}, {log_index})"));
    }
    let mut kinds = query.kinds.clone();
    kinds.sort_unstable();
    kinds.dedup();
    let kinds: Vec<String> =
        kinds.iter().map(|kind| builder.argument(Argument::Text(kind.as_str().to_owned()))).collect();
    let order = format!("block {direction}, log_index {direction}");
    if query.ip.is_none() {
        let arms: Vec<String> = kinds.iter().map(|kind| format!("kind = {kind}")).collect();
        // Given a range of blocks too, SQLite would rather read all kinds in it: nobody told it that the range may be long.
        let select = if kinds.is_empty() {
            concat!("SELECT ", event_columns!(), " FROM lore_chain_events")
        } else {
            concat!(
                "SELECT ",
                event_columns!(),
                " FROM lore_chain_events INDEXED BY lore_chain_events_by_kind"
            )
        };
        return Ok(builder.into_sql(select, &arms, &order, query.limit));
    }
    if !kinds.is_empty() {
        builder.conditions.push(format!("kind IN ({})", kinds.join(", ")));
    }
    let select = "SELECT chain_id AS c, block AS b, log_index AS l FROM lore_chain_event_ips";
    let (found, arguments) = builder.into_sql(select, &[], &order, query.limit);
    // Only those on the page are read as a whole. CROSS JOIN keeps the order of the tables.
    let sql = format!(
        concat!(
            "SELECT ",
            event_columns!(),
            " FROM ({}) CROSS JOIN lore_chain_events ON chain_id = c AND block = b AND log_index = l ORDER BY {}"
        ),
        found, order
    );
    Ok((sql, arguments))
}
