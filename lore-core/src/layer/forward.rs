//! Every operation of every port but the chain's, handed to the layer. Nothing here decides anything.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;

use super::{
    around::{Around, LayeredPort},
    op,
};
use crate::{
    content::{Cid, ContentReader, unixfs::Profile},
    creation::{CreationRecord, NewCreation, RecordedEvent},
    domain::{
        asset::{Asset, ParentLink},
        page::{AssetQuery, CreationQuery, Page},
    },
    error::Result,
    ids::{AssetId, CreationId, HolderId},
    onchain::{Address, IpId},
    port::{
        cache::Cache,
        llm::{Completion, CompletionRequest, LlmProvider, ModelInfo},
        pins::{PinRequest, PinStore, Pinned},
        repository::{AssetRepository, ChangeSet, CreationJournal, Lease, Opened, Repository},
    },
    time::Timestamp,
};

#[deny(clippy::missing_trait_methods)]
#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl<A: Around> PinStore for LayeredPort<dyn PinStore, A> {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn profile(&self) -> Profile {
        self.inner.profile()
    }

    fn max_bytes(&self) -> u64 {
        self.inner.max_bytes()
    }

    async fn find(&self, cid: &Cid) -> Result<Option<Pinned>> {
        self.call(op::FIND, || self.inner.find(cid)).await
    }

    async fn pin(&self, request: PinRequest<'_>) -> Result<Pinned> {
        self.call(op::PIN, || self.inner.pin(request)).await
    }

    async fn fetch(&self, cid: &Cid) -> Result<Box<dyn ContentReader>> {
        let reader = self.call(op::FETCH, || self.inner.fetch(cid)).await?;
        Ok(self.reader(reader))
    }

    async fn unpin(&self, cid: &Cid) -> Result<()> {
        self.call(op::UNPIN, || self.inner.unpin(cid)).await
    }
}

#[deny(clippy::missing_trait_methods)]
#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl<A: Around> LlmProvider for LayeredPort<dyn LlmProvider, A> {
    fn name(&self) -> &str {
        self.inner.name()
    }

    async fn complete(&self, request: &CompletionRequest) -> Result<Completion> {
        self.call_within(op::COMPLETE, Some(request.timeout), || self.inner.complete(request)).await
    }

    async fn models(&self) -> Result<Vec<ModelInfo>> {
        self.call(op::MODELS, || self.inner.models()).await
    }
}

#[deny(clippy::missing_trait_methods)]
#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl<A: Around> AssetRepository for LayeredPort<dyn Repository, A> {
    async fn asset(&self, id: &AssetId) -> Result<Option<Asset>> {
        self.call(op::ASSET, || self.inner.asset(id)).await
    }

    async fn assets(&self, ids: &[AssetId]) -> Result<Vec<Asset>> {
        self.call(op::ASSETS, || self.inner.assets(ids)).await
    }

    async fn asset_by_ip(&self, ip_id: &IpId) -> Result<Option<Asset>> {
        self.call(op::ASSET_BY_IP, || self.inner.asset_by_ip(ip_id)).await
    }

    async fn list_assets(&self, query: &AssetQuery) -> Result<Page<Asset>> {
        self.call(op::LIST_ASSETS, || self.inner.list_assets(query)).await
    }

    async fn parent_links(&self, children: &[AssetId]) -> Result<Vec<ParentLink>> {
        self.call(op::PARENT_LINKS, || self.inner.parent_links(children)).await
    }

    async fn child_links(&self, parents: &[AssetId]) -> Result<Vec<ParentLink>> {
        self.call(op::CHILD_LINKS, || self.inner.child_links(parents)).await
    }

    async fn needed_cids(&self, cids: &[Cid], except: &CreationId) -> Result<Vec<Cid>> {
        self.call(op::NEEDED_CIDS, || self.inner.needed_cids(cids, except)).await
    }
}

#[deny(clippy::missing_trait_methods)]
#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl<A: Around> CreationJournal for LayeredPort<dyn Repository, A> {
    async fn open_creation(&self, new: &NewCreation) -> Result<Opened> {
        self.call(op::OPEN_CREATION, || self.inner.open_creation(new)).await
    }

    async fn creation(&self, id: &CreationId) -> Result<Option<CreationRecord>> {
        self.call(op::CREATION, || self.inner.creation(id)).await
    }

    async fn creation_by_key(
        &self,
        owner: &Address,
        idempotency_key: &str,
    ) -> Result<Option<CreationRecord>> {
        self.call(op::CREATION_BY_KEY, || self.inner.creation_by_key(owner, idempotency_key)).await
    }

    async fn creation_of_asset(&self, asset: &AssetId) -> Result<Option<CreationRecord>> {
        self.call(op::CREATION_OF_ASSET, || self.inner.creation_of_asset(asset)).await
    }

    async fn list_creations(&self, query: &CreationQuery) -> Result<Page<CreationRecord>> {
        self.call(op::LIST_CREATIONS, || self.inner.list_creations(query)).await
    }

    async fn events(&self, id: &CreationId) -> Result<Vec<RecordedEvent>> {
        self.call(op::EVENTS, || self.inner.events(id)).await
    }

    async fn acquire_lease(
        &self,
        id: &CreationId,
        holder: HolderId,
        now: Timestamp,
        ttl: Duration,
    ) -> Result<Lease> {
        self.call(op::ACQUIRE_LEASE, || self.inner.acquire_lease(id, holder, now, ttl)).await
    }

    async fn renew_lease(
        &self,
        id: &CreationId,
        lease: &Lease,
        now: Timestamp,
        ttl: Duration,
    ) -> Result<Lease> {
        self.call(op::RENEW_LEASE, || self.inner.renew_lease(id, lease, now, ttl)).await
    }

    async fn release_lease(&self, id: &CreationId, lease: &Lease) -> Result<()> {
        self.call(op::RELEASE_LEASE, || self.inner.release_lease(id, lease)).await
    }
}

#[deny(clippy::missing_trait_methods)]
#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl<A: Around> Repository for LayeredPort<dyn Repository, A> {
    fn name(&self) -> &str {
        self.inner.name()
    }

    async fn commit(&self, changes: ChangeSet) -> Result<()> {
        self.call(op::COMMIT, || self.inner.commit(changes.clone())).await
    }
}

#[deny(clippy::missing_trait_methods)]
#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl<A: Around> Cache for LayeredPort<dyn Cache, A> {
    fn name(&self) -> &str {
        self.inner.name()
    }

    async fn get(&self, key: &str) -> Result<Option<Arc<[u8]>>> {
        self.call(op::GET, || self.inner.get(key)).await
    }

    async fn put(&self, key: &str, value: Arc<[u8]>, ttl: Duration) -> Result<()> {
        self.call(op::PUT, || self.inner.put(key, value.clone(), ttl)).await
    }

    async fn put_if_absent(&self, key: &str, value: Arc<[u8]>, ttl: Duration) -> Result<bool> {
        self.call(op::PUT_IF_ABSENT, || self.inner.put_if_absent(key, value.clone(), ttl)).await
    }

    async fn remove(&self, key: &str) -> Result<()> {
        self.call(op::REMOVE, || self.inner.remove(key)).await
    }
}
