//! The suite of the port.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use futures_util::lock::Mutex;
use lore_core::{Clock as _, Result, SystemClock, conformance::cache::Harness, port::cache::Cache};
use lore_store::redis::RedisCache;
use lore_store_testbed::{RedisServer, missing};

use crate::server::config;

#[derive(Default)]
struct Redis {
    server: Mutex<Option<RedisServer>>,
    caches: AtomicU32,
}

impl Harness for Redis {
    /// All on one server: what keeps them apart is what their keys begin with.
    async fn fresh(&self) -> Result<Arc<dyn Cache>> {
        let mut server = self.server.lock().await;
        let server = match &mut *server {
            Some(server) => server,
            none => none.insert(RedisServer::start().await.unwrap()),
        };
        let prefix = format!("{}:", self.caches.fetch_add(1, Ordering::Relaxed));
        Ok(Arc::new(RedisCache::new(&config(server).with_key_prefix(prefix))?))
    }

    /// Long enough for a loaded machine to put an entry and ask for it in less.
    fn tick(&self) -> Duration {
        Duration::from_millis(100)
    }

    /// The server reads the machine's clock, so time really passes here.
    async fn advance(&self, by: Duration) {
        SystemClock.sleep(by).await;
    }
}

lore_core::cache_conformance!(Redis::default(), skip_if: missing());
