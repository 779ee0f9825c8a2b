//! [`Network`]: which chain is spoken to, through which nodes, with the contracts where.
//!
//! Source of ids, hosts and currency: the chain definitions of viem 2.57.20 after the rebrand of June 2026 ("DATA
//! Network", formerly Story), read 2026-11-22. All of it is configuration, because hosts have changed before.

use std::fmt;

use lore_core::{ChainId, Error, Result};
use reqwest::Url;
use serde::{Deserialize, Deserializer, de::Error as _};

use crate::addresses::{AddressOverrides, Addresses};

/// Address of a node's JSON-RPC endpoint. Shown without path, query and credentials, where providers put their keys.
#[derive(Clone, PartialEq, Eq)]
pub struct RpcUrl(Url);

impl RpcUrl {
    /// Reads an `http` or `https` URL.
    ///
    /// # Errors
    /// [`InvalidInput`](lore_core::ErrorKind::InvalidInput) if it is none.
    pub fn parse(text: &str) -> Result<Self> {
        Url::parse(text)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
            .map(Self)
            .ok_or_else(|| Error::invalid("rpc_url", "malformed", "an `http` or `https` URL"))
    }

    /// The whole URL, keys included, for the one place that connects.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Display for RpcUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.0.scheme(), self.0.host_str().unwrap_or_default())?;
        self.0.port().map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

impl fmt::Debug for RpcUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<'de> Deserialize<'de> for RpcUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(D::Error::custom)
    }
}

/// A chain that carries the protocol.
///
/// In a configuration only `chain_id` is needed for a known network, and everything else, down to a single address, can
/// be replaced. Any other chain needs `rpc_urls`, and has the addresses that all networks share unless told otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Settings")]
#[non_exhaustive]
pub struct Network {
    /// The chain's id; nodes that answer with another are refused.
    pub chain_id: ChainId,
    /// Short name, for example `aeneid`.
    pub name: String,
    /// Short name of the native coin.
    pub currency: String,
    /// Nodes to ask, best first; never empty.
    pub rpc_urls: Vec<RpcUrl>,
    /// Address of a block explorer for people.
    pub explorer_url: Option<String>,
    /// Where the contracts are.
    pub addresses: Addresses,
}

/// Short name of the native coin of both networks; IP before June 2026.
const CURRENCY: &str = "DATA";

impl Network {
    /// The test network Aeneid, chain 1315.
    #[must_use]
    pub fn aeneid() -> Self {
        Self {
            chain_id: ChainId::AENEID,
            name: "aeneid".to_owned(),
            currency: CURRENCY.to_owned(),
            rpc_urls: built_in("https://aeneid.datarpc.io"),
            explorer_url: Some("https://aeneid.datanetscan.io".to_owned()),
            addresses: Addresses::AENEID,
        }
    }

    /// The main network, chain 1514.
    #[must_use]
    pub fn mainnet() -> Self {
        Self {
            chain_id: ChainId::STORY,
            name: "mainnet".to_owned(),
            currency: CURRENCY.to_owned(),
            rpc_urls: built_in("https://mainnet.datarpc.io"),
            explorer_url: Some("https://datanetscan.io".to_owned()),
            addresses: Addresses::MAINNET,
        }
    }

    /// The known network with this id.
    #[must_use]
    pub fn known(chain_id: ChainId) -> Option<Self> {
        [Self::aeneid(), Self::mainnet()].into_iter().find(|network| network.chain_id == chain_id)
    }

    /// Any other chain that carries the contracts at the addresses that all networks share, for example a local one.
    #[must_use]
    pub fn custom(chain_id: ChainId, rpc_url: RpcUrl) -> Self {
        Self {
            chain_id,
            name: format!("chain-{chain_id}"),
            currency: CURRENCY.to_owned(),
            rpc_urls: vec![rpc_url],
            explorer_url: None,
            addresses: Addresses::SHARED,
        }
    }
}

/// A list of one URL that is known to be one.
fn built_in(url: &str) -> Vec<RpcUrl> {
    RpcUrl::parse(url).into_iter().collect()
}

/// A network as it is written in a configuration.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    chain_id: ChainId,
    name: Option<String>,
    currency: Option<String>,
    rpc_urls: Option<Vec<RpcUrl>>,
    explorer_url: Option<String>,
    #[serde(default)]
    addresses: AddressOverrides,
}

impl TryFrom<Settings> for Network {
    type Error = Error;

    fn try_from(settings: Settings) -> Result<Self> {
        let needs_url =
            || Error::invalid("rpc_urls", "missing", "the URL of at least one node of this chain");
        let urls = settings.rpc_urls;
        let mut network = match (Self::known(settings.chain_id), urls.as_deref()) {
            (_, Some([])) | (None, None) => return Err(needs_url()),
            (Some(known), _) => known,
            (None, Some([first, ..])) => Self::custom(settings.chain_id, first.clone()),
        };
        network.name = settings.name.unwrap_or(network.name);
        network.currency = settings.currency.unwrap_or(network.currency);
        network.rpc_urls = urls.unwrap_or(network.rpc_urls);
        network.explorer_url = settings.explorer_url.or(network.explorer_url);
        network.addresses = network.addresses.with(&settings.addresses);
        Ok(network)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use lore_core::Address;
    use serde_json::{Value, json};

    use super::*;

    /// Published, but never called: implementations behind proxies, the deployer, and a wrapper that the protocol does
    /// not use. `ERC20` is the test token, which exists on the test network alone.
    const LEFT_OUT: [&str; 8] = [
        "Create3Deployer",
        "IPAccountImpl",
        "IPAccountImplCode",
        "IpRoyaltyVaultImpl",
        "OwnableERC20Beacon",
        "OwnableERC20Template",
        "SPGNFTImpl",
        "WDATA",
    ];

    fn published() -> Value {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/data/story/networks.json");
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    }

    #[test]
    fn the_networks_are_the_published_ones() {
        let published = published();
        for network in [Network::aeneid(), Network::mainnet()] {
            let entry = &published[network.chain_id.to_string()];
            assert_eq!(entry["chainId"], json!(network.chain_id.get()));
            assert_eq!(entry["name"], json!(network.name));
            assert_eq!(entry["native"]["symbol"], json!(network.currency));
            assert_eq!(entry["explorer"].as_str(), network.explorer_url.as_deref());
            let urls: Vec<_> =
                network.rpc_urls.iter().map(|url| url.expose().trim_end_matches('/')).collect();
            assert_eq!(entry["rpc"], json!(urls));

            let mut expected = BTreeMap::new();
            for part in ["contracts_sdk", "deploy_out_core", "deploy_out_periphery", "other"] {
                for (name, address) in entry[part].as_object().unwrap() {
                    let name = match name.as_str() {
                        name if LEFT_OUT.contains(&name) => continue,
                        "ERC20" if network.chain_id == ChainId::STORY => continue,
                        "ERC20" => "MERC20",
                        "UMA_OptimisticOracleV3" => "OptimisticOracleV3",
                        name => name,
                    };
                    expected.insert(name.to_owned(), address.as_str().unwrap().parse::<Address>().unwrap());
                }
            }
            let found: BTreeMap<_, _> =
                network.addresses.iter().map(|(name, address)| (name.to_owned(), address)).collect();
            assert_eq!(found, expected);
            assert_eq!(found.values().collect::<BTreeSet<_>>().len(), found.len(), "no address twice");
        }
    }

    #[test]
    fn a_known_network_needs_only_its_id_and_anything_can_be_replaced() {
        let network: Network = serde_json::from_value(json!({ "chain_id": 1315 })).unwrap();
        assert_eq!(network, Network::aeneid());

        let wip = "0x00000000000000000000000000000000000000aa";
        let changed = json!({
            "chain_id": 1514,
            "currency": "IP",
            "rpc_urls": ["https://one.example/key", "http://two.example:8545"],
            "addresses": { "wip": wip },
        });
        let network: Network = serde_json::from_value(changed).unwrap();
        let mut expected = Network::mainnet();
        expected.currency = "IP".to_owned();
        expected.rpc_urls = vec![
            RpcUrl::parse("https://one.example/key").unwrap(),
            RpcUrl::parse("http://two.example:8545").unwrap(),
        ];
        expected.addresses.wip = wip.parse().unwrap();
        assert_eq!(network, expected);
    }

    #[test]
    fn another_chain_needs_a_node() {
        let local = json!({ "chain_id": 31337, "rpc_urls": ["http://127.0.0.1:8545"] });
        let network: Network = serde_json::from_value(local).unwrap();
        assert_eq!(network.addresses, Addresses::SHARED);
        assert_eq!(network.name, "chain-31337");
        for wrong in [
            json!({ "chain_id": 31337 }),
            json!({ "chain_id": 1315, "rpc_urls": [] }),
            json!({ "chain_id": 1315, "rpc_urls": ["ws://aeneid.example"] }),
            json!({ "chain_id": 1315, "rpc_urls": ["nonsense"] }),
            json!({ "chain_id": 1315, "rpcs": [] }),
            json!({ "chain_id": 1315, "addresses": { "wipp": Address::ZERO.to_string() } }),
            json!({ "chain_id": 1315, "addresses": { "wip": "0x12" } }),
        ] {
            assert!(serde_json::from_value::<Network>(wrong.clone()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn keys_in_urls_are_not_shown() {
        let url = RpcUrl::parse("https://user:pass@node.example:8443/v3/0123456789abcdef?key=k").unwrap();
        assert_eq!(format!("{url} {url:?}"), "https://node.example:8443 https://node.example:8443");
        assert!(url.expose().contains("0123456789abcdef"));
    }
}
