//! What the server's error codes and a lost connection mean to Lore.

use lore_core::{Error, ErrorKind, Retry};
use redis::{ErrorKind as RedisErrorKind, RedisError};

const LATER: Retry = Retry::After(None);

/// A failure that several callers are told of.
///
/// The server's own words are not in it: they may repeat the command, and so a password or a value.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    pub(super) kind: ErrorKind,
    pub(super) retry: Retry,
    message: &'static str,
    code: Option<String>,
    is_of_timeout: bool,
    /// Of the machine's network only.
    source: Option<RedisError>,
}

impl Failure {
    pub(super) const fn new(kind: ErrorKind, retry: Retry, message: &'static str) -> Self {
        Self { kind, retry, message, code: None, is_of_timeout: false, source: None }
    }

    pub(super) fn no_answer() -> Self {
        let failure = Self::new(ErrorKind::Unavailable, LATER, "the server did not answer in time");
        Self { is_of_timeout: true, ..failure }
    }

    pub(super) const fn no_connection() -> Self {
        Self::new(ErrorKind::Unavailable, LATER, "no connection to the server was made in time")
    }

    pub(super) const fn no_runtime() -> Self {
        Self::new(ErrorKind::Config, Retry::Never, "there is no tokio runtime to connect on")
    }

    pub(super) const fn stopped() -> Self {
        Self::new(ErrorKind::Unavailable, LATER, "the runtime that made the connection has ended")
    }

    pub(super) const fn odd_answer() -> Self {
        Self::new(ErrorKind::Unexpected, Retry::Never, "the server answered something unexpected")
    }

    /// The same, from a caller that may come back after `pause`.
    pub(super) fn until(mut self, pause: std::time::Duration) -> Self {
        if matches!(self.retry, Retry::After(_)) {
            self.retry = Retry::After(Some(pause));
        }
        self
    }

    /// The failure of a log-in, where the code for anything at all also means a wrong password on servers before 6.
    pub(super) fn of_login(err: RedisError) -> Self {
        let failure = Self::from(err);
        if failure.code.as_deref() == Some("ERR") {
            return Self { kind: ErrorKind::Unauthenticated, message: REFUSED_LOGIN, ..failure };
        }
        failure
    }

    /// The failure of a ping, which only a server that takes no more clients answers with the code for anything at all.
    pub(super) fn of_ping(err: RedisError) -> Self {
        let failure = Self::from(err);
        if failure.code.as_deref() == Some("ERR") {
            return Self {
                kind: ErrorKind::Unavailable,
                retry: LATER,
                message: "the server takes no more clients",
                ..failure
            };
        }
        failure
    }

    /// The failure to choose a database, which the code for anything at all means if there is none of the number.
    pub(super) fn of_select(err: RedisError) -> Self {
        let failure = Self::from(err);
        if failure.code.as_deref() == Some("ERR") {
            return Self {
                kind: ErrorKind::Config,
                message: "the server has no database of this number",
                ..failure
            };
        }
        failure
    }

    /// Whether a call gave up on its answer.
    pub(super) const fn is_of_timeout(&self) -> bool {
        self.is_of_timeout
    }

    /// Whether the connection, not the server, failed.
    pub(super) const fn is_of_connection(&self) -> bool {
        self.source.is_some()
    }

    pub(super) fn into_error(self, op: &'static str, server: &str) -> Error {
        let mut error = Error::new(self.kind, self.message)
            .with_op(op)
            .with_retry(self.retry)
            .with_context("cache", "redis")
            .with_context("server", server);
        if let Some(code) = self.code {
            error = error.with_context("code", code);
        }
        match self.source {
            Some(source) => error.with_source(source),
            None => error,
        }
    }
}

const REFUSED_LOGIN: &str = "the server refused the user or the password";

impl From<RedisError> for Failure {
    fn from(err: RedisError) -> Self {
        if let Some(code) = err.code() {
            let (kind, retry, message) = classify(code);
            return Self { code: Some(code.to_owned()), ..Self::new(kind, retry, message) };
        }
        match err.kind() {
            RedisErrorKind::Io => Self {
                source: Some(err),
                ..Self::new(ErrorKind::Unavailable, LATER, "the connection to the server failed")
            },
            _ => Self::odd_answer(),
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(err: std::io::Error) -> Self {
        Self::from(RedisError::from(err))
    }
}

/// The first word of an error. Source: the server's `src/server.c` (7.0, `createSharedObjects`) and
/// <https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors> (read 2026-11-24).
fn classify(code: &str) -> (ErrorKind, Retry, &'static str) {
    match code {
        "NOAUTH" => (ErrorKind::Unauthenticated, Retry::Never, "the server asks for a password"),
        "WRONGPASS" => (ErrorKind::Unauthenticated, Retry::Never, REFUSED_LOGIN),
        "NOPERM" => (ErrorKind::PermissionDenied, Retry::Never, "the user may not do this on the server"),
        "DENIED" => {
            (ErrorKind::PermissionDenied, Retry::Never, "the server is protected and accepts its own machine")
        }
        "OOM" => (ErrorKind::Unavailable, LATER, "the server has no memory left"),
        "LOADING" | "BUSY" | "TRYAGAIN" => (ErrorKind::Unavailable, LATER, "the server is busy"),
        "READONLY" | "MISCONF" | "NOREPLICAS" => {
            (ErrorKind::Unavailable, LATER, "the server takes no writes at present")
        }
        "MASTERDOWN" | "CLUSTERDOWN" => {
            (ErrorKind::Unavailable, LATER, "the server has lost the others it needs")
        }
        "MOVED" | "ASK" | "CROSSSLOT" => {
            (ErrorKind::Unsupported, Retry::Never, "the server is part of a cluster")
        }
        "WRONGTYPE" => (ErrorKind::Conflict, Retry::Never, "the key holds something that is no cache entry"),
        _ => (ErrorKind::Unexpected, Retry::Never, "the server refused the command"),
    }
}

#[cfg(test)]
mod tests {
    use std::{error::Error as _, io, time::Duration};

    use redis::make_extension_error;

    use super::*;

    fn answer(code: &str) -> RedisError {
        make_extension_error(code.to_owned(), Some("with args beginning with: hunter2".to_owned()))
    }

    #[test]
    fn every_code_has_its_kind_and_retry() {
        use ErrorKind::{Conflict, PermissionDenied, Unauthenticated, Unavailable, Unexpected, Unsupported};
        let table = [
            ("NOAUTH", Unauthenticated, Retry::Never),
            ("WRONGPASS", Unauthenticated, Retry::Never),
            ("NOPERM", PermissionDenied, Retry::Never),
            ("DENIED", PermissionDenied, Retry::Never),
            ("OOM", Unavailable, LATER),
            ("LOADING", Unavailable, LATER),
            ("BUSY", Unavailable, LATER),
            ("TRYAGAIN", Unavailable, LATER),
            ("READONLY", Unavailable, LATER),
            ("MISCONF", Unavailable, LATER),
            ("NOREPLICAS", Unavailable, LATER),
            ("MASTERDOWN", Unavailable, LATER),
            ("CLUSTERDOWN", Unavailable, LATER),
            ("MOVED", Unsupported, Retry::Never),
            ("ASK", Unsupported, Retry::Never),
            ("CROSSSLOT", Unsupported, Retry::Never),
            ("WRONGTYPE", Conflict, Retry::Never),
            ("ERR", Unexpected, Retry::Never),
            ("SOMETHINGNEW", Unexpected, Retry::Never),
        ];
        for (code, kind, retry) in table {
            let failure = Failure::from(answer(code));
            assert_eq!((failure.kind, failure.retry), (kind, retry), "{code}");
            assert!(!failure.is_of_connection());
        }
    }

    #[test]
    fn the_general_code_means_what_the_command_can_mean() {
        let login = Failure::of_login(answer("ERR"));
        assert_eq!((login.kind, login.retry), (ErrorKind::Unauthenticated, Retry::Never));
        assert_eq!(Failure::of_login(answer("LOADING")).kind, ErrorKind::Unavailable);
        let ping = Failure::of_ping(answer("ERR"));
        assert_eq!((ping.kind, ping.retry), (ErrorKind::Unavailable, LATER));
        assert_eq!(Failure::of_ping(answer("NOAUTH")).kind, ErrorKind::Unauthenticated);
    }

    #[test]
    fn a_lost_connection_can_be_tried_again_and_says_why() {
        let failure = Failure::from(io::Error::from(io::ErrorKind::ConnectionReset));
        assert!(failure.is_of_connection());
        let error = failure.until(Duration::from_secs(1)).into_error("get", "host:1");
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert_eq!(error.retry(), Retry::After(Some(Duration::from_secs(1))));
        assert!(error.source().is_some());
        let refused = Failure::from(answer("NOAUTH")).until(Duration::from_secs(1));
        assert_eq!(refused.retry, Retry::Never);
    }

    #[test]
    fn the_words_of_the_server_are_not_repeated() {
        let error = Failure::from(answer("ERR")).into_error("put", "host:1");
        assert!(!format!("{error} {error:?}").contains("hunter2"));
        assert!(error.context().contains(&("code", "ERR".to_owned())));
    }
}
