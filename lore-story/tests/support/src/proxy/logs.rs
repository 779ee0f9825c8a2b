//! [`LogsLimit`]: what nodes say when `eth_getLogs` asks for too much.

use serde_json::{Value, json};

use super::{fault::Answer, server::Upstream};
use crate::rpc::number;

/// Limits of `eth_getLogs`, and who words them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogsLimit {
    /// The most blocks in a range.
    pub max_blocks: Option<u64>,
    /// The most logs in an answer.
    pub max_logs: Option<usize>,
    /// The wording.
    pub dialect: LogsDialect,
}

/// Whose words are used. Codes and texts as the services were seen to answer (2024 to 2026).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogsDialect {
    /// -32602, "… this block range should work: [0x…, 0x…]".
    Alchemy,
    /// -32600, "block range is too wide".
    Ankr,
    /// -32047, "… Max range: n".
    Cloudflare,
    /// -32005, "query returned more than n results. Try with this block range [0x…, 0x…]."
    Infura,
    /// -32701, "exceed maximum block range: n".
    PublicNode,
    /// -32614, "eth_getLogs is limited to a n range".
    QuickNode,
    /// -32000, "backend response too large": no hint at all.
    Silent,
}

impl LogsDialect {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Alchemy,
        Self::Ankr,
        Self::Cloudflare,
        Self::Infura,
        Self::PublicNode,
        Self::QuickNode,
        Self::Silent,
    ];

    /// The error, for a query from block `from`, of which `fits` blocks would be accepted.
    fn error(self, limit: u64, from: u64, fits: u64) -> Answer {
        let to = from + fits.max(1) - 1;
        match self {
            Self::Alchemy => Answer::error(
                -32602,
                &format!(
                    "Log response size exceeded. You can make eth_getLogs requests with up to a {limit} block range. \
                     Based on your parameters and the response size limit, this block range should work: \
                     [{from:#x}, {to:#x}]"
                ),
            ),
            Self::Ankr => Answer::error(-32600, "block range is too wide"),
            Self::Cloudflare => Answer::error(
                -32047,
                &format!("Invalid eth_getLogs request. 'fromBlock'-'toBlock' range too large. Max range: {limit}"),
            ),
            Self::Infura => Answer::error(
                -32005,
                &format!(
                    "query returned more than {limit} results. Try with this block range [{from:#X}, {to:#X}]."
                )
                .replace("0X", "0x"),
            ),
            Self::PublicNode => Answer::error(-32701, &format!("exceed maximum block range: {limit}")),
            Self::QuickNode => Answer::error(-32614, &format!("eth_getLogs is limited to a {limit} range")),
            Self::Silent => Answer::error(-32000, "backend response too large"),
        }
    }
}

impl LogsLimit {
    /// At most so many blocks.
    #[must_use]
    pub fn blocks(max_blocks: u64, dialect: LogsDialect) -> Self {
        Self { max_blocks: Some(max_blocks), max_logs: None, dialect }
    }

    /// At most so many logs.
    #[must_use]
    pub fn logs(max_logs: usize, dialect: LogsDialect) -> Self {
        Self { max_blocks: None, max_logs: Some(max_logs), dialect }
    }

    /// The node's JSON-RPC answer, or the error if the call is over a limit.
    pub(super) async fn ask(self, upstream: &Upstream, call: &Value) -> Value {
        let filter = &call["params"][0];
        if call["method"] != "eth_getLogs" || !filter["blockHash"].is_null() {
            return upstream.ask(call).await;
        }
        let newest = number(
            &upstream.ask(&json!({ "jsonrpc": "2.0", "id": 0, "method": "eth_blockNumber" })).await["result"],
        );
        let block = |block: &Value| match block.as_str() {
            Some(text) if text.starts_with("0x") => number(block),
            Some("earliest") => 0,
            _ => newest,
        };
        let (from, to) = (block(&filter["fromBlock"]), block(&filter["toBlock"]));
        let refuse = |limit: u64, fits: u64| {
            let error = self.dialect.error(limit, from, fits);
            error.to_json(&call["id"]).expect("an error is JSON-RPC")
        };
        if let Some(most) = self.max_blocks
            && to.saturating_sub(from) >= most
        {
            return refuse(most, most);
        }
        let answer = upstream.ask(call).await;
        if let Some(most) = self.max_logs
            && let Some(logs) = answer["result"].as_array()
            && logs.len() > most
        {
            // Up to before the block that brings the first log too many.
            let over = number(&logs[most]["blockNumber"]);
            return refuse(most as u64, over.saturating_sub(from));
        }
        answer
    }
}
