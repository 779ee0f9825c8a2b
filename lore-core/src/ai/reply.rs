//! [`Ask`], [`Answer`] and [`Reply`]: what a caller hands in and gets back.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{
    audit::{CacheOutcome, Rung, Source},
    operation::{Operation, Tier},
};
use crate::{ids::RequestId, onchain::Address, port::llm::Usage, time::Timestamp, usd::Usd};

/// Who shares an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Scope {
    /// The caller alone: for work that nobody else may know of.
    #[default]
    Caller,
    /// Everybody who asks the same: for work that is public.
    Public,
}

/// Whether an answer may come out of the cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Freshness {
    /// It may.
    #[default]
    Cached,
    /// A model is asked again, and its answer takes the place of the cached one.
    New,
}

/// A question and how it is to be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[must_use]
pub struct Ask<O> {
    /// The question.
    pub operation: O,
    /// Which models may answer.
    pub tier: Tier,
    /// Who shares the answer.
    pub scope: Scope,
    /// Whether it may come out of the cache.
    pub freshness: Freshness,
}

impl<O: Operation> Ask<O> {
    /// Asks the fast tier, for the caller alone.
    pub fn new(operation: O) -> Self {
        Self { operation, tier: Tier::default(), scope: Scope::default(), freshness: Freshness::default() }
    }

    /// Asks these models.
    pub fn tier(mut self, tier: Tier) -> Self {
        self.tier = tier;
        self
    }

    /// Shares the answer with everybody who asks the same: the work is public.
    pub fn public(mut self) -> Self {
        self.scope = Scope::Public;
        self
    }

    /// Asks a model, whatever the cache holds.
    pub fn anew(mut self) -> Self {
        self.freshness = Freshness::New;
        self
    }
}

/// An answer that keeps its operation's rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Answer<T> {
    /// What was asked for.
    pub value: T,
    /// Who made it.
    pub source: Source,
    /// The model that made it, as it names itself; `None` for rules.
    pub model: Option<String>,
    /// How it was read; `None` for rules.
    pub rung: Option<Rung>,
    /// The request that it was made for.
    pub request: RequestId,
    /// When it was made.
    pub made: Timestamp,
    /// Tokens of all calls that were needed.
    pub usage: Usage,
    /// What they cost.
    pub cost: Usd,
}

/// An answer, and how the caller got it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Reply<T> {
    /// The answer; shared with everybody who asked the same.
    pub answer: Arc<Answer<T>>,
    /// Whether it came out of the cache. [`CacheOutcome::Stale`] marks one past its time.
    pub cache: CacheOutcome,
    /// This request, as the audit log knows it.
    pub request: RequestId,
}

impl<T> Reply<T> {
    /// The value alone.
    #[must_use]
    pub fn value(&self) -> &T {
        &self.answer.value
    }
}

/// Whose answer it is, as part of its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    Everybody,
    User(Address),
    Application,
}

impl Owner {
    pub(super) fn of(scope: Scope, user: Option<Address>) -> Self {
        match (scope, user) {
            (Scope::Public, _) => Self::Everybody,
            (Scope::Caller, Some(user)) => Self::User(user),
            (Scope::Caller, None) => Self::Application,
        }
    }
}
