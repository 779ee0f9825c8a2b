//! What is computed offline against what the contracts v1.3.2 computed: every recorded case, run by name.
//!
//! Run a part with a substring of the case names: `cargo test -p lore-story --test vectors -- workflow`.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test without the harness: a broken vector file ends it with a message, and that is all it needs"
)]

mod addresses;
mod eip712;
mod preflight;
mod preflight_answers;
mod preflight_writes;
#[path = "../../../lore-core/tests/story_vectors/report.rs"]
mod report;
mod terms;

use std::process::ExitCode;

use crate::report::Report;

fn main() -> ExitCode {
    let mut report = Report::from_arguments();
    report.run("eip712", eip712::suite);
    report.run("addresses", addresses::suite);
    report.run("terms (hash and id)", terms::suite);
    report.run("preflight", preflight::suite);
    report.close()
}
