//! The contracts.

use alloy::{
    primitives::{Address, B256, Bytes, U256, address, b256},
    signers::{SignerSync as _, local::PrivateKeySigner},
    sol_types::{Panic, Revert, SolCall as _, SolError as _, SolEvent as _},
};
use lore_core::{ChainId, TokenId, domain::ip_account::ip_id};
use lore_story_testbed::{
    ACCOUNTS, KEYS, Node, NodeOptions,
    contracts::{
        Deployed, MULTICALL3,
        interface::{
            Aggregator, Call3, Coin, IPMetadata, Registrar, Troublemaker, Wallet1271, Wallet1271Factory,
        },
        runtime_code,
    },
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

    let logs: Vec<alloy::rpc::types::Log> = serde_json::from_value(receipt["logs"].clone()).unwrap();
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

#[test]
fn topics_and_selectors_are_those_of_the_protocol() {
    let topic = b256!("02ad3a2e0356b65fdfe4a73c825b78071ae469db35162978518b8c258abb3767");
    assert_eq!(Registrar::IPRegistered::SIGNATURE_HASH, topic);
    assert_eq!(Registrar::SPGNFT__DuplicatedNFTMetadataHash::SELECTOR, [0x93, 0x79, 0xdc, 0xd9]);
    assert_eq!(Registrar::getTokenIdByMetadataHashCall::SELECTOR, [0xc8, 0x9f, 0x84, 0x7c]);
    assert_eq!(Registrar::ipIdCall::SELECTOR, [0xd2, 0x6b, 0xb8, 0x3f]);
    assert_eq!(Registrar::isRegisteredCall::SELECTOR, [0xc3, 0xc5, 0xa5, 0x47]);
    assert_eq!(Aggregator::aggregate3Call::SELECTOR, [0x82, 0xad, 0x56, 0xcb]);
    assert_eq!(Wallet1271::isValidSignatureCall::SELECTOR, [0x16, 0x26, 0xba, 0x7e]);
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
    let used = lore_story_testbed::number(&receipt["gasUsed"]);
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
