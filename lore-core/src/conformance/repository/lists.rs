//! Lists of assets: filters, orders, pages, cursors.

use super::{
    fixtures::{address, asset, asset_id, at, insert, next, registration, titled, update},
    harness::Harness,
};
use crate::{
    domain::{
        asset::{Asset, AssetType},
        page::{ArchiveFilter, AssetQuery, AssetSort, MAX_PAGE, SortOrder},
    },
    error::{ErrorKind, Result},
    ids::AssetId,
    port::repository::Repository,
};

pub(super) const SORTS: [AssetSort; 3] = [AssetSort::CreatedAt, AssetSort::UpdatedAt, AssetSort::Title];
pub(super) const ORDERS: [SortOrder; 2] = [SortOrder::Ascending, SortOrder::Descending];

/// The ids on one page.
pub(super) async fn ids(repository: &dyn Repository, query: &AssetQuery) -> Result<Vec<AssetId>> {
    Ok(repository.list_assets(query).await?.items.into_iter().map(|asset| asset.id).collect())
}

/// The ids on all pages.
pub(super) async fn all_ids(repository: &dyn Repository, query: &AssetQuery) -> Result<Vec<AssetId>> {
    let mut query = query.clone();
    let mut found = Vec::new();
    loop {
        let page = repository.list_assets(&query).await?;
        assert!(page.items.len() <= query.limit as usize);
        assert!(page.next.is_none() || page.items.len() == query.limit as usize);
        found.extend(page.items.into_iter().map(|asset| asset.id));
        match page.next {
            Some(next) => query.cursor = Some(next.to_string().parse()?),
            None => return Ok(found),
        }
    }
}

/// Numbers of assets as ids.
fn numbers(numbers: impl IntoIterator<Item = u32>) -> Vec<AssetId> {
    numbers.into_iter().map(asset_id).collect()
}

/// Assets 1 to 24, of three owners, all types, every second archived, every third registered.
async fn mixed(repository: &dyn Repository) -> Result<Vec<Asset>> {
    let mut assets = Vec::new();
    for (number, asset_type) in (1..=24).zip(AssetType::ALL.into_iter().cycle()) {
        assets.push(Asset {
            owner: address(number % 3),
            asset_type,
            archived_at: (number % 2 == 0).then(|| at(500)),
            registration: (number % 3 == 0).then(|| registration(number)),
            ..asset(number)?
        });
    }
    insert(repository, &assets).await?;
    Ok(assets)
}

pub async fn assets_are_filtered(harness: &impl Harness) -> Result<()> {
    let repository = harness.fresh().await?;
    let assets = mixed(&*repository).await?;
    let mut matched = 0;
    for archived in [ArchiveFilter::Active, ArchiveFilter::Archived, ArchiveFilter::Any] {
        for owner in [None, Some(address(1)), Some(address(9))] {
            for asset_type in [None, Some(AssetType::Music), Some(AssetType::Other)] {
                for registered in [None, Some(true), Some(false)] {
                    let query = AssetQuery {
                        archived,
                        owner,
                        asset_type,
                        registered,
                        limit: 100,
                        ..Default::default()
                    };
                    let expected: Vec<_> = assets
                        .iter()
                        .rev()
                        .filter(|asset| match archived {
                            ArchiveFilter::Active => asset.archived_at.is_none(),
                            ArchiveFilter::Archived => asset.archived_at.is_some(),
                            ArchiveFilter::Any => true,
                        })
                        .filter(|asset| owner.is_none_or(|owner| asset.owner == owner))
                        .filter(|asset| asset_type.is_none_or(|kind| asset.asset_type == kind))
                        .filter(|asset| registered.is_none_or(|yes| asset.registration.is_some() == yes))
                        .map(|asset| asset.id)
                        .collect();
                    matched += expected.len();
                    assert_eq!(ids(&*repository, &query).await?, expected, "{query:?}");
                    let paged = AssetQuery { limit: 3, ..query };
                    assert_eq!(all_ids(&*repository, &paged).await?, expected, "{paged:?}");
                }
            }
        }
    }
    assert!(matched > 100);
    Ok(())
}

/// Titles in the order of their UTF-8 bytes.
const TITLES: [&str; 9] = ["", "A", "Ab", "B", "a", "ab", "é", "故事", "🎵"];

/// Assets whose three keys give three different orders.
fn unordered() -> Result<Vec<Asset>> {
    let titles = (0_u32..).zip(TITLES);
    titles
        .map(|(rank, title)| {
            let number = 1 + (rank * 4) % 9;
            let created_at = at(u64::from((rank * 2) % 9));
            Ok(Asset { created_at, updated_at: at(u64::from((rank * 5) % 9)), ..titled(number, title)? })
        })
        .collect()
}

pub async fn assets_are_sorted_by_every_key_in_both_orders(harness: &impl Harness) -> Result<()> {
    let repository = harness.fresh().await?;
    let mut assets = unordered()?;
    insert(&*repository, &assets).await?;
    for sort in SORTS {
        match sort {
            AssetSort::CreatedAt => assets.sort_by_key(|asset| asset.created_at),
            AssetSort::UpdatedAt => assets.sort_by_key(|asset| asset.updated_at),
            AssetSort::Title => assets.sort_by(|a, b| a.text.title.cmp(&b.text.title)),
        }
        let mut expected: Vec<_> = assets.iter().map(|asset| asset.id).collect();
        for order in ORDERS {
            for limit in [1, 2, 4, 9, 100] {
                let query = AssetQuery { sort, order, limit, ..AssetQuery::default() };
                assert_eq!(all_ids(&*repository, &query).await?, expected, "{query:?}");
            }
            expected.reverse();
        }
    }
    Ok(())
}

pub async fn equal_keys_are_sorted_by_id(harness: &impl Harness) -> Result<()> {
    let repository = harness.fresh().await?;
    let same = |number| Ok(Asset { created_at: at(1), updated_at: at(1), ..titled(number, "Same")? });
    let assets = [5, 3, 9, 1, 7, 2, 8].map(same).into_iter().collect::<Result<Vec<_>>>()?;
    insert(&*repository, &assets).await?;
    for sort in SORTS {
        for limit in [1, 2, 3, 7] {
            let ascending = AssetQuery { sort, order: SortOrder::Ascending, limit, ..AssetQuery::default() };
            assert_eq!(all_ids(&*repository, &ascending).await?, numbers([1, 2, 3, 5, 7, 8, 9]));
            let descending = AssetQuery { order: SortOrder::Descending, ..ascending };
            assert_eq!(all_ids(&*repository, &descending).await?, numbers([9, 8, 7, 5, 3, 2, 1]));
        }
    }
    Ok(())
}

pub async fn pages_give_every_asset_once(harness: &impl Harness) -> Result<()> {
    let repository = harness.fresh().await?;
    // Every key appears three times, so that pages end between equal ones.
    let mut assets = Vec::new();
    for number in 1..=50 {
        let key = u64::from(number / 3);
        let title = format!("Title {key}");
        assets.push(Asset { created_at: at(key), updated_at: at(90 - key), ..titled(number, &title)? });
    }
    insert(&*repository, &assets).await?;
    for sort in SORTS {
        for order in ORDERS {
            for limit in [1, 7, 10, 25, 50] {
                let query = AssetQuery { sort, order, limit, ..AssetQuery::default() };
                let mut found = all_ids(&*repository, &query).await?;
                found.sort_unstable();
                assert_eq!(found, numbers(1..=50), "{query:?}");
            }
        }
    }
    Ok(())
}

pub async fn assets_added_while_paging_do_not_shift_pages(harness: &impl Harness) -> Result<()> {
    let repository = harness.fresh().await?;
    let assets = (11..=30).map(asset).collect::<Result<Vec<_>>>()?;
    insert(&*repository, &assets).await?;
    let mut query = AssetQuery { limit: 6, ..AssetQuery::default() };
    let first = repository.list_assets(&query).await?;
    let mut found: Vec<_> = first.items.iter().map(|asset| asset.id).collect();
    assert_eq!(found, numbers((25..=30).rev()));
    // A newer and an older one come, the last one on the page changes, and its neighbour goes.
    insert(&*repository, &[asset(31)?, asset(1)?]).await?;
    update(&*repository, &[next(&titled(25, "Changed")?)]).await?;
    let gone = Asset { archived_at: Some(at(100)), ..next(&asset(24)?) };
    update(&*repository, &[gone]).await?;
    query.cursor = first.next;
    found.extend(all_ids(&*repository, &query).await?);
    assert_eq!(found, numbers((11..=30).rev().filter(|number| *number != 24).chain([1])));
    Ok(())
}

pub async fn page_limits_are_bounded(harness: &impl Harness) -> Result<()> {
    let repository = harness.fresh().await?;
    let assets = (1..=MAX_PAGE + 1).map(asset).collect::<Result<Vec<_>>>()?;
    insert(&*repository, &assets).await?;
    for limit in [0, MAX_PAGE + 1, u32::MAX] {
        let refused = repository.list_assets(&AssetQuery { limit, ..AssetQuery::default() }).await;
        let field = refused.as_ref().err().and_then(|err| err.violations().first()).map(|v| v.field.as_str());
        assert_eq!(field, Some("limit"), "{limit}");
    }
    let page = repository.list_assets(&AssetQuery { limit: MAX_PAGE, ..AssetQuery::default() }).await?;
    assert_eq!(page.items.len(), MAX_PAGE as usize);
    assert!(page.next.is_some());
    // A page that ends with the last asset is the last page.
    let all_but_one = AssetQuery { limit: MAX_PAGE, cursor: None, ..AssetQuery::default() };
    repository
        .commit(crate::port::repository::ChangeSet {
            delete_assets: vec![(asset_id(1), 1)],
            ..Default::default()
        })
        .await?;
    let page = repository.list_assets(&all_but_one).await?;
    assert_eq!((page.items.len(), page.next), (MAX_PAGE as usize, None));
    Ok(())
}

pub async fn a_cursor_of_another_query_is_refused(harness: &impl Harness) -> Result<()> {
    let repository = harness.fresh().await?;
    insert(&*repository, &[asset(1)?, asset(2)?, asset(3)?]).await?;
    let query = AssetQuery { limit: 1, ..AssetQuery::default() };
    let cursor = repository.list_assets(&query).await?.next;
    assert!(cursor.is_some());
    let others = [
        AssetQuery { owner: Some(address(1)), ..query.clone() },
        AssetQuery { asset_type: Some(AssetType::Music), ..query.clone() },
        AssetQuery { archived: ArchiveFilter::Any, ..query.clone() },
        AssetQuery { registered: Some(false), ..query.clone() },
        AssetQuery { text: Some("asset".to_owned()), ..query.clone() },
        AssetQuery { sort: AssetSort::Title, ..query.clone() },
        AssetQuery { sort: AssetSort::UpdatedAt, ..query.clone() },
        AssetQuery { order: SortOrder::Ascending, ..query.clone() },
    ];
    for other in others {
        let refused = repository.list_assets(&AssetQuery { cursor: cursor.clone(), ..other.clone() }).await;
        assert_eq!(refused.err().map(|err| err.kind()), Some(ErrorKind::InvalidInput), "{other:?}");
    }
    // The number of items is no part of the query.
    let rest = AssetQuery { limit: 5, cursor, ..query.clone() };
    assert_eq!(ids(&*repository, &rest).await?, numbers([2, 1]));
    let nonsense = AssetQuery { cursor: Some("bm9uc2Vuc2U".parse()?), ..query };
    let refused = repository.list_assets(&nonsense).await;
    assert_eq!(refused.err().map(|err| err.kind()), Some(ErrorKind::InvalidInput));
    Ok(())
}
