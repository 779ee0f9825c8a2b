//! Answers out of this process's cache.

use std::{
    hint::black_box,
    sync::Arc,
    time::{Duration, Instant},
};

use criterion::Criterion;
use lore::{
    AuditLog as _, SqliteConfig, SqliteRepository,
    ai::{AiService, Ask, audit::CacheOutcome, operations::TitleRequest},
};
use stats_alloc::Region;
use tokio::runtime::Runtime;

use crate::{
    figures::{Figures, Times},
    setup::{caller, in_memory, question, service, upstream},
};

const SIZES: [(&str, usize); 2] = [("200 B", 200), ("21 KB", 21_000)];
const HITS: usize = 200_000;

async fn hit(ai: &AiService, ask: &Ask<TitleRequest>) {
    let reply = ai.ask(&caller(), ask).await.unwrap();
    assert_eq!(black_box(reply).cache, CacheOutcome::Fresh);
}

pub(crate) fn criterion(runtime: &Runtime, criterion: &mut Criterion) {
    let server = runtime.block_on(upstream());
    for (name, bytes) in SIZES {
        let ai = runtime.block_on(async { in_memory(&server) });
        let ask = question(bytes, 0);
        runtime.block_on(async { ai.ask(&caller(), &ask).await.unwrap() });
        criterion.bench_function(&format!("hit/{name}"), |bencher| {
            bencher.to_async(runtime).iter(|| hit(&ai, &ask));
        });
    }
}

pub(crate) async fn one_at_a_time(figures: &mut Figures) {
    let server = upstream().await;
    for (name, bytes) in SIZES {
        let ai = in_memory(&server);
        let ask = question(bytes, 0);
        ai.ask(&caller(), &ask).await.unwrap();
        for _ in 0..10_000 {
            hit(&ai, &ask).await;
        }
        // Before, not beside: what one processor does slows the other.
        figures.times(&format!("BLAKE3 and moka alone, {name}"), &Times::new(alone(&ask)), "");
        // On a thread of its own, so that the caller is not one of the tasks that it wakes.
        let times = tokio::spawn({
            let (ai, ask) = (ai.clone(), ask.clone());
            async move {
                let mut times = Vec::with_capacity(HITS);
                for number in 0..HITS {
                    let start = Instant::now();
                    hit(&ai, &ask).await;
                    times.push(start.elapsed());
                    // A caller who asks without a pause would only measure the log.
                    if number % 500 == 499 {
                        tokio::time::sleep(Duration::from_millis(2)).await;
                    }
                }
                times
            }
        });
        let goal = if bytes < 1_000 { "goal 2, p99 20" } else { "goal 8" };
        figures.times(&format!("hit, {name}"), &Times::new(times.await.unwrap()), goal);
        ai.flush().await;
        // Between two batches of the log, so that only the caller allocates.
        let region = Region::new(crate::ALLOCATOR);
        for _ in 0..100 {
            hit(&ai, &ask).await;
        }
        let change = region.change();
        figures.add(&format!("allocations per hit, {name}"), change.allocations as f64 / 100.0, "", "");
    }
}

/// What no cache with such keys can do without.
fn alone(ask: &Ask<TitleRequest>) -> Vec<Duration> {
    let texts = [ask.operation.work.content.as_deref(), ask.operation.wishes.as_deref()];
    let texts = texts.into_iter().flatten().collect::<String>();
    let cache = moka::sync::Cache::new(1_000);
    cache.insert(*blake3::hash(texts.as_bytes()).as_bytes(), Arc::new(()));
    let times = (0..HITS).map(|_| {
        let start = Instant::now();
        let found = cache.get(blake3::hash(black_box(texts.as_bytes())).as_bytes());
        assert!(black_box(found).is_some());
        start.elapsed()
    });
    times.collect()
}

async fn two_callers(ai: &AiService, each: usize) -> f64 {
    let ask = question(200, 0);
    ai.ask(&caller(), &ask).await.unwrap();
    let start = Instant::now();
    let callers: Vec<_> = (0..2)
        .map(|_| {
            let (ai, ask) = (ai.clone(), ask.clone());
            tokio::spawn(async move {
                for _ in 0..each {
                    hit(&ai, &ask).await;
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap();
    }
    start.elapsed().as_secs_f64()
}

pub(crate) async fn per_second(figures: &mut Figures) {
    let server = upstream().await;
    let ai = in_memory(&server);
    // As many as the queue takes at once: what is measured is the call, the log is the next figure.
    let mut best = 0.0_f64;
    for _ in 0..20 {
        let seconds = two_callers(&ai, 9_000).await;
        best = best.max(18_000.0 / seconds);
        ai.flush().await;
    }
    figures.add("hits per second, two callers", best, "1/s", "goal 500,000");
}

/// Resident memory of this process in MiB (Linux).
fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").trim().parse::<f64>().ok());
    kib.unwrap_or(0.0) / 1_024.0
}

pub(crate) async fn durable(figures: &mut Figures) {
    let directory = tempfile::tempdir_in(env!("CARGO_MANIFEST_DIR")).unwrap();
    let repository =
        SqliteRepository::connect(SqliteConfig::new(directory.path().join("lore.sqlite"))).await.unwrap();
    let log = Arc::new(repository.ai_log());
    let server = upstream().await;
    let ai = service(&server, log.clone());
    two_callers(&ai, 50_000).await;
    ai.flush().await;
    let (before, lines) = (resident(), log.head().await.unwrap().sequence);
    let start = Instant::now();
    two_callers(&ai, 250_000).await;
    ai.flush().await;
    let seconds = start.elapsed().as_secs_f64();
    let written = log.head().await.unwrap().sequence - lines;
    assert!(written >= 500_000, "{written} lines");
    figures.add("durable hits per second", 500_000.0 / seconds, "1/s", "goal 50,000");
    figures.add("memory before durable hits", before, "MiB", "");
    figures.add("memory after 500,000 durable hits", resident(), "MiB", "flat");
}
