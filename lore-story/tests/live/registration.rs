//! Collections, registrations, metadata, batches.

use lore_core::{
    ContentHash, ErrorKind, Wei,
    domain::license::{LicensingConfig, PilTerms},
    port::chain::{CostReason, OnChainDocument, Purpose},
};
use lore_story::{
    TransactionSigner,
    ops::{
        AuthorizedOperation, BatchOptions, ChangeCollection, CollectionChange, CreateCollection, ExistingNft,
        FreezeMetadata, IpRegistration, LicensedTerms, MintAndRegister, MintAndRegisterWithTerms, MintFee,
        MintNft, NewNft, NftSource, RegisterIpAsset, RegisterNft, RegisterNftWithMetadata,
        RegisterNftWithTerms, RegisterTermsAndAttach, SetMetadata, SetTokenUri,
    },
};

use crate::chain::{live, remix, token};

#[test]
fn a_collection_is_made_and_changed() {
    live(|story| async move {
        let client = &story.client;
        let mut create = CreateCollection::new("Closed", "CLOSED", story.me());
        create.public_minting = false;
        let collection = client.send(&create).await.unwrap().collection;
        assert_eq!(client.mint_fee(collection).await.unwrap(), None);
        let fee = Wei::from(7_u64);
        for change in [
            CollectionChange::MintFeeToken(client.addresses().wip),
            CollectionChange::MintFee(fee),
            CollectionChange::MintFeeRecipient(story.me()),
            CollectionChange::PublicMinting(true),
            CollectionChange::MintOpen(false),
            CollectionChange::Minter(client.addresses().wip),
            CollectionChange::BaseUri("ipfs://".to_owned()),
            CollectionChange::ContractUri("ipfs://collection".to_owned()),
        ] {
            let change = ChangeCollection::new(collection, change);
            assert!(client.send(&change).await.unwrap().is_some(), "{change:?}");
            assert!(client.send(&change).await.unwrap().is_none(), "{change:?} again");
        }
        let expected = MintFee::new(client.addresses().wip, fee, story.me());
        assert_eq!(client.mint_fee(collection).await.unwrap(), Some(expected));
        let nft = NewNft::new(collection, story.me(), story.metadata("closed"));
        let error = client.send(&MintAndRegister::new(nft)).await.unwrap_err();
        assert_eq!(error.revert().unwrap().name, "SPGNFT__MintingClosed", "{error}");
    });
}

#[test]
fn a_token_is_minted_and_registered_once() {
    live(|story| async move {
        let register = MintAndRegister::new(story.new_nft("once").await);
        let first = story.client.send(&register).await.unwrap();
        assert!(first.mined.is_some());
        assert_eq!(story.client.send(&register).await.unwrap(), first, "from the memory of the lane");
        let found = story.amnesiac().send(&register).await.unwrap();
        assert_eq!((found.ip_id, found.token_id, found.mined), (first.ip_id, first.token_id, None));
        let hash = register.nft.metadata.nft.as_ref().unwrap().sha256;
        let by_hash = story.client.token_by_metadata_hash(first.token_contract, hash).await.unwrap();
        assert_eq!(by_hash, Some(first.token_id));
        let metadata = story.client.ip_metadata(&first.ip_id).await.unwrap().unwrap();
        assert_eq!((metadata.owner, metadata.nft_hash, metadata.is_frozen), (story.me(), hash, false));
        assert_eq!(story.client.token_owner(first.token_contract, first.token_id).await.unwrap(), story.me());
    });
}

#[test]
fn terms_come_with_the_token() {
    live(|story| async move {
        let config = LicensingConfig {
            is_set: true,
            minting_fee: Wei::from(9_u64),
            commercial_rev_share: 20_000_000,
            ..LicensingConfig::default()
        };
        let terms = vec![
            LicensedTerms::with_config(remix(Wei::from(5_u64), 10), config),
            LicensedTerms::new(PilTerms::non_commercial_social_remixing()),
        ];
        let register = MintAndRegisterWithTerms::new(story.new_nft("terms").await, terms);
        let first = story.client.send(&register).await.unwrap();
        assert_eq!(first.license_terms.len(), 2);
        let found = story.amnesiac().send(&register).await.unwrap();
        assert_eq!((found.license_terms, found.mined), (first.license_terms, None));
        let bare = MintAndRegister::new(register.nft.clone());
        assert!(
            story.amnesiac().send(&bare).await.unwrap().mined.is_none(),
            "it is registered, terms or not"
        );
        let mut other = register;
        other.terms = vec![LicensedTerms::new(remix(Wei::from(6_u64), 11))];
        let error = story.amnesiac().send(&other).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::IntegrityMismatch, "{error}");
    });
}

#[test]
fn somebody_elses_token_is_not_taken_for_mine() {
    live(|story| async move {
        let mut stolen = story.new_nft("stolen").await;
        let register = MintAndRegister::new(stolen.clone());
        stolen.recipient = story.client.addresses().wip;
        let error = story.client.send(&MintNft::new(stolen)).await;
        // The wrapper of coins takes no tokens, which the contract refuses.
        assert_eq!(error.unwrap_err().kind(), ErrorKind::Reverted);
        let Some(other) = story.other() else { return };
        let mut stolen = register.nft.clone();
        stolen.recipient = other.signer();
        story.client.send(&MintNft::new(stolen)).await.unwrap();
        let error = story.client.send(&register).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::IntegrityMismatch, "{error}");
    });
}

#[test]
fn a_token_that_is_there_is_registered_with_all_it_should_have() {
    live(|story| async move {
        let client = &story.client;
        let nft = story.existing_nft("existing").await;
        let plain = RegisterNft::new(nft.contract, nft.token_id);
        let ip = client.send(&plain).await.unwrap();
        assert_eq!(story.amnesiac().send(&plain).await.unwrap().ip_id, ip.ip_id);
        assert!(client.is_registered(&ip.ip_id).await.unwrap());

        let with_metadata = RegisterNftWithMetadata::new(nft.clone());
        let set = client.send(&with_metadata).await.unwrap();
        assert!(set.ip_id == ip.ip_id && set.mined.is_some(), "a signature over a state that is not zero");
        assert!(client.send(&with_metadata).await.unwrap().mined.is_none());

        let terms = vec![LicensedTerms::new(remix(Wei::from(3_u64), 1))];
        let with_terms = RegisterNftWithTerms::new(nft.clone(), terms.clone());
        let attached = client.send(&with_terms).await.unwrap();
        assert_eq!(attached.license_terms.len(), 1);
        assert_eq!(client.send(&with_terms).await.unwrap().license_terms, attached.license_terms);

        let more = vec![terms[0].clone(), LicensedTerms::new(remix(Wei::from(4_u64), 2))];
        let attach = RegisterTermsAndAttach::new(ip.ip_id, more);
        assert_eq!(client.send(&attach).await.unwrap().terms_ids.len(), 1, "one was there");
        let again = client.send(&attach).await.unwrap();
        assert_eq!((again.terms_ids.len(), again.mined), (2, None));

        let at_once = RegisterNftWithTerms::new(story.existing_nft("at once").await, terms);
        let fresh = client.send(&at_once).await.unwrap();
        assert_eq!(fresh.license_terms, attached.license_terms);
    });
}

#[test]
fn what_is_not_mine_or_not_there_is_refused_before_anything_is_sent() {
    live(|story| async move {
        let client = &story.client;
        let missing = RegisterNft::new(story.collection().await, token(u64::MAX));
        let error = client.send(&missing).await.unwrap_err();
        assert_eq!(error.revert().unwrap().name, "ERC721NonexistentToken", "{error}");
        let no_nft = RegisterNft::new(client.addresses().wip, token(1));
        let error = client.send(&no_nft).await.unwrap_err();
        assert_eq!(error.revert().unwrap().name, "IPAssetRegistry__UnsupportedIERC721", "{error}");
        let nowhere = NewNft::new(client.addresses().wip, story.me(), story.metadata("nowhere"));
        let error = client.send(&MintAndRegister::new(nowhere)).await.unwrap_err();
        assert_eq!(error.violations()[0].field, "nft.collection", "{error}");
        let Some(other) = story.other() else { return };
        let nft = story.existing_nft("not theirs").await;
        let error = other.send(&RegisterNftWithMetadata::new(nft)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Reverted, "{error}");
    });
}

#[test]
fn metadata_is_set_until_it_is_frozen() {
    live(|story| async move {
        let client = &story.client;
        let ip = story.ip("metadata").await;
        let hash = ContentHash::of(story.unique("document").as_bytes());
        let set = SetMetadata::new(ip, OnChainDocument::new("ipfs://\"quoted\"", hash));
        assert!(client.send(&set).await.unwrap().is_some());
        assert!(client.send(&set).await.unwrap().is_none(), "also with a URI that the chain escapes");
        let mut all = SetMetadata::new(ip, OnChainDocument::new("ipfs://all", hash));
        all.nft_metadata_hash = Some(hash);
        assert!(client.send(&all).await.unwrap().is_some());
        let freeze = FreezeMetadata::new(ip);
        assert!(client.send(&freeze).await.unwrap().is_some());
        assert!(story.amnesiac().send(&freeze).await.unwrap().is_none());
        let found = client.ip_metadata(&ip).await.unwrap().unwrap();
        assert_eq!((found.ipa_uri.as_str(), found.nft_hash, found.is_frozen), ("ipfs://all", hash, true));
        let error = client.send(&set).await.unwrap_err();
        assert_eq!(error.revert().unwrap().name, "CoreMetadataModule__MetadataAlreadyFrozen", "{error}");
    });
}

#[test]
fn a_token_says_where_its_metadata_is() {
    live(|story| async move {
        let client = &story.client;
        let nft = story.existing_nft("uri").await;
        assert_eq!(client.token_uri(nft.contract, nft.token_id).await.unwrap(), "ipfs://nft");
        let set = SetTokenUri::new(nft.contract, nft.token_id, "ipfs://other");
        assert!(client.send(&set).await.unwrap().is_some());
        assert!(client.send(&set).await.unwrap().is_none());
        assert_eq!(client.token_uri(nft.contract, nft.token_id).await.unwrap(), "ipfs://other");
        let balance = client.nft_balance(nft.contract, story.me()).await.unwrap();
        assert!(balance.to_u64().is_some_and(|balance| balance > 0));
    });
}

#[test]
fn a_collections_fee_is_planned_and_paid_exactly() {
    live(|story| async move {
        let client = &story.client;
        let fee = Wei::from(1_000_u64);
        let mut create = CreateCollection::new("Paid", "PAID", story.me());
        create.mint_fee = Some(MintFee::new(client.addresses().wip, fee, story.me()));
        let collection = client.send(&create).await.unwrap().collection;
        let nft = NewNft::new(collection, story.me(), story.metadata("paid"));
        let register = MintAndRegister::new(nft);
        let plan = client.plan(&register, story.me()).await.unwrap();
        assert_eq!((plan.costs[0].reason, plan.costs[0].amount), (CostReason::CollectionMintFee, fee));
        assert_eq!(plan.costs[0].spender, collection, "the collection takes it itself");
        assert_eq!(plan.transactions.last().map(|last| last.purpose), Some(Purpose::Call));
        client.send(&register).await.unwrap();
        assert!(client.plan(&register, story.me()).await.unwrap().transactions.is_empty());
    });
}

#[test]
fn a_wallet_signs_and_sends_by_itself() {
    live(|story| async move {
        let Some(other) = story.other() else { return };
        let wallet = other.signer();
        let mut nft = story.new_nft("wallet").await;
        nft.recipient = wallet;
        let minted = story.client.send(&MintNft::new(nft)).await.unwrap();
        let nft = ExistingNft::new(minted.collection, minted.token_id, story.metadata("wallet"));
        let register = RegisterNftWithMetadata::new(nft);
        let error = story.client.plan(&register, wallet).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{error}");
        let request = register.authorization_request(&story.client.view_as(wallet)).await.unwrap();
        let key = lore_core::Secret::new(std::env::var("LORE_STORY_KEY_2").unwrap());
        let signer = lore_story::LocalSigner::from_key(&key).unwrap();
        let signature = signer.sign_digest(&request.request.digest()).await.unwrap();
        let register = register.with_authorization(request.signed(signature));
        let plan = story.client.plan(&register, wallet).await.unwrap();
        assert_eq!(plan.transactions.len(), 1);
        assert!(plan.transactions[0].gas_limit.is_some());
        let sent = other.send(&register).await.unwrap();
        let tracked = story.client.track(&register, &sent.mined.unwrap().tx_hash).await.unwrap();
        assert_eq!(tracked, sent);
    });
}

#[test]
fn a_batch_of_many_leaves_the_bad_ones_out() {
    live(|story| async move {
        let client = &story.client;
        let mut items: Vec<IpRegistration> = Vec::new();
        for number in 0..20_u64 {
            let nft = story.new_nft(&format!("batch {number}")).await;
            items.push(match number {
                // A collection that is none, and a recipient that takes no tokens.
                3 => {
                    MintAndRegister::new(NewNft::new(client.addresses().wip, story.me(), nft.metadata)).into()
                }
                7 => {
                    let wrong = NewNft::new(nft.collection, client.addresses().wip, nft.metadata);
                    MintAndRegister::new(wrong).into()
                }
                _ if number % 2 == 0 => {
                    let terms = vec![LicensedTerms::new(remix(Wei::ZERO, 3))];
                    MintAndRegisterWithTerms::new(nft, terms).into()
                }
                _ => MintAndRegister::new(nft).into(),
            });
        }
        let there = story.existing_nft("batch there").await;
        items.push(RegisterNft::new(there.contract, there.token_id).into());
        items.push(items[0].clone());
        let found = client.register_batch(&items, BatchOptions::default()).await;
        assert_eq!(found.len(), items.len());
        for (number, outcome) in found.iter().enumerate() {
            match number {
                3 => assert_eq!(outcome.as_ref().unwrap_err().kind(), ErrorKind::InvalidInput),
                7 => assert_eq!(outcome.as_ref().unwrap_err().kind(), ErrorKind::Reverted),
                21 => assert_eq!(outcome.as_ref().unwrap_err().violations()[0].rule, "duplicate"),
                _ => assert!(outcome.is_ok(), "{number}: {outcome:?}"),
            }
        }
        let mut transactions: Vec<_> =
            found.iter().flatten().filter_map(|ip| ip.mined).map(|mined| mined.tx_hash).collect();
        transactions.sort_unstable();
        transactions.dedup();
        assert!(transactions.len() < 10, "{} transactions for 19 registrations", transactions.len());
        let again = story.amnesiac().register_batch(&items[..3], BatchOptions::default()).await;
        for (first, again) in found.iter().zip(again) {
            let (first, again) = (first.as_ref().unwrap(), again.unwrap());
            assert_eq!((again.ip_id, again.mined), (first.ip_id, None));
        }
    });
}

#[test]
fn one_call_finds_the_workflow() {
    live(|story| async move {
        let nft = story.new_nft("unified").await;
        let mut asset = RegisterIpAsset::new(NftSource::mint(nft.collection, story.me()), nft.metadata);
        asset.terms = vec![LicensedTerms::new(remix(Wei::ZERO, 7))];
        let ip = story.client.register_ip_asset(&asset).await.unwrap();
        assert_eq!(ip.license_terms.len(), 1);
        let nft = story.existing_nft("unified").await;
        let asset = RegisterIpAsset::new(NftSource::existing(nft.contract, nft.token_id), nft.metadata);
        assert!(story.client.register_ip_asset(&asset).await.unwrap().mined.is_some());
    });
}
