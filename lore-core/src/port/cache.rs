//! [`Cache`]: bytes that may vanish at any time.

use std::{fmt::Debug, sync::Arc, time::Duration};

use async_trait::async_trait;

use crate::{
    error::Result,
    maybe_send::{MaybeSend, MaybeSync},
};

/// Keeps bytes for a time. An entry may vanish early, never late.
///
/// Every MUST below is proved by the conformance case named after it.
#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
pub trait Cache: Debug + MaybeSend + MaybeSync + 'static {
    /// Short, stable label for metrics and errors, for example `moka`.
    fn name(&self) -> &str;

    /// The bytes under `key`, if they are there and fresh.
    ///
    /// - MUST return what was last put (`get_returns_what_was_put`).
    /// - MUST NOT return an entry whose time is over (`an_entry_ends_with_its_time`).
    ///
    /// # Errors
    /// [`Unavailable`](crate::ErrorKind::Unavailable); callers go on as if nothing was there.
    async fn get(&self, key: &str) -> Result<Option<Arc<[u8]>>>;

    /// Puts bytes under `key` for `ttl`, in place of what was there.
    ///
    /// - MUST refuse a `ttl` of zero with [`InvalidInput`](crate::ErrorKind::InvalidInput) (`a_ttl_of_zero_is_refused`).
    ///
    /// # Errors
    /// As above; [`Unavailable`](crate::ErrorKind::Unavailable).
    async fn put(&self, key: &str, value: Arc<[u8]>, ttl: Duration) -> Result<()>;

    /// Puts bytes only if nothing fresh is there, and says whether it did.
    ///
    /// - MUST let exactly one of several concurrent callers win (`one_of_many_puts_if_absent`).
    ///
    /// # Errors
    /// As [`put`](Self::put).
    async fn put_if_absent(&self, key: &str, value: Arc<[u8]>, ttl: Duration) -> Result<bool>;

    /// Removes an entry; fine if there is none (`remove_twice_is_ok`).
    ///
    /// # Errors
    /// [`Unavailable`](crate::ErrorKind::Unavailable).
    async fn remove(&self, key: &str) -> Result<()>;
}
const _: Option<&dyn Cache> = None;
