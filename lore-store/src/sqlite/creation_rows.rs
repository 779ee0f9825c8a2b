//! Creations and their events as rows.

use lore_core::{
    Address, AssetId, Cid, ContentHash, CreationId, Result,
    creation::{CreationRecord, Event, NewCreation, RecordedEvent, Token},
    ids::HolderId,
    port::repository::Lease,
};
use sqlx::sqlite::SqliteRow;

use super::{
    connection::Statement,
    values::{Columns, count, damaged, json},
};

macro_rules! creation_columns {
    () => {
        "id, asset, owner, idempotency_key, input, input_hash, media_source, status, step, \
         lease_generation, lease_holder, lease_until, created_at, updated_at"
    };
}
pub(super) use creation_columns;

/// Nothing is written if the key, the id or the asset is taken.
const INSERT: &str = "INSERT INTO lore_creations (id, asset, owner, idempotency_key, input, input_hash, media_cid, \
     media_source, status, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) \
     ON CONFLICT DO NOTHING";

/// The statement that writes a new creation.
pub(super) fn insert_creation<'q>(record: &CreationRecord) -> Result<Statement<'q>> {
    Ok(sqlx::query(INSERT)
        .bind(record.id.to_bytes().to_vec())
        .bind(record.asset.to_bytes().to_vec())
        .bind(record.owner.as_bytes().to_vec())
        .bind(record.idempotency_key.clone())
        .bind(json(&record.input)?)
        .bind(record.input_hash.as_bytes().to_vec())
        .bind(record.input.media.fingerprint.cid.to_bytes())
        .bind(record.media_source.clone())
        .bind(record.status.as_str())
        .bind(record.created_at.unix_micros())
        .bind(record.updated_at.unix_micros()))
}

/// A creation from its row.
pub(super) fn creation(row: &SqliteRow) -> Result<CreationRecord> {
    let columns = Columns(row);
    let id = CreationId::from_bytes(columns.bytes("id")?);
    read_creation(id, &columns).map_err(|err| damaged("creation", id, err))
}

fn read_creation(id: CreationId, columns: &Columns<'_>) -> Result<CreationRecord> {
    let mut record = CreationRecord::new(NewCreation {
        id,
        asset: AssetId::from_bytes(columns.bytes("asset")?),
        owner: Address::from_bytes(columns.bytes("owner")?),
        idempotency_key: columns.get("idempotency_key")?,
        input: columns.json("input")?,
        input_hash: ContentHash::from_bytes(columns.bytes("input_hash")?),
        media_source: columns.get("media_source")?,
        at: columns.time("created_at")?,
    });
    record.status = columns.name("status")?;
    let step: Option<&str> = columns.get("step")?;
    record.step = step.map(str::parse).transpose()?;
    record.updated_at = columns.time("updated_at")?;
    if let Some(holder) = columns.optional_bytes("lease_holder")? {
        let generation = columns.count("lease_generation")?;
        record.lease =
            Some(Lease::new(generation, HolderId::from_bytes(holder), columns.time("lease_until")?));
    }
    Ok(record)
}

const INSERT_EVENT: &str =
    "INSERT INTO lore_events (creation, seq, at, event, pin_cid) VALUES (?1, ?2, ?3, ?4, ?5)";

/// The statement that writes an event.
pub(super) fn insert_event<'q>(creation: &CreationId, recorded: &RecordedEvent) -> Result<Statement<'q>> {
    Ok(sqlx::query(INSERT_EVENT)
        .bind(creation.to_bytes().to_vec())
        .bind(count(recorded.seq)?)
        .bind(recorded.at.unix_micros())
        .bind(json(&recorded.event)?)
        .bind(pinned(&recorded.event).map(|cid| cid.to_bytes())))
}

/// What the event says is about to be pinned.
fn pinned(event: &Event) -> Option<&Cid> {
    match event {
        Event::Intended { token: Token::Pin { cid }, .. } => Some(cid),
        _ => None,
    }
}

/// An event of a creation from its row.
pub(super) fn event(creation: &CreationId, row: &SqliteRow) -> Result<RecordedEvent> {
    let columns = Columns(row);
    let seq = columns.count("seq")?;
    let read = || Ok(RecordedEvent::new(seq, columns.time("at")?, columns.json("event")?));
    read().map_err(|err| damaged("creation", creation, err).with_context("seq", seq))
}
