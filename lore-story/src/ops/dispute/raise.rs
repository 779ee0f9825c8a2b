//! Raising a dispute.

use std::time::Duration;

use alloy::{primitives::Bytes, sol_types::SolValue};
use async_trait::async_trait;
use lore_core::{
    Error, ErrorKind, Result, Violations,
    port::{
        chain::{Cost, CostReason, DisputeLimits, DisputeRecord, RaiseDispute, RaisedDispute},
        transactions::OperationKey,
    },
};

use super::{
    dispute_number,
    facts::{RaiseFacts, raise_facts, tag_bytes},
    related::find_newest,
};
use crate::{
    addresses::Addresses,
    contracts::dispute::{ArbitrationPolicyUma, DisputeModule, UnreleasedDisputeModule},
    convert,
    operation::{Draft, Operation},
    receipt::Receipt,
    view::View,
};

/// The contract's reason to refuse evidence that was used before.
const USED: &str = "DisputeModule__EvidenceHashAlreadyUsed";

/// The bond and the limits are read from the chain before anything is sent. Evidence counts once for ever, so it names the
/// dispute: raised again, it is found.
#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Operation for RaiseDispute {
    type Output = RaisedDispute;

    fn name(&self) -> &'static str {
        "raise_dispute"
    }

    fn key(&self) -> Option<OperationKey> {
        OperationKey::new(format!("raise_dispute/{}/{}", self.target, self.evidence)).ok()
    }

    fn check(&self, violations: &mut Violations) {
        let evidence = self.evidence.as_bytes() != &[0; 32];
        violations.require(evidence, "evidence", "zero", "the SHA-256 of a document");
        let whole = self.liveness.subsec_nanos() == 0;
        violations.require(whole, "liveness", "not_whole", "a time in whole seconds");
    }

    async fn existing(&self, view: &View<'_>) -> Result<Option<RaisedDispute>> {
        // The chain does not tell evidence by its hash, but it refuses to take it twice before it looks at anything else.
        let used = match view.call(view.addresses().dispute_module, &call(self)).await {
            Err(error) if error.kind() == ErrorKind::Reverted => {
                error.revert().is_some_and(|revert| revert.name == USED)
            }
            Err(error) if error.kind() != ErrorKind::InsufficientFunds => return Err(error),
            _ => false,
        };
        if !used {
            return Ok(None);
        }
        let sender = view.sender();
        let is_this = |record: &DisputeRecord| {
            record.inherited_from.is_none()
                && record.evidence == self.evidence
                && record.target == self.target
                && record.initiator == sender
        };
        find_newest(view, is_this).await
    }

    async fn draft(&self, view: &View<'_>) -> Result<Draft> {
        let addresses = view.addresses();
        let facts = raise_facts(view, &self.target, self.tag, &self.currency).await?;
        check_facts(self, &facts, addresses)?;
        let summary = format!(
            "disputes IP {} for {}, with a bond of {} units of token {}",
            self.target,
            self.tag.as_str(),
            self.bond,
            self.currency
        );
        let bond = Cost::new(CostReason::Bond, self.currency, self.bond, facts.policy);
        Ok(Draft::new(addresses.dispute_module, &call(self), summary).with_cost(bond))
    }

    fn output(&self, receipt: &Receipt, addresses: &Addresses) -> Result<RaisedDispute> {
        let raised: ArbitrationPolicyUma::DisputeRaisedUMA =
            receipt.event(addresses.arbitration_policy_uma)?;
        let dispute = raised_number(receipt, addresses)?;
        Ok(RaisedDispute::new(dispute, raised.assertionId.0, receipt.mined()))
    }
}

/// The number in either form of the event: the next release of the contracts adds an address in the middle.
fn raised_number(receipt: &Receipt, addresses: &Addresses) -> Result<u64> {
    let module = addresses.dispute_module;
    let number = match receipt.event::<DisputeModule::DisputeRaised>(module) {
        Ok(event) => event.disputeId,
        Err(missing) => {
            let newer = receipt.events::<UnreleasedDisputeModule::DisputeRaised>(module).next();
            newer.ok_or(missing)?.disputeId
        }
    };
    dispute_number(number)
}

fn call(request: &RaiseDispute) -> DisputeModule::raiseDisputeCall {
    let liveness = request.liveness.as_secs();
    DisputeModule::raiseDisputeCall {
        targetIpId: convert::evm_ip(request.target),
        disputeEvidenceHash: convert::b256_of_content(request.evidence),
        targetTag: tag_bytes(request.tag.as_str()),
        data: Bytes::from(
            (liveness, convert::evm_address(request.currency), convert::u256(request.bond)).abi_encode(),
        ),
    }
}

fn check_facts(request: &RaiseDispute, facts: &RaiseFacts, addresses: &Addresses) -> Result<()> {
    if facts.policy != addresses.arbitration_policy_uma {
        return Err(Error::new(
            ErrorKind::Unsupported,
            "the IP chose an arbitration policy that Lore does not know",
        )
        .with_context("ip_id", request.target)
        .with_context("arbitration_policy", facts.policy));
    }
    let mut violations = Violations::new();
    violations.require(facts.is_tag_allowed, "tag", "not_allowed", "a tag that the protocol allows");
    violations.require(
        facts.is_currency_allowed,
        "currency",
        "not_allowed",
        "a token that the protocol takes for royalties",
    );
    if facts.is_currency_allowed {
        check_limits(request, &facts.limits, &mut violations);
    }
    violations.into_result(()).map_err(Error::from)
}

fn check_limits(request: &RaiseDispute, limits: &DisputeLimits, violations: &mut Violations) {
    let seconds = |time: Duration| time.as_secs();
    violations.require(
        (limits.min_bond..=limits.max_bond).contains(&request.bond),
        "bond",
        "out_of_range",
        format!("{} to {} units of the token", limits.min_bond, limits.max_bond),
    );
    violations.require(
        (limits.min_liveness..=limits.max_liveness).contains(&request.liveness),
        "liveness",
        "out_of_range",
        format!("{} to {} seconds", seconds(limits.min_liveness), seconds(limits.max_liveness)),
    );
}

#[cfg(test)]
mod tests {
    use alloy::{
        primitives::{B256, U256},
        sol_types::{SolCall, SolEvent},
    };
    use lore_core::{
        Address, ContentHash, IpId, Wei, domain::asset::Mined, port::chain::DisputeTag, protocol,
    };

    use super::*;
    use crate::ops::recorded;

    fn request() -> RaiseDispute {
        let target = IpId::new("0x62c495Dc729D357d34C9B5FBad81E5C9d744f450".parse().unwrap());
        let evidence = "0x81b66b75e40c3f48de314c17f1ee6b967daff6d611c051005032a20e2171a9f3";
        let bond = Wei::from(100_000_000_000_000_000_u64);
        RaiseDispute::new(target, DisputeTag::ImproperRegistration, evidence.parse().unwrap(), bond)
    }

    #[test]
    fn a_recorded_dispute_is_encoded_as_it_was_and_read_as_it_happened() {
        let recorded = recorded::transaction(218);
        assert_eq!(call(&request()).abi_encode(), recorded.input);
        let raised = request().output(&recorded.receipt(), &Addresses::AENEID).unwrap();
        assert_eq!(raised.dispute, 1);
        let assertion = "ba2e887e26a84d5328863ef5184ccf960a4066ece05d2c4af8e31ff50ee60ea1";
        assert_eq!(alloy::hex::encode(raised.assertion), assertion);
        assert_eq!(raised.mined.block_number, 218);
        let second = recorded::transaction(223).receipt();
        assert_eq!(request().output(&second, &Addresses::AENEID).unwrap().dispute, 2);
    }

    #[test]
    fn the_event_of_the_next_release_is_read_too() {
        let event = UnreleasedDisputeModule::DisputeRaised {
            disputeId: U256::from(7),
            targetIpId: convert::evm_ip(request().target),
            caller: alloy::primitives::Address::repeat_byte(1),
            disputeInitiator: alloy::primitives::Address::repeat_byte(2),
            disputeTimestamp: U256::from(3),
            arbitrationPolicy: convert::evm_address(protocol::ARBITRATION_POLICY_UMA),
            disputeEvidenceHash: B256::repeat_byte(4),
            targetTag: tag_bytes("IMPROPER_USAGE"),
            data: Bytes::new(),
        };
        assert_ne!(
            UnreleasedDisputeModule::DisputeRaised::SIGNATURE_HASH,
            DisputeModule::DisputeRaised::SIGNATURE_HASH
        );
        let uma = ArbitrationPolicyUma::DisputeRaisedUMA {
            disputeId: U256::from(7),
            assertionId: B256::repeat_byte(9),
            caller: alloy::primitives::Address::repeat_byte(1),
            liveness: 1,
            currency: convert::evm_address(protocol::WIP),
            bond: U256::from(1),
        };
        let logs = [
            (protocol::DISPUTE_MODULE, event.encode_log_data()),
            (protocol::ARBITRATION_POLICY_UMA, uma.encode_log_data()),
        ]
        .map(|(emitter, data)| {
            Receipt::log(convert::evm_address(emitter), data.topics().to_vec(), data.data)
        });
        let mined = Mined::new(lore_core::TxHash::from_bytes([1; 32]), 1, lore_core::Timestamp::EPOCH);
        let receipt = Receipt::new(mined, logs.into());
        let raised = request().output(&receipt, &Addresses::AENEID).unwrap();
        assert_eq!((raised.dispute, raised.assertion), (7, [9; 32]));
    }

    #[test]
    fn a_dispute_has_one_key_for_ever() {
        let key = request().key().unwrap();
        let mut same = request();
        same.bond = Wei::from(1_u64);
        assert_eq!(same.key(), Some(key.clone()));
        same.evidence = ContentHash::from_bytes([1; 32]);
        assert_ne!(same.key(), Some(key));
    }

    #[test]
    fn what_the_limits_forbid_is_named_by_field() {
        let facts = |policy| RaiseFacts {
            policy,
            is_tag_allowed: true,
            is_currency_allowed: true,
            limits: DisputeLimits::new(
                (Wei::from(10_u64), Wei::from(20_u64)),
                (Duration::from_secs(100), Duration::from_secs(200)),
            ),
        };
        let addresses = Addresses::AENEID;
        let refused = |bond: u64, liveness: u64| {
            let mut request = request();
            (request.bond, request.liveness) = (Wei::from(bond), Duration::from_secs(liveness));
            let answer = check_facts(&request, &facts(addresses.arbitration_policy_uma), &addresses);
            let violations = answer.err().map(|error| error.violations().to_vec()).unwrap_or_default();
            violations.into_iter().map(|found| found.field).collect::<Vec<_>>()
        };
        assert!(refused(10, 100).is_empty() && refused(20, 200).is_empty());
        assert_eq!(refused(9, 100), ["bond"]);
        assert_eq!(refused(21, 100), ["bond"]);
        assert_eq!(refused(10, 99), ["liveness"]);
        assert_eq!(refused(9, 201), ["bond", "liveness"]);
        let other = check_facts(&request(), &facts(Address::from_bytes([1; 20])), &addresses);
        assert_eq!(other.unwrap_err().kind(), ErrorKind::Unsupported);
    }

    #[test]
    fn evidence_of_zeros_and_parts_of_seconds_are_refused_without_a_chain() {
        let mut request = request();
        request.evidence = ContentHash::from_bytes([0; 32]);
        request.liveness = Duration::from_millis(2_592_000_500);
        let mut violations = Violations::new();
        request.check(&mut violations);
        let fields: Vec<_> = violations.as_slice().iter().map(|found| found.field.as_str()).collect();
        assert_eq!(fields, ["evidence", "liveness"]);
    }
}
