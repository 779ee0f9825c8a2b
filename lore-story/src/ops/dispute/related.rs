//! Passing a tag on to a relative, and finding disputes again.

use alloy::primitives::{B256, U256};
use async_trait::async_trait;
use lore_core::{
    ErrorKind, IpId, Result, Violations,
    port::{
        chain::{DisputeRecord, DisputeStatus, RaisedDispute},
        transactions::OperationKey,
    },
};

use super::{dispute_number, facts::record};
use crate::{
    addresses::Addresses,
    contracts::dispute::{ArbitrationPolicyUma, DisputeModule},
    convert,
    operation::{Draft, Operation},
    ops::answers::Questions,
    read::mined_logs,
    receipt::Receipt,
    view::View,
};

/// The contract's reason to refuse a tag that was passed on before.
const PASSED_ON: &str = "DisputeModule__DisputeAlreadyPropagated";
/// How many disputes are looked at, newest first, before one counts as not found.
const MOST_SEARCHED: u64 = 10_000;
/// How many of them are asked for in one request.
const SEARCHED_AT_ONCE: u64 = 500;

/// Tags a derivative or a group of an IP whose dispute was upheld. Anybody may.
///
/// The tag goes one generation: a grandchild takes its parent's new dispute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PropagateDispute {
    /// The derivative or group.
    pub ip: IpId,
    /// The dispute that was upheld.
    pub dispute: u64,
}

impl PropagateDispute {
    /// Tags this IP because of that dispute.
    #[must_use]
    pub const fn new(ip: IpId, dispute: u64) -> Self {
        Self { ip, dispute }
    }

    fn call(&self) -> DisputeModule::tagIfRelatedIpInfringedCall {
        DisputeModule::tagIfRelatedIpInfringedCall {
            ipIdToTag: convert::evm_ip(self.ip),
            infringerDisputeId: U256::from(self.dispute),
        }
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Operation for PropagateDispute {
    type Output = RaisedDispute;

    fn name(&self) -> &'static str {
        "propagate_dispute"
    }

    fn key(&self) -> Option<OperationKey> {
        OperationKey::new(format!("propagate_dispute/{}/{}", self.ip, self.dispute)).ok()
    }

    fn check(&self, _: &mut Violations) {}

    async fn existing(&self, view: &View<'_>) -> Result<Option<RaisedDispute>> {
        match view.call(view.addresses().dispute_module, &self.call()).await {
            Err(error) if error.kind() == ErrorKind::Reverted => {
                if error.revert().is_none_or(|revert| revert.name != PASSED_ON) {
                    return Ok(None);
                }
            }
            answer => return answer.map(|_| None),
        }
        let is_this =
            |record: &DisputeRecord| record.inherited_from == Some(self.dispute) && record.target == self.ip;
        find_newest(view, is_this).await
    }

    async fn draft(&self, view: &View<'_>) -> Result<Draft> {
        let summary = format!("tags IP {} because dispute {} was upheld", self.ip, self.dispute);
        Ok(Draft::new(view.addresses().dispute_module, &self.call(), summary))
    }

    fn output(&self, receipt: &Receipt, addresses: &Addresses) -> Result<RaisedDispute> {
        let event: DisputeModule::IpTaggedOnRelatedIpInfringement =
            receipt.event(addresses.dispute_module)?;
        // Nothing was asserted: the tag follows from the other dispute.
        Ok(RaisedDispute::new(dispute_number(event.disputeId)?, [0; 32], receipt.mined()))
    }
}

/// The newest dispute that fits, of the last [`MOST_SEARCHED`].
///
/// The chain numbers disputes and keeps no other index of them, and its events have no topics to look for.
pub(super) async fn find_newest(
    view: &View<'_>,
    fits: impl Fn(&DisputeRecord) -> bool,
) -> Result<Option<RaisedDispute>> {
    let module = view.addresses().dispute_module;
    let newest = dispute_number(view.call(module, &DisputeModule::disputeCounterCall {}).await?)?;
    let oldest = newest.saturating_sub(MOST_SEARCHED);
    let mut until = newest;
    while until > oldest {
        let from = until.saturating_sub(SEARCHED_AT_ONCE).max(oldest);
        let numbers: Vec<u64> = (from + 1..=until).rev().collect();
        let asked =
            numbers.iter().map(|number| DisputeModule::disputesCall { disputeId: U256::from(*number) });
        let mut answers = Questions::default().ask_all(module, asked).send(view).await?;
        for number in numbers {
            let found = record(number, answers.must::<DisputeModule::disputesCall>()?)?;
            if let Some(found) = found.filter(&fits) {
                return raised(view, &found).await.map(Some);
            }
        }
        until = from;
    }
    Ok(None)
}

/// What raising this dispute returned.
async fn raised(view: &View<'_>, record: &DisputeRecord) -> Result<RaisedDispute> {
    let assertion = match record.inherited_from {
        Some(_) => B256::ZERO,
        None => {
            let call =
                ArbitrationPolicyUma::disputeIdToAssertionIdCall { disputeId: U256::from(record.dispute) };
            view.call(record.arbitration_policy, &call).await?
        }
    };
    let mined = mined_logs::dispute(view, record).await?;
    Ok(RaisedDispute::new(record.dispute, assertion.0, mined))
}

/// Whether nothing more can happen to a dispute but that it is raised anew.
pub(super) fn is_closed(record: &DisputeRecord) -> bool {
    record.status == DisputeStatus::Closed
}

#[cfg(test)]
mod tests {
    use alloy::sol_types::SolCall;

    use super::*;
    use crate::ops::recorded;

    #[test]
    fn a_recorded_tag_is_encoded_as_it_was_and_read_as_it_happened() {
        let recorded = recorded::transaction(226);
        let group = IpId::new("0xE101aA78C66b60800d17f0e4d3227dd0409EaF41".parse().unwrap());
        let request = PropagateDispute::new(group, 2);
        assert_eq!(request.call().abi_encode(), recorded.input);
        let raised = request.output(&recorded.receipt(), &Addresses::AENEID).unwrap();
        assert_eq!((raised.dispute, raised.assertion), (3, [0; 32]));
    }
}
