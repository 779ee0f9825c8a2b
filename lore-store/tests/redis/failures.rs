//! Servers that are frozen, killed, full, or somebody else's.

use std::{sync::Arc, time::Duration};

use futures_util::{FutureExt as _, future::join_all};
use lore_core::{Clock as _, Error, ErrorKind, Result, Retry, SystemClock, port::cache::Cache};
use lore_store::redis::{RedisCache, RedisConfig};
use lore_store_testbed::RedisServer;

use crate::server::{cache, config};

const HOUR: Duration = Duration::from_secs(3600);

fn bytes(text: &str) -> Arc<[u8]> {
    text.as_bytes().into()
}

fn assert_away(error: &Error) {
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
    assert!(matches!(error.retry(), Retry::After(_)), "{error:?}");
}

/// Short times, and pauses that are over soon.
fn impatient(server: &RedisServer) -> RedisConfig {
    config(server).with_command_timeout_ms(200).with_connect_timeout_ms(400).with_reconnect_ms(10, 50)
}

/// Asks until there is an answer, as callers do: each goes on without the cache and the next one tries again.
async fn get_when_back(cache: &RedisCache, key: &str) -> Option<Arc<[u8]>> {
    for _ in 0..500 {
        match cache.get(key).await {
            Ok(value) => return value,
            Err(error) => assert_away(&error),
        }
        SystemClock.sleep(Duration::from_millis(20)).await;
    }
    panic!("the cache did not come back");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_server_costs_each_call_its_timeout_at_most_and_is_used_again() -> Result<()> {
    let Some(server) = RedisServer::start().await else { return Ok(()) };
    let cache = RedisCache::new(&impatient(&server))?;
    // Patient, because nothing is connected yet.
    cache.ping().await?;
    cache.put("a", bytes("x"), HOUR).await?;
    server.freeze();
    let start = SystemClock.monotonic();
    let mut waited = Vec::new();
    while SystemClock.monotonic().saturating_sub(start) < Duration::from_secs(3) {
        let before = SystemClock.monotonic();
        assert_away(&cache.get("a").await.unwrap_err());
        waited.push(SystemClock.monotonic().saturating_sub(before));
        SystemClock.sleep(Duration::from_millis(5)).await;
    }
    // Twice the timeout, for a machine that has other things to do.
    assert!(waited.iter().all(|time| *time < Duration::from_millis(400)), "{waited:?}");
    assert!(waited.iter().any(|time| *time >= Duration::from_millis(200)), "{waited:?}");
    // Most find out without waiting that the server is away.
    let at_once = waited.iter().filter(|time| **time < Duration::from_millis(100)).count();
    assert!(at_once * 2 > waited.len(), "{waited:?}");
    server.thaw();
    assert_eq!(get_when_back(&cache, "a").await, Some(bytes("x")));
    cache.put("b", bytes("y"), HOUR).await?;
    assert_eq!(cache.get("b").await?, Some(bytes("y")));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_calls_to_a_frozen_server_end_together() -> Result<()> {
    let Some(server) = RedisServer::start().await else { return Ok(()) };
    let cache = RedisCache::new(&impatient(&server).with_command_timeout_ms(500))?;
    cache.ping().await?;
    server.freeze();
    let start = SystemClock.monotonic();
    // More than the connection takes before somebody reads.
    let value: Arc<[u8]> = vec![7; 100_000].into();
    let keys: Vec<String> = (0..200).map(|number| number.to_string()).collect();
    let puts = keys.iter().map(|key| cache.put(key, Arc::clone(&value), HOUR));
    for outcome in join_all(puts).await {
        assert_away(&outcome.unwrap_err());
    }
    let waited = SystemClock.monotonic().saturating_sub(start);
    assert!(waited < Duration::from_secs(3), "{waited:?}");
    server.thaw();
    get_when_back(&cache, "none").await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_was_killed_and_started_again_is_used_again() -> Result<()> {
    let Some(mut server) = RedisServer::start().await else { return Ok(()) };
    let cache = RedisCache::new(&config(&server).with_reconnect_ms(10, 50))?;
    cache.put("a", bytes("x"), HOUR).await?;
    server.kill();
    for _ in 0..20 {
        assert_away(&cache.get("a").await.unwrap_err());
    }
    server.start_again().await;
    assert_eq!(get_when_back(&cache, "a").await, None, "nothing is kept on disk");
    cache.put("a", bytes("y"), HOUR).await?;
    assert_eq!(cache.get("a").await?, Some(bytes("y")));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_lost_between_calls_fails_none_of_them() -> Result<()> {
    let Some(mut server) = RedisServer::start().await else { return Ok(()) };
    let cache = cache(&server);
    cache.put("a", bytes("x"), HOUR).await?;
    server.kill();
    server.start_again().await;
    // The end of a connection is noticed by the task that drives it.
    while format!("{cache:?}").contains("is_connected: true") {
        SystemClock.sleep(Duration::from_millis(5)).await;
    }
    let gets = (0..100).map(|_| cache.get("a"));
    assert!(join_all(gets).await.into_iter().all(|outcome| outcome.is_ok_and(|value| value.is_none())));
    // This question is a connection too, and so was the look whether the server listens.
    let received = server.ask(&["INFO", "stats"]);
    assert!(received.contains("total_connections_received:3"), "{received}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_application_starts_while_its_cache_is_away() -> Result<()> {
    let Some(mut server) = RedisServer::start().await else { return Ok(()) };
    server.kill();
    let cache = RedisCache::new(&config(&server).with_reconnect_ms(10, 50))?;
    assert_away(&cache.ping().await.unwrap_err());
    server.start_again().await;
    assert_eq!(get_when_back(&cache, "a").await, None);
    cache.ping().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cache_outlives_the_runtime_that_connected_it() -> Result<()> {
    let Some(server) = RedisServer::start().await else { return Ok(()) };
    let cache = cache(&server);
    let other = cache.clone();
    let put = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(other.put("a", bytes("x"), HOUR))
    };
    std::thread::spawn(put).join().unwrap()?;
    assert_eq!(get_when_back(&cache, "a").await, Some(bytes("x")));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password_is_told_from_a_missing_one_and_shown_nowhere() -> Result<()> {
    let Some(server) = RedisServer::start_with(&["--requirepass", "opensesame"]).await else { return Ok(()) };
    let with = |query: &str| RedisCache::new(&RedisConfig::new(format!("{}{query}", server.url())));
    for (query, code) in
        [("", "NOAUTH"), ("?pass=hunter2", "WRONGPASS"), ("?user=u&pass=hunter2", "WRONGPASS")]
    {
        let cache = with(query)?;
        let error = cache.ping().await.unwrap_err();
        assert_eq!((error.kind(), error.retry()), (ErrorKind::Unauthenticated, Retry::Never), "{query}");
        assert!(error.context().contains(&("code", code.to_owned())), "{error:?}");
        assert!(!format!("{error} {error:?} {cache:?}").contains("hunter2"));
    }
    let cache = with("?pass=opensesame")?;
    cache.ping().await?;
    assert!(!format!("{cache:?}").contains("opensesame"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusals_of_the_server_have_their_kinds() -> Result<()> {
    let Some(server) = RedisServer::start().await else { return Ok(()) };
    let cache = cache(&server);
    cache.put("a", bytes("x"), HOUR).await?;
    server.ask(&["RPUSH", "lore:list", "x"]);
    assert_eq!(cache.get("list").await.unwrap_err().kind(), ErrorKind::Conflict);
    server.ask(&["CONFIG", "SET", "maxmemory", "1"]);
    let full = cache.put("b", bytes("x"), HOUR).await.unwrap_err();
    assert_away(&full);
    assert!(full.context().contains(&("code", "OOM".to_owned())), "{full:?}");
    assert_eq!(cache.get("a").await?, Some(bytes("x")), "reading goes on");
    server.ask(&["CONFIG", "SET", "maxmemory", "0"]);
    cache.put("b", bytes("x"), HOUR).await?;
    server.ask(&["REPLICAOF", "127.0.0.1", "1"]);
    assert_away(&cache.put("b", bytes("x"), HOUR).await.unwrap_err());
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_takes_no_more_clients_is_away_and_not_a_wrong_password() -> Result<()> {
    let Some(server) = RedisServer::start_with(&["--requirepass", "opensesame", "--maxclients", "1"]).await
    else {
        return Ok(());
    };
    let url = format!("{}?pass=opensesame", server.url());
    let first = RedisCache::new(&RedisConfig::new(url.as_str()))?;
    // The look whether the server listens may still count as its one client.
    assert_eq!(get_when_back(&first, "a").await, None);
    for url in [url, server.url()] {
        let second = RedisCache::new(&RedisConfig::new(url))?;
        assert_away(&second.ping().await.unwrap_err());
    }
    Ok(())
}

/// Asks the cache when it is dropped.
struct AsksLast(RedisCache, std::sync::mpsc::Sender<bool>);

impl Drop for AsksLast {
    fn drop(&mut self) {
        let failed = self.0.get("a").now_or_never().is_some_and(|answer| answer.is_err());
        // Nobody listens any more if it took too long.
        self.1.send(failed).unwrap_or_default();
    }
}

#[test]
fn a_runtime_that_shuts_down_can_still_be_asked_for_a_connection() {
    let (sender, receiver) = std::sync::mpsc::channel();
    let ending = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
        let cache = RedisCache::new(&RedisConfig::new("unix:///nowhere/redis.sock")).unwrap();
        let last = AsksLast(cache, sender);
        runtime.spawn(async move {
            let _last = last;
            std::future::pending::<()>().await;
        });
        runtime.shutdown_timeout(Duration::from_secs(5));
    });
    assert!(receiver.recv_timeout(Duration::from_secs(20)).unwrap(), "it says that it has no connection");
    ending.join().unwrap();
}
