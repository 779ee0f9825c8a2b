//! [`Receipt`]: what a transaction left behind, read by contract and event, never by position.

use alloy::{
    primitives::{Address as EvmAddress, B256, Bytes, Log as EvmLog, LogData},
    sol_types::SolEvent,
};
use lore_core::{Address, Error, ErrorKind, Result, Timestamp, TxHash, domain::asset::Mined};

use crate::{convert, rpc::TxReceipt};

/// One log of a receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReceiptLog {
    pub(crate) emitter: Address,
    pub(crate) data: LogData,
}

/// A final transaction that succeeded, with its logs in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    mined: Mined,
    logs: Vec<ReceiptLog>,
}

impl Receipt {
    pub(crate) const fn new(mined: Mined, logs: Vec<ReceiptLog>) -> Self {
        Self { mined, logs }
    }

    /// Reads a receipt in the JSON form of nodes (the result of `eth_getTransactionReceipt`), whoever asked for it, so that
    /// [`Operation::output`](crate::Operation::output) can read the typed result without a node. Whether it is final is
    /// for the caller to know; `at` is the time of its block.
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput) for anything else, and for a transaction that is in no block;
    /// [`Reverted`](ErrorKind::Reverted), without the reason, which is in no receipt.
    pub fn from_json(json: &str, at: Timestamp) -> Result<Self> {
        let refused = |what| Error::new(ErrorKind::InvalidInput, what).with_op("read_receipt");
        let receipt = TxReceipt::from_json(json)
            .map_err(|error| refused("this is no receipt").with_source(error))?
            .ok_or_else(|| refused("the transaction is in no block"))?;
        if !receipt.succeeded {
            return Err(Error::new(ErrorKind::Reverted, "the chain refused the transaction")
                .with_op("read_receipt")
                .with_context("tx_hash", convert::tx_hash(receipt.tx_hash)));
        }
        Ok(Self::of(&receipt, at))
    }

    /// A receipt that a node gave.
    pub(crate) fn of(receipt: &TxReceipt, at: Timestamp) -> Self {
        let mined = Mined::new(convert::tx_hash(receipt.tx_hash), receipt.block_number, at);
        let logs = receipt.logs.iter();
        let logs = logs.map(|log| Self::log(log.address, log.topics.clone(), log.data.clone()));
        Self::new(mined, logs.collect())
    }

    /// A log as a node or a recording gives it.
    pub(crate) fn log(emitter: EvmAddress, topics: Vec<B256>, data: Bytes) -> ReceiptLog {
        ReceiptLog { emitter: convert::from_evm_address(emitter), data: LogData::new_unchecked(topics, data) }
    }

    /// Where and when it was mined.
    #[must_use]
    pub const fn mined(&self) -> Mined {
        self.mined
    }

    /// Its hash.
    #[must_use]
    pub const fn tx_hash(&self) -> TxHash {
        self.mined.tx_hash
    }

    /// All events of this kind that `emitter` logged, in order.
    pub fn events<E: SolEvent>(&self, emitter: Address) -> impl Iterator<Item = E> {
        self.events_of_any().filter_map(move |(by, event)| (by == emitter).then_some(event))
    }

    /// All events of this kind with the contracts that logged them, in order: for contracts whose address is not known
    /// before, such as vaults.
    pub fn events_of_any<E: SolEvent>(&self) -> impl Iterator<Item = (Address, E)> {
        self.logs.iter().filter_map(|log| {
            let decoded = EvmLog { address: EvmAddress::ZERO, data: log.data.clone() };
            E::decode_log(&decoded).ok().map(|event| (log.emitter, event.data))
        })
    }

    /// The first event of this kind that `emitter` logged.
    ///
    /// # Errors
    /// [`Unexpected`](ErrorKind::Unexpected) if there is none: the contract did not do what it was called for.
    pub fn event<E: SolEvent>(&self, emitter: Address) -> Result<E> {
        self.events(emitter).next().ok_or_else(|| self.missing(E::SIGNATURE, emitter))
    }

    pub(crate) fn missing(&self, event: &'static str, emitter: Address) -> Error {
        Error::new(ErrorKind::Unexpected, "the transaction succeeded without the event it must log")
            .with_context("event", event)
            .with_context("contract", emitter)
            .with_context("tx_hash", self.mined.tx_hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "0x0100000000000000000000000000000000000000000000000000000000000000";

    fn json(block: &str, status: &str) -> String {
        let account = "0x0000000000000000000000000000000000000001";
        let log = format!(r#"{{"address":"{account}","topics":["{HASH}"],"data":"0x02"}}"#);
        format!(
            r#"{{"transactionHash":"{HASH}","from":"{account}","to":null,"blockNumber":{block},
                "blockHash":"{HASH}","status":"{status}","gasUsed":"0x5","logs":[{log}]}}"#
        )
    }

    #[test]
    fn a_receipt_that_a_node_gave_is_read_without_a_node() {
        let at = Timestamp::from_unix_seconds(1_700_000_000).unwrap();
        let receipt = Receipt::from_json(&json("\"0x10\"", "0x1"), at).unwrap();
        let mined = receipt.mined();
        assert_eq!((mined.tx_hash.to_string().as_str(), mined.block_number, mined.at), (HASH, 16, at));
        assert_eq!(receipt.logs[0].data.data, Bytes::from([2]));
    }

    #[test]
    fn what_is_no_receipt_of_a_success_is_refused() {
        let kind = |json: &str| Receipt::from_json(json, Timestamp::EPOCH).unwrap_err().kind();
        assert_eq!(kind(&json("\"0x10\"", "0x0")), ErrorKind::Reverted);
        for bad in [&*json("null", "0x1"), "null", "{}", "", &json("\"0x10\"", "yes")] {
            assert_eq!(kind(bad), ErrorKind::InvalidInput, "{bad}");
        }
    }
}
