//! [`Layer`]: one hook per port.

use std::{fmt::Debug, sync::Arc};

use crate::{
    maybe_send::{MaybeSend, MaybeSync},
    port::{cache::Cache, chain::ChainClient, llm::LlmProvider, pins::PinStore, repository::Repository},
};

/// Puts something around ports. A hook that is not overridden leaves its port as it is.
///
/// State lives in the layer: what it wraps is cheap, and may be wrapped any number of times. An adapter that is made of
/// wrapped ones (a list of providers, say) is not wrapped again with the same layer.
pub trait Layer: Debug + MaybeSend + MaybeSync + 'static {
    /// Wraps a chain client.
    fn chain_client(&self, inner: Arc<dyn ChainClient>) -> Arc<dyn ChainClient> {
        inner
    }

    /// Wraps a pin store.
    fn pin_store(&self, inner: Arc<dyn PinStore>) -> Arc<dyn PinStore> {
        inner
    }

    /// Wraps a provider of language models.
    fn llm_provider(&self, inner: Arc<dyn LlmProvider>) -> Arc<dyn LlmProvider> {
        inner
    }

    /// Wraps a repository.
    fn repository(&self, inner: Arc<dyn Repository>) -> Arc<dyn Repository> {
        inner
    }

    /// Wraps a cache.
    fn cache(&self, inner: Arc<dyn Cache>) -> Arc<dyn Cache> {
        inner
    }
}
const _: Option<&dyn Layer> = None;

macro_rules! layer_by_reference {
    ($reference:ident; $($hook:ident $port:ident),+) => {
        #[deny(clippy::missing_trait_methods)]
        impl<L: Layer + ?Sized> Layer for $reference<L> {
            $(fn $hook(&self, inner: Arc<dyn $port>) -> Arc<dyn $port> {
                (**self).$hook(inner)
            })+
        }
    };
}
layer_by_reference! {
    Arc;
    chain_client ChainClient, pin_store PinStore, llm_provider LlmProvider, repository Repository, cache Cache
}
layer_by_reference! {
    Box;
    chain_client ChainClient, pin_store PinStore, llm_provider LlmProvider, repository Repository, cache Cache
}

/// Implements [`Layer`] for a layer that treats all ports alike, with its `fn around(&self, Port) -> impl Around`.
macro_rules! layer_around_every_port {
    ($layer:ty) => {
        $crate::layer::stack::layer_around_every_port! {
            $layer;
            chain_client ChainClient, pin_store PinStore, llm_provider LlmProvider, repository Repository, cache Cache
        }
    };
    ($layer:ty; $($hook:ident $port:ident),+) => {
        #[deny(clippy::missing_trait_methods)]
        impl $crate::layer::Layer for $layer {
            $(fn $hook(
                &self,
                inner: std::sync::Arc<dyn $crate::layer::stack::ports::$port>,
            ) -> std::sync::Arc<dyn $crate::layer::stack::ports::$port> {
                let adapter = inner.name().to_owned();
                let around = self.around($crate::layer::Port::$port);
                std::sync::Arc::new($crate::layer::around::LayeredPort::new(inner, &adapter, around))
            })+
        }
    };
}
pub(super) use layer_around_every_port;

/// The ports under one path, for the macro above.
pub(super) mod ports {
    pub(in crate::layer) use crate::port::{
        cache::Cache, chain::ChainClient, llm::LlmProvider, pins::PinStore, repository::Repository,
    };
}
