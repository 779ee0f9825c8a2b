//! [`RoyaltyClient`] on the real chain.

use async_trait::async_trait;
use lore_core::{
    Address, Error, IpId, Result, Wei,
    port::chain::{
        ClaimRevenue, ClaimedRevenue, PayRoyalty, RoyaltyClient, RoyaltyPayment, TransferToVault,
        VaultTransfer,
    },
};

use crate::{client::StoryClient, ops::is_nothing_due};

/// How often a claim is put together anew, because somebody else claimed or collected a part of it meanwhile.
const CLAIM_TRIES: u32 = 3;

fn is_overtaken(error: &Error) -> bool {
    error.revert().is_some_and(|revert| is_nothing_due(&revert.name))
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl RoyaltyClient for StoryClient {
    async fn pay_royalty(&self, request: &PayRoyalty) -> Result<RoyaltyPayment> {
        self.send_once(&request.key, request).await
    }

    async fn claimable_revenue(&self, ip: &IpId, claimer: &Address, token: &Address) -> Result<Wei> {
        let claimable = Self::claimable_revenue(self, ip, claimer, token).await;
        claimable.map_err(|error| error.with_op("claimable_revenue"))
    }

    async fn claim_revenue(&self, request: &ClaimRevenue) -> Result<ClaimedRevenue> {
        let mut tries = 1;
        loop {
            match self.send(request).await {
                Err(error) if tries < CLAIM_TRIES && is_overtaken(&error) => tries += 1,
                sent => return sent,
            }
        }
    }

    async fn transfer_to_vault(&self, request: &TransferToVault) -> Result<Option<VaultTransfer>> {
        self.send(request).await
    }

    async fn royalty_vault(&self, ip: &IpId) -> Result<Option<Address>> {
        Self::royalty_vault(self, ip).await.map_err(|error| error.with_op("royalty_vault"))
    }
}
