//! [`Fault`]: why a node did not answer a request, and [`Failure`]: which request of which node.

use std::time::Duration;

use alloy::rpc::json_rpc::ErrorPayload;
use lore_core::{Error, ErrorKind, Retry};
use reqwest::StatusCode;

use super::refusal::Meaning;

/// Most characters of a node's own explanation that an error repeats.
const MAX_REASON_CHARS: usize = 200;

/// Why there is no result.
#[derive(Debug)]
pub(super) enum Fault {
    /// There was no connection, so the request did not arrive.
    NotConnected(reqwest::Error),
    /// The connection broke; the request may have arrived.
    Broken(reqwest::Error),
    /// No answer in time; the request may have arrived.
    TimedOut { limit: Duration },
    /// The node asks for a pause.
    Paused { pause: Option<Duration> },
    /// A status without success.
    Status { status: StatusCode, pause: Option<Duration> },
    /// An answer, but not a node's, or of another shape.
    NotANode { size_bytes: usize, cause: Option<serde_json::Error> },
    /// An answer without end.
    TooLarge { max_bytes: usize },
    /// A JSON-RPC error.
    Refused(ErrorPayload),
    /// The node belongs to another chain.
    WrongChain { expected: u64, found: u64 },
}

impl Fault {
    pub(super) fn of_transport(err: reqwest::Error) -> Self {
        // Addresses hold credentials.
        let err = err.without_url();
        if err.is_connect() || err.is_builder() { Self::NotConnected(err) } else { Self::Broken(err) }
    }

    /// Whether another node may answer where this one does not.
    pub(super) fn is_of_the_node(&self) -> bool {
        match self {
            Self::Refused(refusal) => matches!(Meaning::of(refusal), Meaning::RateLimited | Meaning::Busy),
            // A configuration that mixes chains must not go unnoticed.
            Self::WrongChain { .. } => false,
            _ => true,
        }
    }

    fn kind(&self) -> (ErrorKind, &'static str) {
        match self {
            Self::NotConnected(_) => (ErrorKind::Unavailable, "cannot connect to the node"),
            Self::Broken(_) => (ErrorKind::Unavailable, "the connection to the node broke"),
            Self::TimedOut { .. } => (ErrorKind::Unavailable, "the node did not answer in time"),
            Self::Paused { .. } => (ErrorKind::RateLimited, "the node asks for a pause"),
            Self::Status { status, .. } => of_status(*status),
            Self::NotANode { .. } => (ErrorKind::Unavailable, "the answer is not from a node"),
            Self::TooLarge { .. } => (ErrorKind::Unexpected, "the node's answer is larger than allowed"),
            Self::WrongChain { .. } => (ErrorKind::Config, "the node belongs to another chain"),
            Self::Refused(refusal) => of_refusal(refusal),
        }
    }
}

fn of_status(status: StatusCode) -> (ErrorKind, &'static str) {
    match status.as_u16() {
        300..=399 => (ErrorKind::Config, "the node has moved; set its new address"),
        401 | 403 => (ErrorKind::Unauthenticated, "the node refused the credential"),
        404 | 405 | 410 => (ErrorKind::Config, "there is no node at this address"),
        408 | 425 | 500..=599 => (ErrorKind::Unavailable, "the node failed"),
        413 => (ErrorKind::InvalidInput, "the request is over the node's limit"),
        _ => (ErrorKind::Unexpected, "the node gave an answer that is not foreseen"),
    }
}

fn of_refusal(refusal: &ErrorPayload) -> (ErrorKind, &'static str) {
    match Meaning::of(refusal) {
        Meaning::RateLimited => (ErrorKind::RateLimited, "the node asks for a pause"),
        Meaning::Busy => (ErrorKind::Unavailable, "the node cannot answer this now"),
        Meaning::NoSuchMethod => (ErrorKind::Unsupported, "the node does not have the method"),
        Meaning::InsufficientFunds => {
            (ErrorKind::InsufficientFunds, "the account cannot pay for the transaction")
        }
        Meaning::RangeTooLarge => (ErrorKind::InvalidInput, "the node limits how much can be asked at once"),
        Meaning::Reverted => (ErrorKind::Reverted, "the chain refused the transaction"),
        _ => (ErrorKind::Unexpected, "the node refused the request"),
    }
}

/// A fault with what was asked of whom.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) fault: Fault,
    pub(super) method: &'static str,
    pub(super) node: String,
}

impl Failure {
    /// What the node said, if it refused.
    pub(super) fn refusal(&self) -> Option<&ErrorPayload> {
        match &self.fault {
            Fault::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }

    pub(super) fn is_wrong_chain(&self) -> bool {
        matches!(self.fault, Fault::WrongChain { .. })
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        let (kind, message) = failure.fault.kind();
        let error = Self::new(kind, message)
            .with_context("node", &failure.node)
            .with_context("method", failure.method);
        match failure.fault {
            Fault::NotConnected(cause) | Fault::Broken(cause) => error.with_source(cause),
            Fault::TimedOut { limit } => error.with_context("limit_seconds", limit.as_secs()),
            Fault::Paused { pause } => error.with_retry(Retry::After(pause)),
            Fault::Status { status, pause } => {
                let error = error.with_context("status", status.as_u16());
                if kind == ErrorKind::Unavailable { error.with_retry(Retry::After(pause)) } else { error }
            }
            Fault::NotANode { size_bytes, cause } => {
                let error = error.with_context("size_bytes", size_bytes);
                match cause {
                    Some(cause) => error.with_source(cause),
                    None => error,
                }
            }
            Fault::TooLarge { max_bytes } => error.with_context("max_bytes", max_bytes),
            Fault::WrongChain { expected, found } => {
                error.with_context("expected", expected).with_context("found", found)
            }
            Fault::Refused(refusal) => {
                error.with_context("code", refusal.code).with_context("reason", shown(&refusal.message))
            }
        }
    }
}

/// On one line, and short.
fn shown(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().filter(|c| !c.is_control()).take(MAX_REASON_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(fault: Fault) -> Error {
        Failure { fault, method: "eth_call", node: "https://node.example".to_owned() }.into()
    }

    fn status(code: u16) -> Fault {
        Fault::Status { status: StatusCode::from_u16(code).unwrap(), pause: None }
    }

    fn refused(code: i64, message: &str) -> Fault {
        Fault::Refused(ErrorPayload { code, message: message.to_owned().into(), data: None })
    }

    #[test]
    fn every_fault_has_a_kind_a_retry_and_perhaps_another_node() {
        let second = Duration::from_secs(1);
        let again = Retry::After(None);
        let table = [
            (Fault::TimedOut { limit: second }, ErrorKind::Unavailable, again, true),
            (Fault::Paused { pause: Some(second) }, ErrorKind::RateLimited, Retry::After(Some(second)), true),
            (status(301), ErrorKind::Config, Retry::Never, true),
            (status(401), ErrorKind::Unauthenticated, Retry::Never, true),
            (status(404), ErrorKind::Config, Retry::Never, true),
            (status(503), ErrorKind::Unavailable, again, true),
            (Fault::NotANode { size_bytes: 3, cause: None }, ErrorKind::Unavailable, again, true),
            (Fault::TooLarge { max_bytes: 3 }, ErrorKind::Unexpected, Retry::Never, true),
            (Fault::WrongChain { expected: 1315, found: 1 }, ErrorKind::Config, Retry::Never, false),
            (refused(-32005, "slow down"), ErrorKind::RateLimited, again, true),
            (refused(-32000, "header not found"), ErrorKind::Unavailable, again, true),
            (refused(-32601, ""), ErrorKind::Unsupported, Retry::Never, false),
            (refused(3, "execution reverted"), ErrorKind::Reverted, Retry::Never, false),
            (refused(-32603, "internal error"), ErrorKind::Unexpected, Retry::Never, false),
        ];
        for (fault, kind, retry, other_node) in table {
            let shown = format!("{fault:?}");
            assert_eq!(fault.is_of_the_node(), other_node, "{shown}");
            let error = error(fault);
            assert_eq!((error.kind(), error.retry()), (kind, retry), "{shown}");
        }
    }

    #[test]
    fn a_wrong_chain_names_both() {
        let text = error(Fault::WrongChain { expected: 1315, found: 1514 }).to_string();
        assert!(text.contains("expected `1315`") && text.contains("found `1514`"), "{text}");
    }
}
