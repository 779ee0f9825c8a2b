//! Files that are not as they should be, and files that others have open.
#![cfg(feature = "sqlite")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use futures_util::future::join_all;
use lore_core::{
    Error, ErrorKind, Retry,
    conformance::repository::fixtures::{asset, asset_id, insert, titled},
    port::repository::{AssetRepository, CreationJournal, Repository},
};
use lore_store::sqlite::{SqliteConfig, SqliteRepository};
use sqlx::{ConnectOptions, Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use tempfile::TempDir;

fn place() -> (TempDir, PathBuf) {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("lore.db");
    (directory, file)
}

async fn connect(file: &Path) -> Result<SqliteRepository, Error> {
    SqliteRepository::connect(SqliteConfig::new(file)).await
}

async fn raw(file: &Path) -> SqliteConnection {
    SqliteConnectOptions::new().filename(file).create_if_missing(true).connect().await.unwrap()
}

async fn execute(connection: &mut SqliteConnection, sql: &'static str) {
    sqlx::query(sql).execute(connection).await.unwrap();
}

/// A closed repository of some assets.
async fn filled(file: &Path) {
    let repository = connect(file).await.unwrap();
    let assets: Vec<_> =
        (1..=400).map(|number| titled(number, &format!("the {number} night 星空")).unwrap()).collect();
    insert(&repository, &assets).await.unwrap();
    repository.close().await.unwrap();
}

#[tokio::test]
async fn garbage_is_no_database_and_is_left_alone() {
    for size in [100, 4_096, 100_000] {
        let (_directory, file) = place();
        let garbage: Vec<u8> = (0..size).map(|n: usize| (n * 31 % 251).try_into().unwrap()).collect();
        fs::write(&file, &garbage).unwrap();
        let error = connect(&file).await.unwrap_err();
        assert_eq!((error.kind(), error.retry()), (ErrorKind::IntegrityMismatch, Retry::Never), "{error:?}");
        assert!(error.to_string().contains("lore.db"), "{error}");
        assert_eq!(fs::read(&file).unwrap(), garbage);
    }
}

#[tokio::test]
async fn an_empty_file_becomes_a_database() {
    let (_directory, file) = place();
    fs::write(&file, b"").unwrap();
    let repository = connect(&file).await.unwrap();
    insert(&repository, &[asset(1).unwrap()]).await.unwrap();
}

#[tokio::test]
async fn a_truncated_file_is_told_as_damaged() {
    let (_directory, file) = place();
    filled(&file).await;
    let whole = fs::read(&file).unwrap();
    let mut told = 0;
    for part in [1_000, 5_000, whole.len() / 4, whole.len() / 2, whole.len() - 4_096] {
        let (_directory, file) = place();
        fs::write(&file, &whole[..part]).unwrap();
        let used = async {
            let repository = connect(&file).await?;
            for number in 1..=400 {
                repository.asset(&asset_id(number)).await?;
            }
            Ok::<_, Error>(())
        };
        let error = used.await.expect_err("a part of a database was read as if it were whole");
        assert_eq!((error.kind(), error.retry()), (ErrorKind::IntegrityMismatch, Retry::Never), "{error:?}");
        told += 1;
    }
    assert_eq!(told, 5);
}

#[tokio::test]
async fn a_damaged_page_is_told_and_the_rest_is_read() {
    let (_directory, file) = place();
    filled(&file).await;
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2 / 4_096 * 4_096;
    bytes[middle..middle + 4_096 * 20].fill(0xff);
    fs::write(&file, &bytes).unwrap();
    let repository = connect(&file).await.unwrap();
    let (mut read, mut told) = (0, 0);
    for number in 1..=400 {
        match repository.asset(&asset_id(number)).await {
            Ok(_) => read += 1,
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::IntegrityMismatch, "{error:?}");
                told += 1;
            }
        }
    }
    assert!(read > 0 && told > 0, "{read} read, {told} damaged");
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_left_as_it_is() {
    let (_directory, file) = place();
    filled(&file).await;
    let mut connection = raw(&file).await;
    execute(
        &mut connection,
        "INSERT INTO lore_migrations (version, description, success, checksum, execution_time) \
         VALUES (9, 'of the future', TRUE, x'00', 0)",
    )
    .await;
    connection.close().await.unwrap();
    let before = fs::read(&file).unwrap();
    let error = connect(&file).await.unwrap_err();
    assert_eq!((error.kind(), error.retry()), (ErrorKind::Config, Retry::Never), "{error:?}");
    assert!(error.context().contains(&("database_version", "9".to_owned())), "{error}");
    assert!(error.context().contains(&("supported_version", "5".to_owned())), "{error}");
    assert_eq!(fs::read(&file).unwrap(), before);
}

#[tokio::test]
async fn lore_lives_beside_the_tables_of_an_application() {
    let (_directory, file) = place();
    let mut connection = raw(&file).await;
    execute(&mut connection, "CREATE TABLE assets (id INTEGER PRIMARY KEY, note TEXT)").await;
    execute(&mut connection, "INSERT INTO assets VALUES (1, 'mine')").await;
    execute(&mut connection, "CREATE TABLE _sqlx_migrations (version BIGINT)").await;
    let repository = connect(&file).await.unwrap();
    insert(&repository, &[asset(1).unwrap()]).await.unwrap();
    let note: (String,) =
        sqlx::query_as("SELECT note FROM assets WHERE id = 1").fetch_one(&mut connection).await.unwrap();
    assert_eq!(note.0, "mine");
}

#[tokio::test]
async fn places_where_no_file_can_be_are_told() {
    let (directory, file) = place();
    let missing = directory.path().join("missing").join("lore.db");
    for path in [directory.path(), &missing] {
        let error = connect(path).await.unwrap_err();
        assert_eq!((error.kind(), error.retry()), (ErrorKind::Config, Retry::Never), "{error:?}");
    }
    assert!(!missing.exists());
    // Names that SQLite gives a meaning of its own are files here.
    for name in [":memory:", "file:lore.db?mode=memory"] {
        let path = file.with_file_name(name);
        connect(&path).await.unwrap().close().await.unwrap();
        assert!(path.is_file(), "{name}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_that_cannot_be_written_is_told_when_connecting() {
    use std::os::unix::fs::PermissionsExt;

    let (directory, file) = place();
    filled(&file).await;
    fs::set_permissions(&file, fs::Permissions::from_mode(0o444)).unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o555)).unwrap();
    if fs::File::options().append(true).open(&file).is_ok() {
        println!(
            "skipped a_file_that_cannot_be_written_is_told_when_connecting: this user may write everything"
        );
        return;
    }
    let error = connect(&file).await.unwrap_err();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!((error.kind(), error.retry()), (ErrorKind::Config, Retry::Never), "{error:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_may_make_the_same_file_at_once() {
    for _ in 0..8 {
        let (_directory, file) = place();
        let repositories: Vec<_> =
            join_all((0..8).map(|_| connect(&file))).await.into_iter().collect::<Result<_, _>>().unwrap();
        let assets: Vec<_> = (0..8).map(|number| asset(number).unwrap()).collect();
        let writes = repositories.iter().zip(&assets);
        let writes = writes.map(|(handle, asset)| insert(handle, std::slice::from_ref(asset)));
        join_all(writes).await.into_iter().collect::<Result<Vec<_>, _>>().unwrap();
        let ids: Vec<_> = assets.iter().map(|asset| asset.id).collect();
        for repository in &repositories {
            assert_eq!(repository.assets(&ids).await.unwrap(), assets);
        }
    }
}

#[tokio::test]
async fn a_lock_of_another_process_is_told_and_then_forgotten() {
    let (_directory, file) = place();
    let config = SqliteConfig::new(&file).with_busy_timeout(Duration::from_millis(20));
    let repository = SqliteRepository::connect(config.clone()).await.unwrap();
    let mut other = raw(&file).await;
    execute(&mut other, "BEGIN IMMEDIATE").await;
    for _ in 0..2 {
        let error = insert(&repository, &[asset(1).unwrap()]).await.unwrap_err();
        assert_eq!((error.kind(), error.retry()), (ErrorKind::Unavailable, Retry::After(None)), "{error:?}");
    }
    // Reading goes on meanwhile, and another handle opens.
    assert_eq!(repository.asset(&asset_id(1)).await.unwrap(), None);
    let second = SqliteRepository::connect(config).await.unwrap();
    assert_eq!(second.asset(&asset_id(1)).await.unwrap(), None);
    execute(&mut other, "COMMIT").await;
    insert(&repository, &[asset(1).unwrap()]).await.unwrap();
    assert_eq!(second.asset(&asset_id(1)).await.unwrap(), Some(asset(1).unwrap()));
}

#[tokio::test]
async fn a_file_locked_as_a_whole_is_told_when_connecting() {
    let (_directory, file) = place();
    filled(&file).await;
    let mut other = raw(&file).await;
    execute(&mut other, "PRAGMA locking_mode = EXCLUSIVE").await;
    execute(&mut other, "BEGIN EXCLUSIVE").await;
    let config = SqliteConfig::new(&file).with_busy_timeout(Duration::from_millis(20));
    let error = SqliteRepository::connect(config).await.unwrap_err();
    assert_eq!((error.kind(), error.retry()), (ErrorKind::Unavailable, Retry::After(None)), "{error:?}");
}

#[tokio::test]
async fn a_file_that_vanished_does_not_come_back_empty() {
    let (_directory, file) = place();
    let repository = connect(&file).await.unwrap();
    // A write that is dropped takes its connection with it, so the next one opens the file again.
    drop(futures_util::poll!(Box::pin(insert(&repository, &[asset(1).unwrap()]))));
    fs::remove_file(&file).unwrap();
    let error = insert(&repository, &[asset(2).unwrap()]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config, "{error:?}");
    assert!(!file.exists());
}

#[tokio::test]
async fn a_closed_repository_says_so() {
    let (_directory, file) = place();
    let repository = connect(&file).await.unwrap();
    insert(&repository, &[asset(1).unwrap()]).await.unwrap();
    repository.close().await.unwrap();
    repository.close().await.unwrap();
    let errors = [
        repository.asset(&asset_id(1)).await.map(|_| ()).unwrap_err(),
        repository.creation(&lore_core::CreationId::from_bytes([1; 16])).await.map(|_| ()).unwrap_err(),
        repository.commit(Default::default()).await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!((error.kind(), error.retry()), (ErrorKind::Unavailable, Retry::Never), "{error:?}");
    }
    // The log was written back: the one file holds everything.
    assert!(!file.with_file_name("lore.db-wal").exists());
    let again = connect(&file).await.unwrap();
    assert_eq!(again.asset(&asset_id(1)).await.unwrap(), Some(asset(1).unwrap()));
}
