//! A server that answers like a node with a long history of registrations. It makes up every block and every log when it is
//! asked, so it has no memory of its own, and it refuses what hosted nodes refuse: more than 10,000 logs at once.

use std::{fmt::Write as _, net::Ipv4Addr};

use alloy::{
    primitives::{Address as EvmAddress, B256, U256, keccak256},
    sol_types::{SolEvent, SolValue as _},
};
use axum::{Router, extract::State, http::header::CONTENT_TYPE, response::IntoResponse, routing::post};
use lore::{Address, protocol};
use lore_story_testbed::contracts::interface::Registrar::{IPRegistered, Transfer};
use serde_json::Value;
use tokio::net::TcpListener;

/// Registrations in a block, each with the transfer of its token.
pub(crate) const PER_BLOCK: u64 = 5;
pub(crate) const LOGS_PER_BLOCK: u64 = 2 * PER_BLOCK;
/// Most logs in an answer.
const MOST_LOGS: u64 = 10_000;
/// The collection that all tokens are of.
pub(crate) const COLLECTION: Address = Address::from_bytes([0xc0; 20]);

/// Starts it, with so many blocks; its address.
pub(crate) async fn start(blocks: u64) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let app = Router::new().route("/", post(answer)).with_state(blocks);
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    url
}

async fn answer(State(blocks): State<u64>, body: String) -> impl IntoResponse {
    let call: Value = serde_json::from_str(&body).unwrap();
    let (id, params) = (&call["id"], &call["params"]);
    let result = match call["method"].as_str().unwrap() {
        "eth_chainId" => Ok("\"0x523\"".to_owned()),
        "eth_getBlockByNumber" => Ok(match params[0].as_str().unwrap() {
            "latest" => block(blocks),
            number => number_of(number).filter(|number| *number <= blocks).map_or("null".to_owned(), block),
        }),
        "eth_getLogs" => logs(&params[0], blocks),
        other => Err(format!("no {other} here")),
    };
    let text = match result {
        Ok(result) => format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{result}}}"#),
        Err(message) => {
            format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{{"code":-32005,"message":"{message}"}}}}"#)
        }
    };
    ([(CONTENT_TYPE, "application/json")], text)
}

fn number_of(text: &str) -> Option<u64> {
    u64::from_str_radix(text.strip_prefix("0x")?, 16).ok()
}

/// Hashes of blocks hold their numbers, so that a block is found by its hash.
fn hash(number: u64) -> B256 {
    let mut hash = B256::repeat_byte(0xb1);
    hash[24..].copy_from_slice(&number.to_be_bytes());
    hash
}

fn timestamp(number: u64) -> u64 {
    1_700_000_000 + 2 * number
}

fn block(number: u64) -> String {
    let parent = hash(number.wrapping_sub(1));
    format!(
        r#"{{"number":"{number:#x}","hash":"{}","parentHash":"{parent}","timestamp":"{:#x}","transactions":[]}}"#,
        hash(number),
        timestamp(number)
    )
}

fn logs(filter: &Value, blocks: u64) -> Result<String, String> {
    // Claims from vaults are asked for without addresses: there are none.
    if filter["address"].is_null() {
        return Ok("[]".to_owned());
    }
    let (from, to) = match filter["blockHash"].as_str() {
        Some(hash) => {
            let number = number_of(&format!("0x{}", &hash[50..])).unwrap();
            (number, number)
        }
        None => {
            let bound = |field: &str| number_of(filter[field].as_str().unwrap()).unwrap();
            (bound("fromBlock"), bound("toBlock").min(blocks))
        }
    };
    // The first block has no logs.
    let from = from.max(1);
    if to.saturating_sub(from).saturating_add(1).saturating_mul(LOGS_PER_BLOCK) > MOST_LOGS {
        return Err(format!("query returned more than {MOST_LOGS} results"));
    }
    let mut text = String::from("[");
    for number in from..=to {
        for place in 0..PER_BLOCK {
            write_registration(&mut text, number, place);
        }
    }
    if text.len() > 1 {
        text.pop();
    }
    text.push(']');
    Ok(text)
}

/// The transfer of a new token and its registration, each with a comma after it.
fn write_registration(text: &mut String, number: u64, place: u64) {
    let token = U256::from(number * PER_BLOCK + place);
    let tx = keccak256((token, U256::from(number)).abi_encode());
    let (collection, owner) = (EvmAddress::new(*COLLECTION.as_bytes()), EvmAddress::from_word(tx));
    let transfer = Transfer { from: EvmAddress::ZERO, to: owner, tokenId: token };
    write_log(text, (number, 2 * place), tx, collection, &transfer);
    let registered = IPRegistered {
        ipId: EvmAddress::from_word(keccak256(tx)),
        chainId: U256::from(1315),
        tokenContract: collection,
        tokenId: token,
        name: format!("1315: Benchmark #{token}"),
        uri: format!("ipfs://bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi/{token}"),
        registrationDate: U256::from(timestamp(number)),
    };
    let registry = EvmAddress::new(*protocol::IP_ASSET_REGISTRY.as_bytes());
    write_log(text, (number, 2 * place + 1), tx, registry, &registered);
}

fn write_log<E: SolEvent>(
    text: &mut String,
    (number, index): (u64, u64),
    tx: B256,
    by: EvmAddress,
    event: &E,
) {
    let data = event.encode_log_data();
    let topics: Vec<String> = data.topics().iter().map(|topic| format!("\"{topic}\"")).collect();
    write!(
        text,
        r#"{{"address":"{by:?}","topics":[{}],"data":"{}","blockNumber":"{number:#x}","blockHash":"{}","blockTimestamp":"{:#x}","transactionHash":"{tx}","transactionIndex":"{:#x}","logIndex":"{index:#x}","removed":false}},"#,
        topics.join(","),
        data.data,
        hash(number),
        timestamp(number),
        index / 2,
    )
    .unwrap();
}
