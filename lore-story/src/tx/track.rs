//! Transactions after the fact: why one was refused, and what becomes of one that somebody else sent.

use alloy::{eips::BlockNumberOrTag, primitives::Bytes};
use lore_core::{
    Address, Error, ErrorKind, Result, Retry, Revert, TxHash, Wei,
    port::transactions::{Inclusion, OperationKey},
};

use super::lane::Shared;
use crate::{
    convert,
    receipt::Receipt,
    rpc::{CallOptions, TxReceipt, WireTransaction},
};

/// A call that was refused.
struct Refused<'a> {
    from: Address,
    to: Address,
    value: Wei,
    data: &'a Bytes,
    gas_limit: u64,
}

impl Shared {
    /// Why the chain refused a transaction of the lane.
    pub(super) async fn explain_revert(
        &self,
        key: &OperationKey,
        inclusion: Inclusion,
        gas_used: u64,
    ) -> Error {
        let call = match self.store.transaction_by_key(&self.id, key).await {
            Ok(Some(transaction)) => transaction.call,
            Ok(None) => return reason_unknown(inclusion),
            Err(error) => return reason_unknown(inclusion).with_source(error),
        };
        let data = Bytes::from(call.data);
        let refused = Refused {
            from: self.id.signer,
            to: call.to,
            value: call.value,
            data: &data,
            gas_limit: call.gas_limit,
        };
        self.reason(&refused, inclusion, gas_used).await
    }

    /// Runs the call again where it was refused. Reverts leave no reason in receipts.
    async fn reason(&self, call: &Refused<'_>, inclusion: Inclusion, gas_used: u64) -> Error {
        // The state after the block first: what was in the way came before or with it.
        for block in [inclusion.block_number, inclusion.block_number.saturating_sub(1)] {
            let options = CallOptions {
                from: Some(call.from),
                value: call.value,
                block: BlockNumberOrTag::Number(block),
            };
            if let Err(error) = self.rpc.call_raw(call.to, call.data, options).await
                && (error.kind() == ErrorKind::Reverted || error.kind() == ErrorKind::InsufficientFunds)
            {
                return error
                    .with_context("tx_hash", inclusion.tx_hash)
                    .with_context("block_number", inclusion.block_number);
            }
        }
        let error = reason_unknown(inclusion);
        if gas_used >= call.gas_limit {
            return error.with_context("gas_limit", call.gas_limit).with_context("gas_used", gas_used);
        }
        error
    }

    /// Follows a transaction that somebody else sent.
    pub(super) async fn follow_foreign(&self, tx_hash: &TxHash) -> Result<Receipt> {
        let start = self.now();
        let mut seen_at = start;
        let mut known: Option<WireTransaction> = None;
        let mut is_used_in: u32 = 0;
        loop {
            if let Some(receipt) = self.rpc.receipt(tx_hash).await? {
                (seen_at, is_used_in) = (self.now(), 0);
                if let Some(result) = self.final_foreign(&receipt).await? {
                    return result;
                }
            } else if let Some(transaction) = self.rpc.transaction(tx_hash).await? {
                (seen_at, is_used_in) = (self.now(), 0);
                known = Some(transaction);
            } else if let Some(transaction) = &known {
                let sender = convert::from_evm_address(transaction.from);
                let used = self.rpc.transaction_count(sender, BlockNumberOrTag::Latest).await?;
                is_used_in = if used > transaction.nonce.to::<u64>() { is_used_in + 1 } else { 0 };
            }
            // More than once: one node may be ahead of another.
            if is_used_in > 3 {
                return Err(Error::new(ErrorKind::Conflict, "another transaction took the nonce")
                    .with_context("tx_hash", tx_hash));
            }
            if self.now().saturating_sub(seen_at) >= self.policy.lease_wait() {
                return Err(Error::new(ErrorKind::NotFound, "no node knows the transaction")
                    .with_context("tx_hash", tx_hash));
            }
            if self.now().saturating_sub(start) >= self.policy.wait_limit() {
                return Err(Error::new(ErrorKind::Unavailable, "the transaction is not final in time")
                    .with_context("tx_hash", tx_hash)
                    .with_retry(Retry::After(None)));
            }
            self.clock.sleep(self.policy.poll_interval()).await;
        }
    }

    /// `None` if it is not final yet.
    async fn final_foreign(&self, receipt: &TxReceipt) -> Result<Option<Result<Receipt>>> {
        let head = self.rpc.latest_block().await?;
        if !self.is_deep(receipt.block_number, &head) {
            return Ok(None);
        }
        let block = match head.number == receipt.block_number {
            true => Some(head),
            false => self.rpc.block(BlockNumberOrTag::Number(receipt.block_number)).await?,
        };
        let Some(block) = block.filter(|block| block.hash == receipt.block_hash) else { return Ok(None) };
        if receipt.succeeded {
            return Ok(Some(Ok(Receipt::of(receipt, block.time()?))));
        }
        let tx_hash = convert::tx_hash(receipt.tx_hash);
        let inclusion = Inclusion::new(tx_hash, receipt.block_number, receipt.block_hash.0);
        let (Some(transaction), Some(to)) = (self.rpc.transaction(&tx_hash).await?, receipt.to) else {
            return Ok(Some(Err(reason_unknown(inclusion))));
        };
        let refused = Refused {
            from: convert::from_evm_address(receipt.from),
            to: convert::from_evm_address(to),
            value: transaction.value.map_or(Wei::ZERO, convert::wei),
            data: &transaction.input,
            gas_limit: transaction.gas.map_or(u64::MAX, |gas| gas.to()),
        };
        Ok(Some(Err(self.reason(&refused, inclusion, receipt.gas_used).await)))
    }
}

fn reason_unknown(inclusion: Inclusion) -> Error {
    Error::from(Revert::new("EMPTY_REVERT"))
        .with_context("tx_hash", inclusion.tx_hash)
        .with_context("block_number", inclusion.block_number)
}
