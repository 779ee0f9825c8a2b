//! A million logs into a store: how fast, and how much memory.

use std::{
    env, fs,
    process::{Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use async_trait::async_trait;
use lore::{
    AppliedEvents, ChainEventQuery, ChainEventStore, ChainId, EventBatch, EventCursor, EventRecord,
    EventSync, Page, Result, SqliteConfig, SqliteRepository, SystemClock,
    story::{
        addresses::Addresses,
        logs::{EventOptions, StoryEvents},
        network::RpcUrl,
        rpc::{Rpc, RpcConfig},
    },
};

use crate::server::{COLLECTION, LOGS_PER_BLOCK, start};

/// The argument that makes the program the process that is measured.
pub(crate) const CHILD: &str = "syncing-child";
const LOGS: u64 = 1_000_000;
/// Batches between two looks at the memory.
const STEP: u32 = 10;
/// The most that memory may grow after a tenth of the logs, in KiB.
const MOST_GROWTH_KIB: u64 = 24 * 1024;

/// Counts, and keeps nothing but the cursor: what is left is the source.
#[derive(Debug, Default)]
struct CountingStore {
    cursor: Mutex<Option<EventCursor>>,
    added: AtomicU64,
}

#[async_trait]
impl ChainEventStore for CountingStore {
    fn name(&self) -> &str {
        "counting"
    }

    async fn event_cursor(&self, _: ChainId) -> Result<Option<EventCursor>> {
        Ok(self.cursor.lock().unwrap().clone())
    }

    async fn apply_events(
        &self,
        expected: Option<&EventCursor>,
        batch: &EventBatch,
    ) -> Result<AppliedEvents> {
        batch.check(expected)?;
        *self.cursor.lock().unwrap() = Some(batch.cursor.clone());
        let added = batch.records.len() as u64;
        self.added.fetch_add(added, Ordering::Relaxed);
        Ok(AppliedEvents::new(0, added))
    }

    async fn chain_events(&self, _: &ChainEventQuery) -> Result<Page<EventRecord>> {
        panic!("nothing is kept")
    }
}

/// A line of what Linux says of this process, in KiB.
fn memory(line: &str) -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|found| found.starts_with(line))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// Starts the server here, and measures in a process of its own, so that the server's memory does not count.
pub(crate) async fn run() {
    let logs = env::var("LORE_BENCH_LOGS").map_or(LOGS, |logs| logs.parse().unwrap());
    let url = start(logs / LOGS_PER_BLOCK).await;
    println!("syncing: {logs} logs of a made up chain with {LOGS_PER_BLOCK} in a block");
    for store in ["counting", "sqlite"] {
        let arguments = [CHILD.to_owned(), url.clone(), store.to_owned(), logs.to_string()];
        let child = tokio::task::spawn_blocking(move || {
            let mut command = Command::new(env::current_exe().unwrap());
            command.args(arguments).stdout(Stdio::inherit()).stderr(Stdio::inherit()).status().unwrap()
        });
        assert!(child.await.unwrap().success(), "the child failed; see its error above");
    }
}

/// Syncs into one store, and says how that went.
pub(crate) async fn child(url: &str, store: &str, logs: u64) {
    let config = RpcConfig::new(ChainId::AENEID, [RpcUrl::parse(url).unwrap()]);
    let rpc = Rpc::new(config, SystemClock::shared()).unwrap();
    let mut options = EventOptions::new(vec![COLLECTION]);
    options.confirmations = 0;
    let source = Arc::new(StoryEvents::new(rpc.clone(), Addresses::AENEID, options));
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let events: Arc<dyn ChainEventStore> = if store == "sqlite" {
        let path = directory.path().join("lore.db");
        Arc::new(SqliteRepository::connect(SqliteConfig::new(path)).await.unwrap().chain_events())
    } else {
        Arc::new(CountingStore::default())
    };
    let sync = EventSync::new(source, events, ChainId::AENEID, 0).with_max_batches(STEP);

    let before = memory("VmRSS:");
    let (mut added, mut batches, mut after_a_tenth) = (0, 0, None);
    let start = Instant::now();
    loop {
        let report = sync.run_once().await.unwrap();
        (added, batches) = (added + report.added, batches + report.batches);
        if added >= logs / 10 && after_a_tenth.is_none() {
            after_a_tenth = memory("VmHWM:");
        }
        if report.is_caught_up {
            break;
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    assert_eq!(added, logs, "every log once");
    let peak = memory("VmHWM:");
    println!(
        "  {store}: {seconds:.1} s, {:.0} logs per second, {batches} batches, {} requests",
        added as f64 / seconds,
        rpc.calls()
    );
    let mebibytes =
        |kib: Option<u64>| kib.map_or("unknown".to_owned(), |kib| format!("{:.1}", kib as f64 / 1024.0));
    println!(
        "    resident: {} MiB before, at most {} MiB in the first tenth, at most {} MiB in all",
        mebibytes(before),
        mebibytes(after_a_tenth),
        mebibytes(peak)
    );
    if let (Some(early), Some(peak)) = (after_a_tenth, peak) {
        assert!(peak <= early + MOST_GROWTH_KIB, "memory grows with the number of logs");
    }
}
