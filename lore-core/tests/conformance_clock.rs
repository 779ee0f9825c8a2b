//! The clock suite on every clock.
#![cfg(feature = "conformance")]

use std::sync::Arc;

use lore_core::{Clock, Result, SystemClock, conformance::clock::Harness, memory::clock::ManualClock};

struct System;

impl Harness for System {
    async fn fresh(&self) -> Result<Arc<dyn Clock>> {
        Ok(SystemClock::shared())
    }
}

struct Manual;

impl Harness for Manual {
    async fn fresh(&self) -> Result<Arc<dyn Clock>> {
        Ok(Arc::new(ManualClock::default().auto_advance()))
    }
}

mod system {
    lore_core::clock_conformance!(super::System);
}

mod manual {
    lore_core::clock_conformance!(super::Manual);
}
