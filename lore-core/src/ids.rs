//! Lore's own ids. Each is a UUIDv7, so that ids sort by the time they were made, and has its own type.

#[cfg(not(target_family = "wasm"))]
use std::sync::{Mutex, PoisonError};
use std::{fmt, str::FromStr};

use uuid::{Builder, Uuid};

#[cfg(not(target_family = "wasm"))]
use crate::time::Timestamp;
use crate::{
    error::{Error, ErrorKind, Result},
    time::Clock,
};

/// Randomness of one id.
type Random = [u8; 10];

fn fill(random: &mut [u8]) -> Result<()> {
    getrandom::fill(random).map_err(|err| {
        Error::new(ErrorKind::Unavailable, "the system has no randomness").with_context("cause", err)
    })
}

/// Fresh UUIDv7 of the clock's time and the system's randomness.
fn generate(clock: &dyn Clock) -> Result<Uuid> {
    let mut random = Random::default();
    fill(&mut random)?;
    Ok(Builder::from_unix_timestamp_millis(clock.now().unix_millis(), &random).into_uuid())
}

/// Randomness for ids, fetched from the system for many at once: where one id is made for each answer out of a cache,
/// asking the system costs as much as all the rest.
///
/// It belongs to something that does not survive a fork, or two processes would make the same ids.
#[cfg(not(target_family = "wasm"))]
#[derive(Debug, Default)]
pub(crate) struct RandomPool(Mutex<Vec<Random>>);

#[cfg(not(target_family = "wasm"))]
impl RandomPool {
    const IDS: usize = 64;

    fn next(&self) -> Result<Random> {
        // A half-filled pool is a pool.
        let mut pool = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if pool.is_empty() {
            pool.resize(Self::IDS, Random::default());
            if let Err(error) = fill(pool.as_flattened_mut()) {
                pool.clear();
                return Err(error);
            }
        }
        Ok(pool.pop().unwrap_or_default())
    }

    fn id(&self, now: Timestamp) -> Result<Uuid> {
        let random = self.next()?;
        Ok(Builder::from_unix_timestamp_millis(now.unix_millis(), &random).into_uuid())
    }
}

macro_rules! local_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// The text before the underscore.
            pub const PREFIX: &'static str = $prefix;

            /// A fresh id.
            ///
            /// # Errors
            /// [`ErrorKind::Unavailable`] if the system has no randomness.
            pub fn generate(clock: &dyn Clock) -> Result<Self> {
                generate(clock).map(Self)
            }

            /// From the 16 bytes of the UUID, as a store keeps them.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }

            /// The 16 bytes of the UUID; their order is the order of creation.
            #[must_use]
            pub const fn to_bytes(self) -> [u8; 16] {
                self.0.into_bytes()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "_{}"), self.0.as_simple())
            }
        }

        impl FromStr for $name {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self> {
                text.strip_prefix(concat!($prefix, "_"))
                    .filter(|rest| rest.len() == 32)
                    .and_then(|rest| Uuid::try_parse(rest).ok())
                    .map(Self)
                    .ok_or_else(|| Error::invalid(
                        concat!($prefix, "_id"), "malformed",
                        concat!("`", $prefix, "_` and 32 hexadecimal digits"),
                    ))
            }
        }

        crate::onchain::serde_as_text!($name);
    };
}

local_id! {
    /// Lore's own id of an asset; not its on-chain [`IpId`](crate::IpId).
    AssetId, "asset"
}
local_id! {
    /// Id of a creation: the resumable work that makes one asset.
    CreationId, "creation"
}
local_id! {
    /// Names one driver of resumable work, so that two never believe to be the same.
    HolderId, "holder"
}

local_id! {
    /// Id of one request for AI help, answered or not; also of the answer that was made for it.
    RequestId, "request"
}

local_id! {
    /// Id of one call to a language model.
    CallId, "call"
}

#[cfg(not(target_family = "wasm"))]
impl RequestId {
    /// A fresh id of this time.
    pub(crate) fn pooled(now: Timestamp, pool: &RandomPool) -> Result<Self> {
        pool.id(now).map(Self)
    }
}

#[cfg(not(target_family = "wasm"))]
impl CallId {
    /// A fresh id of this time.
    pub(crate) fn pooled(now: Timestamp, pool: &RandomPool) -> Result<Self> {
        pool.id(now).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::SystemClock;

    #[test]
    fn an_id_is_read_back_from_its_text_and_sorts_by_time() {
        let first = AssetId::generate(&SystemClock).unwrap();
        assert_eq!(first.to_string().parse::<AssetId>().unwrap(), first);
        assert!(first.to_string().starts_with("asset_"));
        let early = AssetId(Builder::from_unix_timestamp_millis(1, &[255; 10]).into_uuid());
        assert!(early < first);
        assert!(early.to_string() < first.to_string());
    }

    #[test]
    fn ids_out_of_a_pool_are_all_different() {
        let pool = RandomPool::default();
        let ids: std::collections::BTreeSet<_> =
            (0..1_000).map(|_| RequestId::pooled(Timestamp::EPOCH, &pool).unwrap()).collect();
        assert_eq!(ids.len(), 1_000);
    }

    #[test]
    fn ids_of_another_kind_are_refused() {
        let id = CreationId::generate(&SystemClock).unwrap();
        assert!(id.to_string().parse::<AssetId>().is_err());
        assert!("asset_".parse::<AssetId>().is_err());
        assert!("asset_019a0000-0000-7000-8000-000000000000".parse::<AssetId>().is_err());
    }
}
