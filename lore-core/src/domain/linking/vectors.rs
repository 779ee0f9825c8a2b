//! The recorded links, judged by what a chain would tell about the IPs in them.
//!
//! The setup of each case is followed just far enough to say what [`IpState`] says. A case with a step that leaves no
//! trace there (license tokens, permissions, groups) is not judged.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use crate::{
    domain::{
        asset::OnChainLink,
        license::PilTerms,
        linking::{LinkCheck, LinkParent},
    },
    onchain::{Address, IpId, LicenseTermsId, Share, Uint256, Wei},
    port::chain::{AttachedTerms, IpState, ParentState},
    protocol::{ROYALTY_POLICY_LAP, ROYALTY_POLICY_LRP, WIP},
    time::Timestamp,
};

/// Attached terms as they come, open.
pub(super) fn attached(id: u64, terms: PilTerms) -> AttachedTerms {
    AttachedTerms {
        terms_id: LicenseTermsId::from(id),
        rev_share: terms.commercial_rev_share,
        minting_fee: terms.default_minting_fee,
        terms,
        disabled: false,
    }
}

/// A root with these terms.
pub(super) fn ip(number: u8, license_terms: Vec<AttachedTerms>) -> IpState {
    IpState {
        ip_id: IpId::new(Address::from_bytes([number; 20])),
        owner: Address::ZERO,
        ipa_metadata: None,
        license_terms,
        parents: Vec::new(),
        child_count: 0,
        ancestor_count: 0,
        is_tagged: false,
        expires_at: None,
    }
}

#[derive(Default)]
struct World {
    seconds: i64,
    terms: HashMap<String, (u64, PilTerms)>,
    ips: HashMap<String, IpState>,
    /// Parent, terms, child.
    approved: HashSet<(String, u64, String)>,
}

fn text<'a>(step: &'a Value, key: &str) -> &'a str {
    step[key].as_str().unwrap_or_else(|| panic!("{key} of {step}"))
}

fn list<'a>(step: &'a Value, key: &str) -> Vec<&'a str> {
    step[key].as_array().unwrap().iter().map(|item| item.as_str().unwrap()).collect()
}

impl World {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_seconds(self.seconds).unwrap()
    }

    /// Terms by their symbol, or by a literal id; those that nobody registered have no fields set.
    fn terms(&self, name: &str) -> (u64, PilTerms) {
        if name == "DEFAULT" {
            return (1, PilTerms::non_commercial_social_remixing());
        }
        let literal = || (name.parse().unwrap(), PilTerms { transferable: false, ..PilTerms::bare() });
        self.terms.get(name).cloned().unwrap_or_else(literal)
    }

    fn add(&mut self, name: &str, terms: Option<&str>) {
        let number = u8::try_from(self.ips.len() + 1).unwrap();
        self.ips.insert(name.to_owned(), ip(number, Vec::new()));
        if let Some(terms) = terms {
            self.attach(name, terms);
        }
    }

    fn attach(&mut self, name: &str, terms: &str) {
        let (id, terms) = self.terms(terms);
        self.ips.get_mut(name).unwrap().license_terms.push(attached(id, terms));
    }

    fn register_terms(&mut self, step: &Value) {
        let mut terms = PilTerms {
            derivatives_allowed: true,
            derivatives_attribution: true,
            derivatives_reciprocal: true,
            ..PilTerms::bare()
        };
        for (key, value) in step["fields"].as_object().unwrap() {
            let flag = || value.as_bool().unwrap();
            let symbol = || match value.as_str().unwrap() {
                "RoyaltyPolicyLAP" => ROYALTY_POLICY_LAP,
                "RoyaltyPolicyLRP" => ROYALTY_POLICY_LRP,
                "WIP" => WIP,
                "MERC20" => Address::from_bytes([0xf2; 20]),
                other => panic!("symbol {other}"),
            };
            match key.as_str() {
                "uri" => value.as_str().unwrap().clone_into(&mut terms.uri),
                "expiration" => {
                    terms.expiration_seconds = value.as_str().unwrap().parse::<Uint256>().unwrap()
                }
                "defaultMintingFee" => terms.default_minting_fee = value.as_str().unwrap().parse().unwrap(),
                "commercialRevShare" => {
                    terms.commercial_rev_share = u32::try_from(value.as_u64().unwrap()).unwrap()
                }
                "commercialUse" => terms.commercial_use = flag(),
                "commercialAttribution" => terms.commercial_attribution = flag(),
                "derivativesAllowed" => terms.derivatives_allowed = flag(),
                "derivativesAttribution" => terms.derivatives_attribution = flag(),
                "derivativesReciprocal" => terms.derivatives_reciprocal = flag(),
                "derivativesApproval" => terms.derivatives_approval = flag(),
                "royaltyPolicy" => terms.royalty_policy = symbol(),
                "currency" => terms.currency = symbol(),
                other => panic!("field {other}"),
            }
        }
        let id = u64::try_from(self.terms.len()).unwrap() + 2;
        self.terms.insert(text(step, "id").to_owned(), (id, terms));
    }

    fn configure(&mut self, step: &Value) {
        let (id, _) = self.terms(text(step, "terms"));
        let state = self.ips.get_mut(text(step, "ip")).unwrap();
        let found =
            state.license_terms.iter_mut().find(|attached| attached.terms_id == LicenseTermsId::from(id));
        let attached = found.unwrap();
        attached.disabled = step["disabled"].as_bool().unwrap_or(false);
        if let Some(share) = step["commercialRevShare"].as_u64() {
            attached.rev_share = u32::try_from(share).unwrap();
        }
        if let Some(fee) = step["mintingFee"].as_str() {
            attached.minting_fee = fee.parse().unwrap();
        }
    }

    fn link(&mut self, step: &Value) {
        let mut child = self.ips[text(step, "child")].clone();
        for (name, terms) in list(step, "parents").into_iter().zip(list(step, "terms")) {
            let (id, terms) = self.terms(terms);
            let now = self.now();
            let parent = self.ips.get_mut(name).unwrap();
            parent.child_count += 1;
            let share = Share::from_millionths(terms.commercial_rev_share).unwrap();
            let link = OnChainLink::new(LicenseTermsId::from(id), terms.royalty_policy, share);
            child.parents.push(ParentState { parent: parent.ip_id, link });
            child.ancestor_count += 1 + parent.ancestor_count;
            let life = terms.expiration_seconds.to_u64().filter(|seconds| *seconds > 0);
            let end = life.map(|seconds| now.saturating_add(std::time::Duration::from_secs(seconds)));
            child.expires_at = [child.expires_at, parent.expires_at, end].into_iter().flatten().min();
            child.license_terms.push(attached(id, terms));
        }
        self.ips.insert(text(step, "child").to_owned(), child);
    }

    /// Follows a step; `false` if it leaves no trace in an [`IpState`].
    fn follow(&mut self, step: &Value) -> bool {
        match text(step, "op") {
            "terms" => self.register_terms(step),
            "ip" => self.add(text(step, "name"), None),
            "ips" => {
                for number in 0..step["count"].as_u64().unwrap() {
                    self.add(&format!("{}{number}", text(step, "prefix")), step["attach"].as_str());
                }
            }
            "attach" => self.attach(text(step, "ip"), text(step, "terms")),
            "attach_default" => self.attach(text(step, "ip"), "DEFAULT"),
            "config" => self.configure(step),
            "link" => self.link(step),
            "tag" => {
                self.ips.get_mut(text(step, "ip")).unwrap().is_tagged = true;
                self.seconds += 2_592_001;
            }
            "warp" => self.seconds += step["seconds"].as_i64().unwrap(),
            "fake_ancestors" => {
                self.ips.get_mut(text(step, "ip")).unwrap().ancestor_count = step["count"].as_u64().unwrap();
            }
            "approve_derivative" => {
                let (id, _) = self.terms(text(step, "terms"));
                let key = (text(step, "parent").to_owned(), id, text(step, "child").to_owned());
                if step["approved"].as_bool().unwrap_or(true) {
                    self.approved.insert(key);
                } else {
                    self.approved.remove(&key);
                }
            }
            // A dispute that is not judged yet changes nothing.
            "raise" => {}
            _ => return false,
        }
        true
    }

    /// The rules that the link breaks; `None` if a parent is no IP.
    fn judge(&self, step: &Value) -> Option<Vec<String>> {
        let child = text(step, "child");
        let mut parents = Vec::new();
        for (name, terms) in list(step, "parents").into_iter().zip(list(step, "terms")) {
            let (id, _) = self.terms(terms);
            let mut parent = LinkParent::new(self.ips.get(name)?, LicenseTermsId::from(id));
            parent.approved = self.approved.contains(&(name.to_owned(), id, child.to_owned()));
            parents.push(parent);
        }
        let mut check = LinkCheck::new(parents, self.now());
        check.child = Some(&self.ips[child]);
        if let Some(fee) = step["max_minting_fee"].as_str() {
            check.max_minting_fee = fee.parse::<Wei>().unwrap();
        }
        if let Some(share) = step["max_revenue_share"].as_u64() {
            // The contracts read 0 as no limit.
            check.max_revenue_share = Some(Share::from_millionths(u32::try_from(share).unwrap()).unwrap())
                .filter(|max| *max > Share::ZERO);
        }
        let found = check.check().err().unwrap_or_default();
        Some(found.as_slice().iter().map(|violation| violation.rule.to_string()).collect())
    }
}

/// The rules one of which must be broken where the chain gives this error; none if it is not about parents' licenses.
fn rules(error: &str) -> &'static [&'static str] {
    match error {
        "LicensingModule__NoParentIp" => &["too_few"],
        "LicenseRegistry__TooManyParents" => &["too_many"],
        "LicenseRegistry__TooManyAncestors" => &["too_many_ancestors"],
        "LicenseRegistry__DuplicateParentIp" => &["duplicate"],
        "LicenseRegistry__DerivativeIsParent" => &["is_child"],
        "LicenseRegistry__DerivativeAlreadyRegistered" => &["already_linked"],
        "LicenseRegistry__DerivativeIpAlreadyHasLicense" => &["has_license_terms"],
        "LicenseRegistry__DerivativeIpAlreadyHasChild" => &["has_derivatives"],
        "LicenseRegistry__ParentIpTagged" | "LicensingModule__DisputedIpId" => &["tagged"],
        "LicenseRegistry__ParentIpExpired" => &["expired"],
        "LicenseRegistry__ParentIpUnmatchedLicenseTemplate"
        | "LicenseRegistry__ParentIpHasNoLicenseTerms" => &["not_attached"],
        // Judged before attachment, so it hides terms that are not attached.
        "LicensingModule__LicenseNotCompatibleForDerivative" => &[
            "commercial_mix",
            "reciprocal_mix",
            "no_derivatives",
            "no_further_derivatives",
            "not_approved",
            "not_attached",
        ],
        "LicensingModule__RoyaltyPolicyMismatch" => &["royalty_policy_mix"],
        "LicensingModule__LicenseDisabled" => &["disabled"],
        "LicensingModule__ExceedMaxRevenueShare" | "LicensingModule__MintingFeeExceedMaxMintingFee" => {
            &["exceeded"]
        }
        "RoyaltyModule__AboveMaxPercent" | "RoyaltyPolicyLAP__AboveMaxPercent" => &["revenue_above_full"],
        _ => &[],
    }
}

#[test]
fn links_are_refused_where_the_chain_refuses_them_and_for_its_reason() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/data/story/vectors/linking.json");
    let cases: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let (mut allowed, mut refused) = (0, 0);
    for case in cases.iter().filter(|case| case["action"]["op"] == "link") {
        let name = text(case, "name");
        let error = case["error"].as_str().map(|error| error.split('(').next().unwrap());
        let expected = error.map(rules);
        let mut world = World::default();
        let followed = case["setup"].as_array().unwrap().iter().all(|step| world.follow(step));
        if !followed || expected == Some(&[]) {
            println!("not judged: {name} ({})", error.unwrap_or("allowed"));
            continue;
        }
        let found = world.judge(&case["action"]).unwrap_or_else(|| panic!("{name}: a parent is no IP"));
        match expected {
            None => {
                assert!(found.is_empty(), "{name}: allowed on chain, but {found:?}");
                allowed += 1;
            }
            Some(rules) => {
                let named = found.iter().any(|rule| rules.contains(&rule.as_str()));
                assert!(named, "{name}: {} on chain, but {found:?}", error.unwrap());
                refused += 1;
            }
        }
    }
    assert_eq!((allowed, refused), (29, 42), "of 89 links; the others are named above");
}
