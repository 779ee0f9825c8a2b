//! [`AuditLog`] and [`CallLedger`]: what was asked of models and what it cost, on disk before the answer is used.
//!
//! A call to a model is a paid effect that nothing can take back. So it is opened in the ledger, with what it may cost at most,
//! before it is sent, and closed with what it did cost, in one commit with its lines in the log. What was open when a process
//! died is closed later as unknown: no call is missing from the log, and no budget forgets one.

use std::fmt::Debug;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{
    ai::{
        OperationKind, Tier,
        audit::{AuditEntry, ChainHead, LoggedEntry},
    },
    error::Result,
    ids::{CallId, RequestId},
    maybe_send::{MaybeSend, MaybeSync},
    onchain::Address,
    time::{Day, Timestamp},
    usd::Usd,
};

/// What a user may use in a day (UTC); `None` is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Budget {
    /// Tokens of prompts and answers.
    pub tokens_per_day: Option<u64>,
    /// Money.
    pub usd_per_day: Option<Usd>,
}

/// Tokens and money.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Spent {
    /// Tokens of prompts and answers.
    pub tokens: u64,
    /// Money.
    pub cost: Usd,
}

impl Spent {
    /// So much.
    #[must_use]
    pub const fn new(tokens: u64, cost: Usd) -> Self {
        Self { tokens, cost }
    }

    /// Both together.
    #[must_use]
    pub const fn saturating_add(self, other: Self) -> Self {
        Self { tokens: self.tokens.saturating_add(other.tokens), cost: self.cost.saturating_add(other.cost) }
    }
}

/// A call that is about to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PendingCall {
    /// The call.
    pub call: CallId,
    /// The request that causes it.
    pub request: RequestId,
    /// When it was opened. Its day is the one whose budget it uses.
    pub opened: Timestamp,
    /// When nobody waits for it any more, so that others may close it.
    pub until: Timestamp,
    /// Whose budget it uses; `None` is the application, which has none.
    pub user: Option<Address>,
    /// What for.
    pub operation: OperationKind,
    /// Which models might answer.
    pub tier: Tier,
    /// The provider's name.
    pub provider: String,
    /// The model that is asked.
    pub model: String,
    /// Its place in the tier's list, as in [`CallEntry`](crate::ai::audit::CallEntry::choice).
    pub choice: u16,
    /// Which call of the request this is, from 1.
    pub number: u32,
    /// The most that it can use.
    pub reserved: Spent,
}

impl PendingCall {
    /// A first call to the first choice, of the application, that reserves nothing; the fields say the rest.
    pub fn new(
        (call, request): (CallId, RequestId),
        (opened, until): (Timestamp, Timestamp),
        (operation, tier): (OperationKind, Tier),
        provider: impl Into<String>,
        model: impl Into<String>,
    ) -> Self {
        Self {
            call,
            request,
            opened,
            until,
            user: None,
            operation,
            tier,
            provider: provider.into(),
            model: model.into(),
            choice: 0,
            number: 1,
            reserved: Spent::default(),
        }
    }
}

/// Lines in a chain: each holds the hash of all before it.
///
/// Every MUST below is proved by the conformance case named after it.
#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
pub trait AuditLog: Debug + MaybeSend + MaybeSync + 'static {
    /// Appends lines, and returns the head they make.
    ///
    /// - MUST append all of them or none, in this order, without a gap, and have them on disk when it returns
    ///   (`lines_are_appended_in_order`).
    /// - MUST chain each to the one before, whoever appended that (`writers_at_once_make_one_chain`).
    ///
    /// # Errors
    /// [`Unavailable`](crate::ErrorKind::Unavailable).
    async fn append(&self, entries: &[AuditEntry]) -> Result<ChainHead>;

    /// The newest line's place and hash.
    ///
    /// # Errors
    /// As [`append`](Self::append).
    async fn head(&self) -> Result<ChainHead>;

    /// The place and hash of the last line that was archived: what is kept begins after it.
    ///
    /// # Errors
    /// As [`append`](Self::append).
    async fn anchor(&self) -> Result<ChainHead>;

    /// At most `limit` kept lines after place `after`, in order.
    ///
    /// - MUST return the bytes as they are stored, and not mend or skip any (`what_is_stored_is_returned`).
    ///
    /// # Errors
    /// As [`append`](Self::append); [`IntegrityMismatch`](crate::ErrorKind::IntegrityMismatch) naming the `sequence` of a
    /// line that cannot be read at all.
    async fn lines(&self, after: u64, limit: u32) -> Result<Vec<LoggedEntry>>;

    /// The kept lines of a request, in order.
    ///
    /// # Errors
    /// As [`lines`](Self::lines).
    async fn lines_of(&self, request: &RequestId) -> Result<Vec<LoggedEntry>>;

    /// Forgets the lines up to and including `through`, which becomes the anchor. The caller has them elsewhere.
    ///
    /// - MUST refuse a place and hash that are not a kept line's with [`Conflict`](crate::ErrorKind::Conflict)
    ///   (`only_a_line_that_is_there_becomes_the_anchor`).
    ///
    /// # Errors
    /// As above, and as [`append`](Self::append).
    async fn drop_through(&self, through: &ChainHead) -> Result<()>;
}
const _: Option<&dyn AuditLog> = None;

/// Calls under way, and what users have spent.
///
/// Every MUST below is proved by the conformance case named after it.
#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
pub trait CallLedger: AuditLog {
    /// Records a call that is about to be sent, if its user's day has room for all that it may use.
    ///
    /// - MUST count what is reserved by open calls and used by closed ones, exactly, however many open at once
    ///   (`calls_at_once_never_exceed_a_budget`).
    /// - MUST refuse with the error of [`budget_spent`](crate::ai::budget_spent), and record nothing, otherwise
    ///   (`a_call_over_the_budget_is_refused`).
    ///
    /// # Errors
    /// As above; [`AlreadyExists`](crate::ErrorKind::AlreadyExists) for a call that is open already;
    /// [`Unavailable`](crate::ErrorKind::Unavailable).
    async fn open_call(&self, call: &PendingCall, budget: &Budget) -> Result<()>;

    /// Puts what a call used in place of what was reserved, and appends its lines, in one commit.
    ///
    /// - MUST close a call once; a second time it refuses with [`NotFound`](crate::ErrorKind::NotFound) and appends
    ///   nothing (`a_call_is_closed_once`).
    ///
    /// # Errors
    /// As above; [`Unavailable`](crate::ErrorKind::Unavailable).
    async fn close_call(&self, call: &CallId, used: Spent, entries: &[AuditEntry]) -> Result<ChainHead>;

    /// At most `limit` open calls whose time was over at `now`, the oldest first.
    ///
    /// # Errors
    /// [`Unavailable`](crate::ErrorKind::Unavailable).
    async fn overdue_calls(&self, now: Timestamp, limit: u32) -> Result<Vec<PendingCall>>;

    /// What a user has used on a day, and what open calls have reserved beside it.
    ///
    /// # Errors
    /// [`Unavailable`](crate::ErrorKind::Unavailable).
    async fn spent(&self, user: &Address, day: Day) -> Result<(Spent, Spent)>;
}
const _: Option<&dyn CallLedger> = None;
