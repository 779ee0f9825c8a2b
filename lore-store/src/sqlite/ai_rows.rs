//! Lines of the audit log, calls under way and sums as rows, and the statements behind them.

use lore_core::{
    Address, Error, ErrorKind, Result, Usd,
    ai::{
        OperationKind, Tier,
        audit::{ChainHead, LoggedEntry},
    },
    ids::{CallId, RequestId},
    port::ai_log::{PendingCall, Spent},
    time::Day,
};
use sqlx::sqlite::SqliteRow;

use super::{
    connection::Statement,
    values::{Columns, count, damaged, json},
};

pub(super) const CHAIN: &str =
    "SELECT head_sequence, head_hash, anchor_sequence, anchor_hash FROM lore_ai_chain WHERE pk = 1";
pub(super) const LINES: &str =
    "SELECT sequence, hash, bytes FROM lore_ai_lines WHERE sequence > ?1 ORDER BY sequence LIMIT ?2";
pub(super) const LINE: &str = "SELECT sequence, hash, bytes FROM lore_ai_lines WHERE sequence = ?1";
pub(super) const LINES_OF: &str =
    "SELECT sequence, hash, bytes FROM lore_ai_lines WHERE substr(bytes, 3, 16) = ?1 ORDER BY sequence";
pub(super) const DROP_LINES: &str = "DELETE FROM lore_ai_lines WHERE sequence <= ?1";
const SET_HEAD: &str = "UPDATE lore_ai_chain SET head_sequence = ?1, head_hash = ?2 WHERE pk = 1";
const SET_ANCHOR: &str = "UPDATE lore_ai_chain SET anchor_sequence = ?1, anchor_hash = ?2 WHERE pk = 1";
/// All lines of a batch in one statement: the hashes and the bytes lie end to end, and a JSON list says where each one's
/// bytes begin (the upper 32 bits) and how many there are (the lower).
const APPEND: &str = "INSERT INTO lore_ai_lines (sequence, hash, bytes) \
     SELECT ?1 + key, substr(?2, 1 + 32 * key, 32), substr(?3, 1 + (value >> 32), value & 4294967295) FROM json_each(?4)";

const INSERT_CALL: &str = "INSERT INTO lore_ai_calls \
     (call, request, opened, until, user, operation, tier, provider, model, choice, number, reserved_tokens, reserved_cost) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";
pub(super) const DELETE_CALL: &str = "DELETE FROM lore_ai_calls WHERE call = ?1 RETURNING user, opened";
pub(super) const OVERDUE: &str = "SELECT call, request, opened, until, user, operation, tier, provider, model, choice, number, \
     reserved_tokens, reserved_cost FROM lore_ai_calls WHERE until <= ?1 ORDER BY opened, call LIMIT ?2";
const USED: &str = "SELECT tokens, cost FROM lore_ai_days WHERE user = ?1 AND day = ?2";
/// What is used and what is reserved in one statement, which sees one moment.
pub(super) const SPENT: &str = "SELECT 1 AS is_used, tokens, cost FROM lore_ai_days WHERE user = ?1 AND day = ?2 UNION ALL \
     SELECT 0, reserved_tokens, reserved_cost FROM lore_ai_calls WHERE user = ?1 AND opened >= ?3 AND opened < ?4";
const SET_USED: &str = "INSERT INTO lore_ai_days (user, day, tokens, cost) VALUES (?1, ?2, ?3, ?4) \
     ON CONFLICT (user, day) DO UPDATE SET tokens = ?3, cost = ?4";

/// A number of lines or a place; no place is above the numbers that SQLite has.
pub(super) fn capped(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn head(columns: &Columns<'_>, sequence: &'static str, hash: &'static str) -> Result<ChainHead> {
    Ok(ChainHead::new(columns.count(sequence)?, columns.bytes(hash)?))
}

/// The head and the anchor.
pub(super) fn chain(rows: &[SqliteRow]) -> Result<(ChainHead, ChainHead)> {
    let lost = || Error::new(ErrorKind::IntegrityMismatch, "the stored head of the audit log cannot be read");
    let columns = rows.first().map(Columns).ok_or_else(lost)?;
    let read = || {
        Ok((head(&columns, "head_sequence", "head_hash")?, head(&columns, "anchor_sequence", "anchor_hash")?))
    };
    read().map_err(|err: Error| lost().with_source(err))
}

/// A line as it is stored.
pub(super) fn line(row: &SqliteRow) -> Result<LoggedEntry> {
    let columns = Columns(row);
    let sequence = columns.count("sequence")?;
    let read = || Ok(LoggedEntry::new(head(&columns, "sequence", "hash")?, columns.get("bytes")?));
    read().map_err(|err: Error| unreadable(sequence).with_source(err))
}

/// A line that cannot be read.
pub(super) fn unreadable(sequence: u64) -> Error {
    Error::new(ErrorKind::IntegrityMismatch, "a line of the audit log cannot be read")
        .with_context("sequence", sequence)
}

/// The lines of a batch, as few statements take them.
#[derive(Debug, Default)]
pub(super) struct Batch {
    first: u64,
    hashes: Vec<u8>,
    bytes: Vec<u8>,
    places: Vec<u64>,
}

/// So many bytes or lines go in one statement, and at least one line.
const BATCH_BYTES: usize = 4 << 20;
const BATCH_LINES: usize = 4_000;

impl Batch {
    /// The lines after `head`, which moves on.
    pub(super) fn all(head: &mut ChainHead, lines: &[Vec<u8>]) -> Vec<Self> {
        let mut batches: Vec<Self> = Vec::new();
        for line in lines {
            *head = head.next(line);
            let is_full = |batch: &Self| {
                batch.places.len() >= BATCH_LINES
                    || batch.bytes.len().saturating_add(line.len()) > BATCH_BYTES
            };
            match batches.last_mut().filter(|batch| !is_full(batch)) {
                Some(batch) => batch.push(head, line),
                None => {
                    let mut batch = Self { first: head.sequence, ..Self::default() };
                    batch.push(head, line);
                    batches.push(batch);
                }
            }
        }
        batches
    }

    /// The place of its first line.
    pub(super) const fn first(&self) -> u64 {
        self.first
    }

    fn push(&mut self, head: &ChainHead, line: &[u8]) {
        // A line is shorter than what SQLite takes, 1 GB, or it is refused there.
        let number = |len: usize| u64::try_from(len).unwrap_or(u64::MAX);
        self.places.push((number(self.bytes.len()) << 32) | (number(line.len()) & u64::from(u32::MAX)));
        self.hashes.extend_from_slice(&head.hash);
        self.bytes.extend_from_slice(line);
    }

    pub(super) fn insert<'q>(self) -> Result<Statement<'q>> {
        Ok(sqlx::query(APPEND)
            .bind(count(self.first)?)
            .bind(self.hashes)
            .bind(self.bytes)
            .bind(json(&self.places)?))
    }
}

fn set<'q>(sql: &'static str, head: &ChainHead) -> Result<Statement<'q>> {
    Ok(sqlx::query(sql).bind(count(head.sequence)?).bind(head.hash.to_vec()))
}

/// The statement that moves the head.
pub(super) fn set_head<'q>(head: &ChainHead) -> Result<Statement<'q>> {
    set(SET_HEAD, head)
}

/// The statement that moves the anchor.
pub(super) fn set_anchor<'q>(anchor: &ChainHead) -> Result<Statement<'q>> {
    set(SET_ANCHOR, anchor)
}

fn user(address: &Address) -> Vec<u8> {
    address.as_bytes().to_vec()
}

/// The statement that writes a call.
pub(super) fn insert_call<'q>(call: &PendingCall) -> Statement<'q> {
    sqlx::query(INSERT_CALL)
        .bind(call.call.to_bytes().to_vec())
        .bind(call.request.to_bytes().to_vec())
        .bind(call.opened.unix_micros())
        .bind(call.until.unix_micros())
        .bind(call.user.as_ref().map(user))
        .bind(call.operation.as_str())
        .bind(call.tier.as_str())
        .bind(call.provider.clone())
        .bind(call.model.clone())
        .bind(i64::from(call.choice))
        .bind(i64::from(call.number))
        .bind(call.reserved.tokens.cast_signed())
        .bind(call.reserved.cost.picos().cast_signed())
}

/// A call from its row.
pub(super) fn call(row: &SqliteRow) -> Result<PendingCall> {
    let columns = Columns(row);
    let id = CallId::from_bytes(columns.bytes("call")?);
    let wrong = |column: &'static str| {
        Error::new(ErrorKind::Unexpected, "a stored value is malformed").with_context("column", column)
    };
    let read = || {
        let mut call = PendingCall::new(
            (id, RequestId::from_bytes(columns.bytes("request")?)),
            (columns.time("opened")?, columns.time("until")?),
            (
                OperationKind::from_name(columns.get("operation")?).ok_or_else(|| wrong("operation"))?,
                Tier::from_name(columns.get("tier")?).ok_or_else(|| wrong("tier"))?,
            ),
            columns.get::<String>("provider")?,
            columns.get::<String>("model")?,
        );
        call.user = columns.optional_bytes("user")?.map(Address::from_bytes);
        call.choice = u16::try_from(columns.count("choice")?).map_err(|_| wrong("choice"))?;
        call.number = u32::try_from(columns.count("number")?).map_err(|_| wrong("number"))?;
        call.reserved = spent(&columns, "reserved_tokens", "reserved_cost")?;
        Ok(call)
    };
    read().map_err(|err| damaged("call", id, err))
}

/// Whose call it was, and of which day.
pub(super) fn payer(row: &SqliteRow) -> Result<Option<(Address, Day)>> {
    let columns = Columns(row);
    let day = Day::of(columns.time("opened")?);
    Ok(columns.optional_bytes("user")?.map(|user| (Address::from_bytes(user), day)))
}

fn spent(columns: &Columns<'_>, tokens: &'static str, cost: &'static str) -> Result<Spent> {
    let (tokens, cost) = (columns.get::<i64>(tokens)?, columns.get::<i64>(cost)?);
    Ok(Spent::new(tokens.cast_unsigned(), Usd::from_picos(cost.cast_unsigned())))
}

/// The sum over rows of tokens and costs.
pub(super) fn sum<'a>(rows: impl IntoIterator<Item = &'a SqliteRow>) -> Result<Spent> {
    rows.into_iter().try_fold(Spent::default(), |sum, row| {
        Ok(sum.saturating_add(spent(&Columns(row), "tokens", "cost")?))
    })
}

/// The statement for what a user's day has used.
pub(super) fn used<'q>(address: &Address, day: Day) -> Statement<'q> {
    sqlx::query(USED).bind(user(address)).bind(i64::from(day.unix_days()))
}

/// The statement for what a user's day has used, and what it has reserved.
pub(super) fn used_and_reserved<'q>(address: &Address, day: Day) -> Statement<'q> {
    sqlx::query(SPENT)
        .bind(user(address))
        .bind(i64::from(day.unix_days()))
        .bind(day.start().unix_micros())
        .bind(day.next_start().unix_micros())
}

/// The statement that writes what a user's day has used.
pub(super) fn set_used<'q>(address: &Address, day: Day, used: Spent) -> Statement<'q> {
    sqlx::query(SET_USED)
        .bind(user(address))
        .bind(i64::from(day.unix_days()))
        .bind(used.tokens.cast_signed())
        .bind(used.cost.picos().cast_signed())
}
