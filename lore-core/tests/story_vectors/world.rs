//! A simulated chain set up like the one of the recording, and the symbols by which cases name things.

use std::{collections::BTreeMap, time::Duration};

use lore_core::{
    Address, ChainId, ContentHash, IpId, LicenseTermsId, Revert, Timestamp, TokenId, Wei,
    domain::license::PilTerms,
    memory::chain::{Call, Outcome, Receipt, SimulatedConfig, SimulatedLedger},
    onchain::Uint256,
    protocol,
};
use serde_json::Value;

/// The collection of the recording.
pub(crate) const COLLECTION: &str = "0x8F4ec854Dd12F1fe79500a1f53D0cbB30f9b6134";
/// A second token that royalties may be paid in.
const MERC20: &str = "0xF2104833d386a2734a4eB3B8ad6FC6812F29E38E";
/// A contract that the recording registered as external royalty policy, and that says it is a hook.
const EXTERNAL: &str = "0x00000000000000000000000000000000000E1001";
/// The hook that locks licenses, on the chain of the recording.
const LOCK_LICENSE_HOOK: &str = "0x54C52990dA304643E7412a3e13d8E8923cD5bfF2";

/// The accounts of the recording.
const ACCOUNTS: [(&str, &str); 6] = [
    ("admin", "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"),
    ("alice", "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"),
    ("bob", "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC"),
    ("carol", "0x90F79bf6EB2c4f870365E785982E1f101E93b906"),
    ("dave", "0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65"),
    ("erin", "0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc"),
];

/// The contracts that cases name.
const CONTRACTS: [(&str, Address); 8] = [
    ("WIP", protocol::WIP),
    ("RoyaltyPolicyLAP", protocol::ROYALTY_POLICY_LAP),
    ("RoyaltyPolicyLRP", protocol::ROYALTY_POLICY_LRP),
    ("RoyaltyModule", protocol::ROYALTY_MODULE),
    ("LicensingModule", protocol::LICENSING_MODULE),
    ("PILicenseTemplate", protocol::PI_LICENSE_TEMPLATE),
    ("EvenSplitGroupPool", protocol::EVEN_SPLIT_GROUP_POOL),
    ("ArbitrationPolicyUMA", protocol::ARBITRATION_POLICY_UMA),
];

/// The first four bytes of a function's hash, from their text.
pub(crate) fn selector(text: &str) -> [u8; 4] {
    data_encoding::HEXLOWER.decode(text.trim_start_matches("0x").as_bytes()).unwrap().try_into().unwrap()
}

/// A chain, its time, and what its things are called.
pub(crate) struct World {
    pub(crate) ledger: SimulatedLedger,
    pub(crate) names: BTreeMap<String, String>,
    now: Timestamp,
    evidence: u64,
}

impl World {
    /// The constants of the recording.
    pub(crate) fn config() -> SimulatedConfig {
        let mut config = SimulatedConfig::default();
        config.chain_id = ChainId::AENEID;
        config.collection = COLLECTION.parse().unwrap();
        config.starting_balance = Wei::ZERO;
        config.currencies = vec![protocol::WIP, MERC20.parse().unwrap()];
        config.external_policies = vec![EXTERNAL.parse().unwrap()];
        config.hook_modules = config.external_policies.clone();
        config.lock_hooks = vec![LOCK_LICENSE_HOOK.parse().unwrap()];
        config
    }

    pub(crate) fn new(config: SimulatedConfig) -> Self {
        let mut names: BTreeMap<_, _> =
            ACCOUNTS.iter().map(|(name, address)| ((*name).to_owned(), (*address).to_owned())).collect();
        names.extend(CONTRACTS.iter().map(|(name, address)| ((*name).to_owned(), address.to_string())));
        names.insert("MERC20".to_owned(), MERC20.to_owned());
        names.insert("LockLicenseHook".to_owned(), LOCK_LICENSE_HOOK.to_owned());
        names.insert("DEFAULT".to_owned(), "1".to_owned());
        let now = Timestamp::from_unix_seconds(1_760_000_000).unwrap();
        Self { ledger: SimulatedLedger::new(config), names, now, evidence: 0 }
    }

    /// Gives everybody WIP and the allowances that the recording gave.
    pub(crate) fn fund(&mut self, amount: Wei) {
        for (name, _) in ACCOUNTS.iter().skip(1) {
            let to = self.address(name);
            self.must(name, Call::Fund { token: protocol::WIP, to, amount });
            for spender in [protocol::ROYALTY_MODULE, protocol::ARBITRATION_POLICY_UMA] {
                self.must(name, Call::Approve { token: protocol::WIP, spender, amount: Wei::MAX });
            }
        }
    }

    pub(crate) fn execute(&mut self, by: &str, call: &Call) -> Result<Receipt, Revert> {
        let sender = self.address(by);
        self.ledger.execute(sender, self.now, call)
    }

    /// Executes what the case takes for granted.
    pub(crate) fn must(&mut self, by: &str, call: Call) -> Outcome {
        self.execute(by, &call).unwrap_or_else(|revert| panic!("{call:?} by {by}: {revert}")).outcome
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }

    pub(crate) fn warp(&mut self, seconds: u64) {
        self.now = self.now.saturating_add(Duration::from_secs(seconds));
    }

    /// What a symbol stands for; text that is no symbol stands for itself.
    fn text<'a>(&'a self, symbol: &'a str) -> &'a str {
        self.names.get(symbol).map_or(symbol, String::as_str)
    }

    pub(crate) fn address(&self, symbol: &str) -> Address {
        self.text(symbol).parse().unwrap_or_else(|error| panic!("`{symbol}`: {error}"))
    }

    pub(crate) fn ip(&self, symbol: &str) -> IpId {
        IpId::new(self.address(symbol))
    }

    pub(crate) fn terms_id(&self, symbol: &str) -> LicenseTermsId {
        self.text(symbol).parse().unwrap_or_else(|error| panic!("`{symbol}`: {error}"))
    }

    pub(crate) fn token_id(&self, symbol: &str) -> TokenId {
        self.text(symbol).parse().unwrap_or_else(|error| panic!("`{symbol}`: {error}"))
    }

    pub(crate) fn name(&mut self, symbol: &str, value: impl ToString) {
        self.names.insert(symbol.to_owned(), value.to_string());
    }

    /// The owner of an IP, by the account's name.
    pub(crate) fn owner(&self, ip: &str) -> String {
        let owner =
            self.ledger.ip(&self.ip(ip)).unwrap_or_else(|| panic!("`{ip}` is no ip")).owner.to_string();
        let account = ACCOUNTS.iter().find(|(_, address)| *address == owner);
        account.unwrap_or_else(|| panic!("nobody we know owns `{ip}`")).0.to_owned()
    }

    /// Mints and registers.
    pub(crate) fn new_ip(&mut self, name: &str, owner: &str) -> IpId {
        let collection = COLLECTION.parse().unwrap();
        self.new_ip_in(collection, name, owner)
    }

    pub(crate) fn new_ip_in(&mut self, collection: Address, name: &str, owner: &str) -> IpId {
        let to = self.address(owner);
        let Outcome::Token(token_id) = self.must(owner, Call::Mint { collection, to }) else {
            panic!("no token")
        };
        let Outcome::Ip(ip) = self.must(owner, Call::RegisterIp { collection, token_id }) else {
            panic!("no ip")
        };
        self.name(name, ip);
        ip
    }

    /// Registers terms under a name.
    pub(crate) fn new_terms(&mut self, name: &str, terms: PilTerms) -> LicenseTermsId {
        let Outcome::Terms(id) = self.must("alice", Call::RegisterLicenseTerms { terms: Box::new(terms) })
        else {
            panic!("no terms")
        };
        self.name(name, id);
        id
    }

    pub(crate) fn attach(&mut self, ip: &str, terms_id: LicenseTermsId) {
        let owner = self.owner(ip);
        let ip = self.ip(ip);
        self.must(&owner, Call::AttachLicenseTerms { ip, terms_id });
    }

    pub(crate) fn fresh_evidence(&mut self) -> ContentHash {
        self.evidence += 1;
        ContentHash::of(&self.evidence.to_be_bytes())
    }

    /// A dispute with the values of the recording; evidence is fresh.
    pub(crate) fn dispute(&mut self, target: IpId) -> Call {
        Call::RaiseDispute {
            target,
            evidence_hash: self.fresh_evidence(),
            tag: "IMPROPER_REGISTRATION".to_owned(),
            liveness_seconds: 2_592_000,
            currency: protocol::WIP,
            bond: Wei::from(100_000_000_000_000_000_u64),
        }
    }

    /// The base of the recorded terms with the given fields changed.
    pub(crate) fn pil_terms(&self, fields: &Value) -> PilTerms {
        let field = |name: &str| Some(&fields[name]).filter(|value| !value.is_null());
        let flag = |name: &str, base| field(name).map_or(base, |value| value.as_bool().unwrap());
        let text = |name: &str| field(name).map_or("", |value| value.as_str().unwrap());
        let number =
            |name: &str| field(name).map_or("0", |value| value.as_str().unwrap()).parse::<Uint256>().unwrap();
        let wei = |name| Wei::from_be_bytes(number(name).to_be_bytes());
        let address = |name| match text(name) {
            "" => Address::ZERO,
            symbol => self.address(symbol),
        };
        let data = text("commercializerCheckerData").trim_start_matches("0x");
        PilTerms {
            transferable: flag("transferable", true),
            royalty_policy: address("royaltyPolicy"),
            default_minting_fee: wei("defaultMintingFee"),
            expiration_seconds: field("expiration").map_or(Uint256::ZERO, |value| {
                value.as_u64().map_or_else(|| value.as_str().unwrap().parse().unwrap(), Uint256::from)
            }),
            commercial_use: flag("commercialUse", false),
            commercial_attribution: flag("commercialAttribution", false),
            commercializer_checker: address("commercializerChecker"),
            commercializer_checker_data: data_encoding::HEXLOWER_PERMISSIVE.decode(data.as_bytes()).unwrap(),
            commercial_rev_share: field("commercialRevShare")
                .map_or(0, |value| value.as_u64().unwrap().try_into().unwrap()),
            commercial_rev_ceiling: wei("commercialRevCeiling"),
            derivatives_allowed: flag("derivativesAllowed", true),
            derivatives_attribution: flag("derivativesAttribution", true),
            derivatives_approval: flag("derivativesApproval", false),
            derivatives_reciprocal: flag("derivativesReciprocal", true),
            derivative_rev_ceiling: wei("derivativeRevCeiling"),
            currency: address("currency"),
            uri: text("uri").to_owned(),
        }
    }

    /// Commercial remix terms under a royalty policy.
    pub(crate) fn remix_terms(&self, policy: Address, share: u32, reciprocal: bool) -> PilTerms {
        PilTerms {
            commercial_use: true,
            commercial_attribution: true,
            royalty_policy: policy,
            currency: protocol::WIP,
            commercial_rev_share: share,
            derivatives_reciprocal: reciprocal,
            ..self.pil_terms(&Value::Null)
        }
    }

    /// A link under one terms id, without limits.
    pub(crate) fn link(&self, child: &str, parents: &[&str], terms_id: LicenseTermsId) -> Call {
        Call::RegisterDerivative {
            child: self.ip(child),
            parents: parents.iter().map(|parent| self.ip(parent)).collect(),
            terms_ids: vec![terms_id; parents.len()],
            max_minting_fee: Wei::ZERO,
            max_revenue_share: 0,
        }
    }
}
