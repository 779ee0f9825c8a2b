//! What the oracle is asked about a dispute: bonds, the time to answer, evidence against it, and settlement.
//!
//! The account of the arbitration policy stands for the oracle's contracts, too: it holds the bonds, and keeps what the
//! oracle takes of them.

use crate::{
    content::ContentHash,
    domain::chain_event::ChainEvent,
    error::Revert,
    memory::chain::{
        dispute::{Claim, DisputeRecord, DisputeState},
        state::{State, Step, Tx, overflow},
    },
    onchain::{Address, AssertionId, IpId, Wei, keccak256},
    protocol::{ARBITRATION_POLICY_UMA, FULL_SHARE},
};

/// 30 days and 365 days, from the protocol's deployment.
pub(super) const LIVENESS_SECONDS: std::ops::RangeInclusive<u64> = 2_592_000..=31_536_000;
/// First part of that time, in millionths of a percent, in which only the target's account may counter.
const OWNER_TIME: u64 = 66_666_666;
/// The oracle takes half of a bond for an answer (`OptimisticOracleV3.burnedBondPercentage`).
const ORACLE_FEE_DIVISOR: u64 = 2;

/// What the oracle was asked about a dispute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Assertion {
    /// What the oracle calls it.
    pub id: AssertionId,
    /// Token of the bonds.
    pub currency: Address,
    /// What each side puts up; the winner gets its own back, and what the oracle leaves of the other's.
    pub bond: Wei,
    /// When it was asked, in seconds since 1970.
    pub asserted_at: u64,
    /// When nobody can counter it any more, in seconds since 1970.
    pub expires_at: u64,
    /// Who countered it, and the hash of their evidence.
    pub counter: Option<(Address, ContentHash)>,
    /// What the oracle answered. It is only asked if somebody countered.
    pub answer: Option<bool>,
}

/// An error of the oracle, which is a text.
fn text(message: &str) -> Revert {
    Revert::new("Error").arg(format_args!("\"{message}\""))
}

impl State {
    /// Asks the oracle about a dispute that is being raised, and takes the bond.
    pub(super) fn assert_truth(&mut self, tx: &Tx, claim: &Claim<'_>, dispute: u64) -> Step<Assertion> {
        let refused = |name: &str| Err(Revert::new(format!("ArbitrationPolicyUMA__{name}")));
        if claim.liveness_seconds < *LIVENESS_SECONDS.start() {
            return refused("LivenessBelowMin");
        }
        if claim.liveness_seconds > *LIVENESS_SECONDS.end() {
            return refused("LivenessAboveMax");
        }
        let listed = self.is_whitelisted_token(claim.currency);
        if claim.bond > if listed { self.config.maximum_bond } else { Wei::ZERO } {
            return refused("BondAboveMax");
        }
        if !listed {
            return refused("CurrencyNotWhitelisted");
        }
        self.take_bond(tx, claim.currency, claim.bond)?;
        if claim.bond < self.config.minimum_bond {
            return Err(text("Bond amount too low"));
        }
        let asserted_at = tx.now();
        let assertion = Assertion {
            id: assertion_id(claim.target, claim.evidence_hash, dispute),
            currency: claim.currency,
            bond: claim.bond,
            asserted_at,
            expires_at: asserted_at.checked_add(claim.liveness_seconds).ok_or_else(overflow)?,
            counter: None,
            answer: None,
        };
        self.assertions.insert(assertion.id, dispute);
        let bonded = ChainEvent::DisputeBonded {
            dispute,
            assertion: assertion.id,
            caller: tx.sender,
            liveness_seconds: claim.liveness_seconds,
            currency: claim.currency,
            bond: claim.bond,
        };
        self.log(ARBITRATION_POLICY_UMA, bonded);
        Ok(assertion)
    }

    fn take_bond(&mut self, tx: &Tx, currency: Address, bond: Wei) -> Step {
        let policy = ARBITRATION_POLICY_UMA;
        self.transfer_from(currency, policy, (tx.sender, policy), bond)
    }

    /// Counters a dispute: the target's IP account at first, later anybody, even who raised it.
    pub(super) fn dispute_assertion(&mut self, tx: &Tx, id: AssertionId, evidence: ContentHash) -> Step {
        if evidence.as_bytes() == &[0; 32] {
            return Err(Revert::new("ArbitrationPolicyUMA__NoCounterEvidence"));
        }
        let dispute = self.assertions.get(&id).copied().unwrap_or_default();
        let Some((mut record, mut assertion)) = self.asserted(dispute) else {
            return Err(Revert::new("ArbitrationPolicyUMA__DisputeNotFound"));
        };
        let liveness = assertion.expires_at.saturating_sub(assertion.asserted_at);
        let elapsed = tx.now().saturating_sub(assertion.asserted_at);
        let owner_time = liveness.saturating_mul(OWNER_TIME) / u64::from(FULL_SHARE);
        if elapsed <= owner_time && tx.sender != record.target.address() {
            let name = "ArbitrationPolicyUMA__OnlyTargetIpIdCanDisputeWithinTimeWindow";
            return Err(Revert::new(name).arg(elapsed).arg(liveness).arg(tx.sender));
        }
        self.take_bond(tx, assertion.currency, assertion.bond)?;
        if assertion.counter.is_some() {
            return Err(text("Assertion already disputed"));
        }
        if assertion.expires_at <= tx.now() {
            return Err(text("Assertion is expired"));
        }
        assertion.counter = Some((tx.sender, evidence));
        record.assertion = Some(assertion);
        self.disputes.insert(dispute, record);
        let assertion = id;
        self.log(ARBITRATION_POLICY_UMA, ChainEvent::DisputeCountered { dispute, assertion, evidence });
        Ok(())
    }

    /// The oracle's answer. It is only asked about what somebody countered, and answers once.
    pub(super) fn answer_as_oracle(&mut self, dispute: u64, upheld: bool) -> Step {
        let open = self
            .asserted(dispute)
            .filter(|(_, assertion)| assertion.counter.is_some() && assertion.answer.is_none());
        let Some((mut record, mut assertion)) = open else {
            return Err(text("The oracle was not asked"));
        };
        assertion.answer = Some(upheld);
        record.assertion = Some(assertion);
        self.disputes.insert(dispute, record);
        Ok(())
    }

    /// Settles a dispute as it stands: pays the bonds out, and judges.
    pub(super) fn settle_dispute(&mut self, tx: &Tx, dispute: u64) -> Step {
        let Some((record, assertion)) = self.asserted(dispute) else {
            return Err(text("Assertion does not exist"));
        };
        if record.state != DisputeState::InDispute {
            return Err(text("Assertion already settled"));
        }
        let Some((counterparty, _)) = assertion.counter else {
            if assertion.expires_at > tx.now() {
                return Err(text("Assertion not expired"));
            }
            self.pay_bond(&assertion, record.initiator, assertion.bond)?;
            self.judge(dispute, record, true);
            return Ok(());
        };
        let Some(upheld) = assertion.answer else {
            // The oracle has no price, and its contract says no more than that.
            return Err(Revert::new("EMPTY_REVERT").arg("execution reverted"));
        };
        let fee = assertion.bond.checked_div(ORACLE_FEE_DIVISOR).ok_or_else(overflow)?;
        let both = assertion.bond.checked_mul(2).ok_or_else(overflow)?;
        let winner = if upheld { record.initiator } else { counterparty };
        self.pay_bond(&assertion, winner, both.checked_sub(fee).ok_or_else(overflow)?)?;
        self.judge(dispute, record, upheld);
        Ok(())
    }

    fn pay_bond(&mut self, assertion: &Assertion, to: Address, amount: Wei) -> Step {
        self.transfer(assertion.currency, ARBITRATION_POLICY_UMA, to, amount)
    }

    /// A dispute that the oracle was asked about.
    fn asserted(&self, dispute: u64) -> Option<(DisputeRecord, Assertion)> {
        let record = self.disputes.get(&dispute)?;
        Some((record.clone(), record.assertion?))
    }
}

/// On a real chain it is the hash of what the oracle is asked and when. Here, too, there is one for each dispute.
fn assertion_id(target: IpId, evidence: ContentHash, dispute: u64) -> AssertionId {
    let mut bytes = b"simulated assertion".to_vec();
    bytes.extend(target.address().as_bytes());
    bytes.extend(evidence.as_bytes());
    bytes.extend(dispute.to_be_bytes());
    AssertionId::from_bytes(keccak256(&bytes))
}
