//! [`revert_data`]: where a node puts the bytes of a revert.
//!
//! JSON-RPC gives reverts no place. Geth, and with it Story's own nodes, anvil and Besu answer with a string of
//! hexadecimal digits in `data`; Hardhat puts them in an object there; Nethermind and OpenEthereum write `Reverted 0x…`;
//! some gateways keep only the message. Here the text of a message must be looked at, because nothing else tells.

use alloy::{hex, primitives::Bytes, rpc::json_rpc::ErrorPayload, sol_types::SolError};
use serde_json::Value;

/// Code of a reverted call of Geth and what follows it (EIP-1474 has none).
const EXECUTION_REVERTED: i64 = 3;
/// Code of a failed call of Nethermind and OpenEthereum.
const VM_EXECUTION_ERROR: i64 = -32015;
/// Where the bytes are in an object, best first.
const KEYS: [&str; 6] = ["data", "result", "output", "return", "originalError", "error"];
/// Objects in objects that are looked into.
const MAX_DEPTH: usize = 4;

/// The bytes that a contract reverted with, from the node's error; `None` if this error is no revert.
///
/// Empty bytes are a revert without a reason. A reason that is left in the message alone is given as the bytes of
/// `Error(string)`.
#[must_use]
pub fn revert_data(payload: &ErrorPayload) -> Option<Bytes> {
    let data = payload.try_data_as::<Value>().and_then(Result::ok);
    let says_so = |text: &str| text.to_ascii_lowercase().contains("revert");
    let is_revert = matches!(payload.code, EXECUTION_REVERTED | VM_EXECUTION_ERROR)
        || says_so(&payload.message)
        || data.as_ref().and_then(Value::as_str).is_some_and(says_so);
    if !is_revert {
        return None;
    }
    let in_data = data.as_ref().and_then(|data| bytes_in(data, MAX_DEPTH));
    Some(in_data.or_else(|| bytes_of_message(&payload.message)).unwrap_or_default())
}

/// Bytes in a value: only under names that are known to hold them, for there are hashes beside.
fn bytes_in(value: &Value, depth: usize) -> Option<Bytes> {
    match value {
        Value::String(text) => bytes_of_text(text.strip_prefix("Reverted").unwrap_or(text)),
        Value::Object(fields) if depth > 0 => {
            let named = KEYS.iter().filter_map(|key| fields.get(*key));
            // Ganache keys the details by the hash of the transaction.
            let nested = fields.values().filter(|field| field.is_object());
            named.chain(nested).find_map(|field| bytes_in(field, depth - 1))
        }
        _ => None,
    }
}

fn bytes_of_text(text: &str) -> Option<Bytes> {
    let digits = text.trim().strip_prefix("0x")?;
    hex::decode(digits).ok().map(Bytes::from)
}

/// `execution reverted: custom error 0x12345678: 00…`, `execution reverted: 0x…`, or `execution reverted: reason`.
fn bytes_of_message(message: &str) -> Option<Bytes> {
    let (_, reason) = message.split_once("reverted: ")?;
    let raw = reason.strip_prefix("custom error ").unwrap_or(reason);
    bytes_of_text(&raw.replacen(": ", "", 1))
        .or_else(|| (!reason.is_empty()).then(|| alloy::sol_types::Revert::from(reason).abi_encode().into()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(payload: Value) -> Option<String> {
        revert_data(&serde_json::from_value(payload).unwrap()).map(|data| data.to_string())
    }

    #[test]
    fn every_form_of_a_revert_is_found() {
        let hash = format!("0x{}", "ab".repeat(32));
        let forms = [
            ("geth", json!({ "code": 3, "message": "execution reverted", "data": "0x048a9640" })),
            (
                "anvil",
                json!({ "code": 3, "message": "execution reverted: custom error 0x048a9640", "data": "0x048a9640" }),
            ),
            ("besu", json!({ "code": -32000, "message": "Execution reverted", "data": "0x048a9640" })),
            (
                "hardhat",
                json!({ "code": -32603, "message": "Error: VM Exception while processing transaction: reverted",
                        "data": { "message": "Error: reverted", "txHash": hash, "data": "0x048a9640" } }),
            ),
            (
                "hardhat through a proxy",
                json!({ "code": -32603, "message": "Internal error: reverted",
                        "data": { "originalError": { "code": 3, "data": "0x048a9640", "message": "reverted" } } }),
            ),
            (
                "ganache",
                json!({ "code": -32000, "message": "VM Exception while processing transaction: revert",
                        "data": { hash.clone(): { "error": "revert", "program_counter": 7, "return": "0x048a9640" },
                                  "name": "RuntimeError" } }),
            ),
            (
                "ganache 7",
                json!({ "code": -32000, "message": "VM Exception while processing transaction: revert",
                        "data": { "hash": hash, "result": "0x048a9640" } }),
            ),
            (
                "nethermind",
                json!({ "code": -32015, "message": "VM execution error.", "data": "Reverted 0x048a9640" }),
            ),
            (
                "nethermind, other code",
                json!({ "code": -32000, "message": "error", "data": "Reverted 0x048a9640" }),
            ),
            ("message alone", json!({ "code": -32000, "message": "execution reverted: 0x048a9640" })),
            (
                "anvil's message",
                json!({ "code": 3, "message": "execution reverted: custom error 0x048a9640" }),
            ),
            ("data is null", json!({ "code": 3, "message": "execution reverted: 0x048a9640", "data": null })),
        ];
        for (node, payload) in forms {
            assert_eq!(found(payload).as_deref(), Some("0x048a9640"), "{node}");
        }
        let message = "execution reverted: custom error 0x9967e250: 00ff";
        assert_eq!(found(json!({ "code": 3, "message": message })).as_deref(), Some("0x9967e25000ff"));
    }

    #[test]
    fn a_reason_in_the_message_alone_is_kept() {
        let payload = json!({ "code": -32000, "message": "execution reverted: Bond amount too low" });
        let data = revert_data(&serde_json::from_value(payload).unwrap()).unwrap();
        assert_eq!(crate::revert::decode(&data).to_string(), "Error(\"Bond amount too low\")");
    }

    #[test]
    fn a_revert_without_a_reason_is_still_a_revert() {
        for payload in [
            json!({ "code": 3, "message": "execution reverted", "data": "0x" }),
            json!({ "code": -32000, "message": "execution reverted" }),
            json!({ "code": -32015, "message": "VM execution error.", "data": "Reverted 0x" }),
            json!({ "code": 3, "message": "execution reverted: ", "data": "not hexadecimal" }),
        ] {
            assert_eq!(found(payload.clone()).as_deref(), Some("0x"), "{payload}");
        }
    }

    #[test]
    fn another_error_is_no_revert() {
        for payload in [
            json!({ "code": -32000, "message": "nonce too low" }),
            json!({ "code": -32000, "message": "insufficient funds for gas * price + value" }),
            json!({ "code": -32000, "message": "already known", "data": "0x048a9640" }),
            json!({ "code": -32602, "message": "invalid argument 0", "data": { "data": "0x1234" } }),
            json!({ "code": 429, "message": "too many requests" }),
        ] {
            assert_eq!(found(payload.clone()), None, "{payload}");
        }
    }

    #[test]
    fn a_hash_is_not_taken_for_the_reason() {
        let payload = json!({ "code": 3, "message": "execution reverted", "data": { "txHash": "0xabcd" } });
        assert_eq!(found(payload).as_deref(), Some("0x"));
    }
}
