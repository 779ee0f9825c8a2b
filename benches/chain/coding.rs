//! A registration under license terms: typed arguments to call data, a receipt to the typed result.

use std::{
    hint::black_box,
    path::PathBuf,
    time::{Duration, Instant},
};

use alloy::primitives::Bytes;
use lore::{
    ContentHash, Payment, PilTerms, Share, Timestamp, Wei, protocol,
    story::{
        Operation as _, Receipt,
        addresses::Addresses,
        ops::{IpMetadata, LicensedTerms, MintAndRegisterWithTerms, NewNft},
    },
};
use lore_core::{domain::license::LicensingConfig, port::chain::OnChainDocument};
use serde_json::{Value, json};

/// The recorded transaction is in this block.
const BLOCK: &str = "192";
const ROUNDS: usize = 301;
const CALLS: u32 = 200;

/// Median time of one call, over many rounds of many calls.
fn median(mut call: impl FnMut()) -> Duration {
    let mut rounds: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            (0..CALLS).for_each(|_| call());
            start.elapsed() / CALLS
        })
        .collect();
    rounds.sort();
    rounds[ROUNDS / 2]
}

fn recorded() -> Value {
    let path: PathBuf =
        [env!("CARGO_MANIFEST_DIR"), "..", "tests", "data", "story", "transactions.json"].iter().collect();
    let all: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    all.into_iter().find(|transaction| transaction["block"] == BLOCK).unwrap()
}

/// The receipt as a node gives it: the recording has its logs.
fn receipt(transaction: &Value) -> String {
    let hash = format!("0x{}", "01".repeat(32));
    json!({
        "transactionHash": hash,
        "from": transaction["from"],
        "to": transaction["to"],
        "blockNumber": "0xc0",
        "blockHash": hash,
        "status": "0x1",
        "gasUsed": "0xf4240",
        "logs": transaction["logs"],
    })
    .to_string()
}

/// The typed arguments of the recorded transaction.
fn operation() -> MintAndRegisterWithTerms {
    let document = |uri: &str, first: u8| {
        let mut hash = [0; 32];
        hash[0] = first;
        OnChainDocument::new(uri, ContentHash::from_bytes(hash))
    };
    let collection = "0x7DD071D3197A51f2f21dDc482C1ac8Dd11Be8567".parse().unwrap();
    let recipient = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8".parse().unwrap();
    let metadata = IpMetadata::new(document("ipfs://x", 0x61), document("ipfs://y", 0x62));
    let mut nft = NewNft::new(collection, recipient, metadata);
    nft.allow_duplicates = true;
    let payment = Payment { currency: protocol::WIP, royalty_policy: protocol::ROYALTY_POLICY_LAP };
    let terms = PilTerms {
        commercializer_checker_data: vec![0; 20],
        ..PilTerms::commercial_remix(Wei::from_coins(1), Share::from_percent(10).unwrap(), payment)
    };
    let config = LicensingConfig { hook_data: vec![0; 32], ..LicensingConfig::default() };
    MintAndRegisterWithTerms::new(nft, vec![LicensedTerms::with_config(terms, config)])
}

pub(crate) fn run() {
    let (recorded, operation, addresses) = (recorded(), operation(), Addresses::AENEID);
    let input: Bytes = serde_json::from_value(recorded["input"].clone()).unwrap();
    let json = receipt(&recorded);

    assert_eq!(operation.call(&addresses).data, input.to_vec(), "the recorded call, byte for byte");
    let read = |json: &str| Receipt::from_json(json, Timestamp::EPOCH).unwrap();
    let result = operation.output(&read(&json), &addresses).unwrap();
    assert_eq!(result.ip_id, "0x62c495Dc729D357d34C9B5FBad81E5C9d744f450".parse().unwrap());
    assert_eq!(result.license_terms.len(), 1);

    let micros = |time: Duration| time.as_secs_f64() * 1e6;
    let encoded = micros(median(|| drop(black_box(black_box(&operation).call(&addresses)))));
    let receipt = read(&json);
    let decoded = micros(median(|| drop(black_box(operation.output(black_box(&receipt), &addresses)))));
    let parsed = micros(median(|| drop(black_box(operation.output(&read(black_box(&json)), &addresses)))));
    println!("coding: a mint, registration and terms in one call, median of {ROUNDS} rounds of {CALLS}");
    println!("  typed arguments to call data ({} bytes): {encoded:.2} µs", input.len());
    println!(
        "  logs of the receipt ({}) to the typed result: {decoded:.2} µs",
        recorded["logs"].as_array().unwrap().len()
    );
    println!("  the same from the node's JSON ({} bytes): {parsed:.2} µs", json.len());
}
