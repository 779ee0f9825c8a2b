//! A common word walks the list, a rare one goes through the index: both must find the same.

use lore_core::{
    Result,
    conformance::repository::fixtures::{address, at, insert, titled},
    domain::{
        asset::Asset,
        page::{ArchiveFilter, AssetQuery, AssetSort, SortOrder},
    },
    memory::repository::MemoryRepository,
    port::repository::AssetRepository,
};

use super::{super::search::Plan, super::search::plan, repository};

const TEXTS: [&str; 4] = ["the night", "the 故事", "a day of the 故", "th%e"];

fn assets() -> Result<Vec<Asset>> {
    (1..=80)
        .zip(TEXTS.iter().cycle())
        .map(|(number, text)| {
            let mut asset = titled(number, &format!("{text} {number}"))?;
            asset.owner = address(number % 2);
            asset.archived_at = (number % 5 == 0).then(|| at(1));
            asset.created_at = at(u64::from(number / 3));
            Ok(asset)
        })
        .collect()
}

#[tokio::test]
async fn walking_and_looking_up_find_the_same_as_memory() {
    let memory = MemoryRepository::new();
    insert(&memory, &assets().unwrap()).await.unwrap();
    let (_directory, mut sqlite) = repository().await;
    insert(&sqlite, &assets().unwrap()).await.unwrap();
    for max_candidates in [0, 5, 30, 1_000] {
        sqlite.max_candidates = max_candidates;
        for text in ["the", "故事", "故", "the 故", "t n", "night the", "%", "missing", "%missing", "龍"]
        {
            for archived in [ArchiveFilter::Active, ArchiveFilter::Archived, ArchiveFilter::Any] {
                for sort in [AssetSort::CreatedAt, AssetSort::UpdatedAt, AssetSort::Title] {
                    for order in [SortOrder::Ascending, SortOrder::Descending] {
                        let mut query = AssetQuery::default();
                        (query.archived, query.sort, query.order) = (archived, sort, order);
                        (query.text, query.limit) = (Some(text.to_owned()), 7);
                        while {
                            let expected = memory.list_assets(&query).await.unwrap();
                            assert_eq!(sqlite.list_assets(&query).await.unwrap(), expected, "{query:?}");
                            query.cursor = expected.next;
                            query.cursor.is_some()
                        } {}
                    }
                }
            }
        }
    }
}

#[tokio::test]
async fn the_number_of_candidates_decides_how_to_search() {
    let (_directory, sqlite) = repository().await;
    insert(&sqlite, &assets().unwrap()).await.unwrap();
    let planned = async |word: &str, max| plan(&sqlite.readers, vec![word.to_owned()], max).await.unwrap();
    assert!(matches!(planned("the", 60).await, Plan::Candidates { .. }));
    assert!(matches!(planned("the", 59).await, Plan::Walk { .. }));
    assert!(matches!(planned("故事", 20).await, Plan::Candidates { .. }));
    assert!(matches!(planned("故", 40).await, Plan::Candidates { .. }));
    assert!(matches!(planned("故", 39).await, Plan::Walk { .. }));
    assert!(matches!(planned("missing", 59).await, Plan::Nothing));
    assert!(matches!(planned("龍", 0).await, Plan::Nothing));
    assert!(matches!(plan(&sqlite.readers, Vec::new(), 0).await.unwrap(), Plan::Walk { .. }));
}
