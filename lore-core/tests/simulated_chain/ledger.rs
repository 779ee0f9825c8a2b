use lore_core::{
    Timestamp, Wei,
    domain::license::{Payment, PilTerms},
    memory::chain::{Call, Outcome, SimulatedConfig, SimulatedLedger},
    onchain::Share,
    protocol::WIP,
};

use crate::{ALICE, BOB, CAROL, now, register_terms, request, terms_named};

#[test]
fn a_transaction_that_reverts_halfway_leaves_nothing() {
    let mut ledger = SimulatedLedger::new(SimulatedConfig::default());
    let mut terms =
        PilTerms::commercial_remix(Wei::from_coins(600), Share::from_percent(5).unwrap(), Payment::default());
    terms.uri = "dear".to_owned();
    let register = |name: &str| {
        let mut request = request(name, BOB);
        request.license_terms = Some(terms.clone());
        Call::MintAndRegisterIp { collection: ALICE, request: Box::new(request) }
    };
    let mut parents = Vec::new();
    for name in ["a", "b"] {
        let Outcome::Ip(ip) = ledger.execute(ALICE, now(), &register(name)).unwrap().outcome else {
            panic!()
        };
        parents.push(ip);
    }
    let terms_id = ledger.license_terms_id(&terms).unwrap();
    let mut child = request("child", CAROL);
    let parents: Vec<_> =
        parents.into_iter().map(|ip| lore_core::port::chain::ParentTerms::new(ip, terms_id)).collect();
    child.derivative = Some(lore_core::port::chain::DerivativeTerms::new(parents));

    // The mint, the registration and the first fee succeed; the second fee is more than the account has.
    let before = (ledger.state_digest(), ledger.stats(), ledger.balance(WIP, CAROL));
    let call = Call::MintAndRegisterIp { collection: ALICE, request: Box::new(child) };
    let revert = ledger.execute(CAROL, now(), &call).unwrap_err();
    assert_eq!(revert.to_string(), "InsufficientBalance()");
    assert_eq!((ledger.state_digest(), ledger.stats(), ledger.balance(WIP, CAROL)), before);

    let fund = Call::Fund { token: WIP, to: CAROL, amount: Wei::from_coins(200) };
    ledger.execute(ALICE, now(), &fund).unwrap();
    ledger.execute(CAROL, now(), &call).unwrap();
    assert_eq!(ledger.balance(WIP, CAROL), Wei::ZERO);
}

#[test]
fn metadata_is_unique_in_a_collection() {
    let mut ledger = SimulatedLedger::new(SimulatedConfig::default());
    let collection = ledger.config().collection;
    let call =
        |recipient| Call::MintAndRegisterIp { collection, request: Box::new(request("same", recipient)) };
    ledger.execute(ALICE, now(), &call(ALICE)).unwrap();
    let hash = request("same", BOB).nft_metadata.sha256;
    assert_eq!(
        ledger.execute(BOB, now(), &call(BOB)).unwrap_err().to_string(),
        format!("SPGNFT__DuplicatedNFTMetadataHash({collection},1,{hash})")
    );
}

#[test]
fn blocks_never_go_back_in_time() {
    let mut ledger = SimulatedLedger::new(SimulatedConfig::default());
    let first = ledger.execute(ALICE, now(), &register_terms("first")).unwrap().mined;
    let second = ledger.execute(ALICE, Timestamp::EPOCH, &register_terms("second")).unwrap().mined;
    assert_eq!((second.at, second.block_number), (first.at, first.block_number + 1));
    assert_ne!(second.tx_hash, first.tx_hash);
}

#[test]
fn it_says_that_it_is_simulated() {
    let ledger = SimulatedLedger::new(SimulatedConfig::default());
    assert!(format!("{ledger:?}").contains("simulated: true"));
    assert_ne!(ledger.config().chain_id, lore_core::ChainId::STORY);
    assert_ne!(ledger.config().chain_id, lore_core::ChainId::AENEID);
}

#[test]
fn ids_are_found_for_terms_as_they_are_stored() {
    let mut ledger = SimulatedLedger::new(SimulatedConfig::default());
    let terms = terms_named("a \"quoted\" uri");
    let Outcome::Terms(id) = ledger
        .execute(ALICE, now(), &Call::RegisterLicenseTerms { terms: Box::new(terms.clone()) })
        .unwrap()
        .outcome
    else {
        panic!("no terms")
    };
    assert_eq!(ledger.license_terms_id(&terms), Some(id));
    assert_eq!(ledger.license_terms_id_as_given(&terms), None);
}
