//! What the protocol checks when a license is given and when a child is linked.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    error::{Error, Revert},
    onchain::{Address, Share},
    protocol,
};

/// How royalties are split among ancestors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RoyaltyPolicy {
    /// Liquid absolute percentage: every ancestor takes its percentage of all revenue below it.
    Lap,
    /// Liquid relative percentage: a percentage passes only from a child to its parent.
    Lrp,
}

impl RoyaltyPolicy {
    /// Every policy.
    pub const ALL: [Self; 2] = [Self::Lap, Self::Lrp];

    /// The stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lap => "lap",
            Self::Lrp => "lrp",
        }
    }

    /// The policy's contract, the same on every network.
    #[must_use]
    pub const fn address(self) -> Address {
        match self {
            Self::Lap => protocol::ROYALTY_POLICY_LAP,
            Self::Lrp => protocol::ROYALTY_POLICY_LRP,
        }
    }

    /// The policy of a contract; `None` for the zero address and for policies that the protocol does not split itself.
    #[must_use]
    pub fn of(address: Address) -> Option<Self> {
        Self::ALL.into_iter().find(|policy| policy.address() == address)
    }

    /// An error of the policy's contract.
    pub(crate) fn revert(self, name: &str) -> Revert {
        let contract = match self {
            Self::Lap => "RoyaltyPolicyLAP",
            Self::Lrp => "RoyaltyPolicyLRP",
        };
        Revert::new(format!("{contract}__{name}"))
    }
}

impl fmt::Display for RoyaltyPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for RoyaltyPolicy {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|policy| policy.as_str() == text)
            .ok_or_else(|| Error::invalid("royalty_policy", "unknown", "`lap` or `lrp`"))
    }
}

/// What all ancestors together take of an IP's revenue, by policy. Fixed when the IP is linked; zero for an original.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RoyaltyStack {
    /// Under LAP: the sum over all ancestors and paths.
    pub lap: Share,
    /// Under LRP: the sum over the parents alone; what is above comes out of the parents' part.
    pub lrp: Share,
}

impl RoyaltyStack {
    /// Under one policy.
    #[must_use]
    pub const fn of(self, policy: RoyaltyPolicy) -> Share {
        match policy {
            RoyaltyPolicy::Lap => self.lap,
            RoyaltyPolicy::Lrp => self.lrp,
        }
    }

    /// Under both policies together, in millionths of a percent; at most 100 % once linked.
    #[must_use]
    pub const fn total_millionths(self) -> u32 {
        self.lap.millionths() + self.lrp.millionths()
    }

    /// The stack of a child of these parents: for each its own stack, the policy of the link, and its share in
    /// millionths of a percent.
    ///
    /// # Errors
    /// `RoyaltyModule__AboveMaxPercent` over 100 % together; exactly 100 % is fine.
    pub fn of_child(parents: impl IntoIterator<Item = (Self, RoyaltyPolicy, u32)>) -> Result<Self, Revert> {
        let (mut lap, mut lrp) = (0_u64, 0_u64);
        for (parent, policy, share) in parents {
            lap = lap.saturating_add(u64::from(parent.lap.millionths()));
            let sum = match policy {
                RoyaltyPolicy::Lap => &mut lap,
                RoyaltyPolicy::Lrp => &mut lrp,
            };
            *sum = sum.saturating_add(u64::from(share));
        }
        let above = || Revert::new("RoyaltyModule__AboveMaxPercent");
        if lap.saturating_add(lrp) > u64::from(protocol::FULL_SHARE) {
            return Err(above());
        }
        let share = |sum| {
            u32::try_from(sum)
                .ok()
                .and_then(|millionths| Share::from_millionths(millionths).ok())
                .ok_or_else(above)
        };
        Ok(Self { lap: share(lap)?, lrp: share(lrp)? })
    }
}

/// Whether a licensor with this stack may give a license that takes `share` millionths of a percent, as the royalty
/// module checks it before each license token and each link.
///
/// # Errors
/// `RoyaltyModule__AboveMaxPercent` if the share alone is over 100 %; `RoyaltyPolicyLAP__AboveMaxPercent` or
/// `RoyaltyPolicyLRP__AboveMaxPercent` if it is over 100 % on top of the stack that the policy looks at.
pub fn check_license_share(policy: RoyaltyPolicy, licensor: RoyaltyStack, share: u32) -> Result<(), Revert> {
    if share > protocol::FULL_SHARE {
        return Err(Revert::new("RoyaltyModule__AboveMaxPercent"));
    }
    // LAP looks at the licensor's whole stack, LRP at its LAP part alone.
    let stack = match policy {
        RoyaltyPolicy::Lap => licensor.total_millionths(),
        RoyaltyPolicy::Lrp => licensor.lap.millionths(),
    };
    if stack.saturating_add(share) > protocol::FULL_SHARE {
        return Err(policy.revert("AboveMaxPercent"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stack(lap: u32, lrp: u32) -> RoyaltyStack {
        RoyaltyStack { lap: Share::from_percent(lap).unwrap(), lrp: Share::from_percent(lrp).unwrap() }
    }

    #[test]
    fn lap_adds_up_over_generations_and_lrp_does_not() {
        let lap = RoyaltyStack::of_child([(stack(30, 0), RoyaltyPolicy::Lap, 20_000_000)]).unwrap();
        assert_eq!(lap, stack(50, 0));
        let lrp = RoyaltyStack::of_child([(stack(0, 30), RoyaltyPolicy::Lrp, 20_000_000)]).unwrap();
        assert_eq!(lrp, stack(0, 20));
    }

    #[test]
    fn exactly_all_of_the_revenue_may_be_given_away_and_not_a_millionth_more() {
        let parents =
            |share| [(stack(0, 0), RoyaltyPolicy::Lrp, 50_000_000), (stack(0, 0), RoyaltyPolicy::Lrp, share)];
        assert!(RoyaltyStack::of_child(parents(50_000_000)).is_ok());
        let error = RoyaltyStack::of_child(parents(50_000_001)).unwrap_err();
        assert_eq!(error.to_string(), "RoyaltyModule__AboveMaxPercent()");
    }

    #[test]
    fn each_policy_refuses_by_its_own_name() {
        let full = stack(60, 0);
        let refused = |policy, share| check_license_share(policy, full, share).unwrap_err().to_string();
        assert_eq!(refused(RoyaltyPolicy::Lap, 40_000_001), "RoyaltyPolicyLAP__AboveMaxPercent()");
        assert_eq!(refused(RoyaltyPolicy::Lrp, 40_000_001), "RoyaltyPolicyLRP__AboveMaxPercent()");
        assert_eq!(refused(RoyaltyPolicy::Lrp, 100_000_001), "RoyaltyModule__AboveMaxPercent()");
        assert!(check_license_share(RoyaltyPolicy::Lap, full, 40_000_000).is_ok());
        assert!(check_license_share(RoyaltyPolicy::Lrp, stack(0, 60), 100_000_000).is_ok());
    }

    #[test]
    fn a_policy_is_known_by_its_contract() {
        for policy in RoyaltyPolicy::ALL {
            assert_eq!(RoyaltyPolicy::of(policy.address()), Some(policy));
            assert_eq!(policy.as_str().parse::<RoyaltyPolicy>().unwrap(), policy);
        }
        assert_eq!(RoyaltyPolicy::of(Address::ZERO), None);
    }
}
