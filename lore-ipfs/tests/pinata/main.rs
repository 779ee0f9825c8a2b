//! The Pinata adapter against a local server that speaks Pinata's protocol. What that cannot prove is written there.

mod behaviour;
mod conformance;
mod faults;
mod resumable;
mod server;
mod signed;

use std::sync::Arc;

use lore_core::{
    Error, Retry, SystemClock,
    content::{
        BytesContent,
        unixfs::{Fingerprint, Profile, fingerprint_bytes},
    },
    memory::clock::ManualClock,
    port::pins::{PinRequest, PinStore as _, Pinned},
};
use lore_ipfs::pinata::{PinataApi, PinataConfig, PinataPinStore};

use self::server::{PinataServer, Settings, TOKEN};

/// Pieces of resumable uploads in these tests.
const CHUNK_BYTES: u64 = 300_000;

/// How files go up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Multipart,
    Tus,
    Legacy,
}

impl Way {
    const ALL: [Self; 3] = [Self::Multipart, Self::Tus, Self::Legacy];
}

fn config(server: &PinataServer, way: Way) -> PinataConfig {
    let mut config = PinataConfig::new(TOKEN);
    config.api_url = server.url().to_owned();
    config.uploads_url = server.url().to_owned();
    config.gateway_url = server.url().to_owned();
    config.requests_per_minute = 1_000_000;
    config.tus_chunk_bytes = CHUNK_BYTES;
    match way {
        Way::Multipart => {}
        Way::Tus => config.multipart_max_bytes = 0,
        Way::Legacy => config.api = PinataApi::Legacy,
    }
    config
}

/// A server, a store that uses it, and the clock of both.
struct Setup {
    server: PinataServer,
    store: PinataPinStore,
    clock: ManualClock,
}

impl Setup {
    async fn new(way: Way) -> Self {
        Self::with(way, Settings::default()).await
    }

    async fn with(way: Way, settings: Settings) -> Self {
        let clock = settings.clock.clone();
        let server = PinataServer::start(settings).await;
        let store = PinataPinStore::new(config(&server, way), Arc::new(clock.clone())).unwrap();
        Self { server, store, clock }
    }

    /// A store with other settings, on the same server.
    fn store(&self, config: PinataConfig) -> PinataPinStore {
        PinataPinStore::new(config, Arc::new(self.clock.clone())).unwrap()
    }
}

/// Content and what it must turn out to be.
struct Sample {
    bytes: Vec<u8>,
    content: BytesContent,
    expected: Fingerprint,
}

impl Sample {
    fn new(profile: Profile, bytes: Vec<u8>) -> Self {
        let expected = fingerprint_bytes(profile, &bytes).unwrap();
        Self { content: BytesContent::new(bytes.clone()), bytes, expected }
    }

    /// Four pieces and eleven blocks, the last ones short.
    fn large() -> Self {
        let bytes = (0..4 * 262_144 + 1_000_u32).map(|n| (n / 5 % 253) as u8).collect();
        Self::new(Profile::Pinata, bytes)
    }

    fn small() -> Self {
        Self::new(Profile::Pinata, b"a small file".to_vec())
    }

    async fn pin(&self, store: &PinataPinStore) -> Result<Pinned, Error> {
        store.pin(PinRequest::new(&self.content, &self.expected, "sample.bin")).await
    }

    /// How often the account has this content, for everybody to see.
    fn kept(&self, server: &PinataServer) -> usize {
        let files = server.files();
        files
            .iter()
            .filter(|file| file.cid == self.expected.cid && file.network == "public")
            .filter(|file| file.bytes == self.bytes)
            .count()
    }
}

fn context<'a>(error: &'a Error, key: &str) -> &'a str {
    error.context().iter().find(|(name, _)| *name == key).map_or("", |(_, value)| value)
}

const AGAIN: Retry = Retry::After(None);

/// The clock of suites in which nothing waits.
fn real_clock() -> Arc<dyn lore_core::Clock> {
    SystemClock::shared()
}
