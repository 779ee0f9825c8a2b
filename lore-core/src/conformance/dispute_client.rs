//! Cases of the [`DisputeClient`] port.
//!
//! Disputes take weeks: a case that needs them to pass is skipped where the harness cannot move the chain's time.

#![expect(missing_docs, reason = "a case is documented by its name, which is the rule")]

use std::{sync::Arc, time::Duration};

use crate::{
    conformance::on_chain::{Clients, missing, refused, register, reverted},
    content::ContentHash,
    domain::license::{Payment, PilTerms},
    error::{ErrorKind, Result},
    onchain::{Address, IpId, Share, Wei},
    port::chain::{
        CounterDispute, DerivativeTerms, DisputeClient, DisputeLimits, DisputeStatus, DisputeTag,
        ParentTerms, RaiseDispute, RaisedDispute,
    },
    protocol,
};

/// Makes clients for the suite.
#[expect(async_fn_in_trait, reason = "the suite polls the futures on the test's own task")]
pub trait Harness {
    /// Clients whose signers registered nothing before: a fresh chain, or fresh accounts and a fresh collection.
    async fn fresh(&self) -> Result<Clients<dyn DisputeClient>>;

    /// Lets time pass on the chain; `false` where that cannot be done.
    async fn pass(&self, time: Duration) -> Result<bool>;
}

/// An IP to be disputed.
struct Scene<'a, H> {
    harness: &'a H,
    clients: Clients<dyn DisputeClient>,
    token: Address,
    limits: DisputeLimits,
    target: ParentTerms,
}

impl<'a, H: Harness> Scene<'a, H> {
    async fn new(harness: &'a H, name: &str) -> Result<Self> {
        let clients = harness.fresh().await?;
        let info = clients.chain.info().await?;
        let payment = Payment { currency: info.royalty_token, ..Payment::default() };
        let terms = PilTerms::commercial_remix(Wei::ZERO, Share::from_percent(5)?, payment);
        let target = register(&clients.chain, &format!("{name}-target")).await?;
        let terms_id = clients.chain.register_license_terms(&terms).await?.terms_id;
        clients.chain.attach_license_terms(&target, terms_id).await?;
        let limits = clients.client.dispute_limits(&info.royalty_token).await?;
        Ok(Self {
            harness,
            clients,
            token: info.royalty_token,
            limits,
            target: ParentTerms::new(target, terms_id),
        })
    }

    fn disputes(&self) -> &Arc<dyn DisputeClient> {
        &self.clients.client
    }

    /// The least accusation, with evidence that no other run has.
    fn request(&self, number: u32) -> RaiseDispute {
        let evidence = ContentHash::of(format!("{}-{number}", self.target.parent).as_bytes());
        let tag = DisputeTag::ImproperRegistration;
        let mut request = RaiseDispute::new(self.target.parent, tag, evidence, self.limits.min_bond);
        (request.currency, request.liveness) = (self.token, self.limits.min_liveness);
        request
    }

    async fn raise(&self, number: u32) -> Result<RaisedDispute> {
        self.disputes().raise_dispute(&self.request(number)).await
    }

    async fn status(&self, dispute: u64) -> Result<DisputeStatus> {
        let record = self.disputes().dispute(dispute).await?;
        Ok(record.ok_or_else(|| missing("the dispute"))?.status)
    }

    async fn is_tagged(&self, ip: &IpId) -> Result<bool> {
        Ok(self.clients.chain.ip(ip).await?.ok_or_else(|| missing("the ip"))?.is_tagged)
    }

    /// A dispute that nobody answered in time, and the oracle upheld; `None` skips the case.
    async fn upheld(&self, case: &str) -> Result<Option<u64>> {
        let dispute = self.raise(1).await?.dispute;
        if !self.pass(self.limits.min_liveness + Duration::from_secs(1), case).await? {
            return Ok(None);
        }
        self.disputes().settle_dispute(dispute).await?;
        Ok(Some(dispute))
    }

    async fn pass(&self, time: Duration, case: &str) -> Result<bool> {
        let passed = self.harness.pass(time).await?;
        if !passed {
            println!("skipped {case}: the harness cannot move the chain's time");
        }
        Ok(passed)
    }
}

pub async fn a_dispute_is_raised_once_per_evidence(harness: &impl Harness) -> Result<()> {
    let scene = Scene::new(harness, "once").await?;
    let first = scene.raise(1).await?;
    assert_ne!(first.assertion, [0; 32]);
    assert_eq!(scene.raise(1).await?, first);
    assert_eq!(scene.clients.again.raise_dispute(&scene.request(1)).await?, first);
    let second = scene.raise(2).await?;
    assert!(second.dispute > first.dispute);
    assert_ne!(second.assertion, first.assertion);
    Ok(())
}

pub async fn evidence_is_used_once(harness: &impl Harness) -> Result<()> {
    let scene = Scene::new(harness, "evidence").await?;
    let request = scene.request(1);
    scene.disputes().raise_dispute(&request).await?;
    let name = "DisputeModule__EvidenceHashAlreadyUsed";
    let mut elsewhere = request.clone();
    elsewhere.target = register(&scene.clients.chain, "evidence-elsewhere").await?;
    reverted(scene.disputes().raise_dispute(&elsewhere).await, name)?;
    let Some(other) = scene.clients.other_or_skip("evidence_is_used_once (another signer)") else {
        return Ok(());
    };
    reverted(other.raise_dispute(&request).await, name)?;
    Ok(())
}

pub async fn the_limits_of_a_dispute_are_kept(harness: &impl Harness) -> Result<()> {
    let scene = Scene::new(harness, "limits").await?;
    let limits = scene.limits;
    assert!(limits.min_bond <= limits.max_bond && limits.min_liveness <= limits.max_liveness);
    let one = Wei::from(1_u64);
    let second = Duration::from_secs(1);
    let wrong = [
        ("bond", limits.min_bond.checked_sub(one), None),
        ("bond", limits.max_bond.checked_add(one), None),
        ("liveness", None, Some(limits.min_liveness.saturating_sub(second))),
        ("liveness", None, Some(limits.max_liveness + second)),
    ];
    for (field, bond, liveness) in wrong {
        let mut request = scene.request(1);
        request.bond = bond.unwrap_or(request.bond);
        request.liveness = liveness.unwrap_or(request.liveness);
        let error = refused(scene.disputes().raise_dispute(&request).await, ErrorKind::InvalidInput)?;
        let fields: Vec<_> = error.violations().iter().map(|found| found.field.as_str()).collect();
        assert_eq!(fields, [field], "{error:?}");
    }
    scene.raise(1).await?;
    Ok(())
}

pub async fn only_a_registered_ip_can_be_disputed(harness: &impl Harness) -> Result<()> {
    let scene = Scene::new(harness, "unregistered").await?;
    let mut request = scene.request(1);
    request.target = IpId::new(Address::from_bytes([0x57; 20]));
    reverted(scene.disputes().raise_dispute(&request).await, "DisputeModule__NotRegisteredIpId")?;
    Ok(())
}

pub async fn a_dispute_is_shown_as_it_was_raised(harness: &impl Harness) -> Result<()> {
    let scene = Scene::new(harness, "shown").await?;
    let raised = scene.raise(1).await?;
    let record = scene.disputes().dispute(raised.dispute).await?.ok_or_else(|| missing("the dispute"))?;
    let request = scene.request(1);
    assert_eq!((record.dispute, record.target), (raised.dispute, request.target));
    assert_eq!(record.initiator, scene.clients.chain.info().await?.signer);
    assert_eq!((record.evidence, record.target_tag.as_str()), (request.evidence, request.tag.as_str()));
    assert_eq!((record.status, record.inherited_from), (DisputeStatus::InDispute, None));
    assert_eq!(record.arbitration_policy, protocol::ARBITRATION_POLICY_UMA);
    assert_eq!(record.raised_at, raised.mined.at);
    assert!(!scene.is_tagged(&request.target).await?, "nothing is decided");
    assert_eq!(scene.disputes().dispute(u64::MAX).await?, None);
    Ok(())
}

pub async fn a_dispute_under_uma_cannot_be_cancelled(harness: &impl Harness) -> Result<()> {
    let scene = Scene::new(harness, "cancel").await?;
    let dispute = scene.raise(1).await?.dispute;
    reverted(scene.disputes().cancel_dispute(dispute).await, "ArbitrationPolicyUMA__CannotCancel")?;
    assert_eq!(scene.status(dispute).await?, DisputeStatus::InDispute);
    Ok(())
}

pub async fn an_open_dispute_cannot_be_resolved(harness: &impl Harness) -> Result<()> {
    let scene = Scene::new(harness, "resolve-open").await?;
    let dispute = scene.raise(1).await?.dispute;
    reverted(scene.disputes().resolve_dispute(dispute).await, "DisputeModule__NotAbleToResolve")?;
    Ok(())
}

pub async fn a_dispute_is_not_decided_before_its_time(harness: &impl Harness) -> Result<()> {
    let scene = Scene::new(harness, "early").await?;
    let dispute = scene.raise(1).await?.dispute;
    // UMA's own words, as a text.
    reverted(scene.disputes().settle_dispute(dispute).await, "Error")?;
    assert_eq!(scene.status(dispute).await?, DisputeStatus::InDispute);
    Ok(())
}

pub async fn an_upheld_dispute_tags_its_target(harness: &impl Harness) -> Result<()> {
    let scene = Scene::new(harness, "upheld").await?;
    let Some(dispute) = scene.upheld("an_upheld_dispute_tags_its_target").await? else { return Ok(()) };
    assert_eq!(scene.status(dispute).await?, DisputeStatus::Upheld);
    assert!(scene.is_tagged(&scene.target.parent).await?);
    let child = register(&scene.clients.chain, "upheld-child").await?;
    let links = DerivativeTerms::new(vec![scene.target]);
    let answer = scene.clients.chain.link_derivative(&child, &links).await;
    reverted(answer, "LicenseRegistry__ParentIpTagged")?;
    Ok(())
}

pub async fn settling_twice_is_ok(harness: &impl Harness) -> Result<()> {
    let scene = Scene::new(harness, "settle-twice").await?;
    let dispute = scene.raise(1).await?.dispute;
    let time = scene.limits.min_liveness + Duration::from_secs(1);
    if !scene.pass(time, "settling_twice_is_ok").await? {
        return Ok(());
    }
    assert!(scene.disputes().settle_dispute(dispute).await?.is_some());
    assert_eq!(scene.disputes().settle_dispute(dispute).await?, None);
    assert_eq!(scene.clients.again.settle_dispute(dispute).await?, None);
    Ok(())
}

pub async fn resolving_twice_is_ok(harness: &impl Harness) -> Result<()> {
    let scene = Scene::new(harness, "resolve-twice").await?;
    let Some(dispute) = scene.upheld("resolving_twice_is_ok").await? else { return Ok(()) };
    if let Some(other) = scene.clients.other_or_skip("resolving_twice_is_ok (another signer)") {
        reverted(other.resolve_dispute(dispute).await, "DisputeModule__NotDisputeInitiator")?;
    }
    assert!(scene.disputes().resolve_dispute(dispute).await?.is_some());
    assert_eq!(scene.disputes().resolve_dispute(dispute).await?, None);
    assert_eq!(scene.clients.again.resolve_dispute(dispute).await?, None);
    assert_eq!(scene.status(dispute).await?, DisputeStatus::Closed);
    assert!(!scene.is_tagged(&scene.target.parent).await?);
    Ok(())
}

pub async fn the_owner_answers_first(harness: &impl Harness) -> Result<()> {
    let scene = Scene::new(harness, "answer").await?;
    let dispute = scene.raise(1).await?.dispute;
    let counter = CounterDispute::new(dispute, ContentHash::of(b"counter-evidence"));
    if let Some(other) = scene.clients.other_or_skip("the_owner_answers_first (another signer)") {
        let name = "ArbitrationPolicyUMA__OnlyTargetIpIdCanDisputeWithinTimeWindow";
        reverted(other.counter_dispute(&counter).await, name)?;
    }
    scene.disputes().counter_dispute(&counter).await?;
    // Another answer is one too many.
    let more = CounterDispute::new(dispute, ContentHash::of(b"more counter-evidence"));
    reverted(scene.disputes().counter_dispute(&more).await, "Error")?;
    Ok(())
}

pub async fn anybody_answers_later(harness: &impl Harness) -> Result<()> {
    let scene = Scene::new(harness, "answer-later").await?;
    let Some(other) = scene.clients.other_or_skip("anybody_answers_later") else { return Ok(()) };
    let dispute = scene.raise(1).await?.dispute;
    let most = scene.limits.min_liveness.mul_f64(0.8);
    if !scene.pass(Duration::from_secs(most.as_secs()), "anybody_answers_later").await? {
        return Ok(());
    }
    other.counter_dispute(&CounterDispute::new(dispute, ContentHash::of(b"counter-evidence"))).await?;
    // It waits for the oracle's voters now.
    if scene.pass(scene.limits.min_liveness, "anybody_answers_later (until its end)").await? {
        refused(scene.disputes().settle_dispute(dispute).await, ErrorKind::Reverted)?;
        assert_eq!(scene.status(dispute).await?, DisputeStatus::InDispute);
    }
    Ok(())
}

pub async fn a_tag_is_passed_to_derivatives(harness: &impl Harness) -> Result<()> {
    let case = "a_tag_is_passed_to_derivatives";
    let scene = Scene::new(harness, "pass-on").await?;
    let child = register(&scene.clients.chain, "pass-on-child").await?;
    scene.clients.chain.link_derivative(&child, &DerivativeTerms::new(vec![scene.target])).await?;
    let stranger = register(&scene.clients.chain, "pass-on-stranger").await?;
    let dispute = scene.raise(1).await?.dispute;
    let name = "DisputeModule__DisputeWithoutInfringementTag";
    reverted(scene.disputes().propagate_dispute(&child, dispute).await, name)?;
    if !scene.pass(scene.limits.min_liveness + Duration::from_secs(1), case).await? {
        return Ok(());
    }
    scene.disputes().settle_dispute(dispute).await?;
    assert!(!scene.is_tagged(&child).await?, "a tag does not spread by itself");
    let name = "DisputeModule__NotDerivativeOrGroupIp";
    reverted(scene.disputes().propagate_dispute(&stranger, dispute).await, name)?;

    let inherited = scene.disputes().propagate_dispute(&child, dispute).await?;
    assert!(scene.is_tagged(&child).await?);
    let record = scene.disputes().dispute(inherited.dispute).await?.ok_or_else(|| missing("the dispute"))?;
    assert_eq!((record.target, record.inherited_from), (child, Some(dispute)));
    assert_eq!(record.status, DisputeStatus::Upheld);
    assert_eq!(scene.clients.again.propagate_dispute(&child, dispute).await?, inherited);

    let name = "DisputeModule__RelatedDisputeNotResolved";
    reverted(scene.disputes().resolve_dispute(inherited.dispute).await, name)?;
    scene.disputes().resolve_dispute(dispute).await?;
    assert!(scene.is_tagged(&child).await?, "an inherited tag stays until it is taken back itself");
    let anybody = scene.clients.other.as_ref().unwrap_or(&scene.clients.client);
    assert!(anybody.resolve_dispute(inherited.dispute).await?.is_some());
    assert!(!scene.is_tagged(&child).await?);
    Ok(())
}

/// Emits one test per case of the dispute suite for the harness that the expression makes.
#[macro_export]
macro_rules! dispute_client_conformance {
    ($harness:expr) => {
        $crate::dispute_client_conformance! { $harness, skip_if: ::core::option::Option::None::<String> }
    };
    ($harness:expr, skip_if: $why:expr) => {
        $crate::__cases! { $harness, skip_if: $why, $crate::conformance::dispute_client,
            a_dispute_is_raised_once_per_evidence,
            evidence_is_used_once,
            the_limits_of_a_dispute_are_kept,
            only_a_registered_ip_can_be_disputed,
            a_dispute_is_shown_as_it_was_raised,
            a_dispute_under_uma_cannot_be_cancelled,
            an_open_dispute_cannot_be_resolved,
            a_dispute_is_not_decided_before_its_time,
            an_upheld_dispute_tags_its_target,
            settling_twice_is_ok,
            resolving_twice_is_ok,
            the_owner_answers_first,
            anybody_answers_later,
            a_tag_is_passed_to_derivatives,
        }
    };
}
