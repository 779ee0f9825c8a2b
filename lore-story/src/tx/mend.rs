//! What is not mined gets what it needs: to be sent again, to pay more, to be withdrawn, to be explained.

use lore_core::{
    ErrorKind, Result,
    port::transactions::{AttemptKind, SignedAttempt, StoredCall},
};

use super::{
    flight::{Moment, Need},
    lane::Shared,
    round::Watch,
    sign::bumped,
};
use crate::rpc::{BlockHeader, Fees};

impl Shared {
    /// Gives each open transaction what it needs, by nonce.
    pub(super) async fn mend(&self, watch: &mut Watch, head: &BlockHeader) -> Result<()> {
        let (now, date) = (self.now(), self.clock.now());
        let unseen = self.flight().unseen();
        watch.first = match (unseen.first(), watch.first) {
            (Some(nonce), Some((first, since))) if *nonce == first => Some((first, since)),
            (Some(nonce), _) => Some((*nonce, now)),
            (None, _) => None,
        };
        let base_fee = head.base_fee_per_gas.unwrap_or(0);
        for nonce in unseen {
            let first_for = watch.first.filter(|(first, _)| *first == nonce);
            let first_for = first_for.map(|(_, since)| now.saturating_sub(since));
            let moment = Moment { now, date, first_for, base_fee };
            let need = {
                let flight = self.flight();
                flight.entries.get(&nonce).map_or(Need::Nothing, |entry| entry.need(&self.policy, &moment))
            };
            match need {
                Need::Nothing => {}
                Need::Send => self.broadcast(nonce).await?,
                Need::Explain => self.explain(nonce, head).await?,
                Need::Replace => self.replace(watch, nonce, head).await?,
                Need::Cancel => self.cancel(nonce).await?,
            }
        }
        Ok(())
    }

    /// Signs something that pays more, unless the nonce is used, or others before it are missing.
    async fn replace(&self, watch: &mut Watch, nonce: u64, head: &BlockHeader) -> Result<()> {
        if self.look_up(nonce).await? || !self.is_next(watch, nonce, head).await? {
            return Ok(());
        }
        let usual = match self.rpc.fees(self.policy.fee_limits()).await {
            Ok(fees) => fees,
            // The chain asks for more than the user allows: as much as is allowed then.
            Err(error) if error.kind() == ErrorKind::Unavailable => Fees { max_fee: 0, priority: 0 },
            Err(error) => return Err(error),
        };
        let Some((call, old, kind)) = self.newest_form(nonce) else { return Ok(()) };
        let limit = self.policy.max_fee_per_gas;
        match bumped(old, usual, self.policy.fee_bump_percent, limit) {
            Some(fees) => self.sign_again(nonce, kind, &call, fees).await,
            None => {
                tracing::debug!(lane = %self.id, nonce, "the fee limit leaves no room for a replacement");
                if let Some(entry) = self.flight().entries.get_mut(&nonce) {
                    entry.underpaid = false;
                }
                Ok(())
            }
        }
    }

    /// Withdraws a call that no node takes: its nonce must be used, or all that come after it wait for ever.
    async fn cancel(&self, nonce: u64) -> Result<()> {
        let Some((call, old, _)) = self.newest_form(nonce) else { return Ok(()) };
        let usual = self.rpc.fees(self.policy.fee_limits()).await?;
        // Some node may have the call after all, and then this one must pay more.
        let fees =
            bumped(old, usual, self.policy.fee_bump_percent, self.policy.max_fee_per_gas).unwrap_or(usual);
        tracing::warn!(lane = %self.id, nonce, summary = call.summary, "a call is withdrawn");
        self.sign_again(nonce, AttemptKind::Cancel, &call, fees).await
    }

    fn newest_form(&self, nonce: u64) -> Option<(StoredCall, Fees, AttemptKind)> {
        let flight = self.flight();
        let entry = flight.entries.get(&nonce)?;
        let newest: &SignedAttempt = entry.newest()?;
        let fees = Fees { max_fee: newest.max_fee_per_gas, priority: newest.max_priority_fee_per_gas };
        Some((entry.transaction.call.clone(), fees, newest.kind))
    }

    /// Stores another form, and then sends it.
    async fn sign_again(&self, nonce: u64, kind: AttemptKind, call: &StoredCall, fees: Fees) -> Result<()> {
        let attempt = self.sign(nonce, kind, call, fees).await?;
        let Some(lease) = self.lease().await? else { return Ok(()) };
        match self.store.add_attempt(&lease, nonce, &attempt).await {
            Ok(()) => {}
            Err(error) if matches!(error.kind(), ErrorKind::Conflict | ErrorKind::NotFound) => {
                self.lost(&lease);
                return Ok(());
            }
            Err(error) => return Err(error),
        }
        if let Some(entry) = self.flight().entries.get_mut(&nonce) {
            tracing::info!(lane = %self.id, nonce, tx_hash = %attempt.hash, max_fee = fees.max_fee, "signed a replacement");
            entry.transaction.attempts.push(attempt);
            entry.underpaid = false;
            entry.failed_sends = 0;
        }
        self.broadcast(nonce).await
    }
}
