//! Registrations of one key on a real node with a block a second: Lore's lane, and viem doing what the official SDK does
//! for each. Both in one run, on the same node and the same contract.

use std::{
    path::PathBuf,
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

use alloy::{
    primitives::{U256, keccak256},
    sol_types::SolCall as _,
};
use lore::{
    Address, ChainId, MemoryTransactionStore, OperationKey, Secret, SystemClock, Wei,
    story::{
        LanePolicy, LocalSigner,
        network::RpcUrl,
        rpc::{Rpc, RpcConfig},
        tx::{Lane, LaneCall},
    },
};
use lore_story_testbed::{ACCOUNTS, KEYS, Mining, Node, NodeOptions, contracts::interface::Registrar};
use serde_json::{Value, json};

/// Registrations of Lore, and of viem: one takes a block, so fewer show its pace just as well.
const PIPELINED: usize = 200;
const ONE_BY_ONE: u32 = 20;

/// Measures both, and counts what the contract minted.
pub(crate) async fn run() {
    let options = NodeOptions::mining(Mining::Every(Duration::from_secs(1)));
    let Some(node) = Node::start("chain", options).await else { return };
    let registrar = node.deploy("Registrar", &[]).await;
    let contract = Address::from_bytes(registrar.into_array());

    let (seconds, requests) = pipelined(&node, contract).await;
    let lore = PIPELINED as f64 / seconds;
    println!("Lore, pipelined:   {PIPELINED} registrations in {seconds:.1} s, {lore:.1} per second");
    println!("                   {:.2} requests each", requests as f64 / PIPELINED as f64);

    let viem = one_by_one(&node, contract);
    let number = |field: &str| viem.get(field).and_then(Value::as_f64).unwrap();
    let pace = number("registrations") / number("seconds");
    println!(
        "viem, one by one:  {} registrations in {:.1} s, {pace:.1} per second",
        number("registrations"),
        number("seconds")
    );
    println!("                   {:.2} requests each", number("requests") / number("registrations"));
    println!("ratio of the paces {:.1}", lore / pace);

    let made = mints(&node, registrar).await;
    assert_eq!(made, PIPELINED as u64 + u64::from(ONE_BY_ONE), "every registration happened once");
}

/// How long Lore takes, and how many requests.
async fn pipelined(node: &Node, contract: Address) -> (f64, u64) {
    let config = RpcConfig::new(ChainId::AENEID, [RpcUrl::parse(node.url()).unwrap()]);
    let rpc = Rpc::new(config, SystemClock::shared()).unwrap();
    let mut policy = LanePolicy::default();
    (policy.max_in_flight, policy.poll_interval_ms) = (PIPELINED, 100);
    let signer = Arc::new(LocalSigner::from_key(&Secret::from(KEYS[0])).unwrap());
    let store = Arc::new(MemoryTransactionStore::new());
    let lane = Lane::new(rpc.clone(), store, signer, SystemClock::shared(), policy).unwrap();

    let start = Instant::now();
    let work = (0..PIPELINED).map(|number| {
        let name = format!("pipelined-{number}");
        let (lane, call) = (&lane, call(contract, &name));
        async move { lane.execute(&OperationKey::new(name).unwrap(), &call).await }
    });
    for receipt in futures_util::future::join_all(work).await {
        receipt.unwrap();
    }
    (start.elapsed().as_secs_f64(), rpc.calls())
}

fn call(contract: Address, name: &str) -> LaneCall {
    let mint = Registrar::mintCall {
        to: ACCOUNTS[0],
        nftMetadataURI: name.to_owned(),
        nftMetadataHash: keccak256(name),
        allowDuplicates: false,
    };
    LaneCall {
        to: contract,
        value: Wei::ZERO,
        data: mint.abi_encode(),
        gas_limit: None,
        summary: format!("mints {name}"),
    }
}

/// What viem says that it took.
fn one_by_one(node: &Node, contract: Address) -> Value {
    let script: PathBuf =
        [env!("CARGO_MANIFEST_DIR"), "..", "tests", "evm-node", "one-by-one.mjs"].iter().collect();
    let output = Command::new("node")
        .arg(script)
        .args([node.url(), KEYS[1], &contract.to_string(), &ONE_BY_ONE.to_string()])
        .output()
        .unwrap();
    if !output.status.success() {
        panic!("viem failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    serde_json::from_slice(&output.stdout).unwrap()
}

async fn mints(node: &Node, registrar: alloy::primitives::Address) -> u64 {
    let data = alloy::primitives::Bytes::from(Registrar::mintsCall {}.abi_encode());
    let answer = node.rpc().get("eth_call", json!([{ "to": registrar, "data": data }, "latest"])).await;
    answer.as_str().unwrap().parse::<U256>().unwrap().to()
}
