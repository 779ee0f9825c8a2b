//! Derivatives in all forms.

use lore_core::{
    ErrorKind, IpId, Share, TokenId, Wei,
    port::chain::{CostReason, ParentTerms},
};
use lore_story::ops::{
    BatchOptions, DerivativeLink, IpRegistration, LicenseTokenLink, LinkDerivative, LinkWithLicenseTokens,
    MintAndRegisterDerivative, MintAndRegisterDerivativeWithTokens, MintLicenseTokens,
    RegisterNftAsDerivative, RegisterNftAsDerivativeWithTokens,
};

use crate::chain::{Story, live};

/// A license token of mine.
async fn license_token(story: &Story, parent: ParentTerms) -> TokenId {
    let mint = MintLicenseTokens::new(parent.parent, parent.terms_id);
    story.client.send(&mint).await.unwrap().token_ids().next().unwrap()
}

#[test]
fn a_child_is_linked_to_its_parents_and_pays_them_all() {
    live(|story| async move {
        let client = &story.client;
        let (first, second) = (
            story.parent("first", Wei::from(100_u64)).await,
            story.parent("second", Wei::from(100_u64)).await,
        );
        let child = story.ip("child").await;
        let mut link = DerivativeLink::new(vec![first, second]);
        link.max_minting_fee = Wei::from(199_u64);
        let error = client.send(&LinkDerivative::new(child, link.clone())).await.unwrap_err();
        assert_eq!(error.revert().unwrap().name, "LicensingModule__MintingFeeExceedMaxMintingFee", "{error}");
        link.max_minting_fee = Wei::from(200_u64);
        link.max_revenue_share = Some(Share::from_percent(9).unwrap());
        let error = client.send(&LinkDerivative::new(child, link.clone())).await.unwrap_err();
        assert_eq!(error.revert().unwrap().name, "LicensingModule__ExceedMaxRevenueShare", "{error}");
        link.max_revenue_share = Some(Share::from_percent(10).unwrap());

        let operation = LinkDerivative::new(child, link);
        let plan = client.plan(&operation, story.me()).await.unwrap();
        let fees: Wei = plan.costs.iter().map(|cost| cost.amount).sum();
        assert_eq!((fees, plan.costs[0].reason), (Wei::from(200_u64), CostReason::MintingFee));
        let linked = client.send(&operation).await.unwrap();
        assert_eq!(linked.parents, [first, second]);
        let again = story.amnesiac().send(&operation).await.unwrap();
        assert_eq!((again.parents, again.mined), (linked.parents, None));
        let fewer = LinkDerivative::new(child, DerivativeLink::new(vec![first]));
        let error = client.send(&fewer).await.unwrap_err();
        assert_eq!(error.revert().unwrap().name, "LicenseRegistry__DerivativeAlreadyRegistered", "{error}");
    });
}

#[test]
fn a_child_is_minted_and_linked_in_one_transaction() {
    live(|story| async move {
        let parent = story.parent("parent", Wei::from(50_u64)).await;
        let nft = story.new_nft("minted child").await;
        let operation = MintAndRegisterDerivative::new(nft, DerivativeLink::new(vec![parent]));
        let child = story.client.send(&operation).await.unwrap();
        assert_eq!(child.license_terms, [parent.terms_id]);
        let again = story.amnesiac().send(&operation).await.unwrap();
        assert_eq!((again.ip_id, again.license_terms, again.mined), (child.ip_id, child.license_terms, None));
    });
}

#[test]
fn a_token_that_is_there_becomes_a_derivative() {
    live(|story| async move {
        let parent = story.parent("parent", Wei::from(50_u64)).await;
        let nft = story.existing_nft("existing child").await;
        let operation = RegisterNftAsDerivative::new(nft, DerivativeLink::new(vec![parent]));
        let child = story.client.send(&operation).await.unwrap();
        assert_eq!(child.license_terms, [parent.terms_id]);
        assert!(story.client.send(&operation).await.unwrap().mined.is_none());
    });
}

#[test]
fn license_tokens_link_in_all_three_ways() {
    live(|story| async move {
        let client = &story.client;
        let parent = story.parent("licensor", Wei::from(20_u64)).await;
        let link = |token| LicenseTokenLink::new(vec![token]);

        let direct =
            LinkWithLicenseTokens::new(story.ip("by token").await, link(license_token(story, parent).await));
        let linked = client.send(&direct).await.unwrap();
        assert_eq!(linked.parents, [parent]);
        assert!(story.amnesiac().send(&direct).await.unwrap().mined.is_none(), "though the token is burned");

        let nft = story.new_nft("minted by token").await;
        let mint = MintAndRegisterDerivativeWithTokens::new(nft, link(license_token(story, parent).await));
        assert_eq!(client.send(&mint).await.unwrap().license_terms, [parent.terms_id]);
        assert!(story.amnesiac().send(&mint).await.unwrap().mined.is_none());

        let nft = story.existing_nft("registered by token").await;
        let register = RegisterNftAsDerivativeWithTokens::new(nft, link(license_token(story, parent).await));
        assert_eq!(client.send(&register).await.unwrap().license_terms, [parent.terms_id]);
        assert!(client.send(&register).await.unwrap().mined.is_none());

        let spent = LinkWithLicenseTokens::new(story.ip("too late").await, direct.link);
        assert_eq!(client.send(&spent).await.unwrap_err().kind(), ErrorKind::Reverted);
    });
}

#[test]
fn what_the_chain_refuses_is_named() {
    live(|story| async move {
        let client = &story.client;
        let parent = story.parent("parent", Wei::ZERO).await;
        let bare = story.ip("bare").await;
        let unattached = ParentTerms::new(bare, parent.terms_id);
        let link = LinkDerivative::new(story.ip("child").await, DerivativeLink::new(vec![unattached]));
        assert_eq!(client.send(&link).await.unwrap_err().kind(), ErrorKind::Reverted);
        let Some(other) = story.other() else { return };
        let stranger = LinkDerivative::new(story.ip("mine").await, DerivativeLink::new(vec![parent]));
        let error = other.send(&stranger).await.unwrap_err();
        assert_eq!(error.revert().unwrap().name, "AccessController__PermissionDenied", "{error}");
    });
}

#[test]
fn many_children_are_made_at_once() {
    live(|story| async move {
        let client = &story.client;
        let parent = story.parent("parent of many", Wei::from(10_u64)).await;
        let mut items: Vec<IpRegistration> = Vec::new();
        for number in 0..6 {
            let nft = story.new_nft(&format!("child {number}")).await;
            let parent =
                if number == 4 { ParentTerms::new(IpId::new(story.me()), parent.terms_id) } else { parent };
            items.push(MintAndRegisterDerivative::new(nft, DerivativeLink::new(vec![parent])).into());
        }
        let found = client.register_batch(&items, BatchOptions::default()).await;
        for (number, outcome) in found.iter().enumerate() {
            assert_eq!(outcome.is_ok(), number != 4, "{number}: {outcome:?}");
        }
        let mut links = Vec::new();
        for number in 0..3 {
            let child = story.ip(&format!("linked {number}")).await;
            links.push(LinkDerivative::new(child, DerivativeLink::new(vec![parent])));
        }
        links[1].child = parent.parent;
        let found: Vec<_> = client.send_all(&links).await.into_iter().map(|linked| linked.is_ok()).collect();
        assert_eq!(found, [true, false, true]);
    });
}
