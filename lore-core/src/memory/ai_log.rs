//! [`MemoryAiLog`]: the audit log and the calls under way in memory. Real but for one thing: they end with the process.
//!
//! One lock around a queue and ordered sets, never held over an await. Everything is checked before anything is changed.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;

use crate::{
    ai::{
        audit::{AuditEntry, ChainHead, LoggedEntry, canonical},
        budget_spent,
    },
    error::{Error, Result},
    ids::{CallId, RequestId},
    onchain::Address,
    port::{
        ai_log::{AuditLog, Budget, CallLedger, PendingCall, Spent},
        refusal::AiLogRefusal,
    },
    time::{Day, Timestamp},
};

/// An [`AuditLog`] and [`CallLedger`] in memory. Clones share their lines.
///
/// It keeps every line until it is archived, so it is for tests, browsers, and programs that end soon.
#[derive(Clone, Debug, Default)]
pub struct MemoryAiLog {
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    /// Those after the anchor, in their order.
    lines: VecDeque<LoggedEntry>,
    /// The places of each request's lines.
    by_request: BTreeSet<(RequestId, u64)>,
    head: ChainHead,
    anchor: ChainHead,
    open: BTreeMap<CallId, PendingCall>,
    used: BTreeMap<(Address, Day), Spent>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            lines: VecDeque::new(),
            by_request: BTreeSet::new(),
            head: ChainHead::START,
            anchor: ChainHead::START,
            open: BTreeMap::new(),
            used: BTreeMap::new(),
        }
    }
}

impl State {
    fn append(&mut self, entries: &[AuditEntry]) -> ChainHead {
        for entry in entries {
            let bytes = canonical::encode(entry);
            self.head = self.head.next(&bytes);
            self.by_request.insert((entry.request(), self.head.sequence));
            self.lines.push_back(LoggedEntry::new(self.head, bytes));
        }
        self.head
    }

    /// Where the line of a place is; its place counts from the line after the anchor.
    fn index(&self, place: u64) -> Option<usize> {
        let after_anchor = place.checked_sub(self.anchor.sequence)?.checked_sub(1)?;
        usize::try_from(after_anchor).ok()
    }

    fn line(&self, place: u64) -> Option<&LoggedEntry> {
        self.lines.get(self.index(place)?)
    }

    /// What the open calls of a user's day have reserved.
    fn reserved(&self, user: &Address, day: Day) -> Spent {
        let of_day = |call: &&PendingCall| call.user == Some(*user) && Day::of(call.opened) == day;
        self.open
            .values()
            .filter(of_day)
            .fold(Spent::default(), |sum, call| sum.saturating_add(call.reserved))
    }

    fn used(&self, user: &Address, day: Day) -> Spent {
        self.used.get(&(*user, day)).copied().unwrap_or_default()
    }

    fn open(&mut self, call: &PendingCall, budget: &Budget) -> Result<()> {
        if self.open.contains_key(&call.call) {
            return Err(AiLogRefusal::CallOpen(call.call).into());
        }
        if let Some(user) = &call.user {
            let day = Day::of(call.opened);
            let taken = self.used(user, day).saturating_add(self.reserved(user, day));
            if let Some(refusal) = budget_spent(budget, taken, call.reserved, call.opened) {
                return Err(refusal);
            }
        }
        self.open.insert(call.call, call.clone());
        Ok(())
    }

    fn close(&mut self, call: &CallId, used: Spent, entries: &[AuditEntry]) -> Result<ChainHead> {
        let open = self.open.remove(call).ok_or(AiLogRefusal::CallNotOpen(*call))?;
        if let Some(user) = open.user {
            let sum = self.used.entry((user, Day::of(open.opened))).or_default();
            *sum = sum.saturating_add(used);
        }
        Ok(self.append(entries))
    }

    fn drop_through(&mut self, through: &ChainHead) -> Result<()> {
        let index = self.index(through.sequence);
        let Some(last) =
            index.filter(|index| self.lines.get(*index).is_some_and(|line| line.head == *through))
        else {
            return Err(AiLogRefusal::NotALine(*through).into());
        };
        self.lines.drain(..=last);
        self.lines.shrink_to_fit();
        self.by_request.retain(|(_, place)| *place > through.sequence);
        self.anchor = *through;
        Ok(())
    }
}

impl MemoryAiLog {
    /// An empty log.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics between two related changes, so a poisoned lock still guards a whole log.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a line in the place of the one that is stored there, as somebody would who changes the log; says whether there
    /// was one.
    #[cfg(feature = "conformance")]
    #[must_use]
    pub fn tamper(&self, place: u64, line: LoggedEntry) -> bool {
        let mut state = self.lock();
        let index = state.index(place);
        index.and_then(|index| state.lines.get_mut(index)).map(|stored| *stored = line).is_some()
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl AuditLog for MemoryAiLog {
    async fn append(&self, entries: &[AuditEntry]) -> Result<ChainHead> {
        Ok(self.lock().append(entries))
    }

    async fn head(&self) -> Result<ChainHead> {
        Ok(self.lock().head)
    }

    async fn anchor(&self) -> Result<ChainHead> {
        Ok(self.lock().anchor)
    }

    async fn lines(&self, after: u64, limit: u32) -> Result<Vec<LoggedEntry>> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let state = self.lock();
        // How many of those that are still here come before.
        let before = usize::try_from(after.saturating_sub(state.anchor.sequence)).unwrap_or(usize::MAX);
        Ok(state.lines.iter().skip(before).take(limit).cloned().collect())
    }

    async fn lines_of(&self, request: &RequestId) -> Result<Vec<LoggedEntry>> {
        let state = self.lock();
        let places = state.by_request.range((*request, 0)..=(*request, u64::MAX));
        Ok(places.filter_map(|(_, place)| state.line(*place)).cloned().collect())
    }

    async fn drop_through(&self, through: &ChainHead) -> Result<()> {
        self.lock().drop_through(through).map_err(|err| err.with_op("drop_through"))
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl CallLedger for MemoryAiLog {
    async fn open_call(&self, call: &PendingCall, budget: &Budget) -> Result<()> {
        self.lock().open(call, budget).map_err(|err: Error| err.with_op("open_call"))
    }

    async fn close_call(&self, call: &CallId, used: Spent, entries: &[AuditEntry]) -> Result<ChainHead> {
        self.lock().close(call, used, entries).map_err(|err| err.with_op("close_call"))
    }

    async fn overdue_calls(&self, now: Timestamp, limit: u32) -> Result<Vec<PendingCall>> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut overdue: Vec<_> =
            self.lock().open.values().filter(|call| call.until <= now).cloned().collect();
        overdue.sort_by_key(|call| (call.opened, call.call));
        overdue.truncate(limit);
        Ok(overdue)
    }

    async fn spent(&self, user: &Address, day: Day) -> Result<(Spent, Spent)> {
        let state = self.lock();
        Ok((state.used(user, day), state.reserved(user, day)))
    }
}
