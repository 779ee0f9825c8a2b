//! [`RoyaltyClient`]: pays IP assets and claims what they earned.

use std::fmt::Debug;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{
    domain::{asset::Mined, royalty::RoyaltyPolicy},
    error::Result,
    maybe_send::{MaybeSend, MaybeSync},
    onchain::{Address, IpId, Wei},
    port::transactions::OperationKey,
};

/// A payment to an IP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PayRoyalty {
    /// Names this payment: it is made once.
    pub key: OperationKey,
    /// The IP that is paid.
    pub receiver: IpId,
    /// The IP on whose behalf it is paid; `None` for somebody outside.
    pub payer: Option<IpId>,
    /// The ERC-20 token.
    pub token: Address,
    /// The amount, before the protocol's own part.
    pub amount: Wei,
}

impl PayRoyalty {
    /// A payment from outside.
    #[must_use]
    pub const fn new(key: OperationKey, receiver: IpId, token: Address, amount: Wei) -> Self {
        Self { key, receiver, payer: None, token, amount }
    }
}

/// A payment that was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RoyaltyPayment {
    /// The transaction.
    pub mined: Mined,
    /// The IP that was paid.
    pub receiver: IpId,
    /// The ERC-20 token.
    pub token: Address,
    /// What was paid.
    pub amount: Wei,
    /// What arrived after the protocol's own part, for the IP and its ancestors together.
    pub amount_after_fee: Wei,
}

impl RoyaltyPayment {
    /// Describes a payment.
    #[must_use]
    pub const fn new(
        mined: Mined,
        (receiver, token): (IpId, Address),
        amount: Wei,
        amount_after_fee: Wei,
    ) -> Self {
        Self { mined, receiver, token, amount, amount_after_fee }
    }
}

/// A descendant that owes an ancestor something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RevenueSource {
    /// The descendant.
    pub descendant: IpId,
    /// The policy that keeps what it owes.
    pub policy: RoyaltyPolicy,
    /// The ERC-20 token.
    pub token: Address,
}

impl RevenueSource {
    /// Names a source.
    #[must_use]
    pub const fn new(descendant: IpId, policy: RoyaltyPolicy, token: Address) -> Self {
        Self { descendant, policy, token }
    }
}

/// A claim of what an IP earned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ClaimRevenue {
    /// The IP whose vault pays.
    pub ip: IpId,
    /// Who is paid: a holder of the IP's royalty tokens, mostly the IP's own account.
    pub claimer: Address,
    /// The ERC-20 tokens to be claimed, each once.
    pub tokens: Vec<Address>,
    /// Where to collect from first.
    pub sources: Vec<RevenueSource>,
}

impl ClaimRevenue {
    /// The IP's own account claims one token, and collects from nowhere first.
    #[must_use]
    pub fn new(ip: IpId, token: Address) -> Self {
        Self { ip, claimer: ip.address(), tokens: vec![token], sources: Vec::new() }
    }
}

/// What was claimed of one token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RevenueClaim {
    /// The ERC-20 token.
    pub token: Address,
    /// The amount; zero if there was nothing to claim.
    pub amount: Wei,
}

impl RevenueClaim {
    /// Describes a claim.
    #[must_use]
    pub const fn new(token: Address, amount: Wei) -> Self {
        Self { token, amount }
    }
}

/// What a claim brought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ClaimedRevenue {
    /// The transaction; `None` if there was nothing to claim, and none was sent.
    pub mined: Option<Mined>,
    /// One entry per token asked for, in that order.
    pub claims: Vec<RevenueClaim>,
}

impl ClaimedRevenue {
    /// Describes what a claim brought.
    #[must_use]
    pub const fn new(mined: Option<Mined>, claims: Vec<RevenueClaim>) -> Self {
        Self { mined, claims }
    }
}

/// Moves what an ancestor is due of a descendant's revenue to the ancestor's vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TransferToVault {
    /// What is moved.
    pub source: RevenueSource,
    /// Who it is moved to.
    pub ancestor: IpId,
}

impl TransferToVault {
    /// Names a transfer.
    #[must_use]
    pub const fn new(source: RevenueSource, ancestor: IpId) -> Self {
        Self { source, ancestor }
    }
}

/// What was moved to a vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct VaultTransfer {
    /// The transaction.
    pub mined: Mined,
    /// The amount.
    pub amount: Wei,
}

impl VaultTransfer {
    /// Describes a transfer.
    #[must_use]
    pub const fn new(mined: Mined, amount: Wei) -> Self {
        Self { mined, amount }
    }
}

/// Pays IP assets and claims what they earned, as one signer.
///
/// Every MUST below is proved by the conformance case named after it.
#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
pub trait RoyaltyClient: Debug + MaybeSend + MaybeSync + 'static {
    /// Pays an IP.
    ///
    /// - MUST pay once per key, and return the same payment again (`a_payment_is_made_once_per_key`).
    ///
    /// # Errors
    /// [`Reverted`](crate::ErrorKind::Reverted) with the chain's reason, `RoyaltyModule__ZeroReceiverVault` for an IP
    /// that nobody took a license of (`an_ip_without_a_vault_cannot_be_paid`);
    /// [`InsufficientFunds`](crate::ErrorKind::InsufficientFunds); [`Unavailable`](crate::ErrorKind::Unavailable). So for
    /// every write here.
    async fn pay_royalty(&self, request: &PayRoyalty) -> Result<RoyaltyPayment>;

    /// What a holder of an IP's royalty tokens could claim now; zero for an IP without a vault.
    ///
    /// # Errors
    /// [`Unavailable`](crate::ErrorKind::Unavailable). So for every read here.
    async fn claimable_revenue(&self, ip: &IpId, claimer: &Address, token: &Address) -> Result<Wei>;

    /// Collects from the sources, then claims.
    ///
    /// - MUST succeed without a transaction if nothing can be claimed (`claiming_nothing_is_no_transaction`).
    /// - MUST leave out sources that owe nothing (`a_source_that_owes_nothing_is_passed_over`).
    ///
    /// # Errors
    /// As [`pay_royalty`](Self::pay_royalty).
    async fn claim_revenue(&self, request: &ClaimRevenue) -> Result<ClaimedRevenue>;

    /// Moves to an ancestor's vault what a descendant owes it.
    ///
    /// - MUST succeed with `None` if nothing is due (`moving_nothing_to_a_vault_is_ok`).
    ///
    /// # Errors
    /// As [`pay_royalty`](Self::pay_royalty).
    async fn transfer_to_vault(&self, request: &TransferToVault) -> Result<Option<VaultTransfer>>;

    /// The vault of an IP, if it has one: it is deployed with the first license or link.
    ///
    /// # Errors
    /// As [`claimable_revenue`](Self::claimable_revenue).
    async fn royalty_vault(&self, ip: &IpId) -> Result<Option<Address>>;
}
const _: Option<&dyn RoyaltyClient> = None;
