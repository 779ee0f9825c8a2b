//! What the chain can be asked.

mod account;
mod edges;
//TMP mod ip;
mod license;
//TMP mod origin;
mod permission;
mod royalty;
mod token;

pub use self::{
    account::AccountToken,
    license::{LicenseFee, LicenseTokenState},
};
