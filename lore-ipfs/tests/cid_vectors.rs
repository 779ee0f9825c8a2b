//! Every published CID: IPIP-0499's profiles and Kubo's own test files, from `tests/data/ipfs/cid-vectors.json`.
//!
//! The large files are generated piece by piece, so the test needs no more memory than the importer.
#![expect(
    clippy::panic,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot read its data must stop"
)]

use chacha20::{
    ChaCha20,
    cipher::{KeyIvInit, StreamCipher},
};
use lore_core::{
    ContentHash,
    content::unixfs::{Fingerprint, Importer, Profile},
};
use serde::Deserialize;

#[derive(Deserialize)]
struct Vectors {
    files: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    profile: String,
    cid: String,
    literal: Option<String>,
    seed: Option<String>,
    fill: Option<u8>,
    size: Option<u64>,
}

fn profile(name: &str) -> Profile {
    match name {
        "unixfs-v0-2015" => Profile::UnixFsV0_2015,
        "unixfs-v1-2025" => Profile::UnixFsV1_2025,
        "pinata-predict" => Profile::Pinata,
        other => panic!("a profile that nobody knows: {other}"),
    }
}

/// Gives the row's bytes piece by piece. The pieces do not line up with chunks, so that the importer must cut.
fn generate(row: &Row, mut take: impl FnMut(&[u8])) {
    if let Some(literal) = &row.literal {
        return take(literal.as_bytes());
    }
    let mut cipher = row.seed.as_ref().map(|seed| {
        let key = *ContentHash::of(seed.as_bytes()).as_bytes();
        ChaCha20::new(&key.into(), &[0; 12].into())
    });
    let mut left = row.size.expect("a row without literal has a size");
    let mut piece = vec![0; 3_000_000];
    while left > 0 {
        let count = piece.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let piece = &mut piece[..count];
        match (&mut cipher, row.fill) {
            (Some(cipher), None) => {
                piece.fill(0);
                cipher.apply_keystream(piece);
            }
            (None, Some(fill)) => piece.fill(fill),
            _ => panic!("a row has a literal, a seed or a fill: {}", row.cid),
        }
        take(piece);
        left -= count as u64;
    }
}

fn import(row: &Row) -> Fingerprint {
    let mut importer = Importer::new(profile(&row.profile));
    generate(row, |piece| importer.update(piece, &mut ()).unwrap());
    importer.finish(&mut ()).unwrap()
}

#[test]
fn every_published_file_gets_its_published_cid() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/data/ipfs/cid-vectors.json");
    let vectors: Vectors = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(vectors.files.len(), 14, "rows");
    for row in &vectors.files {
        let found = import(row);
        assert_eq!(found.cid.to_string(), row.cid, "{}, {} bytes", row.profile, found.size_bytes);
        let size = row.size.or(row.literal.as_ref().map(|literal| literal.len() as u64));
        assert_eq!(Some(found.size_bytes), size);
    }
    println!("cid vectors: {} of {} rows", vectors.files.len(), vectors.files.len());
}
