//! [`MokaCache`]: a bounded cache in the process, for many threads at once.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use lore_core::{Error, Result, port::cache::Cache};
use moka::{Expiry, future::Cache as Entries};

/// Longer times are cut to this: a cache that lives so long has other worries.
const MAX_TTL: Duration = Duration::from_secs(100 * 365 * 86_400);

/// A [`Cache`] in the process. Clones share their entries.
///
/// Keys and values together take at most the bytes it was made with, and a little more for a moment: room is made after an
/// entry is put. Entries that are used often stay longest. The memory beside them, for its own order, is some hundred bytes
/// an entry. Time is the machine's.
#[derive(Clone)]
pub struct MokaCache {
    entries: Entries<Arc<str>, Entry>,
    max_bytes: u64,
}

impl MokaCache {
    /// Keeps 64 MiB.
    pub const DEFAULT_BYTES: u64 = 64 << 20;

    /// An empty cache of at most `max_bytes`.
    #[must_use]
    pub fn new(max_bytes: u64) -> Self {
        let entries = Entries::builder()
            .name("lore")
            .max_capacity(max_bytes)
            .weigher(|key: &Arc<str>, entry: &Entry| {
                u32::try_from(key.len().saturating_add(entry.value.len())).unwrap_or(u32::MAX)
            })
            .expire_after(OwnTime)
            .build();
        Self { entries, max_bytes }
    }

    /// Bytes of the keys and values that are kept, after making room.
    pub async fn size_bytes(&self) -> u64 {
        self.entries.run_pending_tasks().await;
        self.entries.weighted_size()
    }
}

impl fmt::Debug for MokaCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MokaCache")
            .field("entries", &self.entries.entry_count())
            .field("size_bytes", &self.entries.weighted_size())
            .field("max_bytes", &self.max_bytes)
            .finish()
    }
}

#[derive(Clone)]
struct Entry {
    value: Arc<[u8]>,
    ttl: Duration,
}

impl Entry {
    fn new(value: Arc<[u8]>, ttl: Duration) -> Result<Self> {
        if ttl.is_zero() {
            return Err(Error::invalid("ttl", "zero", "a time above zero").with_op("put"));
        }
        Ok(Self { value, ttl: ttl.min(MAX_TTL) })
    }
}

/// Every entry lives as long as it says, counted from when it was put.
struct OwnTime;

impl Expiry<Arc<str>, Entry> for OwnTime {
    fn expire_after_create(&self, _key: &Arc<str>, entry: &Entry, _at: Instant) -> Option<Duration> {
        Some(entry.ttl)
    }

    fn expire_after_update(
        &self,
        _key: &Arc<str>,
        entry: &Entry,
        _at: Instant,
        _left: Option<Duration>,
    ) -> Option<Duration> {
        Some(entry.ttl)
    }
}

#[async_trait]
impl Cache for MokaCache {
    fn name(&self) -> &str {
        "moka"
    }

    async fn get(&self, key: &str) -> Result<Option<Arc<[u8]>>> {
        Ok(self.entries.get(key).await.map(|entry| entry.value))
    }

    async fn put(&self, key: &str, value: Arc<[u8]>, ttl: Duration) -> Result<()> {
        let entry = Entry::new(value, ttl)?;
        self.entries.insert(key.into(), entry).await;
        Ok(())
    }

    async fn put_if_absent(&self, key: &str, value: Arc<[u8]>, ttl: Duration) -> Result<bool> {
        let entry = Entry::new(value, ttl)?;
        Ok(self.entries.entry(key.into()).or_insert(entry).await.is_fresh())
    }

    async fn remove(&self, key: &str) -> Result<()> {
        self.entries.invalidate(key).await;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn keys_and_values_stay_within_the_bound() {
        let cache = MokaCache::new(10_000);
        for number in 0..200 {
            cache.put(&format!("{number:0100}"), vec![7; 900].into(), Duration::from_secs(60)).await.unwrap();
        }
        let size = cache.size_bytes().await;
        assert!((1_000..=10_000).contains(&size), "{size}");
        cache.put("large", vec![7; 20_000].into(), Duration::from_secs(60)).await.unwrap();
        assert!(cache.size_bytes().await <= 10_000);
        assert_eq!(cache.get("large").await.unwrap(), None);
    }
}
