//! Blocks and receipts, as far as Lore reads them.

use alloy::primitives::{Address as EvmAddress, B256, Bytes, U64, U128};
use lore_core::{Error, ErrorKind, Result, Timestamp};
use serde::Deserialize;

/// The head of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BlockHeader {
    pub(crate) number: u64,
    pub(crate) hash: B256,
    pub(crate) parent_hash: B256,
    /// In seconds since 1970.
    pub(crate) timestamp: u64,
    /// In wei; `None` on chains without EIP-1559.
    pub(crate) base_fee_per_gas: Option<u128>,
    /// How many transactions it holds.
    pub(crate) transactions: usize,
}

impl BlockHeader {
    /// Its time.
    ///
    /// # Errors
    /// [`ErrorKind::Unexpected`] for a time after the year 9999.
    pub(crate) fn time(&self) -> Result<Timestamp> {
        let seconds = i64::try_from(self.timestamp).unwrap_or(i64::MAX);
        Timestamp::from_unix_seconds(seconds).map_err(|_| {
            Error::new(ErrorKind::Unexpected, "the block has an impossible time")
                .with_context("block_number", self.number)
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WireBlock {
    number: U64,
    hash: B256,
    parent_hash: B256,
    timestamp: U64,
    #[serde(default)]
    base_fee_per_gas: Option<U128>,
    #[serde(default)]
    pub(super) transactions: Vec<B256>,
}

impl WireBlock {
    pub(super) fn header(&self) -> BlockHeader {
        BlockHeader {
            number: self.number.to(),
            hash: self.hash,
            parent_hash: self.parent_hash,
            timestamp: self.timestamp.to(),
            base_fee_per_gas: self.base_fee_per_gas.map(|fee| fee.to()),
            transactions: self.transactions.len(),
        }
    }
}

/// A transaction, as a node knows it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WireTransaction {
    pub(crate) hash: B256,
    pub(crate) from: EvmAddress,
    pub(crate) nonce: U64,
    #[serde(default)]
    pub(crate) to: Option<EvmAddress>,
    #[serde(default)]
    pub(crate) value: Option<alloy::primitives::U256>,
    #[serde(default)]
    pub(crate) input: Bytes,
    #[serde(default)]
    pub(crate) gas: Option<U64>,
    /// `None` while it is pending.
    #[serde(default)]
    pub(crate) block_number: Option<U64>,
}

/// What a transaction left behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TxReceipt {
    pub(crate) tx_hash: B256,
    pub(crate) from: EvmAddress,
    /// `None` for one that created a contract.
    pub(crate) to: Option<EvmAddress>,
    pub(crate) block_number: u64,
    pub(crate) block_hash: B256,
    pub(crate) succeeded: bool,
    pub(crate) gas_used: u64,
    pub(crate) logs: Vec<TxLog>,
}

impl TxReceipt {
    /// Reads the JSON form of nodes; `None` for a transaction that is not in a block.
    pub(crate) fn from_json(json: &str) -> serde_json::Result<Option<Self>> {
        serde_json::from_str::<WireReceipt>(json).map(WireReceipt::mined)
    }
}

/// One log of a receipt.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct TxLog {
    pub(crate) address: EvmAddress,
    pub(crate) topics: Vec<B256>,
    pub(crate) data: Bytes,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WireReceipt {
    transaction_hash: B256,
    from: EvmAddress,
    #[serde(default)]
    to: Option<EvmAddress>,
    block_number: Option<U64>,
    block_hash: Option<B256>,
    status: U64,
    gas_used: U64,
    logs: Vec<TxLog>,
}

impl WireReceipt {
    /// `None` for a transaction that is not in a block: some nodes have receipts of those.
    pub(super) fn mined(self) -> Option<TxReceipt> {
        Some(TxReceipt {
            tx_hash: self.transaction_hash,
            from: self.from,
            to: self.to,
            block_number: self.block_number?.to(),
            block_hash: self.block_hash?,
            succeeded: !self.status.is_zero(),
            gas_used: self.gas_used.to(),
            logs: self.logs,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_of_any_node_is_read() {
        let text = r#"{"number":"0x10","hash":"0x0100000000000000000000000000000000000000000000000000000000000000",
            "parentHash":"0x0200000000000000000000000000000000000000000000000000000000000000","timestamp":"0x65",
            "baseFeePerGas":"0x7","transactions":["0x0300000000000000000000000000000000000000000000000000000000000000"]}"#;
        let header = serde_json::from_str::<WireBlock>(text).unwrap().header();
        assert_eq!((header.number, header.timestamp, header.transactions), (16, 101, 1));
        assert_eq!(header.base_fee_per_gas, Some(7));
        assert_eq!(header.time().unwrap().unix_seconds(), 101);
    }

    #[test]
    fn a_receipt_without_a_block_is_not_mined() {
        let text = r#"{"transactionHash":"0x0100000000000000000000000000000000000000000000000000000000000000",
            "from":"0x0000000000000000000000000000000000000001","to":null,"blockNumber":null,"blockHash":null,
            "status":"0x1","gasUsed":"0x0","logs":[]}"#;
        assert_eq!(serde_json::from_str::<WireReceipt>(text).unwrap().mined(), None);
    }
}
