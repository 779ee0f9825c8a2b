//! What SQLite's result codes mean to Lore. Source: <https://www.sqlite.org/rescode.html> (read 2026-11-22).

use lore_core::{Error, ErrorKind, Retry};

/// Result codes; the low byte is the primary one.
mod code {
    pub(super) const PERM: i32 = 3;
    pub(super) const BUSY: i32 = 5;
    pub(super) const LOCKED: i32 = 6;
    pub(super) const NOMEM: i32 = 7;
    pub(super) const READONLY: i32 = 8;
    pub(super) const INTERRUPT: i32 = 9;
    pub(super) const IOERR: i32 = 10;
    pub(super) const CORRUPT: i32 = 11;
    pub(super) const FULL: i32 = 13;
    pub(super) const CANTOPEN: i32 = 14;
    pub(super) const PROTOCOL: i32 = 15;
    pub(super) const SCHEMA: i32 = 17;
    pub(super) const TOOBIG: i32 = 18;
    pub(super) const CONSTRAINT: i32 = 19;
    pub(super) const NOLFS: i32 = 22;
    pub(super) const AUTH: i32 = 23;
    pub(super) const NOTADB: i32 = 26;
    pub(super) const CONSTRAINT_FOREIGNKEY: i32 = CONSTRAINT | 3 << 8;
    pub(super) const CONSTRAINT_PRIMARYKEY: i32 = CONSTRAINT | 6 << 8;
    pub(super) const CONSTRAINT_UNIQUE: i32 = CONSTRAINT | 8 << 8;
    pub(super) const CONSTRAINT_ROWID: i32 = CONSTRAINT | 10 << 8;
}

/// When a statement failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum During {
    /// Before anything was made durable: nothing happened.
    Statement,
    /// While the transaction was made durable: unless the code tells, nobody knows.
    Commit,
}

/// Whether this is a lock that somebody else holds.
pub(super) fn is_busy(err: &sqlx::Error) -> bool {
    result_code(err).is_some_and(|code| matches!(code & 0xff, code::BUSY | code::LOCKED))
}

/// Whether a unique index refused the row.
pub(super) fn is_taken(err: &sqlx::Error) -> bool {
    result_code(err).is_some_and(|code| {
        matches!(code, code::CONSTRAINT_UNIQUE | code::CONSTRAINT_PRIMARYKEY | code::CONSTRAINT_ROWID)
    })
}

/// Whether a foreign key refused the row.
pub(super) fn is_dangling(err: &sqlx::Error) -> bool {
    result_code(err) == Some(code::CONSTRAINT_FOREIGNKEY)
}

/// An error of SQLite or sqlx as one of Lore.
pub(super) fn database(err: sqlx::Error, during: During) -> Error {
    let code = result_code(&err);
    let (kind, retry, message) = match code {
        Some(code) => classify(code, during),
        None => classify_other(&err, during),
    };
    let error = Error::new(kind, message).with_retry(retry);
    match code {
        Some(code) => error.with_context("sqlite_code", code).with_source(err),
        None => error.with_source(err),
    }
}

fn result_code(err: &sqlx::Error) -> Option<i32> {
    err.as_database_error()?.code()?.parse().ok()
}

fn classify(code: i32, during: During) -> (ErrorKind, Retry, &'static str) {
    let later = Retry::After(None);
    let unsure = match during {
        During::Statement => later,
        During::Commit => Retry::Reconcile,
    };
    match code {
        code::CONSTRAINT_UNIQUE | code::CONSTRAINT_PRIMARYKEY | code::CONSTRAINT_ROWID => {
            return (ErrorKind::AlreadyExists, Retry::Never, "the record exists already");
        }
        code::CONSTRAINT_FOREIGNKEY => {
            return (ErrorKind::Conflict, Retry::Never, "a related record is missing");
        }
        _ => {}
    }
    match code & 0xff {
        code::BUSY | code::LOCKED => (ErrorKind::Unavailable, later, "the database is locked"),
        code::FULL => (ErrorKind::Unavailable, later, "disk full"),
        code::IOERR => (ErrorKind::Unavailable, unsure, "the database file cannot be read or written"),
        code::NOMEM => (ErrorKind::Unavailable, unsure, "out of memory"),
        code::INTERRUPT | code::PROTOCOL | code::SCHEMA => {
            (ErrorKind::Unavailable, unsure, "the database gave up")
        }
        code::CORRUPT => (ErrorKind::IntegrityMismatch, Retry::Never, "the database file is damaged"),
        code::NOTADB => (ErrorKind::IntegrityMismatch, Retry::Never, "the file is not a SQLite database"),
        code::CANTOPEN => (ErrorKind::Config, Retry::Never, "the database file cannot be opened"),
        code::READONLY | code::PERM | code::AUTH => {
            (ErrorKind::Config, Retry::Never, "the database file cannot be written")
        }
        code::NOLFS => (ErrorKind::Config, Retry::Never, "the file system has no large files"),
        code::TOOBIG => (ErrorKind::InvalidInput, Retry::Never, "the record is too large"),
        _ => (ErrorKind::Unexpected, Retry::Never, "the database refused a statement"),
    }
}

fn classify_other(err: &sqlx::Error, during: During) -> (ErrorKind, Retry, &'static str) {
    let retry = match during {
        During::Statement => Retry::After(None),
        During::Commit => Retry::Reconcile,
    };
    match err {
        sqlx::Error::WorkerCrashed | sqlx::Error::Io(_) => {
            (ErrorKind::Unavailable, retry, "the connection to the database broke")
        }
        sqlx::Error::Configuration(_) => {
            (ErrorKind::Config, Retry::Never, "the settings of the database are wrong")
        }
        _ => (ErrorKind::Unexpected, Retry::Never, "the database answered something unexpected"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LATER: Retry = Retry::After(None);

    #[test]
    fn every_code_has_its_kind_and_retry() {
        use During::{Commit, Statement};
        use ErrorKind::{
            AlreadyExists, Config, Conflict, IntegrityMismatch, InvalidInput, Unavailable, Unexpected,
        };
        let table = [
            (5, Statement, Unavailable, LATER),
            (5, Commit, Unavailable, LATER),
            (517, Statement, Unavailable, LATER), // BUSY_SNAPSHOT
            (261, Statement, Unavailable, LATER), // BUSY_RECOVERY
            (6, Statement, Unavailable, LATER),
            (262, Statement, Unavailable, LATER), // LOCKED_SHAREDCACHE
            (13, Statement, Unavailable, LATER),
            (13, Commit, Unavailable, LATER),
            (10, Statement, Unavailable, LATER),
            (1034, Commit, Unavailable, Retry::Reconcile), // IOERR_FSYNC
            (778, Commit, Unavailable, Retry::Reconcile),  // IOERR_WRITE
            (7, Statement, Unavailable, LATER),
            (9, Statement, Unavailable, LATER),
            (15, Statement, Unavailable, LATER),
            (11, Statement, IntegrityMismatch, Retry::Never),
            (267, Statement, IntegrityMismatch, Retry::Never), // CORRUPT_VTAB
            (26, Statement, IntegrityMismatch, Retry::Never),
            (2067, Statement, AlreadyExists, Retry::Never),
            (1555, Statement, AlreadyExists, Retry::Never),
            (2579, Statement, AlreadyExists, Retry::Never),
            (787, Statement, Conflict, Retry::Never),
            (275, Statement, Unexpected, Retry::Never), // CONSTRAINT_CHECK
            (3091, Statement, Unexpected, Retry::Never), // CONSTRAINT_DATATYPE
            (8, Statement, Config, Retry::Never),
            (1544, Statement, Config, Retry::Never), // READONLY_DIRECTORY
            (14, Statement, Config, Retry::Never),
            (526, Statement, Config, Retry::Never), // CANTOPEN_ISDIR
            (18, Statement, InvalidInput, Retry::Never),
            (1, Statement, Unexpected, Retry::Never),
            (21, Statement, Unexpected, Retry::Never),
        ];
        for (code, during, kind, retry) in table {
            let (found_kind, found_retry, _) = classify(code, during);
            assert_eq!((found_kind, found_retry), (kind, retry), "code {code} during {during:?}");
        }
    }

    #[test]
    fn a_broken_connection_is_unsure_only_while_committing() {
        let error = database(sqlx::Error::WorkerCrashed, During::Statement);
        assert_eq!((error.kind(), error.retry()), (ErrorKind::Unavailable, LATER));
        let error = database(sqlx::Error::WorkerCrashed, During::Commit);
        assert_eq!((error.kind(), error.retry()), (ErrorKind::Unavailable, Retry::Reconcile));
        let error = database(sqlx::Error::RowNotFound, During::Statement);
        assert_eq!((error.kind(), error.retry()), (ErrorKind::Unexpected, Retry::Never));
    }
}
