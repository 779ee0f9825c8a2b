//! The interfaces against what was published and what was recorded.

mod interfaces;
mod published;
mod recorded;

/// A fixture of the protocol as text.
fn fixture(path: &str) -> String {
    let path = format!("{}/../tests/data/story/{path}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}
