//! [`StoryConfig`]: which network, which collection, and how transactions are treated.

use std::time::Duration;

use lore_core::{Address, Error, ErrorKind, Result};
use serde::Deserialize;

use crate::{network::Network, rpc::RpcConfig, tx::LanePolicy};

/// Everything a [`StoryClient`](crate::StoryClient) needs but its signer and its store.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct StoryConfig {
    /// The chain, its nodes and its contracts.
    pub network: Network,
    /// The collection that new assets are minted in; made with [`CreateCollection`](crate::ops::CreateCollection). Zero
    /// until there is one: only what needs no collection works then.
    #[serde(default)]
    pub collection: Address,
    /// How transactions are treated.
    #[serde(default)]
    pub lane: LanePolicy,
    /// Longest wait for an answer of a node, in seconds: 1 to 600; 30 unless said otherwise.
    #[serde(default = "answer_timeout_seconds")]
    pub answer_timeout_seconds: u64,
}

const fn answer_timeout_seconds() -> u64 {
    30
}

impl StoryConfig {
    /// A client of this network.
    #[must_use]
    pub fn new(network: Network) -> Self {
        Self {
            network,
            collection: Address::ZERO,
            lane: LanePolicy::default(),
            answer_timeout_seconds: answer_timeout_seconds(),
        }
    }

    /// # Errors
    /// [`ErrorKind::Config`] naming the field and its range.
    pub(crate) fn check(&self) -> Result<()> {
        if !(1..=600).contains(&self.answer_timeout_seconds) {
            return Err(Error::new(ErrorKind::Config, "a setting is out of range")
                .with_context("field", "answer_timeout_seconds")
                .with_context("expected", "1 to 600")
                .with_context("found", self.answer_timeout_seconds));
        }
        Ok(())
    }

    pub(crate) fn rpc(&self) -> RpcConfig {
        let mut config = RpcConfig::new(self.network.chain_id, self.network.rpc_urls.iter().cloned());
        config.multicall3 = self.network.addresses.multicall3;
        config.answer_timeout = Duration::from_secs(self.answer_timeout_seconds);
        config
    }
}
