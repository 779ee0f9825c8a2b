//! Groups that earn: what is collected, what each member gets, and what stays in the pool, wei by wei.

use lore_core::{
    IpId, LicenseTermsId, Revert, Wei,
    domain::royalty::RoyaltyPolicy,
    memory::chain::{Call, LicensingConfig, Outcome, Receipt},
    protocol::{EVEN_SPLIT_GROUP_POOL, ROYALTY_POLICY_LRP, WIP},
};
use serde_json::Value;

use crate::{
    report::{Suite, Verdict, check, vectors},
    steps::{text, texts},
    world::World,
};

pub(crate) fn suite(suite: &mut Suite<'_>) {
    for case in vectors("royalty-groups")["cases"].as_array().unwrap() {
        suite.case(case["name"].as_str().unwrap(), || Case::new(case).run());
    }
}

struct Case<'a> {
    case: &'a Value,
    world: World,
    terms_id: LicenseTermsId,
    group: IpId,
    /// Members have their vaults from the start, unless the case makes them itself.
    has_vaults: bool,
}

impl<'a> Case<'a> {
    /// The group with its members, and one child of it.
    fn new(case: &'a Value) -> Self {
        let mut world = World::new(World::config());
        world.fund(Wei::from_coins(1_000));
        let share = case["rev_share"].as_u64().unwrap().try_into().unwrap();
        let terms_id = world.new_terms("terms", world.remix_terms(ROYALTY_POLICY_LRP, share, true));
        let pool = world.address(text(case, "pool"));
        let Outcome::Ip(group) = world.must("alice", Call::RegisterGroup { pool }) else {
            panic!("no group")
        };
        world.name("group", group);
        world.attach("group", terms_id);
        let steps = case["steps"].as_array().unwrap();
        let has_vaults = steps.iter().all(|step| text(step, "op") != "deploy_vaults");
        let mut this = Self { case, world, terms_id, group, has_vaults };
        for number in 0..case["members"].as_u64().unwrap() {
            this.add(&format!("m{number}")).unwrap();
        }
        this.world.new_ip("child", "bob");
        let link = this.world.link("child", &["group"], terms_id);
        this.world.must("bob", link);
        this
    }

    fn add(&mut self, name: &str) -> Result<Receipt, Revert> {
        let (ip, terms_id) = (self.world.new_ip(name, "alice"), self.terms_id);
        self.world.attach(name, terms_id);
        let config = LicensingConfig {
            is_set: true,
            expect_group_reward_pool: EVEN_SPLIT_GROUP_POOL,
            ..LicensingConfig::default()
        };
        self.world.must("alice", Call::SetLicensingConfig { ip, terms_id, config });
        if self.has_vaults {
            self.deploy_vault(ip);
        }
        let add = Call::AddToGroup { group: self.group, members: vec![ip], max_reward_share: 100_000_000 };
        self.world.execute("alice", &add)
    }

    /// The first license brings the vault.
    fn deploy_vault(&mut self, licensor: IpId) {
        let mint = Call::MintLicenseTokens {
            licensor,
            terms_id: self.terms_id,
            amount: 1,
            receiver: self.world.address("carol"),
            max_minting_fee: Wei::ZERO,
            max_revenue_share: 0,
        };
        self.world.must("carol", mint);
    }

    fn members(&self) -> Vec<IpId> {
        self.world.ledger.group_members(&self.group, 0, 100).unwrap()
    }

    fn run(mut self) -> Verdict {
        for (number, step) in self.case["steps"].as_array().unwrap().iter().enumerate() {
            self.step(step).map_err(|why| format!("step {number} {step}: {why}"))?;
            let pool = self.world.ledger.balance(WIP, EVEN_SPLIT_GROUP_POOL).to_string();
            check(&format!("pool after step {number}"), pool.as_str(), text(step, "pool_balance_after"))?;
        }
        for (name, recorded) in self.case["expected"].as_object().unwrap() {
            check(&format!("revenue of {name}"), Some(self.revenue(name).as_str()), recorded.as_str())?;
        }
        check("revenue of the child", self.revenue("child").as_str(), text(self.case, "child_gets"))?;
        let ledger = &self.world.ledger;
        for (place, left) in [
            ("pool", ledger.balance(WIP, EVEN_SPLIT_GROUP_POOL)),
            ("group_vault", ledger.vault_balance(&self.group, WIP)),
            ("policy", ledger.balance(WIP, ROYALTY_POLICY_LRP)),
        ] {
            check(
                &format!("left in {place}"),
                left.to_string().as_str(),
                text(&self.case["remainder"], place),
            )?;
        }
        Ok(())
    }

    /// What an IP account has once it claimed everything.
    fn revenue(&mut self, name: &str) -> String {
        let ip = self.world.ip(name);
        let claim = Call::ClaimRevenue { ip, claimer: ip.address(), token: WIP };
        // Who earned nothing cannot claim.
        drop(self.world.execute("erin", &claim));
        self.world.ledger.balance(WIP, ip.address()).to_string()
    }

    fn step(&mut self, step: &Value) -> Verdict {
        let (group, token) = (self.group, WIP);
        match text(step, "op") {
            "pay" => {
                let (receiver, amount) = (self.world.ip(text(step, "to")), text(step, "amount_wei"));
                self.world
                    .must("erin", Call::PayRoyalty { receiver, token, amount: amount.parse().unwrap() });
            }
            "transfer" => {
                let (policy, ip) = (RoyaltyPolicy::Lrp, self.world.ip("child"));
                let moved =
                    self.world.must("erin", Call::TransferToVault { policy, ip, ancestor: group, token });
                check("moved", moved, Outcome::Amount(text(step, "amount_wei").parse().unwrap()))?;
            }
            "collect" => {
                let collected = self.world.must("erin", Call::CollectRoyalties { group, token });
                check("collected", collected, Outcome::Amount(text(step, "collected").parse().unwrap()))?;
            }
            "claim" => self.claim(step)?,
            "deploy_vaults" => {
                for member in self.members() {
                    self.deploy_vault(member);
                }
            }
            "add" => {
                self.add(text(step, "member")).unwrap();
            }
            op => panic!("unknown step `{op}`"),
        }
        Ok(())
    }

    /// What is shown as claimable is what then arrives.
    fn claim(&mut self, step: &Value) -> Verdict {
        let (group, token) = (self.group, WIP);
        let members: Vec<_> = texts(step, "members").into_iter().map(|name| self.world.ip(name)).collect();
        let recorded: Vec<Wei> =
            texts(step, "rewards").into_iter().map(|digits| digits.parse().unwrap()).collect();
        let open = self.world.ledger.claimable_rewards(&group, token, &members);
        check("claimable", open, Ok::<_, Revert>(recorded.clone()))?;
        let vaults = |world: &World| -> Vec<Wei> {
            members.iter().map(|member| world.ledger.vault_balance(member, token)).collect()
        };
        let before = vaults(&self.world);
        let claim = Call::ClaimReward { group, token, members: members.clone() };
        let error = self.world.execute("erin", &claim).err();
        check("error", error.as_ref().map(|revert| revert.name.as_str()), step["error"].as_str())?;
        if let Some(revert) = error {
            let args = step["error_args"].as_array().unwrap().len();
            check("error's arguments", revert.args.len(), args)?;
            return check("vaults after a revert", vaults(&self.world), before);
        }
        let earned = vaults(&self.world).into_iter().zip(before).map(|(now, then)| now.checked_sub(then));
        check("rewards", earned.collect::<Option<Vec<_>>>(), Some(recorded))
    }
}
