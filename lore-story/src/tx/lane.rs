//! [`Lane`]: the handle.

use std::{
    fmt,
    sync::{Arc, Mutex as SyncMutex, MutexGuard, PoisonError, atomic::AtomicUsize},
    time::Duration,
};

use futures_util::lock::Mutex;
use lore_core::{
    Clock, Error, ErrorKind, Result, Retry, TxHash,
    ids::HolderId,
    port::transactions::{AttemptKind, LaneId, OperationKey, TransactionState, TransactionStore},
};

use super::{
    call::LaneCall,
    desk::{Desk, Reserved},
    flight::{End, Flight},
    policy::LanePolicy,
    round::Watch,
    signer::TransactionSigner,
};
use crate::{receipt::Receipt, rpc::Rpc};

/// Sends the transactions of one account on one chain, each exactly once. Clones are cheap and share everything.
///
/// Make one per account and process. A second one, in this process or another, shares the store and waits its turn.
#[derive(Clone)]
pub struct Lane {
    shared: Arc<Shared>,
}

pub(super) struct Shared {
    pub(super) rpc: Rpc,
    pub(super) store: Arc<dyn TransactionStore>,
    pub(super) signer: Arc<dyn TransactionSigner>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) policy: LanePolicy,
    pub(super) id: LaneId,
    pub(super) holder: HolderId,
    /// Held by whoever gives out a nonce.
    pub(super) desk: Mutex<Desk>,
    /// Held by whoever watches the chain for all.
    pub(super) watch: Mutex<Watch>,
    /// Never held over an await.
    flight: SyncMutex<Flight>,
    /// Calls that have not returned.
    pub(super) active: AtomicUsize,
}

/// An open transaction of a lane, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OpenTransaction {
    /// Its nonce.
    pub nonce: u64,
    /// What it was intended for.
    pub key: OperationKey,
    /// What it does.
    pub summary: String,
    /// Hashes of all that was signed for it, oldest first.
    pub tx_hashes: Vec<TxHash>,
    /// Whether it is being withdrawn.
    pub is_cancelling: bool,
}

/// How a lane is, by its store.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LaneStatus {
    /// The lane.
    pub lane: LaneId,
    /// Whether this process gives out its nonces now.
    pub is_held: bool,
    /// The nonce after the highest that was ever given out; `None` if none was.
    pub next_nonce: Option<u64>,
    /// What is signed and not final, by nonce.
    pub open: Vec<OpenTransaction>,
    /// How many nonces somebody else was seen to use with the key, since this lane was made.
    pub displaced: u64,
}

impl Lane {
    /// A lane of the signer's account. Asks and sends nothing yet.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) naming a value of the policy that cannot work.
    pub fn new(
        rpc: Rpc,
        store: Arc<dyn TransactionStore>,
        signer: Arc<dyn TransactionSigner>,
        clock: Arc<dyn Clock>,
        policy: LanePolicy,
    ) -> Result<Self> {
        policy.check()?;
        let shared = Shared {
            id: LaneId::new(rpc.chain_id(), signer.address()),
            holder: HolderId::generate(&*clock)?,
            rpc,
            store,
            signer,
            clock,
            policy,
            desk: Mutex::default(),
            watch: Mutex::default(),
            flight: SyncMutex::default(),
            active: AtomicUsize::new(0),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Which lane this is.
    #[must_use]
    pub fn id(&self) -> LaneId {
        self.shared.id
    }

    /// Makes the call and returns its receipt once it is final: once per key, however often it is executed.
    ///
    /// A key whose transaction is under way is waited for, one whose transaction succeeded returns its receipt again. One
    /// that failed on chain is tried again.
    ///
    /// # Errors
    /// [`Reverted`](ErrorKind::Reverted) with the contract's reason, before a nonce is taken where the node can tell;
    /// [`InsufficientFunds`](ErrorKind::InsufficientFunds), likewise; [`Config`](ErrorKind::Config) for a node of another
    /// chain; [`Conflict`](ErrorKind::Conflict) while another process uses the key; [`Unavailable`](ErrorKind::Unavailable)
    /// if nodes do not answer or the chain's fee is above the limit. With [`Retry::Reconcile`] the call may still happen:
    /// execute the same key again.
    ///
    /// # Cancellation
    /// At every await. The call may still happen; the same key finds out.
    pub async fn execute(&self, key: &OperationKey, call: &LaneCall) -> Result<Receipt> {
        let active = self.shared.enter();
        let result = Box::pin(self.shared.run(key, Some(call))).await;
        self.shared.leave(active).await;
        match result? {
            Some(receipt) => Ok(receipt),
            None => Err(Error::new(ErrorKind::Unexpected, "a call ended without a receipt")),
        }
    }

    /// The receipt of a key's transaction, which is waited for if it is under way; `None` if there is none, or none that
    /// succeeded.
    ///
    /// # Errors
    /// [`Conflict`](ErrorKind::Conflict) and [`Unavailable`](ErrorKind::Unavailable), as [`execute`](Self::execute).
    pub async fn find(&self, key: &OperationKey) -> Result<Option<Receipt>> {
        let active = self.shared.enter();
        let result = Box::pin(self.shared.run(key, None)).await;
        self.shared.leave(active).await;
        result
    }

    /// Brings everything that is open to an end: what a process left that died, for a start.
    ///
    /// # Errors
    /// As [`find`](Self::find).
    pub async fn resume(&self) -> Result<()> {
        let active = self.shared.enter();
        let result = Box::pin(self.shared.settle_all()).await;
        self.shared.leave(active).await;
        result
    }

    /// How the lane is, by its store.
    ///
    /// # Errors
    /// [`Unavailable`](ErrorKind::Unavailable) if the store does not answer.
    pub async fn status(&self) -> Result<LaneStatus> {
        let shared = &self.shared;
        let next_nonce = shared.store.next_nonce(&shared.id).await?;
        let open = shared.store.open_transactions(&shared.id).await?;
        let describe = |transaction: lore_core::port::transactions::StoredTransaction| OpenTransaction {
            nonce: transaction.nonce,
            key: transaction.key,
            summary: transaction.call.summary,
            tx_hashes: transaction.attempts.iter().map(|attempt| attempt.hash).collect(),
            is_cancelling: transaction.attempts.iter().any(|attempt| attempt.kind == AttemptKind::Cancel),
        };
        let flight = shared.flight();
        Ok(LaneStatus {
            lane: shared.id,
            is_held: flight.lease.is_some(),
            next_nonce,
            open: open.into_iter().map(describe).collect(),
            displaced: flight.displaced,
        })
    }

    /// Follows a transaction that somebody else sent, until it is final.
    ///
    /// # Errors
    /// [`Reverted`](ErrorKind::Reverted) with the contract's reason; [`Conflict`](ErrorKind::Conflict) if another
    /// transaction took its nonce; [`NotFound`](ErrorKind::NotFound) if no node knows it for a while;
    /// [`Unavailable`](ErrorKind::Unavailable).
    pub async fn track(&self, tx_hash: &TxHash) -> Result<Receipt> {
        Box::pin(self.shared.follow_foreign(tx_hash)).await
    }
}

impl fmt::Debug for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lane").field("id", &self.shared.id).finish_non_exhaustive()
    }
}

impl Shared {
    pub(super) fn flight(&self) -> MutexGuard<'_, Flight> {
        // No code that holds the lock can panic half way through a change.
        self.flight.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Now, for measuring.
    pub(super) fn now(&self) -> Duration {
        self.clock.monotonic()
    }

    /// `None` without a call, if nothing succeeded under the key.
    async fn run(&self, key: &OperationKey, call: Option<&LaneCall>) -> Result<Option<Receipt>> {
        let mut displacements = 0;
        let mut looks: u32 = 0;
        loop {
            let end = match self.end_of(key).await? {
                Some(end) => end,
                None => match call {
                    Some(call) => self.send_new(key, call).await?,
                    None => return Ok(None),
                },
            };
            match end {
                Followed::Receipt(receipt) => return Ok(Some(receipt)),
                Followed::End(End::Succeeded(receipt)) => return Ok(Some(Receipt::clone(&receipt))),
                Followed::End(End::Reverted(..) | End::Cancelled(Some(_))) if call.is_none() => {
                    return Ok(None);
                }
                Followed::End(End::Reverted(inclusion, gas_used)) => {
                    return Err(self.explain_revert(key, inclusion, gas_used).await);
                }
                Followed::End(End::Cancelled(Some(record))) => return Err(Error::from(&record)),
                Followed::End(End::Stuck(record)) => {
                    return Err(Error::from(&record).with_retry(Retry::Reconcile));
                }
                Followed::End(End::Displaced | End::Cancelled(None)) => {
                    displacements += 1;
                    if displacements > self.policy.max_displacements {
                        return Err(Error::new(
                            ErrorKind::Conflict,
                            "somebody else keeps using the signer's key",
                        )
                        .with_context("signer", self.id.signer)
                        .with_context("displacements", displacements)
                        .with_retry(Retry::After(None)));
                    }
                }
                Followed::LookAgain => {
                    looks = looks.saturating_add(1);
                    if looks > 2 {
                        self.clock.sleep(self.policy.poll_interval()).await;
                    }
                    if looks > 50 {
                        return Err(Error::new(ErrorKind::Conflict, "the lane keeps changing hands")
                            .with_context("lane", self.id)
                            .with_retry(Retry::Reconcile));
                    }
                }
            }
        }
    }

    /// How the living transaction of a key ends; `None` if it has none.
    async fn end_of(&self, key: &OperationKey) -> Result<Option<Followed>> {
        let deadline = self.now().saturating_add(self.policy.lease_wait());
        loop {
            let Some(transaction) = self.store.transaction_by_key(&self.id, key).await? else {
                return Ok(None);
            };
            match transaction.state {
                TransactionState::Open => {}
                TransactionState::Succeeded(inclusion) => {
                    return self.receipt_of(&inclusion).await.map(|receipt| Some(Followed::Receipt(receipt)));
                }
                _ => return Ok(None),
            }
            match self.try_desk().await {
                Ok(desk) => {
                    drop(desk);
                    let waiting = self.flight().join(transaction.nonce);
                    return match waiting {
                        Some(told) => self.follow(told).await.map(Some),
                        None => Ok(Some(Followed::LookAgain)),
                    };
                }
                // Whoever holds the lane brings it to its end.
                Err(error) if error.kind() == ErrorKind::Conflict && self.now() < deadline => {
                    self.clock.sleep(self.policy.poll_interval()).await;
                }
                Err(error) => return Err(error.with_retry(Retry::Reconcile)),
            }
        }
    }

    /// Signs, stores, sends and follows.
    async fn send_new(&self, key: &OperationKey, call: &LaneCall) -> Result<Followed> {
        let slot = self.slot().await?;
        let prepared = self.prepare(call).await?;
        match self.reserve(key, &prepared, slot).await? {
            Reserved::Taken => Ok(Followed::LookAgain),
            Reserved::Nonce(nonce, told) => {
                // What could not be sent now is sent by whoever watches.
                if let Err(error) = self.broadcast(nonce).await {
                    tracing::warn!(lane = %self.id, nonce, %error, "a transaction could not be sent");
                }
                self.follow(told).await
            }
        }
    }

    async fn follow(&self, told: futures_channel::oneshot::Receiver<End>) -> Result<Followed> {
        let deadline = self.now().saturating_add(self.policy.wait_limit());
        Ok(self.drive(told, deadline).await?.map_or(Followed::LookAgain, Followed::End))
    }

    async fn settle_all(&self) -> Result<()> {
        let lease_deadline = self.now().saturating_add(self.policy.lease_wait());
        let deadline = self.now().saturating_add(self.policy.wait_limit());
        loop {
            if self.store.open_transactions(&self.id).await?.is_empty() {
                return Ok(());
            }
            drop(self.desk(lease_deadline).await?);
            let first = {
                let mut flight = self.flight();
                let nonce = flight.entries.keys().next().copied();
                nonce.and_then(|nonce| flight.join(nonce))
            };
            if let Some(told) = first
                && let Some(End::Stuck(record)) = self.drive(told, deadline).await?
            {
                return Err(Error::from(&record).with_retry(Retry::Reconcile));
            }
        }
    }
}

/// What following a transaction led to.
enum Followed {
    /// Its receipt, final for long.
    Receipt(Receipt),
    /// Its end.
    End(End),
    /// To the store: something changed there.
    LookAgain,
}
