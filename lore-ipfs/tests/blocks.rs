//! What only the block store promises: one copy of every block, garbage collection, damage, layouts, shared directories.
#![expect(clippy::unwrap_used, reason = "a test that cannot prepare its directory must stop")]

use std::{
    fs,
    path::{Path, PathBuf},
    task::Poll,
};

use async_trait::async_trait;
use futures_util::future::{join, join_all};
use lore_core::{
    Cid, Content, ContentHash, Error, ErrorKind, Result, Retry,
    content::{
        BytesContent, ContentReader, read_all,
        unixfs::{Fingerprint, Profile, fingerprint_bytes},
    },
    port::pins::{PinRequest, PinStore as _, Pinned},
};
use lore_ipfs::blocks::{BlockStore, BlockStoreConfig};
use tempfile::TempDir;

const PROFILE: Profile = Profile::Pinata;
const CHUNK: usize = 262_144;

struct Sample {
    content: BytesContent,
    expected: Fingerprint,
}

impl Sample {
    fn new(bytes: Vec<u8>) -> Self {
        let expected = fingerprint_bytes(PROFILE, &bytes).unwrap();
        Self { content: BytesContent::new(bytes), expected }
    }

    /// Bytes in which no two blocks are equal, and that differ from those of other seeds.
    fn seeded(seed: u32, size: usize) -> Self {
        Self::new(bytes(seed, size))
    }

    async fn pin(&self, store: &BlockStore) -> Result<Pinned> {
        store.pin(PinRequest::new(&self.content, &self.expected, "sample")).await
    }

    async fn fetch(&self, store: &BlockStore) -> Result<Vec<u8>> {
        read_all(store.fetch(&self.expected.cid).await?.as_mut(), 100_000_000).await
    }

    async fn assert_kept(&self, store: &BlockStore) {
        assert!(self.fetch(store).await.unwrap() == self.content.as_slice());
    }
}

fn bytes(seed: u32, size: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(size + 32);
    for n in 0_u32.. {
        if bytes.len() >= size {
            break;
        }
        bytes.extend_from_slice(ContentHash::of(format!("{seed} {n}").as_bytes()).as_bytes());
    }
    bytes.truncate(size);
    bytes
}

async fn open(directory: &TempDir) -> BlockStore {
    BlockStore::open(BlockStoreConfig::new(directory.path()).with_profile(PROFILE)).await.unwrap()
}

async fn fresh() -> (TempDir, BlockStore) {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&directory).await;
    (directory, store)
}

fn files_under(path: &Path) -> Vec<PathBuf> {
    let mut found = vec![];
    for entry in fs::read_dir(path).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files_under(&path)) } else { found.push(path) }
    }
    found
}

fn block_file(store: &BlockStore, cid: &Cid) -> PathBuf {
    let name = cid.to_string();
    let found = files_under(&store.path().join("blocks")).into_iter().find(|path| path.ends_with(&name));
    found.unwrap()
}

/// Content whose reader never answers.
#[derive(Debug)]
struct Stalled(u64);

#[async_trait]
impl Content for Stalled {
    fn size_bytes(&self) -> u64 {
        self.0
    }

    async fn open(&self, _: u64) -> Result<Box<dyn ContentReader>> {
        std::future::pending().await
    }
}

/// Runs `body` while a pin that holds the directory makes no progress.
async fn while_pinning<T>(store: &BlockStore, body: impl Future<Output = T>) -> T {
    let sample = Sample::seeded(99, 1_000);
    let content = Stalled(1_000);
    let mut pin = Box::pin(store.pin(PinRequest::new(&content, &sample.expected, "stalled")));
    // The pin has its lock as soon as a second directory handle cannot be alone.
    let lock = fs::File::options().write(true).open(store.path().join("lock")).unwrap();
    while lock.try_lock().is_ok() {
        lock.unlock().unwrap();
        assert!(futures_util::poll!(&mut pin).is_pending());
        tokio::task::yield_now().await;
    }
    let out = body.await;
    drop(pin);
    out
}

#[tokio::test]
async fn what_was_pinned_is_there_when_the_store_is_opened_again() {
    let (directory, store) = fresh().await;
    let sample = Sample::seeded(1, 3 * CHUNK + 1);
    assert!(sample.pin(&store).await.unwrap().uploaded);
    drop(store);
    let store = open(&directory).await;
    sample.assert_kept(&store).await;
    assert!(!sample.pin(&store).await.unwrap().uploaded);
    assert_eq!(store.stats().await.unwrap().uploads, 0);
}

#[tokio::test]
async fn a_block_is_stored_once_and_never_written_again() {
    let (_directory, store) = fresh().await;
    // Two equal blocks and one other; then a file that shares the first.
    let (shared, other) = (bytes(1, CHUNK), bytes(2, CHUNK));
    let first = Sample::new([shared.clone(), shared.clone(), other].concat());
    let second = Sample::new([shared, b"the end".to_vec()].concat());
    first.pin(&store).await.unwrap();
    let stats = store.stats().await.unwrap();
    assert_eq!((stats.pins, stats.blocks, stats.blocks_written), (1, 3, 3), "two leaves and a root");
    second.pin(&store).await.unwrap();
    let stats = store.stats().await.unwrap();
    assert_eq!((stats.pins, stats.blocks, stats.blocks_written), (2, 5, 5), "one leaf more and a root");
    // The blocks of unpinned content serve the next pin of it.
    store.unpin(&first.expected.cid).await.unwrap();
    assert!(first.pin(&store).await.unwrap().uploaded);
    let stats = store.stats().await.unwrap();
    assert_eq!((stats.pins, stats.blocks, stats.blocks_written, stats.uploads), (2, 5, 5, 3));
    assert_eq!(
        stats.bytes,
        files_under(&store.path().join("blocks")).iter().map(|f| f.metadata().unwrap().len()).sum::<u64>()
    );
    assert!(files_under(&store.path().join("temp")).is_empty());
}

#[tokio::test]
async fn both_forms_of_a_cid_name_the_same_blocks() {
    let directory = tempfile::tempdir().unwrap();
    let config = BlockStoreConfig::new(directory.path()).with_profile(Profile::UnixFsV0_2015);
    let store = BlockStore::open(config).await.unwrap();
    let content = BytesContent::new(bytes(1, 1_000));
    let expected = fingerprint_bytes(Profile::UnixFsV0_2015, content.as_slice()).unwrap();
    store.pin(PinRequest::new(&content, &expected, "old")).await.unwrap();
    let new_form = Cid::dag_pb(expected.cid.digest());
    for cid in [expected.cid, new_form] {
        assert_eq!(store.find(&cid).await.unwrap(), Some(Pinned::new(cid, false)));
        let found = read_all(store.fetch(&cid).await.unwrap().as_mut(), 2_000).await.unwrap();
        assert!(found == content.as_slice());
    }
    store.unpin(&new_form).await.unwrap();
    assert_eq!(store.find(&expected.cid).await.unwrap(), None);
}

#[tokio::test]
async fn garbage_is_what_no_pin_reaches() {
    let (_directory, store) = fresh().await;
    let shared = bytes(1, 2 * CHUNK);
    let gone = Sample::new([shared.clone(), bytes(2, CHUNK)].concat());
    let kept = Sample::new([shared, bytes(3, 10)].concat());
    let small = Sample::seeded(4, 100);
    for sample in [&gone, &kept, &small] {
        sample.pin(&store).await.unwrap();
    }
    // Not a block, so not garbage either.
    let foreign = store.path().join("blocks/a/README");
    fs::write(&foreign, "not a block").unwrap();
    assert_eq!(store.collect_garbage().await.unwrap().blocks_removed, 0);
    store.unpin(&gone.expected.cid).await.unwrap();
    let report = store.collect_garbage().await.unwrap();
    assert_eq!((report.blocks_removed, report.blocks_kept), (2, 5), "a root and the leaf that nobody shares");
    assert!(report.bytes_removed > CHUNK as u64);
    kept.assert_kept(&store).await;
    small.assert_kept(&store).await;
    assert_eq!(gone.fetch(&store).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert!(foreign.exists());
    assert_eq!(store.collect_garbage().await.unwrap().blocks_removed, 0);
    assert!(gone.pin(&store).await.unwrap().uploaded);
    gone.assert_kept(&store).await;
}

#[tokio::test]
async fn garbage_is_not_collected_while_content_is_pinned() {
    let (directory, store) = fresh().await;
    let other = open(&directory).await;
    while_pinning(&store, async {
        for store in [&store, &other] {
            let error = store.collect_garbage().await.unwrap_err();
            assert_eq!((error.kind(), error.retry()), (ErrorKind::Unavailable, Retry::After(None)));
        }
    })
    .await;
    store.collect_garbage().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn garbage_collection_never_takes_a_block_from_a_pin() {
    let (directory, store) = fresh().await;
    // Two stores on one directory are what two processes are: they share nothing but files.
    let other = open(&directory).await;
    let samples: Vec<Sample> =
        (0..6).map(|n| Sample::new([bytes(n / 2, CHUNK), bytes(100 + n, 5_000)].concat())).collect();
    let churn = async |store: &BlockStore, samples: &[Sample]| {
        for round in 0..12 {
            for (at, sample) in samples.iter().enumerate() {
                sample.pin(store).await.unwrap();
                sample.assert_kept(store).await;
                if (round + at) % 2 == 0 {
                    store.unpin(&sample.expected.cid).await.unwrap();
                }
            }
        }
    };
    let collect = async {
        let mut collected = 0;
        for _ in 0..200 {
            match other.collect_garbage().await {
                Ok(report) => collected += report.blocks_removed,
                Err(err) => assert_eq!(err.kind(), ErrorKind::Unavailable),
            }
            tokio::task::yield_now().await;
        }
        collected
    };
    let pins = join(churn(&store, &samples[..3]), churn(&other, &samples[3..]));
    join(pins, collect).await;
    other.collect_garbage().await.unwrap();
    for sample in &samples {
        if store.find(&sample.expected.cid).await.unwrap().is_some() {
            sample.assert_kept(&store).await;
        }
    }
    let stats = store.stats().await.unwrap();
    assert_eq!(stats.pins, 4, "the middle one of each three was unpinned last");
    assert_eq!(stats.blocks, 4 + 4 + 3, "roots, ends, and the beginnings that they share");
}

#[tokio::test]
async fn two_stores_on_one_directory_upload_once() {
    let (directory, store) = fresh().await;
    let other = open(&directory).await;
    for seed in 0..20 {
        let sample = Sample::seeded(seed, CHUNK + 1);
        let (left, right) = join(sample.pin(&store), sample.pin(&other)).await;
        assert!(left.unwrap().uploaded != right.unwrap().uploaded, "exactly one makes the pin");
        sample.assert_kept(&store).await;
        sample.assert_kept(&other).await;
    }
    let stats = [store.stats().await.unwrap(), other.stats().await.unwrap()];
    assert_eq!(stats[0].uploads + stats[1].uploads, 20);
    assert_eq!(stats[0].blocks, 60);
}

#[tokio::test]
async fn a_damaged_block_is_named_and_no_byte_of_it_is_given() {
    let (_directory, store) = fresh().await;
    let sample = Sample::seeded(1, 2 * CHUNK);
    sample.pin(&store).await.unwrap();
    let second_leaf = Cid::raw(*ContentHash::of(&sample.content.as_slice()[CHUNK..]).as_bytes());
    let path = block_file(&store, &second_leaf);
    let whole = fs::read(&path).unwrap();
    let mut flipped = whole.clone();
    flipped[CHUNK - 1] ^= 1;
    for damage in [Some(flipped), Some(whole[..100].to_vec()), Some(vec![]), None] {
        match damage {
            Some(bytes) => fs::write(&path, bytes).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
        let mut reader = store.fetch(&sample.expected.cid).await.unwrap();
        let mut first = vec![0; CHUNK];
        let mut filled = 0;
        while filled < CHUNK {
            filled += reader.read(&mut first[filled..]).await.unwrap();
        }
        assert!(first == sample.content.as_slice()[..CHUNK]);
        for _ in 0..2 {
            let error = reader.read(&mut first).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::IntegrityMismatch);
            assert!(error.to_string().contains(&second_leaf.to_string()), "{error}");
        }
        // Unpinned and pinned again, the content is whole: damaged blocks are not taken for the real ones.
        store.unpin(&sample.expected.cid).await.unwrap();
        sample.pin(&store).await.unwrap();
        sample.assert_kept(&store).await;
    }
}

#[tokio::test]
async fn a_missing_root_of_a_pin_is_damage() {
    let (_directory, store) = fresh().await;
    let sample = Sample::seeded(1, 2 * CHUNK);
    sample.pin(&store).await.unwrap();
    fs::remove_file(block_file(&store, &sample.expected.cid)).unwrap();
    let error = sample.fetch(&store).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::IntegrityMismatch);
    assert!(error.to_string().contains(&sample.expected.cid.to_string()), "{error}");
}

#[tokio::test]
async fn garbage_collection_removes_nothing_if_a_pin_is_damaged() {
    let (_directory, store) = fresh().await;
    let (damaged, gone) = (Sample::seeded(1, 2 * CHUNK), Sample::seeded(2, 2 * CHUNK));
    damaged.pin(&store).await.unwrap();
    gone.pin(&store).await.unwrap();
    store.unpin(&gone.expected.cid).await.unwrap();
    let root = block_file(&store, &damaged.expected.cid);
    let mut bytes = fs::read(&root).unwrap();
    // Another link in a node that still decodes: following it would lead to other blocks.
    bytes[20] ^= 1;
    fs::write(&root, bytes).unwrap();
    let before = store.stats().await.unwrap().blocks;
    let error = store.collect_garbage().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::IntegrityMismatch);
    assert!(error.to_string().contains(&damaged.expected.cid.to_string()), "{error}");
    assert_eq!(store.stats().await.unwrap().blocks, before);
    store.unpin(&damaged.expected.cid).await.unwrap();
    assert_eq!(store.collect_garbage().await.unwrap().blocks_removed, before);
}

#[tokio::test]
async fn refused_content_leaves_no_block() {
    let (_directory, store) = fresh().await;
    let (wanted, other) = (Sample::seeded(1, 3 * CHUNK), Sample::seeded(2, 3 * CHUNK));
    let result = store.pin(PinRequest::new(&other.content, &wanted.expected, "wrong")).await;
    assert_eq!(result.unwrap_err().kind(), ErrorKind::IntegrityMismatch);
    assert!(files_under(&store.path().join("blocks")).is_empty());
    assert!(files_under(&store.path().join("temp")).is_empty());
}

#[tokio::test]
async fn what_a_killed_process_left_half_written_goes_when_nobody_pins() {
    let (directory, store) = fresh().await;
    let left = store.path().join("temp/1-0");
    fs::write(&left, "half a block").unwrap();
    while_pinning(&store, async {
        open(&directory).await;
        assert!(left.exists(), "it might be what the other one is writing");
    })
    .await;
    open(&directory).await;
    assert!(!left.exists());
}

#[tokio::test]
async fn a_pin_dropped_at_any_point_leaves_all_or_nothing() {
    let (_directory, store) = fresh().await;
    for polls in 0..40 {
        let sample = Sample::seeded(1_000 + polls, CHUNK + 100);
        let mut pin = Box::pin(sample.pin(&store));
        for _ in 0..polls {
            if let Poll::Ready(result) = futures_util::poll!(&mut pin) {
                result.unwrap();
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(pin);
        if store.find(&sample.expected.cid).await.unwrap().is_some() {
            sample.assert_kept(&store).await;
        }
        sample.pin(&store).await.unwrap();
        sample.assert_kept(&store).await;
    }
}

#[tokio::test]
async fn many_pins_at_once_are_kept() {
    let (_directory, store) = fresh().await;
    let samples: Vec<Sample> = (0..32).map(|seed| Sample::seeded(seed, 1_000 * seed as usize)).collect();
    let results = join_all(samples.iter().map(|sample| sample.pin(&store))).await;
    assert!(results.into_iter().all(|result| result.unwrap().uploaded));
    for sample in &samples {
        sample.assert_kept(&store).await;
    }
}

async fn refused(directory: &Path) -> Error {
    BlockStore::open(BlockStoreConfig::new(directory)).await.unwrap_err()
}

#[tokio::test]
async fn a_directory_of_a_newer_layout_is_refused_untouched() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("layout"), "lore-blocks 2\n").unwrap();
    let error = refused(directory.path()).await;
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.context().contains(&("found_layout", "2".to_owned())), "{error}");
    assert!(error.context().contains(&("supported_layout", "1".to_owned())), "{error}");
    assert_eq!(files_under(directory.path()).len(), 1);
}

#[tokio::test]
async fn a_directory_of_something_else_is_refused() {
    for layout in ["", "lore-blocks", "lore-blocks x", "lore-blocks 0", "other 1", "lore-blocks -1"] {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("layout"), layout).unwrap();
        assert_eq!(refused(directory.path()).await.kind(), ErrorKind::Config, "{layout:?}");
    }
}

#[tokio::test]
async fn a_path_that_cannot_be_a_directory_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "x").unwrap();
    let error = refused(&file.join("store")).await;
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().contains("file/store"), "{error}");
}

/// `/sys` takes new directories from nobody, not even from root.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_directory_that_cannot_be_written_is_refused() {
    let error = refused(Path::new("/sys/lore-blocks")).await;
    assert_eq!((error.kind(), error.retry()), (ErrorKind::PermissionDenied, Retry::Never), "{error:?}");
    assert!(error.to_string().contains("/sys/lore-blocks"), "{error}");
}
