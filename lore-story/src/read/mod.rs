//! What the chain can be asked.

mod account;
mod edges;
mod ip;
mod license;
pub(crate) mod origin;
mod permission;
mod royalty;
mod token;

pub use self::{
    account::AccountToken,
    license::{LicenseFee, LicenseTokenState},
};
