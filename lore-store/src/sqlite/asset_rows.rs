//! Assets and links as rows.

use lore_core::{
    Address, AssetId, ContentHash, CreationId, Error, ErrorKind, IpId, LicenseTermsId, Result, Share,
    TokenId, TxHash,
    content::unixfs::{Fingerprint, Profile},
    domain::{
        asset::{
            Asset, AssetText, License, Media, MetadataRef, Mined, NewAsset, OnChainLink, ParentLink,
            Registration,
        },
        search,
    },
};
use sqlx::sqlite::SqliteRow;

use super::{
    connection::Statement,
    values::{Columns, count, damaged, json},
};

/// The columns of an asset, in the order of their arguments in [`INSERT`] and [`UPDATE`].
macro_rules! asset_columns {
    () => {
        "id, version, creation, owner, asset_type, title, description, tags, creators, \
         media_cid, media_sha256, media_size_bytes, media_profile, media_type, file_name, \
         ipa_cid, ipa_sha256, nft_cid, nft_sha256, \
         ip_id, token_contract, token_id, token_owner, tx_hash, block_number, registered_at, \
         license_terms_id, license_terms, created_at, updated_at, archived_at"
    };
}
pub(super) use asset_columns;

pub(super) const INSERT: &str = concat!(
    "INSERT INTO lore_assets (",
    asset_columns!(),
    ", search) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, \
     ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32)"
);

pub(super) const UPDATE: &str = concat!(
    "UPDATE lore_assets SET (",
    asset_columns!(),
    ", search) = (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, \
     ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32) WHERE id = ?1 AND version = ?2 - 1"
);

/// Binds the arguments of [`INSERT`] and [`UPDATE`].
pub(super) fn bind_asset<'q>(sql: &'static str, asset: &Asset) -> Result<Statement<'q>> {
    let text = &asset.text;
    let file = &asset.media.fingerprint;
    let registration = asset.registration.as_ref();
    let license = asset.license.as_ref();
    let license_terms = license.map(|license| json(&license.terms)).transpose()?;
    Ok(sqlx::query(sql)
        .bind(asset.id.to_bytes().to_vec())
        .bind(count(asset.version)?)
        .bind(asset.creation.to_bytes().to_vec())
        .bind(asset.owner.as_bytes().to_vec())
        .bind(asset.asset_type.as_str())
        .bind(text.title.clone())
        .bind(text.description.clone())
        .bind(json(&text.tags)?)
        .bind(json(&text.creators)?)
        .bind(file.cid.to_bytes())
        .bind(file.sha256.as_bytes().to_vec())
        .bind(file.size_bytes.cast_signed())
        .bind(file.profile.as_str())
        .bind(asset.media.media_type.as_str().to_owned())
        .bind(asset.media.file_name.clone())
        .bind(asset.ipa_metadata.map(|document| document.cid.to_bytes()))
        .bind(asset.ipa_metadata.map(|document| document.sha256.as_bytes().to_vec()))
        .bind(asset.nft_metadata.map(|document| document.cid.to_bytes()))
        .bind(asset.nft_metadata.map(|document| document.sha256.as_bytes().to_vec()))
        .bind(registration.map(|found| found.ip_id.address().as_bytes().to_vec()))
        .bind(registration.map(|found| found.token_contract.as_bytes().to_vec()))
        .bind(registration.map(|found| found.token_id.to_be_bytes().to_vec()))
        .bind(registration.map(|found| found.owner.as_bytes().to_vec()))
        .bind(registration.map(|found| found.tx_hash.as_bytes().to_vec()))
        .bind(registration.map(|found| found.block_number.cast_signed()))
        .bind(registration.map(|found| found.registered_at.unix_micros()))
        .bind(license.map(|license| license.terms_id.to_be_bytes().to_vec()))
        .bind(license_terms)
        .bind(asset.created_at.unix_micros())
        .bind(asset.updated_at.unix_micros())
        .bind(asset.archived_at.map(|at| at.unix_micros()))
        .bind(search::searchable(text) + "\n\n"))
}

/// An asset from its row.
pub(super) fn asset(row: &SqliteRow) -> Result<Asset> {
    let columns = Columns(row);
    let id = AssetId::from_bytes(columns.bytes("id")?);
    read_asset(id, &columns).map_err(|err| damaged("asset", id, err))
}

fn read_asset(id: AssetId, columns: &Columns<'_>) -> Result<Asset> {
    let mut text = AssetText::new(columns.get::<String>("title")?, columns.get::<String>("description")?);
    text.tags = columns.json("tags")?;
    text.creators = columns.json("creators")?;
    let mut asset = Asset::new(NewAsset {
        id,
        creation: CreationId::from_bytes(columns.bytes("creation")?),
        owner: Address::from_bytes(columns.bytes("owner")?),
        asset_type: columns.name("asset_type")?,
        text,
        media: media(columns)?,
        at: columns.time("created_at")?,
    });
    asset.version = columns.count("version")?;
    asset.ipa_metadata = document(columns, "ipa_cid", "ipa_sha256")?;
    asset.nft_metadata = document(columns, "nft_cid", "nft_sha256")?;
    asset.registration = registration(columns)?;
    asset.license = license(columns)?;
    asset.updated_at = columns.time("updated_at")?;
    asset.archived_at = columns.optional_time("archived_at")?;
    Ok(asset)
}

fn media(columns: &Columns<'_>) -> Result<Media> {
    let profile: &str = columns.get("media_profile")?;
    let fingerprint = Fingerprint::new(
        columns.cid("media_cid")?,
        ContentHash::from_bytes(columns.bytes("media_sha256")?),
        columns.get::<i64>("media_size_bytes")?.cast_unsigned(),
        Profile::ALL.into_iter().find(|known| known.as_str() == profile).ok_or_else(|| {
            Error::new(ErrorKind::Unexpected, "an unknown profile is stored").with_context("profile", profile)
        })?,
    );
    Ok(Media::new(fingerprint, columns.name("media_type")?, columns.get("file_name")?))
}

fn document(columns: &Columns<'_>, cid: &'static str, sha256: &'static str) -> Result<Option<MetadataRef>> {
    let Some(cid) = columns.optional_cid(cid)? else { return Ok(None) };
    Ok(Some(MetadataRef::new(cid, ContentHash::from_bytes(columns.bytes(sha256)?))))
}

fn registration(columns: &Columns<'_>) -> Result<Option<Registration>> {
    let Some(ip_id) = columns.optional_bytes("ip_id")? else { return Ok(None) };
    let mined = Mined::new(
        TxHash::from_bytes(columns.bytes("tx_hash")?),
        columns.get::<i64>("block_number")?.cast_unsigned(),
        columns.time("registered_at")?,
    );
    Ok(Some(Registration::new(
        IpId::new(Address::from_bytes(ip_id)),
        Address::from_bytes(columns.bytes("token_contract")?),
        TokenId::from_be_bytes(columns.bytes("token_id")?),
        Address::from_bytes(columns.bytes("token_owner")?),
        mined,
    )))
}

fn license(columns: &Columns<'_>) -> Result<Option<License>> {
    let Some(terms_id) = columns.optional_bytes("license_terms_id")? else { return Ok(None) };
    Ok(Some(License::new(LicenseTermsId::from_be_bytes(terms_id), columns.json("license_terms")?)))
}

pub(super) const PUT_LINK: &str = "INSERT INTO lore_links \
     (child, parent, position, relationship, attribution, terms_id, policy, royalty) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) \
     ON CONFLICT (child, parent) DO UPDATE SET position = ?3, relationship = ?4, attribution = ?5, \
     terms_id = ?6, policy = ?7, royalty = ?8";

/// Binds the arguments of [`PUT_LINK`].
pub(super) fn bind_link<'q>(link: &ParentLink) -> Statement<'q> {
    let made = link.on_chain;
    sqlx::query(PUT_LINK)
        .bind(link.child.to_bytes().to_vec())
        .bind(link.parent.to_bytes().to_vec())
        .bind(i64::from(link.position))
        .bind(link.relationship.as_str())
        .bind(i64::from(link.attribution.millionths()))
        .bind(made.map(|made| made.terms_id.to_be_bytes().to_vec()))
        .bind(made.map(|made| made.policy.as_bytes().to_vec()))
        .bind(made.map(|made| i64::from(made.royalty.millionths())))
}

/// A link from its row.
pub(super) fn link(row: &SqliteRow) -> Result<ParentLink> {
    let columns = Columns(row);
    let child = AssetId::from_bytes(columns.bytes("child")?);
    read_link(child, &columns).map_err(|err| damaged("child", child, err))
}

fn read_link(child: AssetId, columns: &Columns<'_>) -> Result<ParentLink> {
    let mut link = ParentLink::new(
        child,
        AssetId::from_bytes(columns.bytes("parent")?),
        columns.get("position")?,
        columns.name("relationship")?,
        Share::from_millionths(columns.get("attribution")?)?,
    );
    if let Some(terms_id) = columns.optional_bytes("terms_id")? {
        link.on_chain = Some(OnChainLink::new(
            LicenseTermsId::from_be_bytes(terms_id),
            Address::from_bytes(columns.bytes("policy")?),
            Share::from_millionths(columns.get("royalty")?)?,
        ));
    }
    Ok(link)
}
