//! What the chain can be asked, as methods of [`StoryClient`](crate::StoryClient).

mod account;
mod collection;
mod dispute;
mod edges;
mod group;
mod ip;
mod license;
mod metadata;
pub(crate) mod mined_logs;
pub(crate) mod origin;
mod permission;
mod royalty;
mod token;

pub use self::{
    account::AccountToken,
    dispute::AssertionState,
    group::GroupRevenue,
    license::{LicenseFee, LicenseTokenState},
    metadata::IpMetadataState,
};
