//! What the remote stores share: one place that builds HTTP clients, sends, waits, and turns answers into errors.
//!
//! Every wait goes through the [`Clock`](lore_core::Clock) port, so timeouts and pauses are tested without waiting.

mod body;
mod client;
mod failure;
mod source;
#[cfg(feature = "pinata")]
mod throttle;

#[cfg(feature = "pinata")]
pub(crate) use self::throttle::Throttle;
pub(crate) use self::{
    body::{SourceFault, content_body},
    client::{Answer, Http, HttpSetup, endpoint, parse_base},
    source::{other_cid, verify_source},
};
