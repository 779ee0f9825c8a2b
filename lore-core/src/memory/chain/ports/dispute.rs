//! [`DisputeClient`] on the simulated chain.

use std::time::Duration;

use async_trait::async_trait;

use crate::{
    domain::asset::Mined,
    error::{Error, ErrorKind, Result, Violations},
    memory::chain::{
        SimulatedChain,
        assertion::LIVENESS_SECONDS,
        call::{Call, Outcome, Receipt},
        client::unexpected,
        dispute::{DisputeRecord as Record, DisputeState},
        ledger::SimulatedLedger,
    },
    onchain::{Address, IpId, Wei},
    port::{
        chain::{
            CounterDispute, DisputeClient, DisputeLimits, DisputeRecord, DisputeStatus, RaiseDispute,
            RaisedDispute,
        },
        transactions::OperationKey,
    },
    protocol::{ARBITRATION_POLICY_UMA, WIP},
};

fn limits(ledger: &SimulatedLedger, currency: Address) -> DisputeLimits {
    let config = ledger.config();
    let (min, max) = (config.minimum_bond, config.maximum_bond);
    let max = if config.currencies.contains(&currency) { max } else { Wei::ZERO };
    let seconds = (LIVENESS_SECONDS.start(), LIVENESS_SECONDS.end());
    DisputeLimits::new((min, max), (Duration::from_secs(*seconds.0), Duration::from_secs(*seconds.1)))
}

fn check(request: &RaiseDispute, limits: &DisputeLimits) -> Result<()> {
    let mut violations = Violations::new();
    let RaiseDispute { evidence, bond, liveness, .. } = request;
    violations.require(evidence.as_bytes() != &[0; 32], "evidence", "zero", "the hash of some evidence");
    violations.require(
        (limits.min_bond..=limits.max_bond).contains(bond),
        "bond",
        "out_of_range",
        format!("{} to {} of the token's units", limits.min_bond, limits.max_bond),
    );
    let range = limits.min_liveness..=limits.max_liveness;
    violations.require(
        range.contains(liveness) && liveness.subsec_nanos() == 0,
        "liveness",
        "out_of_range",
        format!("{} to {} whole seconds", range.start().as_secs(), range.end().as_secs()),
    );
    Ok(violations.into_result(())?)
}

fn raised(ledger: &SimulatedLedger, receipt: &Receipt) -> Result<RaisedDispute> {
    let Outcome::Dispute(id) = receipt.outcome else { return Err(unexpected(receipt.outcome)) };
    let assertion = ledger.dispute(id).and_then(|record| record.assertion);
    let assertion = assertion.map_or([0; 32], |assertion| *assertion.id.as_bytes());
    Ok(RaisedDispute::new(id, assertion, receipt.mined))
}

fn missing(dispute: u64) -> Error {
    Error::new(ErrorKind::NotFound, "there is no such dispute").with_context("dispute", dispute)
}

fn status(record: &Record) -> DisputeStatus {
    match record.state {
        DisputeState::InDispute => DisputeStatus::InDispute,
        DisputeState::Upheld => DisputeStatus::Upheld,
        DisputeState::Rejected | DisputeState::Resolved => DisputeStatus::Closed,
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl DisputeClient for SimulatedChain {
    async fn raise_dispute(&self, request: &RaiseDispute) -> Result<RaisedDispute> {
        let RaiseDispute { target, tag, evidence, currency, bond, liveness } = request;
        self.write("raise_dispute", |chain, signer, now| {
            check(request, &limits(&chain.ledger, *currency))?;
            let call = Call::RaiseDispute {
                target: *target,
                evidence_hash: *evidence,
                tag: tag.as_str().to_owned(),
                liveness_seconds: liveness.as_secs(),
                currency: *currency,
                bond: *bond,
            };
            let key = OperationKey::new(format!("dispute/{target}/{evidence}"))?;
            let receipt = chain.submit_once(signer, now, &key, call)?;
            raised(&chain.ledger, &receipt)
        })
    }

    async fn counter_dispute(&self, request: &CounterDispute) -> Result<Mined> {
        let CounterDispute { dispute, evidence } = *request;
        self.write("counter_dispute", |chain, signer, now| {
            let record = chain.ledger.dispute(dispute).ok_or_else(|| missing(dispute))?;
            let (target, Some(assertion)) = (record.target, record.assertion) else {
                return Err(missing(dispute));
            };
            let counter =
                Call::DisputeAssertion { assertion_id: assertion.id, counter_evidence_hash: evidence };
            let owns = chain.ledger.ip(&target).is_some_and(|ip| ip.owner == signer);
            if !owns {
                return chain.submit(signer, now, &counter).map(|receipt| receipt.mined);
            }
            // The owner answers through the IP's account, which then needs the bond.
            let account = target.address();
            let has = chain.ledger.balance(assertion.currency, account);
            if let Some(lacks) = assertion.bond.checked_sub(has).filter(|lacks| !lacks.is_zero()) {
                let fund = Call::Transfer { token: assertion.currency, to: account, amount: lacks };
                chain.submit(signer, now, &fund)?;
            }
            let allow = Call::Approve {
                token: assertion.currency,
                spender: ARBITRATION_POLICY_UMA,
                amount: assertion.bond,
            };
            let batch = Call::ExecuteBatch { ip: target, calls: vec![allow, counter] };
            chain.submit(signer, now, &batch).map(|receipt| receipt.mined)
        })
    }

    async fn settle_dispute(&self, dispute: u64) -> Result<Option<Mined>> {
        self.write("settle_dispute", |chain, signer, now| {
            let record = chain.ledger.dispute(dispute).ok_or_else(|| missing(dispute))?;
            if record.state != DisputeState::InDispute {
                return Ok(None);
            }
            let call = Call::SettleDispute { dispute };
            chain.submit(signer, now, &call).map(|receipt| Some(receipt.mined))
        })
    }

    async fn resolve_dispute(&self, dispute: u64) -> Result<Option<Mined>> {
        self.write("resolve_dispute", |chain, signer, now| {
            let record = chain.ledger.dispute(dispute).ok_or_else(|| missing(dispute))?;
            if matches!(record.state, DisputeState::Rejected | DisputeState::Resolved) {
                return Ok(None);
            }
            let call = Call::ResolveDispute { dispute };
            chain.submit(signer, now, &call).map(|receipt| Some(receipt.mined))
        })
    }

    async fn cancel_dispute(&self, dispute: u64) -> Result<Mined> {
        self.write("cancel_dispute", |chain, signer, now| {
            chain.ledger.dispute(dispute).ok_or_else(|| missing(dispute))?;
            chain.submit(signer, now, &Call::CancelDispute { dispute }).map(|receipt| receipt.mined)
        })
    }

    async fn propagate_dispute(&self, ip: &IpId, dispute: u64) -> Result<RaisedDispute> {
        self.write("propagate_dispute", |chain, signer, now| {
            let call = Call::TagIfRelatedIpInfringed { ip_to_tag: *ip, infringer_dispute: dispute };
            let key = OperationKey::new(format!("propagation/{ip}/{dispute}"))?;
            let receipt = chain.submit_once(signer, now, &key, call)?;
            raised(&chain.ledger, &receipt)
        })
    }

    async fn dispute(&self, dispute: u64) -> Result<Option<DisputeRecord>> {
        self.read("dispute", |ledger| {
            let record = ledger.dispute(dispute)?;
            let mut shown = DisputeRecord::new(dispute, record.target, record.initiator, record.raised_at);
            shown.arbitration_policy = record.arbitration_policy;
            shown.evidence = record.evidence_hash;
            shown.target_tag.clone_from(&record.target_tag);
            shown.status = status(record);
            shown.inherited_from = record.infringer_dispute;
            Some(shown)
        })
    }

    async fn dispute_limits(&self, currency: &Address) -> Result<DisputeLimits> {
        let currency = if currency.is_zero() { WIP } else { *currency };
        self.read("dispute_limits", |ledger| limits(ledger, currency))
    }
}
