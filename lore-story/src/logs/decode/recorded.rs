//! Every log of the recorded transactions: the domain event that it becomes, or its name if Lore keeps none of it.

use std::collections::{BTreeMap, BTreeSet};

use alloy::{
    dyn_abi::{DynSolValue, EventExt as _},
    hex,
    json_abi::{Event, JsonAbi},
    primitives::{Address as EvmAddress, B256, Bytes, Log, LogData, keccak256},
    rpc::types::Filter,
    sol_types::SolEvent,
};
use lore_core::{
    Address, ChainId, IpId,
    domain::chain_event::{ChainEvent, ChainEventKind as Kind},
};
use serde::Deserialize;
use serde_json::Value;

use super::{Context, decode};
use crate::{
    addresses::Addresses,
    contracts::{registry::IpAssetRegistry, royalty::RoyaltyModule},
    convert,
    logs::filter,
};

#[derive(Deserialize)]
struct Transaction {
    logs: Vec<Recorded>,
}

#[derive(Deserialize)]
struct Recorded {
    address: EvmAddress,
    topics: Vec<B256>,
    data: Bytes,
}

impl Recorded {
    fn log(&self) -> Log {
        Log { address: self.address, data: LogData::new_unchecked(self.topics.clone(), self.data.clone()) }
    }
}

fn recorded() -> Vec<Log> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/data/story/transactions.json");
    let all: Vec<Transaction> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    all.iter().flat_map(|transaction| &transaction.logs).map(Recorded::log).collect()
}

/// The recording's collections and vaults, found in its own logs; vaults belong to IPs.
struct Known {
    collections: Vec<Address>,
    vaults: BTreeMap<Address, IpId>,
}

impl Known {
    fn of(logs: &[Log]) -> Self {
        let registered = logs.iter().filter_map(|log| IpAssetRegistry::IPRegistered::decode_log(log).ok());
        let deployed =
            logs.iter().filter_map(|log| RoyaltyModule::IpRoyaltyVaultDeployed::decode_log(log).ok());
        Self {
            collections: registered.map(|event| convert::from_evm_address(event.tokenContract)).collect(),
            vaults: deployed
                .map(|event| {
                    (convert::from_evm_address(event.ipRoyaltyVault), convert::from_evm_ip(event.ipId))
                })
                .collect(),
        }
    }

    fn decode(&self, log: &Log) -> Option<ChainEvent> {
        let emitter = convert::from_evm_address(log.address);
        let is_claim = matches(&filter::of_vaults(), log);
        let context = Context {
            addresses: &Addresses::AENEID,
            chain_id: ChainId::AENEID,
            emitter,
            vault_of: self.vaults.get(&emitter).copied().filter(|_| is_claim),
            is_collection: self.collections.contains(&emitter),
        };
        decode(log, &context).unwrap()
    }
}

/// Whether a node would give this log for the filter.
fn matches(filter: &Filter, log: &Log) -> bool {
    let is_from = filter.address.is_empty() || filter.address.matches(&log.address);
    is_from && log.topics().first().is_some_and(|topic| filter.topics[0].matches(topic))
}

/// What is logged and not kept, with how often: what tells nothing about IPs, or nothing that another log does not tell.
const NOT_KEPT: [(&str, usize); 26] = [
    ("Approval(address,address,uint256)", 12),
    ("AssertionDisputed(bytes32,address,address)", 1),
    (
        "AssertionMade(bytes32,bytes32,bytes,address,address,address,address,uint64,address,uint256,bytes32)",
        2,
    ),
    ("AssertionSettled(bytes32,address,bool,bool,address)", 2),
    ("BeaconUpgraded(address)", 9),
    ("CollectionCreated(address)", 1),
    ("Deposit(address,uint256)", 7),
    ("ERC6551AccountCreated(address,address,bytes32,uint256,address,uint256)", 10),
    ("Executed(address,uint256,bytes,bytes32)", 8),
    ("ExecutedWithSig(address,uint256,bytes,bytes32,uint256,address,bytes)", 1),
    ("GroupNFTMinted(address,address,uint256)", 1),
    ("IPAccountRegistered(address,address,uint256,address,uint256)", 11),
    ("Initialized(uint64)", 9),
    ("LicenseTokenMinted(address,address,uint256)", 5),
    ("LicensedWithRoyalty(address,address,uint32,bytes)", 6),
    ("LinkedToParents(address,address[],address[],uint32[],bytes)", 3),
    ("MetadataUpdate(uint256)", 2),
    ("PriceRequestAdded(address,bytes32,uint256,bytes,bytes32)", 1),
    ("PushedPrice(address,bytes32,uint256,bytes,int256,bytes32)", 1),
    ("RevenueDebtUpdated(address,address,int256)", 2),
    ("RevenueTokenAddedToVault(address,uint256)", 8),
    ("RoleGranted(bytes32,address,address)", 12),
    ("SetTotalLicenseTokenLimit(address,address,uint256,uint256)", 1),
    ("Transfer(address,address,uint256)", 50),
    ("TransientPermissionSet(address,address,address,address,bytes4,uint8)", 1),
    ("Withdrawal(address,uint256)", 1),
];

/// How often each event is in the recording.
const KEPT: [(Kind, usize); 26] = [
    (Kind::IpRegistered, 10),
    (Kind::IpMetadataSet, 4),
    (Kind::NftMetadataSet, 3),
    (Kind::LicenseTermsRegistered, 4),
    (Kind::LicenseTermsAttached, 6),
    (Kind::LicensingConfigSet, 5),
    (Kind::LicenseTokensMinted, 4),
    (Kind::DerivativeRegistered, 3),
    (Kind::RoyaltyPaid, 4),
    (Kind::LicenseMintingFeePaid, 2),
    (Kind::VaultDeployed, 8),
    (Kind::RevenueTransferredToVault, 2),
    (Kind::RevenueClaimed, 2),
    (Kind::GroupRegistered, 1),
    (Kind::GroupMembersAdded, 3),
    (Kind::GroupMembersRemoved, 1),
    (Kind::GroupRoyaltiesCollected, 1),
    (Kind::GroupRewardClaimed, 2),
    (Kind::DisputeRaised, 2),
    (Kind::DisputeBonded, 2),
    (Kind::DisputeCountered, 1),
    (Kind::DisputeJudged, 2),
    (Kind::DisputeResolved, 1),
    (Kind::DisputePropagated, 1),
    (Kind::PermissionSet, 1),
    // Of the collections and of the groups' tokens.
    (Kind::NftTransferred, 17),
];

#[test]
fn every_recorded_log_becomes_its_event_or_is_known_to_be_none() {
    let logs = recorded();
    assert_eq!(logs.len(), 259);
    let known = Known::of(&logs);
    let (mut kept, mut others) = (BTreeMap::<Kind, usize>::new(), BTreeMap::<B256, usize>::new());
    for log in &logs {
        match known.decode(log) {
            Some(event) => *kept.entry(event.kind()).or_default() += 1,
            None => *others.entry(log.topics()[0]).or_default() += 1,
        }
    }
    assert_eq!(kept, BTreeMap::from(KEPT));
    let expected: BTreeMap<B256, usize> =
        NOT_KEPT.iter().map(|(signature, times)| (keccak256(signature), *times)).collect();
    assert_eq!(others, expected);
    assert_eq!(kept.values().sum::<usize>() + others.values().sum::<usize>(), logs.len());
}

#[test]
fn what_becomes_an_event_is_asked_for_and_little_else() {
    let logs = recorded();
    let known = Known::of(&logs);
    let mut collections = known.collections.clone();
    collections.push(Addresses::AENEID.group_nft);
    let filters = [filter::of_contracts(&Addresses::AENEID, &collections), filter::of_vaults()];
    for log in &logs {
        let is_asked_for = filters.iter().any(|filter| matches(filter, log));
        assert_eq!(is_asked_for, known.decode(log).is_some(), "{log:?}");
    }
}

/// The published forms of all events, by topic and number of topics: tokens of both kinds log `Transfer`.
fn published() -> BTreeMap<(B256, usize), Event> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/data/story/abis");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let texts = files.filter(|path| path.is_file()).map(|path| std::fs::read_to_string(path).unwrap());
    // A file of errors is beside them.
    let abis = texts.filter_map(|text| serde_json::from_str::<JsonAbi>(&text).ok());
    let events = abis.flat_map(|abi| abi.events().cloned().collect::<Vec<_>>());
    let topics = |event: &Event| 1 + event.inputs.iter().filter(|input| input.indexed).count();
    events.map(|event| ((event.selector(), topics(&event)), event)).collect()
}

/// Every single value in a log's parameter, as text.
fn leaves(value: &DynSolValue, found: &mut Vec<String>) {
    match value {
        DynSolValue::Array(values)
        | DynSolValue::FixedArray(values)
        | DynSolValue::Tuple(values)
        | DynSolValue::CustomStruct { tuple: values, .. } => {
            values.iter().for_each(|value| leaves(value, found));
        }
        DynSolValue::Address(address) => found.push(hex::encode_prefixed(address)),
        DynSolValue::FixedBytes(bytes, size) => found.push(hex::encode_prefixed(&bytes[..*size])),
        DynSolValue::Bytes(bytes) => found.push(hex::encode_prefixed(bytes)),
        DynSolValue::Uint(number, _) => found.push(number.to_string()),
        DynSolValue::Bool(is) => found.push(is.to_string()),
        DynSolValue::String(text) => found.push(text.to_lowercase()),
        other => panic!("{other:?}"),
    }
}

/// Every single value of an event in its stored form, as text.
fn values(event: &Value, found: &mut BTreeSet<String>) {
    match event {
        Value::Object(fields) => fields.values().for_each(|value| values(value, found)),
        Value::Array(items) => items.iter().for_each(|value| values(value, found)),
        Value::String(text) => found.extend([text.to_lowercase()]),
        other => found.extend([other.to_string()]),
    }
}

/// Parameters that events keep in another form than a number.
const OTHER_FORM: [&str; 3] = ["registrationDate", "disputeTimestamp", "permission"];

#[test]
fn an_event_holds_everything_that_its_log_says() {
    let logs = recorded();
    let (known, published) = (Known::of(&logs), published());
    let mut checked = 0;
    for log in &logs {
        let Some(event) = known.decode(log) else { continue };
        let form = &published[&(log.topics()[0], log.topics().len())];
        let decoded = form.decode_log_parts(log.topics().iter().copied(), &log.data.data).unwrap();
        let (mut indexed, mut body) = (decoded.indexed.iter(), decoded.body.iter());
        let mut kept = BTreeSet::new();
        values(&serde_json::to_value(&event).unwrap(), &mut kept);
        for input in &form.inputs {
            let value = if input.indexed { indexed.next() } else { body.next() }.unwrap();
            let mut said = Vec::new();
            leaves(value, &mut said);
            // Nobody is kept as nothing.
            said.retain(|text| *text != hex::encode_prefixed(EvmAddress::ZERO));
            if OTHER_FORM.contains(&input.name.as_str()) {
                continue;
            }
            for text in said {
                let bare = text.trim_start_matches("0x").to_owned();
                assert!(
                    kept.contains(&text) || kept.contains(&bare),
                    "{}: {text} is not in {event:?}",
                    input.name
                );
                checked += 1;
            }
        }
    }
    assert!(checked > 300, "{checked}");
}
