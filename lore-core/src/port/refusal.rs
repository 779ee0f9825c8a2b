//! [`Refusal`]: why a repository does not write. Every adapter refuses with these, so that all say the same.

use crate::{
    error::{Error, ErrorKind, Retry},
    ids::{AssetId, CreationId},
    onchain::IpId,
    time::Timestamp,
};

/// A rule of the [`Repository`](crate::port::repository::Repository) port that a write would break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// A new asset does not say version 1.
    NotAFirstVersion(AssetId),
    /// The id of a new asset is taken.
    AssetTaken(AssetId),
    /// The IP is another asset's.
    IpTaken(IpId),
    /// The asset to change, remove or link does not exist.
    AssetMissing(AssetId),
    /// Somebody else changed the asset.
    StaleAsset {
        /// The asset.
        asset: AssetId,
        /// The version that the write builds on.
        expected: u64,
        /// The version that is stored.
        stored: u64,
    },
    /// The asset to remove has derivatives.
    IsParent(AssetId),
    /// The creation does not exist.
    CreationMissing(CreationId),
    /// The id of a new creation is taken.
    CreationTaken(CreationId),
    /// Another creation makes this asset.
    AssetHasCreation(AssetId),
    /// Somebody else holds the lease.
    LeaseHeld {
        /// The creation.
        creation: CreationId,
        /// When the lease was asked for.
        now: Timestamp,
        /// When the holder's time ends.
        until: Timestamp,
    },
    /// Somebody else took the lease since.
    StaleLease {
        /// The creation.
        creation: CreationId,
        /// The writer's generation.
        generation: u64,
        /// The newest generation.
        newest: u64,
    },
    /// Events do not follow the stored ones.
    EventGap {
        /// The creation.
        creation: CreationId,
        /// The number that is next.
        expected: u64,
        /// The number that was given.
        found: u64,
    },
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let new = Self::new;
        match refusal {
            Refusal::NotAFirstVersion(asset) => {
                Self::invalid("version", "not_first", "version 1 for a new asset")
                    .with_context("asset", asset)
            }
            Refusal::AssetTaken(asset) => {
                new(ErrorKind::AlreadyExists, "the asset exists already").with_context("asset", asset)
            }
            Refusal::IpTaken(ip_id) => {
                new(ErrorKind::AlreadyExists, "the IP belongs to another asset").with_context("ip_id", ip_id)
            }
            Refusal::AssetMissing(asset) => {
                new(ErrorKind::NotFound, "no such asset").with_context("asset", asset)
            }
            Refusal::StaleAsset { asset, expected, stored } => {
                new(ErrorKind::Conflict, "somebody else changed the asset")
                    .with_context("asset", asset)
                    .with_context("expected_version", expected)
                    .with_context("stored_version", stored)
            }
            Refusal::IsParent(asset) => {
                new(ErrorKind::Conflict, "the asset has derivatives").with_context("asset", asset)
            }
            Refusal::CreationMissing(creation) => {
                new(ErrorKind::NotFound, "no such creation").with_context("creation", creation)
            }
            Refusal::CreationTaken(creation) => new(ErrorKind::AlreadyExists, "the creation exists already")
                .with_context("creation", creation),
            Refusal::AssetHasCreation(asset) => {
                new(ErrorKind::AlreadyExists, "another creation makes this asset")
                    .with_context("asset", asset)
            }
            Refusal::LeaseHeld { creation, now, until } => {
                new(ErrorKind::Conflict, "somebody else drives the creation")
                    .with_context("creation", creation)
                    .with_context("until", until)
                    .with_retry(Retry::After(Some(until.saturating_since(now))))
            }
            Refusal::StaleLease { creation, generation, newest } => {
                new(ErrorKind::Conflict, "somebody else took over the creation")
                    .with_context("creation", creation)
                    .with_context("generation", generation)
                    .with_context("newest_generation", newest)
            }
            Refusal::EventGap { creation, expected, found } => {
                new(ErrorKind::Conflict, "the events do not follow the stored ones")
                    .with_context("creation", creation)
                    .with_context("expected_seq", expected)
                    .with_context("seq", found)
            }
        }
    }
}
