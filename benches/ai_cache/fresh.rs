//! Answers that a model must give.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use lore::{
    MemoryAiLog, SqliteConfig, SqliteRepository,
    ai::{AiService, Operation as _},
};
use lore_ai_testbed::{Reply, Server};
use serde_json::Value;
use tokio::runtime::Builder;

use crate::{
    figures::{Figures, Times},
    setup::{TITLES, caller, in_memory, question, service, upstream},
};

const ROUNDS: usize = 3_000;

/// The requests that the service sends, without the service.
struct Bare {
    client: reqwest::Client,
    url: String,
    body: Value,
    /// What the provider puts behind the text of each message.
    tails: Vec<String>,
}

impl Bare {
    /// As the service's last one, which was about question `number`.
    fn new(server: &Server, number: usize) -> Self {
        let body = server.last().json();
        let prompt = question(200, number).operation.prompt();
        let messages = body["messages"].as_array().unwrap();
        assert_eq!(messages.len(), prompt.len());
        let tails = prompt.iter().zip(messages).map(|(message, sent)| {
            sent["content"].as_str().unwrap().strip_prefix(message.text.as_str()).unwrap().to_owned()
        });
        Self {
            client: reqwest::Client::builder().timeout(Duration::from_secs(10)).build().unwrap(),
            url: format!("{}/chat/completions", server.base_url()),
            tails: tails.collect(),
            body,
        }
    }

    async fn ask(&mut self, number: usize) {
        let prompt = question(200, number).operation.prompt();
        let sent = self.body["messages"].as_array_mut().unwrap();
        for ((message, tail), sent) in prompt.into_iter().zip(&self.tails).zip(sent) {
            sent["content"] = (message.text + tail).into();
        }
        let answer: Value =
            self.client.post(&self.url).json(&self.body).send().await.unwrap().json().await.unwrap();
        assert!(answer["choices"][0]["message"]["content"].is_string());
    }
}

async fn asked(ai: &AiService, number: usize) {
    ai.ask(&caller(), &question(200, number)).await.unwrap();
}

/// With two threads and with one: with more than one, the time that the machine takes to wake a thread is a part of both
/// figures, and of the service's more often.
pub(crate) fn fresh(figures: &mut Figures) {
    for threads in [2, 1] {
        let runtime = Builder::new_multi_thread().worker_threads(threads).enable_all().build().unwrap();
        let name = if threads == 1 { ", one thread" } else { "" };
        runtime.block_on(with_and_without(figures, name));
    }
}

/// In turns, so that whatever else the machine does meets both.
async fn with_and_without(figures: &mut Figures, threads: &str) {
    let server = upstream().await;
    // The first to do so wins; whoever did, it is plain HTTP that is measured.
    rustls::crypto::ring::default_provider().install_default().ok();
    let directory = tempfile::tempdir_in(env!("CARGO_MANIFEST_DIR")).unwrap();
    let repository =
        SqliteRepository::connect(SqliteConfig::new(directory.path().join("lore.sqlite"))).await.unwrap();
    let memory = in_memory(&server);
    let disk = service(&server, Arc::new(repository.ai_log()));
    asked(&memory, ROUNDS).await;
    let mut bare = Bare::new(&server, ROUNDS);
    // A task, as a request in an application is: what runs outside the runtime pays for waking threads.
    let times = tokio::spawn(async move {
        let mut times = [Vec::new(), Vec::new(), Vec::new()];
        for number in 0..ROUNDS {
            let start = Instant::now();
            bare.ask(number).await;
            times[0].push(start.elapsed());
            let start = Instant::now();
            asked(&memory, number).await;
            times[1].push(start.elapsed());
            if number % 10 == 0 {
                let start = Instant::now();
                asked(&disk, number).await;
                times[2].push(start.elapsed());
            }
        }
        times
    });
    let [without, memory, disk] = times.await.unwrap().map(Times::new);
    figures.times(&format!("bare reqwest{threads}"), &without, "");
    figures.times(&format!("fresh answer, log in memory{threads}"), &memory, "");
    let over = memory.percentile(50) - without.percentile(50);
    figures.add(&format!("fresh answer over bare reqwest, p50{threads}"), over, "us", "goal 30");
    figures.times(&format!("fresh answer, two commits to SQLite on disk{threads}"), &disk, "");
}

/// The first model says 429 once; then only the second is asked.
pub(crate) async fn fallback(figures: &mut Figures) {
    let mut first = Vec::new();
    let mut plain = Vec::new();
    let mut calls = 0;
    for number in 0..300 {
        let server = Server::start().await;
        server.model("first", [Reply::error(429, "slow down")]).model("second", [Reply::text(TITLES)]);
        let ai = service(&server, Arc::new(MemoryAiLog::new()));
        let direct = upstream().await;
        let other = in_memory(&direct);
        // Connections and schemas are there before the clock starts.
        other.ask(&caller(), &question(200, 1_000_000)).await.unwrap();
        other.refresh_models().await;
        ai.refresh_models().await;
        let start = Instant::now();
        asked(&ai, number).await;
        first.push(start.elapsed());
        let start = Instant::now();
        asked(&other, number).await;
        plain.push(start.elapsed());
        for again in 0..3 {
            asked(&ai, 10_000 + again).await;
        }
        calls += server.calls_of("first");
    }
    let (first, plain) = (Times::new(first), Times::new(plain));
    figures.times("429, then fallback", &first, "");
    let over = first.percentile(50) - 2.0 * plain.percentile(50);
    figures.add("fallback over two calls, p50", over, "us", "goal 50");
    figures.add("calls to the model that said 429", calls as f64 / 300.0, "of 4", "goal 1");
}
