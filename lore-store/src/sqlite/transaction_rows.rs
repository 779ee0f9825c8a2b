//! Signed transactions as rows.

use lore_core::{
    Address, Error, ErrorKind, Result, TxHash, Wei,
    port::transactions::{
        AttemptKind, Inclusion, LaneId, OperationKey, SignedAttempt, StoredCall, StoredTransaction,
        TransactionState,
    },
};
use sqlx::sqlite::SqliteRow;

use super::{
    connection::Statement,
    values::{Columns, count, damaged},
};

/// One row for each attempt of a transaction.
macro_rules! transaction_columns {
    () => {
        "nonce, operation_key, call_to, call_value, call_data, gas_limit, summary, \
         state, mined_hash, block_number, block_hash, \
         hash, kind, raw, max_fee_per_gas, max_priority_fee_per_gas, signed_at"
    };
}

pub(super) const OPEN: &str = concat!(
    "SELECT ",
    transaction_columns!(),
    " FROM lore_lanes AS l CROSS JOIN lore_transactions AS t ON t.lane = l.pk \
     CROSS JOIN lore_attempts AS a ON a.tx = t.pk \
     WHERE chain_id = ?1 AND signer = ?2 AND state = 'open' ORDER BY nonce, seq"
);

pub(super) const BY_KEY: &str = concat!(
    "SELECT ",
    transaction_columns!(),
    " FROM lore_transactions AS t CROSS JOIN lore_attempts AS a ON a.tx = t.pk \
     WHERE t.pk = (SELECT newest.pk FROM lore_lanes AS l CROSS JOIN lore_transactions AS newest \
         ON newest.lane = l.pk WHERE chain_id = ?1 AND signer = ?2 AND newest.operation_key = ?3 \
         ORDER BY newest.nonce DESC LIMIT 1) ORDER BY seq"
);

pub(super) const NEXT_NONCE: &str = "SELECT max(nonce) AS highest FROM lore_transactions \
     WHERE lane = (SELECT pk FROM lore_lanes WHERE chain_id = ?1 AND signer = ?2)";

/// A statement about a lane; binds its first two arguments.
pub(super) fn of_lane<'q>(sql: &'static str, lane: &LaneId) -> Statement<'q> {
    sqlx::query(sql).bind(lane.chain_id.get().cast_signed()).bind(lane.signer.as_bytes().to_vec())
}

const INSERT: &str = "INSERT INTO lore_transactions \
     (lane, nonce, operation_key, call_to, call_value, call_data, gas_limit, summary, state) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'open') RETURNING pk";

/// The statement that writes a transaction without its attempts, and gives its key.
pub(super) fn insert_transaction<'q>(lane: i64, transaction: &StoredTransaction) -> Result<Statement<'q>> {
    let call = &transaction.call;
    Ok(sqlx::query(INSERT)
        .bind(lane)
        .bind(count(transaction.nonce)?)
        .bind(transaction.key.as_str().to_owned())
        .bind(call.to.as_bytes().to_vec())
        .bind(call.value.to_be_bytes().to_vec())
        .bind(call.data.clone())
        .bind(call.gas_limit.cast_signed())
        .bind(call.summary.clone()))
}

const INSERT_ATTEMPT: &str = "INSERT INTO lore_attempts \
     (tx, seq, hash, kind, raw, max_fee_per_gas, max_priority_fee_per_gas, signed_at) \
     VALUES (?1, (SELECT coalesce(max(seq), 0) + 1 FROM lore_attempts WHERE tx = ?1), ?2, ?3, ?4, ?5, ?6, ?7) \
     ON CONFLICT (tx, hash) DO NOTHING";

/// The statement that writes an attempt after those of its transaction, unless it is there.
pub(super) fn insert_attempt<'q>(transaction: i64, attempt: &SignedAttempt) -> Result<Statement<'q>> {
    Ok(sqlx::query(INSERT_ATTEMPT)
        .bind(transaction)
        .bind(attempt.hash.as_bytes().to_vec())
        .bind(kind_name(attempt.kind)?)
        .bind(attempt.raw.clone())
        .bind(attempt.max_fee_per_gas.to_be_bytes().to_vec())
        .bind(attempt.max_priority_fee_per_gas.to_be_bytes().to_vec())
        .bind(attempt.signed_at.unix_micros()))
}

const SETTLE: &str = "UPDATE lore_transactions \
     SET state = ?2, mined_hash = ?3, block_number = ?4, block_hash = ?5 WHERE pk = ?1";

/// The statement that sets a state.
pub(super) fn settle<'q>(transaction: i64, state: &TransactionState) -> Result<Statement<'q>> {
    let (name, mined) = state_columns(state)?;
    Ok(sqlx::query(SETTLE)
        .bind(transaction)
        .bind(name)
        .bind(mined.map(|mined| mined.tx_hash.as_bytes().to_vec()))
        .bind(mined.map(|mined| mined.block_number.cast_signed()))
        .bind(mined.map(|mined| mined.block_hash.to_vec())))
}

fn newer(what: &'static str) -> Error {
    Error::new(ErrorKind::Unsupported, "the store does not know this value").with_context("value", what)
}

fn kind_name(kind: AttemptKind) -> Result<&'static str> {
    match kind {
        AttemptKind::Call => Ok("call"),
        AttemptKind::Cancel => Ok("cancel"),
        _ => Err(newer("attempt_kind")),
    }
}

fn kind(columns: &Columns<'_>) -> Result<AttemptKind> {
    match columns.get("kind")? {
        "call" => Ok(AttemptKind::Call),
        "cancel" => Ok(AttemptKind::Cancel),
        name => Err(unknown("kind", name)),
    }
}

fn unknown(column: &'static str, name: &str) -> Error {
    Error::new(ErrorKind::Unexpected, "an unknown name is stored").with_context(column, name)
}

fn state_columns(state: &TransactionState) -> Result<(&'static str, Option<&Inclusion>)> {
    match state {
        TransactionState::Open => Ok(("open", None)),
        TransactionState::Succeeded(mined) => Ok(("succeeded", Some(mined))),
        TransactionState::Reverted(mined) => Ok(("reverted", Some(mined))),
        TransactionState::Cancelled(mined) => Ok(("cancelled", Some(mined))),
        TransactionState::Displaced => Ok(("displaced", None)),
        _ => Err(newer("transaction_state")),
    }
}

/// The state of a transaction from its row.
pub(super) fn state(row: &SqliteRow) -> Result<TransactionState> {
    let columns = Columns(row);
    let mined = || {
        Ok::<_, Error>(Inclusion::new(
            TxHash::from_bytes(columns.bytes("mined_hash")?),
            columns.get::<i64>("block_number")?.cast_unsigned(),
            columns.bytes("block_hash")?,
        ))
    };
    match columns.get("state")? {
        "open" => Ok(TransactionState::Open),
        "succeeded" => mined().map(TransactionState::Succeeded),
        "reverted" => mined().map(TransactionState::Reverted),
        "cancelled" => mined().map(TransactionState::Cancelled),
        "displaced" => Ok(TransactionState::Displaced),
        name => Err(unknown("state", name)),
    }
}

/// Transactions from the rows of their attempts, which follow one another.
pub(super) fn transactions(lane: &LaneId, rows: &[SqliteRow]) -> Result<Vec<StoredTransaction>> {
    let mut found: Vec<StoredTransaction> = Vec::new();
    for row in rows {
        let columns = Columns(row);
        let nonce = columns.count("nonce")?;
        let mut read = || {
            let attempt = attempt(&columns)?;
            match found.last_mut().filter(|last| last.nonce == nonce) {
                Some(last) => last.attempts.push(attempt),
                None => found.push(transaction(*lane, nonce, row, attempt)?),
            }
            Ok(())
        };
        read().map_err(|err| damaged("lane", lane, err).with_context("nonce", nonce))?;
    }
    Ok(found)
}

fn transaction(
    lane: LaneId,
    nonce: u64,
    row: &SqliteRow,
    attempt: SignedAttempt,
) -> Result<StoredTransaction> {
    let columns = Columns(row);
    let call = StoredCall::new(
        Address::from_bytes(columns.bytes("call_to")?),
        Wei::from_be_bytes(columns.bytes("call_value")?),
        columns.get("call_data")?,
        columns.get::<i64>("gas_limit")?.cast_unsigned(),
        columns.get::<String>("summary")?,
    );
    let key = OperationKey::new(columns.get::<String>("operation_key")?)?;
    let mut transaction = StoredTransaction::new(lane, nonce, key, call, attempt);
    transaction.state = state(row)?;
    Ok(transaction)
}

fn attempt(columns: &Columns<'_>) -> Result<SignedAttempt> {
    Ok(SignedAttempt::new(
        TxHash::from_bytes(columns.bytes("hash")?),
        kind(columns)?,
        columns.get("raw")?,
        (
            u128::from_be_bytes(columns.bytes("max_fee_per_gas")?),
            u128::from_be_bytes(columns.bytes("max_priority_fee_per_gas")?),
        ),
        columns.time("signed_at")?,
    ))
}
