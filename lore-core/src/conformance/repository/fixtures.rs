//! Records for the cases: small ones, the largest that the domain allows, and one of each event. Public for the tests that
//! an adapter has of its own.

#![expect(
    missing_docs,
    reason = "the suite is no part of the API; what a record is like stands where it matters"
)]

use std::time::Duration;

use crate::{
    content::{
        Cid, ContentHash,
        unixfs::{Fingerprint, Profile},
    },
    creation::{
        CreationInput, CreationStatus, Event, NewCreation, Output, ParentInput, RecordedEvent, Step, Token,
    },
    domain::{
        asset::{
            Asset, AssetText, AssetType, Creator, License, Media, MetadataRef, Mined, NewAsset, OnChainLink,
            Registration, Relationship,
        },
        license::PilTerms,
    },
    error::{Error, ErrorKind, Result, Retry, Revert},
    ids::{AssetId, CreationId, HolderId},
    onchain::{Address, IpId, LicenseTermsId, Share, TokenId, TxHash, Uint256, Wei},
    port::{
        chain::{ParentTerms, RegisteredTerms, RegistrationKey},
        pins::Pinned,
        repository::{ChangeSet, JournalAppend, Lease, Repository},
    },
    time::Timestamp,
};

/// Seconds after a fixed time.
pub fn at(seconds: u64) -> Timestamp {
    Timestamp::EPOCH.saturating_add(Duration::from_secs(1_767_225_600 + seconds))
}

fn numbered<const N: usize>(number: u32) -> [u8; N] {
    let mut bytes = [0; N];
    for (to, from) in bytes.iter_mut().rev().zip(number.to_be_bytes().into_iter().rev()) {
        *to = from;
    }
    bytes
}

/// Ids sort by their number.
pub fn asset_id(number: u32) -> AssetId {
    AssetId::from_bytes(numbered(number))
}

pub fn creation_id(number: u32) -> CreationId {
    CreationId::from_bytes(numbered(number))
}

pub fn holder_id(number: u32) -> HolderId {
    HolderId::from_bytes(numbered(number))
}

pub fn address(number: u32) -> Address {
    Address::from_bytes(numbered(number))
}

pub fn ip_id(number: u32) -> IpId {
    IpId::new(address(number))
}

pub fn cid(number: u32) -> Cid {
    Cid::raw(numbered(number))
}

pub fn hash(number: u32) -> ContentHash {
    ContentHash::from_bytes(numbered(number))
}

fn mined(number: u32) -> Mined {
    Mined::new(TxHash::from_bytes(numbered(number)), u64::from(number), at(u64::from(number)))
}

pub fn media(number: u32) -> Result<Media> {
    let fingerprint = Fingerprint {
        cid: cid(number),
        sha256: hash(number),
        size_bytes: u64::from(number),
        profile: Profile::UnixFsV1_2025,
    };
    Ok(Media::new(fingerprint, "image/png".parse()?, None))
}

/// An asset with nothing optional, made in the second of its number.
pub fn asset(number: u32) -> Result<Asset> {
    asset_with(number, AssetText::new(format!("Asset {number}"), ""))
}

pub fn asset_with(number: u32, text: AssetText) -> Result<Asset> {
    Ok(Asset::new(NewAsset {
        id: asset_id(number),
        creation: creation_id(number),
        owner: address(1),
        asset_type: AssetType::DigitalArt,
        text,
        media: media(number)?,
        at: at(u64::from(number)),
    }))
}

pub fn titled(number: u32, title: &str) -> Result<Asset> {
    asset_with(number, AssetText::new(title, ""))
}

pub fn registration(number: u32) -> Registration {
    Registration::new(ip_id(number), address(2), TokenId::from(u64::from(number)), address(1), mined(number))
}

/// The next version of an asset.
pub fn next(asset: &Asset) -> Asset {
    Asset { version: asset.version + 1, ..asset.clone() }
}

/// An asset with every field filled up to its bound, and beyond what 64 signed bits hold.
pub fn maximal_asset(number: u32) -> Result<Asset> {
    let creators = (0_u8..50).map(|n| Creator::new("創".repeat(100), address(1_000 + u32::from(n)), 2));
    let text = AssetText {
        title: "星".repeat(200),
        description: "💫\n\t\"'%_*\\é".chars().cycle().take(10_000).collect(),
        tags: (0..32).map(|n| format!("{n:02}{}", "標".repeat(48))).collect(),
        creators: creators.collect(),
    };
    let fingerprint = Fingerprint {
        cid: Cid::v0([255; 32]),
        sha256: ContentHash::from_bytes([255; 32]),
        size_bytes: u64::MAX,
        profile: Profile::UnixFsV0_2015,
    };
    let media =
        Media::new(fingerprint, "application/vnd.example+json".parse()?, Some("星空 \"1\".png".to_owned()));
    let full = Address::from_bytes([255; 20]);
    let mined = Mined::new(TxHash::from_bytes([255; 32]), u64::MAX, at(u64::from(u32::MAX)));
    let mut registration = Registration::new(ip_id(number), full, TokenId::MAX, full, mined);
    registration.token_contract = full;
    Ok(Asset {
        id: asset_id(number),
        version: 1,
        creation: creation_id(number),
        owner: full,
        asset_type: AssetType::GameAsset,
        text,
        media,
        ipa_metadata: Some(MetadataRef::new(Cid::dag_pb([254; 32]), ContentHash::from_bytes([254; 32]))),
        nft_metadata: Some(MetadataRef::new(Cid::raw([253; 32]), ContentHash::from_bytes([0; 32]))),
        registration: Some(registration),
        license: Some(License::new(LicenseTermsId::MAX, maximal_terms())),
        created_at: Timestamp::EPOCH,
        updated_at: Timestamp::EPOCH.saturating_add(Duration::MAX),
        archived_at: Some(at(1)),
    })
}

pub fn maximal_terms() -> PilTerms {
    PilTerms {
        transferable: true,
        royalty_policy: Address::from_bytes([254; 20]),
        default_minting_fee: Wei::MAX,
        expiration_seconds: Uint256::MAX,
        commercial_use: true,
        commercial_attribution: true,
        commercializer_checker: Address::from_bytes([253; 20]),
        commercializer_checker_data: (0..=255).collect(),
        commercial_rev_share: u32::MAX,
        commercial_rev_ceiling: Wei::MAX,
        derivatives_allowed: true,
        derivatives_attribution: true,
        derivatives_approval: true,
        derivatives_reciprocal: true,
        derivative_rev_ceiling: Wei::MAX,
        currency: Address::from_bytes([252; 20]),
        uri: "ipfs://條款?a=\"b\"".to_owned(),
    }
}

pub fn creation(number: u32) -> Result<NewCreation> {
    let input = CreationInput::new(
        AssetType::Music,
        AssetText::new(format!("Asset {number}"), "of a creation"),
        media(number)?,
    );
    Ok(NewCreation {
        id: creation_id(number),
        asset: asset_id(number),
        owner: address(1),
        idempotency_key: format!("key {number}"),
        input,
        input_hash: hash(number),
        media_source: None,
        at: at(u64::from(number)),
    })
}

/// A creation with everything optional.
pub fn maximal_creation(number: u32) -> Result<NewCreation> {
    let asset = maximal_asset(number)?;
    let parents =
        (0..16).map(|n| ParentInput::new(asset_id(900 + n), Relationship::Translation, Share::FULL));
    let input = CreationInput {
        license: Some(maximal_terms()),
        parents: parents.collect(),
        ..CreationInput::new(asset.asset_type, asset.text, asset.media)
    };
    Ok(NewCreation {
        idempotency_key: "鍵\"%' ".repeat(40),
        input,
        media_source: Some("/media/星空 1.png".to_owned()),
        ..creation(number)?
    })
}

/// One event of each kind, with one token and one output of each kind among them.
pub fn every_event() -> Vec<Event> {
    let key = RegistrationKey::new(hash(1), address(1));
    let parents =
        vec![ParentTerms::new(ip_id(1), LicenseTermsId::MAX), ParentTerms::new(ip_id(2), 7_u64.into())];
    let pinned = Pinned::new(cid(1), true);
    let link = OnChainLink::new(LicenseTermsId::from(7_u64), address(3), Share::FULL);
    let registered = RegisteredTerms::new(7_u64.into(), Some(mined(3)));
    let done = |step, output| Event::Done { step, output };
    let intended = |step, token| Event::Intended { step, token };
    let failure = Error::from(Revert::new("LicenseRegistry__TooManyParents").arg(ip_id(1)).arg("星\"空"));
    let slow = Error::new(ErrorKind::RateLimited, "slow down")
        .with_retry(Retry::After(Some(Duration::from_millis(1_500))));
    let failed = |step, why: &Error, retry_at| Event::Failed { step, why: why.to_record(), retry_at };
    vec![
        intended(Step::MediaUpload, Token::Pin { cid: cid(1) }),
        failed(Step::MediaUpload, &slow, Some(at(9))),
        done(Step::MediaUpload, Output::Media { pinned }),
        intended(Step::DatabaseSave, Token::Asset { id: asset_id(1) }),
        done(Step::DatabaseSave, Output::Saved { id: asset_id(1) }),
        done(
            Step::IpaMetadataUpload,
            Output::Metadata { document: MetadataRef::new(cid(2), hash(2)), pinned },
        ),
        intended(Step::Registration, Token::Registration { key }),
        failed(Step::Registration, &failure, None),
        Event::Retried { step: Step::Registration },
        done(Step::Registration, Output::Registered { registration: registration(1) }),
        intended(Step::TermsRegistration, Token::Terms { terms: Box::new(maximal_terms()) }),
        done(Step::TermsRegistration, Output::Terms { registered }),
        intended(Step::TermsAttachment, Token::Attachment { ip_id: ip_id(1), terms_id: 7_u64.into() }),
        done(Step::TermsAttachment, Output::Attached { terms_id: 7_u64.into(), mined: None }),
        intended(Step::ParentLinking, Token::Link { child: ip_id(1), parents }),
        done(Step::ParentLinking, Output::Linked { links: vec![link], mined: Some(mined(4)) }),
        Event::Cancelled,
    ]
}

/// Stores new assets.
pub async fn insert(repository: &dyn Repository, assets: &[Asset]) -> Result<()> {
    repository.commit(ChangeSet { insert_assets: assets.to_vec(), ..ChangeSet::default() }).await
}

/// Stores changed assets.
pub async fn update(repository: &dyn Repository, assets: &[Asset]) -> Result<()> {
    repository.commit(ChangeSet { update_assets: assets.to_vec(), ..ChangeSet::default() }).await
}

/// Records a creation and takes its lease.
pub async fn leased(repository: &dyn Repository, number: u32) -> Result<Lease> {
    repository.open_creation(&creation(number)?).await?;
    repository
        .acquire_lease(&creation_id(number), holder_id(1), at(u64::from(number)), Duration::from_secs(3_600))
        .await
}

/// Numbers events from `first` on.
pub fn recorded(first: u64, events: impl IntoIterator<Item = Event>) -> Vec<RecordedEvent> {
    (first..).zip(events).map(|(seq, event)| RecordedEvent::new(seq, at(seq), event)).collect()
}

/// A change set that appends events to a running creation.
pub fn append(number: u32, lease: &Lease, events: Vec<RecordedEvent>) -> ChangeSet {
    let journal = JournalAppend {
        creation: creation_id(number),
        generation: lease.generation,
        events,
        status: CreationStatus::Running,
        step: Some(Step::MediaUpload),
        at: at(5_000),
    };
    ChangeSet { journal: Some(journal), ..ChangeSet::default() }
}

/// The kind of a refusal, for comparing.
pub fn kind<T>(result: &Result<T>) -> Option<ErrorKind> {
    result.as_ref().err().map(Error::kind)
}

/// The retry class of a refusal.
pub fn retry<T>(result: &Result<T>) -> Option<Retry> {
    result.as_ref().err().map(Error::retry)
}
