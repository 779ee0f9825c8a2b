//! [`Http`]: the one place that makes an HTTP client, sends, waits a limited time and reads a limited answer.
//!
//! Every wait but the one for a connection goes through the [`Clock`] port, so that timeouts are tested without waiting.

use std::{pin::Pin, sync::Arc, time::Duration};

use futures_util::future::{Either, select};
use lore_core::{BoxFuture, Clock, Error, ErrorKind, Result};
use reqwest::{
    Client, RequestBuilder, Response, Url,
    header::{CONTENT_TYPE, HeaderName, HeaderValue},
    redirect,
};
use rustls::{ClientConfig, crypto::ring};
use rustls_platform_verifier::BuilderVerifierExt as _;

use crate::{
    config::OpenAiConfig,
    failure::{Asked, Head},
};

/// Most bytes of an answer. The longest list of models is some megabytes, and no model writes as much.
pub(crate) const MAX_ANSWER_BYTES: usize = 16 * 1024 * 1024;

#[derive(Debug)]
pub(crate) struct Http {
    client: Client,
    clock: Arc<dyn Clock>,
    headers: Vec<(HeaderName, HeaderValue)>,
    first_byte_timeout: Duration,
}

/// Ends when an answer is late.
pub(crate) struct Expiry {
    /// How long it allows in all.
    pub(crate) limit: Duration,
    pub(crate) sleep: BoxFuture<'static, ()>,
}

impl Http {
    /// # Errors
    /// [`ErrorKind::Config`] if the system's certificates cannot be used, or for headers that are none.
    pub(crate) fn new(config: &OpenAiConfig, clock: Arc<dyn Clock>) -> Result<Self> {
        // The provider is named here, so that nothing depends on a process-wide default.
        let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_platform_verifier())
            .map_err(|err| Error::new(ErrorKind::Config, "cannot set up TLS").with_source(err))?
            .with_no_client_auth();
        let client = Client::builder()
            .tls_backend_preconfigured(tls)
            .user_agent(concat!("lore/", env!("CARGO_PKG_VERSION")))
            // A prompt and a key go to the address that was configured, and nowhere else.
            .redirect(redirect::Policy::none())
            .connect_timeout(config.connect_timeout())
            .build()
            .map_err(|err| Error::new(ErrorKind::Config, "cannot set up HTTP").with_source(err))?;
        let first_byte_timeout = config.first_byte_timeout();
        Ok(Self { client, clock, headers: config.header_values()?, first_byte_timeout })
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }

    pub(crate) fn get(&self, url: &Url) -> RequestBuilder {
        self.with_headers(self.client.get(url.clone()))
    }

    pub(crate) fn post(&self, url: &Url, body: Vec<u8>) -> RequestBuilder {
        let json = HeaderValue::from_static("application/json");
        self.with_headers(self.client.post(url.clone())).header(CONTENT_TYPE, json).body(body)
    }

    fn with_headers(&self, request: RequestBuilder) -> RequestBuilder {
        self.headers.iter().fold(request, |request, (name, value)| request.header(name, value))
    }

    /// Ends `limit` after `start`, a reading of the clock.
    pub(crate) fn expiry(&self, start: Duration, limit: Duration) -> Expiry {
        let clock = Arc::clone(&self.clock);
        let left = limit.saturating_sub(clock.monotonic().saturating_sub(start));
        Expiry { limit, sleep: Box::pin(async move { clock.sleep(left).await }) }
    }

    /// The wait for a first byte, within `limit` for everything.
    pub(crate) fn first_byte_expiry(&self, start: Duration, limit: Duration) -> Expiry {
        self.expiry(start, self.first_byte_timeout.min(limit))
    }

    /// Sends, and waits for the head of the answer, at most until `expiry`.
    ///
    /// # Errors
    /// What `asked` makes of a lost connection or a late answer.
    pub(crate) async fn send(
        &self,
        request: RequestBuilder,
        expiry: &mut Expiry,
        asked: impl Fn() -> Asked,
    ) -> Result<(Head, Response)> {
        let sent = Box::pin(request.send());
        let mut response = match select(sent, &mut expiry.sleep).await {
            Either::Left((sent, _)) => sent.map_err(|err| asked().disconnected(err, "head"))?,
            Either::Right(_) => return Err(asked().timed_out("first byte", expiry.limit)),
        };
        let head = Head {
            status: response.status().as_u16(),
            headers: std::mem::take(response.headers_mut()),
            now: self.clock.now(),
        };
        Ok((head, response))
    }

    /// Sends and reads the whole answer, whatever its status, within `limit`.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub(crate) async fn exchange(
        &self,
        request: RequestBuilder,
        limit: Duration,
        asked: impl Fn() -> Asked,
    ) -> Result<(Head, Vec<u8>)> {
        let start = self.clock.monotonic();
        let mut first = self.first_byte_expiry(start, limit);
        let (head, response) = self.send(request, &mut first, &asked).await?;
        let mut whole = self.expiry(start, limit);
        let body = self.read(response, &head, &mut whole, &asked).await?;
        Ok((head, body))
    }

    /// Reads the rest of an answer, at most until `expiry`.
    ///
    /// # Errors
    /// As [`send`](Self::send). The body of a refusal may be lost: its status says enough.
    pub(crate) async fn read(
        &self,
        response: Response,
        head: &Head,
        expiry: &mut Expiry,
        asked: impl Fn() -> Asked,
    ) -> Result<Vec<u8>> {
        let mut body = Vec::new();
        let fault = {
            let reading: Pin<Box<_>> = Box::pin(read_all(response, &mut body));
            match select(reading, &mut expiry.sleep).await {
                Either::Left((read, _)) => read.err().map(|fault| match fault {
                    ReadFault::Connection(err) => asked().disconnected(err, "body"),
                    ReadFault::TooLarge => asked().too_large(MAX_ANSWER_BYTES),
                }),
                Either::Right(_) => Some(asked().timed_out("body", expiry.limit)),
            }
        };
        match fault {
            Some(error) if head.is_success() => Err(error.with_context("received_bytes", body.len())),
            _ => Ok(body),
        }
    }
}

enum ReadFault {
    Connection(reqwest::Error),
    TooLarge,
}

async fn read_all(mut response: Response, body: &mut Vec<u8>) -> Result<(), ReadFault> {
    while let Some(piece) = response.chunk().await.map_err(ReadFault::Connection)? {
        if body.len().saturating_add(piece.len()) > MAX_ANSWER_BYTES {
            return Err(ReadFault::TooLarge);
        }
        body.extend_from_slice(&piece);
    }
    Ok(())
}
