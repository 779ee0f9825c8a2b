//! Random sequences of calls on SQLite and in memory, side by side: every answer is the same.
#![cfg(feature = "sqlite")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::{fmt::Debug, time::Duration};

use lore_core::{
    ErrorKind, Result, Retry,
    conformance::repository::fixtures::{
        address, append, asset_id, asset_with, at, cid, creation, creation_id, every_event, hash, holder_id,
        ip_id, recorded, registration,
    },
    creation::CreationStatus,
    domain::{
        asset::{Asset, AssetText, AssetType, MetadataRef, ParentLink, Relationship},
        page::{ArchiveFilter, AssetQuery, AssetSort, CreationQuery, SortOrder},
    },
    memory::repository::MemoryRepository,
    onchain::Share,
    port::repository::{ChangeSet, Lease, Repository},
};
use lore_store::sqlite::{SqliteConfig, SqliteRepository};
use proptest::prelude::{Just, Strategy, any, prop, prop_oneof, proptest};
use tempfile::TempDir;

/// A few ids, so that calls meet each other.
const IDS: u32 = 8;

/// An asset to be. Its version comes from what is stored.
#[derive(Clone, Debug)]
struct Sketch {
    id: u32,
    owner: u32,
    title: String,
    tag: Option<String>,
    kind: usize,
    ip: Option<u32>,
    document: Option<u32>,
    archived: bool,
    created: u64,
    wrong: bool,
}

impl Sketch {
    fn asset(&self) -> Result<Asset> {
        let mut text = AssetText::new(self.title.clone(), "of the night");
        text.tags = self.tag.iter().cloned().collect();
        let mut asset = asset_with(self.id, text)?;
        asset.owner = address(self.owner);
        asset.asset_type = AssetType::ALL[self.kind];
        asset.registration = self.ip.map(registration);
        asset.ipa_metadata = self.document.map(|number| MetadataRef::new(cid(number), hash(number)));
        asset.archived_at = self.archived.then(|| at(9));
        asset.created_at = at(self.created);
        Ok(asset)
    }
}

/// A call. One that is `wrong` names another version, generation or number than it should.
#[derive(Clone, Debug)]
enum Call {
    Save { assets: Vec<Sketch>, links: Vec<(u32, u32, u8)> },
    Delete { ids: Vec<u32>, wrong: bool },
    Append { id: u32, count: usize, status: usize, wrong: bool },
    Open { id: u32, key: u32, owner: u32 },
    Acquire { id: u32, holder: u32, now: u64 },
    Renew { id: u32, now: u64, wrong: bool },
    Release { id: u32, wrong: bool },
    List(Box<AssetQuery>),
    ListCreations { owner: Option<u32>, statuses: Vec<usize>, unleased_at: Option<u64>, limit: u32 },
    Read(u32),
    Needed { except: u32 },
}

fn sketch() -> impl Strategy<Value = Sketch> {
    let title = prop_oneof![
        "[a-c ]{1,4}",
        "[星空故事]{1,3}",
        Just("The \"NIGHT\" %_*".to_owned()),
        Just("É e\u{301} ΟΔΟΣ".to_owned())
    ];
    let tag = prop::option::of(prop_oneof!["[a-c]{1,2}", "[星空]{1,2}"]);
    let document = prop::option::of(1..IDS);
    let ip = prop_oneof![3 => Just(None), 4 => Just(Some(0)), 1 => (1..IDS).prop_map(Some)];
    (
        (1..IDS, 0..2_u32, title, tag, 0..AssetType::ALL.len()),
        (ip, document, prop::bool::weighted(0.2), 0..4_u64, wrong()),
    )
        .prop_map(|((id, owner, title, tag, kind), (ip, document, archived, created, wrong))| Sketch {
            id,
            owner,
            title,
            tag,
            kind,
            // Most have an IP of their own.
            ip: ip.map(|ip| if ip == 0 { id } else { ip }),
            document,
            archived,
            created,
            wrong,
        })
}

fn wrong() -> impl Strategy<Value = bool> {
    prop::bool::weighted(0.08)
}

fn asset_query() -> impl Strategy<Value = Call> {
    let text = prop::option::of(prop_oneof![
        "[a-cA-C]{1,3}",
        "[星空故事]{1,3}",
        "[a-c\"%_*' 星é]{1,4}",
        "οδο|NIGHT|E"
    ]);
    let sort = prop_oneof![Just(AssetSort::CreatedAt), Just(AssetSort::UpdatedAt), Just(AssetSort::Title)];
    let archived =
        prop_oneof![Just(ArchiveFilter::Active), Just(ArchiveFilter::Archived), Just(ArchiveFilter::Any)];
    let kind = prop::option::of(0..AssetType::ALL.len());
    (
        (text, sort, archived, any::<bool>()),
        (prop::option::of(0..2_u32), kind, any::<Option<bool>>(), 1..5_u32),
    )
        .prop_map(|((text, sort, archived, up), (owner, kind, registered, limit))| {
            let mut query = AssetQuery::default();
            (query.text, query.sort, query.archived) = (text, sort, archived);
            query.order = if up { SortOrder::Ascending } else { SortOrder::Descending };
            query.owner = owner.map(address);
            query.asset_type = kind.map(|kind| AssetType::ALL[kind]);
            (query.registered, query.limit) = (registered, limit);
            Call::List(Box::new(query))
        })
}

fn call() -> impl Strategy<Value = Call> {
    let statuses = prop::collection::vec(0..4_usize, 0..3);
    let links = prop::collection::vec((1..IDS, 1..IDS, 0..3_u8), 0..2);
    let ids = prop::collection::vec(1..IDS, 1..3);
    prop_oneof![
        6 => (prop::collection::vec(sketch(), 1..3), links)
            .prop_map(|(assets, links)| Call::Save { assets, links }),
        1 => (ids, wrong()).prop_map(|(ids, wrong)| Call::Delete { ids, wrong }),
        6 => asset_query(),
        2 => (1..IDS).prop_map(Call::Read),
        2 => (1..IDS, 1..9_u32, 0..2_u32).prop_map(|(id, key, owner)| Call::Open { id, key, owner }),
        3 => (1..IDS, 1..3_u32, 0..90_u64).prop_map(|(id, holder, now)| Call::Acquire { id, holder, now }),
        1 => (1..IDS, 0..90_u64, wrong()).prop_map(|(id, now, wrong)| Call::Renew { id, now, wrong }),
        1 => (1..IDS, wrong()).prop_map(|(id, wrong)| Call::Release { id, wrong }),
        4 => (1..IDS, 0..4_usize, 0..4_usize, wrong())
            .prop_map(|(id, count, status, wrong)| Call::Append { id, count, status, wrong }),
        1 => (prop::option::of(0..2_u32), statuses, prop::option::of(0..90_u64), 1..4_u32)
            .prop_map(|(owner, statuses, unleased_at, limit)| Call::ListCreations {
                owner, statuses, unleased_at, limit }),
        1 => (0..IDS).prop_map(|except| Call::Needed { except }),
    ]
}

/// The lease of a creation as it is, or another one.
async fn lease(repository: &dyn Repository, id: u32, wrong: bool) -> Result<Lease> {
    let stored = repository.creation(&creation_id(id)).await?.and_then(|record| record.lease);
    let stored = stored.unwrap_or(Lease::new(1, holder_id(1), at(0)));
    Ok(Lease::new(stored.generation + u64::from(wrong), stored.holder, stored.until))
}

/// The change set of a call that commits.
async fn change_set(repository: &dyn Repository, call: &Call) -> Result<Option<ChangeSet>> {
    let mut set = ChangeSet::default();
    match call {
        Call::Save { assets, links } => {
            for sketch in assets {
                let mut asset = sketch.asset()?;
                let stored = repository.asset(&asset.id).await?.map_or(0, |stored| stored.version);
                asset.version = stored + 1 + u64::from(sketch.wrong);
                if stored == 0 { set.insert_assets.push(asset) } else { set.update_assets.push(asset) }
            }
            let link = |(child, parent, position): &(u32, u32, u8)| {
                ParentLink::new(
                    asset_id(*child),
                    asset_id(*parent),
                    *position,
                    Relationship::Remix,
                    Share::FULL,
                )
            };
            set.put_links = links.iter().map(link).collect();
        }
        Call::Delete { ids, wrong } => {
            for id in ids {
                let stored = repository.asset(&asset_id(*id)).await?.map_or(1, |stored| stored.version);
                set.delete_assets.push((asset_id(*id), stored + u64::from(*wrong)));
            }
        }
        Call::Append { id, count, status, wrong } => {
            let stored = repository.events(&creation_id(*id)).await?.len() as u64;
            let events = every_event().into_iter().cycle().skip(*count).take(*count);
            let lease = lease(repository, *id, *wrong && *count % 2 == 0).await?;
            set = append(*id, &lease, recorded(stored + 1 + u64::from(*wrong), events));
            set.journal.iter_mut().for_each(|journal| journal.status = CreationStatus::ALL[*status]);
        }
        _ => return Ok(None),
    }
    Ok(Some(set))
}

/// An answer for comparing: the value, or what the caller can tell of the error.
type Answer = std::result::Result<String, (ErrorKind, Retry)>;

fn answer<T: Debug>(result: Result<T>) -> Answer {
    result.map(|value| format!("{value:?}")).map_err(|err| (err.kind(), err.retry()))
}

const TTL: Duration = Duration::from_secs(30);

async fn ask(repository: &dyn Repository, call: &Call) -> Result<Answer> {
    if let Some(set) = change_set(repository, call).await? {
        return Ok(answer(repository.commit(set).await));
    }
    Ok(match call {
        Call::Save { .. } | Call::Delete { .. } | Call::Append { .. } => unreachable!("they commit"),
        Call::Open { id, key, owner } => {
            let mut new = creation(*id)?;
            new.idempotency_key = format!("key {key}");
            new.owner = address(*owner);
            answer(repository.open_creation(&new).await)
        }
        Call::Acquire { id, holder, now } => {
            answer(repository.acquire_lease(&creation_id(*id), holder_id(*holder), at(*now), TTL).await)
        }
        Call::Renew { id, now, wrong } => {
            let lease = lease(repository, *id, *wrong).await?;
            answer(repository.renew_lease(&creation_id(*id), &lease, at(*now), TTL).await)
        }
        Call::Release { id, wrong } => {
            let lease = lease(repository, *id, *wrong).await?;
            answer(repository.release_lease(&creation_id(*id), &lease).await)
        }
        Call::List(query) => answer(pages(repository, query).await),
        Call::ListCreations { owner, statuses, unleased_at, limit } => {
            let mut query = CreationQuery::default();
            query.owner = owner.map(address);
            query.statuses = statuses.iter().map(|status| CreationStatus::ALL[*status]).collect();
            query.unleased_at = unleased_at.map(at);
            query.limit = *limit;
            answer(repository.list_creations(&query).await)
        }
        Call::Read(id) => {
            let ids = [asset_id(*id), asset_id(1), asset_id(*id)];
            let read = (
                repository.asset(&ids[0]).await?,
                repository.assets(&ids).await?,
                repository.asset_by_ip(&ip_id(*id)).await?,
                repository.parent_links(&ids).await?,
                repository.child_links(&ids).await?,
            );
            let work = (
                repository.creation(&creation_id(*id)).await?,
                repository.creation_of_asset(&asset_id(*id)).await?,
                repository.events(&creation_id(*id)).await?,
            );
            answer(Ok((read, work)))
        }
        Call::Needed { except } => {
            let cids: Vec<_> = (0..IDS + 1).map(cid).collect();
            answer(repository.needed_cids(&cids, &creation_id(*except)).await)
        }
    })
}

/// All pages of a query, with their cursors.
async fn pages(repository: &dyn Repository, query: &AssetQuery) -> Result<Vec<String>> {
    let mut query = query.clone();
    let mut pages = Vec::new();
    loop {
        let page = repository.list_assets(&query).await?;
        pages.push(format!("{page:?}"));
        query.cursor = page.next;
        if query.cursor.is_none() {
            return Ok(pages);
        }
    }
}

async fn compare(calls: &[Call]) -> Result<()> {
    let directory = TempDir::new().unwrap();
    let sqlite = SqliteRepository::connect(SqliteConfig::new(directory.path().join("lore.db"))).await?;
    let memory = MemoryRepository::new();
    let mut done = 0;
    let opened = (1..5).map(|id| Call::Open { id, key: id, owner: id % 2 });
    let everything = (1..IDS).map(Call::Read).chain([Call::Needed { except: 0 }]);
    for call in opened.chain(calls.iter().cloned()).chain(everything) {
        let answered = ask(&sqlite, &call).await?;
        assert_eq!(answered, ask(&memory, &call).await?, "{call:?}");
        done += usize::from(answered.is_ok());
    }
    // What is always refused would prove little.
    assert!(done * 4 > calls.len(), "{done} of {} calls were refused", calls.len());
    sqlite.close().await
}

proptest! {
    #![proptest_config(proptest::test_runner::Config { cases: 96, ..Default::default() })]

    #[test]
    fn sqlite_and_memory_give_the_same_answers(calls in prop::collection::vec(call(), 1..100)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(compare(&calls)).unwrap();
    }
}
