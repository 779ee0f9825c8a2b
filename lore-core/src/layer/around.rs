//! [`Around`]: what one layer does around a call, and [`LayeredPort`], which does it around every call of a port.
//!
//! A layer treats all operations alike, so it is written once, over any answer; the forwarding is written once too, for all
//! layers (in `forward`). What differs between operations is data, in `op`.

use std::{fmt::Debug, sync::Arc, time::Duration};

use async_trait::async_trait;

use super::op::{self, Op};
use crate::{
    content::ContentReader,
    error::Result,
    maybe_send::{BoxFuture, MaybeSend, MaybeSync},
};

/// One call of a port.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call<'a> {
    pub(super) op: &'static Op,
    /// Name of the adapter.
    pub(super) adapter: &'a Arc<str>,
    /// How long the request itself allows.
    pub(super) own_timeout: Option<Duration>,
}

/// What a layer does around a call. Clones share the layer's state.
pub(super) trait Around: Debug + Clone + MaybeSend + MaybeSync + 'static {
    /// Whether the layer has a say in each read of an opened reader, too.
    const WRAPS_READERS: bool;

    /// Around a call that is made at most once. `inner` does nothing before it is polled.
    fn once<'a, T: MaybeSend + 'static>(
        &'a self,
        call: Call<'a>,
        inner: BoxFuture<'a, Result<T>>,
    ) -> impl Future<Output = Result<T>> + MaybeSend + 'a;

    /// Around a call that may be made again.
    fn repeatable<'a, T: MaybeSend + 'static>(
        &'a self,
        call: Call<'a>,
        mut attempt: impl FnMut() -> BoxFuture<'a, Result<T>> + MaybeSend + 'a,
    ) -> impl Future<Output = Result<T>> + MaybeSend + 'a {
        self.once(call, attempt())
    }
}

/// A port with a layer around it.
#[derive(Debug)]
pub(super) struct LayeredPort<P: ?Sized, A> {
    pub(super) inner: Arc<P>,
    adapter: Arc<str>,
    around: A,
}

impl<P: ?Sized, A: Around> LayeredPort<P, A> {
    pub(super) fn new(inner: Arc<P>, adapter: &str, around: A) -> Self {
        Self { inner, adapter: adapter.into(), around }
    }

    pub(super) async fn call<'a, T: MaybeSend + 'static>(
        &'a self,
        op: &'static Op,
        attempt: impl FnMut() -> BoxFuture<'a, Result<T>> + MaybeSend + 'a,
    ) -> Result<T> {
        self.call_within(op, None, attempt).await
    }

    pub(super) async fn call_within<'a, T: MaybeSend + 'static>(
        &'a self,
        op: &'static Op,
        own_timeout: Option<Duration>,
        attempt: impl FnMut() -> BoxFuture<'a, Result<T>> + MaybeSend + 'a,
    ) -> Result<T> {
        let call = Call { op, adapter: &self.adapter, own_timeout };
        self.around.repeatable(call, attempt).await
    }

    pub(super) fn reader(&self, inner: Box<dyn ContentReader>) -> Box<dyn ContentReader> {
        if A::WRAPS_READERS {
            let (adapter, around) = (self.adapter.clone(), self.around.clone());
            Box::new(LayeredReader { inner, adapter, around })
        } else {
            inner
        }
    }
}

/// An opened reader with a layer around each read. A read is never repeated: nobody knows where the reader stands then.
struct LayeredReader<A> {
    inner: Box<dyn ContentReader>,
    adapter: Arc<str>,
    around: A,
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl<A: Around> ContentReader for LayeredReader<A> {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let call = Call { op: op::READ, adapter: &self.adapter, own_timeout: None };
        self.around.once(call, self.inner.read(buffer)).await
    }
}
