//! [`SqliteAiReports`]: usage of models, and which of their outputs were taken.

use std::sync::Arc;

use async_trait::async_trait;
use lore_core::{
    Address, Error, Result,
    ai::stats::{Acceptance, AcceptanceKey, AcceptanceRow, Days, Rating, UsageRow, UsageTotals},
    domain::page::Page,
    port::ai_reports::{AcceptedContent, AcceptedQuery, ReportRefusal, UsageBatch, UsageReports},
    time::Day,
};

use super::{
    ai_report_rows::{
        COUNTED, OF_USER, UNIQUE_USERS, accepted, accepted_count, accepted_of, count_accepted, counts_of,
        insert_accepted, list_accepted, move_cursor, of_days, put_counts, put_totals, rate, rows_of, totals,
        totals_of, usage,
    },
    connection::{Readers, Statement, Write, Writer},
    error::{During, database, is_taken},
    values::Columns,
};

/// A [`UsageReports`] and [`AcceptedContent`] in the file of a [`SqliteRepository`](super::SqliteRepository), whose
/// connections it shares.
///
/// A batch is one transaction, so the counters and the cursor never part.
///
/// # Cancellation
/// A write that is dropped has happened as a whole or not at all, and the next one works.
#[derive(Clone, Debug)]
pub struct SqliteAiReports {
    readers: Arc<Readers>,
    writer: Arc<Writer>,
}

impl SqliteAiReports {
    pub(super) const fn new(readers: Arc<Readers>, writer: Arc<Writer>) -> Self {
        Self { readers, writer }
    }
}

async fn run(write: &mut Write<'_>, statement: Statement<'_>) -> Result<u64> {
    write.execute(statement).await.map_err(|err| database(err, During::Statement))
}

async fn add(write: &mut Write<'_>, expected: u64, batch: &UsageBatch) -> Result<()> {
    let rows = write.rows(sqlx::query(COUNTED)).await?;
    let stored = rows.first().map(|row| Columns(row).count("through")).transpose()?.unwrap_or(0);
    batch.check(expected, stored)?;
    for (key, more) in batch.delta.rows() {
        let rows = write.rows(counts_of(key)).await?;
        let found = rows.first();
        let mut counts = found.map(usage).transpose()?.map(|row| row.counts).unwrap_or_default();
        counts.merge(more);
        let pk = found.map(|row| Columns(row).get("pk")).transpose()?;
        run(write, put_counts(pk, key, &counts)?).await?;
    }
    for (day, user, more) in batch.delta.users() {
        let rows = write.rows(totals_of(day, &user)).await?;
        let mut sum = rows.first().map(totals).transpose()?.unwrap_or_default();
        sum.merge(more);
        run(write, put_totals(day, &user, &sum)?).await?;
    }
    run(write, move_cursor(batch.through)?).await.map(|_| ())
}

async fn put(write: &mut Write<'_>, accepted: &Acceptance) -> Result<()> {
    match write.execute(insert_accepted(accepted)?).await {
        Ok(_) => Ok(()),
        Err(err) if is_taken(&err) => Err(ReportRefusal::Accepted(accepted.key()).into()),
        Err(err) => Err(database(err, During::Statement)),
    }
}

async fn set_rating(write: &mut Write<'_>, key: &AcceptanceKey, rating: Option<Rating>) -> Result<()> {
    match run(write, rate(key, rating)).await? {
        0 => Err(ReportRefusal::NotAccepted(*key).into()),
        _ => Ok(()),
    }
}

#[async_trait]
impl UsageReports for SqliteAiReports {
    fn name(&self) -> &str {
        "sqlite"
    }

    async fn counted_through(&self) -> Result<u64> {
        let rows = self.readers.rows(sqlx::query(COUNTED)).await;
        rows.and_then(|rows| rows.first().map(|row| Columns(row).count("through")).transpose())
            .map(Option::unwrap_or_default)
            .map_err(|err| err.with_op("counted_through"))
    }

    async fn add_usage(&self, expected: u64, batch: &UsageBatch) -> Result<()> {
        let op = |err: Error| err.with_op("add_usage");
        let mut write = self.writer.begin().await.map_err(op)?;
        let added = add(&mut write, expected, batch).await;
        write.finish(added).await.map_err(op)
    }

    async fn usage_of_day(&self, day: Day) -> Result<Vec<UsageRow>> {
        let op = |err: Error| err.with_op("usage_of_day");
        let rows = self.readers.rows(rows_of(day)).await.map_err(op)?;
        let mut rows = rows.iter().map(usage).collect::<Result<Vec<_>>>().map_err(op)?;
        rows.sort_by(|one, other| one.key.cmp(&other.key));
        Ok(rows)
    }

    async fn unique_users(&self, days: Days) -> Result<u64> {
        let rows = self.readers.rows(of_days(UNIQUE_USERS, days)).await;
        rows.and_then(|rows| rows.first().map(|row| Columns(row).count("users")).transpose())
            .map(Option::unwrap_or_default)
            .map_err(|err| err.with_op("unique_users"))
    }

    async fn usage_of_user(&self, user: &Address, days: Days) -> Result<UsageTotals> {
        let op = |err: Error| err.with_op("usage_of_user");
        let statement = of_days(OF_USER, days).bind(user.as_bytes().to_vec());
        let mut sum = UsageTotals::default();
        for row in self.readers.rows(statement).await.map_err(op)? {
            sum.merge(&totals(&row).map_err(op)?);
        }
        Ok(sum)
    }
}

#[async_trait]
impl AcceptedContent for SqliteAiReports {
    async fn put_accepted(&self, accepted: &Acceptance) -> Result<()> {
        let op = |err: Error| err.with_op("put_accepted");
        let mut write = self.writer.begin().await.map_err(op)?;
        let done = put(&mut write, accepted).await;
        write.finish(done).await.map_err(op)
    }

    async fn rate_accepted(&self, key: &AcceptanceKey, rating: Option<Rating>) -> Result<()> {
        let op = |err: Error| err.with_op("rate_accepted");
        let mut write = self.writer.begin().await.map_err(op)?;
        let done = set_rating(&mut write, key, rating).await;
        write.finish(done).await.map_err(op)
    }

    async fn accepted(&self, key: &AcceptanceKey) -> Result<Option<Acceptance>> {
        let rows = self.readers.rows(accepted_of(key)).await;
        rows.and_then(|rows| rows.first().map(accepted).transpose()).map_err(|err| err.with_op("accepted"))
    }

    async fn list_accepted(&self, query: &AcceptedQuery) -> Result<Page<Acceptance>> {
        let op = |err: Error| err.with_op("list_accepted");
        let below = query.position().map_err(op)?;
        let rows = self.readers.rows(list_accepted(query, below).map_err(op)?).await.map_err(op)?;
        let rows = rows.iter().map(accepted).collect::<Result<Vec<_>>>().map_err(op)?;
        Page::from_rows(rows, query.limit, |last| query.cursor_after(last)).map_err(op)
    }

    async fn count_accepted(&self, days: Days) -> Result<Vec<AcceptanceRow>> {
        let op = |err: Error| err.with_op("count_accepted");
        let rows = self.readers.rows(count_accepted(days)).await.map_err(op)?;
        let mut rows = rows.iter().map(accepted_count).collect::<Result<Vec<_>>>().map_err(op)?;
        rows.sort_by(|one, other| (one.operation, &one.model).cmp(&(other.operation, &other.model)));
        Ok(rows)
    }
}
