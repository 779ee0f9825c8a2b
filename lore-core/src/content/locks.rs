//! [`CidLocks`]: one worker per CID at a time.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use futures_util::lock::{Mutex as AsyncMutex, OwnedMutexGuard};

use crate::content::Cid;

/// Lets one caller at a time work on a CID, so that two pins of the same content in one process upload it once.
///
/// Clones share the locks. A lock is held by its [`CidGuard`]; dropping the waiting future gives up the place in the
/// queue, dropping the guard lets the next caller in. Nothing is kept for a CID that nobody works on.
#[derive(Clone, Default)]
pub struct CidLocks(Arc<Mutex<HashMap<Cid, Weak<AsyncMutex<()>>>>>);

/// The right to work on a CID.
#[must_use = "the lock is free again as soon as the guard is dropped"]
pub struct CidGuard {
    _held: OwnedMutexGuard<()>,
}

impl CidLocks {
    /// No lock is held.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Waits until nobody else works on `cid`.
    pub async fn lock(&self, cid: &Cid) -> CidGuard {
        let lock = self.entry(cid);
        CidGuard { _held: lock.lock_owned().await }
    }

    fn entry(&self, cid: &Cid) -> Arc<AsyncMutex<()>> {
        let mut locks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lock) = locks.get(cid).and_then(Weak::upgrade) {
            return lock;
        }
        // As many entries as there are pins in flight, so a full sweep is cheap.
        locks.retain(|_, lock| lock.strong_count() > 0);
        let lock = Arc::new(AsyncMutex::new(()));
        locks.insert(*cid, Arc::downgrade(&lock));
        lock
    }
}

impl fmt::Debug for CidLocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CidLocks")
    }
}

impl fmt::Debug for CidGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CidGuard")
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[test]
    fn a_cid_has_one_worker_and_other_cids_are_free() {
        let (locks, one, other) = (CidLocks::new(), Cid::raw([1; 32]), Cid::raw([2; 32]));
        let held = locks.lock(&one).now_or_never().unwrap();
        assert!(locks.lock(&one).now_or_never().is_none());
        assert!(locks.clone().lock(&other).now_or_never().is_some());
        drop(held);
        assert!(locks.lock(&one).now_or_never().is_some());
        assert!(locks.0.lock().unwrap().len() <= 2);
    }
}
