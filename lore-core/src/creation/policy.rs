//! [`CreationPolicy`]: how patient a creation is.

use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};

/// How patient a creation is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CreationPolicy {
    /// How long a driver that died keeps others out; a living one renews it at a third. At least 100 ms; 30 seconds
    /// unless said otherwise.
    pub lease: Duration,
    /// Attempts at one step before the creation is stuck, restarts included. 5 unless said otherwise.
    pub max_attempts: u32,
    /// The pause after the first failed attempt; it doubles with each further one. 1 second unless said otherwise.
    pub first_pause: Duration,
    /// The longest pause that Lore chooses by itself. 1 minute unless said otherwise.
    pub max_pause: Duration,
}

impl Default for CreationPolicy {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(30),
            max_attempts: 5,
            first_pause: Duration::from_secs(1),
            max_pause: Duration::from_secs(60),
        }
    }
}

impl CreationPolicy {
    /// # Errors
    /// [`ErrorKind::Config`] for values that cannot work.
    pub(crate) fn check(&self) -> Result<()> {
        let fine = self.lease >= Duration::from_millis(100) && self.max_attempts >= 1;
        if fine {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Config,
            "a creation needs a lease of at least 100 ms and at least one attempt",
        )
        .with_context("lease_ms", self.lease.as_millis())
        .with_context("max_attempts", self.max_attempts))
    }

    /// The pause after failed attempt number `attempt`, from 1. Between half of its full length and all of it, so that
    /// creations that failed together do not come back together.
    pub(crate) fn pause(&self, attempt: u32) -> Duration {
        let doubled = 2_u32.saturating_pow(attempt.saturating_sub(1));
        let full = self.first_pause.saturating_mul(doubled).min(self.max_pause);
        // Without randomness every process pauses alike: less polite, not wrong.
        let random = u32::from(getrandom::u32().unwrap_or_default().to_be_bytes()[0]);
        full / 2 + full / 2 * random / 255
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        let policy = CreationPolicy::default();
        for (attempt, full) in [(1, 1), (2, 2), (3, 4), (7, 60), (1_000, 60)] {
            let pause = policy.pause(attempt);
            let full = Duration::from_secs(full);
            assert!(pause >= full / 2 && pause <= full, "{attempt}: {pause:?}");
        }
    }

    #[test]
    fn values_that_cannot_work_are_refused() {
        let policy = CreationPolicy { max_attempts: 0, ..CreationPolicy::default() };
        assert_eq!(policy.check().unwrap_err().kind(), ErrorKind::Config);
        let policy = CreationPolicy { lease: Duration::ZERO, ..CreationPolicy::default() };
        assert_eq!(policy.check().unwrap_err().kind(), ErrorKind::Config);
    }
}
