//! The protocol's events, read from the logs of its contracts.

mod decode;
mod filter;
mod read;
mod source;
mod span;

pub use self::{filter::EventOptions, source::StoryEvents};
