//! Transactions that the contracts executed: every call and every log comes out as the same bytes again.

use std::collections::BTreeMap;

use alloy::{
    dyn_abi::DynSolValue,
    hex,
    json_abi::JsonAbi,
    primitives::{Address as EvmAddress, B256, Bytes, U256, keccak256},
    sol_types::{SolCall, SolEvent},
};
use serde::Deserialize;
use serde_json::Value;

use crate::contracts::{
    account::IpAccount,
    dispute::{DisputeModule, UnreleasedDisputeModule},
    tests::{
        fixture,
        interfaces::{Interface, all},
    },
    token::Multicall3,
};

#[derive(Deserialize)]
struct Transaction {
    input: Bytes,
    decoded: Option<Value>,
    logs: Vec<Log>,
}

#[derive(Deserialize)]
struct Log {
    topics: Vec<B256>,
    data: Bytes,
}

fn transactions() -> Vec<Transaction> {
    let transactions: Vec<Transaction> = serde_json::from_str(&fixture("transactions.json")).unwrap();
    assert_eq!(transactions.len(), 45);
    transactions
}

/// The interfaces that have this call; each of them gives the same bytes again.
fn recode_call(interfaces: &[Interface], data: &[u8]) -> Vec<&'static str> {
    let mut found = Vec::new();
    for interface in interfaces {
        if let Some(again) = (interface.recode_call)(data) {
            assert_eq!(hex::encode(again), hex::encode(data), "{}", interface.name);
            found.push(interface.name);
        }
    }
    found
}

/// The calls inside a call: what an IP account or the aggregator is to do.
fn inner_calls(data: &[u8]) -> Vec<Bytes> {
    if let Ok(batch) = IpAccount::executeBatchCall::abi_decode(data) {
        return batch.calls.into_iter().map(|call| call.data).collect();
    }
    if let Ok(all) = Multicall3::aggregate3Call::abi_decode(data) {
        return all.calls.into_iter().map(|call| call.callData).collect();
    }
    if let Ok(all) = Multicall3::aggregate3ValueCall::abi_decode(data) {
        return all.calls.into_iter().map(|call| call.callData).collect();
    }
    Vec::new()
}

#[test]
fn every_recorded_call_is_encoded_byte_for_byte() {
    let interfaces = all();
    let mut known = 0;
    let mut inner = 0;
    let mut unknown = BTreeMap::<String, usize>::new();
    for transaction in transactions() {
        if recode_call(&interfaces, &transaction.input).is_empty() {
            assert!(transaction.decoded.is_none(), "the recording names it: {:?}", transaction.decoded);
            *unknown.entry(hex::encode_prefixed(&transaction.input[..4])).or_default() += 1;
            continue;
        }
        known += 1;
        for call in inner_calls(&transaction.input) {
            assert!(!recode_call(&interfaces, &call).is_empty(), "{call}");
            inner += 1;
        }
    }
    // `mint(address)` of the recording's own collection, and the answer of its own oracle.
    let expected = [("0x6a627842".to_owned(), 3), ("0xd7d6f43d".to_owned(), 1)];
    assert_eq!(unknown, BTreeMap::from(expected));
    assert_eq!((known, inner), (41, 16));
}

#[test]
fn every_recorded_workflow_call_is_encoded_byte_for_byte() {
    let interfaces = all();
    let cases: Vec<Value> = serde_json::from_str(&fixture("vectors/eip712.json")).unwrap();
    let calls: Vec<_> = cases.iter().filter_map(|case| case["workflow_calldata"].as_str()).collect();
    assert_eq!(calls.len(), 11);
    for call in calls {
        assert_eq!(recode_call(&interfaces, &hex::decode(call).unwrap()).len(), 1);
    }
}

/// Events that tell nothing about the protocol's state: of proxies and access control, of the collection's metadata and of
/// groups' tokens beside the events that are read, and of the recording's own oracle. With how often they were logged.
const NOT_READ: [(&str, usize); 7] = [
    ("BeaconUpgraded(address)", 9),
    ("GroupNFTMinted(address,address,uint256)", 1),
    ("Initialized(uint64)", 9),
    ("MetadataUpdate(uint256)", 2),
    ("PriceRequestAdded(address,bytes32,uint256,bytes,bytes32)", 1),
    ("PushedPrice(address,bytes32,uint256,bytes,int256,bytes32)", 1),
    ("RoleGranted(bytes32,address,address)", 12),
];

#[test]
fn every_recorded_log_is_decoded() {
    let interfaces = all();
    let mut known = 0;
    let mut unknown = BTreeMap::<B256, usize>::new();
    for log in transactions().into_iter().flat_map(|transaction| transaction.logs) {
        let mut found = false;
        for interface in &interfaces {
            if let Some((topics, data)) = (interface.recode_log)(&log.topics, &log.data) {
                assert_eq!(topics, log.topics, "{}", interface.name);
                assert_eq!(hex::encode(data), hex::encode(&log.data), "{}", interface.name);
                found = true;
            }
        }
        if found {
            known += 1;
        } else {
            *unknown.entry(log.topics[0]).or_default() += 1;
        }
    }
    let expected: BTreeMap<_, _> =
        NOT_READ.iter().map(|(signature, times)| (keccak256(signature), *times)).collect();
    assert_eq!(unknown, expected);
    assert_eq!(known, 224);
}

/// A `DisputeRaised` log as the contract of this ABI writes it, made without the interfaces.
fn dispute_raised(abi: &str, caller: Option<[u8; 20]>) -> (Vec<B256>, Vec<u8>) {
    let abi: JsonAbi = serde_json::from_str(&fixture(&format!("abis/{abi}.json"))).unwrap();
    let [event] = abi.event("DisputeRaised").unwrap().as_slice() else { panic!("one form for each release") };
    let address = |bytes: [u8; 20]| DynSolValue::Address(bytes.into());
    let mut values = vec![DynSolValue::Uint(U256::from(7), 256), address([1; 20])];
    values.extend(caller.map(address));
    values.extend([
        address([2; 20]),
        DynSolValue::Uint(U256::from(8), 256),
        address([3; 20]),
        DynSolValue::FixedBytes(B256::repeat_byte(4), 32),
        DynSolValue::FixedBytes(B256::repeat_byte(5), 32),
        DynSolValue::Bytes(vec![6; 33]),
    ]);
    assert_eq!(event.inputs.len(), values.len());
    assert!(event.inputs.iter().all(|input| !input.indexed));
    (vec![event.selector()], DynSolValue::Tuple(values).abi_encode_params())
}

#[test]
fn a_raised_dispute_is_read_in_the_deployed_and_in_the_next_form() {
    type Deployed = DisputeModule::DisputeRaised;
    type Next = UnreleasedDisputeModule::DisputeRaised;
    let (topics, data) = dispute_raised("DisputeModule", None);
    let (next_topics, next_data) = dispute_raised("head_unreleased_1.3.3/DisputeModule", Some([9; 20]));

    let deployed = Deployed::decode_raw_log(&topics, &data).unwrap();
    assert_eq!(deployed.disputeInitiator, EvmAddress::repeat_byte(2));
    assert_eq!((deployed.disputeId, deployed.data.len()), (U256::from(7), 33));
    let next = Next::decode_raw_log(&next_topics, &next_data).unwrap();
    assert_eq!(
        (next.caller, next.disputeInitiator),
        (EvmAddress::repeat_byte(9), EvmAddress::repeat_byte(2))
    );
    assert_eq!((next.disputeId, next.data.len()), (U256::from(7), 33));

    // Neither is taken for the other.
    assert!(Deployed::decode_raw_log(&next_topics, &next_data).is_err());
    assert!(Next::decode_raw_log(&topics, &data).is_err());
}
