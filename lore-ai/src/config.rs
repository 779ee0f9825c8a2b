//! [`OpenAiConfig`]: one endpoint with one key.

use std::{collections::BTreeMap, time::Duration};

use lore_core::{Error, ErrorKind, Result, Secret};
use reqwest::{
    Url,
    header::{HeaderName, HeaderValue},
};
use serde::Deserialize;
use serde_json::{Map, Value};

/// When a request that wants JSON of a certain shape is sent with `response_format`, which holds the model to it.
///
/// Wherever the format is not sent, or may be ignored, the shape is asked for in words at the end of the prompt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SchemaMode {
    /// As the endpoint's list of models says, as last read. Where it says nothing: the format and the words. A model that
    /// refuses the format is asked once more, and from then on, in words alone.
    #[default]
    Auto,
    /// Always the format, never words: a model that refuses it does not answer.
    Always,
    /// Never the format, always words.
    Never,
}

/// What the endpoint calls the most tokens of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TokenLimitField {
    /// `max_tokens`: nearly everybody.
    #[default]
    MaxTokens,
    /// `max_completion_tokens`: OpenAI itself, for the models that think.
    MaxCompletionTokens,
}

/// How to reach one endpoint with one key. Several of them are several providers.
///
/// ```
/// use lore_ai::OpenAiConfig;
///
/// let config: OpenAiConfig = serde_json::from_str(r#"{
///     "name": "openrouter", "base_url": "https://openrouter.ai/api/v1", "key": "sk-or-…",
///     "site_url": "https://gallery.example", "site_title": "Gallery",
///     "options": { "provider": { "data_collection": "deny", "sort": "price" } }
/// }"#)?;
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct OpenAiConfig {
    /// The provider's name in errors, metrics and logs; each provider of an application has its own.
    pub name: String,
    /// Address of the interface, the part before `/chat/completions`.
    pub base_url: String,
    /// The key; empty for a server that wants none.
    pub key: Secret,
    /// Whether key and prompts may go to another machine over plain `http`, as inside a cluster.
    pub allow_plain_http: bool,
    /// Address of the application, sent as `HTTP-Referer`: OpenRouter attributes requests by it.
    pub site_url: Option<String>,
    /// Name of the application, sent as `X-OpenRouter-Title`.
    pub site_title: Option<String>,
    /// More headers, for example `OpenAI-Organization` or `X-OpenRouter-Cache`.
    pub headers: BTreeMap<String, Secret>,
    /// More fields of every chat request, for example `provider` of OpenRouter with its routing preferences.
    pub options: Map<String, Value>,
    /// Whether requests that hold a model to a schema ask OpenRouter for hosts that keep every parameter
    /// (`provider.require_parameters`): it drops what a host does not know, silently. [`OpenAiConfig::openrouter`] sets it.
    pub require_parameters: bool,
    /// When `response_format` is sent.
    pub schema_mode: SchemaMode,
    /// What the endpoint calls the most tokens of an answer.
    pub token_limit_field: TokenLimitField,
    /// Longest wait for a connection, in seconds.
    pub connect_timeout_seconds: u64,
    /// Longest wait for the first byte of an answer, in seconds; of a stream, for its first event: comments that only
    /// keep the line open do not count.
    pub first_byte_timeout_seconds: u64,
    /// Longest wait for a whole answer, in seconds. A request that allows less waits less.
    pub answer_timeout_seconds: u64,
}

/// Where OpenRouter is (its API reference, 2026-11).
const OPENROUTER: &str = "https://openrouter.ai/api/v1";

impl Default for OpenAiConfig {
    fn default() -> Self {
        Self {
            name: "openrouter".to_owned(),
            base_url: OPENROUTER.to_owned(),
            key: Secret::default(),
            allow_plain_http: false,
            site_url: None,
            site_title: None,
            headers: BTreeMap::new(),
            options: Map::new(),
            require_parameters: false,
            schema_mode: SchemaMode::Auto,
            token_limit_field: TokenLimitField::MaxTokens,
            connect_timeout_seconds: 10,
            first_byte_timeout_seconds: 60,
            answer_timeout_seconds: 120,
        }
    }
}

/// Fields of a chat request that Lore fills, so that `options` must not.
const OWN_FIELDS: &[&str] = &[
    "model",
    "messages",
    "max_tokens",
    "max_completion_tokens",
    "temperature",
    "response_format",
    "stream",
    "stream_options",
];

impl OpenAiConfig {
    /// OpenRouter with this key.
    pub fn openrouter(key: impl Into<Secret>) -> Self {
        Self { key: key.into(), require_parameters: true, ..Self::default() }
    }

    /// Any compatible endpoint, without a key.
    pub fn new(name: impl Into<String>, base_url: impl Into<String>) -> Self {
        Self { name: name.into(), base_url: base_url.into(), ..Self::default() }
    }

    /// Everything that must not be shown.
    pub(crate) fn secrets(&self) -> Vec<Secret> {
        let all = self.headers.values().chain([&self.key]);
        all.filter(|secret| !secret.is_empty()).cloned().collect()
    }

    pub(crate) fn connect_timeout(&self) -> Duration {
        Duration::from_secs(self.connect_timeout_seconds)
    }

    pub(crate) fn first_byte_timeout(&self) -> Duration {
        Duration::from_secs(self.first_byte_timeout_seconds)
    }

    pub(crate) fn answer_timeout(&self) -> Duration {
        Duration::from_secs(self.answer_timeout_seconds)
    }

    /// # Errors
    /// [`ErrorKind::Config`] naming the field.
    pub(crate) fn check(&self) -> Result<()> {
        if self.name.trim().is_empty() {
            return Err(refused("name", "a provider needs a name"));
        }
        let timeouts =
            [self.connect_timeout_seconds, self.first_byte_timeout_seconds, self.answer_timeout_seconds];
        if timeouts.contains(&0) {
            return Err(refused("timeouts", "a timeout of nothing lets nothing through"));
        }
        if let Some(field) = OWN_FIELDS.iter().find(|field| self.options.contains_key(**field)) {
            return Err(
                refused("options", "a field of the request is not an option").with_context("option", field)
            );
        }
        if self.options.get("provider").is_some_and(|provider| !provider.is_object()) {
            return Err(
                refused("options", "routing preferences are an object").with_context("option", "provider")
            );
        }
        Ok(())
    }

    /// Address of an endpoint below the base.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] unless the base is an absolute `http` or `https` address that may be used.
    pub(crate) fn endpoint(&self, segments: &[&str]) -> Result<Url> {
        // The cause would repeat what it could not read, which may hold a password.
        let mut url =
            Url::parse(&self.base_url).map_err(|_| refused("base_url", "the address cannot be read"))?;
        let is_local = match url.host_str() {
            Some("localhost" | "[::1]") => true,
            Some(host) => host.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback()),
            None => return Err(refused("base_url", "the address names no host")),
        };
        match url.scheme() {
            "https" => {}
            "http" if is_local || self.allow_plain_http => {}
            "http" => return Err(refused("base_url", "prompts and keys are only sent over https")),
            _ => return Err(refused("base_url", "the address is neither http nor https")),
        }
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        Ok(url)
    }

    /// The headers of every request, marked as not to be shown where they hold a secret.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] for what is no header.
    pub(crate) fn header_values(&self) -> Result<Vec<(HeaderName, HeaderValue)>> {
        let mut all = Vec::new();
        if !self.key.is_empty() {
            let value = format!("Bearer {}", self.key.expose());
            all.push((reqwest::header::AUTHORIZATION, header_value("key", &value, true)?));
        }
        for (name, field, text) in [
            ("http-referer", "site_url", &self.site_url),
            ("x-openrouter-title", "site_title", &self.site_title),
        ] {
            if let Some(text) = text {
                all.push((HeaderName::from_static(name), header_value(field, text, false)?));
            }
        }
        for (name, secret) in &self.headers {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| {
                refused("headers", "this is no name of a header").with_context("header", name)
            })?;
            all.push((name, header_value("headers", secret.expose(), true)?));
        }
        Ok(all)
    }
}

fn header_value(field: &'static str, text: &str, is_secret: bool) -> Result<HeaderValue> {
    let value = HeaderValue::from_bytes(text.as_bytes());
    let mut value = value.map_err(|_| refused(field, "this cannot be sent in a header"))?;
    value.set_sensitive(is_secret);
    Ok(value)
}

fn refused(field: &'static str, message: &'static str) -> Error {
    Error::new(ErrorKind::Config, message).with_context("field", field)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(base_url: &str) -> OpenAiConfig {
        OpenAiConfig { key: Secret::from("sk-hidden"), ..OpenAiConfig::new("test", base_url) }
    }

    #[test]
    fn an_endpoint_keeps_the_path_of_its_base() {
        for base in ["https://llm.example/api/v1", "https://llm.example/api/v1/"] {
            let url = config(base).endpoint(&["chat", "completions"]).unwrap();
            assert_eq!(url.as_str(), "https://llm.example/api/v1/chat/completions");
        }
    }

    #[test]
    fn prompts_and_keys_leave_the_machine_unencrypted_only_if_told_to() {
        for good in ["http://127.0.0.1:8080", "http://localhost:1/v1", "http://[::1]/", "https://example.com"]
        {
            assert!(config(good).endpoint(&[]).is_ok(), "{good}");
        }
        for bad in ["http://llm:4000", "http://127.evil.example", "ftp://localhost", "data:x", "/v1", ""] {
            assert_eq!(config(bad).endpoint(&[]).unwrap_err().kind(), ErrorKind::Config, "{bad}");
        }
        let inside = OpenAiConfig { allow_plain_http: true, ..config("http://llm:4000") };
        assert!(inside.endpoint(&[]).is_ok());
    }

    #[test]
    fn what_cannot_work_is_refused_with_its_field() {
        let wrong = |change: fn(&mut OpenAiConfig)| {
            let mut config = config("https://llm.example");
            change(&mut config);
            let error = config.check().and_then(|()| config.header_values().map(|_| ())).unwrap_err();
            assert!(!format!("{error:?}").contains("hidden"));
            error.context().first().map(|(_, field)| field.clone()).unwrap_or_default()
        };
        assert_eq!(wrong(|config| config.name.clear()), "name");
        assert_eq!(wrong(|config| config.first_byte_timeout_seconds = 0), "timeouts");
        assert_eq!(wrong(|config| drop(config.options.insert("model".into(), "x".into()))), "options");
        assert_eq!(wrong(|config| drop(config.options.insert("provider".into(), "x".into()))), "options");
        assert_eq!(wrong(|config| config.key = Secret::from("sk-hidden\n")), "key");
        assert_eq!(wrong(|config| drop(config.headers.insert("a b".into(), Secret::default()))), "headers");
    }

    #[test]
    fn a_configuration_shows_no_key() {
        let text = r#"{"name":"a","key":"hidden","headers":{"api-key":"hidden"},"schema_mode":"never"}"#;
        let config: OpenAiConfig = serde_json::from_str(text).unwrap();
        assert_eq!(config.secrets().len(), 2);
        assert!(!format!("{config:?} {:?}", config.header_values().unwrap()).contains("hidden"));
        assert!(serde_json::from_str::<OpenAiConfig>(r#"{"api_key":"x"}"#).is_err());
    }
}
