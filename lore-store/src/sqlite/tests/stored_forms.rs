//! The JSON in the file. A change here breaks the files of every user: it needs a migration.

use lore_core::{
    Error, ErrorKind,
    ai::stats::{Acceptance, Days, Hour},
    conformance::{
        chain_event_store::{
            self,
            fixtures::{CHAIN, batch, block, record, start},
        },
        report_store::{
            self,
            fixtures::{acceptance, asked, call, hour},
        },
        repository::fixtures::{
            append, asset, creation, creation_id, every_event, insert, leased, maximal_terms, recorded,
        },
        transaction_store::fixtures::{held, lane, transaction},
    },
    creation::{NewCreation, ParentInput},
    domain::{
        asset::{Asset, Creator, License, Relationship},
        chain_event::ChainEventQuery,
    },
    onchain::{Address, Share},
    port::{
        ai_reports::{AcceptedContent, UsageReports},
        chain_events::ChainEventStore,
        repository::{AssetRepository, CreationJournal, Repository},
        transactions::TransactionStore,
    },
};
use sqlx::Row;

use super::{SqliteRepository, repository};

async fn text(repository: &SqliteRepository, sql: &'static str) -> Vec<serde_json::Value> {
    let rows = repository.readers.rows(sqlx::query(sql)).await.unwrap();
    rows.iter().map(|row| serde_json::from_str(row.try_get(0).unwrap()).unwrap()).collect()
}

#[tokio::test]
async fn the_nested_parts_of_an_asset_keep_their_form() {
    let (_directory, repository) = repository().await;
    let mut stored = asset(1).unwrap();
    stored.text.tags = vec!["oil \"on\" canvas".to_owned(), "標籤".to_owned()];
    stored.text.creators = vec![Creator::new("梵高", Address::from_bytes([255; 20]), 100)];
    stored.license = Some(License::new(7_u64.into(), maximal_terms()));
    insert(&repository, &[stored]).await.unwrap();
    insta::assert_json_snapshot!("tags", text(&repository, "SELECT tags FROM lore_assets").await);
    insta::assert_json_snapshot!("creators", text(&repository, "SELECT creators FROM lore_assets").await);
    insta::assert_json_snapshot!("terms", text(&repository, "SELECT license_terms FROM lore_assets").await);
}

#[tokio::test]
async fn a_creation_keeps_the_form_of_its_input() {
    let (_directory, repository) = repository().await;
    let mut new: NewCreation = creation(1).unwrap();
    new.input.license = Some(maximal_terms());
    let share = Share::from_millionths(62_500_000).unwrap();
    new.input.parents = vec![ParentInput::new(new.asset, Relationship::Remix, share)];
    new.input.media.file_name = Some("星空.png".to_owned());
    repository.open_creation(&new).await.unwrap();
    insta::assert_json_snapshot!("input", text(&repository, "SELECT input FROM lore_creations").await);
}

#[tokio::test]
async fn every_event_keeps_its_form() {
    let (_directory, repository) = repository().await;
    let lease = leased(&repository, 1).await.unwrap();
    repository.commit(append(1, &lease, recorded(1, every_event()))).await.unwrap();
    let events = text(&repository, "SELECT event FROM lore_events ORDER BY seq").await;
    insta::assert_json_snapshot!("events", events);
}

/// Changes a stored value behind the repository's back.
async fn tamper(repository: &SqliteRepository, sql: &'static str) {
    let mut write = repository.writer.begin().await.unwrap();
    assert_eq!(write.execute(sqlx::query(sql)).await.unwrap(), 1);
    write.finish(Ok(())).await.unwrap();
}

fn names(error: &Error, id: &str) {
    assert_eq!(error.kind(), ErrorKind::Unexpected, "{error:?}");
    assert!(error.to_string().contains(id), "{error}");
}

#[tokio::test]
async fn a_damaged_row_is_told_with_its_id() {
    let (_directory, repository) = repository().await;
    let stored: Asset = asset(1).unwrap();
    insert(&repository, std::slice::from_ref(&stored)).await.unwrap();
    for sql in [
        "UPDATE lore_assets SET asset_type = 'sculpture'",
        "UPDATE lore_assets SET asset_type = 'music', media_cid = x'00'",
        "UPDATE lore_assets SET media_cid = x'', media_profile = 'unixfs-v9'",
        "UPDATE lore_assets SET tags = '[1]'",
        "UPDATE lore_assets SET created_at = -1",
    ] {
        tamper(&repository, sql).await;
        names(&repository.asset(&stored.id).await.unwrap_err(), &stored.id.to_string());
        names(&repository.list_assets(&Default::default()).await.unwrap_err(), &stored.id.to_string());
    }
    repository.open_creation(&creation(1).unwrap()).await.unwrap();
    for sql in [
        "UPDATE lore_creations SET status = 'paused'",
        "UPDATE lore_creations SET status = 'running', step = 'teleportation'",
        "UPDATE lore_creations SET step = NULL, input = '{}'",
    ] {
        tamper(&repository, sql).await;
        let id = creation_id(1);
        names(&repository.creation(&id).await.unwrap_err(), &id.to_string());
        names(&repository.list_creations(&Default::default()).await.unwrap_err(), &id.to_string());
    }
}

#[tokio::test]
async fn a_damaged_transaction_is_told_with_its_lane_and_nonce() {
    let (_directory, repository) = repository().await;
    let store = repository.transactions();
    let lease = held(&store, lane(1)).await.unwrap();
    store.insert_transaction(&lease, &transaction(lane(1), 7).unwrap()).await.unwrap();
    for (column, sql) in [
        ("operation_key", "UPDATE lore_transactions SET operation_key = 'a key'"),
        ("signed_at", "UPDATE lore_attempts SET signed_at = -1"),
    ] {
        tamper(&repository, sql).await;
        let error = store.open_transactions(&lane(1)).await.unwrap_err();
        names(&error, &lane(1).to_string());
        assert!(error.context().contains(&("nonce", "7".to_owned())), "{error}");
        assert!(format!("{error:?}").contains(column), "{error:?}");
    }
}

/// One block that has an event of each kind.
async fn every_chain_event_stored(repository: &SqliteRepository) {
    let events = (0..).zip(chain_event_store::fixtures::every_event());
    let records = events.map(|(index, event)| record(block(1, 0), index, event)).collect();
    let mut batch = batch(&start(), [1], 0);
    batch.records = records;
    repository.chain_events().apply_events(None, &batch).await.unwrap();
}

#[tokio::test]
async fn every_chain_event_and_the_cursor_keep_their_form() {
    let (_directory, repository) = repository().await;
    every_chain_event_stored(&repository).await;
    let events = text(&repository, "SELECT event FROM lore_chain_events ORDER BY log_index").await;
    insta::assert_json_snapshot!("chain_events", events);
    let cursor = text(&repository, "SELECT cursor FROM lore_chain_cursors").await;
    insta::assert_json_snapshot!("chain_cursor", cursor);
}

#[tokio::test]
async fn a_damaged_chain_event_is_told_with_its_place_and_a_damaged_cursor_with_its_chain() {
    let (_directory, repository) = repository().await;
    every_chain_event_stored(&repository).await;
    let store = repository.chain_events();
    let query = ChainEventQuery::new(CHAIN);
    for sql in [
        "UPDATE lore_chain_events SET event = json_set(event, '$.kind', 'teleported') WHERE log_index = 9",
        "UPDATE lore_chain_events SET at = -1 WHERE log_index = 9",
        "UPDATE lore_chain_cursors SET cursor = '{}'",
    ] {
        tamper(&repository, sql).await;
        let mut page = query.clone();
        page.limit = 100;
        let error = store.chain_events(&page).await.unwrap_err();
        names(&error, "block `1`");
        assert!(error.context().contains(&("log_index", "9".to_owned())), "{error}");
    }
    names(&store.event_cursor(CHAIN).await.unwrap_err(), &CHAIN.to_string());
}

/// A row of each kind that the reports have.
async fn reports_stored(repository: &SqliteRepository) -> Acceptance {
    let reports = repository.ai_reports();
    let lines = [3, 8, 12].map(|number| call(number, hour(0)));
    let lines: Vec<_> = lines.into_iter().chain([1, 6, 15].map(|number| asked(number, hour(0)))).collect();
    reports.add_usage(0, &report_store::fixtures::batch(0, &lines)).await.unwrap();
    let accepted = acceptance(3).unwrap();
    reports.put_accepted(&accepted).await.unwrap();
    accepted
}

#[tokio::test]
async fn counters_and_accepted_outputs_keep_their_form() {
    let (_directory, repository) = repository().await;
    reports_stored(&repository).await;
    let counts = text(&repository, "SELECT counts FROM lore_ai_usage ORDER BY pk").await;
    insta::assert_json_snapshot!("usage_counts", counts);
    let totals = text(&repository, "SELECT totals FROM lore_ai_users ORDER BY day, user").await;
    insta::assert_json_snapshot!("usage_totals", totals);
    insta::assert_json_snapshot!("accepted", text(&repository, "SELECT taken FROM lore_ai_accepted").await);
}

#[tokio::test]
async fn a_damaged_report_row_is_told_with_its_hour_day_or_request() {
    let (_directory, repository) = repository().await;
    let accepted = reports_stored(&repository).await;
    let reports = repository.ai_reports();
    let at = Hour::of(hour(0));
    for sql in [
        "UPDATE lore_ai_usage SET counts = '{}' WHERE pk = 1",
        "UPDATE lore_ai_usage SET tier = 'cheap' WHERE pk = 1",
        "UPDATE lore_ai_usage SET operation = 'poems' WHERE pk = 1",
    ] {
        tamper(&repository, sql).await;
        let error = reports.usage_of_day(at.day()).await.unwrap_err();
        names(&error, &format!("hour `{}`", at.unix_hours()));
    }
    tamper(
        &repository,
        "UPDATE lore_ai_users SET totals = '[]' WHERE user = (SELECT max(user) FROM lore_ai_users)",
    )
    .await;
    let damaged = lore_core::conformance::repository::fixtures::address(3);
    let error = reports.usage_of_user(&damaged, Days::one(at.day())).await.unwrap_err();
    names(&error, &format!("day `{}`", at.day().unix_days()));
    tamper(&repository, "UPDATE lore_ai_accepted SET taken = '{\"poem\":\"\"}'").await;
    let error = reports.accepted(&accepted.key()).await.unwrap_err();
    names(&error, &accepted.request.to_string());
}
