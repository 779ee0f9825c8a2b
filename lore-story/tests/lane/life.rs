//! One call from its key to its receipt.

use lore_core::{ErrorKind, Retry, port::transactions::TransactionStore as _};
use lore_story_testbed::{ACCOUNTS, Answer, Fault, Mining, Rule, contracts::interface::Registrar};

use super::scene::{SIGNER, Scene, hash_of, key, lore};

#[tokio::test]
async fn a_call_is_made_once_per_key() {
    let Some(scene) = Scene::new("a_call_is_made_once_per_key", Mining::Auto).await else { return };
    let lane = scene.lane();
    let first = lane.execute(&key("song"), &scene.mint("song")).await.unwrap();
    let again = lane.execute(&key("song"), &scene.mint("song")).await.unwrap();
    assert_eq!(first, again);
    assert_eq!(lane.find(&key("song")).await.unwrap(), Some(first.clone()));
    assert_eq!(lane.find(&key("poem")).await.unwrap(), None);
    let restarted = scene.lane().execute(&key("song"), &scene.mint("song")).await.unwrap();
    assert_eq!(restarted, first);
    assert_eq!(scene.mints().await, 1);
    let transfer: Registrar::Transfer = first.event(lore(scene.registrar)).unwrap();
    assert_eq!((transfer.to, transfer.tokenId.to::<u64>()), (SIGNER, 1));
    assert_eq!(first.mined().at.unix_seconds(), scene.node.timestamp().await);

    lane.execute(&key("poem"), &scene.mint("poem")).await.unwrap();
    assert_eq!(scene.mints().await, 2);
    let status = lane.status().await.unwrap();
    assert_eq!((status.next_nonce, status.open.len(), status.is_held), (Some(2), 0, false));
}

#[tokio::test]
async fn tasks_with_one_key_share_one_transaction() {
    let Some(scene) = Scene::new("tasks_with_one_key_share_one_transaction", Mining::Auto).await else {
        return;
    };
    let lane = scene.lane();
    let (key, call) = (key("song"), scene.mint("song"));
    let tasks = (0..8).map(|_| lane.execute(&key, &call));
    let receipts = futures_util::future::try_join_all(tasks).await.unwrap();
    assert!(receipts.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!((scene.mints().await, scene.node.nonce(SIGNER).await), (1, 1));
}

#[tokio::test]
async fn confirmations_are_waited_for() {
    let Some(mut scene) = Scene::new("confirmations_are_waited_for", Mining::Manual).await else { return };
    scene.policy.confirmations = 3;
    let lane = scene.lane();
    let (key, call) = (key("song"), scene.mint("song"));
    let mut work = std::pin::pin!(lane.execute(&key, &call));
    for _ in 0..3 {
        let pause = tokio::time::sleep(std::time::Duration::from_millis(150));
        tokio::select! {
            done = &mut work => panic!("too early: {done:?}"),
            () = pause => scene.node.mine(1).await,
        }
    }
    let receipt = work.await.unwrap();
    assert_eq!(scene.node.block_number().await, receipt.mined().block_number + 2);
}

#[tokio::test]
async fn a_reorg_sends_the_same_bytes_again() {
    let Some(mut scene) = Scene::new("a_reorg_sends_the_same_bytes_again", Mining::Manual).await else {
        return;
    };
    scene.policy.confirmations = 4;
    let lane = scene.lane();
    let (key, call) = (key("song"), scene.mint("song"));
    let mut work = std::pin::pin!(lane.execute(&key, &call));
    let mut steps = 0;
    let receipt = loop {
        let pause = tokio::time::sleep(std::time::Duration::from_millis(150));
        tokio::select! {
            done = &mut work => break done.unwrap(),
            () = pause => {
                steps += 1;
                if steps == 3 { scene.node.reorg(2).await } else { scene.node.mine(1).await }
            }
        }
    };
    assert_eq!(scene.mints().await, 1);
    let mined = scene.node.mined(SIGNER).await;
    assert_eq!(mined.len(), 1);
    assert_eq!(mined[0].hash.0, *receipt.tx_hash().as_bytes());
    assert_eq!(mined[0].block, receipt.mined().block_number);
}

#[tokio::test]
async fn a_call_that_reverts_takes_no_nonce_and_says_why() {
    let Some(scene) = Scene::new("a_call_that_reverts_takes_no_nonce_and_says_why", Mining::Auto).await
    else {
        return;
    };
    let lane = scene.lane();
    lane.execute(&key("song"), &scene.mint_call("song", false)).await.unwrap();
    let error = lane.execute(&key("copy"), &scene.mint_call("song", false)).await.unwrap_err();
    assert_eq!((error.kind(), error.retry()), (ErrorKind::Reverted, Retry::Never));
    assert_eq!(error.revert().unwrap().name, "SPGNFT__DuplicatedNFTMetadataHash");
    assert_eq!(error.revert().unwrap().args[1], "1");
    assert_eq!(scene.store.next_nonce(&lane.id()).await.unwrap(), Some(1));
}

#[tokio::test]
async fn a_call_that_reverts_on_chain_says_why_and_may_be_tried_again() {
    let test = "a_call_that_reverts_on_chain_says_why_and_may_be_tried_again";
    let Some(scene) = Scene::new(test, Mining::Manual).await else { return };
    let lane = scene.lane();
    let (key, call) = (key("song"), scene.mint_call("song", false));
    let mut work = std::pin::pin!(lane.execute(&key, &call));
    // Simulated with success, but somebody else's copy gets into the block before it.
    let copy = alloy::sol_types::SolCall::abi_encode(&Registrar::mintCall {
        to: ACCOUNTS[1],
        nftMetadataURI: "copy".to_owned(),
        nftMetadataHash: hash_of("song"),
        allowDuplicates: false,
    });
    tokio::select! {
        done = &mut work => panic!("too early: {done:?}"),
        () = scene.waiting(1) => {}
    }
    scene.node.drop_all().await;
    scene.node.send_raw(ACCOUNTS[1], Some(scene.registrar), &copy.into(), Default::default()).await;
    scene.node.mine(1).await;
    let mine = async {
        loop {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            scene.node.mine(1).await;
        }
    };
    let error = tokio::select! {
        done = work => done.unwrap_err(),
        () = mine => unreachable!(),
    };
    assert_eq!(error.revert().unwrap().name, "SPGNFT__DuplicatedNFTMetadataHash");
    assert_eq!((scene.mints().await, scene.node.nonce(SIGNER).await), (1, 1));
    // The key is free again, and now the simulation knows.
    let again = lane.execute(&key, &call).await.unwrap_err();
    assert_eq!(again.kind(), ErrorKind::Reverted);
    assert_eq!(scene.node.nonce(SIGNER).await, 1);
}

#[tokio::test]
async fn a_hash_of_a_wallet_is_followed_to_its_end() {
    let Some(mut scene) = Scene::new("a_hash_of_a_wallet_is_followed_to_its_end", Mining::Auto).await else {
        return;
    };
    scene.policy.lease_wait_ms = 300;
    let lane = scene.lane();
    let call = scene.mint("song");
    let hash = scene
        .node
        .send_raw(ACCOUNTS[2], Some(scene.registrar), &call.data.clone().into(), Default::default())
        .await;
    let hash = lore_core::TxHash::from_bytes(hash.0);
    let receipt = lane.track(&hash).await.unwrap();
    assert_eq!(receipt.tx_hash(), hash);
    assert_eq!(receipt.events::<Registrar::Transfer>(lore(scene.registrar)).count(), 1);
    let unknown = lane.track(&lore_core::TxHash::from_bytes([7; 32])).await.unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_wallet_that_replaces_its_transaction_is_told() {
    let Some(scene) = Scene::new("a_wallet_that_replaces_its_transaction_is_told", Mining::Manual).await
    else {
        return;
    };
    let lane = scene.lane();
    let hash =
        scene.node.send_raw(ACCOUNTS[2], Some(ACCOUNTS[3]), &Default::default(), Default::default()).await;
    let hash = lore_core::TxHash::from_bytes(hash.0);
    let mut work = std::pin::pin!(lane.track(&hash));
    tokio::select! {
        done = &mut work => panic!("too early: {done:?}"),
        // The first time, the node knew it.
        () = scene.proxy.seen("eth_getTransactionByHash", 2) => {}
    }
    scene.node.drop_all().await;
    scene.node.send_raw(ACCOUNTS[2], Some(ACCOUNTS[4]), &Default::default(), Default::default()).await;
    scene.node.mine(1).await;
    assert_eq!(work.await.unwrap_err().kind(), ErrorKind::Conflict);
}

#[tokio::test]
async fn a_lost_answer_is_followed_by_the_same_bytes() {
    let Some(scene) = Scene::new("a_lost_answer_is_followed_by_the_same_bytes", Mining::Auto).await else {
        return;
    };
    scene.proxy.add(Rule::on("eth_sendRawTransaction").first(3), Fault::drop_request());
    scene.lane().execute(&key("song"), &scene.mint("song")).await.unwrap();
    let sent: Vec<_> =
        scene.proxy.calls().into_iter().filter(|call| call.method == "eth_sendRawTransaction").collect();
    assert!(sent.len() >= 4);
    assert!(sent.windows(2).all(|pair| pair[0].params == pair[1].params));
    assert_eq!(scene.mints().await, 1);
}

#[tokio::test]
async fn a_node_that_has_the_bytes_already_is_believed() {
    let Some(scene) = Scene::new("a_node_that_has_the_bytes_already_is_believed", Mining::Manual).await
    else {
        return;
    };
    let known = Fault::After(Answer::error(-32000, "already known"));
    let rule = scene.proxy.add(Rule::on("eth_sendRawTransaction").first(3), known);
    let lane = scene.lane();
    let (key, call) = (key("song"), scene.mint("song"));
    let mut work = std::pin::pin!(lane.execute(&key, &call));
    tokio::select! {
        done = &mut work => panic!("too early: {done:?}"),
        () = scene.proxy.seen("eth_sendRawTransaction", 4) => {}
    }
    scene.node.mine(1).await;
    let receipt = work.await.unwrap();
    assert_eq!(scene.proxy.fired(rule), 3);
    let stored = scene.store.transaction_by_key(&lane.id(), &key).await.unwrap().unwrap();
    let hashes: Vec<_> = stored.attempts.iter().map(|attempt| attempt.hash).collect();
    assert_eq!(hashes, [receipt.tx_hash()]);
    assert_eq!((scene.mints().await, scene.node.nonce(SIGNER).await), (1, 1));
}
