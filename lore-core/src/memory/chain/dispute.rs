//! Disputes as far as tags go: raise, settle unanswered, resolve. Counter evidence, judgement by the oracle and
//! propagation to derivatives are not simulated yet, and there is no call for them.

use crate::{
    content::ContentHash,
    error::Revert,
    memory::chain::state::{Dispute, DisputeState, State, Step, Tx, overflow},
    onchain::{Address, IpId, Wei},
    protocol::ARBITRATION_POLICY_UMA,
};

/// Tags that a dispute may ask for.
const TAGS: [&str; 4] =
    ["IMPROPER_REGISTRATION", "IMPROPER_USAGE", "IMPROPER_PAYMENT", "CONTENT_STANDARDS_VIOLATION"];
/// 30 days and 365 days, from the protocol's deployment.
const LIVENESS_SECONDS: std::ops::RangeInclusive<u64> = 2_592_000..=31_536_000;

/// A dispute to be raised.
pub(super) struct Claim<'a> {
    pub(super) target: IpId,
    pub(super) evidence_hash: ContentHash,
    pub(super) tag: &'a str,
    pub(super) liveness_seconds: u64,
    pub(super) currency: Address,
    pub(super) bond: Wei,
}

/// An error of the oracle, which is a text.
fn text(message: &str) -> Revert {
    Revert::new("Error").arg(format_args!("\"{message}\""))
}

impl State {
    pub(super) fn raise_dispute(&mut self, tx: &Tx, claim: &Claim<'_>) -> Step<u64> {
        let refused = |name: &str| Err(Revert::new(name));
        if !self.ips.contains(&claim.target) {
            return refused("DisputeModule__NotRegisteredIpId");
        }
        if !TAGS.contains(&claim.tag) {
            return refused("DisputeModule__NotWhitelistedDisputeTag");
        }
        if claim.evidence_hash.as_bytes() == &[0; 32] {
            return refused("DisputeModule__ZeroDisputeEvidenceHash");
        }
        if self.evidence.contains(&claim.evidence_hash) {
            return refused("DisputeModule__EvidenceHashAlreadyUsed");
        }
        if claim.liveness_seconds < *LIVENESS_SECONDS.start() {
            return refused("ArbitrationPolicyUMA__LivenessBelowMin");
        }
        if claim.liveness_seconds > *LIVENESS_SECONDS.end() {
            return refused("ArbitrationPolicyUMA__LivenessAboveMax");
        }
        let listed = self.config.currencies.contains(&claim.currency);
        if claim.bond > if listed { self.config.maximum_bond } else { Wei::ZERO } {
            return refused("ArbitrationPolicyUMA__BondAboveMax");
        }
        if !listed {
            return refused("ArbitrationPolicyUMA__CurrencyNotWhitelisted");
        }
        let policy = ARBITRATION_POLICY_UMA;
        self.transfer_from(claim.currency, policy, (tx.sender, policy), claim.bond)?;
        if claim.bond < self.config.minimum_bond {
            return Err(text("Bond amount too low"));
        }
        self.counters.disputes = self.counters.disputes.saturating_add(1);
        let id = self.counters.disputes;
        self.evidence.insert(claim.evidence_hash, ());
        let dispute = Dispute {
            target: claim.target,
            initiator: tx.sender,
            tag: claim.tag.to_owned(),
            state: DisputeState::InDispute,
            currency: claim.currency,
            bond: claim.bond,
            assertion_expires: tx.now().checked_add(claim.liveness_seconds).ok_or_else(overflow)?,
        };
        self.disputes.insert(id, dispute);
        Ok(id)
    }

    /// Settles an unanswered dispute: it is upheld, the target is tagged, the bond goes back.
    pub(super) fn settle_dispute(&mut self, tx: &Tx, id: u64) -> Step {
        let Some(mut dispute) = self.disputes.get(&id).cloned() else {
            return Err(text("Assertion does not exist"));
        };
        if dispute.state != DisputeState::InDispute {
            return Err(text("Assertion already settled"));
        }
        if dispute.assertion_expires > tx.now() {
            return Err(text("Assertion not expired"));
        }
        self.transfer(dispute.currency, ARBITRATION_POLICY_UMA, dispute.initiator, dispute.bond)?;
        self.change_ip(dispute.target, |record| record.tags = record.tags.saturating_add(1));
        dispute.state = DisputeState::Upheld;
        self.disputes.insert(id, dispute);
        Ok(())
    }

    /// Takes an upheld dispute's tag back; only its initiator may.
    pub(super) fn resolve_dispute(&mut self, tx: &Tx, id: u64) -> Step {
        let dispute = self.disputes.get(&id).filter(|dispute| dispute.initiator == tx.sender);
        let Some(mut dispute) = dispute.cloned() else {
            return Err(Revert::new("DisputeModule__NotDisputeInitiator"));
        };
        if dispute.state != DisputeState::Upheld {
            return Err(Revert::new("DisputeModule__NotAbleToResolve"));
        }
        self.change_ip(dispute.target, |record| record.tags = record.tags.saturating_sub(1));
        dispute.state = DisputeState::Resolved;
        self.disputes.insert(id, dispute);
        Ok(())
    }
}
