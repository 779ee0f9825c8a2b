//! How SQLite runs the statements: no scan of a table, no sorting of more than a page needs.

use lore_core::{
    Address, ChainId, CreationId,
    conformance::{
        audit_log::fixtures::request_id,
        report_store::fixtures::acceptance,
        repository::fixtures::{asset_id, creation_id, ip_id},
    },
    creation::CreationStatus,
    domain::{
        asset::AssetType,
        chain_event::{ChainEventKind, ChainEventQuery, EventPosition},
        page::{ArchiveFilter, AssetPosition, AssetQuery, AssetSort, CreationQuery, SortOrder},
    },
    port::ai_reports::{AcceptedBy, AcceptedPosition, AcceptedQuery},
};
use sqlx::Row;

use super::{
    super::{
        ai_report_rows::{COUNT_ACCEPTED, COUNTS, OF_USER, ROWS, TOTALS, UNIQUE_USERS, list_accepted_sql},
        ai_rows::{DROP_LINES, LINES, LINES_OF, OVERDUE, SPENT},
        chain_event_rows::{DROP_EVENTS, DROP_IPS, events_sql},
        list::{assets_sql, creations_sql},
        search::Plan,
        transaction_rows::{BY_KEY, NEXT_NONCE, OPEN},
        transactions::{LIVING, STORED},
    },
    SqliteRepository, repository,
};

async fn explain(repository: &SqliteRepository, sql: &str) -> String {
    let statement = sqlx::query(sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}")));
    let rows = repository.readers.rows(statement).await.unwrap();
    rows.iter().map(|row| row.try_get::<String, _>("detail").unwrap()).collect::<Vec<_>>().join("\n")
}

/// The plan for a page of assets.
async fn asset_plan(
    repository: &SqliteRepository,
    query: &AssetQuery,
    after: Option<AssetPosition>,
) -> String {
    let (sql, _) = assets_sql(query, after, &Plan::Walk { words: Vec::new() });
    explain(repository, &sql).await
}

fn position(sort: AssetSort) -> AssetPosition {
    match sort {
        AssetSort::Title => AssetPosition::Title("t".to_owned(), asset_id(1)),
        _ => AssetPosition::Time(1, asset_id(1)),
    }
}

fn query(change: impl FnOnce(&mut AssetQuery)) -> AssetQuery {
    let mut query = AssetQuery::default();
    change(&mut query);
    query
}

const ORDERS: [SortOrder; 2] = [SortOrder::Ascending, SortOrder::Descending];

#[tokio::test]
async fn pages_walk_an_index_from_where_the_last_one_ended() {
    let (_directory, repository) = repository().await;
    let owner = Some(Address::ZERO);
    let by_type = Some(AssetType::Music);
    let (archived, any) = (ArchiveFilter::Archived, ArchiveFilter::Any);
    let table = [
        (query(|_| {}), vec!["lore_assets_by_creation_time"]),
        (query(|query| query.sort = AssetSort::UpdatedAt), vec!["lore_assets_by_update_time"]),
        (query(|query| query.sort = AssetSort::Title), vec!["lore_assets_by_title"]),
        (query(|query| query.owner = owner), vec!["lore_assets_by_owner"]),
        (query(|query| query.asset_type = by_type), vec!["lore_assets_by_type"]),
        (query(|query| query.registered = Some(false)), vec!["lore_assets_unregistered"]),
        (query(|query| query.registered = Some(true)), vec!["lore_assets_by_creation_time"]),
        (query(|query| query.archived = archived), vec!["lore_assets_archived"]),
        (
            query(|query| (query.archived, query.owner) = (archived, owner)),
            vec!["lore_assets_archived_by_owner"],
        ),
        (query(|query| query.archived = any), vec!["lore_assets_by_creation_time", "lore_assets_archived"]),
        (
            query(|query| (query.archived, query.owner) = (any, owner)),
            vec!["lore_assets_by_owner", "lore_assets_archived_by_owner"],
        ),
    ];
    for (mut query, indexes) in table {
        for order in ORDERS {
            query.order = order;
            for after in [None, Some(position(query.sort))] {
                let paged = after.is_some();
                let plan = asset_plan(&repository, &query, after).await;
                for index in &indexes {
                    assert!(plan.contains(&format!("USING INDEX {index}")), "{query:?}:\n{plan}");
                }
                assert!(!plan.contains("TEMP B-TREE"), "{query:?}:\n{plan}");
                let ordered =
                    |line: &str| line.contains("USING INDEX") && (!paged || line.contains("SEARCH"));
                let reads = plan.lines().filter(|line| line.contains("lore_assets"));
                assert!(reads.clone().count() == indexes.len(), "{query:?}:\n{plan}");
                assert!(reads.into_iter().all(ordered), "{query:?}:\n{plan}");
            }
        }
    }
}

#[tokio::test]
async fn a_search_with_few_candidates_reads_those_alone() {
    let (_directory, repository) = repository().await;
    for archived in [ArchiveFilter::Active, ArchiveFilter::Archived, ArchiveFilter::Any] {
        let mut query = AssetQuery::default();
        (query.archived, query.owner) = (archived, Some(Address::ZERO));
        let plan = Plan::Candidates { keys: "[1]".to_owned(), words: vec!["x".to_owned()] };
        let (sql, _) = assets_sql(&query, Some(position(query.sort)), &plan);
        let plan = explain(&repository, &sql).await;
        assert!(plan.contains("SEARCH lore_assets USING INTEGER PRIMARY KEY (rowid=?)"), "{plan}");
    }
}

#[tokio::test]
async fn creations_are_listed_through_an_index() {
    let (_directory, repository) = repository().await;
    let [running, stuck, ..] = CreationStatus::ALL;
    for statuses in [vec![], vec![running], vec![running, stuck]] {
        for owner in [None, Some(Address::ZERO)] {
            for below in [None, Some(creation_id(1))] {
                let mut query = CreationQuery::default();
                (query.statuses, query.owner) = (statuses.clone(), owner);
                let plan = creation_plan(&repository, &query, below).await;
                assert!(!plan.contains("TEMP B-TREE"), "{query:?}:\n{plan}");
                let reads = plan.lines().filter(|line| line.contains("lore_creations"));
                assert!(reads.clone().count() > 0);
                assert!(reads.into_iter().all(|line| line.contains("USING INDEX")), "{query:?}:\n{plan}");
            }
        }
    }
}

async fn creation_plan(
    repository: &SqliteRepository,
    query: &CreationQuery,
    below: Option<CreationId>,
) -> String {
    let (sql, _) = creations_sql(query, below);
    explain(repository, &sql).await
}

#[tokio::test]
async fn what_content_is_needed_is_looked_up_in_indexes() {
    let (_directory, repository) = repository().await;
    let plan = explain(&repository, super::super::repository::NEEDED_CIDS).await;
    for line in plan.lines().filter(|line| line.contains("lore_")) {
        assert!(line.contains("SEARCH") && line.contains("INDEX"), "{plan}");
    }
    assert_eq!(plan.matches("SEARCH lore_").count(), 6, "{plan}");
}

#[tokio::test]
async fn transactions_are_looked_up_in_indexes_however_many_are_over() {
    let (_directory, repository) = repository().await;
    let table = [
        (OPEN, vec!["lore_transactions_open", "sqlite_autoindex_lore_attempts_1"]),
        (BY_KEY, vec!["COVERING INDEX lore_transactions_by_key", "sqlite_autoindex_lore_attempts_1"]),
        (NEXT_NONCE, vec!["sqlite_autoindex_lore_transactions_1"]),
        (STORED, vec!["sqlite_autoindex_lore_transactions_1"]),
        (LIVING, vec!["lore_transactions_living"]),
    ];
    for (sql, indexes) in table {
        let plan = explain(&repository, sql).await;
        for costly in ["TEMP B-TREE", "MATERIALIZE", "SCAN l", "SCAN t", "SCAN a", "SCAN n"] {
            assert!(!plan.contains(costly), "{sql}:\n{plan}");
        }
        for index in indexes {
            assert!(plan.contains(index), "{sql}:\n{plan}");
        }
    }
}

#[tokio::test]
async fn chain_events_are_listed_through_an_index() {
    let (_directory, repository) = repository().await;
    let [first, second, ..] = ChainEventKind::ALL else { panic!("no kinds") };
    for kinds in [vec![], vec![*first], vec![*first, *second]] {
        for ip in [None, Some(ip_id(1))] {
            for order in ORDERS {
                for after in [None, Some(EventPosition::new(5, 1))] {
                    let mut query = ChainEventQuery::new(ChainId::AENEID);
                    (query.kinds, query.ip, query.order) = (kinds.clone(), ip, order);
                    (query.from_block, query.to_block) = (Some(1), Some(9));
                    let (sql, _) = events_sql(&query, after).unwrap();
                    let plan = explain(&repository, &sql).await;
                    let reads: Vec<_> = plan.lines().filter(|line| line.contains("lore_")).collect();
                    assert!(reads.iter().all(|line| line.contains("SEARCH")), "{query:?}:\n{plan}");
                    let expected = match (ip, kinds.is_empty()) {
                        (Some(_), _) => "lore_chain_event_ips USING PRIMARY KEY (chain_id=? AND ip=? AND ",
                        (None, true) => "sqlite_autoindex_lore_chain_events_1 (chain_id=? AND ",
                        (None, false) => "lore_chain_events_by_kind (chain_id=? AND kind=? AND ",
                    };
                    assert!(plan.contains(expected), "{query:?}:\n{plan}");
                    // Those of an IP are put in order again once they are the few of the page.
                    let is_sorted = plan.contains("TEMP B-TREE");
                    assert!(ip.is_some() || !is_sorted, "{query:?}:\n{plan}");
                }
            }
        }
    }
}

#[tokio::test]
async fn what_a_reorganised_chain_drops_is_found_in_an_index() {
    let (_directory, repository) = repository().await;
    for sql in [DROP_EVENTS, DROP_IPS] {
        let plan = explain(&repository, sql).await;
        assert!(plan.contains("SEARCH") && plan.contains("(chain_id=? AND block>?)"), "{plan}");
        assert!(!plan.contains("SCAN"), "{plan}");
    }
}

#[tokio::test]
async fn usage_and_accepted_outputs_are_looked_up_in_indexes() {
    let (_directory, repository) = repository().await;
    for (sql, index) in [
        (COUNTS, "(hour=? AND operation=? AND tier=? AND model=?)"),
        (ROWS, "(hour>? AND hour<?)"),
        (TOTALS, "PRIMARY KEY (day=? AND user=?)"),
        (OF_USER, "(user=? AND day>? AND day<?)"),
        (UNIQUE_USERS, "(day>? AND day<?)"),
        (COUNT_ACCEPTED, "lore_ai_accepted_by_answer (answered_at>? AND answered_at<?)"),
    ] {
        let plan = explain(&repository, sql).await;
        assert!(plan.contains(index) && !plan.contains("SCAN"), "{sql}:\n{plan}");
    }
    let position = AcceptedPosition::from(&acceptance(1).unwrap());
    for (by, index) in [
        (AcceptedBy::Asset(asset_id(1)), "lore_ai_accepted_by_asset"),
        (AcceptedBy::Request(request_id(1)), "lore_ai_accepted_by_request"),
        (AcceptedBy::User(Address::ZERO), "lore_ai_accepted_by_user"),
    ] {
        for below in [None, Some(position)] {
            let (sql, _) = list_accepted_sql(&AcceptedQuery::new(by), below).unwrap();
            let plan = explain(&repository, &sql).await;
            assert!(plan.contains(index) && !plan.contains("TEMP B-TREE"), "{sql}:\n{plan}");
        }
    }
}

#[tokio::test]
async fn lines_and_calls_are_looked_up_in_indexes() {
    let (_directory, repository) = repository().await;
    let table = [
        (LINES, "INTEGER PRIMARY KEY (rowid>?)"),
        (LINES_OF, "INDEX lore_ai_lines_by_request (<expr>=?)"),
        (DROP_LINES, "INTEGER PRIMARY KEY (rowid<?)"),
        (OVERDUE, "INDEX lore_ai_calls_by_end (until<?)"),
        (SPENT, "INDEX lore_ai_calls_by_user (user=? AND opened>? AND opened<?)"),
    ];
    for (sql, index) in table {
        let plan = explain(&repository, sql).await;
        assert!(plan.contains(index) && !plan.contains("SCAN lore"), "{sql}:\n{plan}");
    }
}
