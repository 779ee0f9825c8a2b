//! Upload addresses for browsers: a file goes from the user to Pinata without passing through the application.

use std::{fmt, time::Duration};

use lore_core::{Error, ErrorKind, Result, Timestamp};
use serde::Serialize;

use super::{account::Account, files::Envelope};

/// What a signed upload may do.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SignUpload {
    /// How long the address works.
    pub valid_for: Duration,
    /// Largest file in bytes.
    pub max_bytes: Option<u64>,
    /// Media types that are let in, for example `image/*`; empty lets in all.
    pub media_types: Vec<String>,
    /// Name of the file, for people who look at the account.
    pub file_name: Option<String>,
}

impl SignUpload {
    /// One upload of anything within `valid_for`.
    #[must_use]
    pub const fn new(valid_for: Duration) -> Self {
        Self { valid_for, max_bytes: None, media_types: Vec::new(), file_name: None }
    }

    /// Limits the size.
    #[must_use]
    pub const fn max_bytes(mut self, max_bytes: u64) -> Self {
        self.max_bytes = Some(max_bytes);
        self
    }

    /// Lets in a media type or a family of them (`image/*`).
    #[must_use]
    pub fn media_type(mut self, pattern: impl Into<String>) -> Self {
        self.media_types.push(pattern.into());
        self
    }

    /// Names the file.
    #[must_use]
    pub fn file_name(mut self, name: impl Into<String>) -> Self {
        self.file_name = Some(name.into());
        self
    }
}

/// An address that takes one multipart upload without a token. Whoever has it may upload: `Debug` does not show it.
#[derive(Clone)]
#[non_exhaustive]
pub struct SignedUpload {
    /// The address; for the browser alone.
    pub url: String,
    /// When it stops to work.
    pub expires_at: Timestamp,
}

impl fmt::Debug for SignedUpload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedUpload").field("url", &"***").field("expires_at", &self.expires_at).finish()
    }
}

#[derive(Serialize)]
struct SignRequest<'a> {
    date: u64,
    expires: u64,
    network: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_file_size: Option<u64>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    allow_mime_types: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    filename: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group_id: Option<&'a str>,
}

impl Account {
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for no time at all; what the service answers.
    pub(super) async fn sign_upload(&self, request: &SignUpload) -> Result<SignedUpload> {
        let expires = request.valid_for.as_secs();
        if expires == 0 {
            return Err(Error::invalid("valid_for", "too_short", "at least a second"));
        }
        let now = self.http.clock().now();
        let body = SignRequest {
            date: now.unix_seconds(),
            expires,
            network: "public",
            max_file_size: request.max_bytes,
            allow_mime_types: &request.media_types,
            filename: request.file_name.as_deref(),
            group_id: self.config.group_id.as_deref(),
        };
        let url = self.uploads(&["v3", "files", "sign"]);
        let post = self.authorized(self.http.client().post(url.clone()).json(&body), &url);
        let signed: Envelope<String> = self.json(post).await?;
        if signed.data.is_empty() {
            return Err(Error::new(ErrorKind::Unexpected, "the service signed no address"));
        }
        Ok(SignedUpload { url: signed.data, expires_at: now.saturating_add(Duration::from_secs(expires)) })
    }
}
