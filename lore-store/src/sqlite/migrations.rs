//! The schema and how a file gets it.

use lore_core::{Error, ErrorKind, Result};
use sqlx::{
    Connection, Row, SqlSafeStr, SqliteConnection,
    migrate::{MigrateError, Migration, MigrationType, Migrator},
};

use super::{
    connection::Opener,
    error::{During, database, is_busy},
};

/// The table that says which migrations a file has; Lore's own, so that the file may hold other tables too.
const TABLE: &str = "lore_migrations";

/// Every migration: number, name, statements. What has been released is never changed.
const MIGRATIONS: [(i64, &str, &str); 5] = [
    (1, "records", include_str!("../../migrations/sqlite/0001_records.sql")),
    (2, "transactions", include_str!("../../migrations/sqlite/0002_transactions.sql")),
    (3, "events", include_str!("../../migrations/sqlite/0003_events.sql")),
    (4, "ai", include_str!("../../migrations/sqlite/0004_ai.sql")),
    (5, "ai_reports", include_str!("../../migrations/sqlite/0005_ai_reports.sql")),
];

/// How often to try to change the journal mode while others do the same.
const WAL_ATTEMPTS: usize = 64;

fn latest() -> i64 {
    MIGRATIONS.iter().map(|(version, ..)| *version).max().unwrap_or(0)
}

fn migrator() -> Migrator {
    let migrations = MIGRATIONS
        .iter()
        .map(|(version, name, sql)| {
            Migration::new(*version, (*name).into(), MigrationType::Simple, sql.into_sql_str(), false)
        })
        .collect();
    let mut migrator = Migrator::with_migrations(migrations);
    migrator.dangerous_set_table_name(TABLE);
    migrator
}

/// Opens the file for writing and brings it to this version's schema.
pub(super) async fn open(opener: &Opener) -> Result<SqliteConnection> {
    let mut connection = opener.writer(true).await?;
    let context = |err: Error| err.with_context("path", opener.path().display());
    // Before anything is changed: a newer file is left as it is.
    let version = stored_version(&mut connection).await.map_err(context)?;
    refuse_newer(version).map_err(context)?;
    use_write_ahead_log(&mut connection).await.map_err(context)?;
    if version < latest() {
        migrate(&mut connection).await.map_err(context)?;
    }
    Ok(connection)
}

/// The newest migration that the file has; 0 for none.
async fn stored_version(connection: &mut SqliteConnection) -> Result<i64> {
    let statement = |err| database(err, During::Statement);
    let known = sqlx::query("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'lore_migrations'")
        .fetch_all(&mut *connection)
        .await
        .map_err(statement)?;
    if known.is_empty() {
        return Ok(0);
    }
    let row = sqlx::query("SELECT coalesce(max(version), 0) FROM lore_migrations")
        .fetch_one(connection)
        .await
        .map_err(statement)?;
    row.try_get(0).map_err(statement)
}

fn refuse_newer(version: i64) -> Result<()> {
    if version <= latest() {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Config, "the database was written by a newer version of Lore")
        .with_context("database_version", version)
        .with_context("supported_version", latest()))
}

/// Turns the write-ahead log on, once in the life of a file.
async fn use_write_ahead_log(connection: &mut SqliteConnection) -> Result<()> {
    let mut last = None;
    for _ in 0..WAL_ATTEMPTS {
        // Asked first: a change needs the file alone, but finding that there is none to make does not.
        if journal_mode(connection, "PRAGMA journal_mode").await? == "wal" {
            return Ok(());
        }
        match sqlx::query("PRAGMA journal_mode = WAL").fetch_one(&mut *connection).await {
            Ok(row) => {
                let mode: String = row.try_get(0).map_err(|err| database(err, During::Statement))?;
                if mode == "wal" {
                    return Ok(());
                }
                return Err(Error::new(ErrorKind::Config, "the file system cannot hold a write-ahead log")
                    .with_context("journal_mode", mode));
            }
            // This change ignores the busy timeout. A transaction does not: it waits for whoever is at it.
            Err(err) if is_busy(&err) => {
                last = Some(database(err, During::Statement));
                for statement in ["BEGIN IMMEDIATE", "ROLLBACK"] {
                    sqlx::query(statement)
                        .execute(&mut *connection)
                        .await
                        .map_err(|err| database(err, During::Statement))?;
                }
            }
            Err(err) => return Err(database(err, During::Statement)),
        }
    }
    Err(last.unwrap_or_else(|| Error::new(ErrorKind::Unavailable, "the database is locked")))
}

async fn journal_mode(connection: &mut SqliteConnection, sql: &'static str) -> Result<String> {
    let row = sqlx::query(sql).fetch_one(connection).await.map_err(|err| database(err, During::Statement))?;
    row.try_get(0).map_err(|err| database(err, During::Statement))
}

/// Applies what is missing, in one transaction: several processes may come at the same time.
async fn migrate(connection: &mut SqliteConnection) -> Result<()> {
    let statement = |err| database(err, During::Statement);
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(statement)?;
    refuse_newer(stored_version(&mut transaction).await?)?;
    migrator().run(&mut *transaction).await.map_err(migration_failed)?;
    // A lost answer does no harm here: the next connection looks again.
    transaction.commit().await.map_err(statement)
}

fn migration_failed(err: MigrateError) -> Error {
    match err {
        MigrateError::Execute(err) | MigrateError::ExecuteMigration(err, _) => {
            database(err, During::Statement)
        }
        other => Error::new(ErrorKind::Config, "the database has another schema than this version of Lore")
            .with_source(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn migrations_are_numbered_from_one_without_a_gap() {
        let numbers: Vec<i64> = MIGRATIONS.iter().map(|(version, ..)| *version).collect();
        let expected: Vec<i64> = (1..).take(MIGRATIONS.len()).collect();
        assert_eq!(numbers, expected);
    }
}
