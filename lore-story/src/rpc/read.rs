//! Questions to a node that change nothing.

use std::sync::atomic::Ordering;

use alloy::{
    eips::BlockNumberOrTag,
    primitives::{Address as EvmAddress, Bytes, U64, U256},
    rpc::types::{Filter, Log},
    sol_types::SolCall,
};
use lore_core::{Address, Error, ErrorKind, Result, TxHash, Wei};
use serde::Serialize;

use super::{
    block::{BlockHeader, TxReceipt, WireBlock, WireReceipt, WireTransaction},
    client::Rpc,
    fault::Failure,
    refusal::Meaning,
};
use crate::{convert, revert};

/// How a contract is asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CallOptions {
    /// Who asks.
    pub(crate) from: Option<Address>,
    /// Native coins sent along.
    pub(crate) value: Wei,
    /// The state that answers.
    pub(crate) block: BlockNumberOrTag,
}

impl Default for CallOptions {
    fn default() -> Self {
        Self { from: None, value: Wei::ZERO, block: BlockNumberOrTag::Latest }
    }
}

impl From<Address> for CallOptions {
    fn from(sender: Address) -> Self {
        Self { from: Some(sender), ..Self::default() }
    }
}

/// A call as nodes take it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WireCall<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) from: Option<EvmAddress>,
    pub(super) to: EvmAddress,
    #[serde(skip_serializing_if = "U256::is_zero")]
    pub(super) value: U256,
    pub(super) input: &'a Bytes,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) max_fee_per_gas: Option<U256>,
}

impl<'a> WireCall<'a> {
    pub(super) fn new(from: Option<Address>, to: Address, value: Wei, input: &'a Bytes) -> Self {
        Self {
            from: from.map(convert::evm_address),
            to: convert::evm_address(to),
            value: convert::u256(value),
            input,
            max_fee_per_gas: None,
        }
    }
}

impl Rpc {
    /// Head of a block, `None` if the node does not have it (yet).
    pub(crate) async fn block(&self, block: BlockNumberOrTag) -> Result<Option<BlockHeader>> {
        let found: Option<WireBlock> = self.ask("eth_getBlockByNumber", (block, false)).await?;
        let header = found.map(|block| block.header());
        if let (Some(header), BlockNumberOrTag::Latest) = (header, block) {
            self.shared.fees.saw(&header, self.shared.clock.monotonic());
        }
        Ok(header)
    }

    /// Head of the newest block.
    pub(crate) async fn latest_block(&self) -> Result<BlockHeader> {
        self.block(BlockNumberOrTag::Latest)
            .await?
            .ok_or_else(|| Error::new(ErrorKind::Unavailable, "the node has no block yet"))
    }

    /// Hashes of a block's transactions, `None` if the node does not have it (yet).
    pub(crate) async fn transactions_of(&self, block: u64) -> Result<Option<Vec<TxHash>>> {
        let params = (BlockNumberOrTag::Number(block), false);
        let found: Option<WireBlock> = self.ask("eth_getBlockByNumber", params).await?;
        Ok(found.map(|block| block.transactions.into_iter().map(convert::tx_hash).collect()))
    }

    /// All receipts of a block, `None` if the node does not have it (yet).
    pub(crate) async fn block_receipts(&self, number: u64) -> Result<Option<Vec<TxReceipt>>> {
        if !self.shared.lacks_block_receipts.load(Ordering::Relaxed) {
            let block = BlockNumberOrTag::Number(number);
            let asked: Result<Option<Vec<WireReceipt>>, _> =
                self.try_ask("eth_getBlockReceipts", &[block]).await;
            match asked {
                Ok(found) => {
                    return Ok(found.map(|all| all.into_iter().filter_map(WireReceipt::mined).collect()));
                }
                Err(failure) if is_unsupported(&failure) => {
                    self.shared.lacks_block_receipts.store(true, Ordering::Relaxed);
                }
                Err(failure) => return Err(failure.into()),
            }
        }
        let block = BlockNumberOrTag::Number(number);
        let found: Option<WireBlock> = self.ask("eth_getBlockByNumber", (block, false)).await?;
        let Some(block) = found else { return Ok(None) };
        let mut receipts = Vec::with_capacity(block.transactions.len());
        for hash in &block.transactions {
            match self.receipt(&convert::tx_hash(*hash)).await? {
                Some(receipt) => receipts.push(receipt),
                None => return Ok(None),
            }
        }
        Ok(Some(receipts))
    }

    /// Whether the node gives all receipts of a block at once, as far as is known.
    pub(crate) fn has_block_receipts(&self) -> bool {
        !self.shared.lacks_block_receipts.load(Ordering::Relaxed)
    }

    /// A transaction's receipt, `None` unless the node has it in a block.
    pub(crate) async fn receipt(&self, hash: &TxHash) -> Result<Option<TxReceipt>> {
        let found: Option<WireReceipt> =
            self.ask("eth_getTransactionReceipt", [convert::b256_of_tx(*hash)]).await?;
        Ok(found.and_then(WireReceipt::mined))
    }

    /// A transaction, pending or mined, `None` if the node does not know it.
    pub(crate) async fn transaction(&self, hash: &TxHash) -> Result<Option<WireTransaction>> {
        self.ask("eth_getTransactionByHash", [convert::b256_of_tx(*hash)]).await
    }

    /// How many transactions an account has sent, as of a block.
    pub(crate) async fn transaction_count(&self, account: Address, block: BlockNumberOrTag) -> Result<u64> {
        let count: U64 = self.ask("eth_getTransactionCount", (convert::evm_address(account), block)).await?;
        Ok(count.to())
    }

    /// How many transactions an account had sent as of a block; `None` if the node answers that it has no state of it, yet or
    /// any more.
    pub(crate) async fn transaction_count_at(&self, account: Address, block: u64) -> Result<Option<u64>> {
        let params = (convert::evm_address(account), BlockNumberOrTag::Number(block));
        match self.try_ask::<_, U64>("eth_getTransactionCount", &params).await {
            Ok(count) => Ok(Some(count.to())),
            // Nodes say it in many words; what matters is that they answered.
            Err(failure)
                if failure.refusal().is_some_and(|said| Meaning::of(said) != Meaning::RateLimited) =>
            {
                Ok(None)
            }
            Err(failure) => Err(failure.into()),
        }
    }

    /// Native coins of an account.
    pub(crate) async fn balance(&self, account: Address) -> Result<Wei> {
        let balance: U256 =
            self.ask("eth_getBalance", (convert::evm_address(account), BlockNumberOrTag::Latest)).await?;
        Ok(convert::wei(balance))
    }

    /// Code at an address; empty where there is no contract.
    pub(crate) async fn code(&self, address: Address) -> Result<Bytes> {
        self.ask("eth_getCode", (convert::evm_address(address), BlockNumberOrTag::Latest)).await
    }

    /// Asks a contract.
    ///
    /// # Errors
    /// [`Reverted`](ErrorKind::Reverted) with the contract's reason; [`Unexpected`](ErrorKind::Unexpected) if the answer is
    /// none of this function's, as from an address without code.
    pub(crate) async fn call<C: SolCall>(
        &self,
        to: Address,
        call: &C,
        options: CallOptions,
    ) -> Result<C::Return> {
        let answer = self.call_raw(to, &Bytes::from(call.abi_encode()), options).await?;
        C::abi_decode_returns_validate(&answer).map_err(|cause| {
            Error::new(ErrorKind::Unexpected, "the contract's answer has another shape")
                .with_context("contract", to)
                .with_context("function", C::SIGNATURE)
                .with_context("size_bytes", answer.len())
                .with_source(cause)
        })
    }

    /// Asks a contract, in bytes.
    pub(crate) async fn call_raw(&self, to: Address, data: &Bytes, options: CallOptions) -> Result<Bytes> {
        let call = WireCall::new(options.from, to, options.value, data);
        self.try_ask("eth_call", &(call, options.block)).await.map_err(|failure| reverted(failure, to))
    }

    /// Gas that a call would use now, without a margin: the simulation of a transaction.
    ///
    /// # Errors
    /// [`Reverted`](ErrorKind::Reverted) with the contract's reason;
    /// [`InsufficientFunds`](ErrorKind::InsufficientFunds) if `from` cannot pay `value`.
    pub(crate) async fn estimate_gas(
        &self,
        from: Address,
        (to, value, data): (Address, Wei, &Bytes),
        block: BlockNumberOrTag,
    ) -> Result<u64> {
        let call = WireCall::new(Some(from), to, value, data);
        let gas: Result<U64, _> = self.try_ask("eth_estimateGas", &(call, block)).await;
        gas.map(|gas| gas.to()).map_err(|failure| reverted(failure, to))
    }

    /// Logs that match; blocks of a range the node does not have yet give none.
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput) if the range is more than the node answers at once: ask for less.
    pub(crate) async fn logs(&self, filter: &Filter) -> Result<Vec<Log>> {
        self.ask("eth_getLogs", [filter]).await
    }
}

/// The contract's reason, if it is one.
pub(super) fn reverted(failure: Failure, contract: Address) -> Error {
    // The account's poverty has a code of its own only in the text, and some nodes wrap it like a revert.
    let is_revert = |payload: &_| !matches!(Meaning::of(payload), Meaning::InsufficientFunds);
    let data = failure.refusal().filter(|payload| is_revert(payload)).and_then(revert::revert_data);
    match data {
        Some(data) => revert::to_error(&data, Some(contract), ""),
        None => failure.into(),
    }
}

fn is_unsupported(failure: &Failure) -> bool {
    failure.refusal().is_some_and(|payload| Meaning::of(payload) == Meaning::NoSuchMethod)
}
