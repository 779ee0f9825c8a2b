//! The share of each single link, from what the policies tell about ancestors.
//!
//! The chain tells what an ancestor takes over all paths. Every path to a parent is either the link itself or starts with
//! the link to another parent, so the links follow, those that are reached by no other parent first.

use lore_core::domain::royalty::RoyaltyPolicy;

/// 100 %.
const FULL: u64 = lore_core::protocol::FULL_SHARE as u64;

/// What the ancestors that are parents of one IP take, in millionths of a percent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shares {
    /// What each parent takes of the child, over all paths.
    pub(super) of_child: Vec<u32>,
    /// What parent `j` takes of parent `i`, over all paths, at `[i][j]`.
    pub(super) of_parents: Vec<Vec<u32>>,
}

/// The share of the link to each parent.
///
/// Exact under LAP. Under LRP it is exact unless a parent is an ancestor of another parent over several generations: then
/// the chain's own rounding of each generation cannot be undone, and the share can be too high by as many millionths of a
/// percent as there are generations.
pub(super) fn links(policy: RoyaltyPolicy, shares: &Shares) -> Vec<u32> {
    let mut found: Vec<Option<u32>> = vec![None; shares.of_child.len()];
    // Each round finds at least one link, because no IP is its own ancestor.
    for _ in 0..shares.of_child.len() {
        for (parent, over_all) in shares.of_child.iter().enumerate() {
            let known = found.get(parent).is_some_and(Option::is_some);
            if let Some(around) = (!known).then(|| around(policy, shares, &found, parent)).flatten()
                && let Some(slot) = found.get_mut(parent)
            {
                *slot = Some(over_all.saturating_sub(u32::try_from(around).unwrap_or(u32::MAX)));
            }
        }
    }
    found.into_iter().zip(&shares.of_child).map(|(link, over_all)| link.unwrap_or(*over_all)).collect()
}

/// What a parent takes through the other parents; `None` while one of their links is not known.
fn around(policy: RoyaltyPolicy, shares: &Shares, found: &[Option<u32>], parent: usize) -> Option<u64> {
    let mut sum = 0_u64;
    for (place, (other, link)) in shares.of_parents.iter().zip(found).enumerate() {
        let takes = u64::from(other.get(parent).copied().unwrap_or(0));
        // Of itself an IP takes everything, which is no path.
        if takes == 0 || place == parent {
            continue;
        }
        let relative = policy == RoyaltyPolicy::Lrp;
        let part = if relative { u64::from((*link)?).checked_mul(takes)?.checked_div(FULL)? } else { takes };
        sum = sum.checked_add(part)?;
    }
    Some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(of_child: [u32; 2], first_takes_of_second: u32) -> Shares {
        Shares { of_child: of_child.to_vec(), of_parents: vec![vec![0, 0], vec![first_takes_of_second, 0]] }
    }

    #[test]
    fn unrelated_parents_take_what_their_links_say() {
        for policy in [RoyaltyPolicy::Lap, RoyaltyPolicy::Lrp] {
            assert_eq!(links(policy, &shares([5_000_000, 7_000_000], 0)), [5_000_000, 7_000_000]);
        }
    }

    #[test]
    fn what_an_ip_takes_of_itself_is_no_path() {
        let itself = Shares {
            of_child: vec![10_000_000, 10_000_000],
            of_parents: vec![vec![100_000_000, 0], vec![0, 100_000_000]],
        };
        for policy in [RoyaltyPolicy::Lap, RoyaltyPolicy::Lrp] {
            assert_eq!(links(policy, &itself), [10_000_000, 10_000_000]);
        }
    }

    #[test]
    fn what_comes_through_another_parent_is_taken_off() {
        // The first parent has 10 % of the second; the child links both at 5 % and 20 %.
        let lap = shares([15_000_000, 20_000_000], 10_000_000);
        assert_eq!(links(RoyaltyPolicy::Lap, &lap), [5_000_000, 20_000_000]);
        let lrp = shares([7_000_000, 20_000_000], 10_000_000);
        assert_eq!(links(RoyaltyPolicy::Lrp, &lrp), [5_000_000, 20_000_000]);
    }

    #[test]
    fn a_path_over_three_parents_is_taken_off_once() {
        // a has 10 % of b, b 10 % of c and a 5 % of c directly; the child links a, b, c at 1, 2 and 50 %.
        let of_parents = vec![vec![0, 0, 0], vec![10_000_000, 0, 0], vec![6_000_000, 10_000_000, 0]];
        let of_child = vec![1_000_000 + 200_000 + 3_000_000, 2_000_000 + 5_000_000, 50_000_000];
        let found = links(RoyaltyPolicy::Lrp, &Shares { of_child, of_parents });
        assert_eq!(found, [1_000_000, 2_000_000, 50_000_000]);
    }
}
