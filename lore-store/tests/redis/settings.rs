//! What the settings do on the server.

use std::time::Duration;

use lore_core::{Clock as _, ErrorKind, Result, SystemClock, port::cache::Cache};
use lore_store::redis::{RedisCache, RedisConfig};
use lore_store_testbed::RedisServer;

use crate::server::{cache, config};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_begin_with_the_prefix_and_end_with_their_time() -> Result<()> {
    let Some(server) = RedisServer::start().await else { return Ok(()) };
    let cache = RedisCache::new(&config(&server).with_key_prefix("app:"))?;
    cache.put("a", b"x".as_slice().into(), Duration::from_secs(60)).await?;
    assert_eq!(server.ask(&["KEYS", "*"]), "app:a");
    let left: u64 = server.ask(&["PTTL", "app:a"]).parse().unwrap();
    assert!((1..=60_000).contains(&left), "{left}");
    cache.put("a", b"x".as_slice().into(), Duration::from_nanos(1)).await?;
    SystemClock.sleep(Duration::from_millis(5)).await;
    assert_eq!(cache.get("a").await?, None);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entries_go_to_the_database_of_the_address() -> Result<()> {
    let Some(server) = RedisServer::start().await else { return Ok(()) };
    let third = RedisCache::new(&RedisConfig::new(format!("{}?db=3", server.url())))?;
    third.ping().await?;
    third.put("a", b"x".as_slice().into(), Duration::from_secs(60)).await?;
    assert_eq!(server.ask(&["-n", "3", "EXISTS", "lore:a"]), "1");
    assert_eq!(cache(&server).get("a").await?, None);
    let none = RedisCache::new(&RedisConfig::new(format!("{}?db=99", server.url())))?;
    assert_eq!(none.ping().await.unwrap_err().kind(), ErrorKind::Config);
    Ok(())
}
