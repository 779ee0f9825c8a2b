//! Cases of the [`ChainClient`] port.
//!
//! A revert is compared by the contract's name for it: adapters that speak to a real chain get the same ones.

#![expect(missing_docs, reason = "a case is documented by its name, which is the rule")]

use std::sync::Arc;

use futures_util::future::join_all;

use crate::{
    conformance::on_chain::{Clients, missing, refused, reverted},
    content::ContentHash,
    domain::{
        asset::Registration,
        license::{Payment, PilTerms},
    },
    error::{ErrorKind, Result, Retry},
    onchain::{Address, IpId, LicenseTermsId, Share, Wei},
    port::chain::{ChainClient, DerivativeTerms, OnChainDocument, ParentTerms, RegisterIp, RegistrationKey},
    protocol,
};

/// Makes clients for the suite.
#[expect(async_fn_in_trait, reason = "the suite polls the futures on the test's own task")]
pub trait Harness {
    /// Clients whose signers registered nothing before: a fresh chain, or fresh accounts and a fresh collection.
    async fn fresh(&self) -> Result<Clients<dyn ChainClient>>;
}

/// Somebody who signs nothing.
const STRANGER: Address = Address::from_bytes([0x57; 20]);

fn document(name: &str) -> OnChainDocument {
    let bytes = format!("{{\"name\":\"{name}\"}}");
    OnChainDocument::new(format!("ipfs://{name}"), ContentHash::of(bytes.as_bytes()))
}

/// A registration whose metadata is named after it.
fn request(name: &str, recipient: Address) -> RegisterIp {
    RegisterIp::new(recipient, document(&format!("ipa-{name}")), document(&format!("nft-{name}")))
}

/// Commercial terms at 5 %, in the chain's own token; `uri` makes them different from others.
fn remix(uri: &str) -> PilTerms {
    let share = Share::from_percent(5).unwrap_or_default();
    let mut terms = PilTerms::commercial_remix(Wei::ZERO, share, Payment::default());
    uri.clone_into(&mut terms.uri);
    terms
}

async fn signer(client: &Arc<dyn ChainClient>) -> Result<Address> {
    Ok(client.info().await?.signer)
}

async fn register(client: &Arc<dyn ChainClient>, name: &str) -> Result<Registration> {
    client.register(&request(name, signer(client).await?)).await
}

/// An IP of the signer with these terms attached.
async fn licensed(client: &Arc<dyn ChainClient>, name: &str, terms: &PilTerms) -> Result<ParentTerms> {
    let ip = register(client, name).await?.ip_id;
    let terms_id = client.register_license_terms(terms).await?.terms_id;
    client.attach_license_terms(&ip, terms_id).await?;
    Ok(ParentTerms::new(ip, terms_id))
}

async fn parents_of(client: &Arc<dyn ChainClient>, ip: &IpId) -> Result<Vec<ParentTerms>> {
    let state = client.ip(ip).await?.ok_or_else(|| missing("the ip"))?;
    Ok(state.parents.iter().map(|parent| ParentTerms::new(parent.parent, parent.link.terms_id)).collect())
}

pub async fn info_names_chain_and_signer(harness: &impl Harness) -> Result<()> {
    let clients = harness.fresh().await?;
    let info = clients.client.info().await?;
    assert!(!clients.client.name().is_empty());
    assert!(!info.signer.is_zero() && !info.collection.is_zero() && !info.royalty_token.is_zero());
    assert!(!info.currency.is_empty());
    assert_eq!(clients.again.info().await?, info);
    if let Some(other) = clients.other_or_skip("info_names_chain_and_signer (another signer)") {
        let theirs = other.info().await?;
        assert_ne!(theirs.signer, info.signer);
        assert_eq!(theirs.chain_id, info.chain_id);
    }
    Ok(())
}

pub async fn what_is_not_there_is_none(harness: &impl Harness) -> Result<()> {
    let client = harness.fresh().await?.client;
    let key = RegistrationKey::new(ContentHash::of(b"never registered"), STRANGER);
    assert_eq!(client.find_registration(&key).await?, None);
    assert_eq!(client.ip(&IpId::new(STRANGER)).await?, None);
    assert_eq!(client.find_license_terms(&remix("never-registered")).await?, None);
    Ok(())
}

pub async fn a_registration_is_found_by_its_key(harness: &impl Harness) -> Result<()> {
    let clients = harness.fresh().await?;
    let owner = signer(&clients.client).await?;
    let request = request("found", owner);
    assert_eq!(clients.client.find_registration(&request.key()).await?, None);
    let registered = clients.client.register(&request).await?;
    for client in [Some(&clients.client), Some(&clients.again), clients.other.as_ref()].into_iter().flatten()
    {
        assert_eq!(client.find_registration(&request.key()).await?.as_ref(), Some(&registered));
    }
    Ok(())
}

pub async fn a_registration_shows_owner_and_metadata(harness: &impl Harness) -> Result<()> {
    let client = harness.fresh().await?.client;
    let (info, request) = (client.info().await?, request("shown", signer(&client).await?));
    let registered = client.register(&request).await?;
    assert_eq!(registered.owner, info.signer);
    assert_eq!(registered.token_contract, info.collection);
    let state = client.ip(&registered.ip_id).await?.ok_or_else(|| missing("the ip"))?;
    assert_eq!((state.ip_id, state.owner), (registered.ip_id, info.signer));
    assert_eq!(state.ipa_metadata, Some(request.ipa_metadata));
    assert!(state.license_terms.is_empty() && state.parents.is_empty() && !state.is_tagged);
    assert_eq!((state.child_count, state.ancestor_count, state.expires_at), (0, 0, None));
    Ok(())
}

pub async fn registrations_are_told_apart(harness: &impl Harness) -> Result<()> {
    let client = harness.fresh().await?.client;
    let first = register(&client, "first").await?;
    let second = register(&client, "second").await?;
    assert_ne!(first.ip_id, second.ip_id);
    assert_ne!(first.token_id, second.token_id);
    assert_ne!(first.tx_hash, second.tx_hash);
    assert!(first.block_number <= second.block_number && first.registered_at <= second.registered_at);
    Ok(())
}

pub async fn the_id_of_an_ip_is_known_from_its_token(harness: &impl Harness) -> Result<()> {
    let client = harness.fresh().await?.client;
    let registered = register(&client, "predicted").await?;
    let chain = client.info().await?.chain_id;
    let predicted = crate::domain::ip_account::ip_id(chain, registered.token_contract, registered.token_id);
    assert_eq!(registered.ip_id, predicted);
    Ok(())
}

pub async fn a_registration_of_another_owner_is_refused(harness: &impl Harness) -> Result<()> {
    let client = harness.fresh().await?.client;
    let owner = signer(&client).await?;
    client.register(&request("taken", owner)).await?;
    let theirs = request("taken", STRANGER);
    refused(client.find_registration(&theirs.key()).await, ErrorKind::IntegrityMismatch)?;
    Ok(())
}

pub async fn registering_twice_is_one_registration(harness: &impl Harness) -> Result<()> {
    let clients = harness.fresh().await?;
    let request = request("twice", signer(&clients.client).await?);
    let first = clients.client.register(&request).await?;
    assert_eq!(clients.client.register(&request).await?, first);
    assert_eq!(clients.again.register(&request).await?, first);
    Ok(())
}

pub async fn registering_at_the_same_time_is_one_registration(harness: &impl Harness) -> Result<()> {
    let clients = harness.fresh().await?;
    let request = request("together", signer(&clients.client).await?);
    let both = [&clients.client, &clients.again, &clients.client, &clients.again];
    let mut answers = Vec::new();
    for answer in join_all(both.map(|client| client.register(&request))).await {
        match answer {
            Ok(registration) => answers.push(registration),
            // It may say that it does not know. It must not register twice.
            Err(error) => assert_ne!(error.retry(), Retry::Never, "{error:?}"),
        }
    }
    let found =
        clients.client.find_registration(&request.key()).await?.ok_or_else(|| missing("the registration"))?;
    assert!(!answers.is_empty() && answers.iter().all(|answer| *answer == found), "{answers:?}");
    Ok(())
}

pub async fn a_registration_for_somebody_else_is_complete(harness: &impl Harness) -> Result<()> {
    let client = harness.fresh().await?.client;
    let terms = remix("for-somebody-else");
    let parent = licensed(&client, "parent", &terms).await?;

    let mut original = request("with-terms", STRANGER);
    original.license_terms = Some(terms);
    let registered = client.register(&original).await?;
    assert_eq!(registered.owner, STRANGER);
    let state = client.ip(&registered.ip_id).await?.ok_or_else(|| missing("the ip"))?;
    assert_eq!(state.owner, STRANGER);
    assert_eq!(
        state.license_terms.iter().map(|attached| attached.terms_id).collect::<Vec<_>>(),
        [parent.terms_id]
    );

    let mut derivative = request("with-parents", STRANGER);
    derivative.derivative = Some(DerivativeTerms::new(vec![parent]));
    let registered = client.register(&derivative).await?;
    assert_eq!(client.register(&derivative).await?, registered);
    assert_eq!(client.ip(&registered.ip_id).await?.map(|state| state.owner), Some(STRANGER));
    assert_eq!(parents_of(&client, &registered.ip_id).await?, [parent]);
    Ok(())
}

pub async fn a_registration_that_cannot_be_complete_is_none(harness: &impl Harness) -> Result<()> {
    let client = harness.fresh().await?.client;
    let parent = register(&client, "unlicensed").await?.ip_id;
    let terms_id = client.register_license_terms(&remix("never-attached")).await?.terms_id;
    let mut derivative = request("incomplete", STRANGER);
    derivative.derivative = Some(DerivativeTerms::new(vec![ParentTerms::new(parent, terms_id)]));
    let name = "LicenseRegistry__ParentIpUnmatchedLicenseTemplate";
    reverted(client.register(&derivative).await, name)?;
    assert_eq!(client.find_registration(&derivative.key()).await?, None);
    Ok(())
}

pub async fn equal_terms_have_one_id(harness: &impl Harness) -> Result<()> {
    let clients = harness.fresh().await?;
    let terms = remix("one\"id");
    let first = clients.client.register_license_terms(&terms).await?;
    assert!(!first.terms_id.is_zero());
    let second = clients.again.register_license_terms(&terms).await?;
    assert_eq!((second.terms_id, second.mined), (first.terms_id, None));
    assert_eq!(clients.client.find_license_terms(&terms).await?, Some(first.terms_id));
    let different = clients.client.register_license_terms(&remix("another-id")).await?;
    assert_ne!(different.terms_id, first.terms_id);
    Ok(())
}

pub async fn the_default_terms_are_known_and_not_attached(harness: &impl Harness) -> Result<()> {
    let client = harness.fresh().await?.client;
    let default = client.find_license_terms(&PilTerms::non_commercial_social_remixing()).await?;
    assert_eq!(default, Some(LicenseTermsId::from(1_u64)));
    let ip = register(&client, "bare").await?.ip_id;
    assert_eq!(client.ip(&ip).await?.map(|state| state.license_terms.len()), Some(0));
    Ok(())
}

pub async fn terms_that_break_a_rule_are_refused(harness: &impl Harness) -> Result<()> {
    let client = harness.fresh().await?.client;
    let mut terms = PilTerms::non_commercial_social_remixing();
    terms.commercial_rev_share = 1;
    let name = "PILicenseTemplate__CommercialDisabled_CantAddRevShare";
    reverted(client.register_license_terms(&terms).await, name)?;
    assert_eq!(client.find_license_terms(&terms).await?, None);
    Ok(())
}

pub async fn attached_terms_are_shown_in_order(harness: &impl Harness) -> Result<()> {
    let client = harness.fresh().await?.client;
    let (first, second) = (remix("attached-first"), PilTerms::non_commercial_social_remixing());
    let ip = licensed(&client, "licensed", &first).await?.parent;
    client.attach_license_terms(&ip, LicenseTermsId::from(1_u64)).await?;
    let state = client.ip(&ip).await?.ok_or_else(|| missing("the ip"))?;
    let shown: Vec<_> = state.license_terms.iter().map(|attached| attached.terms.clone()).collect();
    assert_eq!(shown, [first, second]);
    let shares: Vec<_> =
        state.license_terms.iter().map(|attached| (attached.rev_share, attached.disabled)).collect();
    assert_eq!(shares, [(5_000_000, false), (0, false)]);
    Ok(())
}

pub async fn attaching_twice_is_ok(harness: &impl Harness) -> Result<()> {
    let clients = harness.fresh().await?;
    let client = &clients.client;
    let ip = register(client, "attach").await?.ip_id;
    let terms_id = client.register_license_terms(&remix("attach")).await?.terms_id;
    assert!(client.attach_license_terms(&ip, terms_id).await?.is_some());
    assert_eq!(client.attach_license_terms(&ip, terms_id).await?, None);
    assert_eq!(clients.again.attach_license_terms(&ip, terms_id).await?, None);
    assert_eq!(client.ip(&ip).await?.map(|state| state.license_terms.len()), Some(1));
    Ok(())
}

pub async fn terms_that_do_not_exist_cannot_be_attached(harness: &impl Harness) -> Result<()> {
    let client = harness.fresh().await?.client;
    let ip = register(&client, "attach-nothing").await?.ip_id;
    let answer = client.attach_license_terms(&ip, LicenseTermsId::from(u64::MAX)).await;
    let args = reverted(answer, "LicensingModule__LicenseTermsNotFound")?;
    assert_eq!(args, [protocol::PI_LICENSE_TEMPLATE.to_string(), u64::MAX.to_string()]);
    Ok(())
}

pub async fn only_the_owner_licenses_and_links(harness: &impl Harness) -> Result<()> {
    let clients = harness.fresh().await?;
    let Some(other) = clients.other_or_skip("only_the_owner_licenses_and_links") else { return Ok(()) };
    let parent = licensed(&clients.client, "parent", &remix("only-the-owner")).await?;
    let ip = register(&clients.client, "mine").await?.ip_id;
    let name = "AccessController__PermissionDenied";
    reverted(other.attach_license_terms(&ip, parent.terms_id).await, name)?;
    reverted(other.link_derivative(&ip, &DerivativeTerms::new(vec![parent])).await, name)?;
    let state = clients.client.ip(&ip).await?.ok_or_else(|| missing("the ip"))?;
    assert!(state.license_terms.is_empty() && state.parents.is_empty());
    Ok(())
}

pub async fn a_derivative_shows_parents_shares_and_inherited_terms(harness: &impl Harness) -> Result<()> {
    let client = harness.fresh().await?.client;
    let terms = remix("inherited");
    let grandparent = licensed(&client, "grandparent", &terms).await?;
    let parent = ParentTerms::new(register(&client, "parent").await?.ip_id, grandparent.terms_id);
    client.link_derivative(&parent.parent, &DerivativeTerms::new(vec![grandparent])).await?;
    let second = licensed(&client, "second", &terms).await?;
    let child = register(&client, "child").await?.ip_id;
    let links = DerivativeTerms::new(vec![parent, second]);
    assert!(client.link_derivative(&child, &links).await?.is_some());

    let state = client.ip(&child).await?.ok_or_else(|| missing("the child"))?;
    assert_eq!(parents_of(&client, &child).await?, links.parents);
    for link in &state.parents {
        let lap = client.info().await?.royalty_policy_lap;
        assert_eq!((link.link.policy, link.link.royalty.millionths()), (lap, 5_000_000));
    }
    assert_eq!(state.license_terms.iter().map(|attached| &attached.terms).collect::<Vec<_>>(), [&terms]);
    assert_eq!((state.child_count, state.ancestor_count), (0, 3));
    assert_eq!(
        client.ip(&parent.parent).await?.map(|state| (state.child_count, state.ancestor_count)),
        Some((1, 1))
    );
    Ok(())
}

pub async fn linking_twice_is_ok(harness: &impl Harness) -> Result<()> {
    let clients = harness.fresh().await?;
    let client = &clients.client;
    let terms = remix("link-twice");
    let links = DerivativeTerms::new(vec![
        licensed(client, "parent-a", &terms).await?,
        licensed(client, "parent-b", &terms).await?,
    ]);
    let child = register(client, "child").await?.ip_id;
    assert!(client.link_derivative(&child, &links).await?.is_some());
    assert_eq!(client.link_derivative(&child, &links).await?, None);
    assert_eq!(clients.again.link_derivative(&child, &links).await?, None);
    assert_eq!(parents_of(client, &child).await?, links.parents);
    Ok(())
}

pub async fn linking_to_other_parents_is_refused(harness: &impl Harness) -> Result<()> {
    let client = harness.fresh().await?.client;
    let terms = remix("link-others");
    let first = licensed(&client, "parent-a", &terms).await?;
    let second = licensed(&client, "parent-b", &terms).await?;
    let child = register(&client, "child").await?.ip_id;
    client.link_derivative(&child, &DerivativeTerms::new(vec![first])).await?;
    for parents in [vec![second], vec![first, second]] {
        let answer = client.link_derivative(&child, &DerivativeTerms::new(parents)).await;
        let args = reverted(answer, "LicenseRegistry__DerivativeAlreadyRegistered")?;
        assert_eq!(args, [child.to_string()]);
    }
    assert_eq!(parents_of(&client, &child).await?, [first]);
    Ok(())
}

pub async fn terms_that_a_parent_does_not_have_are_refused(harness: &impl Harness) -> Result<()> {
    let client = harness.fresh().await?.client;
    let parent = licensed(&client, "parent", &remix("attached")).await?.parent;
    let terms_id = client.register_license_terms(&remix("unattached")).await?.terms_id;
    let child = register(&client, "child").await?.ip_id;
    let links = DerivativeTerms::new(vec![ParentTerms::new(parent, terms_id)]);
    let args =
        reverted(client.link_derivative(&child, &links).await, "LicenseRegistry__ParentIpHasNoLicenseTerms")?;
    assert_eq!(args, [parent.to_string(), terms_id.to_string()]);
    Ok(())
}

pub async fn seventeen_parents_are_refused(harness: &impl Harness) -> Result<()> {
    let client = harness.fresh().await?.client;
    let terms = PilTerms::non_commercial_social_remixing();
    let mut parents = Vec::new();
    for number in 0..=protocol::MAX_PARENTS {
        parents.push(licensed(&client, &format!("parent-{number}"), &terms).await?);
    }
    let child = register(&client, "child").await?.ip_id;
    let answer = client.link_derivative(&child, &DerivativeTerms::new(parents.clone())).await;
    let args = reverted(answer, "LicenseRegistry__TooManyParents")?;
    assert_eq!(args, [child.to_string(), "17".to_owned(), "16".to_owned()]);
    parents.pop();
    assert!(client.link_derivative(&child, &DerivativeTerms::new(parents)).await?.is_some());
    Ok(())
}

pub async fn a_parent_named_twice_is_refused(harness: &impl Harness) -> Result<()> {
    let client = harness.fresh().await?.client;
    let parent = licensed(&client, "parent", &remix("named-twice")).await?;
    let child = register(&client, "child").await?.ip_id;
    let answer = client.link_derivative(&child, &DerivativeTerms::new(vec![parent, parent])).await;
    let args = reverted(answer, "LicenseRegistry__DuplicateParentIp")?;
    assert_eq!(args, [child.to_string(), parent.parent.to_string()]);
    Ok(())
}

pub async fn an_ip_is_not_its_own_parent(harness: &impl Harness) -> Result<()> {
    let client = harness.fresh().await?.client;
    let ip = register(&client, "itself").await?.ip_id;
    let links = DerivativeTerms::new(vec![ParentTerms::new(ip, LicenseTermsId::from(1_u64))]);
    let args = reverted(client.link_derivative(&ip, &links).await, "LicenseRegistry__DerivativeIsParent")?;
    assert_eq!(args, [ip.to_string()]);
    Ok(())
}

pub async fn no_parent_is_refused(harness: &impl Harness) -> Result<()> {
    let client = harness.fresh().await?.client;
    let ip = register(&client, "alone").await?.ip_id;
    let answer = client.link_derivative(&ip, &DerivativeTerms::new(Vec::new())).await;
    reverted(answer, "LicensingModule__NoParentIp")?;
    Ok(())
}

pub async fn a_limit_on_shares_is_kept(harness: &impl Harness) -> Result<()> {
    let client = harness.fresh().await?.client;
    let parent = licensed(&client, "parent", &remix("limited")).await?;
    let child = register(&client, "child").await?.ip_id;
    let mut links = DerivativeTerms::new(vec![parent]);
    links.max_revenue_share = Some(Share::from_percent(4)?);
    reverted(client.link_derivative(&child, &links).await, "LicensingModule__ExceedMaxRevenueShare")?;
    assert!(parents_of(&client, &child).await?.is_empty());
    links.max_revenue_share = Some(Share::from_percent(5)?);
    assert!(client.link_derivative(&child, &links).await?.is_some());
    Ok(())
}

pub async fn a_limit_of_no_share_lets_free_licenses_pass_and_no_others(harness: &impl Harness) -> Result<()> {
    let client = harness.fresh().await?.client;
    let parent = licensed(&client, "parent", &remix("with-a-share")).await?;
    let free = licensed(&client, "free parent", &PilTerms::non_commercial_social_remixing()).await?;
    let child = register(&client, "child").await?.ip_id;
    let mut links = DerivativeTerms::new(vec![parent]);
    links.max_revenue_share = Some(Share::ZERO);
    reverted(client.link_derivative(&child, &links).await, "LicensingModule__ExceedMaxRevenueShare")?;
    links.parents = vec![free];
    assert!(client.link_derivative(&child, &links).await?.is_some());
    Ok(())
}

pub async fn a_license_fee_is_paid_within_its_limit(harness: &impl Harness) -> Result<()> {
    let client = harness.fresh().await?.client;
    let mut terms = remix("with-a-fee");
    terms.default_minting_fee = Wei::from(1_000_u64);
    let parent = licensed(&client, "parent", &terms).await?;
    let state = client.ip(&parent.parent).await?.ok_or_else(|| missing("the parent"))?;
    assert_eq!(state.license_terms.first().map(|attached| attached.minting_fee), Some(Wei::from(1_000_u64)));
    let child = register(&client, "child").await?.ip_id;
    let mut links = DerivativeTerms::new(vec![parent]);
    links.max_minting_fee = Wei::from(999_u64);
    let answer = client.link_derivative(&child, &links).await;
    assert_eq!(reverted(answer, "LicensingModule__MintingFeeExceedMaxMintingFee")?, ["1000", "999"]);
    links.max_minting_fee = Wei::from(1_000_u64);
    assert!(client.link_derivative(&child, &links).await?.is_some());
    Ok(())
}

/// Emits one test per case of the chain suite for the harness that the expression makes.
#[macro_export]
macro_rules! chain_client_conformance {
    ($harness:expr) => {
        $crate::__cases! { $harness, $crate::conformance::chain_client,
            info_names_chain_and_signer,
            what_is_not_there_is_none,
            a_registration_is_found_by_its_key,
            a_registration_shows_owner_and_metadata,
            registrations_are_told_apart,
            the_id_of_an_ip_is_known_from_its_token,
            a_registration_of_another_owner_is_refused,
            registering_twice_is_one_registration,
            registering_at_the_same_time_is_one_registration,
            a_registration_for_somebody_else_is_complete,
            a_registration_that_cannot_be_complete_is_none,
            equal_terms_have_one_id,
            the_default_terms_are_known_and_not_attached,
            terms_that_break_a_rule_are_refused,
            attached_terms_are_shown_in_order,
            attaching_twice_is_ok,
            terms_that_do_not_exist_cannot_be_attached,
            only_the_owner_licenses_and_links,
            a_derivative_shows_parents_shares_and_inherited_terms,
            linking_twice_is_ok,
            linking_to_other_parents_is_refused,
            terms_that_a_parent_does_not_have_are_refused,
            seventeen_parents_are_refused,
            a_parent_named_twice_is_refused,
            an_ip_is_not_its_own_parent,
            no_parent_is_refused,
            a_limit_on_shares_is_kept,
            a_limit_of_no_share_lets_free_licenses_pass_and_no_others,
            a_license_fee_is_paid_within_its_limit,
        }
    };
}
