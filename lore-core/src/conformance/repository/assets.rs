//! Reading assets.

use super::{
    fixtures::{asset, asset_id, insert, ip_id, maximal_asset, next, registration, update},
    harness::Harness,
};
use crate::{
    content::unixfs::{Fingerprint, Profile},
    domain::asset::{Asset, AssetType, Media},
    error::Result,
    ids::CreationId,
    onchain::Address,
};

pub async fn an_unknown_asset_is_none(harness: &impl Harness) -> Result<()> {
    let repository = harness.fresh().await?;
    assert!(!repository.name().is_empty());
    assert_eq!(repository.asset(&asset_id(1)).await?, None);
    assert_eq!(repository.asset_by_ip(&ip_id(1)).await?, None);
    assert_eq!(repository.assets(&[asset_id(1)]).await?, []);
    assert_eq!(repository.assets(&[]).await?, []);
    Ok(())
}

pub async fn a_minimal_asset_comes_back_field_by_field(harness: &impl Harness) -> Result<()> {
    let repository = harness.fresh().await?;
    let stored = asset(1)?;
    insert(&*repository, std::slice::from_ref(&stored)).await?;
    assert_eq!(repository.asset(&stored.id).await?, Some(stored));
    Ok(())
}

pub async fn a_maximal_asset_comes_back_field_by_field(harness: &impl Harness) -> Result<()> {
    let repository = harness.fresh().await?;
    let stored = maximal_asset(1)?;
    insert(&*repository, std::slice::from_ref(&stored)).await?;
    assert_eq!(repository.asset(&stored.id).await?.as_ref(), Some(&stored));
    assert_eq!(repository.assets(&[stored.id]).await?, [stored]);
    Ok(())
}

pub async fn every_type_and_profile_comes_back(harness: &impl Harness) -> Result<()> {
    let repository = harness.fresh().await?;
    let mut stored = Vec::new();
    for (number, asset_type) in (1..).zip(AssetType::ALL) {
        stored.push(Asset { asset_type, ..asset(number)? });
    }
    for (number, profile) in (100..).zip(Profile::ALL) {
        let plain = asset(number)?;
        let fingerprint = Fingerprint { profile, ..plain.media.fingerprint };
        stored.push(Asset { media: Media { fingerprint, ..plain.media.clone() }, ..plain });
    }
    insert(&*repository, &stored).await?;
    let ids: Vec<_> = stored.iter().map(|asset| asset.id).collect();
    assert_eq!(repository.assets(&ids).await?, stored);
    Ok(())
}

pub async fn an_updated_asset_replaces_the_stored_one(harness: &impl Harness) -> Result<()> {
    let repository = harness.fresh().await?;
    let first = asset(1)?;
    insert(&*repository, std::slice::from_ref(&first)).await?;
    let full = Asset { version: 2, ..maximal_asset(1)? };
    update(&*repository, std::slice::from_ref(&full)).await?;
    assert_eq!(repository.asset(&first.id).await?.as_ref(), Some(&full));
    let bare = Asset { version: 3, creation: CreationId::from_bytes([9; 16]), owner: Address::ZERO, ..first };
    update(&*repository, std::slice::from_ref(&bare)).await?;
    assert_eq!(repository.asset(&bare.id).await?, Some(bare));
    assert_eq!(repository.asset_by_ip(&ip_id(1)).await?, None);
    Ok(())
}

pub async fn assets_come_in_the_order_asked(harness: &impl Harness) -> Result<()> {
    let repository = harness.fresh().await?;
    let stored = [asset(1)?, asset(2)?, asset(3)?];
    insert(&*repository, &stored).await?;
    let asked = [3, 9, 1, 3, 2].map(asset_id);
    let found: Vec<_> = repository.assets(&asked).await?.into_iter().map(|asset| asset.id).collect();
    assert_eq!(found, [3, 1, 3, 2].map(asset_id));
    Ok(())
}

pub async fn an_asset_is_found_by_its_ip(harness: &impl Harness) -> Result<()> {
    let repository = harness.fresh().await?;
    let stored = asset(1)?;
    insert(&*repository, &[stored.clone(), asset(2)?]).await?;
    let registered = Asset { registration: Some(registration(7)), ..next(&stored) };
    update(&*repository, std::slice::from_ref(&registered)).await?;
    assert_eq!(repository.asset_by_ip(&ip_id(7)).await?, Some(registered));
    assert_eq!(repository.asset_by_ip(&ip_id(8)).await?, None);
    Ok(())
}
