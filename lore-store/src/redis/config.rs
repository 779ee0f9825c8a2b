//! [`RedisConfig`]: which server, and how long to wait for it.

#[cfg(unix)]
use std::path::PathBuf;
use std::{fmt, ops::RangeInclusive, sync::Arc, time::Duration};

use lore_core::{Error, ErrorKind, Result, Secret};
use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _};
use rustls::{ClientConfig, pki_types::ServerName};
use serde::Deserialize;

use super::tls;

/// How a [`RedisCache`](super::RedisCache) reaches its server.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct RedisConfig {
    /// The server: `redis://[[user]:password@]host[:port][/database]`, the same with `rediss` for TLS, or
    /// `unix:///path[?db=1&user=u&pass=p]`. What is no plain character in a user or a password is percent-encoded.
    /// Without TLS a password can be read on the way.
    pub url: Secret,
    /// What all keys begin with, so that several applications share one server: end it with a separator. `lore:` unless
    /// said otherwise.
    pub key_prefix: String,
    /// Longest wait for a connection that can be used, in milliseconds, 1 to 60,000; 1,000 unless said otherwise.
    pub connect_timeout_ms: u64,
    /// Longest wait of one call, in milliseconds, 1 to 60,000; 100 unless said otherwise. A call that finds no connection
    /// waits no longer either; the connecting goes on for the next ones.
    pub command_timeout_ms: u64,
    /// Longest pause after the first failed attempt to connect, in milliseconds, 1 to 60,000; 50 unless said otherwise. It
    /// doubles with each further one, and the pause itself is random below it. Until it is over, calls fail at once.
    pub reconnect_first_ms: u64,
    /// Longest pause between attempts to connect, in milliseconds, 1 to 60,000; 2,000 unless said otherwise.
    pub reconnect_longest_ms: u64,
}

const MILLISECONDS: RangeInclusive<u64> = 1..=60_000;

impl Default for RedisConfig {
    fn default() -> Self {
        Self {
            url: Secret::default(),
            key_prefix: "lore:".to_owned(),
            connect_timeout_ms: 1_000,
            command_timeout_ms: 100,
            reconnect_first_ms: 50,
            reconnect_longest_ms: 2_000,
        }
    }
}

impl RedisConfig {
    /// The defaults for this server.
    pub fn new(url: impl Into<Secret>) -> Self {
        Self { url: url.into(), ..Self::default() }
    }

    /// Sets what all keys begin with.
    #[must_use]
    pub fn with_key_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.key_prefix = prefix.into();
        self
    }

    /// Sets the longest wait for a connection, in milliseconds.
    #[must_use]
    pub fn with_connect_timeout_ms(mut self, milliseconds: u64) -> Self {
        self.connect_timeout_ms = milliseconds;
        self
    }

    /// Sets the longest wait of one call, in milliseconds.
    #[must_use]
    pub fn with_command_timeout_ms(mut self, milliseconds: u64) -> Self {
        self.command_timeout_ms = milliseconds;
        self
    }

    /// Sets the bounds of the pauses between attempts to connect, in milliseconds: after the first one, and after many.
    #[must_use]
    pub fn with_reconnect_ms(mut self, first: u64, longest: u64) -> Self {
        self.reconnect_first_ms = first;
        self.reconnect_longest_ms = longest;
        self
    }

    /// Checks everything and reads the address.
    pub(super) fn check(&self) -> Result<Target> {
        let times = [
            ("connect_timeout_ms", self.connect_timeout_ms),
            ("command_timeout_ms", self.command_timeout_ms),
            ("reconnect_first_ms", self.reconnect_first_ms),
            ("reconnect_longest_ms", self.reconnect_longest_ms),
        ];
        for (field, milliseconds) in times {
            if !MILLISECONDS.contains(&milliseconds) {
                return Err(wrong(field, "1 to 60,000 milliseconds"));
            }
        }
        Target::read(&self.url)
    }

    pub(super) const fn connect_timeout(&self) -> Duration {
        Duration::from_millis(self.connect_timeout_ms)
    }

    pub(super) const fn command_timeout(&self) -> Duration {
        Duration::from_millis(self.command_timeout_ms)
    }
}

fn wrong(field: &'static str, expected: &'static str) -> Error {
    Error::new(ErrorKind::Config, "a setting of the Redis cache is wrong")
        .with_context("field", field)
        .with_context("expected", expected)
}

/// Where a server listens.
#[derive(Debug)]
pub(super) enum Address {
    Tcp {
        host: String,
        port: u16,
    },
    Tls {
        host: String,
        port: u16,
        name: ServerName<'static>,
        config: Arc<ClientConfig>,
    },
    #[cfg(unix)]
    Unix(PathBuf),
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port } | Self::Tls { host, port, .. } => write!(f, "{host}:{port}"),
            #[cfg(unix)]
            Self::Unix(path) => write!(f, "{}", path.display()),
        }
    }
}

/// A server, and who asks it.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) address: Address,
    pub(super) username: Option<String>,
    pub(super) password: Option<Secret>,
    pub(super) database: i64,
}

impl Target {
    /// Errors say nothing of the text: it may hold a password.
    fn read(url: &Secret) -> Result<Self> {
        const EXPECTED: &str = "redis://…, rediss://… or unix://…";
        let text = url.expose();
        // The driver reads addresses for TLS only if it brings the TLS.
        let plain = [("rediss://", "redis://"), ("valkeys://", "valkey://")]
            .into_iter()
            .find_map(|(tls, plain)| Some(Secret::new(format!("{plain}{}", text.strip_prefix(tls)?))));
        if plain.is_some() && text.contains('#') {
            return Err(wrong(
                "url",
                "an address for TLS without a fragment: certificates are always checked",
            ));
        }
        let info: ConnectionInfo = plain
            .as_ref()
            .map_or(text, Secret::expose)
            .into_connection_info()
            .map_err(|_| wrong("url", EXPECTED))?;
        let address = match info.addr() {
            ConnectionAddr::Tcp(host, port) if plain.is_some() => Address::Tls {
                host: host.clone(),
                port: *port,
                name: ServerName::try_from(host.clone())
                    .map_err(|_| wrong("url", "a host that a certificate can name"))?,
                config: tls::config()?,
            },
            ConnectionAddr::Tcp(host, port) => Address::Tcp { host: host.clone(), port: *port },
            #[cfg(unix)]
            ConnectionAddr::Unix(path) => Address::Unix(path.clone()),
            _ => return Err(wrong("url", EXPECTED)),
        };
        let settings = info.redis_settings();
        Ok(Self {
            address,
            username: settings.username().map(str::to_owned),
            password: settings.password().map(Secret::from),
            database: settings.db(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(url: &str) -> Target {
        RedisConfig::new(url).check().unwrap()
    }

    #[test]
    fn addresses_are_read() {
        let plain = target("redis://example.com");
        assert_eq!(plain.address.to_string(), "example.com:6379");
        assert!(plain.password.is_none() && plain.username.is_none() && plain.database == 0);
        let full = target("redis://lore:p%40ss@[::1]:7000/3");
        assert!(matches!(&full.address, Address::Tcp { host, port: 7000 } if host == "::1"));
        assert_eq!(full.username.as_deref(), Some("lore"));
        assert_eq!(full.password.unwrap().expose(), "p@ss");
        assert_eq!(full.database, 3);
        let tls = target("rediss://:secret@cache.example.com:6380/1");
        assert!(matches!(&tls.address, Address::Tls { host, port: 6380, .. } if host == "cache.example.com"));
        assert!(tls.username.is_none() && tls.password.is_some() && tls.database == 1);
        let unix = target("unix:///run/redis.sock?db=2&pass=secret");
        assert!(matches!(&unix.address, Address::Unix(path) if path.ends_with("redis.sock")));
        assert!(unix.password.is_some() && unix.database == 2);
    }

    #[test]
    fn wrong_settings_are_refused_by_name() {
        let good = RedisConfig::new("redis://localhost");
        let bad = [
            ("url", RedisConfig::default()),
            ("url", RedisConfig::new("localhost:6379")),
            ("url", RedisConfig::new("http://localhost")),
            ("url", RedisConfig::new("redis://localhost/cache")),
            ("url", RedisConfig::new("rediss://localhost/#insecure")),
            ("connect_timeout_ms", good.clone().with_connect_timeout_ms(0)),
            ("command_timeout_ms", good.clone().with_command_timeout_ms(60_001)),
            ("reconnect_first_ms", good.clone().with_reconnect_ms(0, 1)),
            ("reconnect_longest_ms", good.clone().with_reconnect_ms(1, u64::MAX)),
        ];
        assert!(good.check().is_ok());
        for (field, config) in bad {
            let error = config.check().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(error.context().contains(&("field", field.to_owned())), "{field}");
        }
    }

    #[test]
    fn a_password_is_shown_nowhere() {
        for url in ["redis://u:hunter2@host:1/0", "unix:///s?pass=hunter2", "redis://:hunter2@host/x"] {
            let config = RedisConfig::new(url);
            let checked = config.check();
            assert!(!format!("{config:?} {checked:?}").contains("hunter2"), "{url}");
        }
    }
}
