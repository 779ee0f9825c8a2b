//! What the chain knows of disputes, and what it lets in.

use std::time::Duration;

use alloy::primitives::{B256, U256};
use lore_core::{
    Address, Error, ErrorKind, IpId, Result,
    port::chain::{DisputeLimits, DisputeRecord, DisputeStatus, DisputeTag},
};

use crate::{
    contracts::{
        dispute::{ArbitrationPolicyUma, DisputeModule, OptimisticOracleV3},
        royalty::RoyaltyModule,
    },
    convert::{self, timestamp},
    ops::answers::Questions,
    view::View,
};

/// The tag of a dispute that nobody decided yet; it cannot be asked for.
const IN_DISPUTE: &str = "IN_DISPUTE";

/// A tag as the chain keeps it: its text, then zeros.
pub(crate) fn tag_bytes(text: &str) -> B256 {
    let mut bytes = [0; 32];
    for (to, from) in bytes.iter_mut().zip(text.bytes()) {
        *to = from;
    }
    B256::new(bytes)
}

/// The text of a tag; one that is no text in hexadecimal.
fn tag_text(tag: B256) -> String {
    let end = tag.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let bytes: Vec<u8> = tag.iter().copied().take(end).collect();
    match String::from_utf8(bytes) {
        Ok(text) if !text.chars().any(char::is_control) => text,
        _ => tag.to_string(),
    }
}

/// A dispute's number.
///
/// # Errors
/// [`Unexpected`](ErrorKind::Unexpected) above 64 bits: the chain counts from 1.
pub(crate) fn dispute_number(number: U256) -> Result<u64> {
    u64::try_from(number).map_err(|_| {
        Error::new(ErrorKind::Unexpected, "the chain gave a dispute a number above 64 bits")
            .with_context("dispute", number)
    })
}

/// What the chain knows of a dispute, if there is one with this number.
pub(crate) fn record(dispute: u64, found: DisputeModule::disputesReturn) -> Result<Option<DisputeRecord>> {
    if found.targetIpId.is_zero() {
        return Ok(None);
    }
    let (target, initiator) =
        (convert::from_evm_ip(found.targetIpId), convert::from_evm_address(found.disputeInitiator));
    let mut record = DisputeRecord::new(dispute, target, initiator, timestamp(found.disputeTimestamp)?);
    record.arbitration_policy = convert::from_evm_address(found.arbitrationPolicy);
    record.evidence = convert::content_hash(found.disputeEvidenceHash);
    record.target_tag = tag_text(found.targetTag);
    record.status = match found.currentTag {
        tag if tag == tag_bytes(IN_DISPUTE) => DisputeStatus::InDispute,
        B256::ZERO => DisputeStatus::Closed,
        _ => DisputeStatus::Upheld,
    };
    let original = dispute_number(found.infringerDisputeId)?;
    record.inherited_from = (original != 0).then_some(original);
    Ok(Some(record))
}

/// What the chain knows of a dispute that must be there.
///
/// # Errors
/// [`NotFound`](ErrorKind::NotFound) if it is not.
pub(crate) async fn require_dispute(view: &View<'_>, dispute: u64) -> Result<DisputeRecord> {
    let call = DisputeModule::disputesCall { disputeId: U256::from(dispute) };
    let found = view.call(view.addresses().dispute_module, &call).await?;
    record(dispute, found)?.ok_or_else(|| no_dispute(dispute))
}

pub(crate) fn no_dispute(dispute: u64) -> Error {
    Error::new(ErrorKind::NotFound, "no such dispute").with_context("dispute", dispute)
}

/// What a dispute is about and what its arbitration asks for, as far as one request can tell.
#[derive(Debug)]
pub(crate) struct RaiseFacts {
    /// Who will decide.
    pub(crate) policy: Address,
    pub(crate) is_tag_allowed: bool,
    /// Whether the protocol takes this token at all.
    pub(crate) is_currency_allowed: bool,
    pub(crate) limits: DisputeLimits,
}

/// What an accusation of `target` with a bond in `currency` must keep to.
pub(crate) async fn raise_facts(
    view: &View<'_>,
    target: &IpId,
    tag: DisputeTag,
    currency: &Address,
) -> Result<RaiseFacts> {
    let addresses = view.addresses();
    let mut answers = Questions::default()
        // Changes the chain if a change of policy is due, which is why it is the one to ask.
        .ask(
            addresses.dispute_module,
            &DisputeModule::updateActiveArbitrationPolicyCall { ipId: convert::evm_ip(*target) },
        )
        .ask(
            addresses.dispute_module,
            &DisputeModule::isWhitelistedDisputeTagCall { tag: tag_bytes(tag.as_str()) },
        )
        .ask(
            addresses.royalty_module,
            &RoyaltyModule::isWhitelistedRoyaltyTokenCall { token: convert::evm_address(*currency) },
        )
        .send(view)
        .await?;
    Ok(RaiseFacts {
        policy: convert::from_evm_address(
            answers.must::<DisputeModule::updateActiveArbitrationPolicyCall>()?,
        ),
        is_tag_allowed: answers.must::<DisputeModule::isWhitelistedDisputeTagCall>()?,
        is_currency_allowed: answers.must::<RoyaltyModule::isWhitelistedRoyaltyTokenCall>()?,
        limits: limits(view, currency).await?,
    })
}

/// The limits of bonds in a token, and of the time for an answer.
pub(crate) async fn limits(view: &View<'_>, currency: &Address) -> Result<DisputeLimits> {
    let policy = view.addresses().arbitration_policy_uma;
    let mut answers = Questions::default()
        .ask(policy, &ArbitrationPolicyUma::oov3Call {})
        .ask(policy, &ArbitrationPolicyUma::maxBondsCall { token: convert::evm_address(*currency) })
        .ask(policy, &ArbitrationPolicyUma::minLivenessCall {})
        .ask(policy, &ArbitrationPolicyUma::maxLivenessCall {})
        .send(view)
        .await?;
    let oracle = convert::from_evm_address(answers.must::<ArbitrationPolicyUma::oov3Call>()?);
    let max_bond = convert::wei(answers.must::<ArbitrationPolicyUma::maxBondsCall>()?);
    let min_liveness = answers.must::<ArbitrationPolicyUma::minLivenessCall>()?;
    let max_liveness = answers.must::<ArbitrationPolicyUma::maxLivenessCall>()?;
    let call = OptimisticOracleV3::getMinimumBondCall { currency: convert::evm_address(*currency) };
    let min_bond = convert::wei(view.call(oracle, &call).await?);
    let liveness = (Duration::from_secs(min_liveness), Duration::from_secs(max_liveness));
    Ok(DisputeLimits::new((min_bond, max_bond), liveness))
}

#[cfg(test)]
mod tests {
    use lore_core::ContentHash;

    use super::*;

    fn found(current_tag: B256, infringer: u64) -> DisputeModule::disputesReturn {
        DisputeModule::disputesReturn {
            targetIpId: alloy::primitives::Address::repeat_byte(1),
            disputeInitiator: alloy::primitives::Address::repeat_byte(2),
            disputeTimestamp: U256::from(1_000),
            arbitrationPolicy: alloy::primitives::Address::repeat_byte(3),
            disputeEvidenceHash: B256::repeat_byte(4),
            targetTag: tag_bytes("IMPROPER_USAGE"),
            currentTag: current_tag,
            infringerDisputeId: U256::from(infringer),
        }
    }

    #[test]
    fn the_tag_says_how_far_a_dispute_is() {
        let status = |tag| record(1, found(tag, 0)).unwrap().unwrap().status;
        assert_eq!(status(tag_bytes("IN_DISPUTE")), DisputeStatus::InDispute);
        assert_eq!(status(tag_bytes("IMPROPER_USAGE")), DisputeStatus::Upheld);
        assert_eq!(status(B256::ZERO), DisputeStatus::Closed);
    }

    #[test]
    fn a_record_keeps_what_the_chain_keeps() {
        let record = record(9, found(tag_bytes("IN_DISPUTE"), 8)).unwrap().unwrap();
        assert_eq!((record.dispute, record.inherited_from), (9, Some(8)));
        assert_eq!(record.target, IpId::new(Address::from_bytes([1; 20])));
        assert_eq!(record.initiator, Address::from_bytes([2; 20]));
        assert_eq!(record.raised_at.unix_seconds(), 1_000);
        assert_eq!(record.arbitration_policy, Address::from_bytes([3; 20]));
        assert_eq!(record.evidence, ContentHash::from_bytes([4; 32]));
        assert_eq!(record.target_tag, "IMPROPER_USAGE");
    }

    #[test]
    fn a_dispute_without_a_target_is_none() {
        let mut nothing = found(B256::ZERO, 0);
        nothing.targetIpId = alloy::primitives::Address::ZERO;
        assert_eq!(record(7, nothing).unwrap(), None);
    }

    #[test]
    fn a_tag_that_is_no_text_is_shown_in_hexadecimal() {
        assert_eq!(tag_text(tag_bytes("IMPROPER_PAYMENT")), "IMPROPER_PAYMENT");
        assert_eq!(tag_text(B256::ZERO), "");
        assert_eq!(tag_text(B256::repeat_byte(0xff)), format!("0x{}", "ff".repeat(32)));
    }
}
