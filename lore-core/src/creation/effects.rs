//! The effects of a creation: what each step does to the outside, how it is looked up, and what it changes in Lore's own
//! records.

use std::sync::Arc;

use crate::{
    content::{
        BytesContent, Content,
        unixfs::{self, Fingerprint},
    },
    creation::{Creation, CreationRecord, Output, Step, Token, driver::Ports},
    domain::{
        asset::{Asset, License, MetadataRef, NewAsset, ParentLink},
        linking::choose_terms,
        metadata::{self, Document},
    },
    error::{Error, ErrorKind, Result},
    onchain::{IpId, LicenseTermsId},
    port::{
        chain::{DerivativeTerms, IpState, OnChainDocument, ParentTerms, RegisterIp, RegisteredTerms},
        pins::{PinRequest, Pinned},
        repository::ChangeSet,
    },
    progress::{ObservedContent, Progress},
    time::Timestamp,
};

/// What the effects of one creation need.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effects<'a> {
    pub(crate) ports: &'a Ports,
    pub(crate) record: &'a CreationRecord,
    pub(crate) machine: &'a Creation,
    pub(crate) media: Option<&'a Arc<dyn Content>>,
    pub(crate) progress: &'a Progress,
}

impl Effects<'_> {
    /// By what the effect of a step will be looked up. Causes nothing.
    pub(crate) async fn token(&self, step: Step) -> Result<Token> {
        Ok(match step {
            Step::MediaUpload => Token::Pin { cid: self.record.input.media.fingerprint.cid },
            Step::DatabaseSave => Token::Asset { id: self.record.asset },
            Step::IpaMetadataUpload | Step::NftMetadataUpload => {
                Token::Pin { cid: self.fingerprint(&self.document(step).await?)?.cid }
            }
            Step::Registration => Token::Registration { key: self.registration().await?.key() },
            Step::TermsRegistration => Token::Terms { terms: Box::new(self.license()?.clone()) },
            Step::TermsAttachment => Token::Attachment { ip_id: self.ip_id()?, terms_id: self.terms_id()? },
            Step::ParentLinking => {
                let child = self.ip_id()?;
                Token::Link { child, parents: self.links_of(&child).await? }
            }
        })
    }

    /// Looks for the effect of an earlier attempt. `None`: it surely did not happen.
    pub(crate) async fn look_up(&self, step: Step, token: &Token) -> Result<Option<Output>> {
        let ports = self.ports;
        Ok(match token {
            Token::Pin { cid } => {
                let Some(found) = ports.pins.find(cid).await? else { return Ok(None) };
                let pinned = Pinned::new(found.cid, false);
                Some(match step {
                    Step::MediaUpload => Output::Media { pinned },
                    _ => metadata_output(&self.document(step).await?, pinned),
                })
            }
            Token::Asset { id } => {
                ports.repository.asset(id).await?.map(|asset| Output::Saved { id: asset.id })
            }
            Token::Registration { key } => {
                let found = ports.chain.find_registration(key).await?;
                found.map(|registration| Output::Registered { registration })
            }
            Token::Terms { terms } => {
                let found = ports.chain.find_license_terms(terms).await?;
                found.map(|id| Output::Terms { registered: RegisteredTerms::new(id, None) })
            }
            Token::Attachment { ip_id, terms_id } => {
                let state = self.on_chain(ip_id).await?;
                let attached = state.license_terms.iter().any(|attached| attached.terms_id == *terms_id);
                attached.then_some(Output::Attached { terms_id: *terms_id, mined: None })
            }
            Token::Link { child, parents } => {
                let state = self.on_chain(child).await?;
                if state.parents.is_empty() { None } else { Some(linked(&state, parents, None)?) }
            }
        })
    }

    /// Causes the effect of a step.
    pub(crate) async fn perform(&self, step: Step, token: &Token) -> Result<Output> {
        let chain = &self.ports.chain;
        Ok(match (step, token) {
            (Step::MediaUpload, _) => Output::Media { pinned: self.pin_media(step).await? },
            (Step::IpaMetadataUpload | Step::NftMetadataUpload, _) => self.pin_document(step).await?,
            (Step::Registration, _) => {
                self.keep_media().await?;
                let registration = chain.register(&self.registration().await?).await?;
                Output::Registered { registration }
            }
            // The record is written in the commit that journals the outcome.
            (_, Token::Asset { id }) => Output::Saved { id: *id },
            (_, Token::Terms { terms }) => {
                Output::Terms { registered: chain.register_license_terms(terms).await? }
            }
            (_, Token::Attachment { ip_id, terms_id }) => {
                let mined = chain.attach_license_terms(ip_id, *terms_id).await?;
                Output::Attached { terms_id: *terms_id, mined }
            }
            (_, Token::Link { child, parents }) => {
                let mined = chain.link_derivative(child, &DerivativeTerms::new(parents.clone())).await?;
                linked(&self.on_chain(child).await?, parents, mined)?
            }
            _ => return Err(impossible("a step and its token do not fit").with_context("step", step)),
        })
    }

    /// Pins the media, watching how far it is.
    async fn pin_media(&self, step: Step) -> Result<Pinned> {
        let media = &self.record.input.media;
        if self.ports.pins.profile() != media.fingerprint.profile {
            return Err(Error::new(
                ErrorKind::Config,
                "the pin store cuts files differently than when this began",
            )
            .with_context("expected_profile", media.fingerprint.profile.as_str())
            .with_context("store_profile", self.ports.pins.profile().as_str()));
        }
        let Some(content) = self.media else {
            // An earlier attempt, or the same media in another asset, may have left it.
            let found = self.ports.pins.find(&media.fingerprint.cid).await?;
            return found
                .map(|found| Pinned::new(found.cid, false))
                .ok_or_else(|| missing_media(self.record));
        };
        let observed =
            ObservedContent::uploading(content.clone(), self.progress.clone(), self.record.id, step);
        let name = media.file_name.as_deref().unwrap_or(&self.record.input.text.title);
        self.ports.pins.pin(PinRequest::new(&observed, &media.fingerprint, name)).await
    }

    /// Makes sure that the media is still there when the chain is about to point to it: another creation of the same
    /// media may have been cancelled meanwhile, also one that began before this upload.
    async fn keep_media(&self) -> Result<()> {
        if self.ports.pins.find(&self.record.input.media.fingerprint.cid).await?.is_some() {
            return Ok(());
        }
        self.pin_media(Step::MediaUpload).await.map(drop)
    }

    async fn pin_document(&self, step: Step) -> Result<Output> {
        let document = self.document(step).await?;
        let fingerprint = self.fingerprint(&document)?;
        let content = BytesContent::new(document.bytes.as_slice());
        let name = format!("{}-{}.json", self.record.asset, step.as_str().trim_end_matches("_upload"));
        let pinned = self.ports.pins.pin(PinRequest::new(&content, &fingerprint, &name)).await?;
        Ok(metadata_output(&document, pinned))
    }

    /// What the document is under the store's own profile.
    fn fingerprint(&self, document: &Document) -> Result<Fingerprint> {
        unixfs::fingerprint_bytes(self.ports.pins.profile(), &document.bytes)
    }

    /// The metadata of a step. The same creation always gives the same bytes.
    async fn document(&self, step: Step) -> Result<Document> {
        if step == Step::NftMetadataUpload {
            return metadata::nft_document(self.record);
        }
        let mut parents = Vec::with_capacity(self.record.input.parents.len());
        for parent in self.parent_assets().await? {
            parents.push(registered(&parent)?);
        }
        metadata::ipa_document(self.record, &parents)
    }

    async fn registration(&self) -> Result<RegisterIp> {
        let document = |step| match self.machine.output(step) {
            Some(Output::Metadata { document, .. }) => {
                Ok(OnChainDocument::new(document.cid.to_uri(), document.sha256))
            }
            _ => Err(impossible("metadata is not pinned yet")),
        };
        let ipa = document(Step::IpaMetadataUpload)?;
        let nft = document(Step::NftMetadataUpload)?;
        let mut request = RegisterIp::new(self.record.owner, ipa, nft);
        request.license_terms = self.record.input.license.clone();
        if !self.record.input.parents.is_empty() {
            request.derivative = Some(self.parent_terms().await?);
        }
        Ok(request)
    }

    /// The terms under which the parents are used now.
    async fn parent_terms(&self) -> Result<DerivativeTerms> {
        let mut states = Vec::with_capacity(self.record.input.parents.len());
        for parent in self.parent_assets().await? {
            states.push(self.on_chain(&registered(&parent)?).await?);
        }
        Ok(DerivativeTerms::new(choose_terms(&states)?))
    }

    /// Under which terms the child is to be linked: those of the links that came with its registration, if any did. The
    /// parents may have closed them since.
    async fn links_of(&self, child: &IpId) -> Result<Vec<ParentTerms>> {
        let state = self.on_chain(child).await?;
        if state.parents.is_empty() {
            return Ok(self.parent_terms().await?.parents);
        }
        let mut links = Vec::with_capacity(state.parents.len());
        for parent in self.parent_assets().await? {
            let ip_id = registered(&parent)?;
            let found = state.parents.iter().find(|found| found.parent == ip_id).ok_or_else(|| {
                Error::new(ErrorKind::Conflict, "the IP is linked to other parents")
                    .with_context("ip_id", child)
                    .with_context("missing_parent", ip_id)
            })?;
            links.push(ParentTerms::new(ip_id, found.link.terms_id));
        }
        Ok(links)
    }

    /// The parents' assets, in the order of the input.
    async fn parent_assets(&self) -> Result<Vec<Asset>> {
        let ids: Vec<_> = self.record.input.parents.iter().map(|parent| parent.asset).collect();
        let parents = self.ports.repository.assets(&ids).await?;
        match ids.iter().find(|id| parents.iter().all(|parent| parent.id != **id)) {
            Some(missing) => {
                Err(Error::new(ErrorKind::NotFound, "a parent asset is gone").with_context("asset", missing))
            }
            None => Ok(parents),
        }
    }

    async fn on_chain(&self, ip_id: &IpId) -> Result<IpState> {
        self.ports.chain.ip(ip_id).await?.ok_or_else(|| {
            Error::new(ErrorKind::NotFound, "the chain does not know this IP").with_context("ip_id", ip_id)
        })
    }

    fn license(&self) -> Result<&crate::domain::license::PilTerms> {
        self.record.input.license.as_ref().ok_or_else(|| impossible("a license step without a license"))
    }

    fn ip_id(&self) -> Result<IpId> {
        match self.machine.output(Step::Registration) {
            Some(Output::Registered { registration }) => Ok(registration.ip_id),
            _ => Err(impossible("the asset is not registered yet")),
        }
    }

    fn terms_id(&self) -> Result<LicenseTermsId> {
        match self.machine.output(Step::TermsRegistration) {
            Some(Output::Terms { registered }) => Ok(registered.terms_id),
            _ => Err(impossible("the terms have no id yet")),
        }
    }
}

/// What the outcome of a step changes in Lore's own records.
pub(crate) async fn changes_of(
    ports: &Ports,
    record: &CreationRecord,
    (step, output): (Step, &Output),
    now: Timestamp,
    changes: &mut ChangeSet,
) -> Result<()> {
    match output {
        Output::Media { .. } | Output::Terms { .. } => return Ok(()),
        Output::Saved { .. } => {
            changes.insert_assets.push(new_asset(record, now));
            changes.put_links.extend(new_links(record));
            return Ok(());
        }
        _ => {}
    }
    let mut asset = ports.repository.asset(&record.asset).await?.ok_or_else(|| {
        Error::new(ErrorKind::NotFound, "the asset of this creation is gone")
            .with_context("asset", record.asset)
    })?;
    match output {
        Output::Metadata { document, .. } if step == Step::IpaMetadataUpload => {
            asset.ipa_metadata = Some(*document);
        }
        Output::Metadata { document, .. } => asset.nft_metadata = Some(*document),
        Output::Registered { registration } => asset.registration = Some(registration.clone()),
        Output::Attached { terms_id, .. } => {
            asset.license = record.input.license.clone().map(|terms| License::new(*terms_id, terms));
        }
        Output::Linked { links, .. } => {
            for (mut link, on_chain) in new_links(record).into_iter().zip(links) {
                link.on_chain = Some(*on_chain);
                changes.put_links.push(link);
            }
        }
        Output::Media { .. } | Output::Terms { .. } | Output::Saved { .. } => {}
    }
    asset.version += 1;
    asset.updated_at = now;
    changes.update_assets.push(asset);
    Ok(())
}

fn new_asset(record: &CreationRecord, now: Timestamp) -> Asset {
    let mut asset = Asset::new(NewAsset {
        id: record.asset,
        creation: record.id,
        owner: record.owner,
        asset_type: record.input.asset_type,
        text: record.input.text.clone(),
        media: record.input.media.clone(),
        at: record.created_at,
    });
    asset.updated_at = now;
    asset
}

fn new_links(record: &CreationRecord) -> Vec<ParentLink> {
    (0_u8..)
        .zip(&record.input.parents)
        .map(|(position, parent)| {
            ParentLink::new(record.asset, parent.asset, position, parent.relationship, parent.share)
        })
        .collect()
}

/// The outcome of linking, from what the chain says now.
fn linked(
    state: &IpState,
    parents: &[ParentTerms],
    mined: Option<crate::domain::asset::Mined>,
) -> Result<Output> {
    let same = state.parents.len() == parents.len()
        && parents.iter().all(|wanted| state.parents.iter().any(|found| found.parent == wanted.parent));
    if !same {
        return Err(Error::new(ErrorKind::Conflict, "the IP is linked to other parents")
            .with_context("ip_id", state.ip_id)
            .with_context("expected_parents", parents.len())
            .with_context("found_parents", state.parents.len()));
    }
    let links = parents
        .iter()
        .filter_map(|wanted| state.parents.iter().find(|found| found.parent == wanted.parent))
        .map(|found| found.link)
        .collect();
    Ok(Output::Linked { links, mined })
}

fn registered(asset: &Asset) -> Result<IpId> {
    asset.ip_id().ok_or_else(|| {
        Error::new(ErrorKind::Conflict, "a parent asset is not registered on chain yet")
            .with_context("asset", asset.id)
    })
}

/// What a creation says that needs its media again and was not given it.
pub(super) fn missing_media(record: &CreationRecord) -> Error {
    let mut error =
        Error::invalid("media", "missing", "the media of this creation again: it is not uploaded yet")
            .with_context("creation", record.id);
    if let Some(source) = &record.media_source {
        error = error.with_context("media_source", source);
    }
    error
}

fn metadata_output(document: &Document, pinned: Pinned) -> Output {
    Output::Metadata { document: MetadataRef::new(pinned.cid, document.reference.sha256), pinned }
}

fn impossible(message: &'static str) -> Error {
    Error::new(ErrorKind::Unexpected, message)
}
