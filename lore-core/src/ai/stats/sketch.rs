//! [`LatencySketch`]: how long things took, in little space.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::Error;

/// Bits of a time that are kept below its leading one.
const KEPT_BITS: u32 = 6;
/// Times in each doubling: times below twice as many are kept exactly.
const STEPS: u64 = 1 << KEPT_BITS;

/// Counts times in buckets whose width is at most a 64th of what is in them, so that a percentile is off by at most one part
/// in 128 (0.79 %), and by nothing below 128 microseconds.
///
/// Only integers are added. So merging is exact, in any order, and equal counts are equal values: `docs/adr/0021-reports.md`
/// says why no crate is used for it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<u16, u64>", into = "BTreeMap<u16, u64>")]
pub struct LatencySketch {
    /// How many times fell into a bucket; none has zero.
    buckets: BTreeMap<u16, u64>,
}

/// Three percentiles of times, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Percentiles {
    /// Half of the times were at most this.
    pub p50_micros: u64,
    /// 95 of 100 were at most this.
    pub p95_micros: u64,
    /// 99 of 100 were at most this.
    pub p99_micros: u64,
}

/// The bucket of a time. Consecutive: each doubling goes on where the one before ends.
fn bucket(micros: u64) -> u16 {
    let bits = u64::BITS - micros.leading_zeros();
    let shift = bits.saturating_sub(KEPT_BITS + 1);
    // At most 57 * 64 + 127.
    u16::try_from(u64::from(shift) * STEPS + (micros >> shift)).unwrap_or(u16::MAX)
}

/// The middle of a bucket.
fn middle(bucket: u16) -> u64 {
    let bucket = u64::from(bucket);
    if bucket < 2 * STEPS {
        return bucket;
    }
    let shift = bucket / STEPS - 1;
    let first = (bucket - shift * STEPS) << shift;
    first + (1 << (shift - 1))
}

impl LatencySketch {
    /// Counts a time.
    pub fn record(&mut self, micros: u64) {
        let count = self.buckets.entry(bucket(micros)).or_default();
        *count = count.saturating_add(1);
    }

    /// Adds what another one counted.
    pub fn merge(&mut self, other: &Self) {
        for (bucket, more) in &other.buckets {
            let count = self.buckets.entry(*bucket).or_default();
            *count = count.saturating_add(*more);
        }
    }

    /// How many times were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.buckets.values().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// The time that `percent` of 100 were at most (nearest rank), within one part in 128; `None` if nothing was counted.
    #[must_use]
    pub fn percentile(&self, percent: u8) -> Option<u64> {
        let rank = (u128::from(self.count()) * u128::from(percent.min(100))).div_ceil(100).max(1);
        let mut below = 0_u128;
        for (bucket, count) in &self.buckets {
            below += u128::from(*count);
            if below >= rank {
                return Some(middle(*bucket));
            }
        }
        None
    }

    /// The usual three; `None` if nothing was counted.
    #[must_use]
    pub fn percentiles(&self) -> Option<Percentiles> {
        Some(Percentiles {
            p50_micros: self.percentile(50)?,
            p95_micros: self.percentile(95)?,
            p99_micros: self.percentile(99)?,
        })
    }
}

impl From<LatencySketch> for BTreeMap<u16, u64> {
    fn from(sketch: LatencySketch) -> Self {
        sketch.buckets
    }
}

impl TryFrom<BTreeMap<u16, u64>> for LatencySketch {
    type Error = Error;

    fn try_from(buckets: BTreeMap<u16, u64>) -> Result<Self, Error> {
        let last = bucket(u64::MAX);
        if buckets.iter().all(|(bucket, count)| *bucket <= last && *count > 0) {
            Ok(Self { buckets })
        } else {
            Err(Error::invalid("sketch", "malformed", "counts above 0 of buckets from 0 to 3775"))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::any, proptest};

    use super::*;

    fn sketch(times: &[u64]) -> LatencySketch {
        let mut sketch = LatencySketch::default();
        times.iter().for_each(|time| sketch.record(*time));
        sketch
    }

    #[test]
    fn short_times_are_exact_and_buckets_follow_each_other() {
        for micros in 0..128 {
            assert_eq!(middle(bucket(micros)), micros);
        }
        let mut last = bucket(0);
        for micros in (1..4_096).chain((12..64).map(|shift| 1 << shift)) {
            let next = bucket(micros);
            assert!(next == last || next == last + 1 || micros >= 4_096, "{micros}");
            last = next;
        }
        assert_eq!(bucket(u64::MAX), 3_775);
    }

    #[test]
    fn percentiles_are_those_of_the_nearest_rank() {
        let times: Vec<u64> = (1..=100).collect();
        let percentiles = sketch(&times).percentiles().unwrap();
        assert_eq!((percentiles.p50_micros, percentiles.p95_micros, percentiles.p99_micros), (50, 95, 99));
        assert_eq!(sketch(&[7]).percentile(1), Some(7));
        assert_eq!(sketch(&[1, 9]).percentile(0), Some(1));
        assert_eq!(sketch(&[1, 9]).percentile(51), Some(9));
        assert_eq!(sketch(&[]).percentiles(), None);
    }

    #[test]
    fn a_stored_sketch_is_read_back_and_damage_is_refused() {
        let sketch = sketch(&[0, 5, 5, 1_000_000, u64::MAX]);
        let json = serde_json::to_string(&sketch).unwrap();
        assert_eq!(json, r#"{"0":1,"5":2,"954":1,"3775":1}"#);
        assert_eq!(serde_json::from_str::<LatencySketch>(&json).unwrap(), sketch);
        for damaged in [r#"{"3776":1}"#, r#"{"5":0}"#, r#"{"-1":1}"#, "[]"] {
            assert!(serde_json::from_str::<LatencySketch>(damaged).is_err(), "{damaged}");
        }
    }

    proptest! {
        #[test]
        fn a_percentile_is_within_one_part_in_128(mut times in vec(any::<u64>(), 1..200), shift in 0_u32..64, percent in 1_u8..=100) {
            times.iter_mut().for_each(|time| *time >>= shift);
            let found = sketch(&times).percentile(percent).unwrap();
            times.sort_unstable();
            let exact = times[(times.len() * usize::from(percent)).div_ceil(100) - 1];
            assert!(found.abs_diff(exact) <= exact / 128, "{found} for {exact}");
        }

        #[test]
        fn merging_is_counting_together(one in vec(any::<u64>(), 0..50), two in vec(any::<u64>(), 0..50)) {
            let mut merged = sketch(&one);
            merged.merge(&sketch(&two));
            assert_eq!(merged, sketch(&[one, two].concat()));
        }
    }
}
