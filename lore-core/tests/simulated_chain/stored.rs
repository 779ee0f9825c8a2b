use lore_core::{
    Address, ContentHash, IpId, LicenseTermsId, TokenId, Wei,
    domain::{license::PilTerms, royalty::RoyaltyPolicy},
    memory::chain::{Call, LicensingConfig, Permission},
    onchain::AssertionId,
    port::chain::{DerivativeTerms, ParentTerms},
};

use crate::{ALICE, BOB, document, request};

const IP: IpId = IpId::new(Address::from_bytes([0x1f; 20]));

/// One of each: a file of today must be readable tomorrow.
fn calls() -> Vec<Call> {
    let (terms_id, token_id) = (LicenseTermsId::from(2_u64), TokenId::from(3_u64));
    let (token, amount) = (BOB, Wei::MAX);
    let mut for_alice = request("it", ALICE);
    for_alice.license_terms = Some(PilTerms::non_commercial_social_remixing());
    for_alice.derivative = Some(DerivativeTerms::new(vec![ParentTerms::new(IP, terms_id)]));
    let config = LicensingConfig { is_set: true, hook_data: vec![1, 2], ..LicensingConfig::default() };
    let mut calls = vec![
        Call::Fund { token, to: ALICE, amount },
        Call::Approve { token, spender: ALICE, amount },
        Call::Mint { collection: BOB, to: ALICE },
        Call::TransferNft { collection: BOB, token_id, to: ALICE },
        Call::RegisterIp { collection: BOB, token_id },
        Call::MintAndRegisterIp { collection: BOB, request: Box::new(for_alice) },
        Call::SetMetadata {
            ip: IP,
            ipa_metadata: document("ipa"),
            nft_metadata_hash: ContentHash::of(b"nft"),
        },
        Call::SetPermission { ip: IP, signer: ALICE, to: BOB, func: [1, 2, 3, 4], permission: 1 },
        Call::RegisterLicenseTerms { terms: Box::new(PilTerms::non_commercial_social_remixing()) },
        Call::AttachLicenseTerms { ip: IP, terms_id },
        Call::AttachDefaultLicenseTerms { ip: IP },
        Call::SetLicensingConfig { ip: IP, terms_id, config },
        Call::MintLicenseTokens {
            licensor: IP,
            terms_id,
            amount: 4,
            receiver: ALICE,
            max_minting_fee: amount,
            max_revenue_share: 5,
        },
        Call::TransferLicenseToken { token_id, to: ALICE },
        Call::RegisterDerivative {
            child: IP,
            parents: vec![IP],
            terms_ids: vec![terms_id],
            max_minting_fee: amount,
            max_revenue_share: 5,
        },
        Call::RegisterDerivativeWithLicenseTokens { child: IP, token_ids: vec![token_id] },
        Call::ApproveDerivative { parent: IP, terms_id, child: IP, approved: true, through_account: true },
        Call::PayRoyalty { receiver: IP, token, amount },
        Call::TransferToVault { policy: RoyaltyPolicy::Lrp, ip: IP, ancestor: IP, token },
        Call::ClaimRevenue { ip: IP, claimer: ALICE, token },
        Call::TransferRoyaltyTokens { ip: IP, from: ALICE, to: BOB, amount: 6 },
        Call::RaiseDispute {
            target: IP,
            evidence_hash: ContentHash::of(b"evidence"),
            tag: "IMPROPER_USAGE".to_owned(),
            liveness_seconds: 7,
            currency: token,
            bond: amount,
        },
        Call::SettleDispute { dispute: 8 },
        Call::ResolveDispute { dispute: 8 },
        Call::RegisterGroup { pool: BOB },
        Call::AddToGroup { group: IP, members: vec![IP], max_reward_share: 9 },
    ];
    calls.extend(permissions());
    calls.extend(disputes_and_groups());
    calls
}

fn permissions() -> Vec<Call> {
    let entry = Permission { ip: IP, signer: ALICE, to: BOB, func: [1, 2, 3, 4], permission: 2 };
    let Permission { ip, signer, to, func, permission } = entry;
    let mint = Call::Mint { collection: BOB, to: ALICE };
    vec![
        Call::SetBatchPermissions { permissions: vec![entry] },
        Call::SetAllPermissions { ip, signer, permission },
        Call::SetTransientPermission { ip, signer, to, func, permission },
        Call::SetBatchTransientPermissions { permissions: vec![entry] },
        Call::SetAllTransientPermissions { ip, signer, permission },
        Call::ExecuteBatch { ip, calls: vec![mint, Call::ExecuteBatch { ip, calls: Vec::new() }] },
        Call::Transfer { token: BOB, to, amount: Wei::MAX },
    ]
}

fn disputes_and_groups() -> Vec<Call> {
    let assertion_id = AssertionId::from_bytes([0xaa; 32]);
    let (group, members, token) = (IP, vec![IP], BOB);
    vec![
        Call::DisputeAssertion { assertion_id, counter_evidence_hash: ContentHash::of(b"counter") },
        Call::AnswerAsOracle { dispute: 8, upheld: true },
        Call::CancelDispute { dispute: 8 },
        Call::TagIfRelatedIpInfringed { ip_to_tag: IP, infringer_dispute: 8 },
        Call::SetArbitrationPolicy { ip: IP, next_arbitration_policy: BOB },
        Call::RemoveFromGroup { group, members: members.clone() },
        Call::CollectRoyalties { group, token },
        Call::ClaimReward { group, token, members },
    ]
}

#[test]
fn the_stored_form_of_every_call_is_known() {
    insta::assert_json_snapshot!(calls());
}

#[test]
fn every_call_is_read_back_as_it_was_written() {
    for call in calls() {
        let json = serde_json::to_string(&call).unwrap();
        assert_eq!(serde_json::from_str::<Call>(&json).unwrap(), call, "{json}");
    }
}
