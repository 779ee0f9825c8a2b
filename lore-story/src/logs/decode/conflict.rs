//! Disputes.

use alloy::primitives::Log;
use lore_core::{
    Result,
    domain::chain_event::{ChainEvent, HexBytes, Tag},
    onchain::AssertionId,
};

use super::{event, number};
use crate::{
    contracts::dispute::{ArbitrationPolicyUma, DisputeModule, UnreleasedDisputeModule},
    convert,
};

pub(super) fn of_disputes(log: &Log) -> Result<Option<ChainEvent>> {
    if let Some(raised) = raised(log)? {
        return Ok(Some(raised));
    }
    if let Some(found) = event::<DisputeModule::DisputeJudgementSet>(log) {
        return Ok(Some(ChainEvent::DisputeJudged {
            dispute: number(found.disputeId)?,
            is_upheld: found.decision,
            data: HexBytes::new(found.data.to_vec()),
        }));
    }
    if let Some(found) = event::<DisputeModule::DisputeCancelled>(log) {
        return Ok(Some(ChainEvent::DisputeCancelled {
            dispute: number(found.disputeId)?,
            data: HexBytes::new(found.data.to_vec()),
        }));
    }
    if let Some(found) = event::<DisputeModule::DisputeResolved>(log) {
        return Ok(Some(ChainEvent::DisputeResolved {
            dispute: number(found.disputeId)?,
            data: HexBytes::new(found.data.to_vec()),
        }));
    }
    let Some(found) = event::<DisputeModule::IpTaggedOnRelatedIpInfringement>(log) else { return Ok(None) };
    Ok(Some(ChainEvent::DisputePropagated {
        dispute: number(found.disputeId)?,
        infringing: convert::from_evm_ip(found.infringingIpId),
        tagged: convert::from_evm_ip(found.ipIdToTag),
        infringer_dispute: number(found.infringerDisputeId)?,
        tag: Tag::from_bytes(found.tag.0),
        raised_at: convert::timestamp(found.disputeTimestamp)?,
    }))
}

/// Either form: the next release of the contracts tells the initiator from who sent the transaction.
fn raised(log: &Log) -> Result<Option<ChainEvent>> {
    let found = match event::<DisputeModule::DisputeRaised>(log) {
        Some(found) => found,
        None => match event::<UnreleasedDisputeModule::DisputeRaised>(log) {
            Some(found) => DisputeModule::DisputeRaised {
                disputeId: found.disputeId,
                targetIpId: found.targetIpId,
                disputeInitiator: found.disputeInitiator,
                disputeTimestamp: found.disputeTimestamp,
                arbitrationPolicy: found.arbitrationPolicy,
                disputeEvidenceHash: found.disputeEvidenceHash,
                targetTag: found.targetTag,
                data: found.data,
            },
            None => return Ok(None),
        },
    };
    Ok(Some(ChainEvent::DisputeRaised {
        dispute: number(found.disputeId)?,
        target: convert::from_evm_ip(found.targetIpId),
        initiator: convert::from_evm_address(found.disputeInitiator),
        raised_at: convert::timestamp(found.disputeTimestamp)?,
        arbitration_policy: convert::from_evm_address(found.arbitrationPolicy),
        evidence: convert::content_hash(found.disputeEvidenceHash),
        tag: Tag::from_bytes(found.targetTag.0),
        data: HexBytes::new(found.data.to_vec()),
    }))
}

pub(super) fn of_arbitration(log: &Log) -> Result<Option<ChainEvent>> {
    if let Some(found) = event::<ArbitrationPolicyUma::DisputeRaisedUMA>(log) {
        return Ok(Some(ChainEvent::DisputeBonded {
            dispute: number(found.disputeId)?,
            assertion: AssertionId::from_bytes(found.assertionId.0),
            caller: convert::from_evm_address(found.caller),
            liveness_seconds: found.liveness,
            currency: convert::from_evm_address(found.currency),
            bond: convert::wei(found.bond),
        }));
    }
    let Some(found) = event::<ArbitrationPolicyUma::AssertionDisputed>(log) else { return Ok(None) };
    Ok(Some(ChainEvent::DisputeCountered {
        dispute: number(found.disputeId)?,
        assertion: AssertionId::from_bytes(found.assertionId.0),
        evidence: convert::content_hash(found.counterEvidenceHash),
    }))
}
