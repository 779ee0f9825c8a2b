//! The transactions of the protocol's own client that these operations make too: encoded again byte for byte from typed
//! arguments, and their logs read into typed results.

use alloy::{
    primitives::{Bytes, hex},
    sol_types::SolCall,
};
use lore_core::{
    Address, ChainId, ContentHash, IpId, LicenseTermsId, Share, TokenId, Wei,
    domain::license::{LicensingConfig, Payment, PilTerms},
    port::chain::{OnChainDocument, ParentTerms},
    protocol,
};

use crate::{
    addresses::Addresses,
    contracts::{account::IpAccount, token::Multicall3},
    operation::Operation,
    ops::{
        Authorization, CreateCollection, DerivativeLink, ExistingNft, IpMetadata, LicenseTokenLink,
        LicensedTerms, LinkDerivative, MintAndRegisterDerivative, MintAndRegisterDerivativeWithTokens,
        MintAndRegisterWithTerms, MintRegisterTermsAndDistribute, NewNft, RegisterNft,
        RegisterNftWithMetadata, RegisteredIp, RoyaltyShare, SetMetadata, authorization,
        recorded::{Recorded, transaction},
        registration::{
            call,
            shape::{Registers, Shape},
        },
    },
};

/// The collection of the recording.
const COLLECTION: &str = "0x7DD071D3197A51f2f21dDc482C1ac8Dd11Be8567";
/// Any ERC-721 contract.
const OTHER_NFTS: &str = "0x8F4ec854Dd12F1fe79500a1f53D0cbB30f9b6134";
const ALICE: &str = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const BOB: &str = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC";

fn address(text: &str) -> Address {
    text.parse().unwrap()
}

fn ip(text: &str) -> IpId {
    text.parse().unwrap()
}

fn document(uri: &str, hash: u8) -> OnChainDocument {
    let mut bytes = [0; 32];
    bytes[0] = hash;
    OnChainDocument::new(uri, ContentHash::from_bytes(bytes))
}

fn metadata() -> IpMetadata {
    IpMetadata::new(document("ipfs://x", 0x61), document("ipfs://y", 0x62))
}

/// A token that the client of the recording minted as often as it was asked.
fn new_nft(recipient: &str, metadata: IpMetadata) -> NewNft {
    let mut nft = NewNft::new(address(COLLECTION), address(recipient), metadata);
    nft.allow_duplicates = true;
    nft
}

/// The client of the recording writes an absent checker's data as 20 zero bytes, an absent hook's as 32.
fn terms(policy: Address, fee: Wei) -> PilTerms {
    let payment = Payment { currency: protocol::WIP, royalty_policy: policy };
    let share = Share::from_percent(10).unwrap();
    PilTerms { commercializer_checker_data: vec![0; 20], ..PilTerms::commercial_remix(fee, share, payment) }
}

fn paid_terms() -> Vec<LicensedTerms> {
    let config = LicensingConfig { hook_data: vec![0; 32], ..LicensingConfig::default() };
    vec![LicensedTerms::with_config(terms(protocol::ROYALTY_POLICY_LAP, Wei::from_coins(1)), config)]
}

fn group_terms() -> Vec<LicensedTerms> {
    let config = LicensingConfig {
        is_set: true,
        hook_data: vec![0; 20],
        expect_group_reward_pool: protocol::EVEN_SPLIT_GROUP_POOL,
        ..LicensingConfig::default()
    };
    vec![LicensedTerms::with_config(terms(protocol::ROYALTY_POLICY_LRP, Wei::ZERO), config)]
}

fn link(parent: &str, terms_id: u64) -> DerivativeLink {
    let parent = ParentTerms::new(ip(parent), LicenseTermsId::from(terms_id));
    let mut link = DerivativeLink::new(vec![parent]);
    link.max_revenue_share = Some(Share::FULL);
    link.royalty_context = vec![0; 20];
    link
}

/// Encodes a registration that mints as in this block, and reads the block's result.
fn minted<O: Registers + Operation<Output = RegisteredIp>>(block: u64, operation: &O) -> RegisteredIp {
    let Shape::Mint(nft, minted) = operation.shape() else { panic!("it mints") };
    let recorded = transaction(block);
    let data = call::mint(nft, minted, &Addresses::AENEID);
    assert_eq!(hex::encode(&data), hex::encode(&recorded.input), "block {block}");
    output(&recorded, operation)
}

fn output<O: Operation>(recorded: &Recorded, operation: &O) -> O::Output {
    operation.output(&recorded.receipt(), &Addresses::AENEID).unwrap()
}

fn ids(registered: &RegisteredIp) -> Vec<String> {
    registered.license_terms.iter().map(ToString::to_string).collect()
}

#[test]
fn a_collection_is_made_as_recorded() {
    let recorded = transaction(191);
    let create = CreateCollection::new("T", "T", address(ALICE));
    assert_eq!(Bytes::from(create.call().abi_encode()), recorded.input);
    assert_eq!(output(&recorded, &create).collection, address(COLLECTION));
}

#[test]
fn a_token_is_registered_as_recorded() {
    let recorded = transaction(190);
    let register = RegisterNft::new(address(OTHER_NFTS), TokenId::from(1_u64));
    assert_eq!(Bytes::from(register.call(ChainId::AENEID).abi_encode()), recorded.input);
    let found = output(&recorded, &register);
    assert_eq!((found.token_contract, found.token_id), (address(OTHER_NFTS), TokenId::from(1_u64)));
    assert_eq!(found.mined.map(|mined| mined.block_number), Some(190));
}

#[test]
fn registering_again_is_read_from_the_account_that_is_there() {
    let recorded = transaction(229);
    let calls = Multicall3::aggregate3Call::abi_decode(&recorded.input).unwrap().calls;
    let register = RegisterNft::new(address(OTHER_NFTS), TokenId::from(3_u64));
    for call in &calls {
        assert_eq!(Bytes::from(register.call(ChainId::AENEID).abi_encode()), call.callData);
    }
    assert_eq!(output(&recorded, &register).token_id, TokenId::from(3_u64));
}

#[test]
fn a_token_with_metadata_is_registered_as_recorded() {
    let recorded = transaction(194);
    let nft = ExistingNft::new(address(OTHER_NFTS), TokenId::from(2_u64), metadata());
    let register = RegisterNftWithMetadata::new(nft);
    let Shape::Nft(nft, registered) = register.shape() else { panic!("it registers") };
    let signature = hex!(
        "1b6399a4a35b63146e5f3c06616efeb23829854bb22d6f39e88579ac6ea27b85511c5bfd7de53389e5dffb54a4713045"
        "1d49a36869311c6f879cd1adc2cdca5b1c"
    );
    let signed = authorization::to_sol(address(BOB), &Authorization::new(1_795_340_043, signature.to_vec()));
    let data = call::register(nft, registered, signed, &Addresses::AENEID);
    assert_eq!(Bytes::from(data), recorded.input);
    let found = output(&recorded, &register);
    assert_eq!(found.ip_id, ip("0x9d1049bd49b3e9e13aa90403f4d7f1ea433be8d1"));
}

#[test]
fn tokens_are_minted_under_terms_as_recorded() {
    let paid = MintAndRegisterWithTerms::new(new_nft(ALICE, metadata()), paid_terms());
    let found = minted(192, &paid);
    let (call, recorded) = (paid.call(&Addresses::AENEID), transaction(192));
    assert_eq!((call.to, Bytes::from(call.data)), (recorded.to(), recorded.input));
    assert_eq!(found.ip_id, ip("0x62c495Dc729D357d34C9B5FBad81E5C9d744f450"));
    assert_eq!(ids(&found), ["2"]);
    let grouped = MintAndRegisterWithTerms::new(new_nft(ALICE, IpMetadata::default()), group_terms());
    for block in [206, 207] {
        assert_eq!(ids(&minted(block, &grouped)), ["4"]);
    }
}

#[test]
fn derivatives_are_minted_as_recorded() {
    let parent = link("0xE101aA78C66b60800d17f0e4d3227dd0409EaF41", 4);
    let by_terms = MintAndRegisterDerivative::new(new_nft(BOB, IpMetadata::default()), parent);
    let found = minted(212, &by_terms);
    assert_eq!(ids(&found), ["4"]);
    assert!(found.royalty_vault.is_some());
    let mut tokens = LicenseTokenLink::new(vec![TokenId::ZERO]);
    tokens.royalty_context = vec![0; 20];
    let by_tokens = MintAndRegisterDerivativeWithTokens::new(new_nft(BOB, metadata()), tokens);
    assert_eq!(ids(&minted(198, &by_tokens)), ["2"]);
}

#[test]
fn royalty_tokens_are_given_away_as_recorded() {
    let shares = vec![RoyaltyShare::new(address(BOB), Share::from_percent(40).unwrap())];
    let nft = new_nft(ALICE, IpMetadata::default());
    let found = minted(232, &MintRegisterTermsAndDistribute::new(nft, paid_terms(), shares));
    assert_eq!(ids(&found), ["2"], "without the terms that the workflow attached for itself");
    assert!(found.royalty_vault.is_some());
}

#[test]
fn a_link_is_made_as_recorded() {
    let recorded = transaction(195);
    let calls = IpAccount::executeBatchCall::abi_decode(&recorded.input).unwrap().calls;
    let child = ip("0x9d1049bd49b3e9e13aa90403f4d7f1ea433be8d1");
    let link = LinkDerivative::new(child, link("0x62c495Dc729D357d34C9B5FBad81E5C9d744f450", 2));
    // The recorded client calls it through the account; the owner may call it too.
    assert_eq!(Bytes::from(link.call(&Addresses::AENEID).abi_encode()), calls.last().unwrap().data);
    let found = output(&recorded, &link);
    assert_eq!((found.child, found.parents), (child, link.link.parents));
}

#[test]
fn metadata_is_set_as_recorded() {
    let recorded = transaction(204);
    let child = ip("0x62c495Dc729D357d34C9B5FBad81E5C9d744f450");
    let set = SetMetadata::new(child, document("ipfs://z", 0x63));
    assert_eq!(Bytes::from(set.set_uri().abi_encode()), recorded.input);
    assert!(output(&recorded, &set).is_some());
}
