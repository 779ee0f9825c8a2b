//! [`LimitLayer`]: so many calls at once.

use std::{num::NonZeroUsize, sync::Arc};

use super::{
    Port,
    around::{Around, Call},
    semaphore::Semaphore,
    stack::layer_around_every_port,
};
use crate::{
    error::Result,
    maybe_send::{BoxFuture, MaybeSend},
};

/// Lets a number of calls of each port run at once; others wait their turn, first come, first served.
///
/// All adapters of a port that one layer wraps share the places. Opening a reader takes a place, reading from it does not:
/// else whoever copies from a store into the same store would wait for itself.
///
/// # Cancellation
/// A dropped call frees its place, also in the queue.
#[derive(Clone, Debug)]
pub struct LimitLayer {
    chain_client: Arc<Semaphore>,
    pin_store: Arc<Semaphore>,
    llm_provider: Arc<Semaphore>,
    repository: Arc<Semaphore>,
    cache: Arc<Semaphore>,
}

impl LimitLayer {
    /// At most `max_calls` of each port.
    #[must_use]
    pub fn new(max_calls: NonZeroUsize) -> Self {
        let places = || Arc::new(Semaphore::new(max_calls));
        Self {
            chain_client: places(),
            pin_store: places(),
            llm_provider: places(),
            repository: places(),
            cache: places(),
        }
    }

    /// Another limit for one port. What was wrapped before keeps the old one.
    #[must_use]
    pub fn port(mut self, port: Port, max_calls: NonZeroUsize) -> Self {
        *match port {
            Port::ChainClient => &mut self.chain_client,
            Port::PinStore => &mut self.pin_store,
            Port::LlmProvider => &mut self.llm_provider,
            Port::Repository => &mut self.repository,
            Port::Cache => &mut self.cache,
        } = Arc::new(Semaphore::new(max_calls));
        self
    }

    fn around(&self, port: Port) -> Limited {
        let places = match port {
            Port::ChainClient => &self.chain_client,
            Port::PinStore => &self.pin_store,
            Port::LlmProvider => &self.llm_provider,
            Port::Repository => &self.repository,
            Port::Cache => &self.cache,
        };
        Limited(places.clone())
    }
}

layer_around_every_port!(LimitLayer);

#[derive(Clone, Debug)]
struct Limited(Arc<Semaphore>);

impl Around for Limited {
    const WRAPS_READERS: bool = false;

    async fn once<'a, T: MaybeSend + 'static>(
        &'a self,
        _: Call<'a>,
        inner: BoxFuture<'a, Result<T>>,
    ) -> Result<T> {
        let _place = self.0.acquire().await;
        inner.await
    }
}
