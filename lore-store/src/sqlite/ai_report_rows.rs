//! Usage and accepted outputs as rows, and the statements behind them.

use lore_core::{
    Address, AssetId, Error, Result,
    ai::{
        OperationKind, Tier,
        stats::{
            Acceptance, AcceptanceKey, AcceptanceRow, Days, Hour, Rating, UsageCounts, UsageKey, UsageRow,
            UsageTotals,
        },
    },
    ids::RequestId,
    port::ai_reports::{AcceptedBy, AcceptedPosition, AcceptedQuery},
    time::Day,
};
use sqlx::sqlite::SqliteRow;

use super::{
    connection::Statement,
    list::{Argument, Builder, statement},
    values::{Columns, count, damaged, json, malformed},
};

macro_rules! accepted_columns {
    () => {
        "asset, request, taken, is_edited, rating, user, operation, model, answered_at, accepted_at"
    };
}

pub(super) const COUNTED: &str = "SELECT through FROM lore_ai_counted";
const MOVE: &str = "UPDATE lore_ai_counted SET through = ?1";
pub(super) const COUNTS: &str = "SELECT pk, hour, operation, tier, model, counts FROM lore_ai_usage \
     WHERE hour = ?1 AND operation = ?2 AND tier = ?3 AND model IS ?4";
const INSERT_COUNTS: &str =
    "INSERT INTO lore_ai_usage (hour, operation, tier, model, counts) VALUES (?1, ?2, ?3, ?4, ?5)";
const UPDATE_COUNTS: &str = "UPDATE lore_ai_usage SET counts = ?1 WHERE pk = ?2";
pub(super) const ROWS: &str = "SELECT hour, operation, tier, model, counts FROM lore_ai_usage \
     WHERE hour BETWEEN ?1 AND ?2";
pub(super) const TOTALS: &str = "SELECT day, totals FROM lore_ai_users WHERE day = ?1 AND user = ?2";
const PUT_TOTALS: &str = "INSERT INTO lore_ai_users (day, user, has_asked, totals) VALUES (?1, ?2, ?3, ?4) \
     ON CONFLICT (day, user) DO UPDATE SET has_asked = ?3, totals = ?4";
pub(super) const UNIQUE_USERS: &str = "SELECT count(DISTINCT user) AS users FROM lore_ai_users \
     WHERE day BETWEEN ?1 AND ?2 AND has_asked = 1";
pub(super) const OF_USER: &str = "SELECT day, totals FROM lore_ai_users \
     WHERE user = ?3 AND day BETWEEN ?1 AND ?2";
const INSERT_ACCEPTED: &str = "INSERT INTO lore_ai_accepted (asset, kind, request, taken, is_edited, rating, \
     user, operation, model, answered_at, accepted_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
const ACCEPTED: &str = concat!(
    "SELECT ",
    accepted_columns!(),
    " FROM lore_ai_accepted WHERE asset = ?1 AND kind = ?2 AND request = ?3"
);
const RATE: &str = "UPDATE lore_ai_accepted SET rating = ?4 WHERE asset = ?1 AND kind = ?2 AND request = ?3";
pub(super) const COUNT_ACCEPTED: &str = "SELECT operation, model, count(DISTINCT request) AS requests, \
     count(*) AS taken, sum(is_edited) AS edited, count(rating) AS rated, coalesce(sum(rating), 0) AS stars \
     FROM lore_ai_accepted WHERE answered_at >= ?1 AND answered_at < ?2 GROUP BY operation, model";

/// The statement that moves the cursor.
pub(super) fn move_cursor<'q>(through: u64) -> Result<Statement<'q>> {
    Ok(sqlx::query(MOVE).bind(count(through)?))
}

fn of_key<'q>(sql: &'static str, key: &UsageKey) -> Statement<'q> {
    sqlx::query(sql)
        .bind(i64::from(key.hour.unix_hours()))
        .bind(key.operation.as_str())
        .bind(key.tier.as_str())
        .bind(key.model.clone())
}

/// The statement for the row that has this key, if there is one.
pub(super) fn counts_of<'q>(key: &UsageKey) -> Statement<'q> {
    of_key(COUNTS, key)
}

/// The statement that writes a row's counters: over those of the row that was found, or as a new one.
pub(super) fn put_counts<'q>(pk: Option<i64>, key: &UsageKey, counts: &UsageCounts) -> Result<Statement<'q>> {
    let counts = json(counts)?;
    Ok(match pk {
        Some(pk) => sqlx::query(UPDATE_COUNTS).bind(counts).bind(pk),
        None => of_key(INSERT_COUNTS, key).bind(counts),
    })
}

/// A statement about days; binds its first two arguments.
pub(super) fn of_days<'q>(sql: &'static str, days: Days) -> Statement<'q> {
    let day = |day: Day| i64::from(day.unix_days());
    sqlx::query(sql).bind(day(days.first())).bind(day(days.last()))
}

/// The statement for the rows of a day.
pub(super) fn rows_of<'q>(day: Day) -> Statement<'q> {
    let (first, last) = Hour::range_of(day);
    sqlx::query(ROWS).bind(i64::from(first.unix_hours())).bind(i64::from(last.unix_hours()))
}

/// The statement for what a user did on a day.
pub(super) fn totals_of<'q>(day: Day, user: &Address) -> Statement<'q> {
    sqlx::query(TOTALS).bind(i64::from(day.unix_days())).bind(user.as_bytes().to_vec())
}

/// The statement that writes what a user did on a day.
pub(super) fn put_totals<'q>(day: Day, user: &Address, totals: &UsageTotals) -> Result<Statement<'q>> {
    Ok(sqlx::query(PUT_TOTALS)
        .bind(i64::from(day.unix_days()))
        .bind(user.as_bytes().to_vec())
        .bind(totals.requests > 0)
        .bind(json(totals)?))
}

fn operation(columns: &Columns<'_>) -> Result<OperationKind> {
    let name: &str = columns.get("operation")?;
    OperationKind::from_name(name).ok_or_else(|| malformed("operation", "a known name"))
}

/// A usage row from its row.
pub(super) fn usage(row: &SqliteRow) -> Result<UsageRow> {
    let columns = Columns(row);
    let hour = columns.count("hour")?;
    let read = || {
        let tier: &str = columns.get("tier")?;
        let key = UsageKey::new(
            u32::try_from(hour).map_or_else(|_| Err(malformed("hour", "an hour")), Hour::from_unix_hours)?,
            operation(&columns)?,
            Tier::from_name(tier).ok_or_else(|| malformed("tier", "a known name"))?,
            columns.get("model")?,
        );
        Ok(UsageRow::new(key, columns.json("counts")?))
    };
    read().map_err(|err| damaged("hour", hour, err))
}

/// What a user did on a day, from its row.
pub(super) fn totals(row: &SqliteRow) -> Result<UsageTotals> {
    let columns = Columns(row);
    let day = columns.count("day")?;
    columns.json("totals").map_err(|err| damaged("day", day, err))
}

fn of_accepted<'q>(sql: &'static str, key: &AcceptanceKey) -> Statement<'q> {
    sqlx::query(sql)
        .bind(key.asset.to_bytes().to_vec())
        .bind(key.kind.as_str())
        .bind(key.request.to_bytes().to_vec())
}

/// The statement for an accepted output.
pub(super) fn accepted_of<'q>(key: &AcceptanceKey) -> Statement<'q> {
    of_accepted(ACCEPTED, key)
}

/// The statement that rates an accepted output.
pub(super) fn rate<'q>(key: &AcceptanceKey, rating: Option<Rating>) -> Statement<'q> {
    of_accepted(RATE, key).bind(rating.map(Rating::stars))
}

/// The statement that writes an accepted output.
pub(super) fn insert_accepted<'q>(accepted: &Acceptance) -> Result<Statement<'q>> {
    Ok(of_accepted(INSERT_ACCEPTED, &accepted.key())
        .bind(json(&accepted.taken)?)
        .bind(accepted.is_edited)
        .bind(accepted.rating.map(Rating::stars))
        .bind(accepted.user.as_bytes().to_vec())
        .bind(accepted.operation.as_str())
        .bind(accepted.model.clone())
        .bind(accepted.answered_at.unix_micros())
        .bind(accepted.accepted_at.unix_micros()))
}

/// An accepted output from its row.
pub(super) fn accepted(row: &SqliteRow) -> Result<Acceptance> {
    let columns = Columns(row);
    let request = RequestId::from_bytes(columns.bytes("request")?);
    let read = || {
        let mut accepted = Acceptance::new(
            (AssetId::from_bytes(columns.bytes("asset")?), request),
            columns.json("taken")?,
            Address::from_bytes(columns.bytes("user")?),
            (operation(&columns)?, columns.get("model")?),
            (columns.time("answered_at")?, columns.time("accepted_at")?),
        );
        accepted.is_edited = columns.get("is_edited")?;
        let rating: Option<u8> = columns.get("rating")?;
        accepted.rating = rating.map(Rating::new).transpose()?;
        Ok(accepted)
    };
    read().map_err(|err: Error| damaged("request", request, err))
}

/// The statement for what was taken of the answers of some days.
pub(super) fn count_accepted<'q>(days: Days) -> Statement<'q> {
    sqlx::query(COUNT_ACCEPTED)
        .bind(days.first().start().unix_micros())
        .bind(days.last().next_start().unix_micros())
}

/// A count of accepted outputs from its row.
pub(super) fn accepted_count(row: &SqliteRow) -> Result<AcceptanceRow> {
    let columns = Columns(row);
    let mut counted = AcceptanceRow::new(operation(&columns)?, columns.get("model")?);
    counted.requests = columns.count("requests")?;
    counted.taken = columns.count("taken")?;
    counted.edited = columns.count("edited")?;
    counted.rated = columns.count("rated")?;
    counted.stars = columns.count("stars")?;
    Ok(counted)
}

/// The statement for a page of accepted outputs.
pub(super) fn list_accepted<'q>(
    query: &AcceptedQuery,
    below: Option<AcceptedPosition>,
) -> Result<Statement<'q>> {
    list_accepted_sql(query, below).map(statement)
}

pub(super) fn list_accepted_sql(
    query: &AcceptedQuery,
    below: Option<AcceptedPosition>,
) -> Result<(String, Vec<Argument>)> {
    let mut builder = Builder::default();
    match query.by {
        AcceptedBy::Asset(asset) => builder.equal("asset", Argument::Blob(asset.to_bytes().to_vec())),
        AcceptedBy::Request(request) => builder.equal("request", Argument::Blob(request.to_bytes().to_vec())),
        AcceptedBy::User(user) => builder.equal("user", Argument::Blob(user.as_bytes().to_vec())),
        _ => return Err(malformed("by", "a filter that this store knows")),
    }
    if let Some(below) = below {
        let at = builder.argument(Argument::Int(below.accepted_at.unix_micros()));
        let asset = builder.argument(Argument::Blob(below.asset.to_bytes().to_vec()));
        let kind = builder.argument(Argument::Text(below.kind.as_str().to_owned()));
        let request = builder.argument(Argument::Blob(below.request.to_bytes().to_vec()));
        let position = format!("({at}, {asset}, {kind}, {request})");
        builder.conditions.push(format!("(accepted_at, asset, kind, request) < {position}"));
    }
    let select = concat!("SELECT ", accepted_columns!(), " FROM lore_ai_accepted");
    let order = "accepted_at DESC, asset DESC, kind DESC, request DESC";
    Ok(builder.into_sql(select, &[], order, query.limit))
}
