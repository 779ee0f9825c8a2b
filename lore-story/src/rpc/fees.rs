//! [`Fees`]: what a unit of gas should pay (EIP-1559), asked for far less than once per transaction.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use alloy::{eips::BlockNumberOrTag, primitives::U128};
use lore_core::{Error, ErrorKind, Result};
use serde::Deserialize;

use super::{block::BlockHeader, client::Rpc, fault::Failure, refusal::Meaning};

/// How long a block counts as the newest. The base fee at most doubles in six blocks (EIP-1559), and twice of it is offered.
const HEADER_TTL: Duration = Duration::from_secs(4);
/// How long a priority fee counts as usual.
const PRIORITY_TTL: Duration = Duration::from_secs(30);
/// For chains where no priority fee is usual: 1 gwei.
const FALLBACK_PRIORITY: u128 = 1_000_000_000;

/// What a unit of gas pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fees {
    /// At most, in wei.
    pub(crate) max_fee: u128,
    /// To the validator at most, in wei.
    pub(crate) priority: u128,
}

/// What the user allows.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FeeLimits {
    /// Most that a unit of gas may cost, in wei.
    pub(crate) max_fee: Option<u128>,
    /// To the validator, in wei, instead of what is usual.
    pub(crate) priority: Option<u128>,
}

/// What was seen last, and when by the monotonic clock.
#[derive(Debug, Default)]
pub(super) struct FeeCache {
    seen: Mutex<Seen>,
    /// Held while something is asked for, so that a hundred calls ask once.
    asking: futures_util::lock::Mutex<()>,
}

#[derive(Debug, Default)]
struct Seen {
    header: Option<(BlockHeader, Duration)>,
    priority: Option<(u128, Duration)>,
}

impl FeeCache {
    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn saw(&self, header: &BlockHeader, now: Duration) {
        self.lock().header = Some((*header, now));
    }

    fn header(&self, now: Duration) -> Option<BlockHeader> {
        self.lock().header.filter(|(_, at)| now.saturating_sub(*at) < HEADER_TTL).map(|(header, _)| header)
    }

    fn priority(&self, now: Duration) -> Option<u128> {
        self.lock().priority.filter(|(_, at)| now.saturating_sub(*at) < PRIORITY_TTL).map(|(fee, _)| fee)
    }
}

impl Rpc {
    /// Number of the newest block that was asked for lately; 0 if none was.
    pub(crate) fn newest_seen(&self) -> u64 {
        self.shared.fees.lock().header.map_or(0, |(header, _)| header.number)
    }

    /// What a transaction should pay now, within the user's limits.
    ///
    /// # Errors
    /// [`Unavailable`](ErrorKind::Unavailable) if the chain asks for more than the limit: later it may not.
    pub(crate) async fn fees(&self, limits: FeeLimits) -> Result<Fees> {
        let header = self.recent_header().await?;
        let priority = match limits.priority {
            Some(fee) => fee,
            None => self.recent_priority().await?,
        };
        within(header.base_fee_per_gas.unwrap_or(0), priority, limits.max_fee)
    }

    async fn recent_header(&self) -> Result<BlockHeader> {
        let recent = || self.shared.fees.header(self.shared.clock.monotonic());
        if let Some(header) = recent() {
            return Ok(header);
        }
        let _one_at_a_time = self.shared.fees.asking.lock().await;
        match recent() {
            Some(header) => Ok(header),
            None => self.latest_block().await,
        }
    }

    async fn recent_priority(&self) -> Result<u128> {
        let recent = || self.shared.fees.priority(self.shared.clock.monotonic());
        if let Some(fee) = recent() {
            return Ok(fee);
        }
        let _one_at_a_time = self.shared.fees.asking.lock().await;
        if let Some(fee) = recent() {
            return Ok(fee);
        }
        let fee = self.usual_priority().await?;
        self.shared.fees.lock().priority = Some((fee, self.shared.clock.monotonic()));
        Ok(fee)
    }

    async fn usual_priority(&self) -> Result<u128> {
        let unsupported = |failure: &Failure| {
            failure.refusal().is_some_and(|payload| Meaning::of(payload) == Meaning::NoSuchMethod)
        };
        match self.try_ask::<_, U128>("eth_maxPriorityFeePerGas", &[(); 0]).await {
            Ok(fee) => return Ok(fee.to()),
            Err(failure) if unsupported(&failure) => {}
            Err(failure) => return Err(failure.into()),
        }
        let params = ("0x5", BlockNumberOrTag::Latest, [50]);
        match self.try_ask::<_, FeeHistory>("eth_feeHistory", &params).await {
            Ok(history) => Ok(history.usual().unwrap_or(FALLBACK_PRIORITY)),
            Err(failure) if unsupported(&failure) => Ok(FALLBACK_PRIORITY),
            Err(failure) => Err(failure.into()),
        }
    }
}

#[derive(Deserialize)]
struct FeeHistory {
    #[serde(default)]
    reward: Vec<Vec<U128>>,
}

impl FeeHistory {
    /// The median of the medians; blocks without transactions say nothing.
    fn usual(&self) -> Option<u128> {
        let mut seen: Vec<u128> =
            self.reward.iter().flatten().map(|fee| fee.to()).filter(|fee| *fee > 0).collect();
        seen.sort_unstable();
        seen.get(seen.len() / 2).copied()
    }
}

fn within(base: u128, priority: u128, limit: Option<u128>) -> Result<Fees> {
    let needed = base.saturating_add(priority);
    let wanted = base.saturating_mul(2).saturating_add(priority);
    match limit {
        Some(limit) if limit < needed => {
            Err(Error::new(ErrorKind::Unavailable, "the chain's fee is above the limit that was set")
                .with_context("fee_per_gas", needed)
                .with_context("limit", limit))
        }
        Some(limit) => Ok(Fees { max_fee: wanted.min(limit), priority }),
        None => Ok(Fees { max_fee: wanted, priority }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twice_the_base_fee_is_offered_within_the_users_limit() {
        assert_eq!(within(100, 7, None).unwrap(), Fees { max_fee: 207, priority: 7 });
        assert_eq!(within(100, 7, Some(150)).unwrap(), Fees { max_fee: 150, priority: 7 });
        assert_eq!(within(100, 7, Some(107)).unwrap(), Fees { max_fee: 107, priority: 7 });
        let error = within(100, 7, Some(106)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert_eq!(within(u128::MAX, 7, None).unwrap().max_fee, u128::MAX);
    }

    #[test]
    fn the_usual_priority_is_the_middle_of_the_blocks_that_have_one() {
        let history = |text: &str| serde_json::from_str::<FeeHistory>(text).unwrap().usual();
        assert_eq!(history(r#"{"reward":[["0x0"],["0x5"],["0x1"],["0x9"]]}"#), Some(5));
        assert_eq!(history(r#"{"reward":[["0x0"]]}"#), None);
        assert_eq!(history("{}"), None);
    }
}
