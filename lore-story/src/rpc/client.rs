//! [`Rpc`]: the handle, and the way a question goes to one node after the other.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
};

use alloy::primitives::U64;
use lore_core::{ChainId, Clock, Error, ErrorKind, Result};
use reqwest::Client;
use serde::{Serialize, de::DeserializeOwned};

use super::{
    config::RpcConfig,
    endpoint::{Endpoint, http_client},
    fault::{Failure, Fault},
    fees::FeeCache,
};

/// Asks the nodes of one chain. Clones are cheap and share everything.
#[derive(Clone)]
pub struct Rpc {
    pub(super) shared: Arc<Shared>,
}

pub(super) struct Shared {
    client: Client,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) config: RpcConfig,
    endpoints: Vec<Endpoint>,
    /// Index of the endpoint that answered last.
    current: AtomicUsize,
    next_id: AtomicU64,
    calls: Mutex<BTreeMap<&'static str, u64>>,
    /// Whether a node was seen that has no `eth_getBlockReceipts`.
    pub(super) lacks_block_receipts: AtomicBool,
    /// Whether a node was seen that has no `eth_simulateV1`.
    pub(super) lacks_simulation: AtomicBool,
    pub(super) fees: FeeCache,
}

impl fmt::Debug for Rpc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rpc")
            .field("chain_id", &self.shared.config.chain_id)
            .field("endpoints", &self.shared.endpoints)
            .finish_non_exhaustive()
    }
}

impl Rpc {
    /// A client of these nodes. Asks nothing yet.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) if there is no node, or an address is none.
    pub fn new(config: RpcConfig, clock: Arc<dyn Clock>) -> Result<Self> {
        if config.urls.is_empty() {
            return Err(Error::new(ErrorKind::Config, "no node is configured").with_context("field", "urls"));
        }
        let endpoints = config.urls.iter().map(Endpoint::new);
        let shared = Shared {
            client: http_client(&config)?,
            clock,
            endpoints: endpoints.collect::<Result<_>>()?,
            config,
            current: AtomicUsize::new(0),
            next_id: AtomicU64::new(1),
            calls: Mutex::default(),
            lacks_block_receipts: AtomicBool::new(false),
            lacks_simulation: AtomicBool::new(false),
            fees: FeeCache::default(),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// The chain that every node must belong to.
    #[must_use]
    pub fn chain_id(&self) -> ChainId {
        self.shared.config.chain_id
    }

    /// Makes sure that the node in use belongs to the configured chain. Every node is checked before it is asked or sent
    /// anything else; this only does it early.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) naming the expected and the found chain; [`Unavailable`](ErrorKind::Unavailable) if
    /// no node answers.
    pub async fn check_chain(&self) -> Result<()> {
        let mut first = None;
        for endpoint in self.in_order() {
            match self.check(endpoint).await {
                Ok(()) => return Ok(()),
                Err(failure) if failure.fault.is_of_the_node() => first = first.or(Some(failure)),
                Err(failure) => return Err(failure.into()),
            }
        }
        Err(first.map_or_else(no_endpoint, Error::from))
    }

    /// How many requests were sent so far, to all nodes together.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.lock_calls().values().sum()
    }

    /// How many requests were sent so far, by method.
    #[must_use]
    pub fn calls_by_method(&self) -> BTreeMap<&'static str, u64> {
        self.lock_calls().clone()
    }

    fn lock_calls(&self) -> std::sync::MutexGuard<'_, BTreeMap<&'static str, u64>> {
        self.shared.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks, and passes the error on.
    pub(super) async fn ask<P: Serialize, T: DeserializeOwned>(
        &self,
        method: &'static str,
        params: P,
    ) -> Result<T> {
        self.try_ask(method, &params).await.map_err(Error::from)
    }

    /// Asks one node after the other, from the one that answered last, until one answers or refuses.
    pub(super) async fn try_ask<P: Serialize, T: DeserializeOwned>(
        &self,
        method: &'static str,
        params: &P,
    ) -> Result<T, Failure> {
        let mut first: Option<Failure> = None;
        for endpoint in self.in_order() {
            match self.ask_one(endpoint, method, params).await {
                Err(failure) if failure.fault.is_of_the_node() => {
                    tracing::debug!(node = endpoint.label(), method, "the node did not answer");
                    first = first.or(Some(failure));
                }
                answered => return answered,
            }
        }
        Err(first.unwrap_or_else(|| self.failure(Fault::NotANode { size_bytes: 0, cause: None }, method, "")))
    }

    /// Asks one node, which then becomes the one that is asked first.
    pub(super) async fn ask_one<P: Serialize, T: DeserializeOwned>(
        &self,
        endpoint: &Endpoint,
        method: &'static str,
        params: &P,
    ) -> Result<T, Failure> {
        self.check(endpoint).await?;
        let answer = self.exchange(endpoint, method, params).await;
        if answer.as_ref().err().is_none_or(|failure| !failure.fault.is_of_the_node()) {
            self.prefer(endpoint);
        }
        answer
    }

    async fn check(&self, endpoint: &Endpoint) -> Result<(), Failure> {
        if endpoint.is_checked() {
            return Ok(());
        }
        let _one_at_a_time = endpoint.checking.lock().await;
        if endpoint.is_checked() {
            return Ok(());
        }
        let found: U64 = self.exchange(endpoint, "eth_chainId", &[(); 0]).await?;
        let (expected, found) = (self.chain_id().get(), found.to::<u64>());
        if found != expected {
            return Err(self.failure(Fault::WrongChain { expected, found }, "eth_chainId", endpoint.label()));
        }
        endpoint.set_checked();
        Ok(())
    }

    async fn exchange<P: Serialize, T: DeserializeOwned>(
        &self,
        endpoint: &Endpoint,
        method: &'static str,
        params: &P,
    ) -> Result<T, Failure> {
        let shared = &self.shared;
        *self.lock_calls().entry(method).or_default() += 1;
        let id = shared.next_id.fetch_add(1, Ordering::Relaxed);
        let limit = shared.config.answer_timeout;
        endpoint
            .exchange(&shared.client, &*shared.clock, limit, (id, method, params))
            .await
            .map_err(|fault| self.failure(fault, method, endpoint.label()))
    }

    fn failure(&self, fault: Fault, method: &'static str, node: &str) -> Failure {
        Failure { fault, method, node: node.to_owned() }
    }

    /// All endpoints, beginning with the one that answered last.
    pub(super) fn in_order(&self) -> impl Iterator<Item = &Endpoint> {
        let start = self.shared.current.load(Ordering::Relaxed);
        let (before, after) =
            self.shared.endpoints.split_at_checked(start).unwrap_or((&[], &self.shared.endpoints));
        after.iter().chain(before)
    }

    fn prefer(&self, endpoint: &Endpoint) {
        if let Some(index) = self.shared.endpoints.iter().position(|other| std::ptr::eq(other, endpoint)) {
            self.shared.current.store(index, Ordering::Relaxed);
        }
    }
}

pub(super) fn no_endpoint() -> Error {
    Error::new(ErrorKind::Config, "no node is configured")
}
