//! [`MemoryPinStore`]: a pin store that keeps content in memory, under any profile.

use std::{
    collections::HashMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use async_trait::async_trait;

use crate::{
    content::{
        BytesContent, Cid, CidLocks, Content as _, ContentReader,
        unixfs::{Importer, Profile},
    },
    error::{Error, ErrorKind, Result},
    port::pins::{PinRequest, PinStore, Pinned},
};

/// A pin store in memory. It keeps the bytes of every pin and forgets everything when it is dropped.
#[derive(Debug)]
pub struct MemoryPinStore {
    profile: Profile,
    max_bytes: u64,
    pins: Mutex<HashMap<Cid, BytesContent>>,
    in_flight: CidLocks,
    uploads: AtomicU64,
}

impl MemoryPinStore {
    /// Largest content in bytes unless [`with_max_bytes`](Self::with_max_bytes) says otherwise: 1 GiB.
    pub const DEFAULT_MAX_BYTES: u64 = 1024 * 1024 * 1024;

    /// An empty store.
    #[must_use]
    pub fn new(profile: Profile) -> Self {
        Self {
            profile,
            max_bytes: Self::DEFAULT_MAX_BYTES,
            pins: Mutex::default(),
            in_flight: CidLocks::new(),
            uploads: AtomicU64::new(0),
        }
    }

    /// Sets the largest content in bytes.
    #[must_use]
    pub fn with_max_bytes(mut self, max_bytes: u64) -> Self {
        self.max_bytes = max_bytes;
        self
    }

    /// How many times content was taken in since the store was made; pins of what was there do not count.
    #[must_use]
    pub fn uploads(&self) -> u64 {
        self.uploads.load(Ordering::Relaxed)
    }

    /// How many pins there are.
    #[must_use]
    pub fn pin_count(&self) -> usize {
        self.pins().len()
    }

    fn pins(&self) -> MutexGuard<'_, HashMap<Cid, BytesContent>> {
        // Every change is a single map operation: a panic elsewhere cannot leave it half done.
        self.pins.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryPinStore {
    /// An empty store with the recommended profile, [`Profile::UnixFsV1_2025`].
    fn default() -> Self {
        Self::new(Profile::UnixFsV1_2025)
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl PinStore for MemoryPinStore {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn profile(&self) -> Profile {
        self.profile
    }

    fn max_bytes(&self) -> u64 {
        self.max_bytes
    }

    async fn find(&self, cid: &Cid) -> Result<Option<Pinned>> {
        Ok(self.pins().contains_key(cid).then(|| Pinned::new(*cid, false)))
    }

    async fn pin(&self, request: PinRequest<'_>) -> Result<Pinned> {
        request.check(self.profile, self.max_bytes).map_err(|err| err.with_op("pin"))?;
        let expected = request.expected;
        let _one_at_a_time = self.in_flight.lock(&expected.cid).await;
        if self.pins().contains_key(&expected.cid) {
            return Ok(Pinned::new(expected.cid, false));
        }
        let mut reader = request.content.open(0).await?;
        let mut importer = Importer::new(self.profile);
        let mut bytes = Vec::new();
        let mut buffer = vec![0; self.profile.chunk_bytes()];
        // A source that gives more than it said is cut off one read later and fails the check below.
        while bytes.len() as u64 <= expected.size_bytes {
            let count = reader.read(&mut buffer).await?;
            if count == 0 {
                break;
            }
            let part = buffer.get(..count).unwrap_or_default();
            importer.update(part, &mut ())?;
            bytes.extend_from_slice(part);
        }
        let found = importer.finish(&mut ())?;
        expected.verify(&found).map_err(|err| err.with_op("pin"))?;
        self.pins().insert(expected.cid, BytesContent::new(bytes));
        self.uploads.fetch_add(1, Ordering::Relaxed);
        Ok(Pinned::new(expected.cid, true))
    }

    async fn fetch(&self, cid: &Cid) -> Result<Box<dyn ContentReader>> {
        // The bytes were verified when they were pinned, and nothing can change them since.
        let content = self.pins().get(cid).cloned();
        let content = content.ok_or_else(|| {
            Error::new(ErrorKind::NotFound, "the content is not pinned")
                .with_op("fetch")
                .with_context("cid", cid)
        })?;
        content.open(0).await
    }

    async fn unpin(&self, cid: &Cid) -> Result<()> {
        self.pins().remove(cid);
        Ok(())
    }
}

#[cfg(all(test, feature = "conformance"))]
mod tests {
    use std::sync::{Arc, OnceLock};

    use super::*;
    use crate::conformance::pin_store::Harness;

    #[derive(Debug)]
    struct MemoryHarness(Profile, OnceLock<Arc<MemoryPinStore>>);

    impl MemoryHarness {
        const fn new(profile: Profile) -> Self {
            Self(profile, OnceLock::new())
        }
    }

    impl Harness for MemoryHarness {
        async fn fresh(&self) -> Result<Arc<dyn PinStore>> {
            let store = self.1.get_or_init(|| Arc::new(MemoryPinStore::new(self.0)));
            Ok(store.clone())
        }

        async fn uploads(&self) -> Option<u64> {
            self.1.get().map(|store| store.uploads())
        }
    }

    mod v0_2015 {
        crate::pin_store_conformance!(super::MemoryHarness::new(super::Profile::UnixFsV0_2015));
    }

    mod v1_2025 {
        crate::pin_store_conformance!(super::MemoryHarness::new(super::Profile::UnixFsV1_2025));
    }

    mod pinata {
        crate::pin_store_conformance!(super::MemoryHarness::new(super::Profile::Pinata));
    }
}
