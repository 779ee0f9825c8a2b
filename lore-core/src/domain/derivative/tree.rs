//! [`FamilyTree`]: a family as a person looks at it.
//!
//! A graph drawn as a tree repeats shared works, without end for families like lattices. So each work is spread out where
//! it is met first, and only named where it is met again. The rows are a flat list in drawing order: a family may be
//! 10,000 generations deep, and nested JSON may not.

use std::{collections::HashSet, fmt};

use serde::{Deserialize, Serialize};

use crate::{
    domain::{
        asset::{ParentLink, Relationship},
        derivative::{Family, family::Direction},
    },
    ids::AssetId,
    onchain::Share,
};

/// Generations that are drawn with their own indentation; deeper ones are drawn at the last, with their number.
const MAX_INDENT: u32 = 32;

/// One work in one place of a [`FamilyTree`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TreeRow {
    /// The work.
    pub asset: AssetId,
    /// Links from the work that the tree is about, from 1.
    pub depth: u32,
    /// How the child on this link uses the parent.
    pub relationship: Relationship,
    /// The parent's part of the child's attribution on this link.
    pub attribution: Share,
    /// Whether this is the last row of its depth under the same row.
    pub is_last: bool,
    /// Whether the work has appeared before; what hangs on it is there.
    pub is_repeated: bool,
}

/// A work with all works it is made from and all works made from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FamilyTree {
    /// The work that the tree is about.
    pub asset: AssetId,
    /// The works it is made from, depth first.
    pub ancestors: Vec<TreeRow>,
    /// The works made from it, depth first.
    pub descendants: Vec<TreeRow>,
}

impl Family<'_> {
    /// The tree around a work; it has at most one row for each link. Links in a circle end where they close.
    #[must_use]
    pub fn tree(&self, asset: AssetId) -> FamilyTree {
        FamilyTree {
            asset,
            ancestors: self.rows(asset, Direction::Up),
            descendants: self.rows(asset, Direction::Down),
        }
    }

    fn rows(&self, start: AssetId, direction: Direction) -> Vec<TreeRow> {
        let mut rows = Vec::new();
        let mut seen = HashSet::from([start]);
        let mut open = Vec::new();
        open_links(&mut open, self.links(start, direction), 1);
        while let Some((link, depth, is_last)) = open.pop() {
            let asset = direction.end(link);
            let is_repeated = !seen.insert(asset);
            rows.push(TreeRow {
                asset,
                depth,
                relationship: link.relationship,
                attribution: link.attribution,
                is_last,
                is_repeated,
            });
            if !is_repeated {
                open_links(&mut open, self.links(asset, direction), depth.saturating_add(1));
            }
        }
        rows
    }
}

/// Puts links on the stack so that the first comes off first.
fn open_links<'a>(open: &mut Vec<(&'a ParentLink, u32, bool)>, links: &[&'a ParentLink], depth: u32) {
    for (from_last, link) in links.iter().rev().enumerate() {
        open.push((link, depth, from_last == 0));
    }
}

impl FamilyTree {
    /// The tree as text with lines, each work shown as `label` says.
    pub const fn display<F: Fn(AssetId) -> String>(&self, label: F) -> TreeDisplay<'_, F> {
        TreeDisplay { tree: self, label }
    }
}

/// A [`FamilyTree`] as text; made by [`FamilyTree::display`].
#[derive(Clone, Copy)]
pub struct TreeDisplay<'a, F> {
    tree: &'a FamilyTree,
    label: F,
}

impl<F> fmt::Debug for TreeDisplay<'_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TreeDisplay").field("tree", self.tree).finish_non_exhaustive()
    }
}

impl<F: Fn(AssetId) -> String> fmt::Display for TreeDisplay<'_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&(self.label)(self.tree.asset))?;
        let below = !self.tree.descendants.is_empty();
        if !self.tree.ancestors.is_empty() {
            f.write_str(if below { "\n├─ made from" } else { "\n└─ made from" })?;
            self.rows(f, &self.tree.ancestors, !below)?;
        }
        if below {
            f.write_str("\n└─ made into")?;
            self.rows(f, &self.tree.descendants, true)?;
        }
        Ok(())
    }
}

impl<F: Fn(AssetId) -> String> TreeDisplay<'_, F> {
    fn rows(&self, f: &mut fmt::Formatter<'_>, rows: &[TreeRow], is_last_part: bool) -> fmt::Result {
        let margin = |is_last: bool| if is_last { "   " } else { "│  " };
        // Whether the line of each open generation has ended; bounded by `MAX_INDENT`.
        let mut ended: Vec<bool> = Vec::new();
        for row in rows {
            let indent = usize::try_from(row.depth.clamp(1, MAX_INDENT)).unwrap_or(1);
            ended.truncate(indent - 1);
            write!(f, "\n{}", margin(is_last_part))?;
            for is_last in &ended {
                f.write_str(margin(*is_last))?;
            }
            f.write_str(if row.is_last { "└─ " } else { "├─ " })?;
            if row.depth > MAX_INDENT {
                write!(f, "[{}] ", row.depth)?;
            }
            write!(f, "{} ({}, {} %)", (self.label)(row.asset), row.relationship, row.attribution)?;
            if row.is_repeated {
                f.write_str(", see above")?;
            }
            ended.push(row.is_last);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::derivative::test_links::{id, link, number};

    fn label(asset: AssetId) -> String {
        format!("work {}", number(asset))
    }

    #[test]
    fn a_family_is_drawn_with_lines() {
        let links = [
            link(3, 1, 0),
            link(3, 2, 1),
            link(4, 3, 0),
            link(5, 3, 0),
            link(6, 4, 0),
            link(6, 5, 1),
            link(7, 6, 0),
            link(1, 0, 0),
            link(2, 0, 0),
        ];
        let tree = Family::new(&links).tree(id(3));
        insta::assert_snapshot!(tree.display(label));
        let alone = Family::new(&[]).tree(id(3));
        assert_eq!(alone.display(label).to_string(), "work 3");
        insta::assert_snapshot!(Family::new(&links).tree(id(7)).display(label));
    }

    #[test]
    fn a_tree_is_sent_under_stable_names() {
        let links = [link(2, 1, 0)];
        let tree = Family::new(&links).tree(id(2));
        let json = serde_json::to_string_pretty(&tree).unwrap();
        assert_eq!(serde_json::from_str::<FamilyTree>(&json).unwrap(), tree);
        insta::assert_snapshot!(json);
    }

    #[test]
    fn a_lattice_and_a_deep_chain_have_one_row_for_each_link() {
        // 20 diamonds one below the other have a million ways through them.
        let diamonds: Vec<_> = (0..20_u32)
            .flat_map(|n| {
                let top = n * 3;
                [
                    link(top + 1, top, 0),
                    link(top + 2, top, 0),
                    link(top + 3, top + 1, 0),
                    link(top + 3, top + 2, 1),
                ]
            })
            .collect();
        let tree = Family::new(&diamonds).tree(id(60));
        assert!(tree.ancestors.len() <= diamonds.len());
        assert!(tree.ancestors.iter().any(|row| row.is_repeated));
        let chain: Vec<_> = (1..=10_000).map(|child| link(child, child - 1, 0)).collect();
        let tree = Family::new(&chain).tree(id(0));
        assert_eq!(tree.descendants.len(), 10_000);
        let text = tree.display(label).to_string();
        assert_eq!(text.lines().count(), 10_002);
        assert!(text.ends_with("[10000] work 10000 (remix, 100 %)"));
        assert!(text.lines().all(|line| line.chars().count() < 150));
    }

    #[test]
    fn links_in_a_circle_end_where_they_close() {
        let links = [link(2, 1, 0), link(1, 2, 0)];
        let tree = Family::new(&links).tree(id(1));
        let rows: Vec<_> = tree.ancestors.iter().map(|row| (number(row.asset), row.is_repeated)).collect();
        assert_eq!(rows, [(2, false), (1, true)]);
    }
}
