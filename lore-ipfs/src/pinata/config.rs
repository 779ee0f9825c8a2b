//! [`PinataConfig`].

use lore_core::{Error, ErrorKind, Result, Secret, content::unixfs::Profile};
use serde::Deserialize;

/// Which of Pinata's APIs is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PinataApi {
    /// The present one; keys made today are for it alone.
    #[default]
    V3,
    /// The older "IPFS API", for keys of before. It has no resumable uploads.
    Legacy,
}

/// How to reach an account at Pinata.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct PinataConfig {
    /// The API token. Needs the scopes `org:files:read` and `org:files:write`.
    pub jwt: Secret,
    /// The API to use.
    pub api: PinataApi,
    /// Address of everything but uploads.
    pub api_url: String,
    /// Address of v3 uploads.
    pub uploads_url: String,
    /// Address of the gateway that content is read through. The public one is slow and limited: set your own.
    pub gateway_url: String,
    /// Token of a restricted gateway.
    pub gateway_token: Option<Secret>,
    /// How the service cuts files into blocks. Version 0 profiles are asked for as such; Pinata documents the default.
    pub profile: Profile,
    /// Group that uploads are put in.
    pub group_id: Option<String>,
    /// Requests per minute that the plan allows; more wait. The free plan allows 60.
    pub requests_per_minute: u32,
    /// Largest content in bytes.
    pub max_bytes: u64,
    /// Largest content in bytes that goes up in one request.
    pub multipart_max_bytes: u64,
    /// Bytes in a piece of a resumable upload, below 50,000,000.
    pub tus_chunk_bytes: u64,
    /// Longest wait for a connection, in seconds.
    pub connect_timeout_seconds: u64,
    /// Longest wait for an answer, in seconds, on top of the time to send a body.
    pub answer_timeout_seconds: u64,
    /// Slowest upload that is waited for, in bytes per second.
    pub min_upload_bytes_per_second: u64,
}

/// Pieces of resumable uploads must be smaller (Pinata's documentation, 2026-06).
const TUS_CHUNK_LIMIT: u64 = 50_000_000;

impl Default for PinataConfig {
    fn default() -> Self {
        Self {
            jwt: Secret::default(),
            api: PinataApi::V3,
            api_url: "https://api.pinata.cloud".to_owned(),
            uploads_url: "https://uploads.pinata.cloud".to_owned(),
            gateway_url: "https://gateway.pinata.cloud".to_owned(),
            gateway_token: None,
            profile: Profile::Pinata,
            group_id: None,
            requests_per_minute: 60,
            max_bytes: 25_000_000_000,
            // Where Pinata's own SDK switches.
            multipart_max_bytes: 94_371_840,
            tus_chunk_bytes: 32 * 1024 * 1024,
            connect_timeout_seconds: 10,
            answer_timeout_seconds: 60,
            min_upload_bytes_per_second: 64 * 1024,
        }
    }
}

impl PinataConfig {
    /// The defaults, with a token.
    pub fn new(jwt: impl Into<Secret>) -> Self {
        Self { jwt: jwt.into(), ..Self::default() }
    }

    /// # Errors
    /// [`ErrorKind::Config`] naming the field.
    pub(super) fn check(&self) -> Result<()> {
        let wrong = |field: &'static str, message: &'static str| {
            Err(Error::new(ErrorKind::Config, message).with_context("field", field))
        };
        if self.jwt.is_empty() {
            return wrong("jwt", "the token of the Pinata account is missing");
        }
        if self.requests_per_minute == 0 {
            return wrong("requests_per_minute", "at least one request per minute is needed");
        }
        if !(1..TUS_CHUNK_LIMIT).contains(&self.tus_chunk_bytes) {
            return wrong("tus_chunk_bytes", "pieces must be smaller than 50,000,000 bytes, and not empty");
        }
        if self.min_upload_bytes_per_second == 0 {
            return wrong("min_upload_bytes_per_second", "an upload needs a lowest rate");
        }
        if self.answer_timeout_seconds == 0 || self.connect_timeout_seconds == 0 {
            return wrong("timeouts", "a timeout of nothing lets nothing through");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_needs_little_and_refuses_what_it_does_not_know() {
        let config: PinataConfig = serde_json::from_str(r#"{"jwt":"abc","api":"legacy"}"#).unwrap();
        assert!(config.check().is_ok());
        assert_eq!((config.api, config.requests_per_minute), (PinataApi::Legacy, 60));
        assert!(!format!("{config:?}").contains("abc"));
        assert!(serde_json::from_str::<PinataConfig>(r#"{"jwt":"abc","tokn":"x"}"#).is_err());
    }

    #[test]
    fn impossible_settings_are_named() {
        let good = PinataConfig::new("abc");
        let bad = [
            PinataConfig { jwt: Secret::default(), ..good.clone() },
            PinataConfig { requests_per_minute: 0, ..good.clone() },
            PinataConfig { tus_chunk_bytes: 50_000_000, ..good.clone() },
            PinataConfig { tus_chunk_bytes: 0, ..good.clone() },
            PinataConfig { min_upload_bytes_per_second: 0, ..good.clone() },
            PinataConfig { answer_timeout_seconds: 0, ..good },
        ];
        for config in bad {
            assert_eq!(config.check().unwrap_err().kind(), ErrorKind::Config, "{config:?}");
        }
    }
}
