//! Finality: what is mined deep enough, in a block that is still there, is settled in the store and told.

use std::{collections::BTreeMap, sync::Arc};

use alloy::eips::BlockNumberOrTag;
use lore_core::{
    Error, ErrorKind, Result,
    port::transactions::{AttemptKind, Inclusion, TransactionState},
};

use super::{
    flight::{End, Entry},
    lane::Shared,
    round::Watch,
};
use crate::{convert, receipt::Receipt, rpc::BlockHeader};

impl Shared {
    /// Settles what is final.
    pub(super) async fn settle_final(&self, watch: &mut Watch, head: &BlockHeader) -> Result<()> {
        let deep_enough: Vec<(u64, u64)> = {
            let flight = self.flight();
            let seen = flight.entries.iter().filter_map(|(nonce, entry)| {
                entry.seen.as_ref().map(|receipt| (*nonce, receipt.block_number))
            });
            seen.filter(|(_, block)| self.is_deep(*block, head)).collect()
        };
        let mut headers = BTreeMap::from([(head.number, *head)]);
        for (_, block) in &deep_enough {
            if !headers.contains_key(block)
                && let Some(header) = self.rpc.block(BlockNumberOrTag::Number(*block)).await?
            {
                headers.insert(*block, header);
            }
        }
        let mut ends = Vec::new();
        let mut states = Vec::new();
        for (nonce, block) in deep_enough {
            // A node that is behind has no header; the next look may have.
            let Some(header) = headers.get(&block) else { continue };
            let mut flight = self.flight();
            let Some(entry) = flight.entries.get_mut(&nonce) else { continue };
            if entry.seen.as_ref().is_some_and(|receipt| receipt.block_hash != header.hash) {
                tracing::warn!(lane = %self.id, nonce, block, "the block of a transaction is gone");
                forget_block(entry);
                continue;
            }
            if let Some((state, end)) = end_of(entry, header)? {
                states.push((nonce, state));
                ends.push((nonce, end));
            }
        }
        if self.settle(&states).await? {
            let mut flight = self.flight();
            flight.used_below =
                ends.iter().map(|(nonce, _)| nonce.saturating_add(1)).fold(flight.used_below, u64::max);
            ends.iter().for_each(|(nonce, end)| flight.end(*nonce, end));
            watch.gap = None;
        }
        Ok(())
    }

    /// Whether a block counts as final, by its number.
    pub(super) fn is_deep(&self, block: u64, head: &BlockHeader) -> bool {
        (head.number.saturating_add(1))
            .checked_sub(block)
            .is_some_and(|depth| depth >= self.policy.confirmations)
    }

    /// Writes final states down; `false` if the lane is somebody else's now.
    pub(super) async fn settle(&self, states: &[(u64, TransactionState)]) -> Result<bool> {
        if states.is_empty() {
            return Ok(false);
        }
        let Some(lease) = self.lease().await? else { return Ok(false) };
        match self.store.settle_transactions(&lease, states).await {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::Conflict => {
                self.lost(&lease);
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// The receipt of a transaction that was settled as succeeded.
    ///
    /// # Errors
    /// [`ErrorKind::IntegrityMismatch`] if the chain does not have it any more.
    pub(super) async fn receipt_of(&self, inclusion: &Inclusion) -> Result<Receipt> {
        let deadline = self.now().saturating_add(self.policy.rebroadcast_after());
        loop {
            if let Some(receipt) = self.rpc.receipt(&inclusion.tx_hash).await?
                && receipt.succeeded
                && let Some(header) = self.rpc.block(BlockNumberOrTag::Number(receipt.block_number)).await?
                && header.hash == receipt.block_hash
            {
                if receipt.block_hash.0 != inclusion.block_hash {
                    tracing::warn!(lane = %self.id, tx_hash = %inclusion.tx_hash, "a final transaction has moved to another block");
                }
                return Ok(Receipt::of(&receipt, header.time()?));
            }
            // A node that is behind gets time.
            if self.now() >= deadline {
                return Err(Error::new(
                    ErrorKind::IntegrityMismatch,
                    "the chain does not have a transaction any more that was final",
                )
                .with_context("tx_hash", inclusion.tx_hash)
                .with_context("block_number", inclusion.block_number));
            }
            self.clock.sleep(self.policy.poll_interval()).await;
        }
    }
}

/// The block with the mined form is gone: it is sent again, unless it is mined elsewhere.
fn forget_block(entry: &mut Entry) {
    entry.seen = None;
    entry.look_up = true;
    entry.sent_at = None;
}

/// What a final receipt means; `None` if it is of no known form.
fn end_of(entry: &Entry, header: &BlockHeader) -> Result<Option<(TransactionState, End)>> {
    let Some(receipt) = &entry.seen else { return Ok(None) };
    let tx_hash = convert::tx_hash(receipt.tx_hash);
    let Some(kind) = entry.attempt(&tx_hash).map(|attempt| attempt.kind) else { return Ok(None) };
    let inclusion = Inclusion::new(tx_hash, receipt.block_number, receipt.block_hash.0);
    Ok(Some(match (kind, receipt.succeeded) {
        (AttemptKind::Call, true) => {
            let receipt = Receipt::of(receipt, header.time()?);
            (TransactionState::Succeeded(inclusion), End::Succeeded(Arc::new(receipt)))
        }
        (AttemptKind::Call, false) => {
            (TransactionState::Reverted(inclusion), End::Reverted(inclusion, receipt.gas_used))
        }
        _ => (TransactionState::Cancelled(inclusion), End::Cancelled(entry.refusal.clone())),
    }))
}
