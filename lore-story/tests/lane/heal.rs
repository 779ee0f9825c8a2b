//! What is stuck goes on: too cheap, displaced, behind a gap, no longer payable.

use std::time::Duration;

use alloy::primitives::{Bytes, U256};
use lore_core::{
    ErrorKind, Retry,
    port::transactions::{AttemptKind, TransactionState, TransactionStore as _},
};
use lore_story_testbed::{ACCOUNTS, Fault, Mining, Rule};
use serde_json::json;

use super::scene::{SIGNER, Scene, key};

#[tokio::test]
async fn a_stalled_call_is_replaced_by_one_that_pays_more() {
    let Some(mut scene) =
        Scene::new("a_stalled_call_is_replaced_by_one_that_pays_more", Mining::Manual).await
    else {
        return;
    };
    scene.policy.stall_after_ms = 300;
    let lane = scene.lane();
    let (key, call) = (key("song"), scene.mint("song"));
    let mut work = std::pin::pin!(lane.execute(&key, &call));
    let is_replaced = async {
        loop {
            tokio::time::sleep(Duration::from_millis(20)).await;
            let stored = scene.store.transaction_by_key(&lane.id(), &key).await.unwrap();
            if let Some(second) = stored.as_ref().and_then(|stored| stored.attempts.get(1))
                && scene.is_waiting(&second.hash).await
            {
                break;
            }
        }
    };
    tokio::select! {
        done = &mut work => panic!("too early: {done:?}"),
        () = is_replaced => {}
    }
    scene.node.mine(1).await;
    let receipt = work.await.unwrap();
    let stored = scene.store.transaction_by_key(&lane.id(), &key).await.unwrap().unwrap();
    let (first, second) = (&stored.attempts[0], &stored.attempts[1]);
    assert!(second.max_fee_per_gas * 100 >= first.max_fee_per_gas * 120);
    assert!(second.max_priority_fee_per_gas * 100 >= first.max_priority_fee_per_gas * 120);
    let TransactionState::Succeeded(inclusion) = stored.state else { panic!("{:?}", stored.state) };
    assert_eq!(inclusion.tx_hash, receipt.tx_hash());
    assert_ne!(inclusion.tx_hash, first.hash);
    assert_eq!((scene.mints().await, scene.node.nonce(SIGNER).await), (1, 1));
}

#[tokio::test]
async fn the_form_that_was_mined_decides() {
    let Some(mut scene) = Scene::new("the_form_that_was_mined_decides", Mining::Manual).await else { return };
    scene.policy.stall_after_ms = 300;
    // The replacement never reaches the node: the first form is mined.
    scene.proxy.add(Rule::on("eth_sendRawTransaction").from_nth(2), Fault::drop_request());
    let lane = scene.lane();
    let (key, call) = (key("song"), scene.mint("song"));
    let mut work = std::pin::pin!(lane.execute(&key, &call));
    loop {
        let pause = tokio::time::sleep(Duration::from_millis(50));
        tokio::select! {
            done = &mut work => panic!("too early: {done:?}"),
            () = pause => {}
        }
        let stored = scene.store.transaction_by_key(&lane.id(), &key).await.unwrap();
        if stored.is_some_and(|stored| stored.attempts.len() > 1) {
            break;
        }
    }
    scene.node.mine(1).await;
    let receipt = work.await.unwrap();
    let stored = scene.store.transaction_by_key(&lane.id(), &key).await.unwrap().unwrap();
    assert_eq!(receipt.tx_hash(), stored.attempts[0].hash);
    assert_eq!(scene.mints().await, 1);
}

#[tokio::test]
async fn a_fee_limit_is_kept_also_by_replacements() {
    let Some(mut scene) = Scene::new("a_fee_limit_is_kept_also_by_replacements", Mining::Manual).await else {
        return;
    };
    scene.policy.stall_after_ms = 200;
    scene.policy.max_fee_per_gas = Some(4_000_000_000);
    scene.policy.wait_limit_ms = 3_000;
    let lane = scene.lane();
    let (key, call) = (key("song"), scene.mint("song"));
    let error = lane.execute(&key, &call).await.unwrap_err();
    assert_eq!((error.kind(), error.retry()), (ErrorKind::Unavailable, Retry::Reconcile));
    let stored = scene.store.transaction_by_key(&lane.id(), &key).await.unwrap().unwrap();
    assert!(stored.attempts.len() > 1);
    assert!(stored.attempts.iter().all(|attempt| attempt.max_fee_per_gas <= 4_000_000_000));
    scene.node.set_automine(true).await;
    scene.node.mine(1).await;
    lane.execute(&key, &call).await.unwrap();
    assert_eq!(scene.mints().await, 1);
}

#[tokio::test]
async fn a_nonce_that_somebody_else_used_is_noticed_and_the_call_made_anew() {
    let test = "a_nonce_that_somebody_else_used_is_noticed_and_the_call_made_anew";
    let Some(scene) = Scene::new(test, Mining::Auto).await else { return };
    let lane = scene.lane();
    let (key, call) = (key("song"), scene.mint("song"));
    // Between the nonce and the sending.
    let gate = lore_story_testbed::Gate::new();
    scene.proxy.add(Rule::on("eth_sendRawTransaction").nth(1), Fault::Hold(gate.clone()));
    let mut work = std::pin::pin!(lane.execute(&key, &call));
    tokio::select! {
        done = &mut work => panic!("too early: {done:?}"),
        () = scene.proxy.seen("eth_sendRawTransaction", 1) => {}
    }
    scene.use_key_elsewhere().await;
    scene.use_key_elsewhere().await;
    gate.open();
    work.await.unwrap();
    assert_eq!((scene.mints().await, scene.node.nonce(SIGNER).await), (1, 3));
    let status = lane.status().await.unwrap();
    assert_eq!((status.displaced, status.next_nonce), (1, Some(3)));
}

#[tokio::test]
async fn a_lane_heals_while_somebody_else_keeps_using_the_key() {
    let Some(scene) = Scene::new("a_lane_heals_while_somebody_else_keeps_using_the_key", Mining::Auto).await
    else {
        return;
    };
    let lane = scene.lane();
    let calls = (0..20).map(|number| {
        let name = format!("song{number}");
        let call = scene.mint(&name);
        let lane = &lane;
        async move { lane.execute(&key(&name), &call).await }
    });
    let other = async {
        for _ in 0..10 {
            scene.use_key_elsewhere().await;
            tokio::time::sleep(Duration::from_millis(15)).await;
        }
    };
    let (done, ()) = tokio::join!(futures_util::future::join_all(calls), other);
    for result in done {
        result.unwrap();
    }
    assert_eq!((scene.mints().await, scene.gaps().await), (20, 0));
    assert_eq!(scene.node.nonce(SIGNER).await, 30);
}

#[tokio::test]
async fn a_gap_that_somebody_else_left_is_filled() {
    let Some(mut scene) = Scene::new("a_gap_that_somebody_else_left_is_filled", Mining::Manual).await else {
        return;
    };
    scene.policy.stall_after_ms = 200;
    // The node counts two transactions of somebody else, which then vanish.
    for _ in 0..2 {
        scene.node.send_raw(SIGNER, Some(ACCOUNTS[1]), &Bytes::new(), U256::from(1)).await;
    }
    let lane = scene.lane();
    let (key, call) = (key("song"), scene.mint("song"));
    let mut work = std::pin::pin!(lane.execute(&key, &call));
    tokio::select! {
        done = &mut work => panic!("too early: {done:?}"),
        () = scene.proxy.seen("eth_sendRawTransaction", 1) => {}
    }
    scene.node.drop_all().await;
    scene.node.set_automine(true).await;
    work.await.unwrap();
    assert_eq!((scene.mints().await, scene.gaps().await, scene.node.nonce(SIGNER).await), (1, 0, 3));
    lane.resume().await.unwrap();
    assert_eq!(lane.status().await.unwrap().open, []);
}

#[tokio::test]
async fn a_call_that_can_no_longer_be_paid_is_withdrawn() {
    let Some(scene) = Scene::new("a_call_that_can_no_longer_be_paid_is_withdrawn", Mining::Auto).await else {
        return;
    };
    let lane = scene.lane();
    let (key, mut call) = (key("song"), scene.mint("song"));
    call.gas_limit = Some(500_000);
    let gate = lore_story_testbed::Gate::new();
    scene.proxy.add(Rule::on("eth_sendRawTransaction").nth(1), Fault::Hold(gate.clone()));
    let mut work = std::pin::pin!(lane.execute(&key, &call));
    tokio::select! {
        done = &mut work => panic!("too early: {done:?}"),
        () = scene.proxy.seen("eth_sendRawTransaction", 1) => {}
    }
    // Enough for a transfer, not for the call.
    scene.node.set_balance(SIGNER, U256::from(300_000_000_000_000_u64)).await;
    gate.open();
    let error = work.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InsufficientFunds, "{error}");
    assert_eq!((scene.mints().await, scene.gaps().await, scene.node.nonce(SIGNER).await), (0, 0, 1));
    let stored = scene.store.transaction_by_key(&lane.id(), &key).await.unwrap().unwrap();
    assert!(matches!(stored.state, TransactionState::Cancelled(_)), "{:?}", stored.state);
    assert_eq!(stored.attempts.last().unwrap().kind, AttemptKind::Cancel);

    scene.node.set_balance(SIGNER, U256::from(10_u64.pow(18))).await;
    lane.execute(&key, &call).await.unwrap();
    assert_eq!((scene.mints().await, scene.node.nonce(SIGNER).await), (1, 2));
}

#[tokio::test]
async fn a_lagging_node_displaces_nothing() {
    let Some(scene) = Scene::new("a_lagging_node_displaces_nothing", Mining::Auto).await else { return };
    // Receipts are not there for a long while, though the nonce is used: whoever believes that mints twice.
    scene.proxy.add(Rule::on("eth_getTransactionReceipt").first(30), Fault::result(json!(null)));
    scene.proxy.add(Rule::on("eth_getBlockReceipts").first(30), Fault::result(json!(null)));
    scene.proxy.add(Rule::on("eth_sendRawTransaction").nth(1), Fault::drop_answer());
    let lane = scene.lane();
    lane.execute(&key("song"), &scene.mint("song")).await.unwrap();
    assert_eq!((scene.mints().await, scene.node.nonce(SIGNER).await), (1, 1));
    assert_eq!(lane.status().await.unwrap().displaced, 0);
}
