//! The ancestors of an IP and their percentages. Every edge is visited once: no path is ever enumerated.

use std::{collections::HashMap, fmt, hash::Hash};

use serde::{Deserialize, Serialize};

use crate::{
    domain::royalty::RoyaltyPolicy,
    error::{Error, ErrorKind},
    onchain::Share,
    protocol,
};

/// A child, one of its parents, and what the parent takes of the child's revenue: frozen when the link was made.
///
/// Links without a royalty policy move no money and are left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RoyaltyLink<N> {
    /// The derivative.
    pub child: N,
    /// The work it uses; at most once per child.
    pub parent: N,
    /// The policy of the link.
    pub policy: RoyaltyPolicy,
    /// What the parent takes, before stacking.
    pub share: Share,
}

impl<N> RoyaltyLink<N> {
    /// Describes a link.
    #[must_use]
    pub const fn new(child: N, parent: N, policy: RoyaltyPolicy, share: Share) -> Self {
        Self { child, parent, policy, share }
    }
}

/// Why royalties cannot be computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RoyaltyError {
    /// A work is its own ancestor.
    Cycle,
    /// Ancestors take more than 100 %: no chain links that.
    AboveFullShare,
    /// The payment is zero, or so small that the protocol's own fee of it is.
    AmountTooSmall,
    /// The payment does not fit the chain's arithmetic: amount times 100,000,000 must be below 2^256.
    AmountTooLarge,
}

impl fmt::Display for RoyaltyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cycle => "a work is its own ancestor",
            Self::AboveFullShare => "ancestors take more than all of the revenue",
            Self::AmountTooSmall => "the payment is too small",
            Self::AmountTooLarge => "the payment is too large",
        })
    }
}

impl std::error::Error for RoyaltyError {}

impl From<RoyaltyError> for Error {
    fn from(error: RoyaltyError) -> Self {
        match error {
            RoyaltyError::AmountTooSmall => {
                Self::invalid("amount", "too_small", "an amount of which the protocol's fee is not zero")
            }
            RoyaltyError::AmountTooLarge => {
                Self::invalid("amount", "too_large", "an amount below 2^256 / 10^8")
            }
            RoyaltyError::Cycle | RoyaltyError::AboveFullShare => {
                Self::new(ErrorKind::IntegrityMismatch, error.to_string()).with_source(error)
            }
        }
    }
}

/// One link upwards inside an [`Ancestry`], its end by position.
struct Up {
    parent: usize,
    policy: RoyaltyPolicy,
    share: u32,
}

struct Node<N> {
    id: N,
    ups: Vec<Up>,
    /// Links that reach this node from below.
    children: usize,
}

/// An IP and all that is above it, children always before their parents.
pub(super) struct Ancestry<N> {
    nodes: Vec<Node<N>>,
    order: Vec<usize>,
}

impl<N: Copy + Eq + Hash> Ancestry<N> {
    /// Everything above `receiver`; other links are ignored.
    pub(super) fn above(links: &[RoyaltyLink<N>], receiver: N) -> Result<Self, RoyaltyError> {
        let mut by_child: HashMap<N, Vec<&RoyaltyLink<N>>> = HashMap::with_capacity(links.len());
        for link in links {
            by_child.entry(link.child).or_default().push(link);
        }
        let mut positions = HashMap::from([(receiver, 0)]);
        let mut nodes = vec![Node { id: receiver, ups: Vec::new(), children: 0 }];
        let mut at = 0;
        while let Some(id) = nodes.get(at).map(|node| node.id) {
            let mut ups = Vec::new();
            for link in by_child.get(&id).into_iter().flatten() {
                let parent = *positions.entry(link.parent).or_insert_with(|| {
                    nodes.push(Node { id: link.parent, ups: Vec::new(), children: 0 });
                    nodes.len() - 1
                });
                if let Some(node) = nodes.get_mut(parent) {
                    node.children += 1;
                }
                ups.push(Up { parent, policy: link.policy, share: link.share.millionths() });
            }
            if let Some(node) = nodes.get_mut(at) {
                node.ups = ups;
            }
            at += 1;
        }
        let order = children_first(&nodes).ok_or(RoyaltyError::Cycle)?;
        Ok(Self { nodes, order })
    }

    /// Every link in it: position of the child, position of the parent, policy, share. Children first.
    fn links(&self) -> impl Iterator<Item = (usize, &Up)> {
        self.order.iter().flat_map(|&child| {
            self.nodes.get(child).into_iter().flat_map(move |node| node.ups.iter().map(move |up| (child, up)))
        })
    }

    /// Whether any link in it has this policy.
    pub(super) fn uses(&self, policy: RoyaltyPolicy) -> bool {
        self.nodes.iter().any(|node| node.ups.iter().any(|up| up.policy == policy))
    }

    /// What each ancestor takes of the receiver's revenue, its own parents' part included; nearest first.
    pub(super) fn shares(&self, policy: RoyaltyPolicy) -> Result<Vec<(usize, N, Share)>, RoyaltyError> {
        let millionths = match policy {
            RoyaltyPolicy::Lap => self.lap_millionths(),
            RoyaltyPolicy::Lrp => self.lrp_millionths(),
        };
        let mut shares = Vec::with_capacity(self.nodes.len());
        for &position in self.order.iter().skip(1) {
            let (Some(node), Some(&value)) = (self.nodes.get(position), millionths.get(position)) else {
                continue;
            };
            shares.push((position, node.id, to_share(value)?));
        }
        Ok(shares)
    }

    /// LAP: over every node below an ancestor, the paths to that node times the share of its link to the ancestor.
    fn lap_millionths(&self) -> Vec<u128> {
        // Saturation is harmless: a chain refuses links whose sum passes 100 %, so what could overflow is multiplied
        // by zero.
        let mut paths = vec![0_u128; self.nodes.len()];
        let mut sums = vec![0_u128; self.nodes.len()];
        if let Some(first) = paths.first_mut() {
            *first = 1;
        }
        for (child, up) in self.links() {
            let reached = paths.get(child).copied().unwrap_or_default();
            if let Some(above) = paths.get_mut(up.parent) {
                *above = above.saturating_add(reached);
            }
            if let (RoyaltyPolicy::Lap, Some(sum)) = (up.policy, sums.get_mut(up.parent)) {
                *sum = sum.saturating_add(reached.saturating_mul(u128::from(up.share)));
            }
        }
        sums
    }

    /// LRP: what reaches a node, times the share of each link up, rounded down per link; several links into one node
    /// are summed before it passes anything on.
    fn lrp_millionths(&self) -> Vec<u128> {
        let full = u128::from(protocol::FULL_SHARE);
        let mut reached = vec![0_u128; self.nodes.len()];
        if let Some(first) = reached.first_mut() {
            *first = full;
        }
        for (child, up) in self.links().filter(|(_, up)| up.policy == RoyaltyPolicy::Lrp) {
            let passed =
                reached.get(child).copied().unwrap_or_default().saturating_mul(u128::from(up.share)) / full;
            if let Some(above) = reached.get_mut(up.parent) {
                *above = above.saturating_add(passed);
            }
        }
        reached
    }

    /// What the parents of a node take of its revenue under LRP.
    pub(super) fn lrp_stack(&self, position: usize) -> Result<Share, RoyaltyError> {
        let ups = self.nodes.get(position).map(|node| node.ups.as_slice()).unwrap_or_default();
        to_share(ups.iter().filter(|up| up.policy == RoyaltyPolicy::Lrp).map(|up| u128::from(up.share)).sum())
    }
}

/// Positions so that no parent comes before one of its children; `None` if there is a cycle.
fn children_first<N>(nodes: &[Node<N>]) -> Option<Vec<usize>> {
    let mut waiting: Vec<usize> = nodes.iter().map(|node| node.children).collect();
    if waiting.first() != Some(&0) {
        return None;
    }
    let mut order = Vec::with_capacity(nodes.len());
    order.push(0);
    let mut next = 0;
    while let Some(&position) = order.get(next) {
        next += 1;
        for up in nodes.get(position).map(|node| node.ups.as_slice()).unwrap_or_default() {
            let left = waiting.get_mut(up.parent)?;
            *left = left.checked_sub(1)?;
            if *left == 0 {
                order.push(up.parent);
            }
        }
    }
    (order.len() == nodes.len()).then_some(order)
}

pub(super) fn to_share(millionths: u128) -> Result<Share, RoyaltyError> {
    u32::try_from(millionths)
        .ok()
        .and_then(|millionths| Share::from_millionths(millionths).ok())
        .ok_or(RoyaltyError::AboveFullShare)
}

/// What each ancestor of `ip` takes of its revenue under one policy, nearest ancestors first. Under LRP this still
/// includes what the ancestor passes on to its own parents.
///
/// # Errors
/// [`RoyaltyError::Cycle`] and [`RoyaltyError::AboveFullShare`].
pub fn ancestor_shares<N: Copy + Eq + Hash>(
    links: &[RoyaltyLink<N>],
    ip: N,
    policy: RoyaltyPolicy,
) -> Result<Vec<(N, Share)>, RoyaltyError> {
    let shares = Ancestry::above(links, ip)?.shares(policy)?;
    Ok(shares.into_iter().map(|(_, ancestor, share)| (ancestor, share)).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::domain::royalty::RoyaltyStack;

    /// Every recorded graph that was built, with its links in order of linking.
    fn recorded() -> Vec<(Value, RoyaltyPolicy)> {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/data/story/vectors/royalty.json");
        let file: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let cases = file["cases"].as_array().unwrap();
        cases
            .iter()
            .map(|case| (case.clone(), case["policy"].as_str().unwrap().to_lowercase().parse().unwrap()))
            .collect()
    }

    fn links(case: &Value, policy: RoyaltyPolicy) -> Vec<RoyaltyLink<String>> {
        let mut links = Vec::new();
        for ip in case["ips"].as_array().unwrap() {
            let child = ip["id"].as_str().unwrap();
            let shares = &case["links"][child];
            for parent in ip["parents"].as_array().unwrap().iter().filter(|_| !shares.is_null()) {
                let parent = parent.as_str().unwrap();
                let share =
                    Share::from_millionths(shares[parent].as_u64().unwrap().try_into().unwrap()).unwrap();
                links.push(RoyaltyLink::new(child.to_owned(), parent.to_owned(), policy, share));
            }
        }
        links
    }

    #[test]
    fn every_recorded_percentage_comes_out() {
        let mut checked = 0;
        for (case, policy) in recorded() {
            let links = links(&case, policy);
            let links: Vec<_> = links
                .iter()
                .map(|l| RoyaltyLink::new(l.child.as_str(), l.parent.as_str(), l.policy, l.share))
                .collect();
            for (ip, ancestors) in case["policy_royalty"].as_object().unwrap() {
                let found: HashMap<_, _> =
                    ancestor_shares(&links, ip.as_str(), policy).unwrap().into_iter().collect();
                for (ancestor, millionths) in ancestors.as_object().unwrap() {
                    let share = found.get(ancestor.as_str()).copied().unwrap_or_default();
                    assert_eq!(
                        u64::from(share.millionths()),
                        millionths.as_u64().unwrap(),
                        "{} {ip} {ancestor}",
                        case["name"]
                    );
                    checked += 1;
                }
            }
        }
        assert!(checked > 100, "{checked} percentages");
    }

    #[test]
    fn every_recorded_stack_comes_out() {
        for (case, policy) in recorded() {
            let links = links(&case, policy);
            let mut stacks: HashMap<String, RoyaltyStack> = HashMap::new();
            for ip in case["ips"].as_array().unwrap() {
                let id = ip["id"].as_str().unwrap();
                let parents: Vec<_> = links
                    .iter()
                    .filter(|link| link.child == id)
                    .map(|link| {
                        (
                            stacks.get(&link.parent).copied().unwrap_or_default(),
                            policy,
                            link.share.millionths(),
                        )
                    })
                    .collect();
                let stack = RoyaltyStack::of_child(parents).unwrap();
                if let Some(recorded) = case["royalty_stack"][id].as_u64() {
                    assert_eq!(u64::from(stack.of(policy).millionths()), recorded, "{} {id}", case["name"]);
                }
                stacks.insert(id.to_owned(), stack);
            }
        }
    }

    #[test]
    fn a_cycle_is_an_error_wherever_it_is() {
        let share = Share::from_percent(1).unwrap();
        let link = |child, parent| RoyaltyLink::new(child, parent, RoyaltyPolicy::Lap, share);
        assert_eq!(ancestor_shares(&[link(1, 1)], 1, RoyaltyPolicy::Lap), Err(RoyaltyError::Cycle));
        let above = [link(1, 2), link(2, 3), link(3, 2)];
        assert_eq!(ancestor_shares(&above, 1, RoyaltyPolicy::Lap), Err(RoyaltyError::Cycle));
        assert!(ancestor_shares(&above, 4, RoyaltyPolicy::Lap).unwrap().is_empty());
    }

    #[test]
    fn paths_without_money_do_not_overflow() {
        // 200 diamonds on top of each other: 2^200 paths, all of them at 0 %.
        let mut links = Vec::new();
        for level in (0..600).step_by(3) {
            for (child, parent) in [(0, 1), (0, 2), (1, 3), (2, 3)] {
                links.push(RoyaltyLink::new(level + child, level + parent, RoyaltyPolicy::Lap, Share::ZERO));
            }
        }
        let shares = ancestor_shares(&links, 0, RoyaltyPolicy::Lap).unwrap();
        assert_eq!(shares.len(), 600);
        assert!(shares.iter().all(|(_, share)| *share == Share::ZERO));
    }
}
