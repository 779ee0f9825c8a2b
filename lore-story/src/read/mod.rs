//! What the chain can be asked.

mod collection;
mod edges;
mod ip;
mod metadata;
pub(crate) mod origin;

pub use self::metadata::IpMetadataState;
