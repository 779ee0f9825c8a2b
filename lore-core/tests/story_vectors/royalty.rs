//! Graphs, payments and transfers: exact wei per ancestor, dust, errors.

use lore_core::{
    Address, LicenseTermsId, Revert, Share, Wei,
    domain::royalty::{RoyaltyLink, RoyaltyPolicy, preview},
    memory::chain::{Call, LicensingConfig, Outcome},
    protocol::WIP,
};
use serde_json::Value;

use crate::{
    report::{Suite, Verdict, check, vectors},
    world::World,
};

pub(crate) fn suite(suite: &mut Suite<'_>) {
    for case in vectors("royalty")["cases"].as_array().unwrap() {
        suite.case(case["name"].as_str().unwrap(), || Case::new(case).run());
    }
}

struct Case<'a> {
    case: &'a Value,
    policy: RoyaltyPolicy,
    world: World,
}

impl<'a> Case<'a> {
    fn new(case: &'a Value) -> Self {
        let mut config = World::config();
        let fee = case["royalty_fee_percent"].as_u64().unwrap_or_default();
        config.royalty_fee = Share::from_millionths(fee.try_into().unwrap()).unwrap();
        let mut world = World::new(config);
        world.fund(Wei::from_coins(1_000_000));
        let policy = case["policy"].as_str().unwrap().to_lowercase().parse().unwrap();
        Self { case, policy, world }
    }

    fn run(mut self) -> Verdict {
        match self.build() {
            Err((ip, call, revert)) => {
                check("error", revert.name.as_str(), self.case["reverts"].as_str().unwrap_or_default())?;
                let args: Vec<_> = self.case["revert_args"].as_array().unwrap().iter().map(plain).collect();
                check("error's arguments", &revert.args, &args)?;
                check("refused ip", ip.as_str(), self.case["refused_at"]["ip"].as_str().unwrap())?;
                check("refused call", call, self.case["refused_at"]["call"].as_str().unwrap())?;
            }
            Ok(()) => check("error", Value::Null, self.case["reverts"].clone())?,
        }
        self.check_graph()?;
        self.check_preview()?;
        self.pay_and_transfer()?;
        self.claim()
    }

    fn ids(&self) -> Vec<&'a str> {
        self.case["ips"].as_array().unwrap().iter().map(|ip| ip["id"].as_str().unwrap()).collect()
    }

    fn terms_of(&self, ip: &str) -> Option<LicenseTermsId> {
        self.world.ledger.ip(&self.world.ip(ip))?.license_terms.first().map(|attached| attached.terms_id)
    }

    /// Registers, licenses and links in order; on a revert, what was tried for which IP.
    fn build(&mut self) -> Result<(), (String, &'static str, Revert)> {
        let mode = self.case["mode"].as_str().unwrap();
        for ip in self.case["ips"].as_array().unwrap() {
            let id = ip["id"].as_str().unwrap();
            let own = ip["rev_share"].as_u64().map(|share| u32::try_from(share).unwrap());
            self.world.new_ip(id, "alice");
            let parents: Vec<_> =
                ip["parents"].as_array().unwrap().iter().map(|p| p.as_str().unwrap()).collect();
            if parents.is_empty() {
                let base = self.case["base_rev_share"].as_u64().unwrap_or_default().try_into().unwrap();
                let share = if mode == "config" { base } else { own.unwrap() };
                let terms = self.world.remix_terms(self.policy.address(), share, mode != "nonreciprocal");
                let terms_id = self.world.new_terms("terms", terms);
                self.world.attach(id, terms_id);
            } else {
                let link = Call::RegisterDerivative {
                    child: self.world.ip(id),
                    parents: parents.iter().map(|parent| self.world.ip(parent)).collect(),
                    terms_ids: parents.iter().map(|parent| self.terms_of(parent).unwrap()).collect(),
                    max_minting_fee: Wei::ZERO,
                    max_revenue_share: 0,
                };
                self.attempt(id, "registerDerivative", &link)?;
            }
            if let (Some(share), "config") = (own.filter(|share| *share > 0), mode) {
                let config = LicensingConfig {
                    is_set: true,
                    commercial_rev_share: share,
                    ..LicensingConfig::default()
                };
                let terms_id = self.terms_of(id).unwrap();
                let set = Call::SetLicensingConfig { ip: self.world.ip(id), terms_id, config };
                self.attempt(id, "setLicensingConfig", &set)?;
            }
        }
        Ok(())
    }

    fn attempt(
        &mut self,
        ip: &str,
        name: &'static str,
        call: &Call,
    ) -> Result<(), (String, &'static str, Revert)> {
        self.world.execute("alice", call).map(drop).map_err(|revert| (ip.to_owned(), name, revert))
    }

    fn check_graph(&self) -> Verdict {
        let ledger = &self.world.ledger;
        for (id, share) in self.case["effective_rev_share"].as_object().unwrap() {
            if let (Some(share), Some(terms_id)) = (share.as_u64(), self.terms_of(id)) {
                let found = u64::from(ledger.royalty_share(&self.world.ip(id), terms_id));
                check(&format!("effective share of {id}"), found, share)?;
            }
        }
        for (id, shares) in self.case["links"].as_object().unwrap() {
            for link in ledger.ip(&self.world.ip(id)).unwrap().parents {
                let (parent, _) =
                    self.world.names.iter().find(|(_, v)| **v == link.parent.to_string()).unwrap();
                let found = u64::from(link.link.royalty.millionths());
                check(&format!("link {id} to {parent}"), Some(found), shares[parent].as_u64())?;
            }
        }
        for (field, global) in [("royalty_stack", false), ("global_royalty_stack", true)] {
            for (id, stack) in self.case[field].as_object().unwrap() {
                let found = ledger.royalty_stack(&self.world.ip(id));
                let found =
                    if global { found.total_millionths() } else { found.of(self.policy).millionths() };
                check(&format!("{field} of {id}"), Some(u64::from(found)), stack.as_u64())?;
            }
        }
        for (id, shares) in self.case["policy_royalty"].as_object().unwrap() {
            for (ancestor, share) in shares.as_object().unwrap() {
                let found = ledger.policy_share(self.policy, &self.world.ip(id), &self.world.ip(ancestor));
                let what = format!("policy royalty of {id} to {ancestor}");
                check(&what, Some(u64::from(found.millionths())), share.as_u64())?;
            }
        }
        Ok(())
    }

    /// The preview of a first payment says what the chain then does, on a copy of it.
    fn check_preview(&self) -> Verdict {
        let ids = self.ids();
        let mut links = Vec::new();
        for id in ids.iter().copied().filter(|id| self.world.names.contains_key(*id)) {
            for link in self.world.ledger.ip(&self.world.ip(id)).unwrap().parents {
                links.push(RoyaltyLink::new(self.world.ip(id), link.parent, self.policy, link.link.royalty));
            }
        }
        if self.case["expected"].as_object().unwrap().is_empty() {
            return Ok(());
        }
        let amount = Wei::from(1_000_000_000_000_000_007_u64);
        for id in ids {
            let ip = self.world.ip(id);
            let fee = self.world.ledger.config().royalty_fee;
            let found = preview(&links, ip, amount, fee).map_err(|error| error.to_string())?;
            let mut ledger = self.world.ledger.clone();
            let erin = self.world.address("erin");
            let now = lore_core::Timestamp::EPOCH;
            let vault = ledger.vault_balance(&ip, WIP);
            let pay = Call::PayRoyalty { receiver: ip, token: WIP, amount };
            if ledger.execute(erin, now, &pay).is_err() {
                continue; // An IP without a vault cannot be paid.
            }
            let kept = ledger.vault_balance(&ip, WIP).checked_sub(vault);
            check(&format!("preview: kept by {id}"), Some(found.kept), kept)?;
            // The pool must not run short: the preview tells what is due.
            let policy = self.policy.address();
            ledger
                .execute(erin, now, &Call::Fund { token: WIP, to: policy, amount: Wei::from(100_u64) })
                .unwrap();
            for earning in found.ancestors {
                let call =
                    Call::TransferToVault { policy: self.policy, ip, ancestor: earning.ip, token: WIP };
                let moved = match ledger.execute(erin, now, &call).map(|receipt| receipt.outcome) {
                    Ok(Outcome::Amount(amount)) => amount,
                    _ => Wei::ZERO,
                };
                check(&format!("preview: earned of {id}"), earning.amount, moved)?;
            }
        }
        Ok(())
    }

    fn pay_and_transfer(&mut self) -> Verdict {
        if let Some(amount) = self.case["policy_prefund_wei"].as_str() {
            let (to, amount) = (self.policy.address(), amount.parse().unwrap());
            self.world.must("erin", Call::Fund { token: WIP, to, amount });
        }
        for (number, step) in self.case["steps"].as_array().unwrap().iter().enumerate() {
            let what = format!("step {number} {step}");
            let ip = |field: &str| self.world.ip(step[field].as_str().unwrap());
            let amount = step["amount_wei"].as_str().map(|digits| digits.parse::<Wei>().unwrap());
            let call = match step["op"].as_str().unwrap() {
                "pay" => Call::PayRoyalty { receiver: ip("to"), token: WIP, amount: amount.unwrap() },
                _ => Call::TransferToVault {
                    policy: self.policy,
                    ip: ip("from"),
                    ancestor: ip("to"),
                    token: WIP,
                },
            };
            let answer = self.world.execute("erin", &call);
            let error = answer.as_ref().err().map(|revert| revert.name.as_str());
            check(&what, error, step["error"].as_str())?;
            if let Ok(Outcome::Amount(moved)) = answer.map(|receipt| receipt.outcome) {
                check(&what, Some(moved), amount)?;
            }
        }
        Ok(())
    }

    /// Everybody claims; what is left is what was recorded.
    fn claim(&mut self) -> Verdict {
        let expected = self.case["expected"].as_object().unwrap();
        if expected.is_empty() {
            return Ok(());
        }
        for id in self.ids() {
            let ip = self.world.ip(id);
            let claim = Call::ClaimRevenue { ip, claimer: ip.address(), token: WIP };
            if let Err(revert) = self.world.execute("erin", &claim) {
                let nothing =
                    ["IpRoyaltyVault__NoClaimableTokens", "EMPTY_REVERT"].contains(&revert.name.as_str());
                check(&format!("claim of {id}: {revert}"), nothing, true)?;
            }
            let recorded = expected.get(id).and_then(Value::as_str).unwrap_or("0");
            check(&format!("revenue of {id}"), self.balance(ip.address()).as_str(), recorded)?;
        }
        let leftover = &self.case["leftover"];
        check(
            "left in the policy",
            self.balance(self.policy.address()).as_str(),
            leftover["policy"].as_str().unwrap(),
        )?;
        for id in self.ids() {
            let left = self.world.ledger.vault_balance(&self.world.ip(id), WIP).to_string();
            check(
                &format!("left in the vault of {id}"),
                left.as_str(),
                leftover["vaults"][id].as_str().unwrap_or("0"),
            )?;
        }
        let treasury = self.balance(self.world.ledger.config().treasury);
        check("treasury", treasury.as_str(), self.case["treasury"].as_str().unwrap_or("0"))
    }

    fn balance(&self, account: Address) -> String {
        self.world.ledger.balance(WIP, account).to_string()
    }
}

/// A recorded argument as a revert shows it.
fn plain(argument: &Value) -> String {
    argument.as_str().map_or_else(|| argument.to_string(), str::to_owned)
}
