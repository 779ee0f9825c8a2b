//! Answers out of a Redis server, and one that is frozen.

use std::{
    net::TcpListener,
    sync::Arc,
    time::{Duration, Instant},
};

use lore::{
    Cache, MemoryAiLog, RedisCache, RedisConfig, TokioSpawner,
    ai::{AiService, audit::CacheOutcome},
};
use lore_ai_testbed::Server;
use lore_store_testbed::RedisServer;

use crate::{
    figures::{Figures, Times},
    setup::{caller, policy, provider, question, upstream},
};

const ANSWERS: usize = 1_000;

/// On a port, as most servers are.
async fn start() -> Option<(RedisServer, RedisConfig)> {
    // Free a moment ago; a server that finds it taken says so and ends the bench.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let server = RedisServer::start_with(&["--bind", "127.0.0.1", "--port", &port]).await?;
    Some((server, RedisConfig::new(format!("redis://127.0.0.1:{port}"))))
}

fn service(server: &Server, redis: &RedisConfig) -> AiService {
    let cache: Arc<dyn Cache> = Arc::new(RedisCache::new(redis).unwrap());
    AiService::builder(Arc::new(MemoryAiLog::new()), TokioSpawner::current().unwrap().shared())
        .llm_provider(provider(server))
        .shared_cache(cache)
        .policy(policy())
        .build()
        .unwrap()
}

pub(crate) async fn redis(figures: &mut Figures) {
    let Some((redis, config)) = start().await else { return };
    let server = upstream().await;
    let (one, other) = (service(&server, &config), service(&server, &config));
    for number in 0..ANSWERS {
        one.ask(&caller(), &question(200, number)).await.unwrap();
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    let calls = server.calls();
    let mut times = Vec::new();
    for number in 0..ANSWERS {
        let start = Instant::now();
        let reply = other.ask(&caller(), &question(200, number)).await.unwrap();
        times.push(start.elapsed());
        assert_eq!(reply.cache, CacheOutcome::Fresh);
    }
    assert_eq!(server.calls(), calls, "no model was asked");
    figures.times("hit in Redis", &Times::new(times), "goal 120");

    redis.freeze();
    let ask = question(200, 0);
    let mut times = Vec::new();
    for _ in 0..20_000 {
        let start = Instant::now();
        other.ask(&caller(), &ask).await.unwrap();
        times.push(start.elapsed());
    }
    figures.times("hit in this process, Redis frozen", &Times::new(times), "as ever");
    let mut slow = 0.0;
    for number in 0..6 {
        let start = Instant::now();
        other.ask(&caller(), &question(200, 50_000 + number)).await.unwrap();
        let millis = start.elapsed().as_secs_f64() * 1_000.0;
        if number == 0 {
            slow = millis;
        }
        if number == 5 {
            figures.add("first miss, Redis frozen", slow, "ms", "at most some timeouts of 30 ms");
            figures.add("sixth miss, Redis frozen", millis, "ms", "as ever");
        }
    }
}
