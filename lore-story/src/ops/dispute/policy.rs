//! Who decides disputes about an IP.

use alloy::primitives::U256;
use async_trait::async_trait;
use lore_core::{Address, IpId, Result, Timestamp, Violations, domain::asset::Mined};

use crate::{
    addresses::Addresses,
    contracts::dispute::DisputeModule,
    convert::{self, timestamp},
    operation::{Draft, Operation},
    ops::answers::Questions,
    receipt::Receipt,
    view::View,
};

/// Chooses who decides disputes about an IP of the sender. It takes effect after the protocol's waiting time of some days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SetArbitrationPolicy {
    /// The IP.
    pub ip: IpId,
    /// The policy, one that the protocol allows.
    pub policy: Address,
}

impl SetArbitrationPolicy {
    /// Chooses this policy.
    #[must_use]
    pub const fn new(ip: IpId, policy: Address) -> Self {
        Self { ip, policy }
    }
}

/// A policy that was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ArbitrationPolicyChange {
    /// The IP.
    pub ip: IpId,
    /// The policy.
    pub policy: Address,
    /// When it takes effect; `None` if it has already.
    pub from: Option<Timestamp>,
    /// The transaction; `None` if it was chosen before.
    pub mined: Option<Mined>,
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Operation for SetArbitrationPolicy {
    type Output = ArbitrationPolicyChange;

    fn name(&self) -> &'static str {
        "set_arbitration_policy"
    }

    fn check(&self, violations: &mut Violations) {
        violations.require(!self.policy.is_zero(), "policy", "zero", "an address other than zero");
    }

    async fn existing(&self, view: &View<'_>) -> Result<Option<ArbitrationPolicyChange>> {
        let (module, ip) = (view.addresses().dispute_module, convert::evm_ip(self.ip));
        let mut answers = Questions::default()
            .ask(module, &DisputeModule::arbitrationPoliciesCall { ipId: ip })
            .ask(module, &DisputeModule::nextArbitrationPoliciesCall { ipId: ip })
            .ask(module, &DisputeModule::nextArbitrationUpdateTimestampsCall { ipId: ip })
            .send(view)
            .await?;
        let active = convert::from_evm_address(answers.must::<DisputeModule::arbitrationPoliciesCall>()?);
        let next = convert::from_evm_address(answers.must::<DisputeModule::nextArbitrationPoliciesCall>()?);
        let from = answers.must::<DisputeModule::nextArbitrationUpdateTimestampsCall>()?;
        let change = |from| ArbitrationPolicyChange { ip: self.ip, policy: self.policy, from, mined: None };
        if next == self.policy {
            return Ok(Some(change(Some(timestamp(from)?))));
        }
        let is_active = active == self.policy && next.is_zero();
        Ok(is_active.then(|| change(None)))
    }

    async fn draft(&self, view: &View<'_>) -> Result<Draft> {
        let call = DisputeModule::setArbitrationPolicyCall {
            ipId: convert::evm_ip(self.ip),
            nextArbitrationPolicy: convert::evm_address(self.policy),
        };
        let summary = format!("lets {} decide disputes about IP {}", self.policy, self.ip);
        Ok(Draft::new(view.addresses().dispute_module, &call, summary))
    }

    fn output(&self, receipt: &Receipt, addresses: &Addresses) -> Result<ArbitrationPolicyChange> {
        let event: DisputeModule::ArbitrationPolicySet = receipt.event(addresses.dispute_module)?;
        let from: U256 = event.nextArbitrationUpdateTimestamp;
        Ok(ArbitrationPolicyChange {
            ip: convert::from_evm_ip(event.ipId),
            policy: convert::from_evm_address(event.arbitrationPolicy),
            from: Some(timestamp(from)?),
            mined: Some(receipt.mined()),
        })
    }
}
