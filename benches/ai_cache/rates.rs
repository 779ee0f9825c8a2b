//! How often the cache has the answer, and what equal requests cost.

use std::{collections::HashSet, fmt::Write as _};

use lore::ai::{
    Ask,
    audit::CacheOutcome,
    operations::{TitleRequest, Work},
};
use lore::{Address, AssetType, Caller};
use serde_json::json;

use crate::{
    figures::Figures,
    setup::{caller, in_memory, question, upstream},
    workload::{Asked, REQUESTS, requests},
};

const SEEDS: [u64; 3] = [1, 2, 3];

pub(crate) async fn at_once(figures: &mut Figures) {
    let server = upstream().await;
    let ai = in_memory(&server);
    let callers: Vec<_> = (0..1_000)
        .map(|_| {
            let ai = ai.clone();
            tokio::spawn(async move { ai.ask(&caller(), &question(200, 0)).await.unwrap() })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap();
    }
    figures.add("calls for 1,000 equal requests at once", server.calls() as f64, "", "goal 1");
}

pub(crate) async fn edits_and_replay(figures: &mut Figures) {
    let server = upstream().await;
    let ai = in_memory(&server);
    let ask = |text: &str, tags: [&str; 2]| {
        Ask::new(TitleRequest::new(Work::new(AssetType::Writing).content(text).tags(tags)))
    };
    ai.ask(&caller(), &ask("Caf\u{e9}\nNoir", ["a", "b"])).await.unwrap();
    let mut hits = 0;
    for edit in [
        ask("Caf\u{e9}\nNoir ", ["a", "b"]),
        ask("Caf\u{e9}\r\nNoir", ["a", "b"]),
        ask("Cafe\u{301}\nNoir", ["a", "b"]),
        Ask::new(
            TitleRequest::new(Work::new(AssetType::Writing).content("Caf\u{e9}\nNoir").tags(["a", "b"]))
                .wishes(""),
        ),
        ask("Caf\u{e9}\nNoir", ["b", "a"]),
    ] {
        let reply = ai.ask(&caller(), &edit).await.unwrap();
        hits += u32::from(reply.cache == CacheOutcome::Fresh);
    }
    figures.add("edits that mean nothing and hit", f64::from(hits), "of 5", "goal 5");
    for pass in 0..2 {
        let mut hits = 0;
        for number in 0..5_000 {
            let reply = ai.ask(&caller(), &question(200, 10 + number)).await.unwrap();
            hits += u32::from(reply.cache == CacheOutcome::Fresh);
        }
        if pass == 1 {
            figures.add("5,000 questions again", f64::from(hits) / 50.0, "%", "goal 100");
        }
    }
}

/// How often a cache that compares requests byte by byte has the answer.
fn exact(requests: &[Asked]) -> f64 {
    let mut seen = HashSet::new();
    let hits = requests.iter().filter(|asked| !seen.insert(asked.messages().to_string())).count();
    100.0 * hits as f64 / requests.len() as f64
}

pub(crate) async fn workload(figures: &mut Figures) {
    for seed in SEEDS {
        let server = upstream().await;
        let ai = in_memory(&server);
        let requests = requests(seed);
        let mut hits = 0;
        for asked in &requests {
            let mut address = [0; 20];
            address[..8].copy_from_slice(&asked.user.to_be_bytes());
            let caller = Caller::User(Address::from_bytes(address));
            let reply = ai.ask(&caller, &Ask::new(asked.operation()).public()).await.unwrap();
            hits += u32::from(reply.cache != CacheOutcome::Miss);
        }
        assert_eq!(server.calls(), REQUESTS - hits as usize, "every miss is one call");
        let rate = 100.0 * f64::from(hits) / REQUESTS as f64;
        figures.add(&format!("hit rate, seed {seed}"), rate, "%", "goal 95");
        figures.add(&format!("hit rate byte by byte, seed {seed}"), exact(&requests), "%", "");
    }
}

/// The requests of the first seed, one JSON a line, for other programs.
pub(crate) fn write_trace(file: &str) {
    let mut lines = String::new();
    for asked in requests(SEEDS[0]) {
        writeln!(lines, "{}", json!(asked.messages())).unwrap();
    }
    std::fs::write(file, lines).unwrap();
}
