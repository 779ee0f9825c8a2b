//! Layers: behaviour that is the same for every use of a port.
use crate::port::{chain::ChainClient, pins::PinStore, repository::Repository};
use std::sync::Arc;
/// x
pub trait Layer: std::fmt::Debug + crate::MaybeSend + crate::MaybeSync + 'static {
    /// x
    fn chain_client(&self, inner: Arc<dyn ChainClient>) -> Arc<dyn ChainClient> {
        inner
    }
    /// x
    fn pin_store(&self, inner: Arc<dyn PinStore>) -> Arc<dyn PinStore> {
        inner
    }
    /// x
    fn repository(&self, inner: Arc<dyn Repository>) -> Arc<dyn Repository> {
        inner
    }
}
