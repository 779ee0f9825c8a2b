//! [`preview`]: who earns what of one payment.

use std::hash::Hash;

use serde::{Deserialize, Serialize};

use crate::{
    domain::royalty::{
        RoyaltyError, RoyaltyLink, RoyaltyPolicy,
        ancestry::{Ancestry, to_share},
    },
    onchain::{Share, Wei},
};

/// What one ancestor earns of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AncestorEarning<N> {
    /// The ancestor.
    pub ip: N,
    /// The policy that it earns under.
    pub policy: RoyaltyPolicy,
    /// Its percentage of the receiver's revenue; under LRP before its own parents took theirs.
    pub share: Share,
    /// What it is due of this payment.
    pub amount: Wei,
}

/// Who earns what of one payment, in exact integers.
///
/// `amount = protocol_fee + kept + ancestors + unclaimed - overdue`, where `ancestors` is the sum of their amounts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RoyaltyPreview<N> {
    /// The IP that is paid.
    pub receiver: N,
    /// The whole payment.
    pub amount: Wei,
    /// The protocol's own part, taken first.
    pub protocol_fee: Wei,
    /// What stays with the receiver, the rounding of the ancestors' part included.
    pub kept: Wei,
    /// Every ancestor, nearest first, those with nothing included; once per policy that occurs.
    pub ancestors: Vec<AncestorEarning<N>>,
    /// What rounding leaves in the policy contracts.
    pub unclaimed: Wei,
    /// What ancestors are due beyond the part set aside of this payment, by rounding: a few wei that the policy
    /// contract pays from its pool, or that its last claimer waits for.
    pub overdue: Wei,
}

/// Who would earn what of the next payment of `amount` to `receiver`, taken as its first.
///
/// Ancestors are due the floor of their percentage of *all* revenue so far, so with payments before this one each may
/// get one wei more. `protocol_fee` is the royalty module's own percentage, 0 after deployment.
///
/// Linear in the links above `receiver`; links elsewhere are ignored.
///
/// # Errors
/// [`RoyaltyError`].
pub fn preview<N: Copy + Eq + Hash>(
    links: &[RoyaltyLink<N>],
    receiver: N,
    amount: Wei,
    protocol_fee: Share,
) -> Result<RoyaltyPreview<N>, RoyaltyError> {
    let part = |of: Wei, share| of.checked_share(share).ok_or(RoyaltyError::AmountTooLarge);
    let fee = part(amount, protocol_fee)?;
    if amount.is_zero() || (fee.is_zero() && protocol_fee > Share::ZERO) {
        return Err(RoyaltyError::AmountTooSmall);
    }
    let ancestry = Ancestry::above(links, receiver)?;
    let revenue = minus(amount, fee)?;
    let (mut set_aside, mut due) = (Wei::ZERO, Wei::ZERO);
    let mut ancestors = Vec::new();
    for policy in RoyaltyPolicy::ALL.into_iter().filter(|policy| ancestry.uses(*policy)) {
        let shares = ancestry.shares(policy)?;
        let stack = match policy {
            RoyaltyPolicy::Lap => {
                to_share(shares.iter().map(|(.., share)| u128::from(share.millionths())).sum())?
            }
            RoyaltyPolicy::Lrp => ancestry.lrp_stack(0)?,
        };
        set_aside = plus(set_aside, part(revenue, stack)?)?;
        for (position, ip, share) in shares {
            let gross = part(revenue, share)?;
            let passed_on = match policy {
                RoyaltyPolicy::Lap => Wei::ZERO,
                RoyaltyPolicy::Lrp => part(gross, ancestry.lrp_stack(position)?)?,
            };
            let amount = minus(gross, passed_on)?;
            due = plus(due, amount)?;
            ancestors.push(AncestorEarning { ip, policy, share, amount });
        }
    }
    Ok(RoyaltyPreview {
        receiver,
        amount,
        protocol_fee: fee,
        // More than 100 % under both policies together.
        kept: revenue.checked_sub(set_aside).ok_or(RoyaltyError::AboveFullShare)?,
        ancestors,
        unclaimed: set_aside.checked_sub(due).unwrap_or_default(),
        overdue: due.checked_sub(set_aside).unwrap_or_default(),
    })
}

fn plus(a: Wei, b: Wei) -> Result<Wei, RoyaltyError> {
    a.checked_add(b).ok_or(RoyaltyError::AmountTooLarge)
}

fn minus(a: Wei, b: Wei) -> Result<Wei, RoyaltyError> {
    a.checked_sub(b).ok_or(RoyaltyError::AmountTooLarge)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Strategy, prop};

    use super::*;

    fn link(child: u32, parent: u32, policy: RoyaltyPolicy, percent: u32) -> RoyaltyLink<u32> {
        RoyaltyLink::new(child, parent, policy, Share::from_percent(percent).unwrap())
    }

    fn amounts(preview: &RoyaltyPreview<u32>) -> Vec<(u32, u64)> {
        preview.ancestors.iter().map(|earning| (earning.ip, earning.amount.to_u64().unwrap())).collect()
    }

    fn adds_up(preview: &RoyaltyPreview<u32>) {
        let out = [preview.protocol_fee, preview.kept, preview.unclaimed]
            .into_iter()
            .chain(preview.ancestors.iter().map(|earning| earning.amount))
            .sum::<Wei>();
        assert_eq!(preview.amount.checked_add(preview.overdue), Some(out));
    }

    #[test]
    fn a_grandparent_earns_absolutely_under_lap_and_relatively_under_lrp() {
        let chain = |policy| [link(2, 1, policy, 20), link(1, 0, policy, 10)];
        let lap = preview(&chain(RoyaltyPolicy::Lap), 2, Wei::from(1000_u64), Share::ZERO).unwrap();
        assert_eq!((lap.kept, amounts(&lap)), (Wei::from(700_u64), vec![(1, 200), (0, 100)]));
        let lrp = preview(&chain(RoyaltyPolicy::Lrp), 2, Wei::from(1000_u64), Share::ZERO).unwrap();
        assert_eq!((lrp.kept, amounts(&lrp)), (Wei::from(800_u64), vec![(1, 180), (0, 20)]));
    }

    #[test]
    fn a_shared_ancestor_earns_once_per_path() {
        let lap = RoyaltyPolicy::Lap;
        let diamond = [link(3, 1, lap, 5), link(3, 2, lap, 5), link(1, 0, lap, 10), link(2, 0, lap, 10)];
        let found = preview(&diamond, 3, Wei::from(1000_u64), Share::ZERO).unwrap();
        assert_eq!(amounts(&found), [(1, 50), (2, 50), (0, 200)]);
        adds_up(&found);
    }

    #[test]
    fn rounding_is_told() {
        let lrp = RoyaltyPolicy::Lrp;
        let links = [link(2, 1, lrp, 95), link(1, 0, lrp, 60)];
        let found = preview(&links, 2, Wei::from(2_u64), Share::ZERO).unwrap();
        assert_eq!((found.kept, amounts(&found)), (Wei::from(1_u64), vec![(1, 1), (0, 1)]));
        assert_eq!(found.overdue, Wei::from(1_u64));
        adds_up(&found);
    }

    #[test]
    fn the_protocols_fee_comes_first_and_must_not_round_to_nothing() {
        let links = [link(1, 0, RoyaltyPolicy::Lap, 50)];
        let fee = Share::from_percent(1).unwrap();
        let found = preview(&links, 1, Wei::from(1000_u64), fee).unwrap();
        assert_eq!((found.protocol_fee, found.kept), (Wei::from(10_u64), Wei::from(495_u64)));
        assert_eq!(preview(&links, 1, Wei::from(99_u64), fee), Err(RoyaltyError::AmountTooSmall));
        assert_eq!(preview(&links, 1, Wei::ZERO, Share::ZERO), Err(RoyaltyError::AmountTooSmall));
        assert_eq!(preview(&links, 1, Wei::MAX, Share::ZERO), Err(RoyaltyError::AmountTooLarge));
    }

    #[test]
    fn links_that_no_chain_would_make_are_refused() {
        let lap = RoyaltyPolicy::Lap;
        let found = preview(&[link(2, 1, lap, 60), link(1, 0, lap, 60)], 2, Wei::from(9_u64), Share::ZERO);
        assert_eq!(found, Err(RoyaltyError::AboveFullShare));
        let both = [link(1, 0, lap, 60), link(1, 2, RoyaltyPolicy::Lrp, 60)];
        assert_eq!(preview(&both, 1, Wei::from(9_u64), Share::ZERO), Err(RoyaltyError::AboveFullShare));
    }

    #[test]
    fn an_original_keeps_everything() {
        let found = preview(&[link(1, 0, RoyaltyPolicy::Lap, 50)], 0, Wei::from(7_u64), Share::ZERO).unwrap();
        assert_eq!((found.kept, found.ancestors.len()), (Wei::from(7_u64), 0));
    }

    #[test]
    fn a_thousand_generations_do_not_overflow_the_stack() {
        let links: Vec<_> = (0..100_000).map(|n| link(n + 1, n, RoyaltyPolicy::Lrp, 100)).collect();
        let found = preview(&links, 100_000, Wei::from(1_000_u64), Share::ZERO).unwrap();
        assert_eq!(found.ancestors.len(), 100_000);
        assert_eq!(found.ancestors.last().map(|earning| earning.amount), Some(Wei::from(1_000_u64)));
    }

    /// Graphs of up to 12 works in which every share is below 8 %, so that no stack can pass 100 % by much.
    fn graphs() -> impl Strategy<Value = Vec<RoyaltyLink<u32>>> {
        let policy = prop::sample::select(RoyaltyPolicy::ALL.to_vec());
        (policy, prop::collection::btree_map((0_u32..12, 0_u32..12), 0_u32..8_000_000, 0..24)).prop_map(
            |(policy, edges)| {
                edges
                    .into_iter()
                    .filter(|((child, parent), _)| parent < child)
                    .map(|((child, parent), share)| {
                        RoyaltyLink::new(child, parent, policy, Share::from_millionths(share).unwrap())
                    })
                    .collect()
            },
        )
    }

    proptest::proptest! {
        #[test]
        fn no_wei_appears_or_vanishes(links in graphs(), amount in 1_u64..u64::MAX) {
            match preview(&links, 11, Wei::from(amount), Share::ZERO) {
                Ok(found) => adds_up(&found),
                Err(error) => assert_eq!(error, RoyaltyError::AboveFullShare),
            }
        }
    }
}
