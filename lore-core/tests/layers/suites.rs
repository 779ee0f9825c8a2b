//! The suite of every port through every layer, and through the whole stack: a layer must not be noticed.

use std::{num::NonZeroUsize, sync::Arc, time::Duration};

use lore_core::{
    layer::{
        Fault, FaultLayer, FaultPlan, Layer, LimitLayer, MetricsLayer, RetryLayer, TimeoutLayer, TraceLayer,
    },
    memory::clock::ManualClock,
};

/// The layers of one run, innermost first.
type Stack = fn() -> Vec<Arc<dyn Layer>>;

fn retry() -> Vec<Arc<dyn Layer>> {
    vec![Arc::new(RetryLayer::default())]
}

fn timeout() -> Vec<Arc<dyn Layer>> {
    vec![Arc::new(TimeoutLayer::default().calls(Duration::from_secs(60)))]
}

fn limit() -> Vec<Arc<dyn Layer>> {
    vec![Arc::new(LimitLayer::new(NonZeroUsize::MIN))]
}

fn metrics() -> Vec<Arc<dyn Layer>> {
    vec![Arc::new(MetricsLayer::default())]
}

fn trace() -> Vec<Arc<dyn Layer>> {
    vec![Arc::new(TraceLayer)]
}

fn fault() -> Vec<Arc<dyn Layer>> {
    vec![Arc::new(FaultLayer::new(FaultPlan::none()))]
}

fn all() -> Vec<Arc<dyn Layer>> {
    [timeout(), limit(), retry(), metrics(), trace()].concat()
}

/// Every fifth call fails before anything happens, and is repeated. Reads of an opened reader are not, so stores take no
/// part in this.
fn bad_network() -> Vec<Arc<dyn Layer>> {
    let clock = Arc::new(ManualClock::default().auto_advance());
    let faults = FaultLayer::new(FaultPlan::random(1, 200, &[Fault::FailBefore]));
    vec![Arc::new(faults), Arc::new(RetryLayer::default().clock(clock).max_attempts(30))]
}

/// One module per stack, each with the whole suite.
macro_rules! through_every_layer {
    ($suite:ident, $harness:ident) => {
        through_every_layer! { $suite, $harness, retry timeout limit metrics trace fault all }
    };
    ($suite:ident, $harness:ident, $($stack:ident)+) => {
        $(mod $stack {
            lore_core::$suite!(super::$harness::new(super::super::$stack));
        })+
    };
}

mod llm_provider {
    use std::sync::{Arc, OnceLock};

    use lore_core::{
        Result,
        conformance::llm_provider::Harness,
        memory::llm::{Reply, ScriptedLlmProvider},
        port::llm::LlmProvider,
    };

    use super::Stack;
    use crate::scripted;

    pub(super) struct Layered {
        stack: Stack,
        inner: OnceLock<ScriptedLlmProvider>,
    }

    impl Layered {
        pub(super) fn new(stack: Stack) -> Self {
            Self { stack, inner: OnceLock::new() }
        }
    }

    impl Harness for Layered {
        async fn fresh(&self) -> Result<Arc<dyn LlmProvider>> {
            let inner = self.inner.get_or_init(|| scripted().0.model("m", [Reply::text("blue")])).clone();
            let inner: Arc<dyn LlmProvider> = Arc::new(inner);
            Ok((self.stack)().iter().fold(inner, |port, layer| layer.llm_provider(port)))
        }

        fn model(&self) -> String {
            "m".to_owned()
        }

        fn requests_sent(&self) -> Option<usize> {
            self.inner.get().map(ScriptedLlmProvider::calls)
        }
    }

    mod none {
        lore_core::llm_provider_conformance!(super::Layered::new(Vec::new));
    }
    through_every_layer!(llm_provider_conformance, Layered);
    through_every_layer!(llm_provider_conformance, Layered, bad_network);
}

mod pin_store {
    use std::sync::{Arc, OnceLock};

    use lore_core::{
        Result, conformance::pin_store::Harness, content::unixfs::Profile, memory::pins::MemoryPinStore,
        port::pins::PinStore,
    };

    use super::Stack;

    pub(super) struct Layered {
        stack: Stack,
        inner: OnceLock<Arc<MemoryPinStore>>,
    }

    impl Layered {
        pub(super) fn new(stack: Stack) -> Self {
            Self { stack, inner: OnceLock::new() }
        }
    }

    impl Harness for Layered {
        async fn fresh(&self) -> Result<Arc<dyn PinStore>> {
            let new = || Arc::new(MemoryPinStore::new(Profile::UnixFsV1_2025));
            let inner: Arc<dyn PinStore> = self.inner.get_or_init(new).clone();
            Ok((self.stack)().iter().fold(inner, |port, layer| layer.pin_store(port)))
        }

        async fn uploads(&self) -> Option<u64> {
            self.inner.get().map(|store| store.uploads())
        }
    }

    through_every_layer!(pin_store_conformance, Layered);
}

mod cache {
    use std::{sync::Arc, time::Duration};

    use lore_core::{
        Result,
        conformance::cache::Harness,
        memory::{cache::MemoryCache, clock::ManualClock},
        port::cache::Cache,
    };

    use super::Stack;

    pub(super) struct Layered {
        stack: Stack,
        clock: ManualClock,
    }

    impl Layered {
        pub(super) fn new(stack: Stack) -> Self {
            Self { stack, clock: ManualClock::default() }
        }
    }

    impl Harness for Layered {
        async fn fresh(&self) -> Result<Arc<dyn Cache>> {
            let inner: Arc<dyn Cache> = Arc::new(MemoryCache::new(Arc::new(self.clock.clone()), 1 << 20));
            Ok((self.stack)().iter().fold(inner, |port, layer| layer.cache(port)))
        }

        async fn advance(&self, by: Duration) {
            self.clock.advance(by);
        }
    }

    through_every_layer!(cache_conformance, Layered);
    through_every_layer!(cache_conformance, Layered, bad_network);
}

mod repository {
    use std::sync::Arc;

    use lore_core::{
        CreationId, Result, conformance::repository::Harness, memory::repository::MemoryRepository,
        port::repository::Repository,
    };

    use super::Stack;

    pub(super) struct Layered {
        stack: Stack,
    }

    impl Layered {
        pub(super) fn new(stack: Stack) -> Self {
            Self { stack }
        }
    }

    impl Harness for Layered {
        async fn fresh(&self) -> Result<Arc<dyn Repository>> {
            let inner: Arc<dyn Repository> = Arc::new(MemoryRepository::new());
            Ok((self.stack)().iter().fold(inner, |port, layer| layer.repository(port)))
        }

        async fn reopen(&self) -> Result<Option<Arc<dyn Repository>>> {
            Ok(None)
        }

        async fn plant_unknown_step(&self, _: &CreationId) -> Result<bool> {
            Ok(false)
        }
    }

    through_every_layer!(repository_conformance, Layered);
    through_every_layer!(repository_conformance, Layered, bad_network);
}

mod chain_client {
    use std::sync::Arc;

    use lore_core::{
        Address, Result,
        conformance::{Clients, chain_client::Harness},
        memory::{chain::SimulatedChain, clock::ManualClock},
        port::chain::ChainClient,
    };

    use super::Stack;

    const ALICE: Address = Address::from_bytes([0xa1; 20]);
    const BOB: Address = Address::from_bytes([0xb0; 20]);

    pub(super) struct Layered {
        stack: Stack,
    }

    impl Layered {
        pub(super) fn new(stack: Stack) -> Self {
            Self { stack }
        }
    }

    impl Harness for Layered {
        async fn fresh(&self) -> Result<Clients<dyn ChainClient>> {
            let chain = SimulatedChain::new(ALICE, Arc::new(ManualClock::default()));
            let layers = (self.stack)();
            let layered = |signer| {
                let inner: Arc<dyn ChainClient> = Arc::new(chain.connect(signer));
                layers.iter().fold(inner, |port, layer| layer.chain_client(port))
            };
            Ok(Clients::of_chain(layered(ALICE)).with_again(layered(ALICE)).with_other(layered(BOB)))
        }
    }

    through_every_layer!(chain_client_conformance, Layered);
    through_every_layer!(chain_client_conformance, Layered, bad_network);
}
