//! [`SqliteAiLog`]: the audit log and the calls under way.

use std::sync::Arc;

use async_trait::async_trait;
use lore_core::{
    Address, Error, ErrorKind, Result, Timestamp,
    ai::{
        audit::{AuditEntry, ChainHead, LoggedEntry, canonical},
        budget_spent,
    },
    ids::{CallId, RequestId},
    port::{
        ai_log::{AuditLog, Budget, CallLedger, PendingCall, Spent},
        refusal::AiLogRefusal,
    },
    time::Day,
};
use sqlx::Row;

use super::{
    ai_rows::{
        Batch, CHAIN, DELETE_CALL, DROP_LINES, LINE, LINES, LINES_OF, OVERDUE, call, capped, chain,
        insert_call, line, payer, set_anchor, set_head, set_used, sum, unreadable, used, used_and_reserved,
    },
    config::SqliteConfig,
    connection::{Opener, Readers, Statement, Write, Writer},
    error::{During, database, is_taken},
    values::Columns,
};

/// An [`AuditLog`] and [`CallLedger`] in the file of a [`SqliteRepository`](super::SqliteRepository), whose connections it
/// shares.
///
/// A batch of lines is one transaction of a few statements, and on disk when its call returns. Processes that append at the
/// same time take turns, so there is one chain.
///
/// # Cancellation
/// What is dropped has been written as a whole or not at all.
#[derive(Clone, Debug)]
pub struct SqliteAiLog {
    readers: Arc<Readers>,
    writer: Arc<Writer>,
}

impl SqliteAiLog {
    pub(super) const fn new(readers: Arc<Readers>, writer: Arc<Writer>) -> Self {
        Self { readers, writer }
    }

    /// Opens the log of a file for reading only, for checking it: the file stays as it is, damaged or not. Writes are refused.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) if a setting is out of range, the file is not there, or it holds no log;
    /// [`IntegrityMismatch`](ErrorKind::IntegrityMismatch) if it is too damaged to be read at all.
    pub async fn open_read_only(config: SqliteConfig) -> Result<Self> {
        let open = async {
            config.check()?;
            let opener = Opener::new(&config)?;
            let readers = Readers::new(opener.clone(), config.read_connections);
            let log = Self::new(Arc::new(readers), Arc::new(Writer::closed(opener)));
            let known = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'lore_ai_chain'";
            if log.readers.rows(sqlx::query(known)).await?.is_empty() {
                return Err(Error::new(ErrorKind::Config, "the database holds no audit log"));
            }
            Ok(log)
        };
        open.await.map_err(|err: Error| {
            let has_path = err.context().iter().any(|(key, _)| *key == "path");
            let err = err.with_op("open_read_only");
            if has_path { err } else { err.with_context("path", config.path.display()) }
        })
    }

    /// What SQLite finds wrong with the whole file; nothing if it is sound. Reads all of it.
    ///
    /// The chain proves what the lines say; this is about the rest of the file, such as the index that lines are found by.
    ///
    /// # Errors
    /// As [`AuditLog::head`]; [`IntegrityMismatch`](ErrorKind::IntegrityMismatch) if not even that can be told.
    pub async fn file_faults(&self) -> Result<Vec<String>> {
        let rows = self.readers.rows(sqlx::query("PRAGMA integrity_check")).await?;
        let said = rows.iter().map(|row| row.try_get::<String, _>(0));
        let said = said.collect::<Result<Vec<_>, _>>().map_err(|err| database(err, During::Statement))?;
        Ok(said.into_iter().filter(|said| said != "ok").collect())
    }

    async fn chain(&self) -> Result<(ChainHead, ChainHead)> {
        chain(&self.readers.rows(sqlx::query(CHAIN)).await?)
    }

    /// The first line of a page that cannot be read as a whole.
    async fn first_unreadable(&self, after: u64, limit: u32, why: Error) -> Error {
        let (head, anchor) = match self.chain().await {
            Ok(ends) => ends,
            Err(err) => return err,
        };
        let first = after.max(anchor.sequence).saturating_add(1);
        let end = first.saturating_add(u64::from(limit)).min(head.sequence.saturating_add(1));
        for sequence in first..end {
            match self.readers.rows(sqlx::query(LINE).bind(capped(sequence))).await {
                Ok(rows) if !rows.is_empty() => {}
                // Not found where the page cannot be read is as bad as not read.
                Ok(_) | Err(_) => return unreadable(sequence).with_source(why),
            }
        }
        // Each can be read alone: it is the way from one to the next that is damaged.
        unreadable(first).with_source(why)
    }
}

async fn run(write: &mut Write<'_>, statement: Statement<'_>) -> Result<u64> {
    write.execute(statement).await.map_err(|err| database(err, During::Statement))
}

/// Bytes are made before the turn to write comes; only the hashes need to know what is before them.
fn encoded(entries: &[AuditEntry]) -> Vec<Vec<u8>> {
    entries.iter().map(canonical::encode).collect()
}

async fn append(write: &mut Write<'_>, lines: &[Vec<u8>]) -> Result<ChainHead> {
    let (mut head, _) = chain(&write.rows(sqlx::query(CHAIN)).await?)?;
    if lines.is_empty() {
        return Ok(head);
    }
    for batch in Batch::all(&mut head, lines) {
        // A line beyond the head is damage, which appending must not hide.
        let first = batch.first();
        write.execute(batch.insert()?).await.map_err(|err| {
            if is_taken(&err) { unreadable(first).with_source(err) } else { database(err, During::Statement) }
        })?;
    }
    run(write, set_head(&head)?).await?;
    Ok(head)
}

async fn drop_through(write: &mut Write<'_>, through: &ChainHead) -> Result<()> {
    let rows = write.rows(sqlx::query(LINE).bind(capped(through.sequence))).await?;
    if rows.first().map(line).transpose()?.is_none_or(|line| line.head != *through) {
        return Err(AiLogRefusal::NotALine(*through).into());
    }
    run(write, sqlx::query(DROP_LINES).bind(capped(through.sequence))).await?;
    run(write, set_anchor(through)?).await?;
    Ok(())
}

async fn open_call(write: &mut Write<'_>, call: &PendingCall, budget: &Budget) -> Result<()> {
    if let Some(user) = &call.user {
        let rows = write.rows(used_and_reserved(user, Day::of(call.opened))).await?;
        if let Some(refusal) = budget_spent(budget, sum(&rows)?, call.reserved, call.opened) {
            let is_open = is_open(write, &call.call).await?;
            return Err(if is_open { AiLogRefusal::CallOpen(call.call).into() } else { refusal });
        }
    }
    match write.execute(insert_call(call)).await {
        Ok(_) => Ok(()),
        Err(err) if is_taken(&err) => Err(AiLogRefusal::CallOpen(call.call).into()),
        Err(err) => Err(database(err, During::Statement)),
    }
}

async fn is_open(write: &mut Write<'_>, call: &CallId) -> Result<bool> {
    let known = sqlx::query("SELECT 1 FROM lore_ai_calls WHERE call = ?1").bind(call.to_bytes().to_vec());
    Ok(!write.rows(known).await?.is_empty())
}

async fn close_call(
    write: &mut Write<'_>,
    call: &CallId,
    settled: Spent,
    lines: &[Vec<u8>],
) -> Result<ChainHead> {
    let rows = write.rows(sqlx::query(DELETE_CALL).bind(call.to_bytes().to_vec())).await?;
    let row = rows.first().ok_or(AiLogRefusal::CallNotOpen(*call))?;
    if let Some((user, day)) = payer(row)? {
        let before = sum(&write.rows(used(&user, day)).await?)?;
        run(write, set_used(&user, day, before.saturating_add(settled))).await?;
    }
    append(write, lines).await
}

#[async_trait]
impl AuditLog for SqliteAiLog {
    async fn append(&self, entries: &[AuditEntry]) -> Result<ChainHead> {
        let op = |err: Error| err.with_op("append");
        let lines = encoded(entries);
        let mut write = self.writer.begin().await.map_err(op)?;
        let appended = append(&mut write, &lines).await;
        write.finish(appended).await.map_err(op)
    }

    async fn head(&self) -> Result<ChainHead> {
        self.chain().await.map(|(head, _)| head).map_err(|err| err.with_op("head"))
    }

    async fn anchor(&self) -> Result<ChainHead> {
        self.chain().await.map(|(_, anchor)| anchor).map_err(|err| err.with_op("anchor"))
    }

    async fn lines(&self, after: u64, limit: u32) -> Result<Vec<LoggedEntry>> {
        let page = sqlx::query(LINES).bind(capped(after)).bind(i64::from(limit));
        let lines = match self.readers.rows(page).await {
            Ok(rows) => rows.iter().map(line).collect(),
            Err(err) if err.kind() == ErrorKind::IntegrityMismatch => {
                Err(self.first_unreadable(after, limit, err).await)
            }
            Err(err) => Err(err),
        };
        lines.map_err(|err| err.with_op("lines"))
    }

    async fn lines_of(&self, request: &RequestId) -> Result<Vec<LoggedEntry>> {
        let found = self.readers.rows(sqlx::query(LINES_OF).bind(request.to_bytes().to_vec())).await;
        found.and_then(|rows| rows.iter().map(line).collect()).map_err(|err| err.with_op("lines_of"))
    }

    async fn drop_through(&self, through: &ChainHead) -> Result<()> {
        let op = |err: Error| err.with_op("drop_through");
        let mut write = self.writer.begin().await.map_err(op)?;
        let dropped = drop_through(&mut write, through).await;
        write.finish(dropped).await.map_err(op)
    }
}

#[async_trait]
impl CallLedger for SqliteAiLog {
    async fn open_call(&self, call: &PendingCall, budget: &Budget) -> Result<()> {
        let op = |err: Error| err.with_op("open_call");
        let mut write = self.writer.begin().await.map_err(op)?;
        let opened = open_call(&mut write, call, budget).await;
        write.finish(opened).await.map_err(op)
    }

    async fn close_call(&self, call: &CallId, used: Spent, entries: &[AuditEntry]) -> Result<ChainHead> {
        let op = |err: Error| err.with_op("close_call");
        let lines = encoded(entries);
        let mut write = self.writer.begin().await.map_err(op)?;
        let closed = close_call(&mut write, call, used, &lines).await;
        write.finish(closed).await.map_err(op)
    }

    async fn overdue_calls(&self, now: Timestamp, limit: u32) -> Result<Vec<PendingCall>> {
        let overdue = sqlx::query(OVERDUE).bind(now.unix_micros()).bind(i64::from(limit));
        let rows = self.readers.rows(overdue).await;
        rows.and_then(|rows| rows.iter().map(call).collect()).map_err(|err| err.with_op("overdue_calls"))
    }

    async fn spent(&self, user: &Address, day: Day) -> Result<(Spent, Spent)> {
        let read = async {
            let rows = self.readers.rows(used_and_reserved(user, day)).await?;
            let mut apart = (Vec::new(), Vec::new());
            for row in &rows {
                let side = if Columns(row).count("is_used")? == 1 { &mut apart.0 } else { &mut apart.1 };
                side.push(row);
            }
            Ok((sum(apart.0)?, sum(apart.1)?))
        };
        read.await.map_err(|err: Error| err.with_op("spent"))
    }
}
