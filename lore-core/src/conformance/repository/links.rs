//! Links between assets, and what content is still needed.

use super::{
    fixtures::{
        append, asset, asset_id, cid, creation, creation_id, hash, insert, kind, leased, next, recorded,
        update,
    },
    harness::Harness,
};
use crate::{
    creation::{CreationStatus, Event, Step, Token},
    domain::asset::{Asset, MetadataRef, OnChainLink, ParentLink, Relationship},
    error::{ErrorKind, Result},
    onchain::{Address, LicenseTermsId, Share},
    port::repository::{ChangeSet, Repository},
};

fn link(child: u32, parent: u32, position: u8) -> ParentLink {
    ParentLink::new(asset_id(child), asset_id(parent), position, Relationship::Remix, Share::ZERO)
}

async fn put(repository: &dyn Repository, links: &[ParentLink]) -> Result<()> {
    repository.commit(ChangeSet { put_links: links.to_vec(), ..ChangeSet::default() }).await
}

/// Assets 1 to 5: 4 has the parents 2 and 1 in that order, 5 has 2 and 4.
async fn family(repository: &dyn Repository) -> Result<[ParentLink; 4]> {
    let assets = (1..=5).map(asset).collect::<Result<Vec<_>>>()?;
    insert(repository, &assets).await?;
    let links = [link(4, 2, 0), link(4, 1, 1), link(5, 2, 0), link(5, 4, 1)];
    put(repository, &links).await?;
    Ok(links)
}

pub async fn links_lead_up_and_down(harness: &impl Harness) -> Result<()> {
    let repository = harness.fresh().await?;
    let [four_two, four_one, five_two, five_four] = family(&*repository).await?;
    let up = |ids: &[u32]| ids.iter().copied().map(asset_id).collect::<Vec<_>>();
    assert_eq!(repository.parent_links(&up(&[4])).await?, [four_two.clone(), four_one.clone()]);
    let all = [four_two.clone(), four_one.clone(), five_two.clone(), five_four.clone()];
    assert_eq!(repository.parent_links(&up(&[5, 4, 5, 1, 99])).await?, all);
    assert_eq!(repository.child_links(&up(&[2])).await?, [four_two.clone(), five_two.clone()]);
    assert_eq!(repository.child_links(&up(&[4, 1])).await?, [four_one, five_four]);
    assert_eq!(repository.child_links(&up(&[5, 99])).await?, []);
    assert_eq!(repository.parent_links(&[]).await?, []);
    assert_eq!(repository.child_links(&[]).await?, []);
    Ok(())
}

pub async fn a_link_is_written_over(harness: &impl Harness) -> Result<()> {
    let repository = harness.fresh().await?;
    family(&*repository).await?;
    let made = OnChainLink::new(LicenseTermsId::MAX, Address::from_bytes([255; 20]), Share::FULL);
    for relationship in Relationship::ALL {
        for on_chain in [Some(made), None] {
            let changed =
                ParentLink { relationship, on_chain, attribution: Share::FULL, ..link(4, 2, u8::MAX) };
            put(&*repository, std::slice::from_ref(&changed)).await?;
            assert_eq!(repository.parent_links(&[asset_id(4)]).await?, [link(4, 1, 1), changed]);
        }
    }
    Ok(())
}

pub async fn a_link_needs_both_assets(harness: &impl Harness) -> Result<()> {
    let repository = harness.fresh().await?;
    insert(&*repository, &[asset(1)?]).await?;
    assert_eq!(kind(&put(&*repository, &[link(1, 9, 0)]).await), Some(ErrorKind::NotFound));
    assert_eq!(kind(&put(&*repository, &[link(9, 1, 0)]).await), Some(ErrorKind::NotFound));
    // A child that comes with its link is there.
    let together =
        ChangeSet { insert_assets: vec![asset(2)?], put_links: vec![link(2, 1, 0)], ..ChangeSet::default() };
    repository.commit(together).await?;
    assert_eq!(repository.parent_links(&[asset_id(2)]).await?, [link(2, 1, 0)]);
    Ok(())
}

fn delete(numbers: &[u32]) -> ChangeSet {
    let delete_assets = numbers.iter().map(|number| (asset_id(*number), 1)).collect();
    ChangeSet { delete_assets, ..ChangeSet::default() }
}

pub async fn a_parent_cannot_be_deleted(harness: &impl Harness) -> Result<()> {
    let repository = harness.fresh().await?;
    let links = family(&*repository).await?;
    for parent in [1, 2, 4] {
        let refused = repository.commit(delete(&[parent])).await;
        assert_eq!(kind(&refused), Some(ErrorKind::Conflict), "parent {parent}");
    }
    assert_eq!(repository.parent_links(&[asset_id(4), asset_id(5)]).await?, links);
    // Without its child it is no parent any more.
    repository.commit(delete(&[5])).await?;
    assert_eq!(repository.child_links(&[asset_id(4), asset_id(2)]).await?, [link(4, 2, 0)]);
    repository.commit(delete(&[4])).await?;
    assert_eq!(repository.parent_links(&[asset_id(4)]).await?, []);
    repository.commit(delete(&[1, 2, 3])).await
}

pub async fn a_parent_goes_with_all_its_children(harness: &impl Harness) -> Result<()> {
    let repository = harness.fresh().await?;
    family(&*repository).await?;
    assert_eq!(kind(&repository.commit(delete(&[2, 4])).await), Some(ErrorKind::Conflict));
    repository.commit(delete(&[2, 4, 5])).await?;
    assert_eq!(repository.child_links(&[1, 2, 4].map(asset_id)).await?, []);
    Ok(())
}

pub async fn an_asset_needs_its_cids(harness: &impl Harness) -> Result<()> {
    let repository = harness.fresh().await?;
    let first = asset(1)?;
    insert(&*repository, std::slice::from_ref(&first)).await?;
    let with_documents = Asset {
        ipa_metadata: Some(MetadataRef::new(cid(11), hash(11))),
        nft_metadata: Some(MetadataRef::new(cid(12), hash(12))),
        archived_at: Some(first.created_at),
        ..next(&first)
    };
    update(&*repository, &[with_documents]).await?;
    let asked = [cid(12), cid(99), cid(1), cid(11)];
    assert_eq!(repository.needed_cids(&asked, &creation_id(9)).await?, [cid(12), cid(1), cid(11)]);
    assert_eq!(repository.needed_cids(&asked, &creation_id(1)).await?, []);
    assert_eq!(repository.needed_cids(&[], &creation_id(9)).await?, []);
    let removed = ChangeSet { delete_assets: vec![(first.id, 2)], ..ChangeSet::default() };
    repository.commit(removed).await?;
    assert_eq!(repository.needed_cids(&asked, &creation_id(9)).await?, []);
    Ok(())
}

pub async fn an_open_creation_needs_its_media(harness: &impl Harness) -> Result<()> {
    let repository = harness.fresh().await?;
    repository.open_creation(&creation(1)?).await?;
    assert_eq!(repository.needed_cids(&[cid(1), cid(2)], &creation_id(9)).await?, [cid(1)]);
    assert_eq!(repository.needed_cids(&[cid(1), cid(2)], &creation_id(1)).await?, []);
    let lease = leased(&*repository, 1).await?;
    for (status, needed) in [
        (CreationStatus::Stuck, true),
        (CreationStatus::Finished, false),
        (CreationStatus::Running, true),
        (CreationStatus::Cancelled, false),
    ] {
        let mut set = append(1, &lease, Vec::new());
        set.journal.iter_mut().for_each(|journal| journal.status = status);
        repository.commit(set).await?;
        let found = repository.needed_cids(&[cid(1)], &creation_id(9)).await?;
        assert_eq!(!found.is_empty(), needed, "{status}");
    }
    Ok(())
}

pub async fn an_open_creation_needs_what_it_pins(harness: &impl Harness) -> Result<()> {
    let repository = harness.fresh().await?;
    let lease = leased(&*repository, 1).await?;
    let intent = Event::Intended { step: Step::IpaMetadataUpload, token: Token::Pin { cid: cid(21) } };
    repository.commit(append(1, &lease, recorded(1, [intent]))).await?;
    assert_eq!(repository.needed_cids(&[cid(21)], &creation_id(9)).await?, [cid(21)]);
    assert_eq!(repository.needed_cids(&[cid(21)], &creation_id(1)).await?, []);
    let mut over = append(1, &lease, recorded(2, [Event::Cancelled]));
    over.journal.iter_mut().for_each(|journal| journal.status = CreationStatus::Cancelled);
    repository.commit(over).await?;
    assert_eq!(repository.needed_cids(&[cid(21)], &creation_id(9)).await?, []);
    Ok(())
}
