//! What a descendant owes, on its way to an ancestor's vault.

use alloy::sol_types::SolEvent as _;
use async_trait::async_trait;
use lore_core::{
    Result, Violations,
    port::chain::{TransferToVault, VaultTransfer},
};

use super::{is_nothing_due, policy_contract};
use crate::{
    addresses::Addresses,
    contracts::royalty::RoyaltyPolicyLap,
    convert,
    operation::{Draft, Operation},
    receipt::Receipt,
    view::View,
};

/// Both policies have the same function and the same event.
pub(super) fn call(transfer: &TransferToVault) -> RoyaltyPolicyLap::transferToVaultCall {
    RoyaltyPolicyLap::transferToVaultCall {
        ipId: convert::evm_ip(transfer.source.descendant),
        ancestorIpId: convert::evm_ip(transfer.ancestor),
        token: convert::evm_address(transfer.source.token),
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Operation for TransferToVault {
    type Output = Option<VaultTransfer>;

    fn name(&self) -> &'static str {
        "transfer_to_vault"
    }

    fn check(&self, violations: &mut Violations) {
        let descendant = self.source.descendant;
        violations.require(!descendant.address().is_zero(), "source.descendant", "required", "an IP");
        violations.require(!self.ancestor.address().is_zero(), "ancestor", "required", "an IP");
        violations.require(
            descendant != self.ancestor,
            "ancestor",
            "same_ip",
            "another IP than the descendant",
        );
        violations.require(!self.source.token.is_zero(), "source.token", "required", "an ERC-20 token");
    }

    /// Nothing to be moved is what is there already.
    async fn existing(&self, view: &View<'_>) -> Result<Option<Option<VaultTransfer>>> {
        let policy = policy_contract(self.source.policy, view.addresses());
        match view.call(policy, &call(self)).await {
            Ok(amount) => Ok(amount.is_zero().then_some(None)),
            Err(error) if error.revert().is_some_and(|revert| is_nothing_due(&revert.name)) => Ok(Some(None)),
            Err(error) => Err(error),
        }
    }

    async fn draft(&self, view: &View<'_>) -> Result<Draft> {
        let policy = policy_contract(self.source.policy, view.addresses());
        let summary = format!(
            "moves what IP {} owes IP {} in token {} to its vault",
            self.source.descendant, self.ancestor, self.source.token
        );
        Ok(Draft::new(policy, &call(self), summary))
    }

    fn output(&self, receipt: &Receipt, addresses: &Addresses) -> Result<Option<VaultTransfer>> {
        let policy = policy_contract(self.source.policy, addresses);
        let asked = call(self);
        let event = receipt
            .events(policy)
            .find(|event: &RoyaltyPolicyLap::RevenueTransferredToVault| {
                (event.ipId, event.ancestorIpId, event.token) == (asked.ipId, asked.ancestorIpId, asked.token)
            })
            .ok_or_else(|| receipt.missing(RoyaltyPolicyLap::RevenueTransferredToVault::SIGNATURE, policy))?;
        Ok(Some(VaultTransfer::new(receipt.mined(), convert::wei(event.amount))))
    }
}
