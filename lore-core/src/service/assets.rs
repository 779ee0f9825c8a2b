//! [`AssetService`]: reads, edits, archives and deletes assets.

use serde::Serialize;

use crate::{
    caller::Caller,
    content::Cid,
    creation::driver::Ports,
    domain::{
        asset::{Asset, AssetText, check_text},
        page::{AssetQuery, Page},
    },
    error::{Error, ErrorKind, Result},
    ids::AssetId,
    onchain::IpId,
    port::repository::ChangeSet,
};

/// New words for an asset; what is `None` stays.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
#[must_use]
pub struct AssetEdit {
    /// A new title.
    pub title: Option<String>,
    /// A new description.
    pub description: Option<String>,
    /// New tags.
    pub tags: Option<Vec<String>>,
}

impl AssetEdit {
    /// Sets a title.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// Sets a description.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Sets the tags.
    pub fn tags(mut self, tags: Vec<String>) -> Self {
        self.tags = Some(tags);
        self
    }

    fn apply(self, text: &mut AssetText) {
        if let Some(title) = self.title {
            text.title = title;
        }
        if let Some(description) = self.description {
            text.description = description;
        }
        if let Some(tags) = self.tags {
            text.tags = tags;
        }
    }
}

/// What deleting an asset left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Deleted {
    /// Content that is no longer pinned.
    pub unpinned: Vec<Cid>,
    /// Content that stays: other work needs it, or the chain points to it.
    pub kept: Vec<Cid>,
    /// The IP that stays on chain, if the asset was registered.
    pub on_chain: Option<IpId>,
}

/// Reads, edits, archives and deletes assets.
#[derive(Clone, Debug)]
pub struct AssetService {
    ports: Ports,
}

impl AssetService {
    pub(crate) fn new(ports: Ports) -> Self {
        Self { ports }
    }

    /// One asset. Archived ones are seen by their owner only.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound).
    pub async fn get(&self, caller: &Caller, id: &AssetId) -> Result<Asset> {
        let asset = self.load(id, "get_asset").await?;
        if is_visible(caller, &asset) { Ok(asset) } else { Err(no_such_asset(id, "get_asset")) }
    }

    /// The asset that is registered as this IP.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound).
    pub async fn get_by_ip(&self, caller: &Caller, ip_id: &IpId) -> Result<Asset> {
        let found = self.ports.repository.asset_by_ip(ip_id).await?.ok_or_else(|| {
            Error::new(ErrorKind::NotFound, "no asset is registered as this IP")
                .with_op("get_asset_by_ip")
                .with_context("ip_id", ip_id)
        })?;
        self.get(caller, &found.id).await
    }

    /// A page of assets. Archived ones are listed for their owner only.
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput) for bounds and cursors; [`PermissionDenied`](ErrorKind::PermissionDenied)
    /// for somebody else's archive.
    pub async fn list(&self, caller: &Caller, query: &AssetQuery) -> Result<Page<Asset>> {
        if query.archived != crate::domain::page::ArchiveFilter::Active {
            match (caller, query.owner) {
                (Caller::User(_), Some(owner)) => caller.require_owner(owner, "list_assets")?,
                (Caller::User(_), None) => {
                    return Err(Error::new(
                        ErrorKind::PermissionDenied,
                        "an archive is its owner's: name the owner",
                    )
                    .with_op("list_assets"));
                }
                (Caller::Moderator(_) | Caller::System, _) => {}
            }
        }
        self.ports.repository.list_assets(query).await
    }

    /// Changes title, description or tags of Lore's record. What is on chain and in IPFS stays as it was registered.
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput) naming the fields; [`NotFound`](ErrorKind::NotFound);
    /// [`PermissionDenied`](ErrorKind::PermissionDenied); [`Conflict`](ErrorKind::Conflict) if `version` is not the stored
    /// one: read again and decide.
    pub async fn edit(&self, caller: &Caller, id: &AssetId, version: u64, edit: AssetEdit) -> Result<Asset> {
        self.change(caller, id, Some(version), "edit_asset", |asset, _| {
            edit.apply(&mut asset.text);
            check_text(&asset.text)?;
            Ok(())
        })
        .await
    }

    /// Puts an asset away: it is no longer listed. Archiving twice is fine.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound); [`PermissionDenied`](ErrorKind::PermissionDenied);
    /// [`Conflict`](ErrorKind::Conflict) if somebody changed the asset at the same moment: the same call works then.
    pub async fn archive(&self, caller: &Caller, id: &AssetId) -> Result<Asset> {
        self.change(caller, id, None, "archive_asset", |asset, now| {
            asset.archived_at.get_or_insert(now);
            Ok(())
        })
        .await
    }

    /// Takes an asset out of the archive. Restoring twice is fine.
    ///
    /// # Errors
    /// As [`archive`](Self::archive).
    pub async fn restore(&self, caller: &Caller, id: &AssetId) -> Result<Asset> {
        self.change(caller, id, None, "restore_asset", |asset, _| {
            asset.archived_at = None;
            Ok(())
        })
        .await
    }

    /// Removes Lore's record for good. What is on chain stays, with the content that the chain points to.
    ///
    /// # Errors
    /// [`Conflict`](ErrorKind::Conflict) if the asset is a parent, or its creation is not over;
    /// [`NotFound`](ErrorKind::NotFound); [`PermissionDenied`](ErrorKind::PermissionDenied).
    pub async fn delete(&self, caller: &Caller, id: &AssetId) -> Result<Deleted> {
        const OP: &str = "delete_asset";
        let asset = self.load(id, OP).await?;
        caller.require_owner(asset.owner, OP)?;
        let creation = self.ports.repository.creation(&asset.creation).await?;
        if let Some(open) = creation.filter(|creation| !creation.status.is_over()) {
            return Err(Error::new(
                ErrorKind::Conflict,
                "the asset is still being created: cancel or finish that first",
            )
            .with_op(OP)
            .with_context("creation", open.id));
        }
        let changes = ChangeSet { delete_assets: vec![(asset.id, asset.version)], ..ChangeSet::default() };
        self.ports.repository.commit(changes).await.map_err(|error| error.with_op(OP))?;
        let metadata =
            [asset.ipa_metadata, asset.nft_metadata].into_iter().flatten().map(|document| document.cid);
        let cids: Vec<_> = std::iter::once(asset.media.fingerprint.cid).chain(metadata).collect();
        let on_chain = asset.ip_id();
        if on_chain.is_some() {
            return Ok(Deleted { unpinned: Vec::new(), kept: cids, on_chain });
        }
        let kept = self.ports.repository.needed_cids(&cids, &asset.creation).await?;
        let unpinned: Vec<_> = cids.into_iter().filter(|cid| !kept.contains(cid)).collect();
        for cid in &unpinned {
            self.ports.pins.unpin(cid).await.map_err(|error| error.with_op(OP))?;
        }
        Ok(Deleted { unpinned, kept, on_chain })
    }

    /// Changes one asset: permission, load, rule, commit once.
    async fn change(
        &self,
        caller: &Caller,
        id: &AssetId,
        version: Option<u64>,
        op: &'static str,
        rule: impl FnOnce(&mut Asset, crate::time::Timestamp) -> Result<()>,
    ) -> Result<Asset> {
        let mut asset = self.load(id, op).await?;
        caller.require_owner(asset.owner, op)?;
        if let Some(expected) = version.filter(|expected| *expected != asset.version) {
            return Err(Error::new(ErrorKind::Conflict, "the asset changed since it was read")
                .with_op(op)
                .with_context("asset", id)
                .with_context("expected_version", expected)
                .with_context("found_version", asset.version));
        }
        let before = asset.clone();
        let now = self.ports.clock.now();
        rule(&mut asset, now).map_err(|error| error.with_op(op))?;
        if asset == before {
            return Ok(asset);
        }
        asset.version += 1;
        asset.updated_at = now;
        let changes = ChangeSet { update_assets: vec![asset.clone()], ..ChangeSet::default() };
        self.ports.repository.commit(changes).await.map_err(|error| error.with_op(op))?;
        Ok(asset)
    }

    async fn load(&self, id: &AssetId, op: &'static str) -> Result<Asset> {
        self.ports.repository.asset(id).await?.ok_or_else(|| no_such_asset(id, op))
    }
}

/// Whether the caller may see an asset: an archived one is its owner's.
pub(super) fn is_visible(caller: &Caller, asset: &Asset) -> bool {
    asset.archived_at.is_none() || caller.require_owner(asset.owner, "see_asset").is_ok()
}

pub(super) fn no_such_asset(id: &AssetId, op: &'static str) -> Error {
    Error::new(ErrorKind::NotFound, "no such asset").with_op(op).with_context("asset", id)
}
