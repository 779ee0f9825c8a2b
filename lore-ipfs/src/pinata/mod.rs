//! Pinata: a pinning service, spoken to through its v3 API, or through the older one where an account needs it.
//!
//! The one idea: a CID is known before anything is sent. So every pin looks the CID up first and sends bytes only if they
//! are not there, which makes a lost answer harmless; and every answer is compared with what was expected.
//!
//! Files up to a limit go up in one request, larger ones in resumable pieces (TUS). An upload that broke is remembered
//! until the process ends, and the next pin of the same content goes on from where the service says it is.
//!
//! Sources: Pinata's documentation and the wire format of its own SDK, as of 2026-06.

mod account;
mod config;
mod files;
mod gateway;
mod legacy;
mod sign;
mod store;
mod tus;

pub use self::{
    config::{PinataApi, PinataConfig},
    sign::{SignUpload, SignedUpload},
    store::PinataPinStore,
};
