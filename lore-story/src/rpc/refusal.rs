//! [`Meaning`]: what a JSON-RPC error means.
//!
//! There is no standard for what nodes answer: geth, reth, anvil and the hosted services use the same code for many things
//! and different words for one. So code and text are read together; the table of the tests is made of answers that were
//! seen. Codes: EIP-1474; texts: go-ethereum `core/error.go` and `core/txpool/errors.go`, reth `rpc-eth-types`, anvil.

use alloy::rpc::json_rpc::ErrorPayload;

/// What a refusal means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// The node has this very transaction.
    AlreadyKnown,
    /// The account has used the nonce.
    NonceTooLow,
    /// The nonce leaves too large a gap.
    NonceTooHigh,
    /// Another transaction holds the nonce, and pays as much.
    ReplacementUnderpriced,
    /// It pays less than the node or the block asks for.
    FeeTooLow,
    /// The account cannot pay.
    InsufficientFunds,
    /// The contract refused.
    Reverted,
    /// The node will never take this transaction.
    Invalid,
    /// The node asks for a pause.
    RateLimited,
    /// The answer would be too large: ask for less.
    RangeTooLarge,
    /// The node does not have the method.
    NoSuchMethod,
    /// The node cannot answer now, or has not come this far; another may.
    Busy,
    /// Nothing that is known here.
    Other,
}

/// First match wins. Texts are compared in lower case.
const TEXTS: &[(Meaning, &[&str])] = &[
    (
        Meaning::AlreadyKnown,
        &["already known", "already imported", "same hash was already", "already in mempool", "alreadyknown"],
    ),
    (
        Meaning::NonceTooLow,
        &["nonce too low", "nonce is too low", "nonce has already been used", "invalid nonce; got"],
    ),
    (
        Meaning::NonceTooHigh,
        &[
            "nonce too high",
            "nonce is too high",
            "nonce too far",
            "exceeds next nonce",
            "nonce out of range",
            "nonce gap",
        ],
    ),
    (
        Meaning::ReplacementUnderpriced,
        &["replacement transaction underpriced", "replacement fee too low", "could not replace existing"],
    ),
    (
        Meaning::RateLimited,
        &[
            "rate limit",
            "rate-limit",
            "too many requests",
            "request limit",
            "compute units",
            "throughput",
            "quota",
        ],
    ),
    (
        Meaning::RangeTooLarge,
        &[
            "query returned more than",
            "block range",
            "range too large",
            "range is too large",
            "too many blocks",
            "too many results",
            "limit exceeded",
            "exceeds the limit",
            "response size",
            "response is too big",
            "log response size",
            "max results",
            "limited to",
        ],
    ),
    (
        Meaning::FeeTooLow,
        &[
            "less than block base fee",
            "transaction underpriced",
            "max fee per gas less",
            "gas price too low",
            "fee too low",
            "gas tip cap",
            "below the minimum",
            "base fee exceeds gas limit",
        ],
    ),
    (
        Meaning::InsufficientFunds,
        &[
            "insufficient funds",
            "insufficient balance",
            "exceeds allowance",
            "not enough funds",
            "doesn't have enough funds",
        ],
    ),
    (
        Meaning::Reverted,
        &["execution reverted", "vm exception while processing", "reverted", "vm execution error"],
    ),
    (
        Meaning::Invalid,
        &[
            "intrinsic gas too low",
            "exceeds block gas limit",
            "gas limit is too high",
            "exceeds the gas cap",
            "exceeds transaction gas limit",
            "invalid sender",
            "invalid signature",
            "invalid chain id",
            "chain id mismatch",
            "incompatible eip155",
            "oversized data",
            "initcode size",
            "tip higher than",
            "priority fee higher",
            "not supported",
            "out of gas",
            "gas required exceeds",
        ],
    ),
    (
        Meaning::Busy,
        &[
            "txpool is full",
            "pool is full",
            "header not found",
            "unknown block",
            "block not found",
            "missing trie node",
            "state is not available",
            "state not available",
            "blockoutofrange",
            "block out of range",
            "future block",
            "not yet available",
            "timeout",
            "timed out",
            "temporarily",
            "try again",
            "no available",
            "overloaded",
            "busy",
        ],
    ),
    (
        Meaning::NoSuchMethod,
        &[
            "method not found",
            "does not exist/is not available",
            "method not supported",
            "unsupported method",
        ],
    ),
];

impl Meaning {
    /// What a node wanted to say.
    pub(crate) fn of(refusal: &ErrorPayload) -> Self {
        if refusal.code == -32601 {
            return Self::NoSuchMethod;
        }
        // Code 3 is a revert, whatever the contract's own words are.
        if refusal.code == 3 {
            return Self::Reverted;
        }
        let text = refusal.message.to_lowercase();
        let found = TEXTS.iter().find(|(_, parts)| parts.iter().any(|part| text.contains(part)));
        match (found, refusal.code) {
            (Some((meaning, _)), _) => *meaning,
            (None, -32005 | 429 | -32029) => Self::RateLimited,
            (None, -32001 | -32002) => Self::Busy,
            (None, -32003) => Self::Invalid,
            (None, -32004) => Self::NoSuchMethod,
            (None, _) => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nodes_say_is_understood_by_code_and_text() {
        let seen: &[(i64, &str, Meaning)] = &[
            (-32000, "already known", Meaning::AlreadyKnown),
            (-32000, "AlreadyKnown", Meaning::AlreadyKnown),
            (-32010, "Transaction with the same hash was already imported.", Meaning::AlreadyKnown),
            (-32003, "transaction already imported", Meaning::AlreadyKnown),
            (-32000, "unknown transaction", Meaning::Other),
            (-32000, "nonce too low: next nonce 8, tx nonce 7", Meaning::NonceTooLow),
            (-32003, "nonce too low", Meaning::NonceTooLow),
            (-32603, "Nonce too low", Meaning::NonceTooLow),
            (-32000, "nonce is too low", Meaning::NonceTooLow),
            (-32000, "invalid nonce; got 5, expected 6: invalid sequence", Meaning::NonceTooLow),
            (-32000, "nonce too high: tx nonce 9, next nonce 7", Meaning::NonceTooHigh),
            (-32000, "nonce too far in the future", Meaning::NonceTooHigh),
            (-32000, "replacement transaction underpriced", Meaning::ReplacementUnderpriced),
            (
                -32000,
                "replacement transaction underpriced: new tx gas fee cap 1 <= 2",
                Meaning::ReplacementUnderpriced,
            ),
            (-32000, "transaction underpriced: tip needed 1, tip permitted 0", Meaning::FeeTooLow),
            (-32000, "max fee per gas less than block base fee: address 0x00", Meaning::FeeTooLow),
            (-32003, "max fee per gas less than block base fee", Meaning::FeeTooLow),
            (
                -32000,
                "insufficient funds for gas * price + value: balance 0, tx cost 1, overshot 1",
                Meaning::InsufficientFunds,
            ),
            (-32003, "Insufficient funds for gas * price + value", Meaning::InsufficientFunds),
            (-32000, "gas required exceeds allowance (0)", Meaning::InsufficientFunds),
            (3, "execution reverted: custom error 0x9379dcd9", Meaning::Reverted),
            (3, "execution reverted: rate limit of this contract", Meaning::Reverted),
            (-32000, "execution reverted", Meaning::Reverted),
            (-32603, "Internal error: VM Exception while processing transaction: revert", Meaning::Reverted),
            (-32000, "intrinsic gas too low: gas 100, minimum needed 21000", Meaning::Invalid),
            (-32000, "exceeds block gas limit", Meaning::Invalid),
            (-32000, "invalid chain id for signer: have 1 want 1315", Meaning::Invalid),
            (-32005, "daily request count exceeded", Meaning::RateLimited),
            (-32000, "Your app has exceeded its compute units per second capacity", Meaning::RateLimited),
            (429, "", Meaning::RateLimited),
            (-32005, "query returned more than 10000 results", Meaning::RangeTooLarge),
            (-32005, "limit exceeded", Meaning::RangeTooLarge),
            (-32600, "eth_getLogs is limited to a 10,000 range", Meaning::RangeTooLarge),
            (-32602, "exceed maximum block range: 5000", Meaning::RangeTooLarge),
            (
                -32602,
                "Log response size exceeded. this block range should work: [0x0, 0x1]",
                Meaning::RangeTooLarge,
            ),
            (
                -32601,
                "the method eth_getBlockReceipts does not exist/is not available",
                Meaning::NoSuchMethod,
            ),
            (-32600, "method not found", Meaning::NoSuchMethod),
            (-32000, "header not found", Meaning::Busy),
            (-32000, "missing trie node 00 (path )", Meaning::Busy),
            (-32602, "BlockOutOfRangeError: block height is 5 but requested was 9", Meaning::Busy),
            (-32000, "txpool is full", Meaning::Busy),
            (-32002, "request took too much", Meaning::Busy),
            (-32603, "internal error", Meaning::Other),
        ];
        for (code, message, meaning) in seen {
            let refusal = ErrorPayload { code: *code, message: (*message).into(), data: None };
            assert_eq!(Meaning::of(&refusal), *meaning, "{code} {message}");
        }
    }
}
