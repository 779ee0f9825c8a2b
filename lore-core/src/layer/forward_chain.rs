//! Every operation of the chain's ports, handed to the layer. Nothing here decides anything.

use async_trait::async_trait;

use super::{
    around::{Around, LayeredPort},
    op,
};
use crate::{
    domain::{
        asset::{Mined, Registration},
        license::PilTerms,
    },
    error::Result,
    onchain::{Address, IpId, LicenseTermsId, Wei},
    port::chain::{
        AddGroupMembers, ChainClient, ChainInfo, ClaimRevenue, ClaimedRevenue, CounterDispute,
        DerivativeTerms, DisputeClient, DisputeLimits, DisputeRecord, DistributeRewards, GroupClient,
        GroupState, IpState, PayRoyalty, Permission, PermissionClient, PermissionLevel, PermissionScope,
        RaiseDispute, RaisedDispute, RegisterGroup, RegisterIp, RegisteredGroup, RegisteredTerms,
        RegistrationKey, RewardDistribution, RoyaltyClient, RoyaltyPayment, SignatureKind, TransferToVault,
        VaultTransfer, WalletVerifier,
    },
};

#[deny(clippy::missing_trait_methods)]
#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl<A: Around> ChainClient for LayeredPort<dyn ChainClient, A> {
    fn name(&self) -> &str {
        self.inner.name()
    }

    async fn info(&self) -> Result<ChainInfo> {
        self.call(op::INFO, || self.inner.info()).await
    }

    async fn find_registration(&self, key: &RegistrationKey) -> Result<Option<Registration>> {
        self.call(op::FIND_REGISTRATION, || self.inner.find_registration(key)).await
    }

    async fn register(&self, request: &RegisterIp) -> Result<Registration> {
        self.call(op::REGISTER, || self.inner.register(request)).await
    }

    async fn ip(&self, ip_id: &IpId) -> Result<Option<IpState>> {
        self.call(op::IP, || self.inner.ip(ip_id)).await
    }

    async fn find_license_terms(&self, terms: &PilTerms) -> Result<Option<LicenseTermsId>> {
        self.call(op::FIND_LICENSE_TERMS, || self.inner.find_license_terms(terms)).await
    }

    async fn register_license_terms(&self, terms: &PilTerms) -> Result<RegisteredTerms> {
        self.call(op::REGISTER_LICENSE_TERMS, || self.inner.register_license_terms(terms)).await
    }

    async fn attach_license_terms(&self, ip_id: &IpId, terms_id: LicenseTermsId) -> Result<Option<Mined>> {
        self.call(op::ATTACH_LICENSE_TERMS, || self.inner.attach_license_terms(ip_id, terms_id)).await
    }

    async fn link_derivative(&self, child: &IpId, terms: &DerivativeTerms) -> Result<Option<Mined>> {
        self.call(op::LINK_DERIVATIVE, || self.inner.link_derivative(child, terms)).await
    }
}

#[deny(clippy::missing_trait_methods)]
#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl<A: Around> RoyaltyClient for LayeredPort<dyn ChainClient, A> {
    async fn pay_royalty(&self, request: &PayRoyalty) -> Result<RoyaltyPayment> {
        self.call(op::PAY_ROYALTY, || self.inner.pay_royalty(request)).await
    }

    async fn claimable_revenue(&self, ip: &IpId, claimer: &Address, token: &Address) -> Result<Wei> {
        self.call(op::CLAIMABLE_REVENUE, || self.inner.claimable_revenue(ip, claimer, token)).await
    }

    async fn claim_revenue(&self, request: &ClaimRevenue) -> Result<ClaimedRevenue> {
        self.call(op::CLAIM_REVENUE, || self.inner.claim_revenue(request)).await
    }

    async fn transfer_to_vault(&self, request: &TransferToVault) -> Result<Option<VaultTransfer>> {
        self.call(op::TRANSFER_TO_VAULT, || self.inner.transfer_to_vault(request)).await
    }

    async fn royalty_vault(&self, ip: &IpId) -> Result<Option<Address>> {
        self.call(op::ROYALTY_VAULT, || self.inner.royalty_vault(ip)).await
    }
}

#[deny(clippy::missing_trait_methods)]
#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl<A: Around> GroupClient for LayeredPort<dyn ChainClient, A> {
    async fn register_group(&self, request: &RegisterGroup) -> Result<RegisteredGroup> {
        self.call(op::REGISTER_GROUP, || self.inner.register_group(request)).await
    }

    async fn add_group_members(&self, request: &AddGroupMembers) -> Result<Option<Mined>> {
        self.call(op::ADD_GROUP_MEMBERS, || self.inner.add_group_members(request)).await
    }

    async fn remove_group_members(&self, group: &IpId, members: &[IpId]) -> Result<Option<Mined>> {
        self.call(op::REMOVE_GROUP_MEMBERS, || self.inner.remove_group_members(group, members)).await
    }

    async fn group(&self, group: &IpId) -> Result<Option<GroupState>> {
        self.call(op::GROUP, || self.inner.group(group)).await
    }

    async fn group_members(&self, group: &IpId, start: u64) -> Result<Vec<IpId>> {
        self.call(op::GROUP_MEMBERS, || self.inner.group_members(group, start)).await
    }

    async fn claimable_rewards(&self, group: &IpId, token: &Address, members: &[IpId]) -> Result<Vec<Wei>> {
        self.call(op::CLAIMABLE_REWARDS, || self.inner.claimable_rewards(group, token, members)).await
    }

    async fn distribute_rewards(&self, request: &DistributeRewards) -> Result<RewardDistribution> {
        self.call(op::DISTRIBUTE_REWARDS, || self.inner.distribute_rewards(request)).await
    }
}

#[deny(clippy::missing_trait_methods)]
#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl<A: Around> DisputeClient for LayeredPort<dyn ChainClient, A> {
    async fn raise_dispute(&self, request: &RaiseDispute) -> Result<RaisedDispute> {
        self.call(op::RAISE_DISPUTE, || self.inner.raise_dispute(request)).await
    }

    async fn counter_dispute(&self, request: &CounterDispute) -> Result<Mined> {
        self.call(op::COUNTER_DISPUTE, || self.inner.counter_dispute(request)).await
    }

    async fn settle_dispute(&self, dispute: u64) -> Result<Option<Mined>> {
        self.call(op::SETTLE_DISPUTE, || self.inner.settle_dispute(dispute)).await
    }

    async fn resolve_dispute(&self, dispute: u64) -> Result<Option<Mined>> {
        self.call(op::RESOLVE_DISPUTE, || self.inner.resolve_dispute(dispute)).await
    }

    async fn cancel_dispute(&self, dispute: u64) -> Result<Mined> {
        self.call(op::CANCEL_DISPUTE, || self.inner.cancel_dispute(dispute)).await
    }

    async fn propagate_dispute(&self, ip: &IpId, dispute: u64) -> Result<RaisedDispute> {
        self.call(op::PROPAGATE_DISPUTE, || self.inner.propagate_dispute(ip, dispute)).await
    }

    async fn dispute(&self, dispute: u64) -> Result<Option<DisputeRecord>> {
        self.call(op::DISPUTE, || self.inner.dispute(dispute)).await
    }

    async fn dispute_limits(&self, currency: &Address) -> Result<DisputeLimits> {
        self.call(op::DISPUTE_LIMITS, || self.inner.dispute_limits(currency)).await
    }
}

#[deny(clippy::missing_trait_methods)]
#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl<A: Around> PermissionClient for LayeredPort<dyn ChainClient, A> {
    async fn set_permissions(&self, permissions: &[Permission]) -> Result<Option<Mined>> {
        self.call(op::SET_PERMISSIONS, || self.inner.set_permissions(permissions)).await
    }

    async fn permission(
        &self,
        ip: &IpId,
        signer: &Address,
        scope: &PermissionScope,
    ) -> Result<PermissionLevel> {
        self.call(op::PERMISSION, || self.inner.permission(ip, signer, scope)).await
    }

    async fn is_permitted(
        &self,
        ip: &IpId,
        signer: &Address,
        contract: &Address,
        function: [u8; 4],
    ) -> Result<bool> {
        self.call(op::IS_PERMITTED, || self.inner.is_permitted(ip, signer, contract, function)).await
    }
}

#[deny(clippy::missing_trait_methods)]
#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl<A: Around> WalletVerifier for LayeredPort<dyn ChainClient, A> {
    async fn verify_signature(
        &self,
        account: &Address,
        message: &[u8],
        signature: &[u8],
    ) -> Result<Option<SignatureKind>> {
        self.call(op::VERIFY_SIGNATURE, || self.inner.verify_signature(account, message, signature)).await
    }
}
