#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod ai;
pub mod caller;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod content;
pub mod creation;
pub mod domain;
pub mod error;
pub mod ids;
pub mod layer;
mod lore;
mod maybe_send;
pub mod memory;
pub mod onchain;
pub mod port;
pub mod progress;
pub mod protocol;
mod secret;
pub mod service;
pub mod sync;
pub mod task;
pub mod time;
pub mod usd;

pub use self::{
    caller::Caller,
    content::{Cid, Content, ContentHash, MediaType},
    error::{
        CompletionFailure, Error, ErrorKind, FailureReason, FailureRecord, FailureScope, Result, Retry,
        Revert, Violation, Violations,
    },
    ids::{AssetId, CreationId},
    lore::{Lore, LoreBuilder},
    maybe_send::{BoxFuture, MaybeSend, MaybeSync},
    onchain::{Address, ChainId, IpId, LicenseTermsId, Share, TokenId, TxHash, Wei},
    secret::Secret,
    time::{Clock, SystemClock, Timestamp},
    usd::Usd,
};
