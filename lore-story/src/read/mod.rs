//! Reads of the protocol, as methods of [`StoryClient`](crate::StoryClient).

mod dispute;
mod group;
pub(crate) mod mined_logs;

pub use self::{dispute::AssertionState, group::GroupRevenue};
