//! [`Job`]: what a process is started for.

use std::{env, io, sync::Arc};

use futures_util::future::try_join_all;
use lore::{
    Address, ChainClient, ChainConfig, Config, ContentHash, OperationKey, Result, SqliteConfig,
    SqliteRepository, StoreConfig, StoryChainConfig, SystemClock, TransactionStore, open,
    story::{
        LocalSigner, Operation as _, StoryClient, TransactionSigner as _,
        ops::{IpMetadata, MintAndRegister, NewNft},
    },
};
use lore_core::port::chain::{OnChainDocument, RegisterIp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::crash::{CrashingStore, Point};

/// Names the job to the process.
const VARIABLE: &str = "LORE_TEST_JOB";
/// Says that the process is about to begin.
pub(crate) const READY: &str = "ready";

/// What a process registers, and through what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Way {
    /// The chain of an engine, opened from the configuration. The contract refuses to mint a work twice.
    Engine,
    /// The client of the same configuration over the same database. The contract mints as often as it is asked to: only
    /// the key keeps a work from being minted twice.
    Client,
}

/// What a process does.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Job {
    /// A [`Config`].
    pub(crate) config: Value,
    pub(crate) way: Way,
    /// Names of works, which are the keys too.
    pub(crate) works: Vec<String>,
    /// How many at once.
    pub(crate) at_once: usize,
    /// Where it aborts; only the client's way has points.
    pub(crate) dies_at: Option<Point>,
    /// Whether it says [`READY`] and waits for a line before it begins.
    pub(crate) waits: bool,
}

impl Job {
    pub(crate) fn to_environment(&self) -> (&'static str, String) {
        (VARIABLE, serde_json::to_string(self).unwrap())
    }

    pub(crate) fn from_environment() -> Self {
        let job = env::var(VARIABLE).expect("a process is started with a job");
        serde_json::from_str(&job).unwrap()
    }

    /// Registers everything. Returns when all of it is final, if nothing ends the process before.
    pub(crate) fn run(self) {
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let worker = Worker::start(&self).await.unwrap();
            if self.waits {
                println!("{READY}");
                io::stdin().read_line(&mut String::new()).unwrap();
            }
            for works in self.works.chunks(self.at_once) {
                try_join_all(works.iter().map(|work| worker.register(work))).await.unwrap();
            }
        });
    }

    pub(crate) fn config(&self) -> Config {
        serde_json::from_value(self.config.clone()).unwrap()
    }

    /// The key under which a work is registered.
    pub(crate) fn key_of(&self, work: &str) -> OperationKey {
        match self.way {
            Way::Engine => MintAndRegister::new(nft(&self.config(), work)).key().unwrap(),
            Way::Client => OperationKey::new(work).unwrap(),
        }
    }
}

struct Worker {
    config: Config,
    through: Through,
}

enum Through {
    Engine(Arc<dyn ChainClient>),
    Client(StoryClient),
}

impl Worker {
    async fn start(job: &Job) -> Result<Self> {
        let config = job.config();
        let through = match job.way {
            Way::Engine => Through::Engine(Arc::clone(open(&config).await?.chain())),
            Way::Client => {
                let chain = chain(&config);
                let signer = LocalSigner::from_key(&chain.key)?;
                let mut store: Arc<dyn TransactionStore> = Arc::new(records(&config).await?.transactions());
                if let Some(point) = &job.dies_at {
                    store = Arc::new(CrashingStore::new(store, point.clone()));
                }
                let clock = SystemClock::shared();
                Through::Client(StoryClient::new(chain.client.clone(), Arc::new(signer), store, clock)?)
            }
        };
        Ok(Self { config, through })
    }

    async fn register(&self, work: &str) -> Result<()> {
        match &self.through {
            Through::Engine(chain) => {
                let [ipa, nft] = documents(work);
                chain.register(&RegisterIp::new(signer(&self.config), ipa, nft)).await.map(drop)
            }
            Through::Client(client) => {
                let mut nft = nft(&self.config, work);
                nft.allow_duplicates = true;
                let key = OperationKey::new(work)?;
                client.send_once(&key, &MintAndRegister::new(nft)).await.map(drop)
            }
        }
    }
}

fn chain(config: &Config) -> &StoryChainConfig {
    let ChainConfig::Story(chain) = &config.chain else { panic!("the chain is a real one") };
    chain
}

/// The database of a configuration.
pub(crate) async fn records(config: &Config) -> Result<SqliteRepository> {
    let StoreConfig::Sqlite { path } = &config.store else { panic!("the store is SQLite") };
    SqliteRepository::connect(SqliteConfig::new(path)).await
}

/// The account that signs, and owns everything.
pub(crate) fn signer(config: &Config) -> Address {
    LocalSigner::from_key(&chain(config).key).unwrap().address()
}

fn nft(config: &Config, work: &str) -> NewNft {
    let [ipa, nft] = documents(work);
    NewNft::new(chain(config).client.collection, signer(config), IpMetadata::new(ipa, nft))
}

fn documents(work: &str) -> [OnChainDocument; 2] {
    ["ipa", "nft"].map(|kind| {
        OnChainDocument::new(
            format!("ipfs://{kind}/{work}"),
            ContentHash::of(format!("{kind} of {work}").as_bytes()),
        )
    })
}
