//! What a [`MemoryRepository`](super::MemoryRepository) holds, and how it is read.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use crate::{
    content::Cid,
    creation::{CreationRecord, Event, NewCreation, RecordedEvent, Token},
    domain::{
        asset::{Asset, ParentLink},
        page::{ArchiveFilter, AssetPosition, AssetQuery, AssetSort, CreationQuery, SortOrder},
        search,
    },
    error::Result,
    ids::{AssetId, CreationId, HolderId},
    onchain::{Address, IpId},
    port::{
        refusal::Refusal,
        repository::{Lease, Opened},
    },
    time::Timestamp,
};

/// An asset with its text as the search reads it.
#[derive(Debug)]
struct StoredAsset {
    asset: Asset,
    searchable: String,
}

/// A creation with its journal.
#[derive(Debug)]
pub(super) struct StoredCreation {
    pub(super) record: CreationRecord,
    pub(super) events: Vec<RecordedEvent>,
}

#[derive(Debug, Default)]
pub(super) struct State {
    assets: BTreeMap<AssetId, StoredAsset>,
    by_ip: BTreeMap<IpId, AssetId>,
    /// By child and parent.
    links: BTreeMap<(AssetId, AssetId), ParentLink>,
    /// Parent and child.
    children: BTreeSet<(AssetId, AssetId)>,
    creations: BTreeMap<CreationId, StoredCreation>,
    by_key: BTreeMap<(Address, String), CreationId>,
    by_asset: BTreeMap<AssetId, CreationId>,
}

/// The ids that sort before and after all others.
const FIRST: AssetId = AssetId::from_bytes([0; 16]);
const LAST: AssetId = AssetId::from_bytes([255; 16]);

impl State {
    pub(super) fn asset(&self, id: &AssetId) -> Option<&Asset> {
        self.assets.get(id).map(|stored| &stored.asset)
    }

    pub(super) fn asset_by_ip(&self, ip_id: &IpId) -> Option<&Asset> {
        self.by_ip.get(ip_id).and_then(|id| self.asset(id))
    }

    pub(super) fn put_asset(&mut self, asset: Asset) {
        self.remove_asset(&asset.id);
        if let Some(ip_id) = asset.ip_id() {
            self.by_ip.insert(ip_id, asset.id);
        }
        let searchable = search::searchable(&asset.text);
        self.assets.insert(asset.id, StoredAsset { asset, searchable });
    }

    pub(super) fn remove_asset(&mut self, id: &AssetId) {
        let ip_id = self.assets.remove(id).and_then(|stored| stored.asset.ip_id());
        // Within one commit the IP may have passed to another asset, which is stored already.
        if let Some(ip_id) = ip_id.filter(|ip_id| self.by_ip.get(ip_id) == Some(id)) {
            self.by_ip.remove(&ip_id);
        }
    }

    /// The assets of a query after a position, one more than fit on the page.
    pub(super) fn matching_assets(&self, query: &AssetQuery, after: Option<&AssetPosition>) -> Vec<Asset> {
        let words = query.words();
        let compare = |a: &Asset, b: &Asset| compare(query, &key(query.sort, a), &key(query.sort, b));
        let mut found: Vec<&Asset> = self
            .assets
            .values()
            .filter(|stored| words.iter().all(|word| stored.searchable.contains(word.as_str())))
            .map(|stored| &stored.asset)
            .filter(|asset| matches(query, asset))
            .filter(|asset| {
                after.is_none_or(|after| compare_position(query, &key(query.sort, asset), after).is_gt())
            })
            .collect();
        found.sort_unstable_by(|a, b| compare(a, b));
        found.into_iter().take(query.limit as usize + 1).cloned().collect()
    }

    pub(super) fn link(&self, child: &AssetId, parent: &AssetId) -> Option<&ParentLink> {
        self.links.get(&(*child, *parent))
    }

    pub(super) fn put_link(&mut self, link: ParentLink) {
        self.children.insert((link.parent, link.child));
        self.links.insert((link.child, link.parent), link);
    }

    pub(super) fn remove_link(&mut self, child: &AssetId, parent: &AssetId) {
        self.children.remove(&(*parent, *child));
        self.links.remove(&(*child, *parent));
    }

    pub(super) fn parents_of(&self, child: &AssetId) -> impl Iterator<Item = &ParentLink> {
        self.links.range((*child, FIRST)..=(*child, LAST)).map(|(_, link)| link)
    }

    pub(super) fn children_of(&self, parent: &AssetId) -> impl Iterator<Item = AssetId> {
        self.children.range((*parent, FIRST)..=(*parent, LAST)).map(|(_, child)| *child)
    }

    pub(super) fn parent_links(&self, children: &[AssetId]) -> Vec<ParentLink> {
        let children: BTreeSet<&AssetId> = children.iter().collect();
        let mut links: Vec<_> =
            children.into_iter().flat_map(|child| self.parents_of(child)).cloned().collect();
        links.sort_by_key(|link| (link.child, link.position, link.parent));
        links
    }

    pub(super) fn child_links(&self, parents: &[AssetId]) -> Vec<ParentLink> {
        let parents: BTreeSet<&AssetId> = parents.iter().collect();
        let mut links: Vec<_> = parents
            .into_iter()
            .flat_map(|parent| self.children_of(parent).filter_map(|child| self.link(&child, parent)))
            .cloned()
            .collect();
        links.sort_by_key(|link| (link.child, link.position, link.parent));
        links
    }

    /// Whether anything but `except` still needs this content.
    pub(super) fn needs(&self, cid: &Cid, except: &CreationId) -> bool {
        let by_asset = self.assets.values().map(|stored| &stored.asset).any(|asset| {
            let documents = [asset.ipa_metadata, asset.nft_metadata];
            asset.creation != *except
                && (asset.media.fingerprint.cid == *cid
                    || documents.into_iter().flatten().any(|document| document.cid == *cid))
        });
        let open = |stored: &&StoredCreation| !stored.record.status.is_over() && stored.record.id != *except;
        by_asset
            || self.creations.values().filter(open).any(|stored| {
                let pins = |recorded: &RecordedEvent| {
                    matches!(&recorded.event, Event::Intended { token: Token::Pin { cid: pinned }, .. } if pinned == cid)
                };
                stored.record.input.media.fingerprint.cid == *cid || stored.events.iter().any(pins)
            })
    }
}

/// Creations and their leases.
impl State {
    pub(super) fn creation(&self, id: &CreationId) -> Option<&CreationRecord> {
        self.creations.get(id).map(|stored| &stored.record)
    }

    pub(super) fn creation_mut(&mut self, id: &CreationId) -> Option<&mut StoredCreation> {
        self.creations.get_mut(id)
    }

    pub(super) fn creation_by_key(&self, owner: &Address, key: &str) -> Option<&CreationRecord> {
        self.by_key.get(&(*owner, key.to_owned())).and_then(|id| self.creation(id))
    }

    pub(super) fn creation_of_asset(&self, asset: &AssetId) -> Option<&CreationRecord> {
        self.by_asset.get(asset).and_then(|id| self.creation(id))
    }

    pub(super) fn events(&self, id: &CreationId) -> &[RecordedEvent] {
        self.creations.get(id).map_or(&[], |stored| &stored.events)
    }

    pub(super) fn open_creation(&mut self, new: &NewCreation) -> Result<Opened> {
        let key = (new.owner, new.idempotency_key.clone());
        if let Some(found) = self.by_key.get(&key).and_then(|id| self.creation(id)) {
            return Ok(Opened::Existing(found.clone()));
        }
        if self.creations.contains_key(&new.id) {
            return Err(Refusal::CreationTaken(new.id).into());
        }
        if self.by_asset.contains_key(&new.asset) {
            return Err(Refusal::AssetHasCreation(new.asset).into());
        }
        let record = CreationRecord::new(new.clone());
        self.by_key.insert(key, new.id);
        self.by_asset.insert(new.asset, new.id);
        self.creations.insert(new.id, StoredCreation { record: record.clone(), events: Vec::new() });
        Ok(Opened::New(record))
    }

    pub(super) fn matching_creations(
        &self,
        query: &CreationQuery,
        below: Option<&CreationId>,
    ) -> Vec<CreationRecord> {
        let free = |creation: &CreationRecord| {
            query.unleased_at.is_none_or(|now| creation.lease.is_none_or(|lease| lease.until <= now))
        };
        self.creations
            .values()
            .rev()
            .map(|stored| &stored.record)
            .filter(|creation| below.is_none_or(|below| creation.id < *below))
            .filter(|creation| query.owner.is_none_or(|owner| creation.owner == owner))
            .filter(|creation| query.statuses.is_empty() || query.statuses.contains(&creation.status))
            .filter(|creation| free(creation))
            .take(query.limit as usize + 1)
            .cloned()
            .collect()
    }

    pub(super) fn acquire_lease(
        &mut self,
        id: &CreationId,
        holder: HolderId,
        now: Timestamp,
        ttl: Duration,
    ) -> Result<Lease> {
        let creation = self.creations.get_mut(id).ok_or(Refusal::CreationMissing(*id))?;
        if let Some(held) = creation.record.lease.filter(|lease| lease.until > now) {
            return Err(Refusal::LeaseHeld { creation: *id, now, until: held.until }.into());
        }
        let generation = creation.record.lease.map_or(0, |lease| lease.generation) + 1;
        let lease = Lease::new(generation, holder, now.saturating_add(ttl));
        creation.record.lease = Some(lease);
        Ok(lease)
    }

    pub(super) fn renew_lease(
        &mut self,
        id: &CreationId,
        lease: &Lease,
        now: Timestamp,
        ttl: Duration,
    ) -> Result<Lease> {
        let creation = self.creations.get_mut(id).ok_or(Refusal::CreationMissing(*id))?;
        match &mut creation.record.lease {
            Some(stored) if is_same(stored, lease) => {
                stored.until = now.saturating_add(ttl);
                Ok(*stored)
            }
            other => {
                let newest = other.map_or(0, |stored| stored.generation);
                Err(Refusal::StaleLease { creation: *id, generation: lease.generation, newest }.into())
            }
        }
    }

    pub(super) fn release_lease(&mut self, id: &CreationId, lease: &Lease) {
        let stored = self.creations.get_mut(id).and_then(|creation| creation.record.lease.as_mut());
        // The generation stays: the next holder's must be above it.
        if let Some(stored) = stored.filter(|stored| is_same(stored, lease)) {
            stored.until = Timestamp::EPOCH;
        }
    }
}

fn is_same(stored: &Lease, lease: &Lease) -> bool {
    stored.generation == lease.generation && stored.holder == lease.holder
}

fn matches(query: &AssetQuery, asset: &Asset) -> bool {
    let archived = match query.archived {
        ArchiveFilter::Active => asset.archived_at.is_none(),
        ArchiveFilter::Archived => asset.archived_at.is_some(),
        ArchiveFilter::Any => true,
    };
    archived
        && query.owner.is_none_or(|owner| asset.owner == owner)
        && query.asset_type.is_none_or(|kind| asset.asset_type == kind)
        && query.registered.is_none_or(|registered| asset.registration.is_some() == registered)
}

/// Where an asset stands in a list.
enum Key<'a> {
    Time(i64, AssetId),
    Title(&'a str, AssetId),
}

fn key(sort: AssetSort, asset: &Asset) -> Key<'_> {
    match sort {
        AssetSort::CreatedAt => Key::Time(asset.created_at.unix_micros(), asset.id),
        AssetSort::UpdatedAt => Key::Time(asset.updated_at.unix_micros(), asset.id),
        AssetSort::Title => Key::Title(&asset.text.title, asset.id),
    }
}

fn compare_position(query: &AssetQuery, key: &Key<'_>, position: &AssetPosition) -> Ordering {
    match position {
        AssetPosition::Time(time, id) => compare(query, key, &Key::Time(*time, *id)),
        AssetPosition::Title(title, id) => compare(query, key, &Key::Title(title, *id)),
    }
}

fn compare(query: &AssetQuery, a: &Key<'_>, b: &Key<'_>) -> Ordering {
    let ascending = match (a, b) {
        (Key::Time(a, a_id), Key::Time(b, b_id)) => (a, a_id).cmp(&(b, b_id)),
        (Key::Title(a, a_id), Key::Title(b, b_id)) => (a, a_id).cmp(&(b, b_id)),
        // One query has one kind of key: `AssetQuery::position` checked it.
        (Key::Time(..), Key::Title(..)) => Ordering::Less,
        (Key::Title(..), Key::Time(..)) => Ordering::Greater,
    };
    match query.order {
        SortOrder::Ascending => ascending,
        SortOrder::Descending => ascending.reverse(),
    }
}
