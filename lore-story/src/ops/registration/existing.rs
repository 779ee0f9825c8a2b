//! What is there already of a registration.
//!
//! A token that is to be minted is known by the hash of its metadata. Anybody could have minted it in a public
//! collection, so it counts only if it is the recipient's, with the very metadata and everything else that was asked
//! for; otherwise the caller is told instead of being given somebody else's work. A token that is there is registered
//! once, and what is missing of the rest can be added.

use lore_core::{
    Address, ContentHash, Error, ErrorKind, IpId, LicenseTermsId, Result, TokenId,
    domain::license::escape_uri,
};

use crate::{
    contracts::{
        licensing::{LicenseRegistry, PiLicenseTemplate},
        registry::{CoreMetadataViewModule, IpAssetRegistry},
        royalty::RoyaltyModule,
        token::SpgNft,
    },
    convert,
    ops::{
        answers::Questions,
        arguments::{ExistingNft, IpMetadata, LicensedTerms, NewNft},
        links,
        registration::{
            RegisteredIp,
            shape::{Also, Shape},
        },
    },
    view::View,
};

/// The result, if all of it is there.
pub(crate) async fn find(view: &View<'_>, shape: Shape<'_>) -> Result<Option<RegisteredIp>> {
    match shape {
        Shape::Mint(nft, _) => {
            let Some(hash) = nft.unique_hash() else { return Ok(None) };
            let Some(token_id) = minted_token(view, nft.collection, hash, nft.recipient).await? else {
                return Ok(None);
            };
            let found = registered(view, shape, nft.collection, token_id, &nft.metadata).await?;
            found.map(Some).ok_or_else(|| other_use(nft, hash, token_id))
        }
        Shape::Nft(ExistingNft { contract, token_id, metadata, .. }, _) => {
            registered(view, shape, *contract, *token_id, metadata).await
        }
    }
}

/// The token with this hash, which must be the recipient's.
///
/// # Errors
/// [`IntegrityMismatch`](ErrorKind::IntegrityMismatch) if it is somebody else's.
pub(crate) async fn minted_token(
    view: &View<'_>,
    collection: Address,
    nft_metadata_hash: ContentHash,
    recipient: Address,
) -> Result<Option<TokenId>> {
    let hash = convert::b256_of_content(nft_metadata_hash);
    let by_hash = SpgNft::getTokenIdByMetadataHashCall { nftMetadataHash: hash };
    let mut answers = Questions::default().ask(collection, &by_hash).send(view).await?;
    let token_id = answers.next::<SpgNft::getTokenIdByMetadataHashCall>().ok_or_else(|| {
        Error::invalid("nft.collection", "no_collection", "a collection of the protocol (SPG NFT)")
            .with_context("contract", collection)
    })?;
    if token_id.is_zero() {
        return Ok(None);
    }
    let owner = view.call(collection, &SpgNft::ownerOfCall { tokenId: token_id }).await?;
    let (token_id, owner) = (convert::token_id(token_id), convert::from_evm_address(owner));
    if owner == recipient {
        return Ok(Some(token_id));
    }
    Err(Error::new(ErrorKind::IntegrityMismatch, "a token with this metadata belongs to somebody else")
        .with_context("collection", collection)
        .with_context("token_id", token_id)
        .with_context("owner", owner)
        .with_context("recipient", recipient))
}

fn other_use(nft: &NewNft, hash: ContentHash, token_id: TokenId) -> Error {
    Error::new(
        ErrorKind::IntegrityMismatch,
        "a token with this metadata is there, but not registered as it was asked for",
    )
    .with_context("collection", nft.collection)
    .with_context("token_id", token_id)
    .with_context("nft_metadata_hash", hash)
}

/// The IP behind a token, if it has all that it should.
async fn registered(
    view: &View<'_>,
    shape: Shape<'_>,
    token_contract: Address,
    token_id: TokenId,
    metadata: &IpMetadata,
) -> Result<Option<RegisteredIp>> {
    let ip_id = view.ip_id(token_contract, token_id);
    if !is_registered_with(view, ip_id, metadata).await? {
        return Ok(None);
    }
    let Some(license_terms) = license_terms(view, ip_id, shape.also()).await? else { return Ok(None) };
    let mut royalty_vault = None;
    if shape.has_vault() {
        royalty_vault = vault(view, ip_id).await?;
        if royalty_vault.is_none() {
            return Ok(None);
        }
    }
    Ok(Some(RegisteredIp { ip_id, token_contract, token_id, license_terms, royalty_vault, mined: None }))
}

async fn is_registered_with(view: &View<'_>, ip_id: IpId, metadata: &IpMetadata) -> Result<bool> {
    let addresses = view.addresses();
    let metadata_view = addresses.core_metadata_view_module;
    let id = convert::evm_ip(ip_id);
    let mut answers = Questions::default()
        .ask(addresses.ip_asset_registry, &IpAssetRegistry::isRegisteredCall { id })
        .ask(metadata_view, &CoreMetadataViewModule::getMetadataURICall { ipId: id })
        .ask(metadata_view, &CoreMetadataViewModule::getMetadataHashCall { ipId: id })
        .ask(metadata_view, &CoreMetadataViewModule::getNftMetadataHashCall { ipId: id })
        .send(view)
        .await?;
    if !answers.must::<IpAssetRegistry::isRegisteredCall>()? {
        return Ok(false);
    }
    let uri = answers.next::<CoreMetadataViewModule::getMetadataURICall>();
    let hash = answers.next::<CoreMetadataViewModule::getMetadataHashCall>();
    let nft_hash = answers.next::<CoreMetadataViewModule::getNftMetadataHashCall>();
    let wanted = metadata.to_sol();
    Ok(uri == Some(escape_uri(&wanted.ipMetadataURI))
        && hash == Some(wanted.ipMetadataHash)
        && nft_hash == Some(wanted.nftMetadataHash))
}

/// The terms that the IP was to have, if it has them.
async fn license_terms(view: &View<'_>, ip_id: IpId, also: Also<'_>) -> Result<Option<Vec<LicenseTermsId>>> {
    let wanted = match also {
        Also::Nothing => return Ok(Some(Vec::new())),
        Also::AttachTerms(terms) => return attached(view, ip_id, terms).await,
        Also::Link(link) => link.parents.clone(),
        Also::BurnTokens(link) => links::parents_of_tokens(view, &link.token_ids).await?,
    };
    let found = links::parents(view, ip_id).await?;
    Ok(links::are_same(&wanted, &found).then(|| wanted.iter().map(|parent| parent.terms_id).collect()))
}

/// The ids of terms, if all are attached to the IP with these changes.
pub(crate) async fn attached(
    view: &View<'_>,
    ip_id: IpId,
    wanted: &[LicensedTerms],
) -> Result<Option<Vec<LicenseTermsId>>> {
    let template = view.addresses().pi_license_template;
    let registry = view.addresses().license_registry;
    let asked = wanted.iter().map(|licensed| {
        // The lookup does not escape, registration does.
        let mut terms = convert::pil_terms(&licensed.terms);
        terms.uri = escape_uri(&terms.uri);
        PiLicenseTemplate::getLicenseTermsIdCall { terms }
    });
    let mut answers = Questions::default().ask_all(template, asked).send(view).await?;
    let ids = wanted
        .iter()
        .map(|_| answers.must::<PiLicenseTemplate::getLicenseTermsIdCall>())
        .collect::<Result<Vec<_>>>()?;
    if ids.iter().any(alloy::primitives::U256::is_zero) {
        return Ok(None);
    }
    let mut questions = Questions::default();
    for id in &ids {
        let (ip, template, id) = (convert::evm_ip(ip_id), convert::evm_address(template), *id);
        questions = questions
            .ask(
                registry,
                &LicenseRegistry::hasIpAttachedLicenseTermsCall {
                    ipId: ip,
                    licenseTemplate: template,
                    licenseTermsId: id,
                },
            )
            .ask(
                registry,
                &LicenseRegistry::getLicensingConfigCall {
                    ipId: ip,
                    licenseTemplate: template,
                    licenseTermsId: id,
                },
            );
    }
    let mut answers = questions.send(view).await?;
    for licensed in wanted {
        let is_attached = answers.must::<LicenseRegistry::hasIpAttachedLicenseTermsCall>()?;
        let config = answers.next::<LicenseRegistry::getLicensingConfigCall>();
        let as_wanted =
            || config.is_some_and(|config| convert::from_licensing_config(config) == licensed.config);
        if !is_attached || (licensed.config.is_set && !as_wanted()) {
            return Ok(None);
        }
    }
    Ok(Some(ids.into_iter().map(convert::terms_id).collect()))
}

/// The IP's royalty vault, if it has one.
pub(crate) async fn vault(view: &View<'_>, ip_id: IpId) -> Result<Option<Address>> {
    let ask = RoyaltyModule::ipRoyaltyVaultsCall { ipId: convert::evm_ip(ip_id) };
    let vault = convert::from_evm_address(view.call(view.addresses().royalty_module, &ask).await?);
    Ok((!vault.is_zero()).then_some(vault))
}
