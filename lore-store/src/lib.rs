//! Repositories and caches of Lore.
//!
//! | feature | adapter | keeps |
//! |---|---|---|
//! | `sqlite` | [`SqliteRepository`](sqlite::SqliteRepository) | all records, in one file |
//! | `moka` | [`MokaCache`](moka::MokaCache) | bytes for a time, in the process |

#![forbid(unsafe_code)]

#[cfg(feature = "moka")]
pub mod moka;
#[cfg(feature = "sqlite")]
pub mod sqlite;
