//! What happened on chain, in Lore's words: one [`ChainEvent`] for each log of the protocol that Lore reads.
//!
//! An event says what its log says and nothing that would have to be looked up, but for the IP that a vault or a token
//! belongs to. Where and when it happened is in the record around it, `EventRecord`.

mod bytes;
mod event;
mod kind;
mod query;

pub use self::{
    bytes::{BlockHash, HexBytes, Selector, Tag},
    event::{ChainEvent, GroupReward},
    kind::ChainEventKind,
    query::{ChainEventQuery, EventPosition},
};
