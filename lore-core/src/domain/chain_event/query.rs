//! [`ChainEventQuery`].

use serde::{Deserialize, Serialize};

use super::kind::ChainEventKind;
use crate::{
    domain::page::{Cursor, DEFAULT_PAGE, SortOrder, check_limit, fingerprint},
    error::Result,
    onchain::{ChainId, IpId},
};

/// Which events of a chain. All filters must hold. They come in the order of the chain, by block and place in the block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ChainEventQuery {
    /// Of this chain.
    pub chain_id: ChainId,
    /// That name this IP ([`ChainEvent::ips`](super::ChainEvent::ips)).
    #[serde(default)]
    pub ip: Option<IpId>,
    /// Of one of these kinds; empty means any.
    #[serde(default)]
    pub kinds: Vec<ChainEventKind>,
    /// In this block or later.
    #[serde(default)]
    pub from_block: Option<u64>,
    /// In this block or earlier.
    #[serde(default)]
    pub to_block: Option<u64>,
    /// Which way; newest first unless said otherwise.
    #[serde(default)]
    pub order: SortOrder,
    /// Items on the page, 1 to 100; 20 unless said otherwise.
    #[serde(default = "default_page")]
    pub limit: u32,
    /// Where the page starts.
    #[serde(default)]
    pub cursor: Option<Cursor>,
}

const fn default_page() -> u32 {
    DEFAULT_PAGE
}

/// Where a page of events goes on: after the event at this place in the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct EventPosition {
    /// Number of its block.
    pub block: u64,
    /// Its place in the block.
    pub log_index: u64,
}

impl EventPosition {
    /// Names a place.
    #[must_use]
    pub const fn new(block: u64, log_index: u64) -> Self {
        Self { block, log_index }
    }
}

impl ChainEventQuery {
    /// All events of a chain, newest first.
    #[must_use]
    pub fn new(chain_id: ChainId) -> Self {
        Self {
            chain_id,
            ip: None,
            kinds: Vec::new(),
            from_block: None,
            to_block: None,
            order: SortOrder::default(),
            limit: DEFAULT_PAGE,
            cursor: None,
        }
    }

    /// Checks the bounds and reads the cursor.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) naming the field.
    pub fn position(&self) -> Result<Option<EventPosition>> {
        check_limit(self.limit)?;
        self.cursor.as_ref().map(|cursor| cursor.decode(&self.fingerprint()?)).transpose()
    }

    /// The cursor after the event at this place.
    ///
    /// # Errors
    /// None in practice.
    pub fn cursor_after(&self, position: EventPosition) -> Result<Cursor> {
        Cursor::encode(&self.fingerprint()?, &position)
    }

    fn fingerprint(&self) -> Result<String> {
        fingerprint(&Self { limit: 0, cursor: None, ..self.clone() })
    }
}
