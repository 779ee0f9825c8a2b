//! [`open`]: from a [`Config`] to a running engine.

use std::{num::NonZeroUsize, path::Path, sync::Arc, time::Duration};

use lore_core::{
    Clock, Error, ErrorKind, Lore, Result, Retry, SystemClock,
    ai::{AiReports, AiService, OfflineProvider, TierModel},
    creation::CreationPolicy,
    layer::{Layer, LimitLayer, MetricsLayer, RetryLayer, TimeoutLayer, TraceLayer},
    memory::chain::{SimulatedChain, SimulatedConfig},
    port::{
        ai_log::CallLedger, ai_reports::ReportStore, chain::ChainClient, llm::LlmProvider, pins::PinStore,
        repository::Repository,
    },
};

#[cfg(feature = "story")]
use lore_core::port::transactions::TransactionStore;

use lore_store::task::TokioSpawner;

use crate::config::{ChainConfig, Config, PinsConfig, StoreConfig};

/// Connects the adapters that `config` names, puts the default layers around them, and builds the engine.
///
/// The layers are, from the outside in: trace, metrics, retry, limit, timeout. Needs a running tokio runtime with its timer.
///
/// Calls to models that a process which died left open are closed, once their time is over; see [`AiService::recover`].
///
/// # Errors
/// [`ErrorKind::Config`] for values that cannot work and for data of a newer version of Lore;
/// [`ErrorKind::IntegrityMismatch`] for damaged data; [`ErrorKind::Unavailable`] if a file, disk or service cannot be
/// reached.
pub async fn open(config: &Config) -> Result<Lore> {
    let clock = SystemClock::shared();
    let mut policy = CreationPolicy::default();
    policy.lease = Duration::from_secs(config.creation.lease_seconds);
    policy.max_attempts = config.creation.max_attempts;
    let concurrent = NonZeroUsize::new(config.calls.max_concurrent).ok_or_else(|| {
        Error::new(ErrorKind::Config, "at least one call must be allowed at once")
            .with_op("open")
            .with_context("field", "calls.max_concurrent")
    })?;
    if config.calls.timeout_seconds == 0 {
        return Err(Error::new(ErrorKind::Config, "a call needs some time")
            .with_op("open")
            .with_context("field", "calls.timeout_seconds"));
    }
    let records = records(&config.store).await?;
    let chain = chain_client(&config.chain, &records, &clock)?;
    let ai = ai(config, &records, concurrent, &clock).await?;
    ai.recover().await?;
    let reports = AiReports::new(
        records.ledger.clone(),
        records.reports.clone(),
        records.repository.clone(),
        clock.clone(),
    );
    Lore::builder()
        .ai(ai)
        .ai_reports(reports)
        .repository(records.repository)
        .pin_store(pin_store(&config.pins, &clock).await?)
        .chain_client(chain)
        .creation_policy(policy)
        .layer(TimeoutLayer::default().calls(Duration::from_secs(config.calls.timeout_seconds)))
        .layer(LimitLayer::new(concurrent))
        .layer(RetryLayer::default().max_attempts(config.calls.max_attempts))
        .layer(MetricsLayer::default())
        .layer(TraceLayer)
        .clock(clock)
        .build()
}

/// What one store keeps.
struct Records {
    repository: Arc<dyn Repository>,
    /// What was signed and sent; a simulated chain has its own file.
    #[cfg(feature = "story")]
    transactions: Arc<dyn TransactionStore>,
    ledger: Arc<dyn CallLedger>,
    reports: Arc<dyn ReportStore>,
}

async fn records(config: &StoreConfig) -> Result<Records> {
    match config {
        StoreConfig::Sqlite { path } => {
            make_parent(path)?;
            let config = lore_store::sqlite::SqliteConfig::new(path);
            let repository = lore_store::sqlite::SqliteRepository::connect(config).await?;
            Ok(Records {
                #[cfg(feature = "story")]
                transactions: Arc::new(repository.transactions()),
                ledger: Arc::new(repository.ai_log()),
                reports: Arc::new(repository.ai_reports()),
                repository: Arc::new(repository),
            })
        }
    }
}

async fn pin_store(config: &PinsConfig, clock: &Arc<dyn Clock>) -> Result<Arc<dyn PinStore>> {
    // Each store that speaks to a service waits on the clock; the local one does not.
    let _ = clock;
    match config {
        PinsConfig::Blocks { path } => {
            let config = lore_ipfs::blocks::BlockStoreConfig::new(path);
            Ok(Arc::new(lore_ipfs::blocks::BlockStore::open(config).await?))
        }
        #[cfg(feature = "pinata")]
        PinsConfig::Pinata(config) => {
            Ok(Arc::new(lore_ipfs::pinata::PinataPinStore::new(config.clone(), clock.clone())?))
        }
        #[cfg(feature = "kubo")]
        PinsConfig::Kubo(config) => {
            Ok(Arc::new(lore_ipfs::kubo::KuboPinStore::connect(config.clone(), clock.clone()).await?))
        }
    }
}

/// The layers around a provider, from the outside in: trace, metrics, limit. Which model is asked again, and when, is the
/// service's business; each call has its own time.
async fn ai(
    config: &Config,
    records: &Records,
    concurrent: NonZeroUsize,
    clock: &Arc<dyn Clock>,
) -> Result<AiService> {
    let mut policy = config.ai.policy.clone();
    let mut builder =
        AiService::builder(records.ledger.clone(), TokioSpawner::current()?.shared()).clock(clock.clone());
    let mut providers: Vec<Arc<dyn LlmProvider>> = Vec::new();
    #[cfg(feature = "ai")]
    for endpoint in &config.ai.endpoints {
        providers.push(Arc::new(lore_ai::OpenAiLlmProvider::new(endpoint.clone(), clock.clone())?));
    }
    if providers.is_empty() {
        let offline = OfflineProvider::new();
        policy.fast = vec![TierModel::new(OfflineProvider::MODEL)];
        policy.quality = vec![TierModel::new(OfflineProvider::MODEL)];
        providers.push(Arc::new(offline));
    }
    let layers: [&dyn Layer; 3] = [&LimitLayer::new(concurrent), &MetricsLayer::default(), &TraceLayer];
    for provider in providers {
        builder = builder
            .llm_provider(layers.iter().fold(provider, |provider, layer| layer.llm_provider(provider)));
    }
    #[cfg(feature = "redis")]
    if let Some(redis) = &config.ai.shared_cache {
        builder = builder.shared_cache(Arc::new(lore_store::redis::RedisCache::new(redis)?));
    }
    builder.policy(policy).build()
}

fn chain_client(
    config: &ChainConfig,
    records: &Records,
    clock: &Arc<dyn Clock>,
) -> Result<Arc<dyn ChainClient>> {
    // Only a real chain has transactions to keep.
    let _ = records;
    match config {
        ChainConfig::Simulated { path, chain_id, signer } => {
            let mut constants = SimulatedConfig::default();
            constants.chain_id = *chain_id;
            let clock = clock.clone();
            Ok(Arc::new(match path {
                Some(path) => {
                    make_parent(path)?;
                    SimulatedChain::open(path, constants, *signer, clock)?
                }
                None => SimulatedChain::with_config(constants, *signer, clock),
            }))
        }
        #[cfg(feature = "story")]
        ChainConfig::Story(config) => {
            let signer = lore_story::LocalSigner::from_key(&config.key)?;
            let transactions = records.transactions.clone();
            let client = lore_story::StoryClient::new(
                config.client.clone(),
                Arc::new(signer),
                transactions,
                clock.clone(),
            )?;
            Ok(Arc::new(client))
        }
    }
}

/// Makes the directory that a file will lie in.
fn make_parent(file: &Path) -> Result<()> {
    let Some(directory) = file.parent() else { return Ok(()) };
    std::fs::create_dir_all(directory).map_err(|err| {
        Error::new(ErrorKind::Unavailable, "a directory cannot be made")
            .with_op("open")
            .with_retry(Retry::Never)
            .with_context("path", directory.display())
            .with_context("cause", &err)
            .with_source(err)
    })
}
