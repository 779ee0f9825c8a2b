//! Royalty tokens that are given away with a registration.

use lore_core::{ErrorKind, Share, Wei};
use lore_story::ops::{
    DerivativeLink, DistributeRoyaltyTokens, LicensedTerms, MintRegisterDerivativeAndDistribute,
    MintRegisterTermsAndDistribute, RegisterNftDerivativeAndDeployVault, RegisterNftTermsAndDeployVault,
    RoyaltyShare,
};

use crate::chain::{Story, live, remix};

fn shares(story: &Story) -> Vec<RoyaltyShare> {
    let other = lore_core::Address::from_bytes([0x77; 20]);
    vec![
        RoyaltyShare::new(story.me(), Share::from_millionths(12_345_678).unwrap()),
        RoyaltyShare::new(other, Share::from_percent(40).unwrap()),
    ]
}

#[test]
fn a_new_token_gives_its_royalty_tokens_away_in_one_transaction() {
    live(|story| async move {
        let terms = vec![LicensedTerms::new(remix(Wei::from(1_u64), 5))];
        let nft = story.new_nft("shared").await;
        let operation = MintRegisterTermsAndDistribute::new(nft, terms, shares(story));
        let registered = story.client.send(&operation).await.unwrap();
        assert_eq!(registered.license_terms.len(), 1);
        assert!(registered.royalty_vault.is_some());
        let again = story.amnesiac().send(&operation).await.unwrap();
        assert_eq!((again.royalty_vault, again.mined), (registered.royalty_vault, None));

        let parent = story.parent("parent", Wei::from(30_u64)).await;
        let nft = story.new_nft("shared child").await;
        let link = DerivativeLink::new(vec![parent]);
        let operation = MintRegisterDerivativeAndDistribute::new(nft, link, shares(story));
        let registered = story.client.send(&operation).await.unwrap();
        assert_eq!(registered.license_terms, [parent.terms_id]);
        assert!(registered.royalty_vault.is_some());
    });
}

#[test]
fn a_token_that_is_there_gives_its_royalty_tokens_away_once() {
    live(|story| async move {
        let client = &story.client;
        let terms = vec![LicensedTerms::new(remix(Wei::from(1_u64), 5))];
        let nft = story.existing_nft("two steps").await;
        let registration = RegisterNftTermsAndDeployVault::new(nft, terms);
        let (registered, distributed) =
            client.register_nft_and_distribute(&registration, &shares(story)).await.unwrap();
        assert_eq!(distributed.shares, shares(story));
        assert_eq!(Some(distributed.royalty_vault), registered.royalty_vault);
        let (again, same) = client.register_nft_and_distribute(&registration, &shares(story)).await.unwrap();
        assert_eq!(again.mined, None);
        assert_eq!(same, distributed, "not given twice");

        let all = vec![RoyaltyShare::new(story.me(), Share::FULL)];
        let error = client.send(&DistributeRoyaltyTokens::new(registered.ip_id, all)).await.unwrap_err();
        let expected = "RoyaltyTokenDistributionWorkflows__TotalSharesExceedsIPAccountBalance";
        assert_eq!(error.revert().unwrap().name, expected, "{error}");
        let no_vault = DistributeRoyaltyTokens::new(story.ip("no vault").await, shares(story));
        assert_eq!(client.send(&no_vault).await.unwrap_err().kind(), ErrorKind::NotFound);

        let parent = story.parent("parent", Wei::from(30_u64)).await;
        let nft = story.existing_nft("two steps child").await;
        let registration = RegisterNftDerivativeAndDeployVault::new(nft, DerivativeLink::new(vec![parent]));
        let (registered, distributed) =
            client.register_nft_derivative_and_distribute(&registration, &shares(story)).await.unwrap();
        assert_eq!(registered.license_terms, [parent.terms_id]);
        assert_eq!(distributed.shares, shares(story));
    });
}
