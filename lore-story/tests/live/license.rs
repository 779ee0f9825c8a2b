//! Licenses: terms, configuration, license tokens, their limit, and approvals.

use lore_core::{
    ErrorKind, LicenseTermsId, TokenId, Wei,
    domain::license::{LicensingConfig, PilTerms, escape_uri},
    port::chain::{CostReason, ParentTerms},
};
use lore_story::ops::{
    ApproveDerivative, AttachDefaultTerms, AttachTerms, DerivativeLink, LinkDerivative, MintLicenseTokens,
    RegisterTerms, SetLicenseTokenLimit, SetLicensingConfig,
};

use crate::chain::{Story, live, remix};

/// Terms that nobody registered before.
fn new_terms(story: &Story, fee: Wei) -> PilTerms {
    PilTerms { uri: story.unique("https://example.org/a \"quoted\" \\ path"), ..remix(fee, 5) }
}

async fn registered(story: &Story, terms: PilTerms) -> LicenseTermsId {
    story.client.send(&RegisterTerms::new(terms)).await.unwrap().terms_id
}

#[test]
fn terms_are_registered_once_also_with_quotes_in_the_uri() {
    live(|story| async move {
        let client = &story.client;
        let terms = new_terms(story, Wei::ZERO);
        assert_eq!(client.license_terms_id(&terms).await.unwrap(), None);
        let first = client.send(&RegisterTerms::new(terms.clone())).await.unwrap();
        assert!(first.mined.is_some());
        let again = client.send(&RegisterTerms::new(terms.clone())).await.unwrap();
        assert_eq!((again.terms_id, again.mined), (first.terms_id, None));
        assert_eq!(client.license_terms_id(&terms).await.unwrap(), Some(first.terms_id));
        let stored = client.license_terms(first.terms_id).await.unwrap().unwrap();
        assert_eq!(stored, PilTerms { uri: escape_uri(&terms.uri), ..terms });
        assert_eq!(client.license_terms(LicenseTermsId::MAX).await.unwrap(), None);
        let default =
            client.license_terms(client.default_license_terms().await.unwrap().terms_id).await.unwrap();
        assert_eq!(default, Some(PilTerms::non_commercial_social_remixing()));
    });
}

#[test]
fn terms_that_break_a_rule_are_refused_before_anything_is_asked() {
    live(|story| async move {
        let terms = PilTerms { commercial_attribution: true, ..PilTerms::non_commercial_social_remixing() };
        let error = story.client.send(&RegisterTerms::new(terms)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert_eq!(error.violations()[0].field, "commercial_attribution");
    });
}

#[test]
fn the_same_terms_registered_at_the_same_time_have_one_id() {
    live(|story| async move {
        let register = RegisterTerms::new(new_terms(story, Wei::ZERO));
        let (first, second) = tokio::join!(story.client.send(&register), story.client.send(&register));
        assert_eq!(first.unwrap().terms_id, second.unwrap().terms_id);
    });
}

#[test]
fn terms_are_attached_once_and_by_the_owner() {
    live(|story| async move {
        let client = &story.client;
        let ip = story.ip("attached").await;
        let attach = AttachTerms::new(ip, registered(story, new_terms(story, Wei::ZERO)).await);
        if let Some(other) = story.other() {
            let error = other.send(&attach).await.unwrap_err();
            assert_eq!(error.revert().unwrap().name, "AccessController__PermissionDenied");
        }
        assert!(client.send(&attach).await.unwrap().is_some());
        assert_eq!(client.send(&attach).await.unwrap(), None);
        assert!(client.has_attached_terms(&ip, attach.terms_id).await.unwrap());
        assert!(client.plan(&attach, story.me()).await.unwrap().transactions.is_empty());

        let default = client.default_license_terms().await.unwrap();
        assert!(!client.has_attached_terms(&ip, default).await.unwrap());
        assert!(client.send(&AttachDefaultTerms::new(ip)).await.unwrap().is_some());
        assert_eq!(client.send(&AttachDefaultTerms::new(ip)).await.unwrap(), None);
        assert!(client.has_attached_terms(&ip, default).await.unwrap());
    });
}

#[test]
fn a_configuration_replaces_the_price_and_never_undercuts_the_terms() {
    live(|story| async move {
        let client = &story.client;
        let ParentTerms { parent, terms_id, .. } = story.parent("configured", Wei::from(5_u64)).await;
        let config =
            LicensingConfig { is_set: true, minting_fee: Wei::from(4_u64), ..LicensingConfig::default() };
        let cheap = SetLicensingConfig::new(parent, terms_id, config.clone());
        let error = client.send(&cheap).await.unwrap_err();
        let name = "LicensingModule__LicensingConfigMintingFeeBelowLicenseTerms";
        assert_eq!(error.revert().unwrap().name, name);
        let config = LicensingConfig { minting_fee: Wei::from(7_u64), ..config };
        let set = SetLicensingConfig::new(parent, terms_id, config.clone());
        assert!(client.send(&set).await.unwrap().is_some());
        assert_eq!(client.send(&set).await.unwrap(), None);
        assert_eq!(client.licensing_config(&parent, terms_id).await.unwrap(), config);
        let fee = client.minting_fee(&parent, terms_id, 3).await.unwrap();
        assert_eq!((fee.token, fee.amount), (client.addresses().wip, Wei::from(21_u64)));
        let closed = LicensingConfig { disabled: true, ..config };
        client.send(&SetLicensingConfig::new(parent, terms_id, closed)).await.unwrap();
        assert!(client.licensing_config(&parent, terms_id).await.unwrap().disabled);
    });
}

#[test]
fn license_tokens_are_minted_for_their_exact_price() {
    live(|story| async move {
        let client = &story.client;
        let ParentTerms { parent, terms_id, .. } = story.parent("licensor", Wei::from(11_u64)).await;
        let mut mint = MintLicenseTokens::new(parent, terms_id, 2);
        mint.max_minting_fee = Wei::from(21_u64);
        let error = client.send(&mint).await.unwrap_err();
        assert_eq!(error.revert().unwrap().name, "LicensingModule__MintingFeeExceedMaxMintingFee");
        mint.max_minting_fee = Wei::from(22_u64);
        let plan = client.plan(&mint, story.me()).await.unwrap();
        let costs: Vec<_> = plan.costs.iter().map(|cost| (cost.reason, cost.amount, cost.spender)).collect();
        let module = client.addresses().royalty_module;
        assert_eq!(costs, [(CostReason::MintingFee, Wei::from(22_u64), module)]);

        let minted = client.send(&mint).await.unwrap();
        assert_eq!(minted.amount, 2);
        for token_id in minted.token_ids() {
            let token = client.license_token(token_id).await.unwrap().unwrap();
            assert_eq!((token.licensor, token.terms_id, token.owner), (parent, terms_id, story.me()));
            assert_eq!((token.commercial_rev_share, token.is_transferable), (5_000_000, true));
            assert!(!token.is_revoked);
        }
        let allowed = client.token_allowance(&client.addresses().wip, &story.me(), &module).await.unwrap();
        assert_eq!(allowed, Wei::ZERO, "allowances are exact");
        assert_eq!(client.license_token(TokenId::MAX).await.unwrap(), None);

        let Some(other) = story.other() else { return };
        let mut theirs = MintLicenseTokens::new(parent, terms_id, 1);
        theirs.receiver = Some(story.me());
        let token_id = other.send(&theirs).await.unwrap().first;
        assert_eq!(client.license_token(token_id).await.unwrap().unwrap().owner, story.me());
        let unattached = registered(story, new_terms(story, Wei::ZERO)).await;
        let error = other.send(&MintLicenseTokens::new(parent, unattached, 1)).await.unwrap_err();
        assert_eq!(error.revert().unwrap().name, "LicenseRegistry__LicensorIpHasNoLicenseTerms");
        assert!(client.send(&MintLicenseTokens::new(parent, unattached, 1)).await.is_ok());
    });
}

#[test]
fn a_limit_on_license_tokens_is_kept() {
    live(|story| async move {
        let client = &story.client;
        let ParentTerms { parent, terms_id, .. } = story.parent("limited", Wei::from(3_u64)).await;
        assert_eq!(client.license_token_limit(&parent, terms_id).await.unwrap(), None);
        let limit = SetLicenseTokenLimit::new(parent, terms_id, Some(2));
        let plan = client.plan(&limit, story.me()).await.unwrap();
        assert_eq!(plan.transactions.len(), 1);
        // The hook takes the terms' own fee, and the configuration may not be below it.
        let error = client.send(&limit).await;
        assert!(error.is_ok(), "{error:?}");
        assert_eq!(client.send(&limit).await.unwrap(), None);
        assert_eq!(client.license_token_limit(&parent, terms_id).await.unwrap(), Some(2));
        let error = client.send(&MintLicenseTokens::new(parent, terms_id, 3)).await.unwrap_err();
        let name = "TotalLicenseTokenLimitHook_TotalLicenseTokenLimitExceeded";
        assert_eq!(error.revert().unwrap().name, name);
        client.send(&MintLicenseTokens::new(parent, terms_id, 2)).await.unwrap();
        let higher = SetLicenseTokenLimit::new(parent, terms_id, Some(4));
        assert!(client.send(&higher).await.unwrap().is_some());
        let lifted = SetLicenseTokenLimit::new(parent, terms_id, None);
        assert!(client.send(&lifted).await.unwrap().is_some());
        assert_eq!(client.send(&lifted).await.unwrap(), None);
        assert_eq!(client.license_token_limit(&parent, terms_id).await.unwrap(), None);
    });
}

#[test]
fn a_derivative_waits_for_approval_where_the_terms_ask_for_it() {
    live(|story| async move {
        let client = &story.client;
        let terms = PilTerms { derivatives_approval: true, ..new_terms(story, Wei::ZERO) };
        let (parent, child) = (story.ip("approving").await, story.ip("approved").await);
        let terms_id = registered(story, terms).await;
        client.send(&AttachTerms::new(parent, terms_id)).await.unwrap();
        let link = LinkDerivative::new(child, DerivativeLink::new(vec![ParentTerms::new(parent, terms_id)]));
        let error = client.send(&link).await.unwrap_err();
        assert_eq!(error.revert().unwrap().name, "LicensingModule__LicenseNotCompatibleForDerivative");
        let mut approve = ApproveDerivative::new(parent, terms_id, child);
        assert!(client.send(&approve).await.unwrap().is_some());
        assert_eq!(client.send(&approve).await.unwrap(), None);
        assert!(client.is_derivative_approved(&parent, terms_id, &child).await.unwrap());
        client.send(&link).await.unwrap();
        approve.approved = false;
        assert!(client.send(&approve).await.unwrap().is_some());
        assert!(!client.is_derivative_approved(&parent, terms_id, &child).await.unwrap());
    });
}
