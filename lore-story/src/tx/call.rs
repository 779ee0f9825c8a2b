//! [`LaneCall`].

use lore_core::{Address, Wei};

/// What a transaction shall do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaneCall {
    /// The contract or account that is called.
    pub to: Address,
    /// Native coins sent along.
    pub value: Wei,
    /// The call data.
    pub data: Vec<u8>,
    /// Most gas it may use; an estimate and a margin if `None`.
    pub gas_limit: Option<u64>,
    /// What it does, in one sentence.
    pub summary: String,
}
