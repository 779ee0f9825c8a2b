//! [`DerivativeService`]: families of assets, what linking would need, and what a payment would bring to whom.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::{
    caller::Caller,
    creation::{ParentInput, driver::Ports},
    domain::{
        asset::{Asset, ParentLink},
        derivative::{Family, FamilyTree, Relative, check_parents},
        linking::check_parent_licenses,
        royalty::{RoyaltyLink, RoyaltyPolicy, RoyaltyPreview, preview},
    },
    error::{Error, ErrorKind, Result, Violation, Violations},
    ids::AssetId,
    onchain::Wei,
    protocol::MAX_ANCESTORS,
    service::assets::{is_visible, no_such_asset},
};

/// Most assets in one family view; the rest is cut, and the view says so.
const MAX_FAMILY: usize = 10_000;

/// An asset's family: every ancestor and descendant that Lore knows, and the links between them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct FamilyView {
    /// The asset in question.
    pub asset: AssetId,
    /// All above it, nearest first.
    pub ancestors: Vec<Relative>,
    /// All below it, nearest first.
    pub descendants: Vec<Relative>,
    /// The records of all of them, and of the asset itself. What others archived is in the tree, because the links are
    /// on chain, but not here.
    pub members: Vec<Asset>,
    /// All of them as a person looks at them.
    pub tree: FamilyTree,
    /// Whether there are more than 10,000 relatives, and some are missing here.
    pub is_cut: bool,
}

/// Families of assets and their royalties.
#[derive(Clone, Debug)]
pub struct DerivativeService {
    ports: Ports,
}

impl DerivativeService {
    pub(crate) fn new(ports: Ports) -> Self {
        Self { ports }
    }

    /// Checks whether a child may be linked to these parents: shares, relationships, cycles, and the parents' licenses on
    /// chain. `child` is the asset to be linked, if it exists already.
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput) with every broken rule; [`NotFound`](ErrorKind::NotFound) for an unknown
    /// parent.
    pub async fn check(&self, _: &Caller, child: Option<AssetId>, parents: &[ParentInput]) -> Result<()> {
        const OP: &str = "check_parents";
        check_parents(parents, child).map_err(|found| Error::from(found).with_op(OP))?;
        let ids: Vec<_> = parents.iter().map(|parent| parent.asset).collect();
        if let Some(child) = child {
            let (links, _) = self.links(&ids, Direction::Up).await?;
            Family::new(&links)
                .check_cycles(child, parents)
                .map_err(|found| Error::from(found).with_op(OP))?;
        }
        let assets = self.ports.repository.assets(&ids).await?;
        let mut found = Violations::new();
        let mut states = Vec::with_capacity(ids.len());
        for (index, id) in ids.iter().enumerate() {
            let asset = assets.iter().find(|asset| asset.id == *id).ok_or_else(|| no_such_asset(id, OP))?;
            let state = match asset.ip_id() {
                Some(ip_id) => self.ports.chain.ip(&ip_id).await?,
                None => None,
            };
            match state {
                Some(state) => states.push(state),
                None => found.push(Violation::new(
                    format!("parents[{index}].asset"),
                    "not_registered",
                    "a parent that is registered on chain",
                )),
            }
        }
        if found.is_empty() {
            found = check_parent_licenses(&states, self.ports.clock.now()).err().unwrap_or_default();
        }
        found.into_result(()).map_err(|found| Error::from(found).with_op(OP))
    }

    /// The links from an asset up to its parents, in order.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound).
    pub async fn parents(&self, caller: &Caller, id: &AssetId) -> Result<Vec<ParentLink>> {
        self.existing(caller, id, "list_parents").await?;
        self.ports.repository.parent_links(&[*id]).await
    }

    /// The links from an asset down to its children.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound).
    pub async fn children(&self, caller: &Caller, id: &AssetId) -> Result<Vec<ParentLink>> {
        self.existing(caller, id, "list_children").await?;
        self.ports.repository.child_links(&[*id]).await
    }

    /// Everybody above and below an asset.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound).
    pub async fn family(&self, caller: &Caller, id: &AssetId) -> Result<FamilyView> {
        let asset = self.existing(caller, id, "family").await?;
        let (mut links, up_cut) = self.links(&[*id], Direction::Up).await?;
        let (down, down_cut) = self.links(&[*id], Direction::Down).await?;
        links.extend(down);
        let family = Family::new(&links);
        let tree = family.tree(asset.id);
        let (ancestors, descendants) = (family.ancestors(asset.id), family.descendants(asset.id));
        let ids: Vec<_> = std::iter::once(asset.id)
            .chain(ancestors.iter().chain(&descendants).map(|relative| relative.asset))
            .collect();
        let mut members = self.ports.repository.assets(&ids).await?;
        members.retain(|member| is_visible(caller, member));
        Ok(FamilyView { asset: asset.id, ancestors, descendants, members, tree, is_cut: up_cut || down_cut })
    }

    /// What the next payment of `amount` wei to an asset brings to it and to each of its ancestors, exactly.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound); [`Conflict`](ErrorKind::Conflict) if a link above it is not on chain yet;
    /// [`InvalidInput`](ErrorKind::InvalidInput) for an amount that the chain's arithmetic cannot hold.
    pub async fn royalty_preview(
        &self,
        caller: &Caller,
        id: &AssetId,
        amount: Wei,
    ) -> Result<RoyaltyPreview<AssetId>> {
        const OP: &str = "royalty_preview";
        self.existing(caller, id, OP).await?;
        let (links, cut) = self.links(&[*id], Direction::Up).await?;
        if cut {
            return Err(
                Error::new(ErrorKind::Unsupported, "more ancestors than the protocol allows").with_op(OP)
            );
        }
        let mut edges = Vec::with_capacity(links.len());
        for link in &links {
            let on_chain = link.on_chain.ok_or_else(|| {
                Error::new(ErrorKind::Conflict, "a link is not on chain yet")
                    .with_op(OP)
                    .with_context("child", link.child)
                    .with_context("parent", link.parent)
            })?;
            // Terms without a policy owe nothing.
            if on_chain.policy.is_zero() {
                continue;
            }
            let policy = RoyaltyPolicy::of(on_chain.policy).ok_or_else(|| {
                Error::new(
                    ErrorKind::Unsupported,
                    "a link uses a royalty policy that is not part of the protocol",
                )
                .with_op(OP)
                .with_context("policy", on_chain.policy)
            })?;
            edges.push(RoyaltyLink::new(link.child, link.parent, policy, on_chain.royalty));
        }
        let chain = self.ports.chain.info().await?;
        preview(&edges, *id, amount, chain.royalty_fee).map_err(|error| Error::from(error).with_op(OP))
    }

    /// All links reachable in one direction, and whether there are more than fit.
    async fn links(&self, from: &[AssetId], direction: Direction) -> Result<(Vec<ParentLink>, bool)> {
        let most = match direction {
            // The protocol's own limit: a chain that keeps it never cuts this.
            Direction::Up => MAX_ANCESTORS.max(MAX_FAMILY),
            Direction::Down => MAX_FAMILY,
        };
        let mut seen: BTreeSet<AssetId> = from.iter().copied().collect();
        let mut level = from.to_vec();
        let mut all = Vec::new();
        while !level.is_empty() {
            let links = match direction {
                Direction::Up => self.ports.repository.parent_links(&level).await?,
                Direction::Down => self.ports.repository.child_links(&level).await?,
            };
            level = links
                .iter()
                .map(|link| match direction {
                    Direction::Up => link.parent,
                    Direction::Down => link.child,
                })
                .filter(|id| seen.insert(*id))
                .collect();
            all.extend(links);
            if seen.len() > most {
                return Ok((all, true));
            }
        }
        Ok((all, false))
    }

    async fn existing(&self, caller: &Caller, id: &AssetId, op: &'static str) -> Result<Asset> {
        let asset = self.ports.repository.asset(id).await?;
        asset.filter(|asset| is_visible(caller, asset)).ok_or_else(|| no_such_asset(id, op))
    }
}

#[derive(Clone, Copy)]
enum Direction {
    Up,
    Down,
}
