//! The contracts.

use alloy::{
    json_abi::JsonAbi,
    primitives::{Address, B256, Bytes, U256, address, b256},
    rpc::types::Log,
    signers::{SignerSync as _, local::PrivateKeySigner},
    sol_types::{Panic, Revert, SolCall as _, SolError as _, SolEvent as _},
};
use lore_core::{ChainId, TokenId, domain::ip_account::ip_id};
use lore_story_testbed::{
    ACCOUNTS, KEYS, Node, NodeOptions,
    contracts::{
        Deployed, MULTICALL3, abi,
        interface::{
            Aggregator, Call3, Coin, IPMetadata, LicenseTermsData, LicensingConfig, PILTerms, Registrar,
            Troublemaker, Wallet1271, Wallet1271Factory,
        },
        runtime_code,
    },
    missing, number,
};

async fn world(test: &str) -> Option<(Node, Deployed)> {
    let node = Node::start(test, NodeOptions::default()).await?;
    let deployed = node.deploy_all().await;
    Some((node, deployed))
}

fn registration(deployed: &Deployed, nft_hash: u8) -> Registrar::mintAndRegisterIpCall {
    Registrar::mintAndRegisterIpCall {
        spgNftContract: deployed.collection,
        recipient: ACCOUNTS[1],
        ipMetadata: IPMetadata {
            ipMetadataURI: "ipfs://ip".to_owned(),
            ipMetadataHash: B256::repeat_byte(1),
            nftMetadataURI: "ipfs://nft".to_owned(),
            nftMetadataHash: B256::repeat_byte(nft_hash),
        },
        allowDuplicates: false,
    }
}

#[tokio::test]
async fn a_registration_mints_registers_and_says_so() {
    let Some((node, deployed)) = world("a_registration_mints_registers_and_says_so").await else { return };
    let receipt = node.run(ACCOUNTS[0], deployed.registrar, &registration(&deployed, 2)).await;
    assert_eq!(receipt["status"], "0x1");
    assert_eq!(node.mints(deployed.collection).await, 1);
    assert_eq!(node.mints(deployed.registrar).await, 0);
    assert_eq!(
        node.read(deployed.collection, &Registrar::ownerOfCall { tokenId: U256::ONE }).await,
        ACCOUNTS[1]
    );
    let uri = node.read(deployed.collection, &Registrar::tokenURICall { tokenId: U256::ONE }).await;
    assert_eq!(uri, "ipfs://nft");

    let logs: Vec<Log> = serde_json::from_value(receipt["logs"].clone()).unwrap();
    let ip = logs.iter().find(|log| log.topics()[0] == Registrar::IPRegistered::SIGNATURE_HASH).unwrap();
    assert_eq!(ip.address(), deployed.registrar);
    let ip = Registrar::IPRegistered::decode_log(&ip.inner).unwrap();
    assert_eq!(
        (ip.chainId, ip.tokenContract, ip.tokenId),
        (U256::from(1315), deployed.collection, U256::ONE)
    );
    assert!(node.read(deployed.registrar, &Registrar::isRegisteredCall { id: ip.ipId }).await);
    let minted = logs.iter().filter(|log| log.address() == deployed.collection);
    let minted = minted.map(|log| Registrar::Transfer::decode_log(&log.inner).unwrap());
    let minted: Vec<_> = minted.filter(|transfer| transfer.from == Address::ZERO).collect();
    assert_eq!(minted.len(), 1);
    let described = logs.iter().filter_map(|log| Registrar::MetadataURISet::decode_log(&log.inner).ok());
    assert_eq!(described.filter(|set| set.ipId == ip.ipId && set.metadataURI == "ipfs://ip").count(), 1);
}

#[tokio::test]
async fn terms_are_registered_once_and_attached_by_the_workflow() {
    let test = "terms_are_registered_once_and_attached_by_the_workflow";
    let Some((node, deployed)) = world(test).await else { return };
    let terms = PILTerms {
        transferable: true,
        royaltyPolicy: Address::ZERO,
        defaultMintingFee: U256::ZERO,
        expiration: U256::ZERO,
        commercialUse: false,
        commercialAttribution: false,
        commercializerChecker: Address::ZERO,
        commercializerCheckerData: Bytes::new(),
        commercialRevShare: 0,
        commercialRevCeiling: U256::ZERO,
        derivativesAllowed: true,
        derivativesAttribution: true,
        derivativesApproval: false,
        derivativesReciprocal: true,
        derivativeRevCeiling: U256::ZERO,
        currency: Address::ZERO,
        uri: String::new(),
    };
    let config = LicensingConfig {
        isSet: false,
        mintingFee: U256::ZERO,
        licensingHook: Address::ZERO,
        hookData: Bytes::new(),
        commercialRevShare: 0,
        disabled: false,
        expectMinimumGroupRewardShare: 0,
        expectGroupRewardPool: Address::ZERO,
    };
    let call = |nft_hash: u8| {
        let plain = registration(&deployed, nft_hash);
        Registrar::mintAndRegisterIpAndAttachPILTermsCall {
            spgNftContract: plain.spgNftContract,
            recipient: plain.recipient,
            ipMetadata: plain.ipMetadata,
            licenseTermsData: vec![LicenseTermsData {
                terms: terms.clone(),
                licensingConfig: config.clone(),
            }],
            allowDuplicates: false,
        }
    };
    for nft_hash in [2, 3] {
        let receipt = node.run(ACCOUNTS[0], deployed.registrar, &call(nft_hash)).await;
        let logs: Vec<Log> = serde_json::from_value(receipt["logs"].clone()).unwrap();
        let mut attached =
            logs.iter().filter_map(|log| Registrar::LicenseTermsAttached::decode_log(&log.inner).ok());
        let attached = attached.next().unwrap();
        assert_eq!((attached.caller, attached.licenseTermsId), (deployed.registrar, U256::ONE));
    }
    let registered = node.read(deployed.registrar, &Registrar::totalRegisteredLicenseTermsCall {}).await;
    assert_eq!(registered, U256::ONE);

    // All or none.
    let data = |hashes: [u8; 2]| Registrar::multicallCall {
        data: hashes.map(|hash| call(hash).abi_encode().into()).to_vec(),
    };
    let receipt = node.run(ACCOUNTS[0], deployed.registrar, &data([4, 3])).await;
    assert_eq!((&receipt["status"], node.mints(deployed.collection).await), (&"0x0".into(), 2));
    let receipt = node.run(ACCOUNTS[0], deployed.registrar, &data([4, 5])).await;
    assert_eq!((&receipt["status"], node.mints(deployed.collection).await), (&"0x1".into(), 4));
}

#[test]
fn selectors_topics_and_errors_are_those_of_the_protocol() {
    if let Some(why) = missing() {
        return println!("skipped: selectors_topics_and_errors_are_those_of_the_protocol: {why}");
    }
    let compiled = |contract: &str| serde_json::from_value::<JsonAbi>(abi(contract)).unwrap();
    let selectors = [
        ("Registrar", "mintAndRegisterIp", 0xf1c4_2a22_u32),
        ("Registrar", "mintAndRegisterIpAndAttachPILTerms", 0x2c24_a702),
        ("Registrar", "multicall", 0xac96_50d8),
        ("Registrar", "getTokenIdByMetadataHash", 0xc89f_847c),
        ("Registrar", "ownerOf", 0x6352_211e),
        ("Registrar", "tokenURI", 0xc87b_56dd),
        ("Registrar", "ipId", 0xd26b_b83f),
        ("Registrar", "isRegistered", 0xc3c5_a547),
        ("Registrar", "register", 0xfca2_47ac),
        ("Registrar", "getLicenseTermsId", 0x602f_6b9b),
        ("Registrar", "registerLicenseTerms", 0x6e1b_8d90),
        ("Registrar", "attachLicenseTerms", 0x2a41_30c0),
        ("Aggregator", "aggregate3", 0x82ad_56cb),
        ("Aggregator", "aggregate3Value", 0x174d_ea71),
        ("Wallet1271", "isValidSignature", 0x1626_ba7e),
    ];
    for (contract, name, selector) in selectors {
        let abi = compiled(contract);
        assert_eq!(abi.function(name).unwrap()[0].selector().0, selector.to_be_bytes(), "{name}");
    }
    let registrar = compiled("Registrar");
    let topics = [
        ("IPRegistered", b256!("02ad3a2e0356b65fdfe4a73c825b78071ae469db35162978518b8c258abb3767")),
        ("Transfer", b256!("ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef")),
        ("MetadataURISet", b256!("3b2d707542587feff5c7fe05482776be67fd747e64c2545089b52f395d47de76")),
        ("LicenseTermsAttached", b256!("b8d0577f110d8cf9f2c63ba14b0511362a85865bf03ea4f1c8a10ddc490244c7")),
    ];
    for (name, topic) in topics {
        assert_eq!(registrar.event(name).unwrap()[0].selector(), topic, "{name}");
    }
    let errors = [
        ("SPGNFT__DuplicatedNFTMetadataHash", 0x9379_dcd9_u32),
        ("LicenseRegistry__LicenseTermsAlreadyAttached", 0x55d4_8f8d),
        ("ERC721NonexistentToken", 0x7e27_3289),
    ];
    for (name, selector) in errors {
        assert_eq!(registrar.error(name).unwrap()[0].selector().0, selector.to_be_bytes(), "{name}");
    }
}

#[tokio::test]
async fn a_duplicate_reverts_and_tells_the_token_that_is_there() {
    let test = "a_duplicate_reverts_and_tells_the_token_that_is_there";
    let Some((node, deployed)) = world(test).await else { return };
    for nft_hash in [2, 3] {
        node.run(ACCOUNTS[0], deployed.registrar, &registration(&deployed, nft_hash)).await;
    }
    let again = registration(&deployed, 3);
    let failure = node.try_read(deployed.registrar, &again).await.unwrap_err();
    assert_eq!(failure.error().map(|(code, _)| code), Some(3));
    let data = failure.revert_data().unwrap();
    let why = Registrar::SPGNFT__DuplicatedNFTMetadataHash::abi_decode(&data).unwrap();
    assert_eq!((why.spgNftContract, why.tokenId), (deployed.collection, U256::from(2)));
    assert_eq!(why.nftMetadataHash, B256::repeat_byte(3));

    let found = Registrar::getTokenIdByMetadataHashCall { nftMetadataHash: B256::repeat_byte(3) };
    assert_eq!(node.read(deployed.collection, &found).await, U256::from(2));
    // Sent all the same, it is in a block and did nothing.
    let receipt = node.run(ACCOUNTS[0], deployed.registrar, &again).await;
    assert_eq!(receipt["status"], "0x0");
    assert_eq!(node.mints(deployed.collection).await, 2);

    let allowed = Registrar::mintAndRegisterIpCall { allowDuplicates: true, ..again };
    node.run(ACCOUNTS[0], deployed.registrar, &allowed).await;
    assert_eq!(node.mints(deployed.collection).await, 3);
    assert_eq!(node.read(deployed.collection, &found).await, U256::from(2));

    node.run(ACCOUNTS[0], deployed.collection, &Registrar::setMintOpenCall { open: false }).await;
    let failure = node.try_read(deployed.registrar, &registration(&deployed, 4)).await.unwrap_err();
    assert_eq!(failure.revert_data().unwrap()[..], Registrar::SPGNFT__MintingClosed::SELECTOR);
}

#[tokio::test]
async fn ids_of_ip_assets_are_those_of_the_protocol() {
    let Some((node, deployed)) = world("ids_of_ip_assets_are_those_of_the_protocol").await else { return };
    // Recorded from the real registry.
    let collection = address!("8F4ec854Dd12F1fe79500a1f53D0cbB30f9b6134");
    let known = address!("37A3FC7a6C52DD2A3EfFF7cf59a247973B8Ba3D8");
    let ask = |collection, token: u64| Registrar::ipIdCall {
        chainId: U256::from(1315),
        tokenContract: collection,
        tokenId: U256::from(token),
    };
    assert_eq!(node.read(deployed.registrar, &ask(collection, 0)).await, known);
    for token in [1, 77] {
        let offline =
            ip_id(ChainId::AENEID, deployed.collection.to_string().parse().unwrap(), TokenId::from(token));
        let found = node.read(deployed.registrar, &ask(deployed.collection, token)).await;
        assert_eq!(found.to_string(), offline.to_string());
    }
}

#[tokio::test]
async fn a_wallet_knows_its_owners_signature_before_and_after_it_is_there() {
    let test = "a_wallet_knows_its_owners_signature_before_and_after_it_is_there";
    let Some((node, deployed)) = world(test).await else { return };
    let owner: PrivateKeySigner = KEYS[2].parse().unwrap();
    let other: PrivateKeySigner = KEYS[3].parse().unwrap();
    let hash = B256::repeat_byte(9);
    let sign =
        |signer: &PrivateKeySigner| -> Bytes { signer.sign_hash_sync(&hash).unwrap().as_bytes().into() };
    let check = |signature: Bytes| Wallet1271::isValidSignatureCall { hash, signature };

    let salt = B256::repeat_byte(5);
    let wallet = Wallet1271Factory::walletAtCall { salt, owner: owner.address() };
    let wallet = node.read(deployed.wallets, &wallet).await;
    let deploy = Wallet1271Factory::deployCall { salt, owner: owner.address() };
    // What a verifier does about a wallet that is not there: it deploys and asks in one call.
    let call = |target, data: Vec<u8>| Call3 { target, allowFailure: false, callData: data.into() };
    let both = Aggregator::aggregate3Call {
        calls: vec![
            call(deployed.wallets, deploy.abi_encode()),
            call(wallet, check(sign(&owner)).abi_encode()),
        ],
    };
    let answers = node.read(MULTICALL3, &both).await;
    assert_eq!(answers[1].returnData[..4], [0x16, 0x26, 0xba, 0x7e]);

    for _ in 0..2 {
        let receipt = node.run(ACCOUNTS[0], deployed.wallets, &deploy).await;
        assert_eq!(receipt["status"], "0x1");
    }
    assert_eq!(node.read(wallet, &check(sign(&owner))).await, [0x16, 0x26, 0xba, 0x7e]);
    assert_eq!(node.read(wallet, &check(sign(&other))).await, [0xff; 4]);
    assert_eq!(node.read(wallet, &check(Bytes::from(vec![1]))).await, [0xff; 4]);

    let own = node.deploy_wallet(other.address()).await;
    assert_eq!(node.read(own, &check(sign(&other))).await, [0x16, 0x26, 0xba, 0x7e]);
}

#[tokio::test]
async fn the_coin_says_what_is_missing() {
    let Some((node, deployed)) = world("the_coin_says_what_is_missing").await else { return };
    let (owner, spender) = (ACCOUNTS[1], ACCOUNTS[2]);
    node.run(owner, deployed.coin, &Coin::mintCall { to: owner, amount: U256::from(10) }).await;
    node.run(owner, deployed.coin, &Coin::approveCall { spender, value: U256::from(12) }).await;
    // Reads are from the zero address.
    let pull = |value: u64| Coin::transferFromCall { from: owner, to: spender, value: U256::from(value) };
    let failure = node.try_read(deployed.coin, &pull(1)).await.unwrap_err();
    let why = Coin::ERC20InsufficientAllowance::abi_decode(&failure.revert_data().unwrap()).unwrap();
    assert_eq!((why.allowance, why.needed), (U256::ZERO, U256::ONE));
    node.run(spender, deployed.coin, &pull(3)).await;
    assert_eq!(node.read(deployed.coin, &Coin::balanceOfCall { account: spender }).await, U256::from(3));
    assert_eq!(node.read(deployed.coin, &Coin::allowanceCall { owner, spender }).await, U256::from(9));
    let receipt = node.run(spender, deployed.coin, &pull(9)).await;
    assert_eq!(receipt["status"], "0x0", "seven are left");
}

#[tokio::test]
async fn trouble_comes_in_all_kinds() {
    let Some((node, deployed)) = world("trouble_comes_in_all_kinds").await else { return };
    let at = deployed.troublemaker;
    let refuse = Troublemaker::refuseCall { who: ACCOUNTS[4], amount: U256::from(5), why: "so".to_owned() };
    let data = node.try_read(at, &refuse).await.unwrap_err().revert_data().unwrap();
    let why = Troublemaker::Refused::abi_decode(&data).unwrap();
    assert_eq!((why.who, why.amount, &*why.why), (ACCOUNTS[4], U256::from(5), "so"));

    let complain = Troublemaker::complainCall { why: "no".to_owned() };
    let data = node.try_read(at, &complain).await.unwrap_err().revert_data().unwrap();
    assert_eq!(Revert::abi_decode(&data).unwrap().reason, "no");

    let data = node.try_read(at, &Troublemaker::panicAssertCall {}).await.unwrap_err().revert_data().unwrap();
    assert_eq!(Panic::abi_decode(&data).unwrap().code, U256::from(0x01));
    let overflow = Troublemaker::panicOverflowCall { amount: U256::ONE };
    let data = node.try_read(at, &overflow).await.unwrap_err().revert_data().unwrap();
    assert_eq!(Panic::abi_decode(&data).unwrap().code, U256::from(0x11));

    let data = node.try_read(at, &Troublemaker::fallSilentCall {}).await.unwrap_err().revert_data().unwrap();
    assert!(data.is_empty());
    let odd = Troublemaker::revertWithCall { data: vec![1, 2, 3].into() };
    let data = node.try_read(at, &odd).await.unwrap_err().revert_data().unwrap();
    assert_eq!(data[..], [1, 2, 3]);

    for receipt in [
        node.run(ACCOUNTS[0], at, &Troublemaker::burnAllCall {}).await,
        node.run(ACCOUNTS[0], at, &Troublemaker::invalidCall {}).await,
    ] {
        assert_eq!((&receipt["status"], &receipt["gasUsed"]), (&"0x0".into(), &"0x7a1200".into()));
    }
    let receipt = node.run(ACCOUNTS[0], at, &Troublemaker::burnCall { amount: U256::from(1_000_000) }).await;
    assert_eq!(receipt["status"], "0x1");
    let used = number(&receipt["gasUsed"]);
    assert!((1_000_000..1_200_000).contains(&used), "{used}");

    node.run(ACCOUNTS[0], at, &Troublemaker::setBrokenCall { broken: true }).await;
    let receipt = node.run(ACCOUNTS[0], at, &Troublemaker::workCall {}).await;
    assert_eq!(receipt["status"], "0x0");
    assert_eq!(node.read(at, &Troublemaker::worksCall {}).await, U256::ONE, "the burn");
}

#[tokio::test]
async fn the_aggregator_gives_each_answer_by_itself() {
    let Some((node, deployed)) = world("the_aggregator_gives_each_answer_by_itself").await else { return };
    node.run(ACCOUNTS[0], deployed.registrar, &registration(&deployed, 2)).await;
    let call = |target, data: Vec<u8>, allow| Call3 { target, allowFailure: allow, callData: data.into() };
    let mints = Registrar::mintsCall {}.abi_encode();
    let silent = Troublemaker::complainCall { why: "no".to_owned() }.abi_encode();
    let calls = |allow| Aggregator::aggregate3Call {
        calls: vec![
            call(deployed.collection, mints.clone(), false),
            call(deployed.troublemaker, silent.clone(), allow),
        ],
    };
    let answers = node.read(deployed.aggregator, &calls(true)).await;
    assert_eq!(Registrar::mintsCall::abi_decode_returns(&answers[0].returnData).unwrap(), U256::ONE);
    assert!(answers[0].success && !answers[1].success);
    assert_eq!(Revert::abi_decode(&answers[1].returnData).unwrap().reason, "no");
    assert!(node.try_read(deployed.aggregator, &calls(false)).await.is_err());
}

#[tokio::test]
async fn a_contract_can_be_put_at_any_address() {
    let test = "a_contract_can_be_put_at_any_address";
    let Some(node) = Node::start(test, NodeOptions::default()).await else { return };
    let wip = address!("1514000000000000000000000000000000000000");
    node.place("Coin", wip).await;
    assert_eq!(node.read(wip, &Coin::totalSupplyCall {}).await, U256::ZERO);
    assert!(!runtime_code("Coin").is_empty());
    assert_eq!(node.block_number().await, 0);
}
