//! Single probes of limits and errors: each by its recorded name, on a chain of its own.

use lore_core::{
    Address, LicenseTermsId, Revert, Wei,
    domain::royalty::RoyaltyPolicy,
    memory::chain::{Call, LicensingConfig, Outcome},
    protocol::{EVEN_SPLIT_GROUP_POOL, ROYALTY_POLICY_LAP, ROYALTY_POLICY_LRP, WIP},
};
use serde_json::Value;

use crate::{
    report::{Suite, Verdict, check, vectors},
    world::World,
};

pub(crate) fn suite(suite: &mut Suite<'_>) {
    for probe in vectors("royalty-limits")["probes"].as_array().unwrap() {
        let name = probe["name"].as_str().unwrap();
        suite.case(name, || {
            let mut world = World::new(World::config());
            world.fund(Wei::from_coins(1_000));
            let answer = match name.split_once(": ") {
                Some(("LAP", rest)) => Probe { world, policy: RoyaltyPolicy::Lap }.run(rest),
                Some(("LRP", rest)) => Probe { world, policy: RoyaltyPolicy::Lrp }.run(rest),
                _ => Probe { world, policy: RoyaltyPolicy::Lap }.run_general(name),
            };
            compare(probe, answer)
        });
    }
}

fn compare(probe: &Value, answer: Result<String, Revert>) -> Verdict {
    check("ok", answer.is_ok(), probe["ok"].as_bool().unwrap())?;
    match answer {
        Ok(value) => check("value", value.as_str(), probe["value"].as_str().unwrap()),
        Err(revert) => {
            let args = probe["args"].as_array().unwrap();
            let args: Vec<_> =
                args.iter().map(|arg| arg.as_str().map_or_else(|| arg.to_string(), str::to_owned)).collect();
            let recorded = format!("{}({})", probe["error"].as_str().unwrap(), args.join(","));
            check("error", revert.to_string(), recorded)
        }
    }
}

struct Probe {
    world: World,
    policy: RoyaltyPolicy,
}

impl Probe {
    fn terms(&mut self, policy: Address, share: u32, reciprocal: bool) -> LicenseTermsId {
        let terms = self.world.remix_terms(policy, share, reciprocal);
        self.world.new_terms("terms", terms)
    }

    /// A new IP with reciprocal remix terms of the probe's policy.
    fn root(&mut self, name: &str, share: u32) -> LicenseTermsId {
        let terms_id = self.terms(self.policy.address(), share, true);
        self.world.new_ip(name, "alice");
        self.world.attach(name, terms_id);
        terms_id
    }

    fn child(&mut self, name: &str, parents: &[&str], terms_id: LicenseTermsId) -> Result<String, Revert> {
        self.world.new_ip(name, "alice");
        self.link(name, parents, terms_id)
    }

    /// Links, and returns the stack.
    fn link(&mut self, name: &str, parents: &[&str], terms_id: LicenseTermsId) -> Result<String, Revert> {
        let link = self.world.link(name, parents, terms_id);
        self.world.execute("alice", &link)?;
        Ok(self.world.ledger.royalty_stack(&self.world.ip(name)).total_millionths().to_string())
    }

    fn override_share(&mut self, ip: &str, terms_id: LicenseTermsId, share: u32) {
        let config =
            LicensingConfig { is_set: true, commercial_rev_share: share, ..LicensingConfig::default() };
        self.world.must("alice", Call::SetLicensingConfig { ip: self.world.ip(ip), terms_id, config });
    }

    fn pay(&mut self, ip: &str, token: Address, amount: u64) -> Result<String, Revert> {
        let pay = Call::PayRoyalty { receiver: self.world.ip(ip), token, amount: Wei::from(amount) };
        self.world.execute("erin", &pay).map(|_| "paid".to_owned())
    }

    fn transfer(&mut self, ip: &str, ancestor: &str) -> Result<String, Revert> {
        let (ip, ancestor) = (self.world.ip(ip), self.world.ip(ancestor));
        let call = Call::TransferToVault { policy: self.policy, ip, ancestor, token: WIP };
        self.world.execute("erin", &call).map(|receipt| format!("{:?}", receipt.outcome))
    }

    /// A root of 10 % and its child.
    fn pair(&mut self) -> LicenseTermsId {
        let terms_id = self.root("A", 10_000_000);
        self.child("B", &["A"], terms_id).unwrap();
        terms_id
    }

    fn many_parents(&mut self, count: u32, share: u32) -> Result<String, Revert> {
        let names: Vec<_> = (0..count).map(|index| format!("P{index}")).collect();
        let mut terms_id = LicenseTermsId::ZERO;
        for name in &names {
            terms_id = self.root(name, share);
        }
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        self.child("C", &names, terms_id)
    }

    /// A root, its child, and a child of that.
    fn chain(&mut self, share: u32) -> Result<String, Revert> {
        let terms_id = self.root("A", share);
        self.child("B", &["A"], terms_id).unwrap();
        self.child("C", &["B"], terms_id)
    }

    fn run(mut self, name: &str) -> Result<String, Revert> {
        match name {
            "16 parents of 6.25%" => self.many_parents(16, 6_250_000),
            "17 parents of 0%" => self.many_parents(17, 0),
            "terms with commercialRevShare 100000001" => {
                Ok(format!("terms id {}", self.terms(self.policy.address(), 100_000_001, true)))
            }
            "link to parent whose config override is 100000001" => {
                let terms_id = self.root("A", 10_000_000);
                self.override_share("A", terms_id, 100_000_001);
                self.child("B", &["A"], terms_id)
            }
            "transferToVault to itself" => {
                self.pair();
                self.transfer("B", "B")
            }
            "transferToVault to non-ancestor" => {
                self.pair();
                self.root("X", 10_000_000);
                self.transfer("B", "X")
            }
            "transferToVault child as ancestor of parent" => {
                self.pair();
                self.transfer("A", "B")
            }
            "transferToVault before any payment" => {
                self.pair();
                self.transfer("B", "A")
            }
            "transferToVault twice" => {
                self.pair();
                self.pay("B", WIP, 1_000).unwrap();
                self.transfer("B", "A").unwrap();
                self.transfer("B", "A")
            }
            "chain of 100% parents, depth 2" => self.chain(100_000_000),
            "chain 50% inherited, depth 2 (LAP stack exactly 100%)" => self.chain(50_000_000),
            "mint license on IP whose stack+percent > 100%" => self.mint_above(),
            "two parents with different reciprocal terms" => {
                let first = self.root("A", 10_000_000);
                let second = self.root("B", 20_000_000);
                self.world.new_ip("C", "alice");
                self.link_under("C", &[("A", first), ("B", second)], 0)
            }
            "grandchild under non-reciprocal terms" => {
                let terms_id = self.terms(self.policy.address(), 10_000_000, false);
                self.world.new_ip("A", "alice");
                self.world.attach("A", terms_id);
                self.child("B", &["A"], terms_id).unwrap();
                self.child("C", &["B"], terms_id)
            }
            "raise share of parent after link: old child keeps its percent" => {
                let terms_id = self.pair();
                self.override_share("A", terms_id, 20_000_000);
                let new = self.child("C", &["A"], terms_id)?;
                let old = self.world.ledger.royalty_stack(&self.world.ip("B")).total_millionths();
                Ok(format!("{old} vs {new}"))
            }
            "maxRevenueShare below the sum" => {
                let terms_id = self.root("A", 10_000_000);
                self.root("B", 10_000_000);
                self.world.new_ip("C", "alice");
                self.link_under("C", &[("A", terms_id), ("B", terms_id)], 19_999_999)
            }
            name => panic!("unknown probe `{name}`"),
        }
    }

    fn link_under(
        &mut self,
        child: &str,
        parents: &[(&str, LicenseTermsId)],
        max_revenue_share: u32,
    ) -> Result<String, Revert> {
        let link = Call::RegisterDerivative {
            child: self.world.ip(child),
            parents: parents.iter().map(|(parent, _)| self.world.ip(parent)).collect(),
            terms_ids: parents.iter().map(|(_, terms_id)| *terms_id).collect(),
            max_minting_fee: Wei::ZERO,
            max_revenue_share,
        };
        self.world.execute("alice", &link).map(|_| "linked".to_owned())
    }

    fn mint_above(&mut self) -> Result<String, Revert> {
        let terms_id = self.root("A", 60_000_000);
        self.child("B", &["A"], terms_id).unwrap();
        let mint = Call::MintLicenseTokens {
            licensor: self.world.ip("B"),
            terms_id,
            amount: 1,
            receiver: self.world.address("bob"),
            max_minting_fee: Wei::ZERO,
            max_revenue_share: 100_000_000,
        };
        match self.world.execute("bob", &mint)?.outcome {
            Outcome::LicenseTokens(first) => Ok(first.to_string()),
            other => panic!("minted {other:?}"),
        }
    }

    fn run_general(mut self, name: &str) -> Result<String, Revert> {
        match name {
            "two parents: LAP and LRP non-reciprocal terms" => {
                let lap = self.terms(ROYALTY_POLICY_LAP, 10_000_000, false);
                let lrp = self.terms(ROYALTY_POLICY_LRP, 10_000_000, false);
                for (name, terms_id) in [("A", lap), ("B", lrp)] {
                    self.world.new_ip(name, "alice");
                    self.world.attach(name, terms_id);
                }
                self.world.new_ip("C", "alice");
                self.link_under("C", &[("A", lap), ("B", lrp)], 0)
            }
            "IP with LAP and LRP terms: LAP 60% child of A, then LRP 60% link to that child" => {
                let (lap, lrp) = self.root_of_both(60_000_000);
                self.child("B", &["A"], lap).unwrap();
                self.child("C", &["B"], lrp)
            }
            "one root, 70% LAP child then 70% LRP child are separate" => {
                let (lap, lrp) = self.root_of_both(70_000_000);
                let first = self.child("B", &["A"], lap)?;
                Ok(format!("{first} {}", self.child("C", &["A"], lrp)?))
            }
            "payRoyalty 0 wei" => {
                self.pair();
                self.pay("B", WIP, 0)
            }
            "payRoyalty to IP without vault" => {
                self.root("A", 10_000_000);
                self.pay("A", WIP, 1)
            }
            "payRoyalty with token not whitelisted" => {
                self.pair();
                self.pay("B", Address::from_bytes([7; 20]), 1)
            }
            "claimRevenueOnBehalf with nothing" => {
                self.pair();
                let ip = self.world.ip("B");
                let claim = Call::ClaimRevenue { ip, claimer: ip.address(), token: WIP };
                self.world.execute("erin", &claim).map(|receipt| format!("{:?}", receipt.outcome))
            }
            "royaltyFeePercent / isSupportGroup LAP, LRP" => {
                let lap = self.terms(ROYALTY_POLICY_LAP, 0, true);
                let lrp = self.terms(ROYALTY_POLICY_LRP, 0, true);
                let ledger = &self.world.ledger;
                let fee = ledger.config().royalty_fee.millionths();
                Ok(format!("{fee} {} {}", ledger.can_attach_to_group(lap), ledger.can_attach_to_group(lrp)))
            }
            "group with LAP terms" => {
                let lap = self.terms(ROYALTY_POLICY_LAP, 10_000_000, true);
                let group = self.group();
                let attach = Call::AttachLicenseTerms { ip: group, terms_id: lap };
                self.world.execute("alice", &attach).map(|_| "attached".to_owned())
            }
            "group: 2 members each expecting minimum share 50.000001%" => self.greedy_members(),
            name => panic!("unknown probe `{name}`"),
        }
    }

    /// An IP with terms of both policies.
    fn root_of_both(&mut self, share: u32) -> (LicenseTermsId, LicenseTermsId) {
        let lap = self.terms(ROYALTY_POLICY_LAP, share, true);
        let lrp = self.terms(ROYALTY_POLICY_LRP, share, true);
        self.world.new_ip("A", "alice");
        self.world.attach("A", lap);
        self.world.attach("A", lrp);
        (lap, lrp)
    }

    fn group(&mut self) -> lore_core::IpId {
        let Outcome::Ip(group) =
            self.world.must("alice", Call::RegisterGroup { pool: EVEN_SPLIT_GROUP_POOL })
        else {
            panic!("no group")
        };
        self.world.name("G", group);
        group
    }

    fn greedy_members(&mut self) -> Result<String, Revert> {
        let terms_id = self.terms(ROYALTY_POLICY_LRP, 10_000_000, true);
        let group = self.group();
        self.world.must("alice", Call::AttachLicenseTerms { ip: group, terms_id });
        let mut members = Vec::new();
        for name in ["M1", "M2"] {
            let ip = self.world.new_ip(name, "alice");
            self.world.attach(name, terms_id);
            let config = LicensingConfig {
                is_set: true,
                expect_minimum_group_reward_share: 50_000_001,
                expect_group_reward_pool: EVEN_SPLIT_GROUP_POOL,
                ..LicensingConfig::default()
            };
            self.world.must("alice", Call::SetLicensingConfig { ip, terms_id, config });
            members.push(ip);
        }
        let add = Call::AddToGroup { group, members, max_reward_share: 100_000_000 };
        self.world.execute("alice", &add).map(|_| "added".to_owned())
    }
}
