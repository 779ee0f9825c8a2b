//! [`Lag`]: a node that is behind, as one of several behind one address can be.

use serde_json::{Value, json};

use super::server::Upstream;
use crate::rpc::{number, quantity};

/// How far the answering node is behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lag {
    /// This many blocks behind the newest.
    Behind(u64),
    /// It has stopped at this block.
    StoppedAt(u64),
}

impl Lag {
    /// The node's JSON-RPC answer as a node would give it that has not seen the newest blocks: reads are of an earlier
    /// block, receipts of later ones are not there, and it knows of no waiting transactions.
    pub(super) async fn ask(self, upstream: &Upstream, call: &Value) -> Value {
        let newest = number(
            &upstream.ask(&json!({ "jsonrpc": "2.0", "id": 0, "method": "eth_blockNumber" })).await["result"],
        );
        let head = match self {
            Self::Behind(blocks) => newest.saturating_sub(blocks),
            Self::StoppedAt(block) => block.min(newest),
        };
        let result = |result: Value| json!({ "jsonrpc": "2.0", "id": call["id"], "result": result });
        let later = |block: &Value| block.is_string() && number(block) > head;
        let mut call = call.clone();
        match call["method"].as_str().unwrap_or_default() {
            "eth_blockNumber" => return result(quantity(head)),
            "eth_getTransactionReceipt" | "eth_getTransactionByHash" => {
                let answer = upstream.ask(&call).await;
                let block = &answer["result"]["blockNumber"];
                let unknown = block.is_null() || later(block);
                return if unknown && answer.get("error").is_none() { result(Value::Null) } else { answer };
            }
            "eth_getLogs" => {
                let hash = call["params"][0]["blockHash"].clone();
                if !hash.is_null() {
                    let request = json!({
                        "jsonrpc": "2.0", "id": 0, "method": "eth_getBlockByHash", "params": [hash, false],
                    });
                    if later(&upstream.ask(&request).await["result"]["number"]) {
                        // The words of geth.
                        let error = json!({ "code": -32000, "message": "unknown block" });
                        return json!({ "jsonrpc": "2.0", "id": call["id"], "error": error });
                    }
                }
                let filter = &mut call["params"][0];
                if filter["blockHash"].is_null() {
                    if block_of(&filter["fromBlock"]).is_some_and(|from| from > head) {
                        return result(json!([]));
                    }
                    clamp(&mut filter["toBlock"], head);
                    // Without a start it would be the node's own newest block.
                    clamp(&mut filter["fromBlock"], head);
                }
            }
            "eth_getBlockByNumber" => {
                if block_of(&call["params"][0]).is_some_and(|block| block > head) {
                    return result(Value::Null);
                }
                clamp(&mut call["params"][0], head);
            }
            method => {
                let at = match method {
                    "eth_call"
                    | "eth_estimateGas"
                    | "eth_getBalance"
                    | "eth_getCode"
                    | "eth_getTransactionCount"
                    | "eth_feeHistory" => 1,
                    "eth_getStorageAt" => 2,
                    _ => return upstream.ask(&call).await,
                };
                let params = call["params"].as_array_mut().expect("parameters are a list");
                params.resize(params.len().max(at + 1), Value::Null);
                clamp(&mut params[at], head);
            }
        }
        upstream.ask(&call).await
    }
}

/// The number of a block, unless it is named by a word or by its hash.
fn block_of(block: &Value) -> Option<u64> {
    block.as_str().filter(|text| text.starts_with("0x") && text.len() < 66).map(|_| number(block))
}

/// Lets a block be `head` if it is a later one, or named by a word such as `latest`.
fn clamp(block: &mut Value, head: u64) {
    let is_earlier = block_of(block).is_some_and(|block| block <= head);
    let is_hash = block.is_object() || block.as_str().is_some_and(|text| text.len() == 66);
    if !is_earlier && !is_hash && block != "earliest" {
        *block = quantity(head);
    }
}
