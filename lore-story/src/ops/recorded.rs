//! Recorded transactions of the protocol's own client, as fixtures of encoding and decoding.

use alloy::primitives::{Address as EvmAddress, B256, Bytes};
use lore_core::{Timestamp, TxHash, domain::asset::Mined};
use serde::Deserialize;

use crate::receipt::Receipt;

/// One of them.
#[derive(Debug, Deserialize)]
pub(crate) struct Recorded {
    block: String,
    pub(crate) input: Bytes,
    logs: Vec<RecordedLog>,
}

#[derive(Debug, Deserialize)]
struct RecordedLog {
    address: EvmAddress,
    topics: Vec<B256>,
    data: Bytes,
}

/// The one in this block; each block held one.
pub(crate) fn transaction(block: u64) -> Recorded {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/data/story/transactions.json");
    let all: Vec<Recorded> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    all.into_iter().find(|recorded| recorded.block == block.to_string()).unwrap()
}

impl Recorded {
    /// What it left behind.
    pub(crate) fn receipt(&self) -> Receipt {
        let mined = Mined::new(TxHash::from_bytes([1; 32]), self.block.parse().unwrap(), Timestamp::EPOCH);
        let logs = self.logs.iter();
        Receipt::new(
            mined,
            logs.map(|log| Receipt::log(log.address, log.topics.clone(), log.data.clone())).collect(),
        )
    }
}
