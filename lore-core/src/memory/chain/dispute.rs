//! Disputes: raising, judgement, and the tags that come of them. Evidence against, bonds and the oracle are in
//! `assertion`.

use crate::{
    content::ContentHash,
    domain::chain_event::{ChainEvent, HexBytes, Tag},
    error::Revert,
    memory::chain::{
        assertion::Assertion,
        functions::SET_ARBITRATION_POLICY,
        state::{State, Step, Tx, overflow},
    },
    onchain::{Address, IpId, Uint256, Wei},
    protocol::{ARBITRATION_POLICY_UMA, DISPUTE_MODULE},
    time::Timestamp,
};

/// Tags that a dispute may ask for.
const TAGS: [&str; 4] =
    ["IMPROPER_REGISTRATION", "IMPROPER_USAGE", "IMPROPER_PAYMENT", "CONTENT_STANDARDS_VIOLATION"];
/// The tag of a dispute that is not judged; it tags nothing.
const IN_DISPUTE: &str = "IN_DISPUTE";
/// Seven days, from the protocol's deployment.
const ARBITRATION_POLICY_COOLDOWN_SECONDS: u64 = 604_800;

/// Where a dispute stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DisputeState {
    /// Raised and not judged.
    InDispute,
    /// Judged to be right, or inherited: the target is tagged.
    Upheld,
    /// Judged to be wrong.
    Rejected,
    /// Was upheld; the tag was taken back.
    Resolved,
}

/// A dispute as the chain keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct DisputeRecord {
    /// The IP that it is about.
    pub target: IpId,
    /// Who raised it, or who passed an inherited tag on.
    pub initiator: Address,
    /// When that was.
    pub raised_at: Timestamp,
    /// Who arbitrates.
    pub arbitration_policy: Address,
    /// Hash of the evidence; an inherited one has that of the dispute it comes from.
    pub evidence_hash: ContentHash,
    /// The tag that it asks for.
    pub target_tag: String,
    /// Where it stands.
    pub state: DisputeState,
    /// The dispute that the tag was inherited from.
    pub infringer_dispute: Option<u64>,
    /// What the oracle was asked; an inherited tag was never asked about.
    pub assertion: Option<Assertion>,
}

impl DisputeRecord {
    /// The tag as the contract shows it: `IN_DISPUTE` before the judgement, the one asked for while upheld, else empty.
    #[must_use]
    pub fn current_tag(&self) -> &str {
        match self.state {
            DisputeState::InDispute => IN_DISPUTE,
            DisputeState::Upheld => &self.target_tag,
            DisputeState::Rejected | DisputeState::Resolved => "",
        }
    }
}

/// A dispute to be raised.
pub(super) struct Claim<'a> {
    pub(super) target: IpId,
    pub(super) evidence_hash: ContentHash,
    pub(super) tag: &'a str,
    pub(super) liveness_seconds: u64,
    pub(super) currency: Address,
    pub(super) bond: Wei,
}

impl Claim<'_> {
    /// What the arbitration policy is given: time to answer, token and bond, in the ABI's form.
    fn encoded(&self) -> HexBytes {
        let mut bytes = Uint256::from(self.liveness_seconds).to_be_bytes().to_vec();
        bytes.extend([0; 12]);
        bytes.extend(self.currency.as_bytes());
        bytes.extend(self.bond.to_be_bytes());
        HexBytes::new(bytes)
    }
}

/// A tag as contracts keep it; none is longer than 32 bytes.
fn tag_of(text: &str) -> Tag {
    let mut bytes = [0; 32];
    bytes.iter_mut().zip(text.bytes()).for_each(|(to, from)| *to = from);
    Tag::from_bytes(bytes)
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
        let arbitration_policy = self.update_arbitration_policy(tx, claim.target);
        let id = self.next_dispute();
        self.evidence.insert(claim.evidence_hash, ());
        let assertion = self.assert_truth(tx, claim, id)?;
        let dispute = DisputeRecord {
            target: claim.target,
            initiator: tx.sender,
            raised_at: tx.mined.at,
            arbitration_policy,
            evidence_hash: claim.evidence_hash,
            target_tag: claim.tag.to_owned(),
            state: DisputeState::InDispute,
            infringer_dispute: None,
            assertion: Some(assertion),
        };
        self.disputes.insert(id, dispute);
        let raised = ChainEvent::DisputeRaised {
            dispute: id,
            target: claim.target,
            initiator: tx.sender,
            raised_at: tx.mined.at,
            arbitration_policy,
            evidence: claim.evidence_hash,
            tag: tag_of(claim.tag),
            data: claim.encoded(),
        };
        self.log(DISPUTE_MODULE, raised);
        Ok(id)
    }

    fn next_dispute(&mut self) -> u64 {
        self.counters.disputes = self.counters.disputes.saturating_add(1);
        self.counters.disputes
    }

    /// The oracle's word about a dispute.
    pub(super) fn judge(&mut self, id: u64, mut dispute: DisputeRecord, upheld: bool) {
        if upheld {
            self.change_ip(dispute.target, |record| record.tags = record.tags.saturating_add(1));
        }
        dispute.state = if upheld { DisputeState::Upheld } else { DisputeState::Rejected };
        self.disputes.insert(id, dispute);
        let data = HexBytes::default();
        self.log(DISPUTE_MODULE, ChainEvent::DisputeJudged { dispute: id, is_upheld: upheld, data });
    }

    /// Always an error: the arbitration policy takes no dispute back.
    pub(super) fn cancel_dispute(&self, tx: &Tx, id: u64) -> Step {
        let dispute = self.disputes.get(&id).filter(|dispute| dispute.state == DisputeState::InDispute);
        let Some(dispute) = dispute else {
            return Err(Revert::new("DisputeModule__NotInDisputeState"));
        };
        if dispute.initiator != tx.sender {
            return Err(Revert::new("DisputeModule__NotDisputeInitiator"));
        }
        Err(Revert::new("ArbitrationPolicyUMA__CannotCancel"))
    }

    /// Takes an upheld dispute's tag back: only its initiator may; an inherited one anybody, once its origin is resolved.
    pub(super) fn resolve_dispute(&mut self, tx: &Tx, id: u64) -> Step {
        let Some(mut dispute) = self.disputes.get(&id).cloned() else {
            return Err(Revert::new("DisputeModule__NotDisputeInitiator"));
        };
        match dispute.infringer_dispute {
            None if dispute.initiator != tx.sender => {
                return Err(Revert::new("DisputeModule__NotDisputeInitiator"));
            }
            Some(origin)
                if self.disputes.get(&origin).is_some_and(|origin| !origin.current_tag().is_empty()) =>
            {
                return Err(Revert::new("DisputeModule__RelatedDisputeNotResolved"));
            }
            _ => {}
        }
        if dispute.state != DisputeState::Upheld {
            return Err(Revert::new("DisputeModule__NotAbleToResolve"));
        }
        self.change_ip(dispute.target, |record| record.tags = record.tags.saturating_sub(1));
        dispute.state = DisputeState::Resolved;
        self.disputes.insert(id, dispute);
        self.log(DISPUTE_MODULE, ChainEvent::DisputeResolved { dispute: id, data: HexBytes::default() });
        Ok(())
    }

    /// Tags the child or the group of a tagged IP. The tag goes one step; the next needs the new dispute.
    pub(super) fn tag_if_related_ip_infringed(&mut self, tx: &Tx, ip: IpId, origin: u64) -> Step<u64> {
        let upheld = self.disputes.get(&origin).filter(|dispute| dispute.state == DisputeState::Upheld);
        let Some(infringer) = upheld.cloned() else {
            return Err(Revert::new("DisputeModule__DisputeWithoutInfringementTag"));
        };
        let is_child = self
            .ips
            .get(&ip)
            .is_some_and(|record| record.parents.iter().any(|parent| parent.ip == infringer.target));
        if !is_child && !self.group_members.contains(&(ip, infringer.target)) {
            return Err(Revert::new("DisputeModule__NotDerivativeOrGroupIp"));
        }
        if self.propagated.contains(&(ip, origin)) {
            return Err(Revert::new("DisputeModule__DisputeAlreadyPropagated"));
        }
        let id = self.next_dispute();
        let propagated = ChainEvent::DisputePropagated {
            dispute: id,
            infringing: infringer.target,
            tagged: ip,
            infringer_dispute: origin,
            tag: tag_of(&infringer.target_tag),
            raised_at: tx.mined.at,
        };
        self.log(DISPUTE_MODULE, propagated);
        let dispute = DisputeRecord {
            target: ip,
            initiator: tx.sender,
            raised_at: tx.mined.at,
            infringer_dispute: Some(origin),
            assertion: None,
            ..infringer
        };
        self.disputes.insert(id, dispute);
        self.propagated.insert((ip, origin), ());
        self.change_ip(ip, |record| record.tags = record.tags.saturating_add(1));
        Ok(id)
    }

    /// Chooses who arbitrates, from after the cooldown. There is one policy to choose.
    pub(super) fn set_arbitration_policy(&mut self, tx: &Tx, ip: IpId, next: Address) -> Step {
        self.verify_permission(ip, tx.sender, DISPUTE_MODULE, SET_ARBITRATION_POLICY)?;
        if next != ARBITRATION_POLICY_UMA {
            return Err(Revert::new("DisputeModule__NotWhitelistedArbitrationPolicy"));
        }
        self.update_arbitration_policy(tx, ip);
        let from = tx.now().checked_add(ARBITRATION_POLICY_COOLDOWN_SECONDS).ok_or_else(overflow)?;
        self.arbitration.change(ip, |arbitration| arbitration.next = Some((next, from)));
        Ok(())
    }

    /// Makes a policy active whose time has come; returns who arbitrates now.
    fn update_arbitration_policy(&mut self, tx: &Tx, ip: IpId) -> Address {
        let mut arbitration = self.arbitration.value(&ip);
        if let Some((next, _)) = arbitration.next.filter(|(_, from)| *from < tx.now()) {
            arbitration.active = next;
            arbitration.next = None;
            self.arbitration.insert(ip, arbitration);
        }
        if arbitration.active.is_zero() { ARBITRATION_POLICY_UMA } else { arbitration.active }
    }
}
