//! A ledger with a time of its own, and what most tests begin with.

use std::time::Duration;

use lore_core::{
    Address, ContentHash, IpId, LicenseTermsId, Revert, Share, Timestamp, Wei,
    domain::license::{Payment, PilTerms},
    memory::chain::{Assertion, Call, LicensingConfig, Outcome, SimulatedConfig, SimulatedLedger},
    protocol::{EVEN_SPLIT_GROUP_POOL, ROYALTY_POLICY_LRP, WIP},
};

use crate::{now, register_terms, request};

pub(crate) const LIVENESS: u64 = 2_592_000;

pub(crate) struct Scene {
    pub(crate) ledger: SimulatedLedger,
    pub(crate) now: Timestamp,
    /// Every transaction that did not revert.
    pub(crate) happened: Vec<(Address, Timestamp, Call)>,
    made: u64,
}

/// One license token, free of limits.
pub(crate) fn mint_license(licensor: IpId, terms_id: LicenseTermsId, receiver: Address) -> Call {
    let (max_minting_fee, max_revenue_share) = (Wei::ZERO, 0);
    Call::MintLicenseTokens { licensor, terms_id, amount: 1, receiver, max_minting_fee, max_revenue_share }
}

impl Scene {
    pub(crate) fn new(config: SimulatedConfig) -> Self {
        Self { ledger: SimulatedLedger::new(config), now: now(), happened: Vec::new(), made: 0 }
    }

    pub(crate) fn warp(&mut self, seconds: u64) {
        self.now = self.now.saturating_add(Duration::from_secs(seconds));
    }

    pub(crate) fn execute(&mut self, by: Address, call: &Call) -> Result<Outcome, Revert> {
        let receipt = self.ledger.execute(by, self.now, call)?;
        self.happened.push((by, self.now, call.clone()));
        Ok(receipt.outcome)
    }

    pub(crate) fn must(&mut self, by: Address, call: Call) -> Outcome {
        self.execute(by, &call).unwrap_or_else(|revert| panic!("{call:?} by {by}: {revert}"))
    }

    /// The text of the error; nothing may have happened.
    pub(crate) fn refused(&mut self, by: Address, call: &Call) -> String {
        let before = self.ledger.state_digest();
        let revert = self.execute(by, call).unwrap_err();
        assert_eq!(self.ledger.state_digest(), before, "{call:?}");
        revert.to_string()
    }

    pub(crate) fn ip(&mut self, owner: Address) -> IpId {
        self.made += 1;
        let collection = self.ledger.config().collection;
        let request = Box::new(request(&format!("ip-{}", self.made), owner));
        let Outcome::Ip(ip) = self.must(owner, Call::MintAndRegisterIp { collection, request }) else {
            panic!("no ip")
        };
        ip
    }

    /// Gives the token behind an IP away.
    pub(crate) fn give(&mut self, ip: IpId, from: Address, to: Address) {
        let token = self.ledger.registration(&ip).unwrap();
        let (collection, token_id) = (token.token_contract, token.token_id);
        self.must(from, Call::TransferNft { collection, token_id, to });
    }

    /// Commercial remix terms that a group may have.
    pub(crate) fn terms(&mut self, by: Address) -> LicenseTermsId {
        let payment = Payment { royalty_policy: ROYALTY_POLICY_LRP, ..Payment::default() };
        let terms = PilTerms::commercial_remix(Wei::ZERO, Share::from_percent(10).unwrap(), payment);
        let Outcome::Terms(id) = self.must(by, Call::RegisterLicenseTerms { terms: Box::new(terms) }) else {
            panic!("no terms")
        };
        id
    }

    /// A group with members, all under the same terms.
    pub(crate) fn group(&mut self, by: Address, size: usize) -> (IpId, LicenseTermsId, Vec<IpId>) {
        let terms_id = self.terms(by);
        let Outcome::Ip(group) = self.must(by, Call::RegisterGroup { pool: EVEN_SPLIT_GROUP_POOL }) else {
            panic!("no group")
        };
        self.must(by, Call::AttachLicenseTerms { ip: group, terms_id });
        let members: Vec<_> = (0..size)
            .map(|_| {
                let ip = self.ip(by);
                self.must(by, Call::AttachLicenseTerms { ip, terms_id });
                let config = LicensingConfig {
                    is_set: true,
                    expect_group_reward_pool: EVEN_SPLIT_GROUP_POOL,
                    ..LicensingConfig::default()
                };
                self.must(by, Call::SetLicensingConfig { ip, terms_id, config });
                ip
            })
            .collect();
        let add = Call::AddToGroup { group, members: members.clone(), max_reward_share: 100_000_000 };
        self.must(by, add);
        (group, terms_id, members)
    }

    /// Raises a dispute; its number and what the oracle is asked.
    pub(crate) fn raise(&mut self, by: Address, target: IpId) -> (u64, Assertion) {
        self.made += 1;
        let raise = Call::RaiseDispute {
            target,
            evidence_hash: ContentHash::of(&self.made.to_be_bytes()),
            tag: "IMPROPER_USAGE".to_owned(),
            liveness_seconds: LIVENESS,
            currency: WIP,
            bond: Wei::from_coins(1),
        };
        let Outcome::Dispute(dispute) = self.must(by, raise) else { panic!("no dispute") };
        (dispute, self.ledger.dispute(dispute).unwrap().assertion.unwrap())
    }

    /// Raises a dispute that nobody counters.
    pub(crate) fn tag(&mut self, by: Address, target: IpId) -> u64 {
        let (dispute, _) = self.raise(by, target);
        self.warp(LIVENESS);
        self.must(by, Call::SettleDispute { dispute });
        dispute
    }

    pub(crate) fn wip(&self, account: Address) -> Wei {
        self.ledger.balance(WIP, account)
    }

    /// The first transaction of an account, which brings its money.
    pub(crate) fn greet(&mut self, accounts: &[Address]) {
        for account in accounts {
            self.must(*account, register_terms("hello"));
        }
    }
}

impl Default for Scene {
    fn default() -> Self {
        Self::new(SimulatedConfig::default())
    }
}
