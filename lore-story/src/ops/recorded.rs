//! Recorded transactions of the protocol's own client, as fixtures of encoding and decoding.

use alloy::{
    primitives::{Address as EvmAddress, B256, Bytes},
    sol_types::SolCall,
};
use lore_core::{Address, IpId, Timestamp, TxHash, Wei, domain::asset::Mined};
use serde::Deserialize;

use crate::{
    contracts::{
        account::{Call, IpAccount},
        token::Multicall3,
    },
    convert,
    receipt::Receipt,
};

pub(crate) const ALICE: &str = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
pub(crate) const BOB: &str = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC";
/// The licensor of the recording.
pub(crate) const PARENT: &str = "0x62c495Dc729D357d34C9B5FBad81E5C9d744f450";
/// Its derivative.
pub(crate) const CHILD: &str = "0x9D1049BD49B3e9e13aA90403f4D7f1eA433bE8D1";

pub(crate) fn account(text: &str) -> Address {
    text.parse().unwrap()
}

pub(crate) fn ip(text: &str) -> IpId {
    text.parse().unwrap()
}

/// One of them.
#[derive(Debug, Deserialize)]
pub(crate) struct Recorded {
    block: String,
    to: EvmAddress,
    value: String,
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
    /// Who was called.
    pub(crate) fn to(&self) -> Address {
        convert::from_evm_address(self.to)
    }

    /// Native coins that were sent along.
    pub(crate) fn value(&self) -> Wei {
        self.value.parse().unwrap()
    }

    /// One call of several that the aggregator made, as a transaction of its own with the logs of all.
    pub(crate) fn aggregated(mut self, number: usize) -> Self {
        let calls = Multicall3::aggregate3ValueCall::abi_decode(&self.input).unwrap().calls;
        let call = &calls[number];
        (self.to, self.value) = (call.target, call.value.to_string());
        self.input = call.callData.clone();
        self
    }

    /// The calls that an IP account made.
    pub(crate) fn account_calls(&self) -> Vec<Call> {
        IpAccount::executeBatchCall::abi_decode(&self.input).unwrap().calls
    }

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
