//! A disk that is full. SQLite's own limit of pages gives the real result code at the real places.

use lore_core::{
    ErrorKind, Result, Retry,
    conformance::repository::fixtures::{asset, asset_id, insert, maximal_asset},
    domain::asset::Asset,
    port::repository::{AssetRepository, ChangeSet, Repository},
};
use sqlx::Row;

use super::{SqliteRepository, repository};

/// Lets the file of the writing connection grow by so many pages only.
async fn limit_pages(repository: &SqliteRepository, more: i64) {
    let mut write = repository.writer.begin().await.unwrap();
    let rows = write.rows(sqlx::query("PRAGMA page_count")).await.unwrap();
    let pages: i64 = rows[0].try_get(0).unwrap();
    let sql = format!("PRAGMA max_page_count = {}", pages + more);
    write.rows(sqlx::query(sqlx::AssertSqlSafe(sql))).await.unwrap();
    write.finish(Ok(())).await.unwrap();
}

/// An asset that needs some hundred pages.
fn large(number: u32) -> Result<Asset> {
    let mut asset = maximal_asset(number)?;
    asset.registration = None;
    Ok(asset)
}

#[tokio::test]
async fn a_full_disk_is_told_and_changes_nothing_and_writing_goes_on_when_there_is_room() {
    for more in [0, 1, 3, 10, 20] {
        let (_directory, repository) = repository().await;
        insert(&repository, &[asset(1).unwrap()]).await.unwrap();
        limit_pages(&repository, more).await;
        let set = ChangeSet {
            insert_assets: vec![asset(2).unwrap(), large(3).unwrap(), large(4).unwrap()],
            ..ChangeSet::default()
        };
        let error = repository.commit(set.clone()).await.unwrap_err();
        assert_eq!((error.kind(), error.retry()), (ErrorKind::Unavailable, Retry::After(None)), "{error:?}");
        assert_eq!(error.message(), "disk full");
        let ids = [1, 2, 3, 4].map(asset_id);
        assert_eq!(repository.assets(&ids).await.unwrap(), [asset(1).unwrap()]);
        // Depending on when the disk was full, SQLite rolled back by itself and the connection is a new one, or it is the same.
        limit_pages(&repository, 10_000).await;
        repository.commit(set).await.unwrap();
        assert_eq!(repository.assets(&ids).await.unwrap().len(), 4);
    }
}
