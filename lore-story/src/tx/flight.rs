//! [`Flight`]: what a lane knows in memory about its open transactions.
//!
//! A mirror of the store as long as the lane's lease is held, and nothing that is needed after a crash.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use futures_channel::oneshot;
use lore_core::{
    FailureRecord, Timestamp, TxHash, Wei,
    port::transactions::{AttemptKind, Inclusion, LaneLease, SignedAttempt, StoredTransaction},
};

use super::policy::LanePolicy;
use crate::{
    receipt::Receipt,
    rpc::{SendOutcome, TxReceipt},
};

/// How it ended for those who wait.
#[derive(Clone, Debug)]
pub(super) enum End {
    /// The call was made.
    Succeeded(Arc<Receipt>),
    /// The chain refused the call.
    Reverted(Inclusion, u64),
    /// The call was withdrawn, because of this if known.
    Cancelled(Option<FailureRecord>),
    /// Somebody else used the nonce.
    Displaced,
    /// No node takes it, nor anything else with its nonce: it stays open.
    Stuck(FailureRecord),
}

/// What a lane knows about its open transactions.
#[derive(Debug, Default)]
pub(super) struct Flight {
    /// The right to write, if it is held.
    pub(super) lease: Option<LaneLease>,
    /// By nonce.
    pub(super) entries: BTreeMap<u64, Entry>,
    /// Calls that were let in and have no nonce yet.
    pub(super) preparing: usize,
    /// Those who wait to be let in.
    pub(super) room: Vec<oneshot::Sender<()>>,
    /// Whether the next nonce must be asked for again.
    pub(super) resync: bool,
    /// The account has used all nonces below.
    pub(super) used_below: u64,
    /// The newest block that was seen.
    pub(super) head: u64,
    /// How many nonces somebody else used.
    pub(super) displaced: u64,
}

/// An open transaction.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) transaction: StoredTransaction,
    /// The newest block when it was signed, which cannot hold it; `None` if it was taken over.
    pub(super) born: Option<u64>,
    /// When its newest form was sent last, by the monotonic clock.
    pub(super) sent_at: Option<Duration>,
    /// How often in a row no node took it.
    pub(super) failed_sends: u32,
    /// Whether a node took it, at any time.
    pub(super) accepted: bool,
    /// Whether its forms must be looked up by hash: they may be mined already.
    pub(super) look_up: bool,
    /// Whether a node said that the nonce is used.
    pub(super) doubted: bool,
    /// In how many looks the nonce was used, and nobody knew by what.
    pub(super) unexplained: u32,
    /// Whether it must pay more to be taken at all.
    pub(super) underpaid: bool,
    /// Why no node will ever take it.
    pub(super) refusal: Option<FailureRecord>,
    /// The mined form.
    pub(super) seen: Option<TxReceipt>,
    waiters: Vec<oneshot::Sender<End>>,
}

/// When, and in which surroundings, it is asked what an entry needs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    /// By the monotonic clock.
    pub(super) now: Duration,
    pub(super) date: Timestamp,
    /// How long it has had the lowest nonce of all that are not mined; `None` if it has not.
    pub(super) first_for: Option<Duration>,
    /// What the newest block asked for.
    pub(super) base_fee: u128,
}

/// What an entry needs now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// Time.
    Nothing,
    /// To be sent (again) as it is.
    Send,
    /// To find out who used the nonce.
    Explain,
    /// Something with the same nonce that pays more.
    Replace,
    /// Something with the same nonce that does nothing.
    Cancel,
}

impl Entry {
    pub(super) fn new(transaction: StoredTransaction) -> Self {
        Self {
            transaction,
            born: None,
            sent_at: None,
            failed_sends: 0,
            accepted: false,
            look_up: false,
            doubted: false,
            unexplained: 0,
            underpaid: false,
            refusal: None,
            seen: None,
            waiters: Vec::new(),
        }
    }

    /// The form that was signed last.
    pub(super) fn newest(&self) -> Option<&SignedAttempt> {
        self.transaction.attempts.last()
    }

    /// The form with this hash.
    pub(super) fn attempt(&self, hash: &TxHash) -> Option<&SignedAttempt> {
        self.transaction.attempts.iter().find(|attempt| attempt.hash == *hash)
    }

    /// The most it can cost.
    pub(super) fn max_cost(&self) -> Wei {
        let dearest = self.transaction.attempts.iter().map(|attempt| attempt.max_fee_per_gas).max();
        max_cost(self.transaction.call.value, self.transaction.call.gas_limit, dearest.unwrap_or(0))
    }

    /// Notes what became of sending the newest form.
    pub(super) fn note(&mut self, outcome: SendOutcome) {
        self.failed_sends = match outcome {
            SendOutcome::Unknown(_) | SendOutcome::NotNow(_) => self.failed_sends.saturating_add(1),
            _ => 0,
        };
        match outcome {
            SendOutcome::Accepted | SendOutcome::AlreadyKnown => self.accepted = true,
            SendOutcome::NonceTooLow => {
                self.look_up = true;
                self.doubted = true;
            }
            SendOutcome::Replaced => self.look_up = true,
            SendOutcome::FeeTooLow => self.underpaid = true,
            // What a node took once may be mined, whatever another one says.
            SendOutcome::InsufficientFunds(error) | SendOutcome::Refused(error) if !self.accepted => {
                let record = error.to_record();
                if self.newest().is_some_and(|newest| newest.kind == AttemptKind::Cancel) {
                    self.tell(&End::Stuck(self.refusal.clone().unwrap_or(record)));
                } else {
                    self.refusal = Some(record);
                }
            }
            SendOutcome::InsufficientFunds(_)
            | SendOutcome::Refused(_)
            | SendOutcome::NotNow(_)
            | SendOutcome::Unknown(_) => {}
        }
    }

    /// What it needs, if it is not mined.
    pub(super) fn need(&self, policy: &LanePolicy, moment: &Moment) -> Need {
        if self.seen.is_some() {
            return Need::Nothing;
        }
        if self.doubted {
            return Need::Explain;
        }
        let is_call = self.newest().is_some_and(|newest| newest.kind == AttemptKind::Call);
        if self.refusal.is_some() && is_call {
            return Need::Cancel;
        }
        let may_replace = self.transaction.attempts.len() < policy.max_attempts;
        if self.underpaid && may_replace {
            return Need::Replace;
        }
        if self.sent_at.is_some() && may_replace && self.is_stalled(policy, moment) {
            return Need::Replace;
        }
        let pause = if self.failed_sends == 0 && (self.accepted || self.sent_at.is_some()) {
            policy.rebroadcast_after()
        } else {
            // Twice as long after each failure.
            let longer = 2_u32.saturating_pow(self.failed_sends.min(16));
            policy.poll_interval().saturating_mul(longer).min(policy.rebroadcast_after())
        };
        match self.sent_at {
            Some(at) if moment.now.saturating_sub(at) < pause => Need::Nothing,
            _ => Need::Send,
        }
    }

    /// Whether it was sent long ago, and nothing but its fee can keep it from being mined.
    fn is_stalled(&self, policy: &LanePolicy, moment: &Moment) -> bool {
        let Some(newest) = self.newest() else { return false };
        let is_old = moment.date.saturating_since(newest.signed_at) >= policy.stall_after();
        let waits_for_others = moment.first_for.is_none_or(|time| time < policy.stall_after());
        is_old && (!waits_for_others || newest.max_fee_per_gas < moment.base_fee)
    }

    /// Tells all who wait. Who does not wait any more is no matter.
    pub(super) fn tell(&mut self, end: &End) {
        for waiter in self.waiters.drain(..) {
            if waiter.send(end.clone()).is_err() {
                tracing::trace!("nobody waits for the transaction any more");
            }
        }
    }

    fn join(&mut self) -> oneshot::Receiver<End> {
        let (sender, receiver) = oneshot::channel();
        self.waiters.push(sender);
        receiver
    }
}

/// The most that a transaction can cost.
pub(super) fn max_cost(value: Wei, gas_limit: u64, max_fee_per_gas: u128) -> Wei {
    Wei::from(max_fee_per_gas)
        .checked_mul(gas_limit)
        .and_then(|gas| gas.checked_add(value))
        .unwrap_or(Wei::MAX)
}

impl Flight {
    /// Lets a call in, if there is room.
    pub(super) fn enter(&mut self, max_in_flight: usize) -> bool {
        let has_room = self.entries.len().saturating_add(self.preparing) < max_in_flight;
        if has_room {
            self.preparing = self.preparing.saturating_add(1);
        }
        has_room
    }

    /// A call that was let in goes without a nonce.
    pub(super) fn leave(&mut self) {
        self.preparing = self.preparing.saturating_sub(1);
        self.make_room();
    }

    /// Told when there may be room.
    pub(super) fn wait_for_room(&mut self) -> oneshot::Receiver<()> {
        let (sender, receiver) = oneshot::channel();
        self.room.push(sender);
        receiver
    }

    fn make_room(&mut self) {
        for waiter in self.room.drain(..) {
            if waiter.send(()).is_err() {
                tracing::trace!("nobody waits for room any more");
            }
        }
    }

    /// A call got its nonce.
    pub(super) fn insert(&mut self, transaction: StoredTransaction, born: u64) -> oneshot::Receiver<End> {
        let mut entry = Entry { born: Some(born), ..Entry::new(transaction) };
        let receiver = entry.join();
        self.entries.insert(entry.transaction.nonce, entry);
        receiver
    }

    /// Waits for an open transaction; `None` if it is not open here.
    pub(super) fn join(&mut self, nonce: u64) -> Option<oneshot::Receiver<End>> {
        self.entries.get_mut(&nonce).map(Entry::join)
    }

    /// Takes over what the store says is open.
    pub(super) fn adopt(&mut self, open: Vec<StoredTransaction>) {
        let mut known = std::mem::take(&mut self.entries);
        for transaction in open {
            let entry = known.remove(&transaction.nonce).unwrap_or_else(|| {
                // Signed by somebody who is gone: perhaps never sent, perhaps mined.
                Entry { look_up: true, ..Entry::new(transaction.clone()) }
            });
            self.entries.insert(transaction.nonce, Entry { transaction, ..entry });
        }
        // Those who wait for what is not open any more look again.
        drop(known);
    }

    /// The lease is gone: whoever waits looks again.
    pub(super) fn lose(&mut self) {
        self.lease = None;
        self.entries.clear();
        self.resync = true;
        self.make_room();
    }

    /// Something ended.
    pub(super) fn end(&mut self, nonce: u64, end: &End) {
        if let Some(mut entry) = self.entries.remove(&nonce) {
            entry.tell(end);
        }
        self.make_room();
    }

    /// The most that all open transactions together can cost.
    pub(super) fn max_cost(&self) -> Wei {
        self.entries.values().map(Entry::max_cost).sum()
    }

    /// The open transaction that has a form with this hash.
    pub(super) fn nonce_of(&self, hash: &TxHash) -> Option<u64> {
        self.entries.iter().find(|(_, entry)| entry.attempt(hash).is_some()).map(|(nonce, _)| *nonce)
    }

    /// How many forms could be mined in blocks that come.
    pub(super) fn unseen_forms(&self) -> usize {
        let unseen = self.entries.values().filter(|entry| entry.seen.is_none());
        unseen.map(|entry| entry.transaction.attempts.len()).sum()
    }

    /// Nonces of the transactions that are not mined.
    pub(super) fn unseen(&self) -> Vec<u64> {
        self.entries.iter().filter(|(_, entry)| entry.seen.is_none()).map(|(nonce, _)| *nonce).collect()
    }
}

#[cfg(test)]
mod tests {
    use lore_core::{
        Address, ChainId, Error, ErrorKind,
        port::transactions::{LaneId, OperationKey, StoredCall},
    };

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn attempt(number: u8, kind: AttemptKind) -> SignedAttempt {
        SignedAttempt::new(TxHash::from_bytes([number; 32]), kind, vec![number], (10, 1), Timestamp::EPOCH)
    }

    fn entry() -> Entry {
        let lane = LaneId::new(ChainId::new(1), Address::from_bytes([1; 20]));
        let call =
            StoredCall::new(Address::from_bytes([2; 20]), Wei::from(5_u64), vec![], 100, "does nothing");
        let key = OperationKey::new("key").unwrap();
        Entry::new(StoredTransaction::new(lane, 7, key, call, attempt(1, AttemptKind::Call)))
    }

    fn error() -> Error {
        Error::new(ErrorKind::InsufficientFunds, "too poor")
    }

    #[test]
    fn an_entry_needs_what_its_state_asks_for() {
        let policy = LanePolicy::default();
        let stale = Timestamp::EPOCH.saturating_add(policy.stall_after());
        let moment = |now, date, first_for| Moment { now, date, first_for, base_fee: 1 };
        let need = |entry: &Entry, at: Duration, date| {
            entry.need(&policy, &moment(at, date, Some(policy.stall_after())))
        };

        let mut fresh = entry();
        assert_eq!(need(&fresh, SECOND, Timestamp::EPOCH), Need::Send);
        fresh.sent_at = Some(SECOND);
        assert_eq!(need(&fresh, SECOND, Timestamp::EPOCH), Need::Nothing);
        assert_eq!(need(&fresh, 12 * SECOND, Timestamp::EPOCH), Need::Send);
        fresh.note(SendOutcome::Accepted);
        assert_eq!(need(&fresh, 2 * SECOND, Timestamp::EPOCH), Need::Nothing);
        assert_eq!(need(&fresh, 2 * SECOND, stale), Need::Replace);
        let behind = moment(2 * SECOND, stale, None);
        assert_eq!(fresh.need(&policy, &behind), Need::Nothing);
        assert_eq!(fresh.need(&policy, &Moment { base_fee: 11, ..behind }), Need::Replace);
        let just_first = moment(2 * SECOND, stale, Some(SECOND));
        assert_eq!(fresh.need(&policy, &just_first), Need::Nothing);

        let mut lost = entry();
        lost.sent_at = Some(SECOND);
        lost.note(SendOutcome::Unknown(error()));
        assert_eq!(need(&lost, SECOND + policy.poll_interval() * 2, Timestamp::EPOCH), Need::Send);

        let mut poor = entry();
        poor.note(SendOutcome::InsufficientFunds(error()));
        assert_eq!(need(&poor, SECOND, Timestamp::EPOCH), Need::Cancel);
        let mut taken = entry();
        taken.note(SendOutcome::Accepted);
        taken.note(SendOutcome::InsufficientFunds(error()));
        assert_ne!(need(&taken, SECOND, Timestamp::EPOCH), Need::Cancel);

        let mut used = entry();
        used.note(SendOutcome::NonceTooLow);
        assert!(used.look_up);
        assert_eq!(need(&used, SECOND, Timestamp::EPOCH), Need::Explain);
        let mut cheap = entry();
        cheap.note(SendOutcome::FeeTooLow);
        assert_eq!(need(&cheap, SECOND, Timestamp::EPOCH), Need::Replace);
    }

    #[test]
    fn a_cancel_that_nobody_takes_lets_the_waiters_go() {
        let mut entry = entry();
        let mut waiter = entry.join();
        entry.note(SendOutcome::InsufficientFunds(error()));
        assert!(waiter.try_recv().unwrap().is_none());
        entry.transaction.attempts.push(attempt(2, AttemptKind::Cancel));
        entry.note(SendOutcome::InsufficientFunds(error()));
        assert!(matches!(waiter.try_recv(), Ok(Some(End::Stuck(_)))));
    }

    #[test]
    fn room_is_for_the_open_and_the_preparing_together() {
        let mut flight = Flight::default();
        assert!(flight.enter(2) && flight.enter(2) && !flight.enter(2));
        let mut waiter = flight.wait_for_room();
        flight.leave();
        assert_eq!(waiter.try_recv(), Ok(Some(())));
        let _end = flight.insert(entry().transaction, 1);
        assert!(!flight.enter(2));
        assert_eq!(flight.max_cost(), Wei::from(1_005_u64));
    }

    #[test]
    fn what_is_taken_over_is_looked_up_first() {
        let mut flight = Flight::default();
        let mut waiter = flight.insert(entry().transaction, 1);
        flight.adopt(vec![entry().transaction]);
        assert!(!flight.entries[&7].look_up);
        flight.adopt(vec![]);
        assert!(waiter.try_recv().is_err(), "the waiter must look again");
        flight.adopt(vec![entry().transaction]);
        assert!(flight.entries[&7].look_up);
    }
}
