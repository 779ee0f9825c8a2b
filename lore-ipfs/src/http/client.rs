//! [`Http`]: sends a request, waits a limited time, reads a limited answer.

use std::{sync::Arc, time::Duration};

use futures_util::future::{Either, select};
use lore_core::{Clock, Error, ErrorKind, Result, Secret};
use reqwest::{
    Client, RequestBuilder, Response, StatusCode, Url,
    header::{HeaderMap, HeaderName},
    redirect,
};
use rustls::{ClientConfig, crypto::ring};
use rustls_platform_verifier::BuilderVerifierExt as _;
use serde::de::DeserializeOwned;

use super::failure;

/// Most bytes of an answer that is read whole, unless the caller says otherwise: a page of a listing is far below.
const MAX_ANSWER_BYTES: usize = 8 * 1024 * 1024;

/// What a store decides about its connections.
#[derive(Debug)]
pub(crate) struct HttpSetup {
    /// Name of the store, in errors.
    pub(crate) store: &'static str,
    /// Longest wait for a connection.
    pub(crate) connect_timeout: Duration,
    /// Longest wait for an answer.
    pub(crate) answer_timeout: Duration,
    /// Slowest upload that is waited for, in bytes per second.
    pub(crate) min_upload_rate: u64,
    /// What answers must not show.
    pub(crate) secrets: Vec<Secret>,
}

/// An HTTP client with limits. Follows no redirects: an upload cannot be replayed, and credentials stay at one address.
#[derive(Debug)]
pub(crate) struct Http {
    client: Client,
    clock: Arc<dyn Clock>,
    setup: HttpSetup,
}

/// A whole answer, whatever its status.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// A header's text.
    pub(crate) fn header(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

impl Http {
    /// # Errors
    /// [`ErrorKind::Config`] if the system's certificates cannot be used.
    pub(crate) fn new(setup: HttpSetup, clock: Arc<dyn Clock>) -> Result<Self> {
        // The provider is named here, so that nothing depends on a process-wide default.
        let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_platform_verifier())
            .map_err(|err| Error::new(ErrorKind::Config, "cannot set up TLS").with_source(err))?
            .with_no_client_auth();
        let client = Client::builder()
            .tls_backend_preconfigured(tls)
            .user_agent(concat!("lore/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .connect_timeout(setup.connect_timeout)
            .build()
            .map_err(|err| Error::new(ErrorKind::Config, "cannot set up HTTP").with_source(err))?;
        Ok(Self { client, clock, setup })
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }

    /// Sends and reads the answer, whatever its status.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`] if there is no answer, with the phase in which it failed.
    pub(crate) async fn send(&self, request: RequestBuilder) -> Result<Answer> {
        self.exchange(request, MAX_ANSWER_BYTES, self.setup.answer_timeout).await
    }

    /// As [`send`](Self::send), for an answer of at most `max_bytes`.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub(crate) async fn send_for_bytes(&self, request: RequestBuilder, max_bytes: usize) -> Result<Answer> {
        self.exchange(request, max_bytes, self.setup.answer_timeout).await
    }

    /// As [`send`](Self::send), with time for a body of `size_bytes`.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub(crate) async fn upload(&self, request: RequestBuilder, size_bytes: u64) -> Result<Answer> {
        let seconds = size_bytes.checked_div(self.setup.min_upload_rate).unwrap_or(u64::MAX);
        let limit = self.setup.answer_timeout.saturating_add(Duration::from_secs(seconds));
        self.exchange(request, MAX_ANSWER_BYTES, limit).await
    }

    async fn exchange(&self, request: RequestBuilder, max_bytes: usize, limit: Duration) -> Result<Answer> {
        let work = Box::pin(self.exchange_unlimited(request, max_bytes));
        match select(work, self.clock.sleep(limit)).await {
            Either::Left((answer, _)) => answer,
            Either::Right(_) => Err(Error::new(ErrorKind::Unavailable, "the service did not answer in time")
                .with_context("store", self.setup.store)
                .with_context("limit_seconds", limit.as_secs())),
        }
    }

    async fn exchange_unlimited(&self, request: RequestBuilder, max_bytes: usize) -> Result<Answer> {
        let response = request.send().await.map_err(|err| failure::from_transport(err, self.setup.store))?;
        let (status, headers) = (response.status(), response.headers().clone());
        match read(response, max_bytes).await {
            Ok(body) => Ok(Answer { status, headers, body }),
            // The status says more than the missing rest of its explanation.
            Err(ReadFault { body, .. }) if !status.is_success() => Ok(Answer { status, headers, body }),
            Err(ReadFault { cause: Some(cause), .. }) => {
                Err(failure::from_transport(cause, self.setup.store))
            }
            Err(_) => Err(Error::new(ErrorKind::Unexpected, "the answer is larger than allowed")
                .with_context("store", self.setup.store)
                .with_context("max_bytes", max_bytes)),
        }
    }

    /// The error that an answer without success stands for.
    pub(crate) fn refusal(&self, answer: &Answer) -> Error {
        failure::from_answer(answer, &self.setup, self.clock.now())
    }

    /// Passes on an answer with success.
    ///
    /// # Errors
    /// What the status and the body say.
    pub(crate) fn accept(&self, answer: Answer) -> Result<Answer> {
        if answer.status.is_success() { Ok(answer) } else { Err(self.refusal(&answer)) }
    }

    /// Reads the JSON of an answer with success.
    ///
    /// # Errors
    /// What the status says; [`ErrorKind::Unavailable`] for an answer that breaks off or is no JSON (a proxy's page);
    /// [`ErrorKind::Unexpected`] for JSON of another shape.
    pub(crate) fn json<T: DeserializeOwned>(&self, answer: Answer) -> Result<T> {
        let answer = self.accept(answer)?;
        serde_json::from_slice(&answer.body)
            .map_err(|err| failure::from_json(err, self.setup.store, answer.body.len()))
    }
}

struct ReadFault {
    body: Vec<u8>,
    /// `None` if the answer was too large.
    cause: Option<reqwest::Error>,
}

async fn read(mut response: Response, max_bytes: usize) -> Result<Vec<u8>, ReadFault> {
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(None) => return Ok(body),
            Ok(Some(piece)) if body.len() + piece.len() > max_bytes => {
                return Err(ReadFault { body, cause: None });
            }
            Ok(Some(piece)) => body.extend_from_slice(&piece),
            Err(cause) => return Err(ReadFault { body, cause: Some(cause) }),
        }
    }
}

/// The address of an endpoint: the path segments below a base address.
pub(crate) fn endpoint(base: &Url, segments: &[&str]) -> Url {
    let mut url = base.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    url
}

/// Reads a base address.
///
/// # Errors
/// [`ErrorKind::Config`] unless it is an absolute `http` or `https` address; with `needs_tls`, plain `http` is for this
/// machine alone.
pub(crate) fn parse_base(field: &'static str, text: &str, needs_tls: bool) -> Result<Url> {
    let refuse = |message: &'static str| Error::new(ErrorKind::Config, message).with_context("field", field);
    let url = Url::parse(text).map_err(|err| refuse("the address cannot be read").with_source(err))?;
    let is_local = match url.host_str() {
        Some("localhost" | "[::1]") => true,
        Some(host) => host.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback()),
        None => return Err(refuse("the address names no host")),
    };
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_local || !needs_tls => Ok(url),
        "http" => Err(refuse("a credential is only sent over https")),
        _ => Err(refuse("the address is neither http nor https")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_keeps_the_path_of_its_base() {
        for base in ["https://gateway.example/base", "https://gateway.example/base/"] {
            let base = parse_base("api", base, true).unwrap();
            assert_eq!(
                endpoint(&base, &["files", "a/b?"]).as_str(),
                "https://gateway.example/base/files/a%2Fb%3F"
            );
        }
    }

    #[test]
    fn credentials_do_not_leave_the_machine_unencrypted() {
        for good in ["http://127.0.0.1:8080", "http://localhost:1", "http://[::1]/", "https://example.com"] {
            assert!(parse_base("api", good, true).is_ok(), "{good}");
        }
        for bad in
            ["http://example.com", "http://127.evil.example", "ftp://localhost", "data:x", "/files", ""]
        {
            assert_eq!(parse_base("api", bad, true).unwrap_err().kind(), ErrorKind::Config, "{bad}");
        }
        assert!(parse_base("rpc", "http://node:5001", false).is_ok());
    }
}
