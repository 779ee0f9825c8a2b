//! Royalties: payments, claims, and the way of the money to the owner. The port's suite runs here too.

use std::sync::Arc;

use lore_core::{
    ErrorKind, IpId, Result, Share, Wei,
    conformance::{Clients, royalty_client::Harness},
    domain::royalty::RoyaltyPolicy,
    port::{
        chain::{ClaimRevenue, PayRoyalty, RevenueSource, RoyaltyClient, TransferToVault},
        transactions::OperationKey,
    },
};
use lore_story::ops::{CollectRevenue, CollectionStep, DerivativeLink, LinkDerivative};

use crate::{
    chain::{Story, live},
    fresh,
};

struct Fresh;

impl Harness for Fresh {
    async fn fresh(&self) -> Result<Clients<dyn RoyaltyClient>> {
        let client = Arc::new(fresh::client().await?);
        Ok(Clients::<dyn RoyaltyClient>::new(client.clone(), client))
    }
}

mod suite {
    lore_core::royalty_client_conformance!(super::Fresh, skip_if: crate::fresh::missing());
}

/// A child at 5 % below a parent, both mine.
async fn family(story: &Story) -> (IpId, IpId) {
    let parent = story.parent("paid parent", Wei::ZERO).await;
    let child = story.ip("paid child").await;
    let link = LinkDerivative::new(child, DerivativeLink::new(vec![parent]));
    story.client.send(&link).await.unwrap();
    (parent.parent, child)
}

fn payment(story: &Story, receiver: IpId, amount: u64) -> PayRoyalty {
    let key = OperationKey::new(story.unique("pay").replace(' ', "-")).unwrap();
    PayRoyalty::new(key, receiver, story.client.addresses().wip, Wei::from(amount))
}

fn claim(story: &Story, (parent, child): (IpId, IpId)) -> ClaimRevenue {
    let wip = story.client.addresses().wip;
    let mut claim = ClaimRevenue::new(parent, wip);
    claim.sources.push(RevenueSource::new(child, RoyaltyPolicy::Lap, wip));
    claim
}

#[test]
fn a_payment_is_split_as_the_policy_says() {
    live(|story| async move {
        let client = &story.client;
        let (parent, child) = family(story).await;
        let source = RevenueSource::new(child, RoyaltyPolicy::Lap, client.addresses().wip);
        let five = Share::from_percent(5).unwrap();
        assert_eq!(client.royalty_stack(&child).await.unwrap(), five);
        assert_eq!(client.royalty_stack(&parent).await.unwrap(), Share::ZERO);
        assert_eq!(client.ancestor_share(&source, &parent).await.unwrap(), five);
        assert_eq!(client.royalty_token_share(&child, &child.address()).await.unwrap(), Share::FULL);
        assert!(client.revenue_tokens(&child).await.unwrap().is_empty());
        assert!(client.royalty_tokens().await.unwrap().contains(&client.addresses().wip));

        let pay = payment(story, child, 10_000);
        let plan = client.plan(&pay, story.me()).await.unwrap();
        assert_eq!(plan.costs[0].amount, Wei::from(10_000_u64));
        let paid = client.pay_royalty(&pay).await.unwrap();
        assert_eq!(client.pay_royalty(&pay).await.unwrap(), paid);
        let fee = Wei::from(10_000_u64).checked_share(client.royalty_fee().await.unwrap()).unwrap();
        let arrived = Wei::from(10_000_u64).checked_sub(fee).unwrap();
        let due = arrived.checked_share(five).unwrap();
        assert_eq!(paid.amount_after_fee, arrived);
        assert_eq!(client.revenue_tokens(&child).await.unwrap(), [client.addresses().wip]);
        let moved = client.send(&TransferToVault::new(source, parent)).await.unwrap().unwrap();
        assert_eq!(moved.amount, due);
    });
}

#[test]
fn a_payment_in_no_token_of_the_protocol_is_refused_by_name() {
    live(|story| async move {
        let (_, child) = family(story).await;
        let mut pay = payment(story, child, 1);
        pay.token = story.client.addresses().license_token;
        let error = story.client.pay_royalty(&pay).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Reverted | ErrorKind::InvalidInput), "{error:?}");
        pay.amount = Wei::ZERO;
        let error = story.client.pay_royalty(&pay).await.unwrap_err();
        assert_eq!(error.violations()[0].field, "amount");
    });
}

#[test]
fn revenue_is_claimed_moved_to_the_owner_and_unwrapped_step_by_step() {
    live(|story| async move {
        let client = &story.client;
        let (parent, child) = family(story).await;
        let wip = client.addresses().wip;
        client.pay_royalty(&payment(story, child, 1_000_000)).await.unwrap();
        let collected =
            client.collect_revenue(&CollectRevenue::new(claim(story, (parent, child)))).await.unwrap();
        assert_eq!(collected.claimed.claims[0].amount, Wei::from(50_000_u64));
        assert!(matches!(collected.moved, CollectionStep::Done(_)), "{collected:?}");
        assert!(matches!(collected.unwrapped, CollectionStep::Done(_)), "{collected:?}");
        assert_eq!(client.token_balance(&wip, &parent.address()).await.unwrap(), Wei::ZERO);

        let mut stays = CollectRevenue::new(ClaimRevenue::new(child, wip));
        stays.moves_to_signer = false;
        let collected = client.collect_revenue(&stays).await.unwrap();
        assert!(matches!(collected.moved, CollectionStep::Skipped));
        assert!(matches!(collected.unwrapped, CollectionStep::Skipped));
        let left = client.token_balance(&wip, &child.address()).await.unwrap();
        assert_eq!(left, Wei::from(950_000_u64));
        let nothing = client.collect_revenue(&stays).await.unwrap();
        assert_eq!(nothing.claimed.mined, None);
    });
}

#[test]
fn one_of_many_claims_may_fail_alone() {
    live(|story| async move {
        let client = &story.client;
        let (parent, child) = family(story).await;
        client.pay_royalty(&payment(story, child, 1_000)).await.unwrap();
        let mut senseless = CollectRevenue::new(ClaimRevenue::new(parent, client.addresses().wip));
        senseless.claim.tokens.clear();
        let requests = [
            CollectRevenue::new(claim(story, (parent, child))),
            senseless,
            CollectRevenue::new(ClaimRevenue::new(child, client.addresses().wip)),
        ];
        let mut found = client.collect_revenues(&requests).await.into_iter();
        let amount = |found: Option<Result<_>>| {
            let collected: lore_story::ops::CollectedRevenue = found.unwrap().unwrap();
            collected.claimed.claims[0].amount
        };
        assert_eq!(amount(found.next()), Wei::from(50_u64));
        assert_eq!(found.next().unwrap().unwrap_err().kind(), ErrorKind::InvalidInput);
        assert_eq!(amount(found.next()), Wei::from(950_u64));
    });
}

#[test]
fn somebody_else_collects_for_the_owner_but_cannot_move_the_money() {
    live(|story| async move {
        let (parent, child) = family(story).await;
        let Some(other) = story.other() else { return };
        story.client.pay_royalty(&payment(story, child, 1_000)).await.unwrap();
        let collected =
            other.collect_revenue(&CollectRevenue::new(claim(story, (parent, child)))).await.unwrap();
        assert_eq!(collected.claimed.claims[0].amount, Wei::from(50_u64));
        let CollectionStep::Failed(error) = collected.moved else { panic!("moved somebody else's money") };
        assert_eq!(error.kind(), ErrorKind::Reverted, "{error:?}");
        assert!(matches!(collected.unwrapped, CollectionStep::Skipped));
    });
}
