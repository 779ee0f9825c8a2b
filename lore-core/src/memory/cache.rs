//! [`MemoryCache`]: a bounded cache in memory, on Lore's own clock, so that it also runs in a browser.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;

use crate::{
    error::{Error, Result},
    port::cache::Cache,
    time::Clock,
};

/// A [`Cache`] in memory. Clones share their entries.
///
/// Keys and values together take at most the bytes it was made with; the entries that were not used for the longest time
/// go first. An entry that is larger than the whole cache is not kept.
#[derive(Clone)]
pub struct MemoryCache {
    clock: Arc<dyn Clock>,
    max_bytes: usize,
    entries: Arc<Mutex<Entries>>,
}

impl MemoryCache {
    /// Keeps 16 MiB.
    pub const DEFAULT_BYTES: usize = 16 << 20;

    /// An empty cache of at most `max_bytes`.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, max_bytes: usize) -> Self {
        Self { clock, max_bytes, entries: Arc::default() }
    }

    /// Bytes of the keys and values that are kept, also of those whose time is over but that nobody asked for since.
    #[must_use]
    pub fn size_bytes(&self) -> usize {
        self.lock().size_bytes
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        // A cache may lose entries, never the process: what a poisoned lock guards is still whole.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn expiry(&self, ttl: Duration) -> Result<Duration> {
        if ttl.is_zero() {
            return Err(Error::invalid("ttl", "zero", "a time above zero").with_op("put"));
        }
        Ok(self.clock.monotonic().saturating_add(ttl))
    }
}

impl fmt::Debug for MemoryCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entries = self.lock();
        f.debug_struct("MemoryCache")
            .field("entries", &entries.by_key.len())
            .field("size_bytes", &entries.size_bytes)
            .field("max_bytes", &self.max_bytes)
            .finish_non_exhaustive()
    }
}

struct Entry {
    value: Arc<[u8]>,
    ends_at: Duration,
    /// Place in `Entries::by_use`.
    used: u64,
}

#[derive(Default)]
struct Entries {
    by_key: HashMap<Arc<str>, Entry>,
    /// Oldest use first.
    by_use: BTreeMap<u64, Arc<str>>,
    uses: u64,
    size_bytes: usize,
}

impl Entries {
    fn get(&mut self, key: &str, now: Duration) -> Option<Arc<[u8]>> {
        if self.by_key.get(key)?.ends_at <= now {
            self.remove(key);
            return None;
        }
        self.uses += 1;
        let entry = self.by_key.get_mut(key)?;
        if let Some(name) = self.by_use.remove(&entry.used) {
            self.by_use.insert(self.uses, name);
        }
        entry.used = self.uses;
        Some(Arc::clone(&entry.value))
    }

    fn put(&mut self, key: &str, value: Arc<[u8]>, ends_at: Duration, max_bytes: usize) {
        self.remove(key);
        let size = key.len().saturating_add(value.len());
        if size > max_bytes {
            return;
        }
        while self.size_bytes > max_bytes - size {
            let Some((_, oldest)) = self.by_use.first_key_value() else { break };
            let oldest = Arc::clone(oldest);
            self.remove(&oldest);
        }
        self.uses += 1;
        let name: Arc<str> = key.into();
        self.by_use.insert(self.uses, Arc::clone(&name));
        self.by_key.insert(name, Entry { value, ends_at, used: self.uses });
        self.size_bytes += size;
    }

    fn remove(&mut self, key: &str) {
        if let Some(entry) = self.by_key.remove(key) {
            self.by_use.remove(&entry.used);
            self.size_bytes -= key.len() + entry.value.len();
        }
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Cache for MemoryCache {
    fn name(&self) -> &str {
        "memory"
    }

    async fn get(&self, key: &str) -> Result<Option<Arc<[u8]>>> {
        let now = self.clock.monotonic();
        Ok(self.lock().get(key, now))
    }

    async fn put(&self, key: &str, value: Arc<[u8]>, ttl: Duration) -> Result<()> {
        let ends_at = self.expiry(ttl)?;
        self.lock().put(key, value, ends_at, self.max_bytes);
        Ok(())
    }

    async fn put_if_absent(&self, key: &str, value: Arc<[u8]>, ttl: Duration) -> Result<bool> {
        let ends_at = self.expiry(ttl)?;
        let now = self.clock.monotonic();
        let mut entries = self.lock();
        if entries.get(key, now).is_some() {
            return Ok(false);
        }
        entries.put(key, value, ends_at, self.max_bytes);
        Ok(true)
    }

    async fn remove(&self, key: &str) -> Result<()> {
        self.lock().remove(key);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::clock::ManualClock;

    const HOUR: Duration = Duration::from_secs(3600);

    fn bytes(len: usize) -> Arc<[u8]> {
        vec![7; len].into()
    }

    #[tokio::test]
    async fn the_least_used_entry_goes_when_the_cache_is_full() {
        let cache = MemoryCache::new(Arc::new(ManualClock::default()), 30);
        for key in ["a", "b", "c"] {
            cache.put(key, bytes(9), HOUR).await.unwrap();
        }
        assert_eq!(cache.size_bytes(), 30);
        assert!(cache.get("a").await.unwrap().is_some());
        cache.put("d", bytes(9), HOUR).await.unwrap();
        assert_eq!(cache.size_bytes(), 30);
        assert_eq!(cache.get("b").await.unwrap(), None);
        assert!(cache.get("a").await.unwrap().is_some());
    }

    #[tokio::test]
    async fn an_entry_larger_than_the_cache_takes_no_place() {
        let cache = MemoryCache::new(Arc::new(ManualClock::default()), 30);
        cache.put("a", bytes(9), HOUR).await.unwrap();
        cache.put("b", bytes(30), HOUR).await.unwrap();
        assert_eq!(cache.size_bytes(), 10);
        cache.put("a", bytes(30), HOUR).await.unwrap();
        assert_eq!(cache.get("a").await.unwrap(), None);
        assert_eq!(cache.size_bytes(), 0);
    }
}
