//! [`CreationPolicy`]: how patient a creation is.

use std::time::Duration;

use crate::{
    error::{Error, ErrorKind, Result},
    layer::Backoff,
};

/// How patient a creation is.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CreationPolicy {
    /// How long a driver that died keeps others out; a living one renews it at a third. At least 100 ms; 30 seconds
    /// unless said otherwise.
    pub lease: Duration,
    /// Attempts at one step before the creation is stuck, restarts included. 5 unless said otherwise.
    pub max_attempts: u32,
    /// Pauses between attempts at one step: up to 1 second after the first, up to 1 minute after later ones, unless said
    /// otherwise. A pause that a failure asks for is kept if it is longer.
    pub backoff: Backoff,
}

impl Default for CreationPolicy {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(30),
            max_attempts: 5,
            backoff: Backoff::new(Duration::from_secs(1), Duration::from_secs(60)),
        }
    }
}

impl CreationPolicy {
    /// # Errors
    /// [`ErrorKind::Config`] for values that cannot work.
    pub(crate) fn check(&self) -> Result<()> {
        if self.lease >= Duration::from_millis(100) && self.max_attempts >= 1 {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Config,
            "a creation needs a lease of at least 100 ms and at least one attempt",
        )
        .with_context("lease_ms", self.lease.as_millis())
        .with_context("max_attempts", self.max_attempts))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_cannot_work_are_refused() {
        let policy = CreationPolicy { max_attempts: 0, ..CreationPolicy::default() };
        assert_eq!(policy.check().unwrap_err().kind(), ErrorKind::Config);
        let policy = CreationPolicy { lease: Duration::ZERO, ..CreationPolicy::default() };
        assert_eq!(policy.check().unwrap_err().kind(), ErrorKind::Config);
        assert!(CreationPolicy::default().check().is_ok());
    }
}
