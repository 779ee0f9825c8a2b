//! Random transactions about a few things, so that they meet.

use std::time::Duration;

use lore_core::{
    Address, ContentHash, IpId, LicenseTermsId, TokenId, Wei,
    domain::{
        license::{Payment, PilTerms},
        royalty::RoyaltyPolicy,
    },
    memory::chain::{Call, LicensingConfig, Outcome, SimulatedConfig, SimulatedLedger},
    onchain::{AssertionId, Share},
    protocol::{ARBITRATION_POLICY_UMA, EVEN_SPLIT_GROUP_POOL, WIP},
};
use proptest::prelude::{Strategy, any, prop};

use crate::{
    ALICE, BOB, CAROL, document, register_terms, request,
    scene::{Scene, mint_license},
};

/// Numbers out of which a transaction is made: what to do, by whom, with what.
type Seed = (u8, u8, u8, u8, u8);

const ACCOUNTS: [Address; 3] = [ALICE, BOB, CAROL];
const COLLECTION: Address = Address::from_bytes([0xcc; 20]);

/// Things made so far, so that most transactions are about something that exists.
#[derive(Default)]
struct Made {
    ips: Vec<IpId>,
    assertions: Vec<AssertionId>,
    count: u64,
}

impl Made {
    fn ip(&self, number: u8) -> IpId {
        let index = usize::from(number) % self.ips.len().max(1);
        self.ips.get(index).copied().unwrap_or(IpId::new(ALICE))
    }

    fn call(&mut self, (what, a, b, c, d): Seed) -> Call {
        self.count += 1;
        match what % 34 {
            kind @ 0..22 => self.single((kind, a, b, c, d)),
            kind @ 22..30 => self.of_group((kind, a, b, c, d)),
            30 => Call::SetAllPermissions {
                ip: self.ip(a),
                signer: ACCOUNTS[usize::from(b % 3)],
                permission: c % 3,
            },
            _ => {
                // Most calls of an account that has nothing and is nobody's licensor would fail.
                let kind = [0, 2, 4, 7, 8, 9].get(usize::from(b % 6)).copied().unwrap_or_default();
                let ip = self.ip(a);
                let signer = ACCOUNTS[usize::from(c % 3)];
                let permit = Call::SetAllTransientPermissions { ip, signer, permission: d % 3 };
                Call::ExecuteBatch { ip, calls: vec![permit, self.single((kind, d, a, c, b))] }
            }
        }
    }

    /// What groups and disputes do beyond their beginnings.
    fn of_group(&mut self, (kind, a, b, c, d): Seed) -> Call {
        let (group, members) = (self.ip(a), vec![self.ip(b), self.ip(c)]);
        match kind {
            22 => Call::RegisterGroup { pool: EVEN_SPLIT_GROUP_POOL },
            23 => Call::SetLicensingConfig {
                ip: self.ip(a),
                terms_id: LicenseTermsId::from(u64::from(c % 5)),
                config: LicensingConfig {
                    is_set: true,
                    expect_group_reward_pool: EVEN_SPLIT_GROUP_POOL,
                    ..LicensingConfig::default()
                },
            },
            24 => Call::AddToGroup { group, members, max_reward_share: 100_000_000 },
            25 => Call::RemoveFromGroup { group, members },
            26 => Call::CollectRoyalties { group, token: WIP },
            27 => Call::ClaimReward { group, token: WIP, members },
            28 => match self.assertions.iter().rev().nth(usize::from(a % 3)) {
                Some(id) => {
                    Call::DisputeAssertion { assertion_id: *id, counter_evidence_hash: ContentHash::of(&[b]) }
                }
                None => Call::CancelDispute { dispute: u64::from(a) },
            },
            _ if d.is_multiple_of(2) => {
                Call::AnswerAsOracle { dispute: u64::from(a % 3), upheld: b.is_multiple_of(2) }
            }
            _ => Call::TagIfRelatedIpInfringed { ip_to_tag: group, infringer_dispute: u64::from(b % 3) },
        }
    }

    fn single(&mut self, (kind, a, b, c, d): Seed) -> Call {
        let terms_id = LicenseTermsId::from(u64::from(c % 5));
        let account = |number: u8| ACCOUNTS[usize::from(number % 3)];
        match kind {
            0 | 1 => Call::MintAndRegisterIp {
                collection: COLLECTION,
                request: Box::new(request(
                    &format!("ip-{}", if a == 0 { 0 } else { self.count }),
                    account(b),
                )),
            },
            2 => register_terms(&format!("terms-{}", a % 3)),
            3 => {
                let policy = RoyaltyPolicy::ALL[usize::from(a % 2)].address();
                let payment = Payment { royalty_policy: policy, ..Payment::default() };
                let share = Share::from_percent(u32::from(b % 60)).unwrap();
                let fee = Wei::from(u64::from(c) * 1_000);
                Call::RegisterLicenseTerms {
                    terms: Box::new(PilTerms::commercial_remix(fee, share, payment)),
                }
            }
            4..=6 => Call::AttachLicenseTerms { ip: self.ip(a), terms_id },
            7 => Call::AttachDefaultLicenseTerms { ip: self.ip(a) },
            8 => Call::SetLicensingConfig {
                ip: self.ip(a),
                terms_id,
                config: LicensingConfig {
                    is_set: true,
                    minting_fee: Wei::from(u64::from(b) * 1_000),
                    commercial_rev_share: u32::from(d) * 500_000,
                    disabled: b == 0,
                    ..LicensingConfig::default()
                },
            },
            9 | 10 => Call::MintLicenseTokens {
                licensor: self.ip(a),
                terms_id,
                amount: u64::from(b % 4),
                receiver: account(d),
                max_minting_fee: Wei::ZERO,
                max_revenue_share: 0,
            },
            11..=13 => Call::RegisterDerivative {
                child: self.ip(a),
                parents: if d.is_multiple_of(2) { vec![self.ip(b)] } else { vec![self.ip(b), self.ip(d)] },
                terms_ids: vec![terms_id; if d.is_multiple_of(2) { 1 } else { 2 }],
                max_minting_fee: Wei::ZERO,
                max_revenue_share: 0,
            },
            14 => Call::RegisterDerivativeWithLicenseTokens {
                child: self.ip(a),
                token_ids: vec![TokenId::from(u64::from(b % 6))],
            },
            15 | 16 => Call::PayRoyalty {
                receiver: self.ip(a),
                token: WIP,
                amount: Wei::from(u64::from(b) * 7_919 + u64::from(c)),
            },
            17 => Call::TransferToVault {
                policy: RoyaltyPolicy::ALL[usize::from(c % 2)],
                ip: self.ip(a),
                ancestor: self.ip(b),
                token: WIP,
            },
            18 => {
                let ip = self.ip(a);
                let claimer = if c.is_multiple_of(2) { ip.address() } else { account(b) };
                Call::ClaimRevenue { ip, claimer, token: WIP }
            }
            19 => {
                let ip = self.ip(a);
                Call::TransferRoyaltyTokens {
                    ip,
                    from: ip.address(),
                    to: account(b),
                    amount: u32::from(c) * 99_999,
                }
            }
            20 => Call::RaiseDispute {
                target: self.ip(a),
                evidence_hash: ContentHash::of(&[b]),
                tag: "IMPROPER_USAGE".to_owned(),
                liveness_seconds: 2_592_000,
                currency: WIP,
                bond: Wei::from(100_000_000_000_000_000_u64),
            },
            _ => match b % 4 {
                0 => Call::SettleDispute { dispute: u64::from(a % 3) },
                1 => Call::ResolveDispute { dispute: u64::from(a % 3) },
                2 => Call::TransferNft {
                    collection: COLLECTION,
                    token_id: TokenId::from(u64::from(c % 6)),
                    to: account(d),
                },
                _ => Call::SetMetadata {
                    ip: self.ip(a),
                    ipa_metadata: document("changed"),
                    nft_metadata_hash: ContentHash::of(&[c]),
                },
            },
        }
    }
}

/// Everybody who can have WIP: what is funded is all there is.
fn all_money(ledger: &SimulatedLedger, ips: &[IpId]) -> Wei {
    let others = [
        RoyaltyPolicy::Lap.address(),
        RoyaltyPolicy::Lrp.address(),
        ARBITRATION_POLICY_UMA,
        EVEN_SPLIT_GROUP_POOL,
        ledger.config().treasury,
    ];
    let accounts = ACCOUNTS.into_iter().chain(others).chain(ips.iter().map(IpId::address));
    let held = accounts.map(|account| ledger.balance(WIP, account));
    held.chain(ips.iter().map(|ip| ledger.vault_balance(ip, WIP))).sum()
}

/// A group of alice's that has two members with vaults and earns from a child of bob's, so that most rules can be met.
fn begin(scene: &mut Scene) -> Vec<IpId> {
    scene.greet(&ACCOUNTS);
    let (group, terms_id, members) = scene.group(ALICE, 2);
    for licensor in &members {
        scene.must(CAROL, mint_license(*licensor, terms_id, CAROL));
    }
    let child = scene.ip(BOB);
    scene.must(
        BOB,
        Call::RegisterDerivative {
            child,
            parents: vec![group],
            terms_ids: vec![terms_id],
            max_minting_fee: Wei::ZERO,
            max_revenue_share: 0,
        },
    );
    [group].into_iter().chain(members).chain([child]).collect()
}

fn seeds() -> impl Strategy<Value = Vec<Seed>> {
    // Small numbers, so that things meet.
    let small = || 0_u8..12;
    prop::collection::vec((any::<u8>(), small(), small(), small(), small()), 1..150)
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config { cases: 48, ..Default::default() })]

    /// Random transactions: a revert changes nothing, money and royalty tokens stay the same, and executing the same
    /// transactions again gives the same state.
    #[test]
    fn whatever_happens_happens_wholly_or_not_at_all(seeds in seeds()) {
        let mut config = SimulatedConfig::default();
        config.royalty_fee = Share::from_millionths(1_234_567).unwrap();
        let mut scene = Scene::new(config.clone());
        let mut made = Made { ips: begin(&mut scene), ..Made::default() };
        let (mut ledger, mut happened, mut at) = (scene.ledger, scene.happened, scene.now);
        let money = all_money(&ledger, &made.ips);
        for seed in seeds {
            let call = made.call(seed);
            // Most things are alice's.
            let sender = ACCOUNTS[usize::from(seed.4 % 5 % 3)];
            at = at.saturating_add(Duration::from_secs(u64::from(seed.0) * 1_999));
            let before = ledger.state_digest();
            match ledger.execute(sender, at, &call) {
                Ok(receipt) => {
                    match receipt.outcome {
                        Outcome::Ip(ip) => made.ips.push(ip),
                        Outcome::Dispute(id) => {
                            let assertion = ledger.dispute(id).unwrap().assertion;
                            made.assertions.extend(assertion.map(|assertion| assertion.id));
                        }
                        _ => {}
                    }
                    happened.push((sender, at, call));
                }
                Err(_) => assert_eq!(ledger.state_digest(), before, "{call:?}"),
            }
            assert_eq!(all_money(&ledger, &made.ips), money);
        }
        for ip in &made.ips {
            let holders = ACCOUNTS.into_iter().chain([ip.address(), EVEN_SPLIT_GROUP_POOL]);
            let tokens: u32 = holders.map(|holder| ledger.royalty_tokens(ip, holder)).sum();
            assert!(tokens == 0 || tokens == 100_000_000, "{tokens} royalty tokens");
        }
        let mut again = SimulatedLedger::new(config);
        for (sender, at, call) in &happened {
            again.execute(*sender, *at, call).unwrap();
        }
        assert_eq!(again.state_digest(), ledger.state_digest());
        assert_eq!(again.stats(), ledger.stats());
    }
}
