//! [`Receipt`]: what a transaction left behind, read by contract and event, never by position.

use alloy::{
    primitives::{Address as EvmAddress, B256, Bytes, Log as EvmLog, LogData},
    sol_types::SolEvent,
};
use lore_core::{Address, Error, ErrorKind, Result, TxHash, domain::asset::Mined};

use crate::convert;

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
