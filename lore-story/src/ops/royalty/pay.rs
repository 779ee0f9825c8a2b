//! Payments.

use alloy::sol_types::SolEvent as _;
use async_trait::async_trait;
use lore_core::{
    Address, IpId, Result, Violations,
    port::{
        chain::{Cost, CostReason, PayRoyalty, RoyaltyPayment},
        transactions::OperationKey,
    },
};

use crate::{
    addresses::Addresses,
    contracts::royalty::RoyaltyModule,
    convert,
    operation::{Draft, Operation},
    receipt::Receipt,
    view::View,
};

/// The zero address stands for somebody outside.
fn payer(request: &PayRoyalty) -> Address {
    request.payer.map_or(Address::ZERO, |ip| ip.address())
}

fn call(request: &PayRoyalty) -> RoyaltyModule::payRoyaltyOnBehalfCall {
    RoyaltyModule::payRoyaltyOnBehalfCall {
        receiverIpId: convert::evm_ip(request.receiver),
        payerIpId: convert::evm_address(payer(request)),
        token: convert::evm_address(request.token),
        amount: convert::u256(request.amount),
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Operation for PayRoyalty {
    type Output = RoyaltyPayment;

    fn name(&self) -> &'static str {
        "pay_royalty"
    }

    fn key(&self) -> Option<OperationKey> {
        Some(self.key.clone())
    }

    fn check(&self, violations: &mut Violations) {
        let is_ip = |ip: IpId| !ip.address().is_zero();
        violations.require(is_ip(self.receiver), "receiver", "required", "an IP, not the zero address");
        violations.require(
            self.payer.is_none_or(is_ip),
            "payer",
            "zero",
            "an IP, or nothing for somebody outside",
        );
        violations.require(!self.token.is_zero(), "token", "required", "an ERC-20 token");
        violations.require(!self.amount.is_zero(), "amount", "zero", "more than nothing");
    }

    async fn draft(&self, view: &View<'_>) -> Result<Draft> {
        let module = view.addresses().royalty_module;
        let summary = format!("pays {} units of token {} to IP {}", self.amount, self.token, self.receiver);
        Ok(Draft::new(module, &call(self), summary).with_cost(Cost::new(
            CostReason::Royalty,
            self.token,
            self.amount,
            module,
        )))
    }

    fn output(&self, receipt: &Receipt, addresses: &Addresses) -> Result<RoyaltyPayment> {
        let module = addresses.royalty_module;
        let asked = call(self);
        let event = receipt
            .events(module)
            .find(|event: &RoyaltyModule::RoyaltyPaid| {
                (event.receiverIpId, event.payerIpId, event.token, event.amount)
                    == (asked.receiverIpId, asked.payerIpId, asked.token, asked.amount)
            })
            .ok_or_else(|| receipt.missing(RoyaltyModule::RoyaltyPaid::SIGNATURE, module))?;
        Ok(RoyaltyPayment::new(
            receipt.mined(),
            (self.receiver, self.token),
            convert::wei(event.amount),
            convert::wei(event.amountAfterFee),
        ))
    }
}
