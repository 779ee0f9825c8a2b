//! The suites of the ports on this crate's adapters.

#[cfg(feature = "moka")]
mod moka {
    use std::{sync::Arc, time::Duration};

    use lore_core::{Clock, Result, SystemClock, conformance::cache::Harness, port::cache::Cache};
    use lore_store::moka::MokaCache;

    struct Moka;

    impl Harness for Moka {
        async fn fresh(&self) -> Result<Arc<dyn Cache>> {
            Ok(Arc::new(MokaCache::new(MokaCache::DEFAULT_BYTES)))
        }

        /// Long enough for a loaded machine to put an entry and ask for it in less.
        fn tick(&self) -> Duration {
            Duration::from_millis(50)
        }

        /// Moka reads the machine's clock, so time really passes here.
        async fn advance(&self, by: Duration) {
            SystemClock.sleep(by).await;
        }
    }

    lore_core::cache_conformance!(Moka);
}

#[cfg(feature = "sqlite")]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod sqlite {
    use std::{
        path::{Path, PathBuf},
        sync::{Arc, Mutex},
    };

    use lore_core::{
        CreationId, Result,
        ai::audit::LoggedEntry,
        conformance::{audit_log, chain_event_store, report_store, repository::Harness, transaction_store},
        port::{
            ai_log::CallLedger, ai_reports::ReportStore, chain_events::ChainEventStore,
            repository::Repository, transactions::TransactionStore,
        },
    };
    use lore_store::sqlite::{SqliteConfig, SqliteRepository};
    use sqlx::{ConnectOptions, sqlite::SqliteConnectOptions};
    use tempfile::TempDir;

    #[derive(Default)]
    struct Sqlite {
        /// The directories of this case; the last one is the newest.
        directories: Mutex<Vec<TempDir>>,
    }

    fn file(directory: &Path) -> PathBuf {
        directory.join("lore.db")
    }

    impl Sqlite {
        fn newest(&self) -> PathBuf {
            file(self.directories.lock().unwrap().last().unwrap().path())
        }

        async fn new_file(&self) -> Result<SqliteRepository> {
            self.directories.lock().unwrap().push(TempDir::new().unwrap());
            self.open().await
        }

        async fn open(&self) -> Result<SqliteRepository> {
            SqliteRepository::connect(SqliteConfig::new(self.newest())).await
        }
    }

    impl Harness for Sqlite {
        async fn fresh(&self) -> Result<Arc<dyn Repository>> {
            Ok(Arc::new(self.new_file().await?))
        }

        async fn reopen(&self) -> Result<Option<Arc<dyn Repository>>> {
            Ok(Some(Arc::new(self.open().await?)))
        }

        async fn plant_unknown_step(&self, creation: &CreationId) -> Result<bool> {
            let mut connection = SqliteConnectOptions::new().filename(self.newest()).connect().await.unwrap();
            let planted = sqlx::query(
                "UPDATE lore_events SET event = json_replace(event, '$.step', 'teleportation') \
                 WHERE creation = ?1 AND seq = (SELECT max(seq) FROM lore_events WHERE creation = ?1)",
            )
            .bind(creation.to_bytes().to_vec())
            .execute(&mut connection)
            .await
            .unwrap();
            Ok(planted.rows_affected() == 1)
        }
    }

    lore_core::repository_conformance!(Sqlite::default());

    impl transaction_store::Harness for Sqlite {
        async fn fresh(&self) -> Result<Arc<dyn TransactionStore>> {
            Ok(Arc::new(self.new_file().await?.transactions()))
        }

        async fn again(&self) -> Result<Option<Arc<dyn TransactionStore>>> {
            Ok(Some(Arc::new(self.open().await?.transactions())))
        }
    }

    mod transactions {
        lore_core::transaction_store_conformance!(super::Sqlite::default());
    }

    impl chain_event_store::Harness for Sqlite {
        async fn fresh(&self) -> Result<Arc<dyn ChainEventStore>> {
            Ok(Arc::new(self.new_file().await?.chain_events()))
        }

        async fn again(&self) -> Result<Option<Arc<dyn ChainEventStore>>> {
            Ok(Some(Arc::new(self.open().await?.chain_events())))
        }
    }

    impl audit_log::Harness for Sqlite {
        async fn fresh(&self) -> Result<Arc<dyn CallLedger>> {
            Ok(Arc::new(self.new_file().await?.ai_log()))
        }

        async fn again(&self) -> Result<Option<Arc<dyn CallLedger>>> {
            Ok(Some(Arc::new(self.open().await?.ai_log())))
        }

        async fn tamper(&self, place: u64, line: &LoggedEntry) -> Result<()> {
            let mut connection = SqliteConnectOptions::new().filename(self.newest()).connect().await.unwrap();
            let changed = sqlx::query("UPDATE lore_ai_lines SET hash = ?2, bytes = ?3 WHERE sequence = ?1")
                .bind(place.cast_signed())
                .bind(line.head.hash.to_vec())
                .bind(line.bytes.clone())
                .execute(&mut connection)
                .await
                .unwrap();
            assert_eq!(changed.rows_affected(), 1);
            Ok(())
        }
    }

    impl report_store::Harness for Sqlite {
        async fn fresh(&self) -> Result<Arc<dyn ReportStore>> {
            Ok(Arc::new(self.new_file().await?.ai_reports()))
        }

        async fn again(&self) -> Result<Option<Arc<dyn ReportStore>>> {
            Ok(Some(Arc::new(self.open().await?.ai_reports())))
        }
    }

    mod ai_reports {
        lore_core::report_store_conformance!(super::Sqlite::default());
    }

    mod ai_log {
        lore_core::audit_log_conformance!(super::Sqlite::default());
    }

    mod calls {
        lore_core::call_ledger_conformance!(super::Sqlite::default());
    }

    mod chain_events {
        lore_core::chain_event_store_conformance!(super::Sqlite::default());
    }
}
