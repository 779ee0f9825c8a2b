//! A commit under check: what would be stored, over what is.

use std::collections::{BTreeMap, BTreeSet};

use super::state::State;
use crate::{
    domain::asset::{Asset, ParentLink},
    error::Result,
    ids::AssetId,
    onchain::IpId,
    port::{
        refusal::Refusal,
        repository::{ChangeSet, JournalAppend},
    },
};

/// What a commit changes; `None` removes.
#[derive(Default)]
pub(super) struct Changes {
    assets: BTreeMap<AssetId, Option<Asset>>,
    ips: BTreeMap<IpId, Option<AssetId>>,
    /// By child and parent.
    links: BTreeMap<(AssetId, AssetId), Option<ParentLink>>,
    journal: Option<JournalAppend>,
}

/// Changes over the state that they are checked against.
pub(super) struct Draft<'a> {
    state: &'a State,
    changes: Changes,
}

impl<'a> Draft<'a> {
    /// Checks a change set in the order of its fields.
    pub(super) fn check(state: &'a State, set: ChangeSet) -> Result<Self> {
        let mut draft = Self { state, changes: Changes::default() };
        for asset in set.insert_assets {
            draft.insert(asset)?;
        }
        for asset in set.update_assets {
            draft.update(asset)?;
        }
        draft.delete(&set.delete_assets)?;
        for link in set.put_links {
            draft.link(link)?;
        }
        if let Some(append) = set.journal {
            draft.append(append)?;
        }
        Ok(draft)
    }

    pub(super) fn into_changes(self) -> Changes {
        self.changes
    }

    fn asset(&self, id: &AssetId) -> Option<&Asset> {
        match self.changes.assets.get(id) {
            Some(changed) => changed.as_ref(),
            None => self.state.asset(id),
        }
    }

    fn insert(&mut self, asset: Asset) -> Result<()> {
        if asset.version != 1 {
            return Err(Refusal::NotAFirstVersion(asset.id).into());
        }
        if self.asset(&asset.id).is_some() {
            return Err(Refusal::AssetTaken(asset.id).into());
        }
        self.put(asset)
    }

    fn update(&mut self, asset: Asset) -> Result<()> {
        let expected = asset.version.saturating_sub(1);
        let old_ip = self.check_version(&asset.id, expected)?.ip_id();
        if let Some(ip_id) = old_ip {
            self.changes.ips.insert(ip_id, None);
        }
        self.put(asset)
    }

    fn put(&mut self, asset: Asset) -> Result<()> {
        if let Some(ip_id) = asset.ip_id() {
            let owner = match self.changes.ips.get(&ip_id) {
                Some(changed) => *changed,
                None => self.state.asset_by_ip(&ip_id).map(|stored| stored.id),
            };
            if owner.is_some_and(|owner| owner != asset.id) {
                return Err(Refusal::IpTaken(ip_id).into());
            }
            self.changes.ips.insert(ip_id, Some(asset.id));
        }
        self.changes.assets.insert(asset.id, Some(asset));
        Ok(())
    }

    fn check_version(&self, id: &AssetId, expected: u64) -> Result<&Asset> {
        let stored = self.asset(id).ok_or(Refusal::AssetMissing(*id))?;
        if stored.version == expected {
            Ok(stored)
        } else {
            Err(Refusal::StaleAsset { asset: *id, expected, stored: stored.version }.into())
        }
    }

    fn delete(&mut self, removed: &[(AssetId, u64)]) -> Result<()> {
        // A parent may go together with all its children.
        let gone: BTreeSet<AssetId> = removed.iter().map(|(id, _)| *id).collect();
        for (id, version) in removed {
            let old_ip = self.check_version(id, *version)?.ip_id();
            if self.state.children_of(id).any(|child| !gone.contains(&child)) {
                return Err(Refusal::IsParent(*id).into());
            }
            if let Some(ip_id) = old_ip {
                self.changes.ips.insert(ip_id, None);
            }
            self.changes.assets.insert(*id, None);
            let parents: Vec<AssetId> = self.state.parents_of(id).map(|link| link.parent).collect();
            self.changes.links.extend(parents.into_iter().map(|parent| ((*id, parent), None)));
        }
        Ok(())
    }

    fn link(&mut self, link: ParentLink) -> Result<()> {
        for end in [&link.child, &link.parent] {
            if self.asset(end).is_none() {
                return Err(Refusal::AssetMissing(*end).into());
            }
        }
        self.changes.links.insert((link.child, link.parent), Some(link));
        Ok(())
    }

    fn append(&mut self, append: JournalAppend) -> Result<()> {
        let creation = append.creation;
        let record = self.state.creation(&creation).ok_or(Refusal::CreationMissing(creation))?;
        let newest = record.lease.map_or(0, |lease| lease.generation);
        if newest == 0 || append.generation != newest {
            return Err(Refusal::StaleLease { creation, generation: append.generation, newest }.into());
        }
        let stored = u64::try_from(self.state.events(&creation).len()).unwrap_or(u64::MAX);
        for (expected, event) in (stored.saturating_add(1)..).zip(&append.events) {
            if event.seq != expected {
                return Err(Refusal::EventGap { creation, expected, found: event.seq }.into());
            }
        }
        self.changes.journal = Some(append);
        Ok(())
    }
}

impl Changes {
    /// Writes everything. Nothing here can fail.
    pub(super) fn apply(self, state: &mut State) {
        for (id, asset) in self.assets {
            match asset {
                Some(asset) => state.put_asset(asset),
                None => state.remove_asset(&id),
            }
        }
        for ((child, parent), link) in self.links {
            match link {
                Some(link) => state.put_link(link),
                None => state.remove_link(&child, &parent),
            }
        }
        let Some(append) = self.journal else { return };
        if let Some(creation) = state.creation_mut(&append.creation) {
            creation.events.extend(append.events);
            creation.record.status = append.status;
            creation.record.step = append.step;
            creation.record.updated_at = append.at;
        }
    }
}
