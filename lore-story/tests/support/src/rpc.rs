//! JSON-RPC over HTTP, as plainly as it goes.

use std::{sync::Arc, time::Duration};

use alloy::primitives::Bytes;
use reqwest::Client;
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use serde_json::{Value, json};

/// A client of one JSON-RPC address. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Rpc {
    url: Arc<str>,
    client: Client,
}

/// Why there is no result.
#[derive(Clone, Debug, PartialEq)]
pub enum RpcFailure {
    /// No HTTP answer: refused, closed, timed out.
    Transport(String),
    /// An HTTP status other than 2xx.
    Status {
        /// The status.
        status: u16,
        /// The header `Retry-After`.
        retry_after: Option<String>,
        /// The text.
        body: String,
    },
    /// An answer that is not JSON-RPC.
    NotJson(String),
    /// An error of the node.
    Error {
        /// Its code.
        code: i64,
        /// Its text.
        message: String,
        /// Its data; for a revert, the bytes that it reverted with.
        data: Option<Value>,
    },
}

impl RpcFailure {
    /// The bytes of a revert.
    #[must_use]
    pub fn revert_data(&self) -> Option<Bytes> {
        match self {
            Self::Error { data: Some(Value::String(text)), .. } => text.parse().ok(),
            _ => None,
        }
    }

    /// The code and text of a node's error.
    #[must_use]
    pub fn error(&self) -> Option<(i64, &str)> {
        match self {
            Self::Error { code, message, .. } => Some((*code, message)),
            _ => None,
        }
    }
}

impl Rpc {
    /// A client of `url`.
    #[must_use]
    pub fn new(url: &str) -> Self {
        // The addresses are plain HTTP, but the library wants to know how it would do TLS.
        let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(RootCertStore::empty())
            .with_no_client_auth();
        let client = Client::builder().tls_backend_preconfigured(tls).timeout(Duration::from_secs(60));
        Self { url: url.into(), client: client.build().unwrap() }
    }

    /// The address.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Asks, and returns what came.
    ///
    /// # Errors
    /// Everything that is not a result.
    pub async fn ask(&self, method: &str, params: Value) -> Result<Value, RpcFailure> {
        let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let text = self.post(request.to_string()).await?;
        let answer: Value = serde_json::from_str(&text).map_err(|_| RpcFailure::NotJson(text.clone()))?;
        result_of(&answer).ok_or(RpcFailure::NotJson(text))?
    }

    /// Asks, and returns the result. Panics if there is none.
    pub async fn get(&self, method: &str, params: Value) -> Value {
        match self.ask(method, params.clone()).await {
            Ok(result) => result,
            Err(failure) => panic!("{method}{params}: {failure:?}"),
        }
    }

    /// Sends `body`, JSON or not, and returns the text of the answer.
    ///
    /// # Errors
    /// [`RpcFailure::Transport`] and [`RpcFailure::Status`].
    pub async fn post(&self, body: String) -> Result<String, RpcFailure> {
        let request = self.client.post(&*self.url).header("content-type", "application/json").body(body);
        let lost = |err: reqwest::Error| RpcFailure::Transport(format!("{err:?}"));
        let answer = request.send().await.map_err(lost)?;
        let status = answer.status();
        let retry_after = answer.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned());
        let body = answer.text().await.map_err(lost)?;
        if status.is_success() {
            Ok(body)
        } else {
            Err(RpcFailure::Status { status: status.as_u16(), retry_after, body })
        }
    }
}

/// The result or the error in a JSON-RPC answer; `None` if it is neither.
fn result_of(answer: &Value) -> Option<Result<Value, RpcFailure>> {
    if let Some(error) = answer.get("error") {
        return Some(Err(RpcFailure::Error {
            code: error.get("code")?.as_i64()?,
            message: error.get("message")?.as_str()?.to_owned(),
            data: error.get("data").cloned(),
        }));
    }
    answer.get("result").cloned().map(Ok)
}

/// A JSON-RPC quantity.
#[must_use]
pub fn quantity(number: u64) -> Value {
    format!("{number:#x}").into()
}

/// The number in a JSON-RPC quantity. Panics if it is none.
#[must_use]
pub fn number(quantity: &Value) -> u64 {
    let text = quantity.as_str().and_then(|text| text.strip_prefix("0x"));
    u64::from_str_radix(text.unwrap_or_else(|| panic!("{quantity} is not a quantity")), 16).unwrap()
}
