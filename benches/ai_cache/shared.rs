//! Answers out of a Redis server, and one that is frozen.

use std::{
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use lore::{
    Cache, MemoryAiLog, RedisCache, RedisConfig, TokioSpawner,
    ai::{AiService, audit::CacheOutcome},
};
use lore_ai_testbed::Server;

use crate::{
    figures::{Figures, Times},
    setup::{caller, policy, provider, question, upstream},
};

const ANSWERS: usize = 1_000;

struct Redis {
    process: Child,
    port: u16,
}

impl Redis {
    /// `None` if the program is not installed.
    async fn start(directory: &std::path::Path) -> Option<Self> {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let process = Command::new("redis-server")
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .arg("--dir")
            .arg(directory)
            .stdout(Stdio::null())
            .spawn()
            .ok()?;
        let redis = Self { process, port };
        for _ in 0..200 {
            if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Some(redis);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("redis-server does not answer");
    }

    fn signal(&self, signal: &str) {
        let done = Command::new("kill").args([signal, &self.process.id().to_string()]).status().unwrap();
        assert!(done.success());
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.signal("-CONT");
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

async fn service(server: &Server, redis: &Redis) -> AiService {
    let config = RedisConfig::new(format!("redis://127.0.0.1:{}", redis.port));
    let cache: Arc<dyn Cache> = Arc::new(RedisCache::new(&config).unwrap());
    AiService::builder(Arc::new(MemoryAiLog::new()), TokioSpawner::current().unwrap().shared())
        .llm_provider(provider(server))
        .shared_cache(cache)
        .policy(policy())
        .build()
        .unwrap()
}

pub(crate) async fn redis(figures: &mut Figures) {
    let directory = tempfile::tempdir().unwrap();
    let Some(redis) = Redis::start(directory.path()).await else {
        println!("skipped: no redis-server on this machine (Debian: redis-server)");
        return;
    };
    let server = upstream().await;
    let (one, other) = (service(&server, &redis).await, service(&server, &redis).await);
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

    redis.signal("-STOP");
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
