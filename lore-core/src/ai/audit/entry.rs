//! [`AuditEntry`]: one line of the log.

use serde::{Deserialize, Serialize};

use super::super::operation::{OperationKind, Tier};
use crate::{
    error::FailureRecord,
    ids::{CallId, RequestId},
    onchain::Address,
    port::llm::Usage,
    time::Timestamp,
    usd::Usd,
};

/// One line: a request of a user, or a call to a model that a request caused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AuditEntry {
    /// What a user asked, and what the user got.
    Request(Box<RequestEntry>),
    /// What a model was asked, and what it gave.
    Call(Box<CallEntry>),
}

impl AuditEntry {
    /// When it happened: the end of the request or call.
    #[must_use]
    pub fn at(&self) -> Timestamp {
        match self {
            Self::Request(entry) => entry.at,
            Self::Call(entry) => entry.at,
        }
    }

    /// The request that it belongs to.
    #[must_use]
    pub fn request(&self) -> RequestId {
        match self {
            Self::Request(entry) => entry.request,
            Self::Call(entry) => entry.request,
        }
    }
}

/// What the log keeps of an input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum InputRecord {
    /// All of it, as canonical JSON.
    Whole(String),
    /// A keyless BLAKE3 hash: the same input has the same hash, and short ones can be guessed.
    Hashed([u8; 32]),
    /// Nothing.
    Redacted,
    /// The input of the request whose answer this one got, equal to this one's after normalising; its own record tells.
    SameAs(RequestId),
}

/// Whether an answer came out of the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CacheOutcome {
    /// Nothing was there.
    Miss,
    /// An answer in its time.
    Fresh,
    /// An answer past its time, while a new one was fetched or because no model answered.
    Stale,
    /// The answer to an equal request that was under way.
    Coalesced,
}

/// Who made an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Source {
    /// A language model.
    Model,
    /// Documented rules.
    Rules,
}

/// How an answer was read: the first step that gave a value that keeps the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Rung {
    /// It was JSON as asked for.
    Strict,
    /// JSON was found within fences or other words.
    Extracted,
    /// Its syntax was mended.
    Repaired,
    /// The model was asked again, and told what was wrong.
    Asked,
}

/// What a user asked, and what the user got.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RequestEntry {
    /// The request.
    pub request: RequestId,
    /// When the answer was there.
    pub at: Timestamp,
    /// Who asked; `None` is the application.
    pub user: Option<Address>,
    /// What for.
    pub operation: OperationKind,
    /// Which models might answer.
    pub tier: Tier,
    /// What was put in.
    pub input: InputRecord,
    /// How it ended.
    pub outcome: RequestOutcome,
    /// From the call to the answer, in microseconds.
    pub response_micros: u64,
}

/// How a request ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RequestOutcome {
    /// With an answer.
    Answered {
        /// Who made it.
        source: Source,
        /// The model that made it, as it names itself; `None` for rules.
        model: Option<String>,
        /// Whether it came out of the cache.
        cache: CacheOutcome,
        /// The request that it was made for; this one, unless the cache had it.
        answer: RequestId,
        /// The answer as canonical JSON; `None` where `answer` is another request, which has it, or where the policy
        /// keeps no text.
        output: Option<String>,
        /// How it was read; `None` for rules.
        rung: Option<Rung>,
        /// Tokens of all calls that this request caused.
        usage: Usage,
        /// What they cost.
        cost: Usd,
        /// Tokens that the cache saved.
        saved_usage: Usage,
        /// What they would have cost.
        saved_cost: Usd,
    },
    /// Without an answer.
    Failed {
        /// Why.
        failure: FailureRecord,
        /// Tokens of all calls that this request caused.
        usage: Usage,
        /// What they cost.
        cost: Usd,
    },
}

/// What a model was asked, and what it gave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CallEntry {
    /// The call.
    pub call: CallId,
    /// The request that caused it.
    pub request: RequestId,
    /// When it ended.
    pub at: Timestamp,
    /// Who asked; `None` is the application.
    pub user: Option<Address>,
    /// What for.
    pub operation: OperationKind,
    /// Which models might answer.
    pub tier: Tier,
    /// The provider's name.
    pub provider: String,
    /// The model that was asked.
    pub model: String,
    /// The place of this model at this provider in the tier's list, from 0, the first choice: above it, the call was a
    /// fallback. A model of several providers has a place at each.
    pub choice: u16,
    /// Which call of the request this is, from 1.
    pub number: u32,
    /// How it ended.
    pub outcome: CallOutcome,
    /// From sending to the whole answer, in microseconds.
    pub response_micros: u64,
    /// Tokens it used; all that were reserved if its answer was lost.
    pub usage: Usage,
    /// What it cost: what the endpoint said, or else the price list's sum.
    pub cost: Usd,
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CallOutcome {
    /// With an answer that keeps the rules.
    Answered {
        /// The model that answered, as it names itself.
        model: String,
        /// How it was read.
        rung: Rung,
        /// The answer as canonical JSON, where no request's line has it: the one who asked had left.
        output: Option<String>,
    },
    /// With an answer that breaks the rules.
    Unusable {
        /// What was wrong.
        finding: String,
    },
    /// With a failure.
    Failed {
        /// Why.
        failure: FailureRecord,
    },
    /// Nobody knows: the process ended, or its answer was lost. Counted as if everything reserved had been used.
    ///
    /// If the process only stood still, and ends the call after all, a second line has its answer and counts nothing more.
    Unknown,
}
