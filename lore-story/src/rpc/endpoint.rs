//! [`Endpoint`]: one node. Sends a request, waits a limited time, reads a limited answer.

use std::{
    fmt,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use alloy::rpc::json_rpc::ErrorPayload;
use futures_util::{
    future::{Either, select},
    lock::Mutex,
};
use lore_core::{Clock, Error, ErrorKind, Result};
use reqwest::{Client, Response, StatusCode, Url, header::RETRY_AFTER, redirect};
use rustls::{ClientConfig, crypto::ring};
use rustls_platform_verifier::BuilderVerifierExt as _;
use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned};

use super::{config::RpcConfig, fault::Fault, refusal::Meaning};
use crate::network::RpcUrl;

/// Most bytes of an answer: the receipts of a full block are far below.
const MAX_ANSWER_BYTES: usize = 256 * 1024 * 1024;

/// One node.
pub(super) struct Endpoint {
    url: Url,
    /// Scheme, host and port: all of the address that may be shown.
    label: String,
    /// Whether it was seen to belong to the configured chain.
    checked: AtomicBool,
    /// Held while that is found out, so that a hundred first requests ask once.
    pub(super) checking: Mutex<()>,
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Endpoint").field(&self.label).finish()
    }
}

impl Endpoint {
    /// # Errors
    /// [`ErrorKind::Config`] if the HTTP client cannot read the address.
    pub(super) fn new(url: &RpcUrl) -> Result<Self> {
        let label = url.to_string();
        // The cause would repeat what it could not read, which may be a key.
        let url = Url::parse(url.expose()).map_err(|_| {
            Error::new(ErrorKind::Config, "the node's address cannot be read").with_context("node", &label)
        })?;
        Ok(Self { url, label, checked: AtomicBool::new(false), checking: Mutex::new(()) })
    }

    pub(super) fn label(&self) -> &str {
        &self.label
    }

    pub(super) fn is_checked(&self) -> bool {
        self.checked.load(Ordering::Acquire)
    }

    pub(super) fn set_checked(&self) {
        self.checked.store(true, Ordering::Release);
    }

    /// Asks, and waits for the answer at most `limit`.
    pub(super) async fn exchange<P: Serialize, T: DeserializeOwned>(
        &self,
        client: &Client,
        clock: &dyn Clock,
        limit: Duration,
        (id, method, params): (u64, &'static str, &P),
    ) -> Result<T, Fault> {
        let request = Request { jsonrpc: "2.0", id, method, params };
        let work = Box::pin(self.exchange_unlimited(client, &request));
        match select(work, clock.sleep(limit)).await {
            Either::Left((answer, _)) => answer,
            Either::Right(_) => Err(Fault::TimedOut { limit }),
        }
    }

    async fn exchange_unlimited<P: Serialize, T: DeserializeOwned>(
        &self,
        client: &Client,
        request: &Request<'_, P>,
    ) -> Result<T, Fault> {
        let response =
            client.post(self.url.clone()).json(request).send().await.map_err(Fault::of_transport)?;
        let status = response.status();
        let pause = pause(&response);
        let body = match read(response).await {
            Ok(body) => body,
            // The status says more than the missing rest of its explanation.
            Err(_) if !status.is_success() => Vec::new(),
            Err(fault) => return Err(fault),
        };
        if status.is_success() { answer(&body) } else { Err(refused(status, pause, &body)) }
    }
}

#[derive(Serialize)]
struct Request<'a, P> {
    jsonrpc: &'static str,
    id: u64,
    method: &'static str,
    params: &'a P,
}

#[derive(Deserialize)]
struct Answered<T> {
    /// `null` is an answer, too.
    #[serde(default = "missing", deserialize_with = "present", bound(deserialize = "T: Deserialize<'de>"))]
    result: Option<T>,
}

fn missing<T>() -> Option<T> {
    None
}

fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

#[derive(Deserialize)]
struct Refused {
    error: ErrorPayload,
}

/// Reads a body that came with success.
fn answer<T: DeserializeOwned>(body: &[u8]) -> Result<T, Fault> {
    // Some nodes send `"result": null` beside an error, so the error is looked for first.
    if let Ok(Refused { error }) = serde_json::from_slice(body) {
        return Err(Fault::Refused(error));
    }
    match serde_json::from_slice(body) {
        Ok(Answered { result: Some(result) }) => Ok(result),
        Ok(Answered { result: None }) => Err(Fault::NotANode { size_bytes: body.len(), cause: None }),
        Err(cause) => Err(Fault::NotANode { size_bytes: body.len(), cause: Some(cause) }),
    }
}

/// Reads a body that came without success: some nodes send JSON-RPC errors that way.
fn refused(status: StatusCode, pause: Option<Duration>, body: &[u8]) -> Fault {
    if status == StatusCode::TOO_MANY_REQUESTS {
        return Fault::Paused { pause };
    }
    match serde_json::from_slice(body) {
        Ok(Refused { error }) if !status.is_server_error() || Meaning::of(&error) != Meaning::Other => {
            Fault::Refused(error)
        }
        _ => Fault::Status { status, pause },
    }
}

/// The pause that the node asks for, in seconds.
fn pause(response: &Response) -> Option<Duration> {
    let text = response.headers().get(RETRY_AFTER)?.to_str().ok()?;
    text.trim().parse().ok().map(Duration::from_secs)
}

async fn read(mut response: Response) -> Result<Vec<u8>, Fault> {
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(Fault::of_transport)? {
        if body.len().saturating_add(piece.len()) > MAX_ANSWER_BYTES {
            return Err(Fault::TooLarge { max_bytes: MAX_ANSWER_BYTES });
        }
        body.extend_from_slice(&piece);
    }
    Ok(body)
}

/// The client for all endpoints. Follows no redirects: addresses hold credentials.
///
/// # Errors
/// [`ErrorKind::Config`] if the system's certificates cannot be used.
pub(super) fn http_client(config: &RpcConfig) -> Result<Client> {
    // The provider is named here, so that nothing depends on a process-wide default.
    let tls = ClientConfig::builder_with_provider(std::sync::Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_platform_verifier())
        .map_err(|err| Error::new(ErrorKind::Config, "cannot set up TLS").with_source(err))?
        .with_no_client_auth();
    Client::builder()
        .tls_backend_preconfigured(tls)
        .user_agent(concat!("lore/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .connect_timeout(config.connect_timeout)
        .build()
        .map_err(|err| Error::new(ErrorKind::Config, "cannot set up HTTP").with_source(err))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_shows_scheme_host_and_port_only() {
        let url = RpcUrl::parse("https://user:pass@node.example:8443/v2/key?x=key").unwrap();
        let endpoint = Endpoint::new(&url).unwrap();
        assert_eq!(endpoint.label(), "https://node.example:8443");
        assert!(!format!("{endpoint:?}").contains("key"));
    }

    #[test]
    fn a_body_is_read_for_what_it_is() {
        let null: Option<u64> = answer(br#"{"jsonrpc":"2.0","id":1,"result":null}"#).unwrap();
        assert_eq!(null, None);
        let seven: u64 = answer(br#"{"jsonrpc":"2.0","id":1,"result":7}"#).unwrap();
        assert_eq!(seven, 7);
        let both =
            answer::<u64>(br#"{"id":1,"result":null,"error":{"code":-32000,"message":"nonce too low"}}"#);
        assert!(matches!(both, Err(Fault::Refused(_))));
        for other in ["<html></html>", "{}", "[]", "\"ok\"", "", r#"{"result":"x"}"#] {
            assert!(matches!(answer::<u64>(other.as_bytes()), Err(Fault::NotANode { .. })), "{other}");
        }
    }

    #[test]
    fn a_status_without_success_may_carry_an_rpc_error() {
        let body = br#"{"error":{"code":-32000,"message":"already known"}}"#;
        assert!(matches!(refused(StatusCode::BAD_REQUEST, None, body), Fault::Refused(_)));
        assert!(matches!(refused(StatusCode::INTERNAL_SERVER_ERROR, None, body), Fault::Refused(_)));
        let vague = br#"{"error":{"code":-32603,"message":"upstream failed"}}"#;
        assert!(matches!(refused(StatusCode::BAD_GATEWAY, None, vague), Fault::Status { .. }));
        assert!(matches!(refused(StatusCode::TOO_MANY_REQUESTS, None, body), Fault::Paused { .. }));
        assert!(matches!(refused(StatusCode::OK, None, b"no"), Fault::Status { .. }));
    }
}
