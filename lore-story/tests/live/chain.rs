//! The chain, and what every test needs on it.

use std::{
    env,
    future::Future,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};

use lore_core::{
    Address, ChainId, Clock, ContentHash, IpId, Secret, Share, SystemClock, TokenId, Wei,
    domain::license::{Payment, PilTerms},
    memory::transactions::MemoryTransactionStore,
    port::chain::OnChainDocument,
};
use lore_story::{
    LocalSigner, Network, StoryClient, StoryConfig,
    network::RpcUrl,
    ops::{
        CreateCollection, ExistingNft, IpMetadata, LicensedTerms, MintAndRegister, MintAndRegisterWithTerms,
        MintNft, NewNft,
    },
};
use lore_story_testbed::{Rpc, number};
use serde_json::json;
use tokio::{runtime::Runtime, sync::OnceCell};

/// The chain with two accounts on it.
#[derive(Debug)]
pub(crate) struct Story {
    /// The account of the tests.
    pub(crate) client: StoryClient,
    /// Somebody else.
    pub(crate) other: Option<StoryClient>,
    url: String,
    key: Secret,
    collection: OnceCell<Address>,
    /// Makes names of this run unlike those of another.
    run: String,
    names: AtomicU64,
}

/// Runs a test if there is a chain for it. All tests share one runtime, because they share connections.
pub(crate) fn live<F: Future<Output = ()>>(test: impl FnOnce(&'static Story) -> F) {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    static STORY: OnceLock<Option<Story>> = OnceLock::new();
    let runtime = RUNTIME.get_or_init(|| Runtime::new().unwrap());
    let story = STORY.get_or_init(|| runtime.block_on(connect()));
    match story {
        Some(story) => runtime.block_on(test(story)),
        None => {
            println!("skipped: LORE_STORY_RPC and LORE_STORY_KEY name no chain and account to run against")
        }
    }
}

async fn connect() -> Option<Story> {
    let url = env::var("LORE_STORY_RPC").ok()?;
    let key = Secret::new(env::var("LORE_STORY_KEY").ok()?);
    let chain_id = Rpc::new(&url).get("eth_chainId", json!([])).await;
    let chain_id = ChainId::new(number(&chain_id));
    let client = client(&url, &key, chain_id);
    let other =
        env::var("LORE_STORY_KEY_2").ok().map(|key| super::chain::client(&url, &Secret::new(key), chain_id));
    let run = SystemClock.now().to_string();
    Some(Story { client, other, url, key, collection: OnceCell::new(), run, names: AtomicU64::new(0) })
}

fn client(url: &str, key: &Secret, chain_id: ChainId) -> StoryClient {
    let rpc_url = RpcUrl::parse(url).unwrap();
    let mut network = Network::known(chain_id).unwrap_or_else(|| Network::custom(chain_id, rpc_url.clone()));
    network.rpc_urls = vec![rpc_url];
    let mut config = StoryConfig::new(network);
    config.lane.poll_interval_ms = 50;
    let signer = LocalSigner::from_key(key).unwrap();
    let store = Arc::new(MemoryTransactionStore::new());
    StoryClient::new(config, Arc::new(signer), store, SystemClock::shared()).unwrap()
}

impl Story {
    /// The account of the tests.
    pub(crate) fn me(&self) -> Address {
        self.client.signer()
    }

    /// The same account without its memory, as after a crash that lost everything. It must not send.
    pub(crate) fn amnesiac(&self) -> StoryClient {
        client(&self.url, &self.key, self.client.chain_id())
    }

    /// Somebody else, or a reason to skip.
    pub(crate) fn other(&self) -> Option<&StoryClient> {
        if self.other.is_none() {
            println!("skipped: LORE_STORY_KEY_2 names no second account");
        }
        self.other.as_ref()
    }

    /// The tests' own collection, in which anybody mints for nothing.
    pub(crate) async fn collection(&self) -> Address {
        let make = || async {
            let create = CreateCollection::new("Lore's tests", "LORE", self.me());
            self.client.send(&create).await.unwrap().collection
        };
        *self.collection.get_or_init(make).await
    }

    /// A text that no other test and no other run uses.
    pub(crate) fn unique(&self, what: &str) -> String {
        format!("{what} {} of {}", self.names.fetch_add(1, Ordering::Relaxed), self.run)
    }

    /// Metadata that no other token has.
    pub(crate) fn metadata(&self, what: &str) -> IpMetadata {
        let name = self.unique(what);
        let document = |kind: &str| {
            OnChainDocument::new(
                format!("ipfs://{kind}"),
                ContentHash::of(format!("{kind} of {name}").as_bytes()),
            )
        };
        IpMetadata::new(document("ipa"), document("nft"))
    }

    /// A token of mine to be minted.
    pub(crate) async fn new_nft(&self, what: &str) -> NewNft {
        NewNft::new(self.collection().await, self.me(), self.metadata(what))
    }

    /// A token of mine that is there, not yet an IP.
    pub(crate) async fn existing_nft(&self, what: &str) -> ExistingNft {
        let minted = self.client.send(&MintNft::new(self.new_nft(what).await)).await.unwrap();
        ExistingNft::new(minted.collection, minted.token_id, self.metadata(what))
    }

    /// An IP of mine without terms.
    pub(crate) async fn ip(&self, what: &str) -> IpId {
        self.client.send(&MintAndRegister::new(self.new_nft(what).await)).await.unwrap().ip_id
    }

    /// An IP of mine that others may remix for a fee.
    pub(crate) async fn parent(&self, what: &str, fee: Wei) -> lore_core::port::chain::ParentTerms {
        let terms = vec![LicensedTerms::new(remix(fee, 5))];
        let register = MintAndRegisterWithTerms::new(self.new_nft(what).await, terms);
        let registered = self.client.send(&register).await.unwrap();
        lore_core::port::chain::ParentTerms::new(registered.ip_id, registered.license_terms[0])
    }
}

/// Commercial terms for remixes.
pub(crate) fn remix(fee: Wei, percent: u32) -> PilTerms {
    PilTerms::commercial_remix(fee, Share::from_percent(percent).unwrap(), Payment::default())
}

pub(crate) fn token(number: u64) -> TokenId {
    TokenId::from(number)
}
