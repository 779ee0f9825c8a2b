//! Tests that need the inside of the adapter.

mod common_words;
mod full_disk;
mod plans;
mod stored_forms;

use tempfile::TempDir;

use super::{SqliteConfig, SqliteRepository};

/// A new repository; its directory goes with the guard.
async fn repository() -> (TempDir, SqliteRepository) {
    let directory = TempDir::new().unwrap();
    let config = SqliteConfig::new(directory.path().join("lore.db"));
    (directory, SqliteRepository::connect(config).await.unwrap())
}
