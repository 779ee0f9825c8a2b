//! The states of many IPs: together, one by one, and value by value.

use std::{sync::Arc, time::Instant};

use alloy::{
    primitives::{Address as EvmAddress, Bytes, U256},
    sol_types::SolCall,
};
use lore::{
    Address, ChainClient as _, ChainId, IpId, MemoryTransactionStore, Secret, SystemClock, protocol,
    story::{LocalSigner, Network, StoryClient, StoryConfig, addresses::Addresses, network::RpcUrl},
};
use lore_core::port::chain::IpState;
use lore_story_testbed::{
    KEYS, Node, NodeOptions, Proxy,
    contracts::{MULTICALL3, interface::Catalogue, runtime_code},
};
use serde_json::json;

const IPS: u64 = 1_000;
/// So many value by value: more would only take longer.
const SINGLE: usize = 100;

fn ip(number: u64) -> IpId {
    let mut bytes = [0x49; 20];
    bytes[12..].copy_from_slice(&number.to_be_bytes());
    IpId::new(Address::from_bytes(bytes))
}

fn evm(address: Address) -> EvmAddress {
    EvmAddress::new(*address.as_bytes())
}

/// A client that has asked nothing yet.
fn client(url: &str) -> StoryClient {
    let mut network = Network::custom(ChainId::AENEID, RpcUrl::parse(url).unwrap());
    network.addresses = Addresses::AENEID;
    let signer = Arc::new(LocalSigner::from_key(&Secret::from(KEYS[0])).unwrap());
    let store = Arc::new(MemoryTransactionStore::new());
    StoryClient::new(StoryConfig::new(network), signer, store, SystemClock::shared()).unwrap()
}

/// The stand-in at the address of every contract that is read, and of every IP account.
async fn place(node: &Node, ips: &[IpId]) {
    let at = Addresses::AENEID;
    let contracts = [
        at.ip_asset_registry,
        at.core_metadata_view_module,
        at.license_registry,
        at.dispute_module,
        at.pi_license_template,
        at.royalty_policy_lap,
        at.royalty_policy_lrp,
    ];
    let code = runtime_code("Catalogue");
    for address in contracts.into_iter().chain(ips.iter().map(IpId::address)) {
        node.set_code(evm(address), &code).await;
    }
    node.place("Aggregator", MULTICALL3).await;
}

pub(crate) async fn run() {
    let Some(node) = Node::start("reading", NodeOptions::default()).await else { return };
    let ips: Vec<IpId> = (0..IPS).map(ip).collect();
    place(&node, &ips).await;
    // The requests are counted on the way, and not while time is taken.
    let proxy = Proxy::start(node.url()).await;
    client(proxy.url()).ip_states(&ips).await.unwrap();
    let together_requests = proxy.requests();
    proxy.forget();
    client(proxy.url()).ip(&ips[0]).await.unwrap();
    // The chain's id is asked for once per client.
    let each_requests = proxy.requests() - 1;

    let fresh = client(node.url());
    let start = Instant::now();
    let together = fresh.ip_states(&ips).await.unwrap();
    let together_seconds = start.elapsed().as_secs_f64();

    let fresh = client(node.url());
    let start = Instant::now();
    let mut one_by_one = Vec::with_capacity(ips.len());
    for ip in &ips {
        one_by_one.push(fresh.ip(ip).await.unwrap());
    }
    let each_seconds = start.elapsed().as_secs_f64();
    assert_eq!(together, one_by_one);
    assert!(
        together.iter().flatten().all(|state| state.parents.len() == 1 && state.license_terms.len() == 1)
    );

    let start = Instant::now();
    let mut single_requests = 0;
    for (ip, state) in ips.iter().zip(&together).take(SINGLE) {
        single_requests += value_by_value(&node, *ip, state.as_ref().unwrap()).await;
    }
    let scale = ips.len() as f64 / SINGLE as f64;
    let single_seconds = start.elapsed().as_secs_f64() * scale;

    println!("reading: states of {IPS} IPs with a parent and a license each, cold, on anvil");
    let line = |what: &str, seconds: f64, requests: f64| {
        let ratio = seconds / together_seconds;
        println!("  {what}: {seconds:.2} s, {requests:.0} requests, {ratio:.1} times the first");
    };
    line("all together", together_seconds, together_requests as f64);
    line("one IP after the other", each_seconds, (each_requests * IPS) as f64);
    line(
        &format!("one value after the other ({SINGLE} IPs, times {scale})"),
        single_seconds,
        f64::from(single_requests) * scale,
    );
}

/// Asks for everything that is in a state, each in a request of its own; how many those were.
async fn value_by_value(node: &Node, ip: IpId, expected: &IpState) -> u32 {
    let (id, index, template) = (evm(ip.address()), U256::ZERO, evm(protocol::PI_LICENSE_TEMPLATE));
    let mut asked = Asked { node, count: 0 };
    let at = Addresses::AENEID;
    let (registry, account, metadata) = (at.ip_asset_registry, ip.address(), at.core_metadata_view_module);
    assert!(asked.one(registry, &Catalogue::isRegisteredCall { id }).await);
    let owner = asked.one(account, &Catalogue::ownerCall {}).await;
    assert_eq!(owner, evm(expected.owner));
    asked.one(metadata, &Catalogue::getMetadataURICall { id }).await;
    asked.one(metadata, &Catalogue::getMetadataHashCall { id }).await;
    let licenses = at.license_registry;
    asked.one(licenses, &Catalogue::getAttachedLicenseTermsCountCall { id }).await;
    asked.one(licenses, &Catalogue::getParentIpCountCall { id }).await;
    asked.one(licenses, &Catalogue::getDerivativeIpCountCall { id }).await;
    asked.one(licenses, &Catalogue::getAncestorsCountCall { id }).await;
    asked.one(licenses, &Catalogue::getExpireTimeCall { id }).await;
    asked.one(at.dispute_module, &Catalogue::isIpTaggedCall { id }).await;
    let terms =
        asked.one(licenses, &Catalogue::getAttachedLicenseTermsCall { id, index }).await.licenseTermsId;
    let parent = asked.one(licenses, &Catalogue::getParentIpCall { id, index }).await;
    assert_eq!(parent, evm(expected.parents[0].parent.address()));
    asked.one(at.pi_license_template, &Catalogue::getLicenseTermsCall { licenseTermsId: terms }).await;
    let (license_template, license_terms) = (template, terms);
    let config = Catalogue::getLicensingConfigCall {
        id,
        licenseTemplate: license_template,
        licenseTermsId: license_terms,
    };
    asked.one(licenses, &config).await;
    let share = Catalogue::getRoyaltyPercentCall {
        id,
        licenseTemplate: license_template,
        licenseTermsId: license_terms,
    };
    assert_eq!(asked.one(licenses, &share).await, expected.license_terms[0].rev_share);
    asked.one(licenses, &Catalogue::getParentLicenseTermsCall { id, parent }).await;
    for (policy, below) in [
        (at.royalty_policy_lap, id),
        (at.royalty_policy_lrp, id),
        (at.royalty_policy_lap, parent),
        (at.royalty_policy_lrp, parent),
    ] {
        asked.one(policy, &Catalogue::getPolicyRoyaltyCall { id: below, ancestor: parent }).await;
    }
    asked.count
}

struct Asked<'a> {
    node: &'a Node,
    count: u32,
}

impl Asked<'_> {
    async fn one<C: SolCall>(&mut self, to: Address, call: &C) -> C::Return {
        self.count += 1;
        let request = json!({ "to": evm(to), "data": Bytes::from(call.abi_encode()) });
        let answer = self.node.rpc().get("eth_call", json!([request, "latest"])).await;
        let answer: Bytes = answer.as_str().unwrap().parse().unwrap();
        C::abi_decode_returns(&answer).unwrap()
    }
}
