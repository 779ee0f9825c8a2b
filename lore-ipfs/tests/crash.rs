//! Processes that pin, unpin and collect garbage in one directory are killed at random moments. Whatever they had
//! acknowledged is there and whole afterwards, and nothing is half pinned.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that cannot start its processes must stop")]

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead as _, BufReader, Write as _},
    os::unix::process::ExitStatusExt as _,
    path::Path,
    process::{Child, Command, Stdio},
};

use lore_core::{
    Cid, ContentHash, ErrorKind,
    content::{
        BytesContent, read_all,
        unixfs::{Profile, fingerprint_bytes},
    },
    port::pins::{PinRequest, PinStore as _},
};
use lore_ipfs::blocks::{BlockStore, BlockStoreConfig};

const DIRECTORY: &str = "LORE_CRASH_DIRECTORY";
const START: &str = "LORE_CRASH_START";
const PROFILE: Profile = Profile::Pinata;
const ROUNDS: u64 = 20;

fn number(seed: &str) -> u64 {
    let hash = ContentHash::of(seed.as_bytes());
    hash.as_bytes().iter().take(8).fold(0, |value, byte| value << 8 | u64::from(*byte))
}

/// Content number `n`: small, of two blocks, or of several. It ends in its number; what comes before is the same for both
/// children, so that they share the first blocks of the larger ones.
fn content(n: u64) -> Vec<u8> {
    let size = [300, 70_000, 262_152, 1_500_000].into_iter().nth(usize::try_from(n % 4).unwrap()).unwrap();
    let seed = ContentHash::of(format!("content {}", n % 1_000).as_bytes());
    let mut bytes = seed.as_bytes().repeat(size / 32 + 1);
    bytes.truncate(size - 8);
    bytes.extend_from_slice(&n.to_be_bytes());
    bytes
}

async fn open(directory: &Path) -> BlockStore {
    BlockStore::open(BlockStoreConfig::new(directory).with_profile(PROFILE)).await.unwrap()
}

/// What a child does until it is killed.
async fn pin_on_and_on(directory: &Path, start: u64) {
    let store = open(directory).await;
    for n in start.. {
        let content = BytesContent::new(content(n));
        let expected = fingerprint_bytes(PROFILE, content.as_slice()).unwrap();
        store.pin(PinRequest::new(&content, &expected, "crash")).await.unwrap();
        println!("\npinned {n} {}", expected.cid);
        std::io::stdout().flush().unwrap();
        if n % 5 == 0 {
            // Announced before, so that the parent does not expect it any more, whenever the kill comes.
            println!("\nunpinning {n} {}", expected.cid);
            std::io::stdout().flush().unwrap();
            store.unpin(&expected.cid).await.unwrap();
            match store.collect_garbage().await {
                Ok(_) => {}
                Err(err) => assert_eq!(err.kind(), ErrorKind::Unavailable, "{err:?}"),
            }
        }
    }
}

fn start_child(directory: &Path, start: u64) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child", "--ignored", "--nocapture", "--test-threads=1"])
        .env(DIRECTORY, directory)
        .env(START, start.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap()
}

/// What must be there: contents whose pin was acknowledged, and whose unpin was not announced since.
#[derive(Default)]
struct Told(BTreeMap<u64, Cid>);

impl Told {
    /// Returns whether the line says that something was pinned.
    fn hear(&mut self, line: &str) -> bool {
        let mut words = line.split(' ');
        let (verb, n, cid) = (words.next(), words.next(), words.next());
        // A line that was cut off by the kill does not end in a whole CID.
        let (Some(Ok(n)), Some(Ok(cid))) = (n.map(str::parse), cid.map(str::parse)) else { return false };
        match verb {
            Some("pinned") => {
                self.0.insert(n, cid);
                true
            }
            Some("unpinning") => {
                self.0.remove(&n);
                false
            }
            _ => false,
        }
    }
}

/// Runs two children at once until both have pinned a few and a random number of instructions more have passed.
fn run_and_kill(directory: &Path, round: u64, told: &mut Told) {
    // Every second round begins again at the same contents, so that a cut-off pin is met by the next one.
    let starts = [round / 2 * 7, 1_000 + round / 2 * 7];
    let mut children = starts.map(|start| start_child(directory, start));
    let mut said = vec![];
    for child in &mut children {
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut heard = 0;
        while heard < 1 + number(&format!("pins {round} {}", said.len())) % 6 {
            let Some(Ok(line)) = lines.next() else {
                unreachable!("the child ended by itself; see its error above")
            };
            heard += u64::from(told.hear(&line));
        }
        said.push(lines);
    }
    for (child, lines) in children.iter_mut().zip(said) {
        for _ in 0..number(&format!("pause {round} {}", child.id())) % 3_000_000 {
            std::hint::spin_loop();
        }
        child.kill().unwrap();
        // What was said before the kill counts.
        for line in lines.map_while(std::io::Result::ok) {
            told.hear(&line);
        }
        assert_eq!(child.wait().unwrap().signal(), Some(9), "the child ended by itself; see its error above");
    }
}

fn pins_in(directory: &Path) -> Vec<Cid> {
    let shards = fs::read_dir(directory.join("pins")).unwrap();
    let files = shards.flat_map(|shard| fs::read_dir(shard.unwrap().path()).unwrap());
    files.map(|file| file.unwrap().file_name().to_str().unwrap().parse().unwrap()).collect()
}

async fn assert_consistent(directory: &Path, told: &Told) -> usize {
    let store = open(directory).await;
    assert_eq!(fs::read_dir(directory.join("temp")).unwrap().count(), 0, "half-written files stay");
    for (n, cid) in &told.0 {
        assert!(store.find(cid).await.unwrap().is_some(), "acknowledged pin {n} is lost");
        let found = read_all(store.fetch(cid).await.unwrap().as_mut(), 10_000_000).await.unwrap();
        assert!(found == content(*n), "acknowledged pin {n} has other bytes");
    }
    let pins = pins_in(directory);
    for cid in &pins {
        // Whole and verified, acknowledged or not.
        read_all(store.fetch(cid).await.unwrap().as_mut(), 10_000_000).await.unwrap();
    }
    assert!(pins.len() >= told.0.len());
    pins.len()
}

#[tokio::test]
async fn a_store_survives_kill_9_at_any_moment() {
    let directory = tempfile::tempdir().unwrap();
    let mut told = Told::default();
    for round in 0..ROUNDS {
        run_and_kill(directory.path(), round, &mut told);
        assert_consistent(directory.path(), &told).await;
    }
    let store = open(directory.path()).await;
    store.collect_garbage().await.unwrap();
    let pins = assert_consistent(directory.path(), &told).await;
    assert!(pins > 20, "the children hardly got to work: {pins}");
    println!(
        "killed {} processes; {} acknowledged pins, 0 lost; {pins} pins, 0 half",
        2 * ROUNDS,
        told.0.len()
    );
}

#[test]
#[ignore = "the process that the crash test starts and kills"]
fn child() {
    let (Ok(directory), Ok(start)) = (std::env::var(DIRECTORY), std::env::var(START)) else {
        return println!("skipped: only the crash test starts this, with a directory");
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    runtime.block_on(pin_on_and_on(Path::new(&directory), start.parse().unwrap()));
}
