//! What the SQLite repository costs with ten thousand and with a million assets.
//!
//! `cargo bench --bench store` builds both databases in a temporary directory first and says how long that took. A number
//! is the whole call through the port, from the caller's task to the connection's thread and back:
//!
//! - `insert`: one asset, one transaction, on disk when it returns (`synchronous=FULL`), with all indexes and the search;
//! - `read_by_id`: one asset of any age, converted; ids in random order;
//! - `page_of_20/*`: 20 assets, newest first, with the cursor: at the start, half way down, and of one owner;
//! - `search/*`: a page of 20 with a text filter: words that few assets have, that one in fifty has, and that nearly all
//!   have; in Latin and in two characters of Chinese.
//!
//! `LORE_BENCH_ASSETS=10000` takes other sizes, separated by commas.

use std::{
    env,
    hint::black_box,
    path::Path,
    time::{Duration, Instant},
};

use criterion::Criterion;
use lore::{
    Address, Asset, AssetId, AssetQuery, AssetText, AssetType, Cid, ContentHash, CreationId, Error,
    ErrorKind, Fingerprint, Media, Profile, Repository as _, Result, SqliteConfig, SqliteRepository,
    Timestamp,
};
use lore_core::{
    domain::asset::NewAsset,
    port::repository::{AssetRepository as _, ChangeSet},
};
use tempfile::TempDir;
use tokio::runtime::Runtime;

const SIZES: [u64; 2] = [10_000, 1_000_000];
/// Assets per commit while a database is built.
const BATCH: u64 = 1_000;
const OWNERS: u64 = 1_000;

/// Numbers that look random and are the same in every run (SplitMix64).
fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn bytes<const N: usize>(number: u64) -> [u8; N] {
    let mut bytes = [0; N];
    for (to, from) in bytes.iter_mut().rev().zip(number.to_be_bytes().into_iter().rev()) {
        *to = from;
    }
    bytes
}

fn asset_id(number: u64) -> AssetId {
    AssetId::from_bytes(bytes(number))
}

/// A word of 20,000; the first ones are common, as in a language.
fn word(random: u64) -> String {
    let rank = (random % 20_000) * (random / 20_000 % 20_000) / 20_000;
    let mut rest = mix(rank + 1);
    let letters = 3 + rest % 7;
    (0..letters)
        .map(|_| {
            rest = mix(rest);
            char::from(b'a' + u8::try_from(rest % 26).unwrap_or(0))
        })
        .collect()
}

/// A character of 3,000 common ones.
fn character(random: u64) -> char {
    let rank = (random % 3_000) * (random / 3_000 % 3_000) / 3_000;
    u32::try_from(0x4e00 + rank).ok().and_then(char::from_u32).unwrap_or('一')
}

/// About 180 characters of text, a sixth of them Chinese, and three tags.
fn asset(number: u64) -> Result<Asset> {
    let mut seed = mix(number);
    let mut random = || {
        seed = mix(seed);
        seed
    };
    let mut title = format!("{} {} of the {}", word(random()), word(random()), word(random()));
    title.extend((0..6).map(|_| character(random())));
    let mut description: Vec<String> = (0..18).map(|_| word(random())).collect();
    description.push((0..20).map(|_| character(random())).collect());
    if number.is_multiple_of(50) {
        description.push("nocturne 月光".to_owned());
    }
    if number.is_multiple_of(1_000) {
        description.push("zanzibar 龘靐".to_owned());
    }
    let mut text = AssetText::new(title, description.join(" "));
    text.tags = (0..3).map(|_| word(random())).collect();
    let fingerprint = Fingerprint::new(
        Cid::raw(bytes(number)),
        ContentHash::from_bytes(bytes(number)),
        1_000_000,
        Profile::UnixFsV1_2025,
    );
    let kinds = AssetType::ALL;
    Ok(Asset::new(NewAsset {
        id: asset_id(number),
        creation: CreationId::from_bytes(bytes(number)),
        owner: Address::from_bytes(bytes(mix(number) % OWNERS)),
        asset_type: kinds
            .into_iter()
            .cycle()
            .nth(usize::try_from(number % 7).unwrap_or(0))
            .unwrap_or(kinds[0]),
        text,
        media: Media::new(fingerprint, "image/png".parse()?, Some("work.png".to_owned())),
        at: Timestamp::EPOCH.saturating_add(Duration::from_secs(1_767_225_600 + number)),
    }))
}

async fn insert(repository: &SqliteRepository, assets: Vec<Asset>) -> Result<()> {
    repository.commit(ChangeSet { insert_assets: assets, ..ChangeSet::default() }).await
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures the machine's time")]
fn now() -> Instant {
    Instant::now()
}

/// Builds a database of `size` assets.
async fn build(file: &Path, size: u64) -> Result<SqliteRepository> {
    let start = now();
    let repository = SqliteRepository::connect(SqliteConfig::new(file).with_cache_bytes(64 << 20)).await?;
    let mut number = 0;
    while number < size {
        let batch = (number..size.min(number + BATCH)).map(asset).collect::<Result<_>>()?;
        insert(&repository, batch).await?;
        number += BATCH;
    }
    repository.close().await?;
    let megabytes = std::fs::metadata(file).map_or(0, |data| data.len() >> 20);
    println!("built {size} assets in {:.1} s, {megabytes} MiB", start.elapsed().as_secs_f64());
    // The numbers are those of the default settings.
    SqliteRepository::connect(SqliteConfig::new(file)).await
}

fn query(change: impl FnOnce(&mut AssetQuery)) -> AssetQuery {
    let mut query = AssetQuery::default();
    change(&mut query);
    query
}

fn search(text: &str) -> AssetQuery {
    query(|query| query.text = Some(text.to_owned()))
}

/// The lists to measure, each with how many assets its page must have.
fn lists(size: u64, middle: &Asset) -> Result<Vec<(&'static str, AssetQuery, usize)>> {
    let few = usize::try_from(size / 1_000).unwrap_or(20).min(20);
    let first = AssetQuery::default();
    let deep = query(|query| query.cursor = first.cursor_after(middle).ok());
    let of_owner = query(|query| query.owner = Some(Address::from_bytes(bytes(7))));
    let owned = usize::from(size >= 100_000) * 20;
    Ok(vec![
        ("page_of_20/first", first, 20),
        ("page_of_20/half_way_down", deep, 20),
        ("page_of_20/of_one_owner", of_owner, owned),
        ("search/rare_word", search("zanzibar"), few),
        ("search/word_of_one_in_50", search("nocturne"), 20),
        ("search/word_of_all", search("the"), 20),
        ("search/two_rare_characters", search("龘靐"), few),
        ("search/two_characters_of_one_in_50", search("月光"), 20),
        ("search/one_common_character", search("一"), 20),
        ("search/two_words_and_two_characters", search("nocturne the 月光"), 20),
        ("search/nothing", search("qqqqqqqq"), 0),
    ])
}

fn measure(
    criterion: &mut Criterion,
    runtime: &Runtime,
    repository: &SqliteRepository,
    size: u64,
) -> Result<()> {
    let mut group = criterion.benchmark_group(format!("{size}"));
    group.sample_size(30).measurement_time(Duration::from_secs(4)).warm_up_time(Duration::from_secs(1));

    let middle = runtime.block_on(repository.asset(&asset_id(size / 2)))?.unwrap_or(asset(size / 2)?);
    let mut random = 1;
    group.bench_function("read_by_id", |bencher| {
        bencher.to_async(runtime).iter(|| {
            random = mix(random);
            let id = asset_id(random % size);
            async move { assert!(black_box(repository.asset(&id).await).is_ok_and(|found| found.is_some())) }
        });
    });
    for (name, query, expected) in lists(size, &middle)? {
        let found = runtime.block_on(repository.list_assets(&query))?.items.len();
        assert!(found >= expected, "{name}: {found} of {expected}");
        group.bench_function(name, |bencher| {
            bencher.to_async(runtime).iter(|| async { black_box(repository.list_assets(&query).await) });
        });
    }
    let mut next = size;
    group.bench_function("insert", |bencher| {
        bencher.to_async(runtime).iter_batched(
            || {
                next += 1;
                asset(next)
            },
            async |asset| insert(repository, vec![asset?]).await,
            criterion::BatchSize::SmallInput,
        );
    });
    assert!(runtime.block_on(repository.asset(&asset_id(next)))?.is_some());
    group.finish();
    Ok(())
}

fn main() -> Result<()> {
    let mut criterion = Criterion::default().configure_from_args();
    let trial = env::args().any(|argument| argument == "--test");
    let sizes: Vec<u64> = match env::var("LORE_BENCH_ASSETS") {
        Ok(sizes) => sizes.split(',').filter_map(|size| size.trim().parse().ok()).collect(),
        Err(_) if trial => vec![2_000],
        Err(_) => SIZES.to_vec(),
    };
    let runtime =
        Runtime::new().map_err(|err| Error::new(ErrorKind::Unavailable, "no runtime").with_source(err))?;
    for size in sizes {
        let directory = TempDir::new()
            .map_err(|err| Error::new(ErrorKind::Unavailable, "no temporary directory").with_source(err))?;
        let repository = runtime.block_on(build(&directory.path().join("lore.db"), size))?;
        measure(&mut criterion, &runtime, &repository, size)?;
        runtime.block_on(repository.close())?;
    }
    criterion.final_summary();
    Ok(())
}
