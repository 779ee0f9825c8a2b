//! A world of in-memory adapters that outlives any number of engines over it, as disks and chains outlive processes.

use std::{sync::Arc, time::Duration};

use lore_core::{
    Address, Caller, Clock, Lore, Result, Share, Wei,
    content::{BytesContent, Content, unixfs::Profile},
    creation::{CreationPolicy, ParentInput},
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

pub const LEASE: Duration = Duration::from_secs(30);

pub fn alice() -> Address {
    Address::from_bytes([0xa1; 20])
}

pub fn caller() -> Caller {
    Caller::User(alice())
}

pub struct World {
    pub clock: ManualClock,
    pub repository: Arc<MemoryRepository>,
    pub pins: Arc<MemoryPinStore>,
    pub chain: SimulatedChain,
}

impl World {
    /// A world whose time stands still unless moved.
    pub fn new() -> Self {
        Self::with_clock(ManualClock::default())
    }

    /// A world in which waiting costs nothing.
    pub fn that_does_not_wait() -> Self {
        Self::with_clock(ManualClock::default().auto_advance())
    }

    fn with_clock(clock: ManualClock) -> Self {
        let chain = SimulatedChain::in_memory(alice(), Arc::new(clock.clone()));
        Self {
            clock,
            repository: Arc::new(MemoryRepository::new()),
            pins: Arc::new(MemoryPinStore::new(Profile::UnixFsV1_2025)),
            chain,
        }
    }

    pub fn lore(&self) -> Lore {
        self.build(None)
    }

    pub fn lore_with(&self, layer: impl Layer) -> Lore {
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

    pub async fn create(&self, request: CreateAsset) -> Result<CreationView> {
        self.lore().creations().create(&caller(), request, &Progress::none()).await
    }

    /// A finished original with commercial-remix terms.
    pub async fn parent(&self, key: &str) -> Asset {
        self.create(original(key)).await.unwrap().asset.unwrap()
    }

    pub async fn assets(&self) -> Vec<Asset> {
        self.lore().assets().list(&caller(), &AssetQuery::default()).await.unwrap().items
    }

    pub async fn creation_count(&self) -> usize {
        self.lore().creations().list(&caller(), CreationQuery::default()).await.unwrap().items.len()
    }

    /// Lets the lease of a driver that died run out.
    pub fn let_the_lease_end(&self) {
        self.clock.advance(LEASE + Duration::from_secs(1));
    }

    /// What the outside world has by now, as (registrations, attachments, links, uploads, pins).
    pub fn counts(&self) -> (u64, u64, u64, u64, usize) {
        let stats = self.chain.stats();
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

pub fn media(text: &str) -> Arc<dyn Content> {
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    bytes.extend_from_slice(text.as_bytes());
    Arc::new(BytesContent::new(bytes))
}

pub fn remix_terms() -> PilTerms {
    PilTerms::commercial_remix(
        Wei::ZERO,
        Share::from_percent(10).unwrap(),
        Payment::new(WIP, ROYALTY_POLICY_LAP),
    )
}

pub fn request(key: &str) -> CreateAsset {
    let text = AssetText::new(format!("Work {key}"), "A work.");
    CreateAsset::new(AssetType::DigitalArt, text, media(key)).idempotency_key(key)
}

pub fn original(key: &str) -> CreateAsset {
    request(key).license(remix_terms())
}

pub fn remix_of(asset: &Asset, share: &str) -> ParentInput {
    ParentInput::new(asset.id, Relationship::Remix, share.parse().unwrap())
}

/// Seconds since the world began.
pub fn elapsed(clock: &ManualClock) -> Duration {
    clock.now().saturating_since(ManualClock::default().now())
}
