//! [`SendOutcome`]: what became of signed bytes that were given to the nodes.

use alloy::{
    primitives::{B256, Bytes},
    rpc::json_rpc::ErrorPayload,
};
use lore_core::{Error, Result};

use super::{client::Rpc, fault::Failure, refusal::Meaning};

/// What became of signed bytes. Only [`Refused`](Self::Refused) says that this node will never take them.
#[derive(Debug)]
pub(crate) enum SendOutcome {
    /// The node took them.
    Accepted,
    /// The node had them already.
    AlreadyKnown,
    /// The account has used the nonce: perhaps with these very bytes.
    NonceTooLow,
    /// Another transaction holds the nonce and pays as much.
    Replaced,
    /// They pay less than is asked for now.
    FeeTooLow,
    /// The account cannot pay now.
    InsufficientFunds(Error),
    /// The node did not take them now, but may later: a gap before the nonce, a full pool.
    NotNow(Error),
    /// The node will never take them.
    Refused(Error),
    /// Nobody can say: the answer was lost.
    Unknown(Error),
}

impl Rpc {
    /// Gives signed bytes to one node after the other until one has an opinion. The same bytes take effect once, however
    /// often they are sent.
    ///
    /// # Errors
    /// [`Config`](lore_core::ErrorKind::Config) if a node belongs to another chain. Everything else is an outcome.
    pub(crate) async fn send_raw(&self, raw: &Bytes) -> Result<SendOutcome> {
        let mut last = None;
        for endpoint in self.in_order() {
            match self.ask_one::<_, B256>(endpoint, "eth_sendRawTransaction", &[raw]).await {
                Ok(_) => return Ok(SendOutcome::Accepted),
                Err(failure) if failure.fault.is_of_the_node() => last = Some(failure),
                Err(failure) => return outcome(failure),
            }
        }
        match last {
            Some(failure) => outcome(failure),
            None => Err(super::client::no_endpoint()),
        }
    }
}

fn outcome(failure: Failure) -> Result<SendOutcome> {
    if failure.is_wrong_chain() {
        return Err(failure.into());
    }
    let Some(meaning) = failure.refusal().map(meaning_of_refused_bytes) else {
        return Ok(SendOutcome::Unknown(failure.into()));
    };
    Ok(match meaning {
        Meaning::AlreadyKnown => SendOutcome::AlreadyKnown,
        Meaning::NonceTooLow => SendOutcome::NonceTooLow,
        Meaning::ReplacementUnderpriced => SendOutcome::Replaced,
        Meaning::FeeTooLow => SendOutcome::FeeTooLow,
        Meaning::InsufficientFunds => SendOutcome::InsufficientFunds(failure.into()),
        Meaning::Invalid | Meaning::Reverted => SendOutcome::Refused(failure.into()),
        Meaning::NonceTooHigh | Meaning::RateLimited | Meaning::Busy => SendOutcome::NotNow(failure.into()),
        // A node that says something unheard of may have taken them all the same.
        Meaning::RangeTooLarge | Meaning::NoSuchMethod | Meaning::Other => {
            SendOutcome::Unknown(failure.into())
        }
    })
}

fn meaning_of_refused_bytes(refusal: &ErrorPayload) -> Meaning {
    match Meaning::of(refusal) {
        // `gas limit exceeded` and the like are about the block here, not about a range of blocks.
        Meaning::RangeTooLarge if refusal.message.to_lowercase().contains("gas") => Meaning::Invalid,
        meaning => meaning,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{super::fault::Fault, *};

    fn refused(code: i64, message: &'static str) -> Fault {
        Fault::Refused(ErrorPayload { code, message: message.into(), data: None })
    }

    fn of(fault: Fault) -> Result<SendOutcome> {
        outcome(Failure { fault, method: "eth_sendRawTransaction", node: String::new() })
    }

    #[test]
    fn a_lost_answer_is_unknown_and_never_an_error() {
        let lost = [
            Fault::TimedOut { limit: Duration::from_secs(1) },
            Fault::NotANode { size_bytes: 1, cause: None },
            Fault::Status { status: reqwest::StatusCode::BAD_GATEWAY, pause: None },
            Fault::Paused { pause: None },
            refused(-32603, "internal error"),
        ];
        for fault in lost {
            let shown = format!("{fault:?}");
            assert!(matches!(of(fault), Ok(SendOutcome::Unknown(_))), "{shown}");
        }
        assert!(of(Fault::WrongChain { expected: 1, found: 2 }).is_err());
    }

    #[test]
    fn what_a_node_says_about_bytes_is_an_outcome() {
        assert!(matches!(of(refused(-32000, "already known")), Ok(SendOutcome::AlreadyKnown)));
        assert!(matches!(of(refused(-32603, "nonce too low")), Ok(SendOutcome::NonceTooLow)));
        assert!(matches!(
            of(refused(-32000, "replacement transaction underpriced")),
            Ok(SendOutcome::Replaced)
        ));
        assert!(matches!(of(refused(-32000, "transaction underpriced")), Ok(SendOutcome::FeeTooLow)));
        assert!(matches!(
            of(refused(-32000, "insufficient funds for gas")),
            Ok(SendOutcome::InsufficientFunds(_))
        ));
        assert!(matches!(of(refused(-32000, "nonce too high")), Ok(SendOutcome::NotNow(_))));
        assert!(matches!(of(refused(-32000, "txpool is full")), Ok(SendOutcome::NotNow(_))));
        assert!(matches!(of(refused(-32000, "block gas limit exceeded")), Ok(SendOutcome::Refused(_))));
        assert!(matches!(of(refused(-32000, "intrinsic gas too low")), Ok(SendOutcome::Refused(_))));
    }
}
