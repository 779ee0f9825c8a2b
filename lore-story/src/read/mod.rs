//! What the chain can be asked, as methods of [`StoryClient`](crate::StoryClient).

mod dispute;
mod edges;
mod group;
mod ip;
pub(crate) mod mined_logs;

pub use self::{dispute::AssertionState, group::GroupRevenue};
