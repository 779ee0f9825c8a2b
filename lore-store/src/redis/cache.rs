//! [`RedisCache`].

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use futures_util::future::{Either, select};
use lore_core::{Clock, Error, Result, SystemClock, layer::Backoff, port::cache::Cache};
use redis::{Cmd, Value, cmd};

use super::{config::RedisConfig, failure::Failure, link::Link};

/// Longer times are cut to this: the server refuses what does not fit its clock.
const MAX_TTL: Duration = Duration::from_secs(100 * 365 * 86_400);

/// A [`Cache`] in a Redis server. Clones share their connection.
///
/// Times are the server's, in whole milliseconds: a shorter time counts as one, a part of one beyond that is cut off. What
/// does not fit the server's memory is up to its `maxmemory-policy`.
///
/// When a server is lost, the calls under way fail, and so do those that find it still away: at once, but for one of them
/// after each pause, which tries to connect. A call whose answer was lost may have happened all the same: repeating a
/// [`put_if_absent`](Cache::put_if_absent) can then find its own entry.
///
/// # Cancellation
/// A dropped call may have happened.
#[derive(Clone)]
pub struct RedisCache {
    link: Arc<Link>,
    server: Arc<str>,
    key_prefix: Arc<str>,
    command_timeout: Duration,
}

impl RedisCache {
    /// A cache in this server. Does no I/O: the first call connects, so that an application starts while its cache is away.
    /// [`ping`](Self::ping) tells whether it is there.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](lore_core::ErrorKind::Config) if a setting is wrong or the system's certificates cannot be used.
    pub fn new(config: &RedisConfig) -> Result<Self> {
        let target = config.check()?;
        let backoff = Backoff::new(
            Duration::from_millis(config.reconnect_first_ms),
            Duration::from_millis(config.reconnect_longest_ms),
        );
        Ok(Self {
            server: target.address.to_string().into(),
            link: Arc::new(Link::new(target, config.connect_timeout(), backoff)),
            key_prefix: config.key_prefix.as_str().into(),
            command_timeout: config.command_timeout(),
        })
    }

    /// Asks the server for an answer, and connects if need be, which may take as long as the timeout for it says.
    ///
    /// After a failed attempt it fails at once until the pause is over.
    ///
    /// # Errors
    /// [`Unauthenticated`](lore_core::ErrorKind::Unauthenticated), [`Unavailable`](lore_core::ErrorKind::Unavailable), and
    /// [`Config`](lore_core::ErrorKind::Config) if the server's certificate is not trusted.
    pub async fn ping(&self) -> Result<()> {
        let op = "ping";
        self.link.session().await.map_err(|failure| self.error(op, failure))?;
        self.ask(op, &cmd("PING")).await.map(drop)
    }

    fn command(&self, name: &str, key: &str) -> Cmd {
        let mut command = cmd(name);
        command.arg([&self.key_prefix, key].concat());
        command
    }

    fn set(&self, key: &str, value: &[u8], ttl: Duration) -> Result<Cmd> {
        let milliseconds = milliseconds(ttl)?;
        let mut command = self.command("SET", key);
        command.arg(value).arg("PX").arg(milliseconds);
        Ok(command)
    }

    /// Sends a command and waits for its answer, no longer than a call may take.
    async fn ask(&self, op: &'static str, command: &Cmd) -> Result<Value> {
        self.ask_in_time(command).await.map_err(|failure| self.error(op, failure))
    }

    async fn ask_in_time(&self, command: &Cmd) -> Result<Value, Failure> {
        let timeout = SystemClock.sleep(self.command_timeout);
        let (session, timeout) = match select(Box::pin(self.link.session()), timeout).await {
            Either::Left((session, timeout)) => (session?, timeout),
            Either::Right(_) => return Err(Failure::no_connection()),
        };
        let answers = session.answers();
        let answer = match select(Box::pin(session.send(command)), timeout).await {
            Either::Left((answer, _)) => answer.map_err(Failure::from),
            Either::Right(_) => Err(Failure::no_answer()),
        };
        if let Err(failure) = &answer {
            // Not one answer in all that time, to nobody: nothing will come on this connection any more.
            let is_silent = failure.is_of_timeout() && session.answers() == answers;
            if is_silent || failure.is_of_connection() {
                self.link.give_up(&session);
            }
        }
        answer
    }

    fn error(&self, op: &'static str, failure: Failure) -> Error {
        failure.into_error(op, &self.server)
    }

    fn odd(&self, op: &'static str) -> Error {
        self.error(op, Failure::odd_answer())
    }
}

impl fmt::Debug for RedisCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisCache")
            .field("server", &self.server)
            .field("key_prefix", &self.key_prefix)
            .field("is_connected", &self.link.is_up())
            .finish_non_exhaustive()
    }
}

/// As the server counts times.
fn milliseconds(ttl: Duration) -> Result<u64> {
    if ttl.is_zero() {
        return Err(Error::invalid("ttl", "zero", "a time above zero").with_op("put"));
    }
    Ok(u64::try_from(ttl.min(MAX_TTL).as_millis()).unwrap_or(u64::MAX).max(1))
}

#[async_trait]
impl Cache for RedisCache {
    fn name(&self) -> &str {
        "redis"
    }

    async fn get(&self, key: &str) -> Result<Option<Arc<[u8]>>> {
        let op = "get";
        match self.ask(op, &self.command("GET", key)).await? {
            Value::Nil => Ok(None),
            Value::BulkString(value) => Ok(Some(value.into())),
            _ => Err(self.odd(op)),
        }
    }

    async fn put(&self, key: &str, value: Arc<[u8]>, ttl: Duration) -> Result<()> {
        let op = "put";
        match self.ask(op, &self.set(key, &value, ttl)?).await? {
            Value::Okay => Ok(()),
            _ => Err(self.odd(op)),
        }
    }

    async fn put_if_absent(&self, key: &str, value: Arc<[u8]>, ttl: Duration) -> Result<bool> {
        let op = "put_if_absent";
        let mut command = self.set(key, &value, ttl)?;
        match self.ask(op, command.arg("NX")).await? {
            Value::Okay => Ok(true),
            Value::Nil => Ok(false),
            _ => Err(self.odd(op)),
        }
    }

    async fn remove(&self, key: &str) -> Result<()> {
        let op = "remove";
        match self.ask(op, &self.command("DEL", key)).await? {
            Value::Int(_) => Ok(()),
            _ => Err(self.odd(op)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_whole_milliseconds_and_at_least_one() {
        let table = [
            (Duration::from_nanos(1), 1),
            (Duration::from_micros(999), 1),
            (Duration::from_millis(1), 1),
            (Duration::from_micros(2_900), 2),
            (Duration::from_secs(60), 60_000),
            (Duration::MAX, 100 * 365 * 86_400_000),
        ];
        for (ttl, expected) in table {
            assert_eq!(milliseconds(ttl).unwrap(), expected, "{ttl:?}");
        }
        assert!(milliseconds(Duration::ZERO).is_err());
    }
}
