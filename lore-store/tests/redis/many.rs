//! Many callers, large values, several clients.

use std::{sync::Arc, time::Duration};

use futures_util::future::{join, join_all};
use lore_core::{Result, port::cache::Cache};
use lore_store_testbed::RedisServer;

use crate::server::cache;

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_clients_that_race_one_puts_if_absent() -> Result<()> {
    let Some(server) = RedisServer::start().await else { return Ok(()) };
    let (left, right) = (cache(&server), cache(&server));
    for round in 0..200_u32 {
        let key = round.to_string();
        let (left_won, right_won) = join(
            left.put_if_absent(&key, b"left".as_slice().into(), HOUR),
            right.put_if_absent(&key, b"right".as_slice().into(), HOUR),
        )
        .await;
        let (left_won, right_won) = (left_won?, right_won?);
        assert!(left_won != right_won, "round {round}");
        let expected = if left_won { b"left".as_slice() } else { b"right" };
        assert_eq!(left.get(&key).await?.as_deref(), Some(expected));
        assert_eq!(right.get(&key).await?.as_deref(), Some(expected));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_megabyte_of_any_bytes_comes_back() -> Result<()> {
    let Some(server) = RedisServer::start().await else { return Ok(()) };
    let cache = cache(&server);
    let value: Arc<[u8]> = (0..=u8::MAX).cycle().take(1 << 20).collect();
    cache.put("large", Arc::clone(&value), HOUR).await?;
    assert_eq!(cache.get("large").await?, Some(value));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_calls_share_one_connection() -> Result<()> {
    let Some(server) = RedisServer::start().await else { return Ok(()) };
    let cache = cache(&server);
    let keys: Vec<String> = (0..100).map(|number| number.to_string()).collect();
    for key in &keys {
        cache.put(key, key.as_bytes().into(), HOUR).await?;
    }
    let asked = || keys.iter().cycle().take(10_000);
    let answers = join_all(asked().map(|key| cache.get(key))).await;
    for (key, answer) in asked().zip(answers) {
        assert_eq!(answer?.as_deref(), Some(key.as_bytes()));
    }
    // This question is a connection too, and so was the look whether the server listens.
    let received = server.ask(&["INFO", "stats"]);
    assert!(received.contains("total_connections_received:3"), "{received}");
    Ok(())
}
