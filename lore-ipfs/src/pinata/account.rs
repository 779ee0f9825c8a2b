//! [`Account`]: authorised, throttled requests to one account.

use std::{sync::Arc, time::Duration};

use lore_core::{Clock, Error, ErrorKind, Result, Secret};
use reqwest::{
    RequestBuilder, Url,
    header::{AUTHORIZATION, HeaderValue},
};
use serde::de::DeserializeOwned;

use super::config::PinataConfig;
use crate::http::{Answer, Http, HttpSetup, SourceFault, Throttle, endpoint, parse_base};

/// The store's name, in metrics and errors.
pub(super) const NAME: &str = "pinata";
const MINUTE: Duration = Duration::from_secs(60);
/// Requests per minute to `data/*` of the older API, whatever the plan (Pinata's documentation, 2026-06).
const LEGACY_LISTINGS_PER_MINUTE: u32 = 30;

/// What an upload made. Nothing of it is trusted before it is compared.
#[derive(Debug)]
pub(super) struct Stored {
    /// The CID, as the service wrote it.
    pub(super) cid: String,
    /// What removes exactly this upload and nothing that was there before, if anything does.
    pub(super) removable: Option<String>,
}

#[derive(Debug)]
pub(super) struct Account {
    pub(super) http: Http,
    pub(super) config: PinataConfig,
    pub(super) gateway: Url,
    pub(super) gateway_token: Option<HeaderValue>,
    api: Url,
    uploads: Url,
    authorization: HeaderValue,
    throttle: Throttle,
    legacy_listings: Throttle,
}

impl Account {
    pub(super) fn new(config: PinataConfig, clock: Arc<dyn Clock>) -> Result<Self> {
        config.check()?;
        let mut secrets = vec![config.jwt.clone()];
        secrets.extend(config.gateway_token.clone());
        let setup = HttpSetup {
            store: NAME,
            connect_timeout: Duration::from_secs(config.connect_timeout_seconds),
            answer_timeout: Duration::from_secs(config.answer_timeout_seconds),
            min_upload_rate: config.min_upload_bytes_per_second,
            secrets,
        };
        Ok(Self {
            http: Http::new(setup, clock.clone())?,
            gateway: parse_base("gateway_url", &config.gateway_url, config.gateway_token.is_some())?,
            api: parse_base("api_url", &config.api_url, true)?,
            uploads: parse_base("uploads_url", &config.uploads_url, true)?,
            gateway_token: config.gateway_token.as_ref().map(gateway_token).transpose()?,
            authorization: bearer(&config.jwt)?,
            throttle: Throttle::new(clock.clone(), config.requests_per_minute, MINUTE),
            legacy_listings: Throttle::new(clock, LEGACY_LISTINGS_PER_MINUTE, MINUTE),
            config,
        })
    }

    pub(super) fn api(&self, segments: &[&str]) -> Url {
        endpoint(&self.api, segments)
    }

    pub(super) fn uploads(&self, segments: &[&str]) -> Url {
        endpoint(&self.uploads, segments)
    }

    /// The token, if `url` is at one of the account's own addresses: it is never sent elsewhere, whatever an answer says.
    pub(super) fn authorized(&self, request: RequestBuilder, url: &Url) -> RequestBuilder {
        if url.origin() == self.api.origin() || url.origin() == self.uploads.origin() {
            request.header(AUTHORIZATION, self.authorization.clone())
        } else {
            request
        }
    }

    pub(super) async fn send(&self, request: RequestBuilder) -> Result<Answer> {
        self.throttle.ready().await;
        self.http.send(request).await
    }

    pub(super) async fn legacy_listing<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T> {
        self.legacy_listings.ready().await;
        self.json(request).await
    }

    pub(super) async fn json<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T> {
        let answer = self.send(request).await?;
        self.http.json(answer).map_err(with_scopes)
    }

    /// Sends a request whose body is content.
    pub(super) async fn upload(
        &self,
        request: RequestBuilder,
        size_bytes: u64,
        fault: &SourceFault,
    ) -> Result<Answer> {
        self.throttle.ready().await;
        let answer = self.http.upload(request, size_bytes).await;
        // If the content failed, the broken connection is only what followed from it.
        match fault.take() {
            Some(error) => Err(error),
            None => answer,
        }
    }

    /// The error of an answer without success.
    pub(super) fn refusal(&self, answer: &Answer) -> Error {
        with_scopes(self.http.refusal(answer))
    }
}

/// Says what a key must be allowed to do.
pub(super) fn with_scopes(error: Error) -> Error {
    if error.kind() == ErrorKind::PermissionDenied {
        error.with_context("needed_scopes", "org:files:read org:files:write")
    } else {
        error
    }
}

fn bearer(token: &Secret) -> Result<HeaderValue> {
    sensitive(&format!("Bearer {}", token.expose()), "jwt")
}

fn gateway_token(token: &Secret) -> Result<HeaderValue> {
    sensitive(token.expose(), "gateway_token")
}

fn sensitive(text: &str, field: &'static str) -> Result<HeaderValue> {
    // The cause is left out: it could quote the token.
    let mut value = HeaderValue::from_str(text).map_err(|_| {
        Error::new(ErrorKind::Config, "the token has characters that a header cannot carry")
            .with_context("field", field)
    })?;
    value.set_sensitive(true);
    Ok(value)
}
