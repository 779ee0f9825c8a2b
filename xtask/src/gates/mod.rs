//! Rules that no compiler checks: who may depend on whom, how long a file may be, what must not be written down.

mod dependencies;
mod files;

use std::path::Path;

use crate::process::{Failure, Outcome};

/// Checks all rules, and names every breach, not only the first.
pub(crate) fn check(root: &Path) -> Outcome {
    let mut breaches = dependencies::breaches(root)?;
    breaches.extend(files::breaches(root)?);
    for breach in &breaches {
        println!("  {breach}");
    }
    if breaches.is_empty() { Ok(()) } else { Err(Failure::new(format!("{} broken rules", breaches.len()))) }
}
