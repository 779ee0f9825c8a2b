//! Speed and memory of content: hashing, cutting into blocks, pinning.
//!
//! What each number includes (64 MiB of random bytes, in memory unless said otherwise):
//!
//! | name | includes |
//! |---|---|
//! | `sha2/once` | SHA-256 of the bytes by `sha2` alone, fed in pieces of 1 MiB |
//! | `sha2/twice` | the same two times: the least a CID and a content hash can cost on one thread, since each byte is hashed for the file and for its block |
//! | `importer/PROFILE` | `Importer`: both hashes, cutting, encoding, the tree; blocks are dropped |
//! | `stream/bytes` | `fingerprint` of `BytesContent`: the importer behind the async reader, one copy more |
//! | `stream/file` | `fingerprint` of a `FileContent`: reading from the page cache included |
//! | `blocks/pin` | `BlockStore::pin` of a file into an empty store: reading, both hashes (two threads), 64 block files and a root written and synced, the pin recorded |
//! | `blocks/pin_again` | the same content again: a look-up and a sync of its directory |
//! | `blocks/pin_1_KiB` | `BlockStore::pin` of one small block: what a metadata document costs, three syncs among it |
//! | `blocks/fetch` | reading 64 MiB back, every block verified |
//!
//! After the timings the importer is compared with `sha2/twice` in turns, and a child process fingerprints and pins a sparse
//! file of 4 GiB; its peak resident memory must stay under 64 MiB.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot prepare its data must stop")]

use std::{
    env, fs, io,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use criterion::{BatchSize, Criterion, Throughput};
use lore::{
    BlockStore, BlockStoreConfig, BytesContent, Clock as _, Content, ContentHash, FileContent, Fingerprint,
    PinStore as _, Profile, SystemClock,
    unixfs::{Importer, fingerprint, fingerprint_bytes},
};
use lore_core::port::pins::PinRequest;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use tokio::runtime::Runtime;

const MIB: usize = 1024 * 1024;
const SIZE: usize = 64 * MIB;
const PROFILE: Profile = Profile::UnixFsV1_2025;
/// Tells this program that it is the child whose memory is measured.
const MEMORY: &str = "--measure-memory-in";
const MEMORY_FILE_BYTES: u64 = 4 * 1024 * MIB as u64;
const MEMORY_LIMIT_KIB: u64 = 64 * 1024;

fn random_bytes(size: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(size + 32);
    for n in 0_u64.. {
        if bytes.len() >= size {
            break;
        }
        bytes.extend_from_slice(ContentHash::of(&n.to_be_bytes()).as_bytes());
    }
    bytes.truncate(size);
    bytes
}

fn sha2_alone(bytes: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for piece in bytes.chunks(MIB) {
        hash.update(piece);
    }
    hash.finalize().into()
}

fn import(profile: Profile, bytes: &[u8]) -> Fingerprint {
    let mut importer = Importer::new(profile);
    for piece in bytes.chunks(MIB) {
        importer.update(piece, &mut ()).unwrap();
    }
    importer.finish(&mut ()).unwrap()
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap()
}

fn hashing(criterion: &mut Criterion, bytes: &[u8]) {
    let mut group = criterion.benchmark_group("sha2");
    group.throughput(Throughput::Bytes(SIZE as u64)).sample_size(10);
    group.bench_function("once", |bencher| bencher.iter(|| sha2_alone(bytes)));
    group.bench_function("twice", |bencher| bencher.iter(|| (sha2_alone(bytes), sha2_alone(bytes))));
    group.finish();

    let mut group = criterion.benchmark_group("importer");
    group.throughput(Throughput::Bytes(SIZE as u64)).sample_size(10);
    for profile in Profile::ALL {
        assert_eq!(import(profile, bytes).sha256, ContentHash::from_bytes(sha2_alone(bytes)));
        group.bench_function(profile.as_str(), |bencher| bencher.iter(|| import(profile, bytes)));
    }
    group.finish();
}

fn streaming(criterion: &mut Criterion, bytes: &[u8], path: &Path) {
    let runtime = runtime();
    let expected = fingerprint_bytes(PROFILE, bytes).unwrap();
    let file = runtime.block_on(FileContent::describe(path)).unwrap();
    let contents: [(&str, Box<dyn Content>); 2] =
        [("bytes", Box::new(BytesContent::new(bytes.to_vec()))), ("file", Box::new(file))];
    let mut group = criterion.benchmark_group("stream");
    group.throughput(Throughput::Bytes(SIZE as u64)).sample_size(10);
    for (name, content) in &contents {
        assert_eq!(runtime.block_on(fingerprint(PROFILE, content.as_ref())).unwrap(), expected);
        group.bench_function(*name, |bencher| {
            bencher.to_async(&runtime).iter(|| fingerprint(PROFILE, content.as_ref()));
        });
    }
    group.finish();
}

async fn empty_store() -> (TempDir, BlockStore) {
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let store = BlockStore::open(BlockStoreConfig::new(directory.path())).await.unwrap();
    (directory, store)
}

async fn pin(store: &BlockStore, content: &dyn Content, expected: &Fingerprint) -> bool {
    store.pin(PinRequest::new(content, expected, "bench")).await.unwrap().uploaded
}

fn pinning(criterion: &mut Criterion, bytes: &[u8], path: &Path) {
    let runtime = runtime();
    let file = runtime.block_on(FileContent::describe(path)).unwrap();
    let expected = fingerprint_bytes(PROFILE, bytes).unwrap();
    let mut group = criterion.benchmark_group("blocks");
    group.throughput(Throughput::Bytes(SIZE as u64)).sample_size(10);
    group.bench_function("pin", |bencher| {
        bencher.to_async(&runtime).iter_custom(async |iterations| {
            let mut spent = Duration::ZERO;
            for _ in 0..iterations {
                // Making and removing the directory does not count.
                let (_directory, store) = empty_store().await;
                let start = SystemClock.monotonic();
                assert!(pin(&store, &file, &expected).await);
                spent += SystemClock.monotonic() - start;
            }
            spent
        });
    });
    let (_directory, store) = runtime.block_on(empty_store());
    runtime.block_on(pin(&store, &file, &expected));
    group.bench_function("fetch", |bencher| {
        bencher.to_async(&runtime).iter(async || {
            let (mut reader, mut buffer) = (store.fetch(&expected.cid).await.unwrap(), vec![0; MIB]);
            let mut total = 0;
            loop {
                match reader.read(&mut buffer).await.unwrap() {
                    0 => break,
                    count => total += count,
                }
            }
            assert_eq!(total, SIZE);
        });
    });
    group.finish();

    let mut group = criterion.benchmark_group("blocks");
    group.sample_size(20);
    group.bench_function("pin_again", |bencher| {
        bencher.to_async(&runtime).iter(async || assert!(!pin(&store, &file, &expected).await));
    });
    let mut number = 0_u64;
    group.bench_function("pin_1_KiB", |bencher| {
        bencher.to_async(&runtime).iter_batched(
            || {
                number += 1;
                let small = number.to_be_bytes().repeat(128);
                let expected = fingerprint_bytes(PROFILE, &small).unwrap();
                (BytesContent::new(small), expected)
            },
            async |(content, expected)| assert!(pin(&store, &content, &expected).await),
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

/// The importer against twice the hash, in turns, so that a busy machine slows both alike.
fn compare(bytes: &[u8]) {
    let time = |work: &dyn Fn()| {
        let start = SystemClock.monotonic();
        work();
        (SystemClock.monotonic() - start).as_secs_f64()
    };
    for profile in Profile::ALL {
        let mut ratios: Vec<f64> = (0..15)
            .map(|_| {
                let twice = time(&|| {
                    std::hint::black_box((sha2_alone(bytes), sha2_alone(bytes)));
                });
                let imported = time(&|| {
                    std::hint::black_box(import(profile, bytes));
                });
                imported / twice
            })
            .collect();
        ratios.sort_by(f64::total_cmp);
        let median = ratios.get(ratios.len() / 2).copied().unwrap_or_default();
        println!(
            "importer/{:<16} {:+.1} % against sha2/twice (median of 15)",
            profile.as_str(),
            (median - 1.0) * 100.0
        );
    }
}

/// The most memory that this process ever had resident, in KiB. Only Linux says.
fn peak_resident_kib() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// What the child does: fingerprints and pins a large file, and says how much memory it had at most.
fn measure_memory(directory: &Path) {
    let path = directory.join("sparse");
    fs::File::create(&path).unwrap().set_len(MEMORY_FILE_BYTES).unwrap();
    let report = |what: &str, start: Duration| {
        let seconds = (SystemClock.monotonic() - start).as_secs_f64();
        let peak = peak_resident_kib().map_or("unknown".to_owned(), |peak| peak.to_string());
        println!("memory: {what} 4 GiB in {seconds:.1} s, peak resident KiB {peak}");
    };
    runtime().block_on(async {
        let file = FileContent::describe(&path).await.unwrap();
        let start = SystemClock.monotonic();
        let expected = fingerprint(PROFILE, &file).await.unwrap();
        report("fingerprint of", start);
        let store = BlockStore::open(BlockStoreConfig::new(directory.join("store"))).await.unwrap();
        let start = SystemClock.monotonic();
        assert!(pin(&store, &file, &expected).await);
        report("then pin of", start);
    });
}

fn memory() {
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let child = Command::new(env::current_exe().unwrap())
        .arg(MEMORY)
        .arg(directory.path())
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(child.status.success(), "the child failed; see its error above");
    let said = String::from_utf8(child.stdout).unwrap();
    print!("{said}");
    let peaks: Vec<u64> = said.lines().filter_map(|line| line.rsplit(' ').next()?.parse().ok()).collect();
    assert!(cfg!(not(target_os = "linux")) || peaks.len() == 2, "no reading");
    assert!(peaks.iter().all(|peak| *peak < MEMORY_LIMIT_KIB), "over {MEMORY_LIMIT_KIB} KiB");
}

fn main() -> io::Result<()> {
    let args: Vec<String> = env::args().collect();
    if let [_, flag, directory] = args.as_slice()
        && flag == MEMORY
    {
        measure_memory(Path::new(directory));
        return Ok(());
    }
    let bytes = random_bytes(SIZE);
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let path = directory.path().join("media");
    fs::write(&path, &bytes)?;
    let mut criterion = Criterion::default().configure_from_args();
    hashing(&mut criterion, &bytes);
    streaming(&mut criterion, &bytes, &path);
    pinning(&mut criterion, &bytes, &path);
    criterion.final_summary();
    // `cargo test` runs benchmarks as well, each once and without this argument.
    if args.iter().any(|arg| arg == "--bench") {
        compare(&bytes);
        memory();
    }
    Ok(())
}
