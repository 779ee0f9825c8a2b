//! What one whole creation costs: an original work of 64 KiB with license terms, from the request to the finished record.
//!
//! What each number includes (the media is made before the clock starts; every engine is new for each sample, and has made
//! one asset, so that its terms are known on chain):
//!
//! | name | includes |
//! |---|---|
//! | `embedded/one_at_a_time` | `lore::open` with `Config::embedded` on the disk of the build directory: all steps, each journalled and synced before the next |
//! | `embedded/16_at_once` | the same with 16 creations under way at any time, on two worker threads; the time is that of 16 |
//! | `embedded_on_tmpfs/*` | the same in the memory file system, where a sync costs a system call and no disk (Linux) |
//! | `memory/*` | the same engine with the same layers over the adapters in memory: no file and no sync at all |
//! | `hashing` | CID and SHA-256 of the 64 KiB once: what any creation must pay |
//! | `resume_finished` | the request of a finished creation again, same idempotency key: its media is hashed, nothing is written |
//!
//! At the end the program compares creations in memory with the hash of the same bytes in turns, and prints the difference:
//! what Lore itself adds per asset.
//!
//! `--creations COUNT` makes that many on disk and nothing else: to count system calls.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot prepare its data must stop")]

use std::{env, num::NonZeroUsize, path::Path, sync::Arc, time::Duration};

use criterion::{Criterion, Throughput};
use futures_util::{StreamExt as _, stream};
use lore::{
    Address, AssetText, AssetType, BytesContent, Caller, Clock as _, Config, CreateAsset, CreationView, Lore,
    MemoryPinStore, MemoryRepository, Payment, PilTerms, Profile, Progress, Share, SimulatedChain,
    SystemClock, Wei,
    layer::{LimitLayer, MetricsLayer, RetryLayer, TimeoutLayer, TraceLayer},
    unixfs::fingerprint_bytes,
};
use tempfile::TempDir;
use tokio::runtime::{Handle, Runtime};

const MEDIA_BYTES: usize = 64 * 1024;
const AT_ONCE: usize = 16;
const SIGNER: Address = Address::from_bytes([0x42; 20]);
/// The file system in memory, where there is one.
const TMPFS: &str = "/dev/shm";
/// Tells this program to make some assets and end.
const CREATIONS: &str = "--creations";

/// What starts like a PNG and differs from number to number in every part.
fn media(number: u64) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    while bytes.len() < MEDIA_BYTES {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_be_bytes());
    }
    bytes.truncate(MEDIA_BYTES);
    bytes
}

/// Unlimited numbers, so that no two creations of this process are of the same work.
#[derive(Default)]
struct Numbers(u64);

impl Numbers {
    fn requests(&mut self, count: u64) -> Vec<CreateAsset> {
        (0..count)
            .map(|_| {
                self.0 += 1;
                request(self.0)
            })
            .collect()
    }
}

fn request(number: u64) -> CreateAsset {
    let payment =
        Payment { currency: lore::protocol::WIP, royalty_policy: lore::protocol::ROYALTY_POLICY_LAP };
    let terms = PilTerms::commercial_remix(Wei::ZERO, Share::from_percent(10).unwrap(), payment);
    let mut text = AssetText::new(format!("Work {number}"), "Seven layers of sea under a low sun.");
    text.tags = vec!["landscape".to_owned(), "sea".to_owned()];
    CreateAsset::new(AssetType::DigitalArt, text, Arc::new(BytesContent::new(media(number))))
        .idempotency_key(format!("bench/{number}"))
        .file_name("work.png")
        .license(terms)
}

async fn create(lore: &Lore, request: CreateAsset) -> CreationView {
    let view =
        Box::pin(lore.creations().create(&Caller::User(SIGNER), request, &Progress::none())).await.unwrap();
    assert!(view.is_finished());
    view
}

/// Where an engine keeps its data, and how it is put together.
#[derive(Clone, Copy)]
enum Kind<'a> {
    Embedded(&'a Path),
    Memory,
}

impl Kind<'_> {
    /// A new engine that has made one asset.
    async fn open(self) -> (Option<TempDir>, Lore) {
        let (directory, lore) = match self {
            Self::Embedded(parent) => {
                let directory = tempfile::tempdir_in(parent).unwrap();
                let lore = lore::open(&Config::embedded(directory.path(), SIGNER)).await.unwrap();
                (Some(directory), lore)
            }
            Self::Memory => (None, in_memory()),
        };
        let view = create(&lore, request(0)).await;
        let asset = view.asset.unwrap();
        assert!(asset.registration.is_some() && asset.license.is_some() && asset.nft_metadata.is_some());
        (directory, lore)
    }
}

/// The engine of `lore::open` with its layers, over the adapters in memory.
fn in_memory() -> Lore {
    let clock = SystemClock::shared();
    Lore::builder()
        .repository(Arc::new(MemoryRepository::new()))
        .pin_store(Arc::new(MemoryPinStore::new(Profile::UnixFsV1_2025)))
        .chain_client(Arc::new(SimulatedChain::new(SIGNER, clock.clone())))
        .layer(TimeoutLayer::default())
        .layer(LimitLayer::new(NonZeroUsize::new(64).unwrap()))
        .layer(RetryLayer::default())
        .layer(MetricsLayer::default())
        .layer(TraceLayer)
        .clock(clock)
        .build()
        .unwrap()
}

/// Makes all, `at_once` under way at any time, each in a task of its own. Returns the time from first to last.
async fn create_all(lore: &Lore, requests: Vec<CreateAsset>, at_once: usize) -> Duration {
    let runtime = Handle::current();
    let start = SystemClock.monotonic();
    stream::iter(requests)
        .map(|request| {
            let lore = lore.clone();
            runtime.spawn(async move { create(&lore, request).await })
        })
        .buffer_unordered(at_once)
        .for_each(async |made| drop(made.unwrap()))
        .await;
    SystemClock.monotonic() - start
}

fn whole(criterion: &mut Criterion, runtime: &Runtime, name: &str, kind: Kind<'_>, numbers: &mut Numbers) {
    let mut group = criterion.benchmark_group(name);
    group.sample_size(10).measurement_time(Duration::from_secs(8)).warm_up_time(Duration::from_secs(1));
    for (name, at_once) in [("one_at_a_time", 1), ("16_at_once", AT_ONCE)] {
        let batch = u64::try_from(at_once).unwrap();
        group.throughput(Throughput::Elements(batch));
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|iterations| {
                let requests = numbers.requests(iterations * batch);
                runtime.block_on(async {
                    let (_directory, lore) = kind.open().await;
                    create_all(&lore, requests, at_once).await
                })
            });
        });
    }
    group.finish();
}

fn resume(criterion: &mut Criterion, runtime: &Runtime, disk: &Path) {
    let (_directory, lore) = runtime.block_on(Kind::Embedded(disk).open());
    let made = runtime.block_on(create(&lore, request(1)));
    let again = runtime.block_on(create(&lore, request(1)));
    assert_eq!(made.record.id, again.record.id);
    criterion.bench_function("resume_finished", |bencher| {
        bencher.iter_custom(|iterations| {
            let requests: Vec<_> = (0..iterations).map(|_| request(1)).collect();
            runtime.block_on(create_all(&lore, requests, 1))
        });
    });
}

fn hashing(criterion: &mut Criterion) {
    let bytes = media(1);
    criterion.bench_function("hashing", |bencher| {
        bencher.iter(|| fingerprint_bytes(Profile::UnixFsV1_2025, &bytes).unwrap());
    });
}

/// Creations in memory less the hash of the same bytes, in turns, so that a busy machine slows both alike.
fn compare(runtime: &Runtime, numbers: &mut Numbers) {
    const ROUND: u32 = 100;
    let mut rounds: Vec<(f64, f64)> = (0..15)
        .map(|_| {
            let first = numbers.0 + 1;
            let requests = numbers.requests(u64::from(ROUND));
            let works: Vec<_> = (first..).take(requests.len()).map(media).collect();
            let start = SystemClock.monotonic();
            for work in &works {
                std::hint::black_box(fingerprint_bytes(Profile::UnixFsV1_2025, work).unwrap());
            }
            let hashed = SystemClock.monotonic() - start;
            let created = runtime.block_on(async {
                let (_, lore) = Kind::Memory.open().await;
                create_all(&lore, requests, 1).await
            });
            let each = |time: Duration| time.as_secs_f64() * 1e6 / f64::from(ROUND);
            (each(created), each(hashed))
        })
        .collect();
    rounds.sort_by(|a, b| (a.0 - a.1).total_cmp(&(b.0 - b.1)));
    let (created, hashed) = rounds.get(rounds.len() / 2).copied().unwrap_or_default();
    println!(
        "overhead: {:.0} us per asset (median of 15 rounds of {ROUND}): {created:.0} us for a creation in memory, less \
         {hashed:.0} us for the hash",
        created - hashed
    );
}

fn main() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
    let disk = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let mut numbers = Numbers::default();
    let args: Vec<String> = env::args().collect();
    if let [_, flag, count] = args.as_slice()
        && flag == CREATIONS
    {
        let requests = numbers.requests(count.parse().unwrap());
        runtime.block_on(async {
            let (_directory, lore) = Kind::Embedded(disk).open().await;
            create_all(&lore, requests, 1).await;
        });
        return;
    }
    let mut criterion = Criterion::default().configure_from_args();
    whole(&mut criterion, &runtime, "embedded", Kind::Embedded(disk), &mut numbers);
    if cfg!(target_os = "linux") && Path::new(TMPFS).is_dir() {
        let tmpfs = Kind::Embedded(Path::new(TMPFS));
        whole(&mut criterion, &runtime, "embedded_on_tmpfs", tmpfs, &mut numbers);
    }
    whole(&mut criterion, &runtime, "memory", Kind::Memory, &mut numbers);
    hashing(&mut criterion);
    resume(&mut criterion, &runtime, disk);
    criterion.final_summary();
    // `cargo test` runs benchmarks as well, each once and without this argument.
    if args.iter().any(|arg| arg == "--bench") {
        compare(&runtime, &mut numbers);
    }
}
