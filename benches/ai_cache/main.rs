//! What AI help costs: answers out of the cache, fresh ones, and how often the cache has them.
//!
//! Everything goes through the public call `AiService::ask`. Included each time: checking bounds, normalising, the key,
//! the lookup, a request id, metrics (no recorder installed), and putting the log line into its queue.
//!
//! | part | includes beside that |
//! |---|---|
//! | `hit/*` (criterion) and `hits` | one caller; the log is in memory and written by another task; beside it, BLAKE3 of the same texts and a lookup in moka alone |
//! | `hits per second` | two callers on two threads, the log in memory |
//! | `durable hits` | two callers, every line chained and committed to SQLite on the build directory's disk, until the last is there |
//! | `shared hits` | the answer comes out of Redis: another process's answer, read, checked against the rules, kept |
//! | `fresh` | a model on loopback that answers at once; against the same request, byte for byte but for the question, by bare reqwest, in turns |
//! | `fallback` | the first model of the tier says 429 |
//! | `hit rate` | the workload of `workload.rs`, three seeds |
//!
//! `--json FILE` also writes the figures to a file; `--upstream` runs only the model on loopback; `--trace FILE` only
//! writes the workload's requests. Both serve `benches/peers/run`.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    reason = "a bench ends with a message where something is missing, and reads the machine's clock"
)]

mod figures;
mod fresh;
mod hits;
mod rates;
mod setup;
mod shared;
mod workload;

use std::alloc::System;

use criterion::Criterion;
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

use figures::Figures;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn argument(name: &str) -> Option<String> {
    let mut arguments = std::env::args().skip_while(|argument| argument != name);
    arguments.next().map(|_| arguments.next().unwrap_or_default())
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    if argument("--upstream").is_some() {
        return runtime.block_on(setup::upstream_for_peers());
    }
    if let Some(file) = argument("--trace") {
        return rates::write_trace(&file);
    }
    let mut figures = Figures::default();
    let mut criterion = Criterion::default();
    if argument("--json").is_none() {
        hits::criterion(&runtime, &mut criterion);
    }
    runtime.block_on(async {
        hits::one_at_a_time(&mut figures).await;
        hits::per_second(&mut figures).await;
        hits::durable(&mut figures).await;
        shared::redis(&mut figures).await;
    });
    fresh::fresh(&mut figures);
    runtime.block_on(async {
        fresh::fallback(&mut figures).await;
        rates::at_once(&mut figures).await;
        rates::edits_and_replay(&mut figures).await;
        rates::workload(&mut figures).await;
    });
    if argument("--json").is_none() {
        criterion.final_summary();
    }
    if let Some(file) = argument("--json") {
        std::fs::write(file, figures.to_json()).unwrap();
    }
}
