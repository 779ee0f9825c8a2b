//! [`CompletionFailure`]: why a language model gave no answer that can be used.

use serde::{Deserialize, Serialize};

use crate::{port::llm::Usage, usd::Usd};

/// What stands in the way after a failed completion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FailureScope {
    /// The request: every model refuses it.
    Request,
    /// The model: another one may answer.
    Model,
    /// The key or the endpoint: none of its models answers.
    Key,
}

/// Why there is no answer. Each reason has a stable name, [`FailureReason::as_str`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FailureReason {
    /// The model was asked too often.
    RateLimited,
    /// The key's requests of the day are used up.
    DailyCap,
    /// The key's account cannot pay.
    Credits,
    /// The key is unknown, revoked, or may not do this.
    KeyRefused,
    /// The endpoint or the model's host is out of order, or too busy.
    Outage,
    /// No answer in time.
    Timeout,
    /// The connection broke, or never was.
    Disconnected,
    /// The endpoint does not have the model, or has it no longer.
    ModelGone,
    /// The answer holds no text.
    Empty,
    /// The answer ends in the middle: the most tokens were reached.
    Truncated,
    /// The model's host withheld the answer.
    Filtered,
    /// The prompt is longer than the model can read.
    ContextLength,
    /// Nobody knows what the model costs, and the caller has a budget in money.
    PriceUnknown,
    /// The answer is not what the interface promises.
    Malformed,
    /// The answer breaks the operation's rules, also after it was asked for again.
    Unusable,
    /// The request was found to break the endpoint's content rules.
    Moderated,
    /// The request is malformed or too large.
    BadRequest,
}

impl FailureReason {
    /// Every reason, for tables.
    pub const ALL: [Self; 17] = [
        Self::RateLimited,
        Self::DailyCap,
        Self::Credits,
        Self::KeyRefused,
        Self::Outage,
        Self::Timeout,
        Self::Disconnected,
        Self::ModelGone,
        Self::Empty,
        Self::Truncated,
        Self::Filtered,
        Self::ContextLength,
        Self::PriceUnknown,
        Self::Malformed,
        Self::Unusable,
        Self::Moderated,
        Self::BadRequest,
    ];

    /// The stable name, for example `rate_limited`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RateLimited => "rate_limited",
            Self::DailyCap => "daily_cap",
            Self::Credits => "credits",
            Self::KeyRefused => "key_refused",
            Self::Outage => "outage",
            Self::Timeout => "timeout",
            Self::Disconnected => "disconnected",
            Self::ModelGone => "model_gone",
            Self::Empty => "empty",
            Self::Truncated => "truncated",
            Self::Filtered => "filtered",
            Self::ContextLength => "context_length",
            Self::PriceUnknown => "price_unknown",
            Self::Malformed => "malformed",
            Self::Unusable => "unusable",
            Self::Moderated => "moderated",
            Self::BadRequest => "bad_request",
        }
    }

    /// What stands in the way.
    #[must_use]
    pub const fn scope(self) -> FailureScope {
        match self {
            Self::DailyCap | Self::Credits | Self::KeyRefused => FailureScope::Key,
            Self::Moderated | Self::BadRequest => FailureScope::Request,
            _ => FailureScope::Model,
        }
    }
}

/// Why a language model gave no answer that can be used, and what it cost all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CompletionFailure {
    /// Why.
    pub reason: FailureReason,
    /// Tokens that were used, as far as the endpoint said or the answer shows.
    pub usage: Usage,
    /// Whether the provider estimated `usage`, because the endpoint did not state it.
    pub usage_estimated: bool,
    /// What the endpoint charged, if it said.
    pub cost: Option<Usd>,
    /// Whether the call may have been carried out and charged although its answer was lost.
    pub may_be_charged: bool,
}

impl CompletionFailure {
    /// A failure that used nothing.
    #[must_use]
    pub fn new(reason: FailureReason) -> Self {
        let may_be_charged = matches!(reason, FailureReason::Timeout | FailureReason::Disconnected);
        Self { reason, usage: Usage::default(), usage_estimated: false, cost: None, may_be_charged }
    }
}
