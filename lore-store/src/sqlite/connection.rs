//! The lanes to the file: one that writes, a few that read.
//!
//! sqlx gives every connection a thread of its own and sends it statements. Its pool is not used: it pings the thread for
//! every read and starts a task to take a connection back. Here an idle connection lies in a list, and one that was in use
//! when its call was dropped or failed is closed instead of being mended: a close rolls back, whatever was under way.

use std::{
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use lore_core::{Error, ErrorKind, Result, Retry};
use sqlx::{
    ConnectOptions, Connection, Sqlite, SqliteConnection,
    query::Query,
    sqlite::{SqliteArguments, SqliteConnectOptions, SqliteRow, SqliteSynchronous},
};
use tokio::sync::{Mutex as AsyncMutex, MutexGuard as AsyncMutexGuard, Semaphore};

use super::{
    config::SqliteConfig,
    error::{During, database, is_busy},
};

/// A statement with its arguments.
pub(super) type Statement<'q> = Query<'q, Sqlite, SqliteArguments>;

/// Most bytes of the write-ahead log that stay on disk after a checkpoint.
const LOG_BYTES: &str = "67108864";

/// How to open the file.
#[derive(Clone, Debug)]
pub(super) struct Opener {
    path: PathBuf,
    base: SqliteConnectOptions,
}

impl Opener {
    pub(super) fn new(config: &SqliteConfig) -> Result<Self> {
        let path = config.file()?;
        let base = SqliteConnectOptions::new()
            .filename(&path)
            .busy_timeout(config.busy_timeout)
            .pragma("cache_size", format!("-{}", config.cache_bytes >> 10))
            .pragma("temp_store", "MEMORY")
            // The trace layer tells what Lore does; a log line per statement would only cost time.
            .disable_statement_logging();
        Ok(Self { path, base })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Opens the file for writing. Only the very first connection may make it: one that vanished must not come back empty.
    pub(super) async fn writer(&self, create: bool) -> Result<SqliteConnection> {
        let options = self
            .base
            .clone()
            .create_if_missing(create)
            .foreign_keys(true)
            // A creation's intent must survive a power cut before its effect starts, so that no effect is ever unknown:
            // NORMAL would keep the file whole but might lose the last commits.
            .synchronous(SqliteSynchronous::Full)
            .pragma("journal_size_limit", LOG_BYTES);
        self.open(&options).await
    }

    async fn reader(&self) -> Result<SqliteConnection> {
        self.open(&self.base.clone().read_only(true)).await
    }

    async fn open(&self, options: &SqliteConnectOptions) -> Result<SqliteConnection> {
        options
            .connect()
            .await
            .map_err(|err| database(err, During::Statement).with_context("path", self.path.display()))
    }
}

fn closed() -> Error {
    Error::new(ErrorKind::Unavailable, "the repository was closed").with_retry(Retry::Never)
}

/// Connections that only read.
#[derive(Debug)]
pub(super) struct Readers {
    opener: Opener,
    permits: Semaphore,
    /// The one used last is the first to be used again: its cache is warm.
    idle: Mutex<Vec<SqliteConnection>>,
}

impl Readers {
    pub(super) fn new(opener: Opener, connections: usize) -> Self {
        Self { opener, permits: Semaphore::new(connections), idle: Mutex::new(Vec::new()) }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<SqliteConnection>> {
        // A list of idle connections is whole after any single push or pop.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All rows of one statement, which sees one moment of the database.
    pub(super) async fn rows(&self, statement: Statement<'_>) -> Result<Vec<SqliteRow>> {
        let _permit = self.permits.acquire().await.map_err(|_| closed())?;
        let idle = self.idle().pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None => self.opener.reader().await?,
        };
        let rows =
            statement.fetch_all(&mut connection).await.map_err(|err| database(err, During::Statement))?;
        self.idle().push(connection);
        Ok(rows)
    }

    /// Waits for the reads under way and closes all connections.
    pub(super) async fn close(&self, connections: usize) -> Result<()> {
        let all = u32::try_from(connections).unwrap_or(u32::MAX);
        // Closed before: nothing is left to do.
        let Ok(permits) = self.permits.acquire_many(all).await else { return Ok(()) };
        self.permits.close();
        drop(permits);
        let idle = std::mem::take(&mut *self.idle());
        for connection in idle {
            connection.close().await.map_err(|err| database(err, During::Statement))?;
        }
        Ok(())
    }
}

/// The connection that writes.
#[derive(Debug)]
pub(super) struct Writer {
    opener: Opener,
    lane: AsyncMutex<Lane>,
}

#[derive(Debug)]
enum Lane {
    /// Free to write.
    Idle(SqliteConnection),
    /// A write failed or was dropped, and its connection with it.
    Gone,
    Closed,
}

impl Writer {
    pub(super) fn new(opener: Opener, connection: SqliteConnection) -> Self {
        Self { opener, lane: AsyncMutex::new(Lane::Idle(connection)) }
    }

    /// One that refuses every write.
    pub(super) fn closed(opener: Opener) -> Self {
        Self { opener, lane: AsyncMutex::new(Lane::Closed) }
    }

    /// Waits for its turn, in the order of the calls, and begins a transaction that holds the file's write lock.
    pub(super) async fn begin(&self) -> Result<Write<'_>> {
        let mut lane = self.lane.lock().await;
        let mut connection = match std::mem::replace(&mut *lane, Lane::Gone) {
            Lane::Idle(connection) => connection,
            Lane::Gone => self.opener.writer(false).await?,
            Lane::Closed => {
                *lane = Lane::Closed;
                return Err(closed());
            }
        };
        // IMMEDIATE, since a transaction that starts with a read and writes later fails at once if another process wrote
        // between the two, however long the busy timeout is.
        if let Err(err) = run(&mut connection, "BEGIN IMMEDIATE").await {
            if is_busy(&err) {
                *lane = Lane::Idle(connection);
            }
            return Err(database(err, During::Statement));
        }
        Ok(Write { lane, connection })
    }

    pub(super) async fn close(&self) -> Result<()> {
        let mut lane = self.lane.lock().await;
        match std::mem::replace(&mut *lane, Lane::Closed) {
            Lane::Idle(connection) => {
                connection.close().await.map_err(|err| database(err, During::Statement))
            }
            Lane::Gone | Lane::Closed => Ok(()),
        }
    }
}

async fn run(connection: &mut SqliteConnection, sql: &'static str) -> Result<(), sqlx::Error> {
    sqlx::query(sql).execute(connection).await.map(|_| ())
}

/// A transaction under way. Dropped without [`commit`](Self::commit), it closes its connection, and nothing was written.
#[derive(Debug)]
pub(super) struct Write<'a> {
    lane: AsyncMutexGuard<'a, Lane>,
    connection: SqliteConnection,
}

impl Write<'_> {
    /// Runs a statement and says how many rows it changed.
    pub(super) async fn execute(&mut self, statement: Statement<'_>) -> Result<u64, sqlx::Error> {
        statement.execute(&mut self.connection).await.map(|done| done.rows_affected())
    }

    /// All rows of a statement.
    pub(super) async fn rows(&mut self, statement: Statement<'_>) -> Result<Vec<SqliteRow>> {
        statement.fetch_all(&mut self.connection).await.map_err(|err| database(err, During::Statement))
    }

    /// Makes the transaction durable, or undoes it after a refusal, and gives the connection back.
    pub(super) async fn finish<T>(mut self, result: Result<T>) -> Result<T> {
        if result.is_ok() {
            run(&mut self.connection, "COMMIT").await.map_err(|err| database(err, During::Commit))?;
        } else if run(&mut self.connection, "ROLLBACK").await.is_err() {
            // SQLite has rolled back by itself, as it does when the disk is full, or the connection is broken: it is
            // closed, and the refusal is what the caller wants to know.
            return result;
        }
        *self.lane = Lane::Idle(self.connection);
        result
    }
}
