//! What the chain can be asked.

mod edges;
mod ip;
