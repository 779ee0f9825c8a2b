//! [`KuboConfig`].

use lore_core::{Error, ErrorKind, Result, Secret, content::unixfs::Profile};
use serde::Deserialize;

/// How a node's RPC is protected.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum KuboAuth {
    /// A token.
    Bearer(Secret),
    /// A user and a password.
    Basic {
        /// The user.
        user: String,
        /// The password.
        password: Secret,
    },
}

/// How to reach a node.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct KuboConfig {
    /// Address of the RPC, without `/api/v0`.
    pub rpc_url: String,
    /// Credentials, if the RPC wants some. They are sent over plain `http` to this machine only.
    pub auth: Option<KuboAuth>,
    /// How the node is told to cut files into blocks. The default gives the CIDs that Pinata gives.
    pub profile: Profile,
    /// Largest content in bytes.
    pub max_bytes: u64,
    /// Longest wait for a connection, in seconds.
    pub connect_timeout_seconds: u64,
    /// Longest wait for an answer, in seconds, on top of the time to send a body.
    pub answer_timeout_seconds: u64,
    /// Slowest upload that is waited for, in bytes per second.
    pub min_upload_bytes_per_second: u64,
}

impl Default for KuboConfig {
    fn default() -> Self {
        Self {
            rpc_url: "http://127.0.0.1:5001".to_owned(),
            auth: None,
            profile: Profile::Pinata,
            max_bytes: 1 << 40,
            connect_timeout_seconds: 10,
            answer_timeout_seconds: 60,
            min_upload_bytes_per_second: 64 * 1024,
        }
    }
}

impl KuboConfig {
    /// The defaults, with an address.
    pub fn new(rpc_url: impl Into<String>) -> Self {
        Self { rpc_url: rpc_url.into(), ..Self::default() }
    }

    /// # Errors
    /// [`ErrorKind::Config`] naming the field.
    pub(super) fn check(&self) -> Result<()> {
        let wrong = |field: &'static str, message: &'static str| {
            Err(Error::new(ErrorKind::Config, message).with_context("field", field))
        };
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
    fn a_configuration_shows_no_password() {
        let text =
            r#"{"rpc_url":"http://127.0.0.1:5001","auth":{"basic":{"user":"me","password":"hidden"}}}"#;
        let config: KuboConfig = serde_json::from_str(text).unwrap();
        assert!(config.check().is_ok());
        assert!(!format!("{config:?}").contains("hidden"));
        assert!(serde_json::from_str::<KuboConfig>(r#"{"url":"x"}"#).is_err());
        assert!(KuboConfig { answer_timeout_seconds: 0, ..config }.check().is_err());
    }
}
