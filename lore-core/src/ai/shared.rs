//! [`SharedCache`]: the cache of several processes, kept from ever costing more than it saves.
//!
//! Every call has a short time. After one that took too long nothing is asked for a moment, so that a load, which has
//! several questions, loses that time once; after some failures in a row nothing is asked for a while. Then one call tries
//! again. Whatever goes wrong reads as nothing there.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::{
    future::{Either, select},
    pin_mut,
};

use crate::{error::Result, port::cache::Cache, time::Clock};

/// Failures in a row after which the cache is left alone.
const FAILURES: u32 = 3;
/// How long it is left alone.
const PAUSE: Duration = Duration::from_secs(5);
/// How long it is left alone after one call that took too long.
const MOMENT: Duration = Duration::from_millis(250);

#[derive(Debug)]
pub(super) struct SharedCache {
    cache: Arc<dyn Cache>,
    clock: Arc<dyn Clock>,
    timeout: Duration,
    failures: AtomicU32,
    /// On the clock's monotonic reading, in microseconds: until when nothing is asked; 0: it may be asked.
    closed_until: AtomicU64,
}

fn micros(reading: Duration) -> u64 {
    u64::try_from(reading.as_micros()).unwrap_or(u64::MAX)
}

impl SharedCache {
    pub(super) fn new(cache: Arc<dyn Cache>, clock: Arc<dyn Clock>, timeout: Duration) -> Self {
        Self { cache, clock, timeout, failures: AtomicU32::new(0), closed_until: AtomicU64::new(0) }
    }

    /// Whether a call may be made. After a pause exactly one caller is let through to try.
    fn admits(&self) -> bool {
        let until = self.closed_until.load(Ordering::Acquire);
        if until == 0 {
            return true;
        }
        let now = micros(self.clock.monotonic());
        let next = now.saturating_add(micros(self.timeout.saturating_add(MOMENT)));
        now >= until
            && self.closed_until.compare_exchange(until, next, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    fn failed(&self, call: &'static str, error: Option<&crate::error::Error>) {
        let failures = self.failures.fetch_add(1, Ordering::AcqRel).saturating_add(1);
        let pause = if failures >= FAILURES { Some(PAUSE) } else { error.is_none().then_some(MOMENT) };
        if let Some(pause) = pause {
            let until = micros(self.clock.monotonic()).saturating_add(micros(pause));
            self.closed_until.fetch_max(until, Ordering::AcqRel);
        }
        if failures <= FAILURES {
            let error = error.map_or_else(|| "no answer in time".to_owned(), ToString::to_string);
            tracing::warn!(cache = self.cache.name(), call, error, "the shared cache failed");
        }
    }

    fn worked(&self) {
        self.failures.store(0, Ordering::Release);
        self.closed_until.store(0, Ordering::Release);
    }

    /// `None` if the cache is left alone, failed, or took too long.
    async fn call<T>(&self, name: &'static str, work: impl Future<Output = Result<T>>) -> Option<T> {
        if !self.admits() {
            return None;
        }
        let timer = self.clock.sleep(self.timeout);
        pin_mut!(work);
        match select(work, timer).await {
            Either::Left((Ok(value), _)) => {
                self.worked();
                Some(value)
            }
            Either::Left((Err(error), _)) => {
                self.failed(name, Some(&error));
                None
            }
            Either::Right(((), _)) => {
                self.failed(name, None);
                None
            }
        }
    }

    pub(super) async fn get(&self, key: &str) -> Option<Arc<[u8]>> {
        self.call("get", self.cache.get(key)).await.flatten()
    }

    pub(super) async fn put(&self, key: &str, value: Arc<[u8]>, ttl: Duration) {
        // Lost entries are what a cache is for: the failure is counted and logged, and nothing depends on it.
        self.call("put", self.cache.put(key, value, ttl)).await.unwrap_or_default();
    }

    /// `None` if nobody knows.
    pub(super) async fn put_if_absent(&self, key: &str, value: Arc<[u8]>, ttl: Duration) -> Option<bool> {
        self.call("put_if_absent", self.cache.put_if_absent(key, value, ttl)).await
    }

    pub(super) async fn remove(&self, key: &str) {
        self.call("remove", self.cache.remove(key)).await.unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;

    use super::*;
    use crate::memory::{cache::MemoryCache, clock::ManualClock};

    /// Answers never while it is frozen, and counts calls.
    #[derive(Debug)]
    struct Freezing {
        inner: MemoryCache,
        calls: AtomicU32,
        frozen: std::sync::atomic::AtomicBool,
    }

    impl Freezing {
        async fn wait(&self) {
            self.calls.fetch_add(1, Ordering::SeqCst);
            if self.frozen.load(Ordering::SeqCst) {
                std::future::pending::<()>().await;
            }
        }
    }

    #[async_trait]
    impl Cache for Freezing {
        fn name(&self) -> &str {
            "freezing"
        }

        async fn get(&self, key: &str) -> Result<Option<Arc<[u8]>>> {
            self.wait().await;
            self.inner.get(key).await
        }

        async fn put(&self, key: &str, value: Arc<[u8]>, ttl: Duration) -> Result<()> {
            self.wait().await;
            self.inner.put(key, value, ttl).await
        }

        async fn put_if_absent(&self, key: &str, value: Arc<[u8]>, ttl: Duration) -> Result<bool> {
            self.wait().await;
            self.inner.put_if_absent(key, value, ttl).await
        }

        async fn remove(&self, key: &str) -> Result<()> {
            self.wait().await;
            self.inner.remove(key).await
        }
    }

    #[tokio::test]
    async fn a_frozen_cache_costs_a_timeout_a_load_three_in_all_and_is_tried_again_once_after_a_pause() {
        let clock = ManualClock::default().auto_advance();
        let inner = MemoryCache::new(Arc::new(clock.clone()), MemoryCache::DEFAULT_BYTES);
        let frozen = Arc::new(Freezing { inner, calls: 0.into(), frozen: true.into() });
        let timeout = Duration::from_millis(30);
        let shared = SharedCache::new(frozen.clone(), Arc::new(clock.clone()), timeout);
        let mut lost = Duration::ZERO;
        for load in 1..=10 {
            let start = clock.monotonic();
            for _ in 0..5 {
                assert_eq!(shared.get("key").await, None);
            }
            let by_this_one = clock.monotonic().saturating_sub(start);
            assert_eq!(by_this_one, if load <= 3 { timeout } else { Duration::ZERO });
            lost += by_this_one;
            clock.advance(MOMENT);
        }
        assert_eq!(lost, 3 * timeout);
        assert_eq!(frozen.calls.load(Ordering::SeqCst), 3);

        clock.advance(PAUSE);
        for _ in 0..50 {
            assert_eq!(shared.get("key").await, None);
        }
        assert_eq!(frozen.calls.load(Ordering::SeqCst), 4, "one call tried");

        clock.advance(PAUSE);
        frozen.frozen.store(false, Ordering::SeqCst);
        for _ in 0..2 {
            shared.put("key", vec![1].into(), Duration::from_secs(60)).await;
            assert_eq!(shared.get("key").await.as_deref(), Some([1].as_slice()));
        }
    }
}
