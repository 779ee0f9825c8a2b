//! [`RpcConfig`].

use std::time::Duration;

use lore_core::{Address, ChainId};

use crate::{addresses::Addresses, network::RpcUrl};

/// Which nodes are asked, and how long their answers are waited for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RpcConfig {
    /// The chain that every node must belong to.
    pub chain_id: ChainId,
    /// The nodes, the preferred one first.
    pub urls: Vec<RpcUrl>,
    /// The contract that makes many calls in one (Multicall3); where most chains have it unless said otherwise.
    pub multicall3: Address,
    /// Longest wait for a connection; 5 seconds unless said otherwise.
    pub connect_timeout: Duration,
    /// Longest wait for an answer; 20 seconds unless said otherwise.
    pub answer_timeout: Duration,
}

impl RpcConfig {
    /// The defaults, with a chain and its nodes.
    pub fn new(chain_id: ChainId, urls: impl IntoIterator<Item = RpcUrl>) -> Self {
        Self {
            chain_id,
            urls: urls.into_iter().collect(),
            multicall3: Addresses::SHARED.multicall3,
            connect_timeout: Duration::from_secs(5),
            answer_timeout: Duration::from_secs(20),
        }
    }
}
