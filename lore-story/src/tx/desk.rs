//! [`Desk`]: where nonces are given out, one after the other, by whoever holds the lane's lease.

use std::{sync::atomic::Ordering, time::Duration};

use alloy::eips::BlockNumberOrTag;
use futures_channel::oneshot;
use futures_util::{
    future::{Either, select},
    lock::MutexGuard,
};
use lore_core::{
    Error, ErrorKind, Result, Retry, Wei,
    port::transactions::{AttemptKind, LaneLease, OperationKey, StoredTransaction},
};

use super::{
    flight::{End, max_cost},
    lane::Shared,
    prepare::Prepared,
};

/// What giving out a nonce needs.
#[derive(Debug, Default)]
pub(super) struct Desk {
    /// Whether the rest is as the store and the chain say.
    is_synced: bool,
    next_nonce: u64,
    /// What the account can still promise to pay; `None` if it must be asked for.
    budget: Option<Wei>,
}

/// What became of a call that wanted a nonce.
pub(super) enum Reserved {
    /// It is signed and stored.
    Nonce(u64, oneshot::Receiver<End>),
    /// The key or the nonce was taken meanwhile.
    Taken,
}

/// A place in the lane, for a call that has no nonce yet.
pub(super) struct Slot<'a> {
    shared: &'a Shared,
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        self.shared.flight().leave();
    }
}

/// Counts a call until it returns, also if it is dropped.
pub(super) struct Active<'a> {
    shared: &'a Shared,
}

impl Drop for Active<'_> {
    fn drop(&mut self) {
        self.shared.active.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Shared {
    pub(super) fn enter(&self) -> Active<'_> {
        self.active.fetch_add(1, Ordering::AcqRel);
        Active { shared: self }
    }

    /// The last one gives the lane back, so that another process need not wait for the lease to end.
    pub(super) async fn leave(&self, active: Active<'_>) {
        drop(active);
        if self.active.load(Ordering::Acquire) > 0 {
            return;
        }
        let mut desk = self.desk.lock().await;
        let lease = self.flight().lease;
        let Some(lease) = lease.filter(|_| self.active.load(Ordering::Acquire) == 0) else { return };
        desk.is_synced = false;
        match self.store.release_lane(&lease).await {
            Ok(()) => self.flight().lose(),
            // It ends by itself.
            Err(error) => tracing::debug!(lane = %self.id, %error, "the lane could not be given back"),
        }
    }

    /// Waits for a place in the lane.
    pub(super) async fn slot(&self) -> Result<Slot<'_>> {
        let deadline = self.now().saturating_add(self.policy.wait_limit());
        loop {
            let told = {
                let mut flight = self.flight();
                if flight.enter(self.policy.max_in_flight) {
                    return Ok(Slot { shared: self });
                }
                flight.wait_for_room()
            };
            // Whoever waits for room also drives: those in the lane may have been dropped.
            self.drive(told, deadline).await.map_err(|error| {
                // This call has not begun.
                if error.retry() == Retry::Reconcile { error.with_retry(Retry::After(None)) } else { error }
            })?;
        }
    }

    /// The lease, renewed if it is time; `None` if it is not held, or not any more.
    pub(super) async fn lease(&self) -> Result<Option<LaneLease>> {
        let Some(lease) = self.flight().lease else { return Ok(None) };
        let (now, ttl) = (self.clock.now(), self.policy.lease_ttl());
        if lease.until.saturating_since(now) > ttl.mul_f32(2.0 / 3.0) {
            return Ok(Some(lease));
        }
        match self.store.renew_lane(&lease, now, ttl).await {
            Ok(renewed) => {
                let mut flight = self.flight();
                if flight.lease.is_some_and(|held| held.generation == renewed.generation) {
                    flight.lease = Some(renewed);
                }
                Ok(flight.lease)
            }
            Err(error) if error.kind() == ErrorKind::Conflict => {
                self.lost(&lease);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// The store refused this lease: somebody else took the lane over.
    pub(super) fn lost(&self, lease: &LaneLease) {
        let mut flight = self.flight();
        if flight.lease.is_some_and(|held| held.generation == lease.generation) {
            tracing::warn!(lane = %self.id, "another process took the lane over");
            flight.lose();
        }
    }

    /// The desk, with the lease held and in step with the store.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] if another process holds the lane now.
    pub(super) async fn try_desk(&self) -> Result<MutexGuard<'_, Desk>> {
        let mut desk = self.desk.lock().await;
        let held = self.lease().await?;
        let lease = match held {
            Some(lease) => lease,
            None => {
                desk.is_synced = false;
                let (now, ttl) = (self.clock.now(), self.policy.lease_ttl());
                let lease = self.store.acquire_lane(&self.id, self.holder, now, ttl).await?;
                self.flight().lease = Some(lease);
                lease
            }
        };
        if !desk.is_synced || self.flight().resync {
            self.sync(&mut desk, &lease).await?;
        }
        Ok(desk)
    }

    /// As [`try_desk`](Self::try_desk), waiting for another process until the deadline.
    pub(super) async fn desk(&self, deadline: Duration) -> Result<MutexGuard<'_, Desk>> {
        loop {
            let left = deadline.saturating_sub(self.now());
            let attempt = {
                let attempt = std::pin::pin!(self.try_desk());
                match select(attempt, self.clock.sleep(left.max(self.policy.poll_interval()))).await {
                    Either::Left((desk, _)) => desk,
                    Either::Right(_) => {
                        Err(Error::new(ErrorKind::Unavailable, "the lane was not free in time"))
                    }
                }
            };
            match attempt {
                Err(error) if error.kind() == ErrorKind::Conflict && self.now() < deadline => {
                    let asked = match error.retry() {
                        Retry::After(Some(pause)) => pause,
                        _ => self.policy.poll_interval(),
                    };
                    // A holder may give the lane back long before its lease ends.
                    self.clock.sleep(asked.min(self.policy.poll_interval())).await;
                }
                Err(error) => return Err(error.with_context("lane", self.id)),
                Ok(desk) => return Ok(desk),
            }
        }
    }

    async fn sync(&self, desk: &mut Desk, lease: &LaneLease) -> Result<()> {
        desk.is_synced = false;
        let open = self.store.open_transactions(&self.id).await?;
        let stored = self.store.next_nonce(&self.id).await?.unwrap_or(0);
        // Those of others that wait in the pool count, too.
        let used = self.rpc.transaction_count(self.id.signer, BlockNumberOrTag::Pending).await?;
        let mut flight = self.flight();
        if flight.lease.is_none_or(|held| held.generation != lease.generation) {
            return Err(Error::new(ErrorKind::Conflict, "another process took the lane over")
                .with_retry(Retry::After(None)));
        }
        flight.adopt(open);
        flight.resync = false;
        *desk = Desk { is_synced: true, next_nonce: stored.max(used).max(flight.used_below), budget: None };
        Ok(())
    }

    /// Gives a call its nonce: signs it and stores it. Nothing was sent when this returns.
    pub(super) async fn reserve(
        &self,
        key: &OperationKey,
        prepared: &Prepared,
        slot: Slot<'_>,
    ) -> Result<Reserved> {
        let deadline = self.now().saturating_add(self.policy.lease_wait());
        loop {
            let mut desk = self.desk(deadline).await?;
            if !self.can_pay(&mut desk, prepared).await? {
                // Others are under way: what they do not use up is left for this one.
                drop(desk);
                let told = self.flight().wait_for_room();
                self.drive(told, self.now().saturating_add(self.policy.wait_limit())).await?;
                continue;
            }
            let nonce = desk.next_nonce;
            let attempt = self.sign(nonce, AttemptKind::Call, &prepared.call, prepared.fees).await?;
            let transaction =
                StoredTransaction::new(self.id, nonce, key.clone(), prepared.call.clone(), attempt);
            let Some(lease) = self.lease().await? else { continue };
            // If this future is dropped from here on, nobody knows whether it was stored.
            desk.is_synced = false;
            match self.store.insert_transaction(&lease, &transaction).await {
                Ok(()) => {
                    let mut flight = self.flight();
                    if flight.lease.is_none_or(|held| held.generation != lease.generation) {
                        return Ok(Reserved::Taken);
                    }
                    desk.next_nonce = nonce.saturating_add(1);
                    desk.is_synced = true;
                    let told = flight.insert(transaction, self.rpc.newest_seen());
                    drop(flight);
                    drop(slot);
                    return Ok(Reserved::Nonce(nonce, told));
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(Reserved::Taken),
                Err(error) if error.kind() == ErrorKind::Conflict => self.lost(&lease),
                Err(error) => return Err(error.with_context("nonce", nonce)),
            }
        }
    }

    /// Whether the account can pay, together with all that is under way; if so, it is promised.
    ///
    /// # Errors
    /// [`ErrorKind::InsufficientFunds`] if it could not even pay this alone.
    async fn can_pay(&self, desk: &mut Desk, prepared: &Prepared) -> Result<bool> {
        let needed = max_cost(prepared.call.value, prepared.call.gas_limit, prepared.fees.max_fee);
        if let Some(left) = desk.budget.and_then(|budget| budget.checked_sub(needed)) {
            desk.budget = Some(left);
            return Ok(true);
        }
        desk.budget = None;
        let balance = self.rpc.balance(self.id.signer).await?;
        if balance < needed {
            return Err(Error::new(
                ErrorKind::InsufficientFunds,
                "the account cannot pay for the transaction",
            )
            .with_context("account", self.id.signer)
            .with_context("needed", needed)
            .with_context("balance", balance));
        }
        let (promised, is_alone) = {
            let flight = self.flight();
            (flight.max_cost(), flight.entries.is_empty())
        };
        let left = balance.checked_sub(promised).and_then(|free| free.checked_sub(needed));
        desk.budget = left;
        Ok(left.is_some() || is_alone)
    }
}
