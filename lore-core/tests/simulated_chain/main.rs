//! What the simulated chain promises beyond the port: transactions happen wholly or not at all, and a file keeps every
//! one that was acknowledged.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what the tests are built from fails like the tests themselves"
)]

mod accounts;
mod disputes;
mod events;
mod file;
mod groups;
mod ledger;
mod logged;
mod random;
mod scene;
mod stored;

use std::path::PathBuf;

use lore_core::{
    Address, ContentHash, Timestamp, domain::license::PilTerms, memory::chain::Call, port::chain,
};

const ALICE: Address = Address::from_bytes([0xa1; 20]);
const BOB: Address = Address::from_bytes([0xb0; 20]);
const CAROL: Address = Address::from_bytes([0xca; 20]);

fn now() -> Timestamp {
    Timestamp::from_unix_seconds(1_760_000_000).unwrap()
}

fn document(name: &str) -> chain::OnChainDocument {
    chain::OnChainDocument::new(format!("ipfs://{name}"), ContentHash::of(name.as_bytes()))
}

fn request(name: &str, recipient: Address) -> chain::RegisterIp {
    chain::RegisterIp::new(recipient, document(&format!("ipa-{name}")), document(&format!("nft-{name}")))
}

fn terms_named(uri: &str) -> PilTerms {
    let mut terms = PilTerms::non_commercial_social_remixing();
    uri.clone_into(&mut terms.uri);
    terms
}

fn register_terms(uri: &str) -> Call {
    Call::RegisterLicenseTerms { terms: Box::new(terms_named(uri)) }
}

/// A path of which nothing exists yet.
fn fresh_path(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("simulated-chain-{name}.jsonl"));
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => panic!("{error}"),
        _ => path,
    }
}
