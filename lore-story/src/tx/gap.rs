//! Nonces that nobody gave out keep all later ones back: they are used up without effect.
//!
//! They come from a node's pending count that included a transaction of somebody else which then vanished.

use alloy::eips::BlockNumberOrTag;
use lore_core::{
    Error, ErrorKind, Result,
    port::transactions::{AttemptKind, OperationKey, StoredTransaction},
};

use super::{flight::Entry, lane::Shared, round::Watch};
use crate::rpc::BlockHeader;

/// Most nonces that are filled: more are no gap, but another chain with the same id.
const MAX_GAP: u64 = 64;

impl Shared {
    /// Whether the chain waits for this nonce. If not, the reason is dealt with.
    pub(super) async fn is_next(&self, watch: &mut Watch, nonce: u64, head: &BlockHeader) -> Result<bool> {
        let used = self.rpc.transaction_count(self.id.signer, BlockNumberOrTag::Latest).await?;
        if used > nonce {
            if let Some(entry) = self.flight().entries.get_mut(&nonce) {
                entry.doubted = true;
            }
            self.explain(nonce, head).await?;
            return Ok(false);
        }
        let missing: Vec<u64> = {
            let flight = self.flight();
            (used.max(flight.used_below)..nonce).filter(|nonce| !flight.entries.contains_key(nonce)).collect()
        };
        let Some(first) = missing.first().copied() else {
            watch.gap = None;
            return Ok(true);
        };
        // Somebody's transaction may be on its way, and a node may be behind: both get time.
        let since = match watch.gap {
            Some((gap, since)) if gap == first => since,
            _ => {
                watch.gap = Some((first, self.now()));
                return Ok(false);
            }
        };
        if self.now().saturating_sub(since) >= self.policy.rebroadcast_after() {
            watch.gap = None;
            self.fill(&missing).await?;
        }
        Ok(false)
    }

    async fn fill(&self, missing: &[u64]) -> Result<()> {
        if u64::try_from(missing.len()).unwrap_or(u64::MAX) > MAX_GAP {
            return Err(Error::new(
                ErrorKind::IntegrityMismatch,
                "the account is far behind what the store says: it may be of another chain with this id",
            )
            .with_context("lane", self.id)
            .with_context("missing_nonces", missing.len()));
        }
        let fees = self.rpc.fees(self.policy.fee_limits()).await?;
        for nonce in missing {
            tracing::warn!(lane = %self.id, nonce, "a nonce that nobody gave out is used up");
            let call = self.nothing();
            let key = OperationKey::new(format!("lane.gap/{nonce}"))?;
            let attempt = self.sign(*nonce, AttemptKind::Cancel, &call, fees).await?;
            let transaction = StoredTransaction::new(self.id, *nonce, key, call, attempt);
            let Some(lease) = self.lease().await? else { return Ok(()) };
            match self.store.insert_transaction(&lease, &transaction).await {
                Ok(()) => {}
                // It was given out, and is final: the node is behind.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => continue,
                Err(error) if error.kind() == ErrorKind::Conflict => {
                    self.lost(&lease);
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
            self.flight().entries.insert(*nonce, Entry::new(transaction));
            self.broadcast(*nonce).await?;
        }
        Ok(())
    }
}
