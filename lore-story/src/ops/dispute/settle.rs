//! Ending a dispute: the oracle's decision, the initiator's, and what cannot be.

use alloy::primitives::{B256, Bytes, U256};
use async_trait::async_trait;
use lore_core::{Address, Error, Result, Violations, domain::asset::Mined};

use super::{
    facts::{no_dispute, require_dispute},
    related::is_closed,
};
use crate::{
    addresses::Addresses,
    contracts::dispute::{ArbitrationPolicyUma, Assertion, DisputeModule, OptimisticOracleV3},
    convert,
    operation::{Draft, Operation},
    ops::answers::Questions,
    receipt::Receipt,
    view::View,
};

/// Lets the oracle decide: that nobody answered in time, or what its voters said. Anybody may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SettleDispute {
    /// The dispute.
    pub dispute: u64,
}

impl SettleDispute {
    /// Settles this dispute.
    #[must_use]
    pub const fn new(dispute: u64) -> Self {
        Self { dispute }
    }
}

/// A dispute that was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SettledDispute {
    /// The dispute.
    pub dispute: u64,
    /// Whether the accuser was right, so that the IP was tagged.
    pub is_upheld: bool,
    /// The transaction; `None` if it was decided before.
    pub mined: Option<Mined>,
}

impl SettleDispute {
    async fn assertion(&self, view: &View<'_>) -> Result<(Address, B256, Assertion)> {
        let (policy, number) = (view.addresses().arbitration_policy_uma, U256::from(self.dispute));
        let mut answers = Questions::default()
            .ask(policy, &ArbitrationPolicyUma::oov3Call {})
            .ask(policy, &ArbitrationPolicyUma::disputeIdToAssertionIdCall { disputeId: number })
            .send(view)
            .await?;
        let oracle = convert::from_evm_address(answers.must::<ArbitrationPolicyUma::oov3Call>()?);
        let id = answers.must::<ArbitrationPolicyUma::disputeIdToAssertionIdCall>()?;
        if id.is_zero() {
            return Err(no_dispute(self.dispute).with_context("under", "ArbitrationPolicyUMA"));
        }
        let call = OptimisticOracleV3::getAssertionCall { assertionId: id };
        Ok((oracle, id, view.call(oracle, &call).await?))
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Operation for SettleDispute {
    type Output = SettledDispute;

    fn name(&self) -> &'static str {
        "settle_dispute"
    }

    fn check(&self, _: &mut Violations) {}

    async fn existing(&self, view: &View<'_>) -> Result<Option<SettledDispute>> {
        let (_, _, assertion) = self.assertion(view).await?;
        Ok(assertion.settled.then_some(SettledDispute {
            dispute: self.dispute,
            is_upheld: assertion.settlementResolution,
            mined: None,
        }))
    }

    async fn draft(&self, view: &View<'_>) -> Result<Draft> {
        let (oracle, id, assertion) = self.assertion(view).await?;
        let call = OptimisticOracleV3::settleAssertionCall { assertionId: id };
        if !assertion.disputer.is_zero() {
            // The oracle refuses without a word while its voters have not answered.
            view.call(oracle, &call).await.map_err(|error| self.explained(error))?;
        }
        let summary = format!("lets the oracle decide dispute {}", self.dispute);
        Ok(Draft::new(oracle, &call, summary))
    }

    fn output(&self, receipt: &Receipt, addresses: &Addresses) -> Result<SettledDispute> {
        let number = U256::from(self.dispute);
        let judged = receipt
            .events::<DisputeModule::DisputeJudgementSet>(addresses.dispute_module)
            .find(|event| event.disputeId == number)
            .ok_or_else(|| receipt.missing("DisputeJudgementSet", addresses.dispute_module))?;
        Ok(SettledDispute { dispute: self.dispute, is_upheld: judged.decision, mined: Some(receipt.mined()) })
    }
}

impl SettleDispute {
    fn explained(&self, error: Error) -> Error {
        let is_silent = error.revert().is_some_and(|revert| revert.name == "EMPTY_REVERT");
        if is_silent {
            error.with_context("dispute", self.dispute).with_context(
                "advice",
                "the dispute was answered: settle it after the oracle's voters decided",
            )
        } else {
            error
        }
    }
}

/// Takes the tag of an upheld dispute back. Its initiator may; an inherited tag, anybody once the original is resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ResolveDispute {
    /// The dispute.
    pub dispute: u64,
    /// Data for the arbitration policy; the one that is deployed wants none.
    pub data: Vec<u8>,
}

impl ResolveDispute {
    /// Resolves this dispute.
    #[must_use]
    pub const fn new(dispute: u64) -> Self {
        Self { dispute, data: Vec::new() }
    }

    fn call(&self) -> DisputeModule::resolveDisputeCall {
        DisputeModule::resolveDisputeCall {
            disputeId: U256::from(self.dispute),
            data: Bytes::copy_from_slice(&self.data),
        }
    }
}

/// A dispute that left no tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ResolvedDispute {
    /// The dispute.
    pub dispute: u64,
    /// The transaction; `None` if it was over before.
    pub mined: Option<Mined>,
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Operation for ResolveDispute {
    type Output = ResolvedDispute;

    fn name(&self) -> &'static str {
        "resolve_dispute"
    }

    fn check(&self, _: &mut Violations) {}

    async fn existing(&self, view: &View<'_>) -> Result<Option<ResolvedDispute>> {
        let record = require_dispute(view, self.dispute).await?;
        Ok(is_closed(&record).then_some(ResolvedDispute { dispute: self.dispute, mined: None }))
    }

    async fn draft(&self, view: &View<'_>) -> Result<Draft> {
        let summary = format!("takes back the tag of dispute {}", self.dispute);
        Ok(Draft::new(view.addresses().dispute_module, &self.call(), summary))
    }

    fn output(&self, receipt: &Receipt, addresses: &Addresses) -> Result<ResolvedDispute> {
        let _: DisputeModule::DisputeResolved = receipt.event(addresses.dispute_module)?;
        Ok(ResolvedDispute { dispute: self.dispute, mined: Some(receipt.mined()) })
    }
}

/// Takes a dispute back before it is decided.
///
/// The protocol has this call, but the one arbitration policy that is deployed (UMA) always refuses it, with
/// `ArbitrationPolicyUMA__CannotCancel`. It is here for policies that allow it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CancelDispute {
    /// The dispute.
    pub dispute: u64,
    /// Data for the arbitration policy.
    pub data: Vec<u8>,
}

impl CancelDispute {
    /// Cancels this dispute.
    #[must_use]
    pub const fn new(dispute: u64) -> Self {
        Self { dispute, data: Vec::new() }
    }
}

/// A dispute that was taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CancelledDispute {
    /// The dispute.
    pub dispute: u64,
    /// The transaction.
    pub mined: Mined,
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Operation for CancelDispute {
    type Output = CancelledDispute;

    fn name(&self) -> &'static str {
        "cancel_dispute"
    }

    fn check(&self, _: &mut Violations) {}

    async fn draft(&self, view: &View<'_>) -> Result<Draft> {
        let call = DisputeModule::cancelDisputeCall {
            disputeId: U256::from(self.dispute),
            data: Bytes::copy_from_slice(&self.data),
        };
        let summary = format!("takes back dispute {}", self.dispute);
        Ok(Draft::new(view.addresses().dispute_module, &call, summary))
    }

    fn output(&self, receipt: &Receipt, addresses: &Addresses) -> Result<CancelledDispute> {
        let _: DisputeModule::DisputeCancelled = receipt.event(addresses.dispute_module)?;
        Ok(CancelledDispute { dispute: self.dispute, mined: receipt.mined() })
    }
}

#[cfg(test)]
mod tests {
    use alloy::sol_types::SolCall;
    use lore_core::{ErrorKind, Revert};

    use super::*;
    use crate::ops::recorded;

    #[test]
    fn recorded_decisions_are_encoded_as_they_were_and_read_as_they_happened() {
        for (block, dispute, is_upheld) in [(225, 2, true), (234, 1, false)] {
            let recorded = recorded::transaction(block);
            let settled =
                SettleDispute::new(dispute).output(&recorded.receipt(), &Addresses::AENEID).unwrap();
            assert_eq!((settled.dispute, settled.is_upheld), (dispute, is_upheld));
            assert_eq!(settled.mined.map(|mined| mined.block_number), Some(block));
            let id = B256::from_slice(&recorded.input[4..]);
            let call = OptimisticOracleV3::settleAssertionCall { assertionId: id };
            assert_eq!(call.abi_encode(), recorded.input);
            // The decision of another dispute is not this one's.
            let other = SettleDispute::new(dispute + 9).output(&recorded.receipt(), &Addresses::AENEID);
            assert_eq!(other.unwrap_err().kind(), ErrorKind::Unexpected);
        }
    }

    #[test]
    fn a_recorded_resolution_is_encoded_as_it_was_and_read_as_it_happened() {
        let recorded = recorded::transaction(227);
        let request = ResolveDispute::new(2);
        assert_eq!(request.call().abi_encode(), recorded.input);
        let resolved = request.output(&recorded.receipt(), &Addresses::AENEID).unwrap();
        assert_eq!(resolved.mined.map(|mined| mined.block_number), Some(227));
    }

    #[test]
    fn a_silent_oracle_is_explained_and_any_other_reason_is_left_alone() {
        let explained = |name| {
            let error = SettleDispute::new(4).explained(Error::from(Revert::new(name)));
            error.context().iter().any(|(key, _)| *key == "advice")
        };
        assert!(explained("EMPTY_REVERT"));
        assert!(!explained("Error"));
    }
}
