//! Randomness that nobody has to guess: it spreads retries and picks faults.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// Increment of SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// The output function of SplitMix64: every bit of the input changes every bit of the output.
pub(super) const fn mix(mut value: u64) -> u64 {
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// A number from 0 to `most`, near enough to uniform for spreading.
pub(super) const fn up_to(most: u64, random: u64) -> u64 {
    match most.checked_add(1) {
        Some(count) => random % count,
        None => random,
    }
}

/// A sequence of random numbers; clones continue the same one.
#[derive(Clone, Debug)]
pub(super) struct Jitter(Arc<AtomicU64>);

impl Jitter {
    /// Starts anywhere.
    pub(super) fn random() -> Self {
        // Without randomness every process pauses alike: less polite, not wrong.
        Self::seeded(getrandom::u64().unwrap_or(GAMMA))
    }

    /// Always gives the same numbers.
    pub(super) fn seeded(seed: u64) -> Self {
        Self(Arc::new(AtomicU64::new(seed)))
    }

    pub(super) fn next(&self) -> u64 {
        mix(self.0.fetch_add(GAMMA, Ordering::Relaxed).wrapping_add(GAMMA))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_published_sequence() {
        // First outputs of SplitMix64 for seed 0, as in the reference implementation.
        let jitter = Jitter::seeded(0);
        assert_eq!(jitter.next(), 0xe220_a839_7b1d_cdaf);
        assert_eq!(jitter.next(), 0x6e78_9e6a_a1b9_65f4);
    }

    #[test]
    fn numbers_stay_within_their_bound() {
        for random in [0, 1, 9, u64::MAX] {
            assert_eq!(up_to(0, random), 0);
            assert!(up_to(9, random) <= 9);
            assert_eq!(up_to(u64::MAX, random), random);
        }
    }
}
