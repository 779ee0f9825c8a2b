//! [`Family`]: the graph of parents and children.

use std::collections::{HashMap, VecDeque};

use serde::{Deserialize, Serialize};

use crate::{creation::ParentInput, domain::asset::ParentLink, error::Violations, ids::AssetId};

/// A work above or below another, with the shortest way to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Relative {
    /// The work.
    pub asset: AssetId,
    /// Links on the shortest way, from 1.
    pub distance: u32,
}

/// Which way a walk goes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Direction {
    /// To the parents.
    Up,
    /// To the children.
    Down,
}

/// One work's links.
#[derive(Debug, Default)]
struct Node<'a> {
    /// By position among the parents.
    parents: Vec<&'a ParentLink>,
    /// By id, that is by age.
    children: Vec<&'a ParentLink>,
}

/// A graph of works, built from links in any order. Of several links of one pair the
/// first by position counts.
#[derive(Debug, Default)]
pub struct Family<'a> {
    nodes: HashMap<AssetId, Node<'a>>,
}

impl<'a> Family<'a> {
    /// Builds the graph. Takes time in proportion to the links, but for sorting each work's own.
    #[must_use]
    pub fn new(links: &'a [ParentLink]) -> Self {
        let mut nodes: HashMap<AssetId, Node<'a>> = HashMap::new();
        for link in links {
            nodes.entry(link.child).or_default().parents.push(link);
            nodes.entry(link.parent).or_default().children.push(link);
        }
        for node in nodes.values_mut() {
            node.parents.sort_by_key(|link| (link.parent, link.position));
            node.parents.dedup_by_key(|link| link.parent);
            node.parents.sort_by_key(|link| (link.position, link.parent));
            node.children.sort_by_key(|link| (link.child, link.position));
            node.children.dedup_by_key(|link| link.child);
        }
        Self { nodes }
    }

    /// All works that `asset` is made from, each once: nearest first, equally near ones in the order in which a walk
    /// over the parents finds them.
    #[must_use]
    pub fn ancestors(&self, asset: AssetId) -> Vec<Relative> {
        self.walk(asset, Direction::Up)
    }

    /// All works made from `asset`, each once: nearest first, equally near ones in the order in which a walk over the
    /// children finds them, oldest first.
    #[must_use]
    pub fn descendants(&self, asset: AssetId) -> Vec<Relative> {
        self.walk(asset, Direction::Down)
    }

    /// Links to the parents of `asset`, by position.
    #[must_use]
    pub fn parents(&self, asset: AssetId) -> &[&'a ParentLink] {
        self.links(asset, Direction::Up)
    }

    /// Links to the children of `asset`, oldest child first.
    #[must_use]
    pub fn children(&self, asset: AssetId) -> &[&'a ParentLink] {
        self.links(asset, Direction::Down)
    }

    /// The first of `parents` that would close a circle if `child` were linked to it: the child itself, or a work made
    /// from it.
    #[must_use]
    pub fn would_cycle(&self, child: AssetId, parents: &[AssetId]) -> Option<AssetId> {
        let below = self.reached(child, Direction::Down);
        parents.iter().copied().find(|parent| *parent == child || below.contains_key(parent))
    }

    /// Checks that no parent of `child` is the child itself or made from it.
    ///
    /// # Errors
    /// `parents[i].asset`, rule `cycle`, for every one that is.
    pub fn check_cycles(&self, child: AssetId, parents: &[ParentInput]) -> Result<(), Violations> {
        let below = self.reached(child, Direction::Down);
        let mut found = Violations::new();
        for (index, parent) in parents.iter().enumerate() {
            let is_below = parent.asset == child || below.contains_key(&parent.asset);
            let field = format!("parents[{index}].asset");
            found.require(!is_below, &field, "cycle", "a work that is not itself made from the child");
        }
        found.into_result(())
    }

    pub(super) fn links(&self, asset: AssetId, direction: Direction) -> &[&'a ParentLink] {
        self.nodes.get(&asset).map_or(&[], |node| match direction {
            Direction::Up => &node.parents,
            Direction::Down => &node.children,
        })
    }

    fn walk(&self, start: AssetId, direction: Direction) -> Vec<Relative> {
        let mut found: Vec<_> = self.reached(start, direction).into_values().collect();
        found.sort_unstable_by_key(|(order, _)| *order);
        found.into_iter().map(|(_, relative)| relative).collect()
    }

    /// Every work reached from `start`, with the order in which it was found. `start` itself is never among them, even
    /// if the links go in a circle.
    fn reached(&self, start: AssetId, direction: Direction) -> HashMap<AssetId, (usize, Relative)> {
        let mut found = HashMap::new();
        let mut queue = VecDeque::from([Relative { asset: start, distance: 0 }]);
        while let Some(at) = queue.pop_front() {
            for link in self.links(at.asset, direction) {
                let asset = direction.end(link);
                if asset == start || found.contains_key(&asset) {
                    continue;
                }
                let relative = Relative { asset, distance: at.distance.saturating_add(1) };
                found.insert(asset, (found.len(), relative));
                queue.push_back(relative);
            }
        }
        found
    }
}

impl Direction {
    /// The work at the far end of a link.
    pub(super) const fn end(self, link: &ParentLink) -> AssetId {
        match self {
            Self::Up => link.parent,
            Self::Down => link.child,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::Strategy;

    use super::*;
    use crate::{
        domain::derivative::test_links::{id, link, number},
        onchain::Share,
    };

    fn numbers(relatives: &[Relative]) -> Vec<(u32, u32)> {
        relatives.iter().map(|relative| (number(relative.asset), relative.distance)).collect()
    }

    #[test]
    fn a_diamond_is_walked_once_by_distance_whatever_the_order_of_the_links() {
        let mut links = vec![link(2, 1, 0), link(3, 1, 0), link(4, 3, 0), link(4, 2, 1), link(5, 4, 0)];
        for _ in 0..links.len() {
            links.rotate_left(1);
            links.push(links[0].clone());
            let family = Family::new(&links);
            assert_eq!(numbers(&family.ancestors(id(5))), [(4, 1), (3, 2), (2, 2), (1, 3)]);
            assert_eq!(numbers(&family.descendants(id(1))), [(2, 1), (3, 1), (4, 2), (5, 3)]);
            assert_eq!(family.parents(id(4)).len(), 2);
            assert_eq!(family.children(id(1)).len(), 2);
            links.pop();
        }
        let family = Family::new(&links);
        assert_eq!(family.ancestors(id(1)), []);
        assert_eq!(family.ancestors(id(9)), []);
        assert_eq!(family.would_cycle(id(1), &[id(9), id(5)]), Some(id(5)));
        assert_eq!(family.would_cycle(id(4), &[id(9), id(4)]), Some(id(4)));
        assert_eq!(family.would_cycle(id(5), &[id(1), id(2)]), None);
    }

    #[test]
    fn circles_are_refused_by_field() {
        let links = [link(2, 1, 0), link(3, 2, 0)];
        let parents = [4, 3, 1].map(|number| {
            ParentInput::new(id(number), crate::domain::asset::Relationship::Remix, Share::ZERO)
        });
        let found = Family::new(&links).check_cycles(id(1), &parents).unwrap_err();
        let broken: Vec<_> = found.as_slice().iter().map(|v| (v.field.as_str(), v.rule.as_ref())).collect();
        assert_eq!(broken, [("parents[1].asset", "cycle"), ("parents[2].asset", "cycle")]);
        assert_eq!(Family::new(&links).check_cycles(id(3), &parents[..1]), Ok(()));
    }

    #[test]
    fn links_in_a_circle_end_a_walk_instead_of_going_on_for_ever() {
        let links = [link(2, 1, 0), link(3, 2, 0), link(1, 3, 0)];
        let family = Family::new(&links);
        assert_eq!(numbers(&family.ancestors(id(1))), [(3, 1), (2, 2)]);
        assert_eq!(numbers(&family.descendants(id(1))), [(2, 1), (3, 2)]);
    }

    #[test]
    fn a_chain_of_10_000_and_a_wall_of_1_024_ancestors_are_walked() {
        let chain: Vec<_> = (2..=10_001).map(|child| link(child, child - 1, 0)).collect();
        let family = Family::new(&chain);
        let ancestors = family.ancestors(id(10_001));
        assert_eq!(ancestors.len(), 10_000);
        assert_eq!(numbers(&ancestors[9_999..]), [(1, 10_000)]);
        assert_eq!(family.descendants(id(1)).len(), 10_000);
        // 64 generations of 16, each work made from all 16 before it: 16^64 ways, 1,024 ancestors.
        let wall: Vec<_> = (1..=64_u32)
            .flat_map(|row| {
                (0..16).flat_map(move |child| {
                    (0..16).map(move |parent| link(row * 16 + child, (row - 1) * 16 + parent, 0))
                })
            })
            .collect();
        let family = Family::new(&wall);
        let ancestors = family.ancestors(id(64 * 16));
        assert_eq!(ancestors.len(), 1_024);
        assert!(ancestors.windows(2).all(|pair| pair[0].distance <= pair[1].distance));
    }

    /// Links between 12 works, in circles too.
    fn any_links() -> impl Strategy<Value = Vec<ParentLink>> {
        proptest::collection::vec((0..12_u32, 0..12_u32, 0..16_u8), 0..40)
            .prop_map(|links| links.into_iter().map(|(child, parent, at)| link(child, parent, at)).collect())
    }

    /// Whether `to` is reached from `from` going up: by trying every link until nothing new is found.
    fn is_above(links: &[ParentLink], from: AssetId, to: AssetId) -> bool {
        let mut above = HashSet::from([from]);
        loop {
            let before = above.len();
            for link in links {
                if above.contains(&link.child) {
                    if link.parent == to {
                        return true;
                    }
                    above.insert(link.parent);
                }
            }
            if above.len() == before {
                return false;
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn an_ancestors_descendant_is_where_the_walk_began(links in any_links()) {
            let family = Family::new(&links);
            for a in (0..12).map(id) {
                for b in (0..12).map(id) {
                    let up = family.ancestors(a).into_iter().find(|relative| relative.asset == b);
                    let down = family.descendants(b).into_iter().find(|relative| relative.asset == a);
                    proptest::prop_assert_eq!(
                        up.map(|relative| relative.distance),
                        down.map(|relative| relative.distance)
                    );
                }
            }
        }

        #[test]
        fn a_circle_is_seen_as_by_trying_every_link(links in any_links()) {
            let family = Family::new(&links);
            for child in (0..12).map(id) {
                for parent in (0..12).map(id) {
                    let circle = child == parent || is_above(&links, parent, child);
                    proptest::prop_assert_eq!(family.would_cycle(child, &[parent]).is_some(), circle);
                }
            }
        }

        #[test]
        fn the_order_of_links_does_not_matter(links in any_links(), seed in 0..40_usize) {
            let mut other = links.clone();
            other.rotate_left(seed % links.len().max(1));
            let (one, two) = (Family::new(&links), Family::new(&other));
            for asset in (0..12).map(id) {
                proptest::prop_assert_eq!(one.descendants(asset), two.descendants(asset));
                proptest::prop_assert_eq!(one.ancestors(asset), two.ancestors(asset));
            }
        }
    }
}
