//! [`DisputeClient`] on chain.

use async_trait::async_trait;
use lore_core::{
    Address, IpId, Result,
    domain::asset::Mined,
    port::chain::{CounterDispute, DisputeClient, DisputeLimits, DisputeRecord, RaiseDispute, RaisedDispute},
};

use crate::{
    client::StoryClient,
    ops::{CancelDispute, PropagateDispute, ResolveDispute, SettleDispute},
};

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl DisputeClient for StoryClient {
    async fn raise_dispute(&self, request: &RaiseDispute) -> Result<RaisedDispute> {
        self.send(request).await
    }

    async fn counter_dispute(&self, request: &CounterDispute) -> Result<Mined> {
        Ok(self.send(request).await?.mined)
    }

    async fn settle_dispute(&self, dispute: u64) -> Result<Option<Mined>> {
        Ok(self.send(&SettleDispute::new(dispute)).await?.mined)
    }

    async fn resolve_dispute(&self, dispute: u64) -> Result<Option<Mined>> {
        Ok(self.send(&ResolveDispute::new(dispute)).await?.mined)
    }

    async fn cancel_dispute(&self, dispute: u64) -> Result<Mined> {
        Ok(self.send(&CancelDispute::new(dispute)).await?.mined)
    }

    async fn propagate_dispute(&self, ip: &IpId, dispute: u64) -> Result<RaisedDispute> {
        self.send(&PropagateDispute::new(*ip, dispute)).await
    }

    async fn dispute(&self, dispute: u64) -> Result<Option<DisputeRecord>> {
        self.dispute_record(dispute).await
    }

    async fn dispute_limits(&self, currency: &Address) -> Result<DisputeLimits> {
        self.limits_of_disputes(currency).await
    }
}
