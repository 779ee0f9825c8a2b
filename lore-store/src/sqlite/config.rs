//! [`SqliteConfig`]: where the file is, and how much to spend on it.

use std::{
    ops::RangeInclusive,
    path::{Path, PathBuf},
    time::Duration,
};

use lore_core::{Error, ErrorKind, Result};

/// How a [`SqliteRepository`](super::SqliteRepository) opens its file. Checked when it connects.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SqliteConfig {
    /// The file; made if there is none, in a directory that exists. SQLite keeps two more files beside it, named like it
    /// with `-wal` and `-shm` at the end: they belong to it while it is open.
    pub path: PathBuf,
    /// How many reads run at the same time, 1 to 64; 4 unless said otherwise. Each has a thread while it is open.
    pub read_connections: usize,
    /// How long to wait for a lock that another process holds, up to an hour; 5 seconds unless said otherwise.
    pub busy_timeout: Duration,
    /// Memory for pages of the file, per connection, 64 KiB to 4 GiB; 16 MiB unless said otherwise.
    pub cache_bytes: u64,
}

const READ_CONNECTIONS: RangeInclusive<usize> = 1..=64;
const CACHE_BYTES: RangeInclusive<u64> = 64 << 10..=4 << 30;
const MAX_BUSY_TIMEOUT: Duration = Duration::from_secs(3_600);

impl SqliteConfig {
    /// The defaults for this file.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            read_connections: 4,
            busy_timeout: Duration::from_secs(5),
            cache_bytes: 16 << 20,
        }
    }

    /// Sets how many reads run at the same time.
    #[must_use]
    pub fn with_read_connections(mut self, read_connections: usize) -> Self {
        self.read_connections = read_connections;
        self
    }

    /// Sets how long to wait for another process.
    #[must_use]
    pub fn with_busy_timeout(mut self, busy_timeout: Duration) -> Self {
        self.busy_timeout = busy_timeout;
        self
    }

    /// Sets the memory for pages, per connection.
    #[must_use]
    pub fn with_cache_bytes(mut self, cache_bytes: u64) -> Self {
        self.cache_bytes = cache_bytes;
        self
    }

    /// Checks the bounds.
    pub(super) fn check(&self) -> Result<()> {
        let wrong = |field: &'static str, expected: &str| {
            Err(Error::new(ErrorKind::Config, "a setting of the SQLite repository is out of range")
                .with_context("field", field)
                .with_context("expected", expected))
        };
        if !READ_CONNECTIONS.contains(&self.read_connections) {
            return wrong("read_connections", "1 to 64");
        }
        if !CACHE_BYTES.contains(&self.cache_bytes) {
            return wrong("cache_bytes", "64 KiB to 4 GiB");
        }
        if self.busy_timeout > MAX_BUSY_TIMEOUT {
            return wrong("busy_timeout", "at most an hour");
        }
        if self.path.as_os_str().is_empty() {
            return wrong("path", "the path of a file");
        }
        Ok(())
    }

    /// The file as SQLite is told of it. Absolute, because it gives relative names such as `:memory:` another meaning.
    pub(super) fn file(&self) -> Result<PathBuf> {
        std::path::absolute(&self.path).map_err(|err| unusable(&self.path).with_source(err))
    }
}

fn unusable(path: &Path) -> Error {
    Error::new(ErrorKind::Config, "the path of the database cannot be used")
        .with_context("path", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_out_of_range_are_refused_by_name() {
        let good = SqliteConfig::new("lore.db");
        assert!(good.check().is_ok());
        let bad = [
            ("read_connections", good.clone().with_read_connections(0)),
            ("read_connections", good.clone().with_read_connections(65)),
            ("cache_bytes", good.clone().with_cache_bytes(1)),
            ("cache_bytes", good.clone().with_cache_bytes(u64::MAX)),
            ("busy_timeout", good.clone().with_busy_timeout(Duration::MAX)),
            ("path", SqliteConfig::new("")),
        ];
        for (field, config) in bad {
            let error = config.check().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(error.context().contains(&("field", field.to_owned())), "{field}");
        }
    }
}
