//! A world of in-memory adapters that outlives any number of engines over it, as disks and chains outlive processes.

use std::{sync::Arc, time::Duration};

use lore_core::{
    Address, Caller, Lore, Result, Share, Wei,
    content::{BytesContent, Content, unixfs::Profile},
    creation::{CreationPolicy, CreationRecord, ParentInput},
    domain::{
        asset::{Asset, AssetText, AssetType, Relationship},
        license::{Payment, PilTerms},
        page::{AssetQuery, CreationQuery},
    },
    layer::Layer,
    memory::{chain::SimulatedChain, clock::ManualClock, pins::MemoryPinStore, repository::MemoryRepository},
    progress::Progress,
    protocol::{ROYALTY_POLICY_LAP, WIP},
    service::{CreateAsset, CreationView},
};

pub(crate) const LEASE: Duration = Duration::from_secs(30);

pub(crate) fn alice() -> Address {
    Address::from_bytes([0xa1; 20])
}

pub(crate) fn caller() -> Caller {
    Caller::User(alice())
}

#[derive(Clone)]
pub(crate) struct World {
    pub(crate) clock: ManualClock,
    pub(crate) repository: Arc<MemoryRepository>,
    pub(crate) pins: Arc<MemoryPinStore>,
    pub(crate) chain: SimulatedChain,
}

impl World {
    /// A world whose time stands still unless moved.
    pub(crate) fn new() -> Self {
        Self::with_clock(ManualClock::default())
    }

    /// A world in which waiting costs nothing.
    pub(crate) fn that_does_not_wait() -> Self {
        Self::with_clock(ManualClock::default().auto_advance())
    }

    fn with_clock(clock: ManualClock) -> Self {
        let chain = SimulatedChain::new(alice(), Arc::new(clock.clone()));
        Self {
            clock,
            repository: Arc::new(MemoryRepository::new()),
            pins: Arc::new(MemoryPinStore::new(Profile::UnixFsV1_2025)),
            chain,
        }
    }

    pub(crate) fn lore(&self) -> Lore {
        self.build(None)
    }

    pub(crate) fn lore_with(&self, layer: impl Layer) -> Lore {
        self.build(Some(Box::new(layer)))
    }

    fn build(&self, layer: Option<Box<dyn Layer>>) -> Lore {
        let mut policy = CreationPolicy::default();
        policy.lease = LEASE;
        let mut builder = Lore::builder()
            .repository(self.repository.clone())
            .pin_store(self.pins.clone())
            .chain_client(Arc::new(self.chain.clone()))
            .clock(Arc::new(self.clock.clone()))
            .creation_policy(policy);
        if let Some(layer) = layer {
            builder = builder.layer(Boxed(layer));
        }
        builder.build().unwrap()
    }

    pub(crate) async fn create(&self, request: CreateAsset) -> Result<CreationView> {
        self.lore().creations().create(&caller(), request, &Progress::none()).await
    }

    /// A finished original with commercial-remix terms.
    pub(crate) async fn parent(&self, key: &str) -> Asset {
        self.create(original(key)).await.unwrap().asset.unwrap()
    }

    pub(crate) async fn assets(&self) -> Vec<Asset> {
        self.lore().assets().list(&caller(), &AssetQuery::default()).await.unwrap().items
    }

    pub(crate) async fn creation(&self, key: &str) -> CreationRecord {
        let all = self.lore().creations().list(&caller(), CreationQuery::default()).await.unwrap().items;
        all.into_iter().find(|creation| creation.idempotency_key == key).unwrap()
    }

    pub(crate) async fn creation_count(&self) -> usize {
        self.lore().creations().list(&caller(), CreationQuery::default()).await.unwrap().items.len()
    }

    /// Lets the lease of a driver that died run out.
    pub(crate) fn let_the_lease_end(&self) {
        self.clock.advance(LEASE + Duration::from_secs(1));
    }

    /// What the outside world has by now, as (registrations, attachments, links, uploads, pins).
    pub(crate) fn counts(&self) -> (u64, u64, u64, u64, usize) {
        let stats = self.chain.stats().unwrap();
        (
            stats.registrations,
            stats.license_attachments,
            stats.links,
            self.pins.uploads(),
            self.pins.pin_count(),
        )
    }
}

#[derive(Debug)]
struct Boxed(Box<dyn Layer>);

impl Layer for Boxed {
    fn chain_client(
        &self,
        inner: Arc<dyn lore_core::port::chain::ChainClient>,
    ) -> Arc<dyn lore_core::port::chain::ChainClient> {
        self.0.chain_client(inner)
    }

    fn pin_store(
        &self,
        inner: Arc<dyn lore_core::port::pins::PinStore>,
    ) -> Arc<dyn lore_core::port::pins::PinStore> {
        self.0.pin_store(inner)
    }

    fn repository(
        &self,
        inner: Arc<dyn lore_core::port::repository::Repository>,
    ) -> Arc<dyn lore_core::port::repository::Repository> {
        self.0.repository(inner)
    }
}

pub(crate) fn media(text: &str) -> Arc<dyn Content> {
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    bytes.extend_from_slice(text.as_bytes());
    Arc::new(BytesContent::new(bytes))
}

pub(crate) fn remix_terms() -> PilTerms {
    PilTerms::commercial_remix(
        Wei::ZERO,
        Share::from_percent(10).unwrap(),
        Payment { currency: WIP, royalty_policy: ROYALTY_POLICY_LAP },
    )
}

pub(crate) fn request(key: &str) -> CreateAsset {
    let text = AssetText::new(format!("Work {key}"), "A work.");
    CreateAsset::new(AssetType::DigitalArt, text, media(key)).idempotency_key(key)
}

pub(crate) fn original(key: &str) -> CreateAsset {
    request(key).license(remix_terms())
}

pub(crate) fn remix_of(asset: &Asset, share: &str) -> ParentInput {
    ParentInput::new(asset.id, Relationship::Remix, share.parse().unwrap())
}
