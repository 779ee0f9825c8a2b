//! Lore's values as SQLite keeps them, and back. What does not fit is damage, and says in which column it is.

use std::{fmt, str::FromStr};

use lore_core::{Cid, Error, ErrorKind, Result, Timestamp};
use sqlx::{Row, Sqlite, decode::Decode, sqlite::SqliteRow, types::Type};

/// A record that cannot be read.
pub(super) fn damaged(what: &'static str, id: impl fmt::Display, cause: Error) -> Error {
    Error::new(ErrorKind::Unexpected, "a stored record cannot be read")
        .with_context(what, id)
        .with_source(cause)
}

pub(super) fn malformed(column: &'static str, expected: &'static str) -> Error {
    Error::new(ErrorKind::Unexpected, "a stored value is malformed")
        .with_context("column", column)
        .with_context("expected", expected)
}

/// Reads the columns of a row.
pub(super) struct Columns<'a>(pub(super) &'a SqliteRow);

impl<'a> Columns<'a> {
    pub(super) fn get<T>(&self, column: &'static str) -> Result<T>
    where
        T: Decode<'a, Sqlite> + Type<Sqlite>,
    {
        self.0.try_get(column).map_err(|err| malformed(column, "another type").with_source(err))
    }

    pub(super) fn bytes<const N: usize>(&self, column: &'static str) -> Result<[u8; N]> {
        let bytes: &[u8] = self.get(column)?;
        bytes.try_into().map_err(|_| malformed(column, "another length"))
    }

    pub(super) fn optional_bytes<const N: usize>(&self, column: &'static str) -> Result<Option<[u8; N]>> {
        let bytes: Option<&[u8]> = self.get(column)?;
        bytes.map(|bytes| bytes.try_into().map_err(|_| malformed(column, "another length"))).transpose()
    }

    pub(super) fn cid(&self, column: &'static str) -> Result<Cid> {
        Cid::from_bytes(self.get(column)?).map_err(|err| malformed(column, "a CID").with_source(err))
    }

    pub(super) fn optional_cid(&self, column: &'static str) -> Result<Option<Cid>> {
        let bytes: Option<&[u8]> = self.get(column)?;
        bytes
            .map(|bytes| Cid::from_bytes(bytes).map_err(|err| malformed(column, "a CID").with_source(err)))
            .transpose()
    }

    pub(super) fn time(&self, column: &'static str) -> Result<Timestamp> {
        Timestamp::from_unix_micros(self.get(column)?)
            .map_err(|err| malformed(column, "a time").with_source(err))
    }

    pub(super) fn optional_time(&self, column: &'static str) -> Result<Option<Timestamp>> {
        let micros: Option<i64> = self.get(column)?;
        micros
            .map(|micros| {
                Timestamp::from_unix_micros(micros)
                    .map_err(|err| malformed(column, "a time").with_source(err))
            })
            .transpose()
    }

    /// A number that counts, so that it is never negative.
    pub(super) fn count(&self, column: &'static str) -> Result<u64> {
        let number: i64 = self.get(column)?;
        u64::try_from(number).map_err(|_| malformed(column, "a number from 0"))
    }

    /// A value by its stable name.
    pub(super) fn name<T: FromStr<Err = Error>>(&self, column: &'static str) -> Result<T> {
        let name: &str = self.get(column)?;
        name.parse().map_err(|err: Error| malformed(column, "a known name").with_source(err))
    }

    pub(super) fn json<T: serde::de::DeserializeOwned>(&self, column: &'static str) -> Result<T> {
        let text: &str = self.get(column)?;
        serde_json::from_str(text).map_err(|err| malformed(column, "JSON of a known form").with_source(err))
    }
}

/// A part that is written and read as a whole.
pub(super) fn json<T: serde::Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value)
        .map_err(|err| Error::new(ErrorKind::Unexpected, "a record cannot be written").with_source(err))
}

/// A number that counts. None gets near the end of 63 bits.
pub(super) fn count(number: u64) -> Result<i64> {
    i64::try_from(number).map_err(|err| {
        Error::new(ErrorKind::Unexpected, "a count is out of range")
            .with_context("count", number)
            .with_source(err)
    })
}

/// Lists of ids and CIDs go to SQLite as JSON, which `json_each` and `unhex` make rows of.
pub(super) fn hex_list<T: AsRef<[u8]>>(values: impl IntoIterator<Item = T>) -> Result<String> {
    let hex = |bytes: T| bytes.as_ref().iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    json(&values.into_iter().map(hex).collect::<Vec<_>>())
}
