//! What every test here starts with: a node with a registry and a collection, a fault proxy, a store, and what the chain
//! really holds, read without the client.

use std::sync::Arc;

use alloy::primitives::{Address as EvmAddress, B256, keccak256};
use lore_core::{
    Address, ChainId, Result, SystemClock,
    domain::{
        chain_event::{ChainEventKind as Kind, ChainEventQuery},
        page::SortOrder,
    },
    memory::chain_events::MemoryChainEventStore,
    port::chain_events::{ChainEventStore as _, EventRecord},
    sync::{EventSync, SyncReport},
};
use lore_story::{
    addresses::Addresses,
    logs::{EventOptions, StoryEvents},
    network::RpcUrl,
    rpc::{Rpc, RpcConfig},
};
use lore_story_testbed::{
    ACCOUNTS, Mining, Node, NodeOptions, Proxy,
    contracts::interface::{IPMetadata, Registrar},
    number,
};
use serde_json::json;

/// A log of the chain: number and hash of its block, its place there, and the event that it is.
pub(crate) type Place = (u64, String, u64, Kind);

pub(crate) struct Scene {
    pub(crate) node: Node,
    pub(crate) proxy: Proxy,
    pub(crate) store: Arc<MemoryChainEventStore>,
    addresses: Addresses,
    collection: EvmAddress,
    registrar: EvmAddress,
}

fn options(confirmations: u64) -> EventOptions {
    let mut options = EventOptions::default();
    options.confirmations = confirmations;
    options
}

impl Scene {
    pub(crate) async fn new(test: &str) -> Option<Self> {
        let node = Node::start(test, NodeOptions::mining(Mining::Auto)).await?;
        let registrar = node.deploy("Registrar", &[]).await;
        let collection = node.deploy("Registrar", &[]).await;
        let proxy = Proxy::start(node.url()).await;
        let mut addresses = Addresses::AENEID;
        addresses.ip_asset_registry = Address::from_bytes(registrar.into_array());
        Some(Self { node, proxy, store: Arc::default(), addresses, collection, registrar })
    }

    /// Mints and registers in a block of its own: one registration and two transfers.
    pub(crate) async fn register(&self, name: &str) {
        let call = Registrar::mintAndRegisterIpCall {
            spgNftContract: self.collection,
            recipient: ACCOUNTS[1],
            ipMetadata: IPMetadata {
                ipMetadataURI: String::new(),
                ipMetadataHash: B256::ZERO,
                nftMetadataURI: name.to_owned(),
                nftMetadataHash: keccak256(name),
            },
            allowDuplicates: false,
        };
        assert_eq!(self.node.run(ACCOUNTS[1], self.registrar, &call).await["status"], "0x1");
    }

    /// Blocks with registrations among empty ones, as many as asked and a few more.
    pub(crate) async fn history(&self, name: &str, blocks: u64) {
        let start = self.node.block_number().await;
        let mut made = 0;
        while self.node.block_number().await < start + blocks {
            self.register(&format!("{name}-{made}")).await;
            self.node.mine(made % 23).await;
            made += 1;
        }
    }

    /// A source as a new process has it: it knows nothing.
    pub(crate) fn source(&self, confirmations: u64) -> StoryEvents {
        let config = RpcConfig::new(ChainId::AENEID, [RpcUrl::parse(self.proxy.url()).unwrap()]);
        let rpc = Rpc::new(config, SystemClock::shared()).unwrap();
        let mut options = options(confirmations);
        options.collections = vec![Address::from_bytes(self.collection.into_array())];
        StoryEvents::new(rpc, self.addresses.clone(), options)
    }

    pub(crate) fn sync(&self, source: StoryEvents) -> EventSync {
        EventSync::new(Arc::new(source), self.store.clone(), ChainId::AENEID, 0)
    }

    /// A run of a new process that reads up to the newest block.
    pub(crate) async fn run(&self) -> Result<SyncReport> {
        self.sync(self.source(0)).run_once().await
    }

    /// What the store has, in the order of the chain.
    pub(crate) async fn stored(&self) -> Vec<Place> {
        self.records().await.into_iter().map(|record| place(&record)).collect()
    }

    pub(crate) async fn records(&self) -> Vec<EventRecord> {
        let mut query = ChainEventQuery::new(ChainId::AENEID);
        (query.order, query.limit) = (SortOrder::Ascending, 100);
        let mut found = Vec::new();
        loop {
            let page = self.store.chain_events(&query).await.unwrap();
            found.extend(page.items);
            match page.next {
                None => return found,
                next => query.cursor = next,
            }
        }
    }

    /// What the chain has: every registration of the registry and every transfer of the collection.
    pub(crate) async fn truth(&self) -> Vec<Place> {
        let wanted = [
            (
                self.registrar,
                "IPRegistered(address,uint256,address,uint256,string,string,uint256)",
                Kind::IpRegistered,
            ),
            (self.collection, "Transfer(address,address,uint256)", Kind::NftTransferred),
        ];
        let mut found = Vec::new();
        for (address, signature, kind) in wanted {
            let filter = json!([{
                "address": address, "topics": [keccak256(signature)], "fromBlock": "0x0", "toBlock": "latest",
            }]);
            for log in self.node.rpc().get("eth_getLogs", filter).await.as_array().unwrap() {
                let hash = log["blockHash"].as_str().unwrap().to_owned();
                found.push((number(&log["blockNumber"]), hash, number(&log["logIndex"]), kind));
            }
        }
        found.sort();
        found
    }

    /// The store has what the chain has, each once.
    pub(crate) async fn check(&self) {
        let (stored, truth) = (self.stored().await, self.truth().await);
        assert_eq!(stored, truth);
        let mut places: Vec<_> = stored.iter().map(|(_, hash, index, _)| (hash, index)).collect();
        places.sort();
        places.dedup();
        assert_eq!(places.len(), stored.len(), "one for each block hash and place");
    }
}

fn place(record: &EventRecord) -> Place {
    (record.block.number, record.block.hash.to_string(), record.log_index, record.event.kind())
}
