//! Writing: all or nothing, versions, uniqueness.

use futures_util::future::join_all;

use super::{
    fixtures::{
        append, asset, asset_id, at, every_event, insert, ip_id, kind, leased, next, recorded, registration,
        retry, titled, update,
    },
    harness::Harness,
};
use crate::{
    domain::{
        asset::{Asset, ParentLink, Relationship},
        page::AssetQuery,
    },
    error::{ErrorKind, Result, Retry},
    onchain::Share,
    port::repository::{ChangeSet, Repository},
};

fn delete(asset: &Asset) -> ChangeSet {
    ChangeSet { delete_assets: vec![(asset.id, asset.version)], ..ChangeSet::default() }
}

pub async fn an_empty_commit_is_ok(harness: &impl Harness) -> Result<()> {
    let repository = harness.fresh().await?;
    repository.commit(ChangeSet::default()).await
}

pub async fn a_new_asset_has_version_one(harness: &impl Harness) -> Result<()> {
    let repository = harness.fresh().await?;
    let refused = insert(&*repository, &[next(&asset(1)?)]).await;
    assert_eq!(kind(&refused), Some(ErrorKind::InvalidInput));
    assert_eq!(repository.asset(&asset_id(1)).await?, None);
    Ok(())
}

/// What a repository holds after [`a_refused_commit_changes_nothing`] set it up.
#[derive(Debug, PartialEq)]
struct Everything {
    assets: Vec<Asset>,
    links: Vec<ParentLink>,
    events: usize,
    found: usize,
}

async fn everything(repository: &dyn Repository) -> Result<Everything> {
    let ids: Vec<_> = (1..=6).map(asset_id).collect();
    let query = AssetQuery { text: Some("fresh".to_owned()), ..AssetQuery::default() };
    Ok(Everything {
        assets: repository.assets(&ids).await?,
        links: repository.parent_links(&ids).await?,
        events: repository.events(&super::fixtures::creation_id(1)).await?.len(),
        found: repository.list_assets(&query).await?.items.len(),
    })
}

pub async fn a_refused_commit_changes_nothing(harness: &impl Harness) -> Result<()> {
    let repository = harness.fresh().await?;
    let lease = leased(&*repository, 1).await?;
    let taken = Asset { registration: Some(registration(3)), ..asset(3)? };
    insert(&*repository, &[asset(1)?, asset(2)?, taken.clone(), asset(4)?]).await?;
    let link = ParentLink::new(asset_id(4), asset_id(2), 0, Relationship::Remix, Share::FULL);
    repository.commit(ChangeSet { put_links: vec![link.clone()], ..ChangeSet::default() }).await?;
    let before = everything(&*repository).await?;

    let good = || -> Result<ChangeSet> {
        Ok(ChangeSet {
            insert_assets: vec![titled(5, "fresh")?],
            update_assets: vec![next(&titled(1, "fresh")?)],
            delete_assets: vec![(asset_id(4), 1)],
            put_links: vec![ParentLink { child: asset_id(1), ..link.clone() }],
            ..append(1, &lease, recorded(1, every_event().into_iter().take(1)))
        })
    };
    let with = |change: &dyn Fn(&mut ChangeSet)| -> Result<ChangeSet> {
        let mut set = good()?;
        change(&mut set);
        Ok(set)
    };
    let stale = Asset { version: 3, ..asset(2)? };
    let second_ip = Asset { registration: Some(registration(3)), ..asset(6)? };
    let refused = [
        with(&|set| set.insert_assets.push(taken.clone()))?,
        with(&|set| set.insert_assets.push(second_ip.clone()))?,
        with(&|set| set.update_assets.push(stale.clone()))?,
        with(&|set| set.delete_assets.push((asset_id(3), 9)))?,
        with(&|set| set.delete_assets.push((asset_id(2), 1)))?,
        with(&|set| set.put_links.push(ParentLink { parent: asset_id(6), ..link.clone() }))?,
        with(&|set| set.journal.iter_mut().for_each(|journal| journal.generation += 1))?,
        with(&|set| {
            set.journal.iter_mut().for_each(|journal| journal.events.clone_from(&recorded(2, every_event())))
        })?,
    ];
    for (number, set) in refused.into_iter().enumerate() {
        let result = repository.commit(set).await;
        assert!(result.is_err(), "commit {number} was not refused");
        assert_eq!(everything(&*repository).await?, before, "commit {number} left something");
    }
    repository.commit(good()?).await?;
    let after = everything(&*repository).await?;
    assert_eq!((after.assets.len(), after.links.len(), after.events, after.found), (4, 1, 1, 2));
    Ok(())
}

pub async fn a_stale_asset_is_refused(harness: &impl Harness) -> Result<()> {
    let repository = harness.fresh().await?;
    let first = asset(1)?;
    insert(&*repository, std::slice::from_ref(&first)).await?;
    let second = next(&first);
    update(&*repository, std::slice::from_ref(&second)).await?;
    for version in [1, 2, 4] {
        let refused = update(&*repository, &[Asset { version, ..first.clone() }]).await;
        assert_eq!(kind(&refused), Some(ErrorKind::Conflict), "version {version}");
        assert_eq!(retry(&refused), Some(Retry::Never));
    }
    for version in [1, 3] {
        let refused = repository.commit(delete(&Asset { version, ..first.clone() })).await;
        assert_eq!(kind(&refused), Some(ErrorKind::Conflict), "version {version}");
    }
    assert_eq!(repository.asset(&first.id).await?, Some(second));
    Ok(())
}

pub async fn a_missing_asset_cannot_be_changed(harness: &impl Harness) -> Result<()> {
    let repository = harness.fresh().await?;
    let missing = asset(1)?;
    assert_eq!(kind(&update(&*repository, &[next(&missing)]).await), Some(ErrorKind::NotFound));
    assert_eq!(kind(&repository.commit(delete(&missing)).await), Some(ErrorKind::NotFound));
    Ok(())
}

pub async fn an_asset_id_is_taken_once(harness: &impl Harness) -> Result<()> {
    let repository = harness.fresh().await?;
    let first = asset(1)?;
    insert(&*repository, std::slice::from_ref(&first)).await?;
    let again = insert(&*repository, &[titled(1, "another")?]).await;
    assert_eq!(kind(&again), Some(ErrorKind::AlreadyExists));
    let twice = insert(&*repository, &[asset(2)?, asset(2)?]).await;
    assert_eq!(kind(&twice), Some(ErrorKind::AlreadyExists));
    assert_eq!(repository.assets(&[asset_id(1), asset_id(2)]).await?, [first]);
    Ok(())
}

pub async fn an_ip_belongs_to_one_asset(harness: &impl Harness) -> Result<()> {
    let repository = harness.fresh().await?;
    let (first, second) = (asset(1)?, asset(2)?);
    insert(&*repository, &[first.clone(), second.clone()]).await?;
    let registered = Asset { registration: Some(registration(7)), ..next(&first) };
    update(&*repository, std::slice::from_ref(&registered)).await?;
    let also = Asset { registration: Some(registration(7)), ..next(&second) };
    assert_eq!(kind(&update(&*repository, &[also]).await), Some(ErrorKind::AlreadyExists));
    let new = Asset { registration: Some(registration(7)), ..asset(3)? };
    assert_eq!(kind(&insert(&*repository, &[new]).await), Some(ErrorKind::AlreadyExists));
    // Its own IP is no obstacle.
    update(&*repository, &[next(&registered)]).await?;
    assert_eq!(repository.asset_by_ip(&ip_id(7)).await?.map(|asset| asset.id), Some(first.id));
    Ok(())
}

pub async fn an_ip_is_free_again_after_its_asset_is_gone(harness: &impl Harness) -> Result<()> {
    let repository = harness.fresh().await?;
    let first = Asset { registration: Some(registration(7)), ..asset(1)? };
    insert(&*repository, std::slice::from_ref(&first)).await?;
    repository.commit(delete(&first)).await?;
    assert_eq!(repository.asset_by_ip(&ip_id(7)).await?, None);
    let second = Asset { registration: Some(registration(7)), ..asset(2)? };
    insert(&*repository, std::slice::from_ref(&second)).await?;
    assert_eq!(repository.asset_by_ip(&ip_id(7)).await?, Some(second));
    Ok(())
}

pub async fn a_deleted_asset_is_gone(harness: &impl Harness) -> Result<()> {
    let repository = harness.fresh().await?;
    let first = asset(1)?;
    insert(&*repository, &[first.clone(), asset(2)?]).await?;
    repository.commit(delete(&first)).await?;
    assert_eq!(repository.asset(&first.id).await?, None);
    let left: Vec<_> = repository.list_assets(&AssetQuery::default()).await?.items;
    assert_eq!(left, [asset(2)?]);
    // The id may be used again.
    insert(&*repository, &[Asset { created_at: at(50), ..first }]).await
}

pub async fn one_of_many_updates_an_asset(harness: &impl Harness) -> Result<()> {
    let repository = harness.fresh().await?;
    insert(&*repository, &[asset(1)?]).await?;
    let mut changes = Vec::new();
    for number in 0..16 {
        let changed = next(&titled(1, &format!("writer {number}"))?);
        changes.push(ChangeSet { update_assets: vec![changed], ..ChangeSet::default() });
    }
    let results = join_all(changes.clone().into_iter().map(|set| repository.commit(set))).await;
    let won: Vec<_> = results.iter().zip(&changes).filter(|(result, _)| result.is_ok()).collect();
    assert_eq!(won.len(), 1);
    for refused in results.iter().filter(|result| result.is_err()) {
        assert_eq!(kind(refused), Some(ErrorKind::Conflict));
    }
    let stored = repository.asset(&asset_id(1)).await?;
    assert_eq!(stored.as_ref(), won.first().and_then(|(_, set)| set.update_assets.first()));
    Ok(())
}

pub async fn many_commits_at_once_all_land(harness: &impl Harness) -> Result<()> {
    let repository = harness.fresh().await?;
    let assets = (1..=64).map(asset).collect::<Result<Vec<_>>>()?;
    let commits = assets.iter().map(|asset| insert(&*repository, std::slice::from_ref(asset)));
    join_all(commits).await.into_iter().collect::<Result<()>>()?;
    let ids: Vec<_> = assets.iter().map(|asset| asset.id).collect();
    assert_eq!(repository.assets(&ids).await?, assets);
    Ok(())
}
