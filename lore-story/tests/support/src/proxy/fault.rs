//! [`Fault`]: what happens to a call.

use std::{fmt, sync::Arc, time::Duration};

use serde_json::{Value, json};
use tokio::sync::watch;

use super::{logs::LogsLimit, stale::Lag};

/// What is answered instead of what the node says.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// Nothing: the connection is closed.
    Closed,
    /// An HTTP status with a text.
    Status {
        /// The status.
        status: u16,
        /// Seconds for the header `Retry-After`.
        retry_after: Option<u64>,
    },
    /// Status 200 and a text that need not be JSON.
    Text(String),
    /// A JSON-RPC error.
    Error {
        /// The code.
        code: i64,
        /// The text.
        message: String,
        /// The data.
        data: Option<Value>,
    },
    /// A JSON-RPC result.
    Result(Value),
}

impl Answer {
    /// A JSON-RPC error without data.
    #[must_use]
    pub fn error(code: i64, message: &str) -> Self {
        Self::Error { code, message: message.to_owned(), data: None }
    }

    /// Whether it stands for the whole HTTP answer, and not for one call of a batch.
    pub(crate) fn is_whole(&self) -> bool {
        matches!(self, Self::Closed | Self::Status { .. } | Self::Text(_))
    }

    /// The JSON-RPC form, of what has one.
    pub(crate) fn to_json(&self, id: &Value) -> Option<Value> {
        match self {
            Self::Error { code, message, data } => {
                let mut error = json!({ "code": code, "message": message });
                if let Some(data) = data {
                    error["data"] = data.clone();
                }
                Some(json!({ "jsonrpc": "2.0", "id": id, "error": error }))
            }
            Self::Result(result) => Some(json!({ "jsonrpc": "2.0", "id": id, "result": result })),
            Self::Closed | Self::Status { .. } | Self::Text(_) => None,
        }
    }
}

/// What happens to a call that a rule picks. In a batch, faults of the HTTP answer hit the whole batch.
#[derive(Clone)]
#[non_exhaustive]
pub enum Fault {
    /// Nothing reaches the node; this is answered.
    Instead(Answer),
    /// The node does it, and its answer is lost; this is answered.
    After(Answer),
    /// It takes longer. The request reaches the node late, and even if the client no longer waits.
    Delay {
        /// Before the node gets it.
        before: Duration,
        /// Between the node's answer and the client's.
        after: Duration,
    },
    /// Waits at a gate before the node gets it.
    Hold(Gate),
    /// The node does it; its answer waits at a gate.
    HoldAnswer(Gate),
    /// The node gets it twice; the first answer is given.
    Duplicate,
    /// A node that is behind answers.
    Lag(Lag),
    /// `eth_getLogs` has limits. Calls within them are answered.
    LogsLimit(LogsLimit),
    /// The node's JSON-RPC answer, changed.
    Change(Arc<dyn Fn(Value) -> Value + Send + Sync>),
}

impl Fault {
    /// The request is lost.
    #[must_use]
    pub fn drop_request() -> Self {
        Self::Instead(Answer::Closed)
    }

    /// The request is done, and the answer is lost.
    #[must_use]
    pub fn drop_answer() -> Self {
        Self::After(Answer::Closed)
    }

    /// The node does not want it: 429.
    #[must_use]
    pub fn too_many(retry_after: Option<u64>) -> Self {
        Self::Instead(Answer::Status { status: 429, retry_after })
    }

    /// Something before the node has failed: nothing reaches it.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self::Instead(Answer::Status { status, retry_after: None })
    }

    /// A JSON-RPC error instead of doing it.
    #[must_use]
    pub fn error(code: i64, message: &str) -> Self {
        Self::Instead(Answer::error(code, message))
    }

    /// A JSON-RPC result that is not the node's.
    #[must_use]
    pub fn result(result: Value) -> Self {
        Self::Instead(Answer::Result(result))
    }

    /// Status 200 with something that is not JSON-RPC.
    #[must_use]
    pub fn text(text: &str) -> Self {
        Self::Instead(Answer::Text(text.to_owned()))
    }

    /// The result of the node, changed; errors stay.
    #[must_use]
    pub fn change_result(change: impl Fn(Value) -> Value + Send + Sync + 'static) -> Self {
        Self::Change(Arc::new(move |mut answer| {
            if let Some(result) = answer.get_mut("result") {
                *result = change(result.take());
            }
            answer
        }))
    }

    /// A short name, for tables and records.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Instead(Answer::Closed) => "request lost",
            Self::Instead(Answer::Status { .. }) => "status",
            Self::Instead(Answer::Text(_)) => "not JSON",
            Self::Instead(Answer::Error { .. }) => "error",
            Self::Instead(Answer::Result(_)) => "false result",
            Self::After(Answer::Closed) => "answer lost",
            Self::After(Answer::Status { .. }) => "done, then status",
            Self::After(Answer::Text(_)) => "done, then not JSON",
            Self::After(Answer::Error { .. }) => "done, then error",
            Self::After(Answer::Result(_)) => "done, then false result",
            Self::Delay { .. } => "delay",
            Self::Hold(_) => "held",
            Self::HoldAnswer(_) => "answer held",
            Self::Duplicate => "duplicate",
            Self::Lag(_) => "stale",
            Self::LogsLimit(_) => "logs limit",
            Self::Change(_) => "changed",
        }
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Something to wait at, until it is opened. It stays open.
#[derive(Clone, Debug)]
pub struct Gate(watch::Sender<bool>);

impl Default for Gate {
    fn default() -> Self {
        Self(watch::Sender::new(false))
    }
}

impl Gate {
    /// A closed one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets all through.
    pub fn open(&self) {
        self.0.send_replace(true);
    }

    pub(crate) async fn pass(&self) {
        self.0.subscribe().wait_for(|is_open| *is_open).await.expect("a gate lives as long as its fault");
    }
}
