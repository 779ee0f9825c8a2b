use lore_core::{
    Address, ContentHash, IpId, LicenseTermsId, TokenId, Wei,
    domain::{license::PilTerms, royalty::RoyaltyPolicy},
    memory::chain::{Call, LicensingConfig},
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
    vec![
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
