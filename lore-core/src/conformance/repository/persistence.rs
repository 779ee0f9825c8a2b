//! Records that outlive the handle, and several handles on one store.

use futures_util::future::join_all;

use super::{
    fixtures::{
        append, asset, asset_id, creation_id, every_event, insert, leased, maximal_asset, next, recorded,
        titled, update,
    },
    harness::{Harness, skip},
};
use crate::{
    domain::{
        asset::{Asset, ParentLink, Relationship},
        page::AssetQuery,
    },
    error::{ErrorKind, Result},
    onchain::Share,
    port::repository::ChangeSet,
};

const WHY: &str = "the records end with the handle";

pub async fn data_survive_reopening(harness: &impl Harness) -> Result<()> {
    let repository = harness.fresh().await?;
    let lease = leased(&*repository, 1).await?;
    let assets = [asset(1)?, maximal_asset(2)?, titled(3, "星空 story")?];
    insert(&*repository, &assets).await?;
    let link = ParentLink::new(asset_id(1), asset_id(2), 0, Relationship::Remix, Share::FULL);
    let events = recorded(1, every_event());
    let set = ChangeSet { put_links: vec![link.clone()], ..append(1, &lease, events.clone()) };
    repository.commit(set).await?;
    let creation = repository.creation(&creation_id(1)).await?;
    drop(repository);

    let Some(repository) = harness.reopen().await? else {
        skip("data_survive_reopening", WHY);
        return Ok(());
    };
    assert_eq!(repository.assets(&[1, 2, 3].map(asset_id)).await?, assets);
    assert_eq!(repository.parent_links(&[asset_id(1)]).await?, [link]);
    assert_eq!(repository.creation(&creation_id(1)).await?, creation);
    assert_eq!(repository.events(&creation_id(1)).await?, events);
    let query = AssetQuery { text: Some("空".to_owned()), ..AssetQuery::default() };
    assert_eq!(repository.list_assets(&query).await?.items, [titled(3, "星空 story")?]);
    Ok(())
}

pub async fn two_handles_share_one_store(harness: &impl Harness) -> Result<()> {
    let first = harness.fresh().await?;
    let Some(second) = harness.reopen().await? else {
        skip("two_handles_share_one_store", WHY);
        return Ok(());
    };
    insert(&*first, &[asset(1)?]).await?;
    assert_eq!(second.asset(&asset_id(1)).await?, Some(asset(1)?));
    let refused = update(&*second, &[Asset { version: 3, ..asset(1)? }]).await;
    assert_eq!(refused.err().map(|err| err.kind()), Some(ErrorKind::Conflict));
    update(&*second, &[next(&titled(1, "changed")?)]).await?;
    assert_eq!(first.asset(&asset_id(1)).await?.map(|asset| asset.text.title), Some("changed".to_owned()));

    let assets = (10..42).map(asset).collect::<Result<Vec<_>>>()?;
    let writes = assets.iter().zip([&first, &second].into_iter().cycle());
    let writes = writes.map(|(asset, handle)| insert(&**handle, std::slice::from_ref(asset)));
    join_all(writes).await.into_iter().collect::<Result<()>>()?;
    for handle in [&first, &second] {
        let query = AssetQuery { limit: 100, ..AssetQuery::default() };
        assert_eq!(handle.list_assets(&query).await?.items.len(), 33);
    }
    Ok(())
}
