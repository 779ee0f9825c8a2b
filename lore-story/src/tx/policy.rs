//! [`LanePolicy`]: how a lane behaves.

use std::{ops::RangeInclusive, time::Duration};

use lore_core::{Error, ErrorKind, Result};
use serde::Deserialize;

use crate::rpc::FeeLimits;

/// How a lane behaves. The defaults fit a chain with a block every few seconds.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct LanePolicy {
    /// Blocks until a transaction is final, its own included: 1 to 1,000; 1 unless said otherwise, because Story's blocks
    /// are final at once.
    pub confirmations: u64,
    /// Transactions under way at once: 1 to 1,000; 64 unless said otherwise, as many as nodes keep of one account.
    pub max_in_flight: usize,
    /// Pause between two looks at the chain, in milliseconds: 10 to 60,000; 500 unless said otherwise.
    pub poll_interval_ms: u64,
    /// When the same bytes are sent again, in milliseconds after they were sent: 100 to 600,000; 10,000 unless said
    /// otherwise.
    pub rebroadcast_after_ms: u64,
    /// When a transaction that is not mined is replaced by one that pays more, in milliseconds: 100 to 3,600,000; 30,000
    /// unless said otherwise.
    pub stall_after_ms: u64,
    /// How much more the replacement pays, in percent: 13 to 200; 20 unless said otherwise. Nodes ask for 10 to 12.5.
    pub fee_bump_percent: u64,
    /// Signed forms of one transaction: 1 to 100; 10 unless said otherwise.
    pub max_attempts: usize,
    /// Most that a unit of gas may cost, in wei; no limit unless said otherwise.
    pub max_fee_per_gas: Option<u128>,
    /// What of it goes to the validator, in wei; what the node says is usual, unless said otherwise.
    pub priority_fee_per_gas: Option<u128>,
    /// Gas on top of the estimate, in percent: 0 to 200; 20 unless said otherwise.
    pub gas_margin_percent: u64,
    /// How long a process that died keeps others out, in milliseconds: 300 to 600,000; 30,000 unless said otherwise.
    pub lease_ttl_ms: u64,
    /// Longest wait for another process that uses the key, in milliseconds; 60,000 unless said otherwise.
    pub lease_wait_ms: u64,
    /// Longest wait for one transaction, in milliseconds; 600,000 unless said otherwise. What is not mined until then may be
    /// mined later: the same key finds it.
    pub wait_limit_ms: u64,
    /// How often a call is signed anew after somebody else took its nonce: 0 to 100; 5 unless said otherwise.
    pub max_displacements: u32,
}

impl Default for LanePolicy {
    fn default() -> Self {
        Self {
            confirmations: 1,
            max_in_flight: 64,
            poll_interval_ms: 500,
            rebroadcast_after_ms: 10_000,
            stall_after_ms: 30_000,
            fee_bump_percent: 20,
            max_attempts: 10,
            max_fee_per_gas: None,
            priority_fee_per_gas: None,
            gas_margin_percent: 20,
            lease_ttl_ms: 30_000,
            lease_wait_ms: 60_000,
            wait_limit_ms: 600_000,
            max_displacements: 5,
        }
    }
}

impl LanePolicy {
    /// # Errors
    /// [`ErrorKind::Config`] naming the field and its range.
    pub(crate) fn check(&self) -> Result<()> {
        in_range("confirmations", self.confirmations, 1..=1_000)?;
        in_range("max_in_flight", self.max_in_flight, 1..=1_000)?;
        in_range("poll_interval_ms", self.poll_interval_ms, 10..=60_000)?;
        in_range("rebroadcast_after_ms", self.rebroadcast_after_ms, 100..=600_000)?;
        in_range("stall_after_ms", self.stall_after_ms, 100..=3_600_000)?;
        in_range("fee_bump_percent", self.fee_bump_percent, 13..=200)?;
        in_range("max_attempts", self.max_attempts, 1..=100)?;
        in_range("gas_margin_percent", self.gas_margin_percent, 0..=200)?;
        in_range("lease_ttl_ms", self.lease_ttl_ms, 300..=600_000)?;
        in_range("max_displacements", self.max_displacements, 0..=100)
    }

    pub(super) const fn fee_limits(&self) -> FeeLimits {
        FeeLimits { max_fee: self.max_fee_per_gas, priority: self.priority_fee_per_gas }
    }

    pub(super) const fn poll_interval(&self) -> Duration {
        Duration::from_millis(self.poll_interval_ms)
    }

    pub(super) const fn rebroadcast_after(&self) -> Duration {
        Duration::from_millis(self.rebroadcast_after_ms)
    }

    pub(super) const fn stall_after(&self) -> Duration {
        Duration::from_millis(self.stall_after_ms)
    }

    pub(super) const fn lease_ttl(&self) -> Duration {
        Duration::from_millis(self.lease_ttl_ms)
    }

    pub(super) const fn lease_wait(&self) -> Duration {
        Duration::from_millis(self.lease_wait_ms)
    }

    pub(super) const fn wait_limit(&self) -> Duration {
        Duration::from_millis(self.wait_limit_ms)
    }
}

fn in_range<T>(field: &'static str, value: T, range: RangeInclusive<T>) -> Result<()>
where
    T: PartialOrd + std::fmt::Display,
{
    if range.contains(&value) {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Config, "the value is out of its range")
        .with_context("field", format_args!("lane.{field}"))
        .with_context("value", value)
        .with_context("at_least", range.start())
        .with_context("at_most", range.end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_out_of_range_are_named() {
        assert!(LanePolicy::default().check().is_ok());
        let policy = LanePolicy { fee_bump_percent: 12, ..LanePolicy::default() };
        let error = policy.check().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains("lane.fee_bump_percent"), "{error}");
    }

    #[test]
    fn an_unknown_setting_is_refused() {
        assert!(serde_json::from_str::<LanePolicy>(r#"{"confirmations":3}"#).unwrap().confirmations == 3);
        assert!(serde_json::from_str::<LanePolicy>(r#"{"confirmation":3}"#).is_err());
    }
}
