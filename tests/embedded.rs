//! The embedded defaults through the facade: SQLite, a block store and a simulated chain in one directory.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that fails here says where")]

use std::{fs, path::Path, sync::Arc};

use lore::{
    Address, AssetQuery, AssetText, AssetType, BytesContent, Caller, ChainConfig, ChainId, Config, Content,
    CreateAsset, CreationStatus, ErrorKind, FileContent, Lore, ParentInput, Payment, PilTerms, Progress,
    Relationship, Result, Share, Wei, open,
};
use tempfile::TempDir;

fn owner() -> Address {
    Address::from_bytes([0xa1; 20])
}

fn caller() -> Caller {
    Caller::User(owner())
}

async fn lore(dir: &TempDir) -> Lore {
    open(&Config::embedded(dir.path(), owner())).await.unwrap()
}

fn media(text: &str) -> Arc<dyn Content> {
    Arc::new(BytesContent::new([b"\x89PNG\r\n\x1a\n", text.as_bytes()].concat()))
}

fn original(key: &str) -> CreateAsset {
    let terms = PilTerms::commercial_remix(Wei::ZERO, Share::from_percent(10).unwrap(), Payment::default());
    CreateAsset::new(AssetType::Photography, AssetText::new(format!("Foto {key}"), "星空の下"), media(key))
        .idempotency_key(key)
        .license(terms)
}

async fn create(lore: &Lore, work: CreateAsset) -> lore::Asset {
    lore.creations().create(&caller(), work, &Progress::none()).await.unwrap().asset.unwrap()
}

async fn failure(config: &Config) -> lore::Error {
    open(config).await.expect_err("the directory must not open")
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_found_again_after_reopening() {
    let dir = TempDir::new().unwrap();
    let before = lore(&dir).await;
    let parent = create(&before, original("one")).await;
    let link = ParentInput::new(parent.id, Relationship::Translation, Share::FULL);
    let text = AssetText::new("Foto zwei", "");
    let child = create(&before, CreateAsset::new(AssetType::Writing, text, media("two")).parent(link)).await;
    drop(before);

    let after = lore(&dir).await;
    assert_eq!(after.assets().get(&caller(), &child.id).await.unwrap(), child);
    assert_eq!(after.assets().get_by_ip(&caller(), &parent.ip_id().unwrap()).await.unwrap().id, parent.id);
    let state = after.chain().ip(&child.ip_id().unwrap()).await.unwrap().unwrap();
    assert_eq!(state.parents[0].parent, parent.ip_id().unwrap());
    let mut query = AssetQuery::default();
    query.text = Some("星空".to_owned());
    let found = after.assets().list(&caller(), &query).await.unwrap().items;
    assert_eq!(found, std::slice::from_ref(&parent));
    let family = after.derivatives().family(&caller(), &parent.id).await.unwrap();
    assert_eq!(family.descendants[0].asset, child.id);

    // The same key after a restart is the same work.
    let again = create(&after, original("one")).await;
    assert_eq!(again.id, parent.id);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_engines_on_one_directory_share_the_work_without_doing_it_twice() {
    let dir = TempDir::new().unwrap();
    let (one, two) = (lore(&dir).await, lore(&dir).await);
    let progress = Progress::none();
    for round in 0..5 {
        let key = format!("round {round}");
        let caller = caller();
        let (a, b) = tokio::join!(
            one.creations().create(&caller, original(&key), &progress),
            two.creations().create(&caller, original(&key), &progress),
        );
        let (a, b) = (a.unwrap(), b.unwrap());
        assert_eq!(a.record.id, b.record.id);
        assert!(a.is_finished() || b.is_finished());
        for view in [&a, &b] {
            assert!(matches!(view.record.status, CreationStatus::Finished | CreationStatus::Running));
        }
    }
    let assets = two.assets().list(&caller(), &AssetQuery::default()).await.unwrap().items;
    assert_eq!(assets.len(), 5);
    let ip_ids: std::collections::BTreeSet<_> = assets.iter().filter_map(lore::Asset::ip_id).collect();
    assert_eq!(ip_ids.len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn sixteen_creations_at_once_all_finish() {
    let dir = TempDir::new().unwrap();
    let lore = lore(&dir).await;
    let keys: Vec<_> = (0..16).map(|n| format!("work {n}")).collect();
    let made = futures_util::future::join_all(keys.iter().map(|key| create(&lore, original(key)))).await;
    let ip_ids: std::collections::BTreeSet<_> = made.iter().filter_map(lore::Asset::ip_id).collect();
    assert_eq!(ip_ids.len(), 16);
}

#[tokio::test]
async fn a_directory_of_a_newer_version_is_refused_and_left_alone() {
    let version = |dir: &Path| {
        let chain = dir.join("simulated-chain.jsonl");
        let text = fs::read_to_string(&chain).unwrap();
        let (first, rest) = text.split_once('\n').unwrap();
        let newer = first.replacen("\"version\":1", "\"version\":9", 1);
        assert_ne!(newer, first, "the first line names its version: {first}");
        fs::write(&chain, format!("{newer}\n{rest}")).unwrap();
        chain
    };
    let dir = TempDir::new().unwrap();
    create(&lore(&dir).await, original("one")).await;
    let path = version(dir.path());
    let before = fs::read(&path).unwrap();
    let error = failure(&Config::embedded(dir.path(), owner())).await;
    assert_eq!(error.kind(), ErrorKind::Config, "{error}");
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[tokio::test]
async fn damaged_records_are_named_not_repaired() {
    let dir = TempDir::new().unwrap();
    let database = dir.path().join("lore.sqlite");
    fs::write(&database, vec![7; 8192]).unwrap();
    let error = failure(&Config::embedded(dir.path(), owner())).await;
    assert_eq!(error.kind(), ErrorKind::IntegrityMismatch, "{error}");
    assert!(error.to_string().contains("lore.sqlite"), "{error}");
    assert_eq!(fs::read(&database).unwrap(), vec![7; 8192]);
}

#[tokio::test]
async fn a_path_that_cannot_be_a_directory_is_named() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "x").unwrap();
    let error = failure(&Config::embedded(&file, owner())).await;
    assert!(error.to_string().contains("file"), "{error}");
}

#[tokio::test]
async fn another_chain_id_than_the_stored_one_is_refused() {
    let dir = TempDir::new().unwrap();
    drop(lore(&dir).await);
    let mut config = Config::embedded(dir.path(), owner());
    if let ChainConfig::Simulated { chain_id, .. } = &mut config.chain {
        *chain_id = ChainId::new(7);
    }
    assert_eq!(failure(&config).await.kind(), ErrorKind::Config);
}

#[tokio::test]
async fn media_that_cannot_be_read_is_named_before_anything_is_stored() -> Result<()> {
    let dir = TempDir::new().unwrap();
    let missing = FileContent::describe(dir.path().join("missing.png")).await.unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::NotFound);
    assert!(missing.to_string().contains("missing.png"));
    assert!(FileContent::describe(dir.path()).await.is_err());

    // The file changes between the request and the upload.
    let path = dir.path().join("photo.png");
    fs::write(&path, b"\x89PNG\r\n\x1a\nfirst").unwrap();
    let content = FileContent::describe(&path).await?;
    fs::write(&path, b"\x89PNG\r\n\x1a\nsecond, and longer").unwrap();
    let lore = lore(&dir).await;
    let work = CreateAsset::new(AssetType::Photography, AssetText::new("t", ""), Arc::new(content));
    let error = lore.creations().create(&caller(), work, &Progress::none()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::IntegrityMismatch, "{error}");
    assert!(lore.creations().list(&caller(), Default::default()).await?.items.is_empty());
    Ok(())
}

#[test]
fn configuration_is_read_from_json_and_unknown_fields_are_refused() {
    let good = r#"{
        "store": {"sqlite": {"path": "a.sqlite"}},
        "pins": {"blocks": {"path": "blocks"}},
        "chain": {"simulated": {"path": null, "chain_id": 7, "signer": "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"}},
        "calls": {"max_attempts": 2}
    }"#;
    let config: Config = serde_json::from_str(good).unwrap();
    assert_eq!((config.calls.max_attempts, config.creation.lease_seconds), (2, 30));
    assert!(serde_json::from_str::<Config>(&good.replace("max_attempts", "max_attemps")).is_err());
    assert!(serde_json::from_str::<Config>(&good.replace("BeAed", "BeAeD")).is_err());
}

#[tokio::test]
async fn values_that_cannot_work_name_their_field() {
    let dir = TempDir::new().unwrap();
    let mut config = Config::embedded(dir.path(), owner());
    config.calls.max_concurrent = 0;
    let error = failure(&config).await;
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("calls.max_concurrent"), "{error}");
    config.calls.max_concurrent = 4;
    config.creation.max_attempts = 0;
    assert!(failure(&config).await.to_string().contains("max_attempts"));
}
