//! [`MemoryRepository`]: Lore's records in memory. Real but for one thing: they end with the process.
//!
//! One lock around ordered maps, never held over an await. A commit is checked as a draft over the stored state and
//! applied once nothing in it is refused.

mod draft;
mod state;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;

use self::{draft::Draft, state::State};
use crate::{
    content::Cid,
    creation::{CreationRecord, NewCreation, RecordedEvent},
    domain::{
        asset::{Asset, ParentLink},
        page::{AssetQuery, CreationQuery, Page},
    },
    error::Result,
    ids::{AssetId, CreationId, HolderId},
    onchain::{Address, IpId},
    port::repository::{AssetRepository, ChangeSet, CreationJournal, Lease, Opened, Repository},
    time::Timestamp,
};

/// A [`Repository`] in memory. Clones share their records.
///
/// A list is filtered and sorted anew for every page, so its cost grows with the number of assets: for tests, browsers and
/// some ten thousand assets.
#[derive(Clone, Debug, Default)]
pub struct MemoryRepository {
    state: Arc<Mutex<State>>,
}

impl MemoryRepository {
    /// An empty repository.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics between two related changes of the state, so a poisoned lock still guards whole records.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl AssetRepository for MemoryRepository {
    async fn asset(&self, id: &AssetId) -> Result<Option<Asset>> {
        Ok(self.lock().asset(id).cloned())
    }

    async fn assets(&self, ids: &[AssetId]) -> Result<Vec<Asset>> {
        let state = self.lock();
        Ok(ids.iter().filter_map(|id| state.asset(id)).cloned().collect())
    }

    async fn asset_by_ip(&self, ip_id: &IpId) -> Result<Option<Asset>> {
        Ok(self.lock().asset_by_ip(ip_id).cloned())
    }

    async fn list_assets(&self, query: &AssetQuery) -> Result<Page<Asset>> {
        let position = query.position()?;
        let rows = self.lock().matching_assets(query, position.as_ref());
        Page::from_rows(rows, query.limit, |asset| query.cursor_after(asset))
    }

    async fn parent_links(&self, children: &[AssetId]) -> Result<Vec<ParentLink>> {
        Ok(self.lock().parent_links(children))
    }

    async fn child_links(&self, parents: &[AssetId]) -> Result<Vec<ParentLink>> {
        Ok(self.lock().child_links(parents))
    }

    async fn needed_cids(&self, cids: &[Cid], except: &CreationId) -> Result<Vec<Cid>> {
        let state = self.lock();
        Ok(cids.iter().filter(|cid| state.needs(cid, except)).copied().collect())
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl CreationJournal for MemoryRepository {
    async fn open_creation(&self, new: &NewCreation) -> Result<Opened> {
        self.lock().open_creation(new).map_err(|err| err.with_op("open_creation"))
    }

    async fn creation(&self, id: &CreationId) -> Result<Option<CreationRecord>> {
        Ok(self.lock().creation(id).cloned())
    }

    async fn creation_by_key(
        &self,
        owner: &Address,
        idempotency_key: &str,
    ) -> Result<Option<CreationRecord>> {
        Ok(self.lock().creation_by_key(owner, idempotency_key).cloned())
    }

    async fn creation_of_asset(&self, asset: &AssetId) -> Result<Option<CreationRecord>> {
        Ok(self.lock().creation_of_asset(asset).cloned())
    }

    async fn list_creations(&self, query: &CreationQuery) -> Result<Page<CreationRecord>> {
        let below = query.position()?;
        let rows = self.lock().matching_creations(query, below.as_ref());
        Page::from_rows(rows, query.limit, |creation| query.cursor_after(&creation.id))
    }

    async fn events(&self, id: &CreationId) -> Result<Vec<RecordedEvent>> {
        Ok(self.lock().events(id).to_vec())
    }

    async fn acquire_lease(
        &self,
        id: &CreationId,
        holder: HolderId,
        now: Timestamp,
        ttl: Duration,
    ) -> Result<Lease> {
        self.lock().acquire_lease(id, holder, now, ttl).map_err(|err| err.with_op("acquire_lease"))
    }

    async fn renew_lease(
        &self,
        id: &CreationId,
        lease: &Lease,
        now: Timestamp,
        ttl: Duration,
    ) -> Result<Lease> {
        self.lock().renew_lease(id, lease, now, ttl).map_err(|err| err.with_op("renew_lease"))
    }

    async fn release_lease(&self, id: &CreationId, lease: &Lease) -> Result<()> {
        self.lock().release_lease(id, lease);
        Ok(())
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Repository for MemoryRepository {
    fn name(&self) -> &str {
        "memory"
    }

    async fn commit(&self, changes: ChangeSet) -> Result<()> {
        let mut state = self.lock();
        let draft = Draft::check(&state, changes).map_err(|err| err.with_op("commit"))?;
        draft.into_changes().apply(&mut state);
        Ok(())
    }
}
