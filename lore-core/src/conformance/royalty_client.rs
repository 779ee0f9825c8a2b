//! Cases of the [`RoyaltyClient`] port.
//!
//! Payments are in the chain's own royalty token: the harness's signers have it, or coins that the client wraps.

#![expect(missing_docs, reason = "a case is documented by its name, which is the rule")]

use std::sync::Arc;

use crate::{
    conformance::on_chain::{Clients, register, reverted},
    domain::{
        license::{Payment, PilTerms},
        royalty::RoyaltyPolicy,
    },
    error::{Error, ErrorKind, Result},
    onchain::{Address, IpId, Share, Wei},
    port::{
        chain::{
            ChainClient, ClaimRevenue, DerivativeTerms, ParentTerms, PayRoyalty, RevenueClaim, RevenueSource,
            RoyaltyClient, TransferToVault,
        },
        transactions::OperationKey,
    },
};

/// Makes clients for the suite.
#[expect(async_fn_in_trait, reason = "the suite polls the futures on the test's own task")]
pub trait Harness {
    /// Clients whose signer registered nothing before: a fresh chain, or a fresh account and a fresh collection.
    async fn fresh(&self) -> Result<Clients<dyn RoyaltyClient>>;
}

/// What is paid: enough that no share of it is rounded.
const AMOUNT: u64 = 1_000_000;

/// A parent with terms at 5 %, a child linked to it, and the clients.
struct Family {
    clients: Clients<dyn RoyaltyClient>,
    token: Address,
    fee: Share,
    parent: IpId,
    child: IpId,
}

impl Family {
    async fn new(harness: &impl Harness, name: &str) -> Result<Self> {
        let clients = harness.fresh().await?;
        let info = clients.chain.info().await?;
        let parent = licensed(&clients.chain, &format!("{name}-parent")).await?;
        let child = register(&clients.chain, &format!("{name}-child")).await?;
        clients.chain.link_derivative(&child, &DerivativeTerms::new(vec![parent])).await?;
        Ok(Self { clients, token: info.royalty_token, fee: info.royalty_fee, parent: parent.parent, child })
    }

    fn royalties(&self) -> &Arc<dyn RoyaltyClient> {
        &self.clients.client
    }

    /// A payment whose key names the IP and the number, so that no two chains or runs share it.
    fn payment(&self, number: u32) -> Result<PayRoyalty> {
        let key = OperationKey::new(format!("conformance/pay/{}/{number}", self.child))?;
        Ok(PayRoyalty::new(key, self.child, self.token, Wei::from(AMOUNT)))
    }

    /// What arrives of [`AMOUNT`] after the protocol's own part.
    fn arriving(&self) -> Result<Wei> {
        let amount = Wei::from(AMOUNT);
        amount.checked_share(self.fee).and_then(|fee| amount.checked_sub(fee)).ok_or_else(overflow)
    }

    /// The parent's part of one payment.
    fn due(&self) -> Result<Wei> {
        self.arriving()?.checked_share(Share::from_percent(5)?).ok_or_else(overflow)
    }

    fn source(&self) -> RevenueSource {
        RevenueSource::new(self.child, RoyaltyPolicy::Lap, self.token)
    }

    /// The parent claims, and collects from the child first.
    fn claim_of_parent(&self) -> ClaimRevenue {
        let mut claim = ClaimRevenue::new(self.parent, self.token);
        claim.sources.push(self.source());
        claim
    }

    async fn claimable(&self, ip: &IpId) -> Result<Wei> {
        self.royalties().claimable_revenue(ip, &ip.address(), &self.token).await
    }
}

fn overflow() -> Error {
    Error::new(ErrorKind::Unexpected, "an amount of the suite is over 256 bits")
}

async fn licensed(chain: &Arc<dyn ChainClient>, name: &str) -> Result<ParentTerms> {
    let terms = PilTerms::commercial_remix(Wei::ZERO, Share::from_percent(5)?, Payment::default());
    let ip = register(chain, name).await?;
    let terms_id = chain.register_license_terms(&terms).await?.terms_id;
    chain.attach_license_terms(&ip, terms_id).await?;
    Ok(ParentTerms::new(ip, terms_id))
}

pub async fn a_vault_comes_with_the_first_link(harness: &impl Harness) -> Result<()> {
    let family = Family::new(harness, "vault").await?;
    let alone = register(&family.clients.chain, "vault-alone").await?;
    assert_eq!(family.royalties().royalty_vault(&alone).await?, None);
    let parent = family.royalties().royalty_vault(&family.parent).await?;
    let child = family.royalties().royalty_vault(&family.child).await?;
    assert!(parent.is_some() && child.is_some());
    assert_ne!(parent, child);
    Ok(())
}

pub async fn a_payment_is_made_once_per_key(harness: &impl Harness) -> Result<()> {
    let family = Family::new(harness, "once").await?;
    let request = family.payment(1)?;
    let paid = family.royalties().pay_royalty(&request).await?;
    assert_eq!((paid.receiver, paid.token, paid.amount), (family.child, family.token, Wei::from(AMOUNT)));
    assert_eq!(paid.amount_after_fee, family.arriving()?);
    assert_eq!(family.royalties().pay_royalty(&request).await?, paid);
    assert_eq!(family.clients.again.pay_royalty(&request).await?, paid);
    let kept = family.arriving()?.checked_sub(family.due()?).ok_or_else(overflow)?;
    assert_eq!(family.claimable(&family.child).await?, kept);
    let second = family.royalties().pay_royalty(&family.payment(2)?).await?;
    assert_ne!(second.mined, paid.mined);
    assert_eq!(Some(family.claimable(&family.child).await?), kept.checked_mul(2));
    Ok(())
}

pub async fn an_ip_without_a_vault_cannot_be_paid(harness: &impl Harness) -> Result<()> {
    let clients = harness.fresh().await?;
    let token = clients.chain.info().await?.royalty_token;
    let ip = register(&clients.chain, "without-vault").await?;
    let key = OperationKey::new(format!("conformance/pay/{ip}"))?;
    let answer = clients.client.pay_royalty(&PayRoyalty::new(key, ip, token, Wei::from(AMOUNT))).await;
    reverted(answer, "RoyaltyModule__ZeroReceiverVault")?;
    assert_eq!(clients.client.claimable_revenue(&ip, &ip.address(), &token).await?, Wei::ZERO);
    Ok(())
}

pub async fn claiming_nothing_is_no_transaction(harness: &impl Harness) -> Result<()> {
    let family = Family::new(harness, "nothing").await?;
    let alone = register(&family.clients.chain, "nothing-alone").await?;
    for claim in [
        ClaimRevenue::new(alone, family.token),
        ClaimRevenue::new(family.child, family.token),
        family.claim_of_parent(),
    ] {
        let claimed = family.royalties().claim_revenue(&claim).await?;
        assert_eq!(claimed.mined, None);
        assert_eq!(claimed.claims, [RevenueClaim::new(family.token, Wei::ZERO)]);
    }
    Ok(())
}

pub async fn a_claim_brings_what_was_collected(harness: &impl Harness) -> Result<()> {
    let family = Family::new(harness, "collected").await?;
    family.royalties().pay_royalty(&family.payment(1)?).await?;
    // What the child owes is not in the parent's vault yet.
    assert_eq!(family.claimable(&family.parent).await?, Wei::ZERO);
    let claimed = family.royalties().claim_revenue(&family.claim_of_parent()).await?;
    assert!(claimed.mined.is_some());
    assert_eq!(claimed.claims, [RevenueClaim::new(family.token, family.due()?)]);
    let again = family.clients.again.claim_revenue(&family.claim_of_parent()).await?;
    assert_eq!((again.mined, again.claims), (None, vec![RevenueClaim::new(family.token, Wei::ZERO)]));
    let kept = family.arriving()?.checked_sub(family.due()?).ok_or_else(overflow)?;
    let claimed = family.royalties().claim_revenue(&ClaimRevenue::new(family.child, family.token)).await?;
    assert_eq!(claimed.claims, [RevenueClaim::new(family.token, kept)]);
    assert_eq!(family.claimable(&family.child).await?, Wei::ZERO);
    Ok(())
}

pub async fn a_source_that_owes_nothing_is_passed_over(harness: &impl Harness) -> Result<()> {
    let family = Family::new(harness, "passed-over").await?;
    let stranger = register(&family.clients.chain, "passed-over-stranger").await?;
    family.royalties().pay_royalty(&family.payment(1)?).await?;
    let mut claim = family.claim_of_parent();
    claim.sources = vec![
        RevenueSource::new(stranger, RoyaltyPolicy::Lap, family.token),
        RevenueSource::new(family.child, RoyaltyPolicy::Lrp, family.token),
        family.source(),
    ];
    let claimed = family.royalties().claim_revenue(&claim).await?;
    assert_eq!(claimed.claims, [RevenueClaim::new(family.token, family.due()?)]);
    Ok(())
}

pub async fn moving_nothing_to_a_vault_is_ok(harness: &impl Harness) -> Result<()> {
    let family = Family::new(harness, "moving").await?;
    let transfer = TransferToVault::new(family.source(), family.parent);
    assert_eq!(family.royalties().transfer_to_vault(&transfer).await?, None);
    let stranger = RevenueSource::new(family.parent, RoyaltyPolicy::Lap, family.token);
    let upside_down = TransferToVault::new(stranger, family.child);
    assert_eq!(family.royalties().transfer_to_vault(&upside_down).await?, None);

    family.royalties().pay_royalty(&family.payment(1)?).await?;
    let moved = family.royalties().transfer_to_vault(&transfer).await?.map(|moved| moved.amount);
    assert_eq!(moved, Some(family.due()?));
    assert_eq!(family.claimable(&family.parent).await?, family.due()?);
    assert_eq!(family.clients.again.transfer_to_vault(&transfer).await?, None);
    Ok(())
}

/// Emits one test per case of the royalty suite for the harness that the expression makes.
#[macro_export]
macro_rules! royalty_client_conformance {
    ($harness:expr) => {
        $crate::royalty_client_conformance! { $harness, skip_if: ::core::option::Option::None::<String> }
    };
    ($harness:expr, skip_if: $why:expr) => {
        $crate::__cases! { $harness, skip_if: $why, $crate::conformance::royalty_client,
            a_vault_comes_with_the_first_link,
            a_payment_is_made_once_per_key,
            an_ip_without_a_vault_cannot_be_paid,
            claiming_nothing_is_no_transaction,
            a_claim_brings_what_was_collected,
            a_source_that_owes_nothing_is_passed_over,
            moving_nothing_to_a_vault_is_ok,
        }
    };
}
