//! What each transaction of the simulated chain logs: who, what, and in which order.

use std::time::Duration;

use lore_core::{
    Address, ContentHash, TokenId, Wei,
    domain::{
        chain_event::{ChainEvent, ChainEventKind as Kind, GroupReward, HexBytes, Selector},
        ip_account::ip_id,
        license::{PilTerms, encode_terms},
        royalty::RoyaltyPolicy,
    },
    memory::chain::{Call, LicensingConfig, Outcome, SimulatedConfig},
    onchain::Uint256,
    port::chain::PermissionLevel,
    protocol::{
        ACCESS_CONTROLLER, ARBITRATION_POLICY_UMA, CORE_METADATA_MODULE, DISPUTE_MODULE,
        EVEN_SPLIT_GROUP_POOL, GROUP_NFT, GROUPING_MODULE, IP_ASSET_REGISTRY, LICENSE_REGISTRY,
        LICENSING_MODULE, PI_LICENSE_TEMPLATE, ROYALTY_MODULE, ROYALTY_POLICY_LAP, ROYALTY_POLICY_LRP, WIP,
    },
};

use crate::{
    ALICE, BOB, CAROL, document,
    events::{World, chain_id, kinds},
    now, request,
    scene::{LIVENESS, mint_license},
};

/// What a license costs where it costs anything.
fn fee() -> Wei {
    Wei::from(100_u64)
}

#[tokio::test]
async fn a_registration_logs_the_token_the_ip_its_documents_and_its_license() {
    let world = World::new();
    let collection = SimulatedConfig::default().collection;
    let terms = PilTerms::non_commercial_social_remixing();
    let (ip, logs) = world
        .logs_of(|world| {
            // Somebody else's key registers, so that all of it is one transaction.
            let mut request = request("first", BOB);
            request.license_terms = Some(terms.clone());
            let call = Call::MintAndRegisterIp { collection, request: Box::new(request) };
            let Outcome::Ip(ip) = world.must(ALICE, call) else { panic!("no ip") };
            ip
        })
        .await;
    let token_id = TokenId::from(1_u64);
    assert_eq!(ip, ip_id(chain_id(), collection, token_id));
    let moved = |from, to| (collection, ChainEvent::NftTransferred { ip, token_id, from, to });
    let (ipa, nft) = (document("ipa-first"), document("nft-first"));
    let expected = [
        moved(Address::ZERO, ALICE),
        (
            IP_ASSET_REGISTRY,
            ChainEvent::IpRegistered {
                ip,
                chain_id: Uint256::from(chain_id().get()),
                token_contract: collection,
                token_id,
                name: format!("{}: simulated #1", chain_id()),
                uri: nft.uri.clone(),
                registered_at: now(),
            },
        ),
        (CORE_METADATA_MODULE, ChainEvent::NftMetadataSet { ip, uri: nft.uri, hash: nft.sha256 }),
        (CORE_METADATA_MODULE, ChainEvent::IpMetadataSet { ip, uri: ipa.uri, hash: ipa.sha256 }),
        (
            LICENSING_MODULE,
            ChainEvent::LicenseTermsAttached {
                ip,
                template: PI_LICENSE_TEMPLATE,
                terms_id: 1_u64.into(),
                caller: ALICE,
            },
        ),
        moved(ALICE, BOB),
    ];
    assert_eq!(logs, expected);
}

#[tokio::test]
async fn terms_their_settings_and_license_tokens_are_logged() {
    let world = World::new();
    let ip = world.ip("licensor", ALICE);
    let (terms_id, logs) = world.logs_of(|world| world.terms(ROYALTY_POLICY_LAP, fee())).await;
    let stored = world.chain.inspect(|ledger| ledger.license_terms(terms_id).cloned()).unwrap().unwrap();
    let encoded = HexBytes::new(encode_terms(&stored));
    let template = PI_LICENSE_TEMPLATE;
    let registered = ChainEvent::LicenseTermsRegistered { template, terms_id, encoded };
    assert_eq!(logs, [(PI_LICENSE_TEMPLATE, registered)]);

    let config = LicensingConfig {
        is_set: true,
        minting_fee: Wei::from(300_u64),
        commercial_rev_share: 20_000_000,
        ..LicensingConfig::default()
    };
    let (_, logs) = world
        .logs_of(|world| {
            world.must(ALICE, Call::AttachLicenseTerms { ip, terms_id });
            world.must(ALICE, Call::SetLicensingConfig { ip, terms_id, config });
            world.must(BOB, mint_license(ip, terms_id, CAROL));
        })
        .await;
    let (amount, token) = (Wei::from(300_u64), WIP);
    let vault = match &logs[2].1 {
        ChainEvent::VaultDeployed { vault, .. } => *vault,
        other => panic!("{other:?}"),
    };
    let expected = [
        (LICENSING_MODULE, ChainEvent::LicenseTermsAttached { ip, template, terms_id, caller: ALICE }),
        (
            LICENSE_REGISTRY,
            ChainEvent::LicensingConfigSet {
                ip,
                template,
                terms_id,
                is_set: true,
                minting_fee: amount,
                licensing_hook: Address::ZERO,
                hook_data: HexBytes::default(),
                commercial_rev_share: 20_000_000,
                is_disabled: false,
                min_group_reward_share: 0,
                group_reward_pool: Address::ZERO,
            },
        ),
        (ROYALTY_MODULE, ChainEvent::VaultDeployed { ip, vault }),
        (
            ROYALTY_MODULE,
            ChainEvent::LicenseMintingFeePaid {
                receiver: ip,
                payer: BOB,
                token,
                amount,
                amount_after_fee: amount,
            },
        ),
        (
            LICENSING_MODULE,
            ChainEvent::LicenseTokensMinted {
                licensor: ip,
                template,
                terms_id,
                amount: Uint256::from(1_u64),
                receiver: CAROL,
                first_token: TokenId::from(0_u64),
                caller: BOB,
            },
        ),
    ];
    assert_eq!(logs, expected);
}

#[tokio::test]
async fn links_and_the_way_of_money_to_an_ancestor_are_logged() {
    let world = World::new();
    let (parent, child, other) =
        (world.ip("parent", ALICE), world.ip("child", BOB), world.ip("other", CAROL));
    let terms_id = world.terms(ROYALTY_POLICY_LAP, fee());
    world.must(ALICE, Call::AttachLicenseTerms { ip: parent, terms_id });
    let link = |child| Call::RegisterDerivative {
        child,
        parents: vec![parent],
        terms_ids: vec![terms_id],
        max_minting_fee: Wei::ZERO,
        max_revenue_share: 0,
    };
    let (_, logs) = world.logs_of(|world| world.must(BOB, link(child))).await;
    let made = [
        (ROYALTY_MODULE, Kind::VaultDeployed),
        (ROYALTY_MODULE, Kind::LicenseMintingFeePaid),
        (ROYALTY_MODULE, Kind::VaultDeployed),
        (LICENSING_MODULE, Kind::DerivativeRegistered),
    ];
    assert_eq!(kinds(&logs), made);
    let linked = |child, license_tokens, caller| ChainEvent::DerivativeRegistered {
        child,
        parents: vec![parent],
        terms_ids: vec![terms_id],
        template: PI_LICENSE_TEMPLATE,
        license_tokens,
        caller,
    };
    assert_eq!(logs[3].1, linked(child, vec![], BOB));

    world.must(CAROL, mint_license(parent, terms_id, CAROL));
    let token = TokenId::from(0_u64);
    let by_token = Call::RegisterDerivativeWithLicenseTokens { child: other, token_ids: vec![token] };
    let (_, logs) = world.logs_of(|world| world.must(CAROL, by_token)).await;
    assert_eq!(logs.last().unwrap().1, linked(other, vec![token], CAROL));

    let (_, logs) = world
        .logs_of(|world| {
            let amount = Wei::from(1_000_u64);
            world.must(CAROL, Call::PayRoyalty { receiver: child, token: WIP, amount });
            let policy = RoyaltyPolicy::Lap;
            world.must(CAROL, Call::TransferToVault { policy, ip: child, ancestor: parent, token: WIP });
            world.must(BOB, Call::ClaimRevenue { ip: child, claimer: child.address(), token: WIP });
        })
        .await;
    let amount = Wei::from(1_000_u64);
    let vault = logs[2].0;
    let expected = [
        (
            ROYALTY_MODULE,
            ChainEvent::RoyaltyPaid {
                receiver: child,
                payer: None,
                sender: CAROL,
                token: WIP,
                amount,
                amount_after_fee: amount,
            },
        ),
        (
            ROYALTY_POLICY_LAP,
            ChainEvent::RevenueTransferredToVault {
                ip: child,
                ancestor: parent,
                token: WIP,
                amount: Wei::from(100_u64),
            },
        ),
        (
            vault,
            ChainEvent::RevenueClaimed {
                ip: child,
                claimer: child.address(),
                token: WIP,
                amount: Wei::from(900_u64),
            },
        ),
    ];
    assert_eq!(logs, expected);
}

#[tokio::test]
async fn the_life_of_a_group_is_logged() {
    let world = World::new();
    let terms_id = world.terms(ROYALTY_POLICY_LRP, Wei::ZERO);
    let member = world.ip("member", ALICE);
    world.must(ALICE, Call::AttachLicenseTerms { ip: member, terms_id });
    let pool = EVEN_SPLIT_GROUP_POOL;
    let config =
        LicensingConfig { is_set: true, expect_group_reward_pool: pool, ..LicensingConfig::default() };
    world.must(ALICE, Call::SetLicensingConfig { ip: member, terms_id, config });
    let (group, logs) = world
        .logs_of(|world| {
            let Outcome::Ip(group) = world.must(ALICE, Call::RegisterGroup { pool }) else {
                panic!("no group")
            };
            world.must(ALICE, Call::AttachLicenseTerms { ip: group, terms_id });
            let members = vec![member];
            world.must(ALICE, Call::AddToGroup { group, members, max_reward_share: 100_000_000 });
            group
        })
        .await;
    let made = [
        (GROUP_NFT, Kind::NftTransferred),
        (IP_ASSET_REGISTRY, Kind::IpRegistered),
        (GROUPING_MODULE, Kind::GroupRegistered),
        (LICENSING_MODULE, Kind::LicenseTermsAttached),
        (GROUPING_MODULE, Kind::GroupMembersAdded),
    ];
    assert_eq!(kinds(&logs), made);
    assert_eq!(logs[2].1, ChainEvent::GroupRegistered { group, pool });
    assert_eq!(logs[4].1, ChainEvent::GroupMembersAdded { group, members: vec![member] });

    for licensor in [group, member] {
        world.must(BOB, mint_license(licensor, terms_id, BOB));
    }
    let (amount, token) = (Wei::from(50_u64), WIP);
    world.must(CAROL, Call::PayRoyalty { receiver: group, token, amount });
    let (_, logs) = world
        .logs_of(|world| {
            world.must(CAROL, Call::CollectRoyalties { group, token });
            // Collecting nothing logs nothing.
            world.must(CAROL, Call::CollectRoyalties { group, token });
            world.must(CAROL, Call::ClaimReward { group, token, members: vec![member, group] });
        })
        .await;
    let vault = logs[0].0;
    let rewards = vec![GroupReward::new(member, amount), GroupReward::new(group, Wei::ZERO)];
    let expected = [
        (vault, ChainEvent::RevenueClaimed { ip: group, claimer: pool, token, amount }),
        (GROUPING_MODULE, ChainEvent::GroupRoyaltiesCollected { group, pool, token, amount }),
        (
            ROYALTY_MODULE,
            ChainEvent::RoyaltyPaid {
                receiver: member,
                payer: Some(group),
                sender: pool,
                token,
                amount,
                amount_after_fee: amount,
            },
        ),
        (GROUPING_MODULE, ChainEvent::GroupRewardClaimed { group, token, rewards }),
    ];
    assert_eq!(logs, expected);
}

#[tokio::test]
async fn members_that_leave_a_group_are_logged_after_they_were_paid() {
    let world = World::new();
    let terms_id = world.terms(ROYALTY_POLICY_LRP, Wei::ZERO);
    let pool = EVEN_SPLIT_GROUP_POOL;
    let Outcome::Ip(group) = world.must(ALICE, Call::RegisterGroup { pool }) else { panic!("no group") };
    world.must(ALICE, Call::AttachLicenseTerms { ip: group, terms_id });
    let (_, logs) =
        world.logs_of(|world| world.must(ALICE, Call::RemoveFromGroup { group, members: vec![] })).await;
    let expected = [
        (GROUPING_MODULE, ChainEvent::GroupRewardClaimed { group, token: WIP, rewards: vec![] }),
        (GROUPING_MODULE, ChainEvent::GroupMembersRemoved { group, members: vec![] }),
    ];
    assert_eq!(logs, expected);
}

#[tokio::test]
async fn disputes_are_logged_from_the_bond_to_the_end() {
    let world = World::new();
    let (parent, child) = (world.ip("parent", ALICE), world.ip("child", BOB));
    let terms_id = world.terms(ROYALTY_POLICY_LAP, fee());
    world.must(ALICE, Call::AttachLicenseTerms { ip: parent, terms_id });
    world.must(
        BOB,
        Call::RegisterDerivative {
            child,
            parents: vec![parent],
            terms_ids: vec![terms_id],
            max_minting_fee: Wei::ZERO,
            max_revenue_share: 0,
        },
    );
    let raise = |evidence: &[u8]| Call::RaiseDispute {
        target: parent,
        evidence_hash: ContentHash::of(evidence),
        tag: "IMPROPER_USAGE".to_owned(),
        liveness_seconds: LIVENESS,
        currency: WIP,
        bond: Wei::from_coins(1),
    };
    let warp = |seconds| world.clock.advance(Duration::from_secs(seconds));
    let (_, logs) = world
        .logs_of(|world| {
            world.must(CAROL, raise(b"one"));
            warp(LIVENESS);
            world.must(CAROL, Call::SettleDispute { dispute: 1 });
            world.must(ALICE, Call::TagIfRelatedIpInfringed { ip_to_tag: child, infringer_dispute: 1 });
            world.must(CAROL, Call::ResolveDispute { dispute: 1 });
        })
        .await;
    let made = [
        (ARBITRATION_POLICY_UMA, Kind::DisputeBonded),
        (DISPUTE_MODULE, Kind::DisputeRaised),
        (DISPUTE_MODULE, Kind::DisputeJudged),
        (DISPUTE_MODULE, Kind::DisputePropagated),
        (DISPUTE_MODULE, Kind::DisputeResolved),
    ];
    assert_eq!(kinds(&logs), made);
    let ChainEvent::DisputeRaised { dispute, target, initiator, raised_at, evidence, tag, data, .. } =
        &logs[1].1
    else {
        panic!("{logs:?}")
    };
    assert_eq!((*dispute, *target, *initiator, *raised_at), (1, parent, CAROL, now()));
    assert_eq!((*evidence, tag.as_text()), (ContentHash::of(b"one"), Some("IMPROPER_USAGE")));
    let words: Vec<&[u8]> = data.as_slice().chunks(32).collect();
    assert_eq!(words[0], Uint256::from(LIVENESS).to_be_bytes());
    assert_eq!(words[1][12..], *WIP.as_bytes());
    assert_eq!(words[2], Wei::from_coins(1).to_be_bytes());
    let ChainEvent::DisputePropagated { dispute, infringing, tagged, infringer_dispute, .. } = logs[3].1
    else {
        panic!("{logs:?}")
    };
    assert_eq!((dispute, infringing, tagged, infringer_dispute), (2, parent, child, 1));

    let (_, logs) = world
        .logs_of(|world| {
            world.must(CAROL, raise(b"two"));
            let asked = world.chain.inspect(|ledger| ledger.dispute(3).unwrap().assertion.unwrap()).unwrap();
            warp(LIVENESS - 1);
            let counter_evidence_hash = ContentHash::of(b"counter");
            world.must(BOB, Call::DisputeAssertion { assertion_id: asked.id, counter_evidence_hash });
            world.must(BOB, Call::AnswerAsOracle { dispute: 3, upheld: false });
            world.must(BOB, Call::SettleDispute { dispute: 3 });
        })
        .await;
    assert_eq!(logs.len(), 4, "{logs:?}");
    let counter = match &logs[2].1 {
        ChainEvent::DisputeCountered { dispute: 3, evidence, .. } => *evidence,
        other => panic!("{other:?}"),
    };
    assert_eq!(counter, ContentHash::of(b"counter"));
    let judged = ChainEvent::DisputeJudged { dispute: 3, is_upheld: false, data: HexBytes::default() };
    assert_eq!(logs[3], (DISPUTE_MODULE, judged));
}

#[tokio::test]
async fn lasting_permissions_and_new_owners_are_logged_and_transient_permissions_are_not() {
    let world = World::new();
    let ip = world.ip("mine", ALICE);
    let func = [1, 2, 3, 4];
    let (_, logs) = world
        .logs_of(|world| {
            world.must(
                ALICE,
                Call::SetPermission { ip, signer: BOB, to: LICENSING_MODULE, func, permission: 1 },
            );
            world.must(ALICE, Call::SetAllTransientPermissions { ip, signer: CAROL, permission: 1 });
            world.must(ALICE, Call::SetAllPermissions { ip, signer: CAROL, permission: 2 });
            let collection = SimulatedConfig::default().collection;
            world.must(ALICE, Call::TransferNft { collection, token_id: 1_u64.into(), to: BOB });
        })
        .await;
    let set = |signer, target, function, level| {
        let function = Selector::from_bytes(function);
        let event = ChainEvent::PermissionSet { ip, owner: ALICE, signer, target, function, level };
        (ACCESS_CONTROLLER, event)
    };
    let moved = ChainEvent::NftTransferred { ip, token_id: 1_u64.into(), from: ALICE, to: BOB };
    let expected = [
        set(BOB, LICENSING_MODULE, func, PermissionLevel::Allow),
        set(CAROL, Address::ZERO, [0; 4], PermissionLevel::Deny),
        (SimulatedConfig::default().collection, moved),
    ];
    assert_eq!(logs, expected);
}
