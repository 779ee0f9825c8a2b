//! [`Lore`]: the handle an application holds, and [`LoreBuilder`], which puts it together from ports and layers.

use std::sync::Arc;

#[cfg(not(target_family = "wasm"))]
use crate::ai::AiService;
use crate::{
    ai::AiReports,
    creation::{CreationPolicy, driver::Ports},
    error::{Error, ErrorKind, Result},
    layer::Layer,
    port::{chain::ChainClient, pins::PinStore, repository::Repository},
    service::{AssetService, CreationService, DerivativeService},
    time::{Clock, SystemClock},
};

/// The engine. Clones are cheap and share everything.
#[derive(Clone, Debug)]
pub struct Lore {
    assets: AssetService,
    creations: CreationService,
    derivatives: DerivativeService,
    #[cfg(not(target_family = "wasm"))]
    ai: Option<AiService>,
    ai_reports: Option<AiReports>,
    ports: Ports,
}

impl Lore {
    /// Starts putting an engine together.
    pub fn builder() -> LoreBuilder {
        LoreBuilder::default()
    }

    /// Reads, edits, archives and deletes assets.
    #[must_use]
    pub fn assets(&self) -> &AssetService {
        &self.assets
    }

    /// Makes assets, and goes on with what was interrupted.
    #[must_use]
    pub fn creations(&self) -> &CreationService {
        &self.creations
    }

    /// Families of assets and what they earn.
    #[must_use]
    pub fn derivatives(&self) -> &DerivativeService {
        &self.derivatives
    }

    /// Help by language models.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if the engine was built without.
    #[cfg(not(target_family = "wasm"))]
    pub fn ai(&self) -> Result<&AiService> {
        self.ai.as_ref().ok_or_else(|| {
            Error::new(ErrorKind::Config, "the engine was built without language models").with_op("ai")
        })
    }

    /// What language models did and cost, and what was taken of their answers.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if the engine was built without.
    pub fn ai_reports(&self) -> Result<&AiReports> {
        self.ai_reports.as_ref().ok_or_else(|| {
            Error::new(ErrorKind::Config, "the engine was built without reports on language models")
                .with_op("ai_reports")
        })
    }

    /// The chain, through all layers.
    #[must_use]
    pub fn chain(&self) -> &Arc<dyn ChainClient> {
        &self.ports.chain
    }

    /// The pin store, through all layers.
    #[must_use]
    pub fn pins(&self) -> &Arc<dyn PinStore> {
        &self.ports.pins
    }

    /// The repository, through all layers.
    #[must_use]
    pub fn repository(&self) -> &Arc<dyn Repository> {
        &self.ports.repository
    }
}

/// Puts a [`Lore`] together. Nothing is opened or sent here: adapters are connected before they are handed over.
#[derive(Debug, Default)]
#[must_use]
pub struct LoreBuilder {
    chain_client: Option<Arc<dyn ChainClient>>,
    pin_store: Option<Arc<dyn PinStore>>,
    repository: Option<Arc<dyn Repository>>,
    clock: Option<Arc<dyn Clock>>,
    layers: Vec<Arc<dyn Layer>>,
    creation_policy: CreationPolicy,
    #[cfg(not(target_family = "wasm"))]
    ai: Option<AiService>,
    ai_reports: Option<AiReports>,
}

impl LoreBuilder {
    /// Sets the chain. Required.
    pub fn chain_client(mut self, chain: Arc<dyn ChainClient>) -> Self {
        self.chain_client = Some(chain);
        self
    }

    /// Sets the pin store. Required.
    pub fn pin_store(mut self, pins: Arc<dyn PinStore>) -> Self {
        self.pin_store = Some(pins);
        self
    }

    /// Sets the repository. Required.
    pub fn repository(mut self, repository: Arc<dyn Repository>) -> Self {
        self.repository = Some(repository);
        self
    }

    /// Sets the clock; the system's unless said otherwise.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Wraps every port. The last layer added is the outermost.
    pub fn layer(mut self, layer: impl Layer) -> Self {
        self.layers.push(Arc::new(layer));
        self
    }

    /// Sets how patient creations are.
    pub fn creation_policy(mut self, policy: CreationPolicy) -> Self {
        self.creation_policy = policy;
        self
    }

    /// Sets help by language models. It has layers and a clock of its own.
    #[cfg(not(target_family = "wasm"))]
    pub fn ai(mut self, ai: AiService) -> Self {
        self.ai = Some(ai);
        self
    }

    /// Sets the reports on language models.
    pub fn ai_reports(mut self, reports: AiReports) -> Self {
        self.ai_reports = Some(reports);
        self
    }

    /// Puts the engine together.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] naming a port that is missing, or a policy that cannot work.
    pub fn build(self) -> Result<Lore> {
        let missing = |port: &'static str| {
            move || {
                Error::new(ErrorKind::Config, "a port is missing").with_op("build").with_context("port", port)
            }
        };
        self.creation_policy.check()?;
        let mut ports = Ports {
            repository: self.repository.ok_or_else(missing("repository"))?,
            pins: self.pin_store.ok_or_else(missing("pin_store"))?,
            chain: self.chain_client.ok_or_else(missing("chain_client"))?,
            clock: self.clock.unwrap_or_else(SystemClock::shared),
        };
        for layer in &self.layers {
            ports.repository = layer.repository(ports.repository);
            ports.pins = layer.pin_store(ports.pins);
            ports.chain = layer.chain_client(ports.chain);
        }
        Ok(Lore {
            assets: AssetService::new(ports.clone()),
            creations: CreationService::new(ports.clone(), self.creation_policy),
            derivatives: DerivativeService::new(ports.clone()),
            #[cfg(not(target_family = "wasm"))]
            ai: self.ai,
            ai_reports: self.ai_reports,
            ports,
        })
    }
}

#[cfg(not(target_family = "wasm"))]
const _: fn() = || {
    fn crosses_threads<T: Send + Sync + Clone + 'static>() {}
    crosses_threads::<Lore>();
};
