//! Kubo and nodes that speak its RPC: content on a node of one's own.
//!
//! Bytes are added unpinned and pinned only once the node's CID is the expected one. So nothing wrong is ever kept, and
//! nothing that others pinned on the same node is unpinned by a mistake of ours.
//!
//! Unpinning lets go of content; the node frees the space at its next garbage collection, which is its owner's business.
//!
//! Source: Kubo's RPC reference, version 0.42 (2026-07).

mod config;
mod rpc;
mod store;

pub use self::{
    config::{KuboAuth, KuboConfig},
    store::KuboPinStore,
};
