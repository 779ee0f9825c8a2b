//! What every test here starts with: a node, the contract, a fault proxy, and lanes over one store.

use std::{sync::Arc, time::Duration};

use alloy::{
    primitives::{Address as EvmAddress, B256, Bytes, U256},
    sol_types::SolCall as _,
};
use lore_core::{
    Address, ChainId, Secret, SystemClock, TxHash, Wei,
    memory::transactions::MemoryTransactionStore,
    port::transactions::{OperationKey, TransactionStore},
};
use lore_story::{
    Network, StoryClient, StoryConfig,
    network::RpcUrl,
    rpc::{Rpc, RpcConfig},
    tx::{Lane, LaneCall, LanePolicy, LocalSigner},
};
use lore_story_testbed::{
    ACCOUNTS, KEYS, Mining, Node, NodeOptions, Proxy,
    contracts::{
        MULTICALL3,
        interface::{Coin, Registrar},
    },
};

/// The account that the lanes sign with.
pub(crate) const SIGNER: EvmAddress = ACCOUNTS[0];

pub(crate) struct Scene {
    pub(crate) node: Node,
    pub(crate) proxy: Proxy,
    pub(crate) registrar: EvmAddress,
    pub(crate) store: Arc<MemoryTransactionStore>,
    pub(crate) policy: LanePolicy,
}

/// Everything short, so that tests are.
pub(crate) fn quick_policy() -> LanePolicy {
    let mut policy = LanePolicy::default();
    policy.poll_interval_ms = 20;
    policy.rebroadcast_after_ms = 150;
    policy.stall_after_ms = 60_000;
    policy.lease_ttl_ms = 300;
    policy.lease_wait_ms = 5_000;
    policy.wait_limit_ms = 20_000;
    policy
}

impl Scene {
    pub(crate) async fn new(test: &str, mining: Mining) -> Option<Self> {
        let node = Node::start(test, NodeOptions::mining(mining)).await?;
        let registrar = node.deploy("Registrar", &[]).await;
        let proxy = Proxy::start(node.url()).await;
        let store = Arc::new(MemoryTransactionStore::new());
        Some(Self { node, proxy, registrar, store, policy: quick_policy() })
    }

    pub(crate) fn rpc(&self) -> Rpc {
        rpc(&[self.proxy.url()])
    }

    /// A lane as a process of its own would have it, over the scene's store.
    pub(crate) fn lane(&self) -> Lane {
        self.lane_over(Arc::clone(&self.store) as Arc<dyn TransactionStore>)
    }

    pub(crate) fn lane_over(&self, store: Arc<dyn TransactionStore>) -> Lane {
        lane(self.rpc(), store, self.policy.clone())
    }

    /// The whole client, over the scene's store.
    pub(crate) fn client(&self) -> StoryClient {
        let url = RpcUrl::parse(self.proxy.url()).unwrap();
        let mut config = StoryConfig::new(Network::custom(ChainId::AENEID, url));
        config.lane = self.policy.clone();
        let store = Arc::clone(&self.store) as Arc<dyn TransactionStore>;
        StoryClient::new(config, signer(), store, SystemClock::shared()).unwrap()
    }

    /// A new ERC-20 of which the account has some, on a node that can be asked many things at once.
    pub(crate) async fn coin_with(&self, account: EvmAddress, amount: u64) -> EvmAddress {
        self.node.place("Aggregator", MULTICALL3).await;
        let coin = self.node.deploy("Coin", &[]).await;
        let mint = Coin::mintCall { to: account, amount: U256::from(amount) };
        // Not by the account itself, whose nonces are counted.
        self.node.run(ACCOUNTS[8], coin, &mint).await;
        coin
    }

    /// A mint that the contract allows any number of times: only the lane keeps it from happening twice.
    pub(crate) fn mint(&self, name: &str) -> LaneCall {
        self.mint_call(name, true)
    }

    pub(crate) fn mint_call(&self, name: &str, allow_duplicates: bool) -> LaneCall {
        let call = Registrar::mintCall {
            to: SIGNER,
            nftMetadataURI: name.to_owned(),
            nftMetadataHash: hash_of(name),
            allowDuplicates: allow_duplicates,
        };
        self.call(call.abi_encode(), name)
    }

    pub(crate) fn call(&self, data: Vec<u8>, summary: &str) -> LaneCall {
        LaneCall {
            to: lore(self.registrar),
            value: Wei::ZERO,
            data,
            gas_limit: None,
            summary: format!("mints {summary}"),
        }
    }

    /// How many tokens there are.
    pub(crate) async fn mints(&self) -> u64 {
        let call = Registrar::mintsCall {}.abi_encode();
        let answer = self.node.rpc().get(
            "eth_call",
            serde_json::json!([{ "to": self.registrar, "data": Bytes::from(call) }, "latest"]),
        );
        answer.await.as_str().unwrap().parse::<U256>().unwrap().to()
    }

    /// Somebody else uses the signer's key: any transaction.
    pub(crate) async fn use_key_elsewhere(&self) {
        let hash = self.node.send_raw(SIGNER, Some(ACCOUNTS[1]), &Bytes::new(), U256::from(1)).await;
        self.node.settle(hash).await;
    }

    /// Returns once so many transactions of the signer wait at the node. That the proxy saw them does not mean that.
    pub(crate) async fn waiting(&self, count: usize) {
        while self.node.waiting(SIGNER).await.pending.len() < count {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// Whether the node knows a transaction that is not mined.
    pub(crate) async fn is_waiting(&self, hash: &TxHash) -> bool {
        let hash = B256::from(*hash.as_bytes());
        let found = self.node.rpc().get("eth_getTransactionByHash", serde_json::json!([hash])).await;
        !found.is_null() && found["blockHash"].is_null()
    }

    /// Nonces that wait behind a gap.
    pub(crate) async fn gaps(&self) -> usize {
        self.node.waiting(SIGNER).await.queued.len()
    }
}

pub(crate) fn rpc(urls: &[&str]) -> Rpc {
    rpc_with(urls, Duration::from_secs(2))
}

/// One that does not wait for what comes late.
pub(crate) fn impatient_rpc(url: &str) -> Rpc {
    rpc_with(&[url], Duration::from_millis(300))
}

fn rpc_with(urls: &[&str], answer_timeout: Duration) -> Rpc {
    let urls = urls.iter().map(|url| RpcUrl::parse(url).unwrap());
    let mut config = RpcConfig::new(ChainId::AENEID, urls);
    config.answer_timeout = answer_timeout;
    Rpc::new(config, SystemClock::shared()).unwrap()
}

pub(crate) fn lane(rpc: Rpc, store: Arc<dyn TransactionStore>, policy: LanePolicy) -> Lane {
    Lane::new(rpc, store, signer(), SystemClock::shared(), policy).unwrap()
}

fn signer() -> Arc<LocalSigner> {
    Arc::new(LocalSigner::from_key(&Secret::from(KEYS[0])).unwrap())
}

pub(crate) fn key(text: &str) -> OperationKey {
    OperationKey::new(text).unwrap()
}

pub(crate) fn hash_of(name: &str) -> B256 {
    alloy::primitives::keccak256(name)
}

pub(crate) fn lore(address: EvmAddress) -> Address {
    Address::from_bytes(address.into_array())
}
