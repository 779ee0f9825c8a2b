//! A node with the contracts, a proxy before it, and a database for each round.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use lore::{ChainId, LaneId, TransactionState, TransactionStore as _, TxHash};
use lore_story_testbed::{ACCOUNTS, KEYS, Mining, Node, NodeOptions, Proxy, contracts::Deployed};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::job::{self, Job, Way};

pub(crate) struct Scene {
    pub(crate) node: Node,
    pub(crate) proxy: Proxy,
    /// How transactions are treated: everything short, so that the tests are.
    pub(crate) lane: Value,
    contracts: Deployed,
    dir: TempDir,
    rounds: AtomicU32,
}

impl Scene {
    pub(crate) async fn new(test: &str, block_time: Duration) -> Option<Self> {
        let node = Node::start(test, NodeOptions::mining(Mining::Every(block_time))).await?;
        let contracts = node.deploy_all().await;
        let proxy = Proxy::start(node.url()).await;
        let lane = json!({
            "poll_interval_ms": 20,
            "rebroadcast_after_ms": 150,
            "stall_after_ms": 60_000,
            "lease_ttl_ms": 300,
            "lease_wait_ms": 30_000,
        });
        Some(Self { node, proxy, lane, contracts, dir: TempDir::new().unwrap(), rounds: AtomicU32::new(0) })
    }

    /// Registers so many new works, over a new database.
    pub(crate) fn job(&self, way: Way, works: u32) -> Job {
        let round = self.rounds.fetch_add(1, Ordering::Relaxed);
        let dir = self.dir.path().join(round.to_string());
        let registrar = self.contracts.registrar;
        let config = json!({
            "store": { "sqlite": { "path": dir.join("lore.sqlite") } },
            "pins": { "blocks": { "path": dir.join("blocks") } },
            "chain": { "story": {
                "client": {
                    "network": {
                        "chain_id": self.node.options().chain_id,
                        "rpc_urls": [self.proxy.url()],
                        "addresses": {
                            "registration_workflows": registrar,
                            "ip_asset_registry": registrar,
                            "core_metadata_module": registrar,
                        },
                    },
                    "collection": self.contracts.collection,
                    "lane": self.lane,
                },
                "key": KEYS[0],
            } },
        });
        let works = (1..=works).map(|number| format!("work-{round}-{number}")).collect();
        std::fs::create_dir_all(&dir).unwrap();
        Job { config, way, works, at_once: 4, dies_at: None, waits: false }
    }

    /// What is there before a round.
    pub(crate) async fn count(&self) -> Count {
        Count {
            mints: self.node.mints(self.contracts.collection).await,
            nonce: self.node.nonce(ACCOUNTS[0]).await,
        }
    }

    /// Each work of a finished job was registered once since `before`, by one transaction, and no nonce was left out or
    /// used for anything else. Returns the nonce of each work.
    pub(crate) async fn judge(&self, job: &Job, before: Count) -> Vec<u64> {
        let works = job.works.len() as u64;
        let now = self.count().await;
        assert_eq!((now.mints - before.mints, now.nonce - before.nonce), (works, works), "mints, nonces");
        let waiting = self.node.waiting(ACCOUNTS[0]).await;
        assert_eq!((waiting.pending.len(), waiting.queued.len()), (0, 0), "what waits, also behind a gap");
        let config = job.config();
        let store = job::records(&config).await.unwrap().transactions();
        let lane = LaneId::new(ChainId::new(self.node.options().chain_id), job::signer(&config));
        let (mut hashes, mut nonces) = (BTreeSet::<TxHash>::new(), Vec::new());
        for work in &job.works {
            let stored = store.transaction_by_key(&lane, &job.key_of(work)).await.unwrap().expect(work);
            let TransactionState::Succeeded(inclusion) = stored.state else {
                panic!("{work}: {:?}", stored.state)
            };
            assert!(hashes.insert(inclusion.tx_hash), "{work} shares a transaction");
            nonces.push(stored.nonce);
        }
        assert_eq!(store.open_transactions(&lane).await.unwrap(), []);
        assert_eq!(store.next_nonce(&lane).await.unwrap(), Some(now.nonce));
        nonces
    }

    /// All that the account ever sent succeeded, and its nonces follow one another. Returns how much it was.
    pub(crate) async fn judge_all(&self) -> u64 {
        let mined = self.node.mined(ACCOUNTS[0]).await;
        let nonces: Vec<u64> = mined.iter().map(|each| each.nonce).collect();
        assert_eq!(nonces, (0..mined.len() as u64).collect::<Vec<_>>());
        assert!(mined.iter().all(|each| each.success));
        mined.len() as u64
    }
}

/// What the chain counts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Count {
    mints: u64,
    nonce: u64,
}
