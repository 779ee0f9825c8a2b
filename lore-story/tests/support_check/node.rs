//! The node.

use alloy::{primitives::U256, signers::local::PrivateKeySigner};
use lore_story_testbed::{
    ACCOUNTS, KEYS, Mining, Node, NodeOptions, Rpc, RpcFailure, Waiting, contracts::interface::Coin,
};
use serde_json::json;

#[test]
fn the_keys_belong_to_the_accounts() {
    for (key, account) in KEYS.iter().zip(ACCOUNTS) {
        assert_eq!(key.parse::<PrivateKeySigner>().unwrap().address(), account);
    }
}

#[tokio::test]
async fn the_node_has_the_chain_id_and_the_accounts_and_ends_when_dropped() {
    let test = "the_node_has_the_chain_id_and_the_accounts_and_ends_when_dropped";
    let Some(node) = Node::start(test, NodeOptions::default().chain_id(1514)).await else { return };
    assert_eq!(node.rpc().get("eth_chainId", json!([])).await, "0x5ea");
    assert_eq!(
        node.rpc().get("eth_accounts", json!([])).await,
        json!(ACCOUNTS.map(|a| a.to_string().to_lowercase()))
    );
    assert_eq!(node.nonce(ACCOUNTS[0]).await, 0);
    let rpc = Rpc::new(node.url());
    drop(node);
    assert!(matches!(rpc.ask("eth_chainId", json!([])).await, Err(RpcFailure::Transport(_))));
}

#[tokio::test]
async fn blocks_are_made_as_told() {
    let Some(node) = Node::start("blocks_are_made_as_told", NodeOptions::mining(Mining::Manual)).await else {
        return;
    };
    let coin = node.deploy("Coin", &[]).await;
    let before = node.block_number().await;
    let mint = Coin::mintCall { to: ACCOUNTS[1], amount: U256::from(7) };
    let first = node.send(ACCOUNTS[0], coin, &mint).await;
    let second = node.send(ACCOUNTS[0], coin, &mint).await;
    assert_eq!(node.waiting(ACCOUNTS[0]).await, Waiting { pending: vec![0, 1], queued: vec![] });
    assert_eq!((node.receipt(first).await, node.block_number().await), (None, before));

    assert!(node.drop_transaction(second).await);
    assert!(!node.drop_transaction(second).await);
    node.mine(1).await;
    assert_eq!(node.receipt(first).await.unwrap()["status"], "0x1");
    assert_eq!(node.receipt(second).await, None);
    assert_eq!(node.read(coin, &Coin::totalSupplyCall {}).await, U256::from(7));
    let mined = node.mined(ACCOUNTS[0]).await;
    assert_eq!(mined.len(), 1);
    assert_eq!((mined[0].hash, mined[0].nonce, mined[0].to, mined[0].success), (first, 0, Some(coin), true));

    node.set_automine(true).await;
    node.run(ACCOUNTS[0], coin, &mint).await;
    node.set_automine(false).await;

    node.set_interval_mining(1).await;
    let height = node.block_number().await;
    node.run(ACCOUNTS[0], coin, &mint).await;
    assert!(node.block_number().await > height);
}

#[tokio::test]
async fn nonces_can_have_gaps_and_accounts_can_be_changed() {
    let test = "nonces_can_have_gaps_and_accounts_can_be_changed";
    let Some(node) = Node::start(test, NodeOptions::mining(Mining::Manual)).await else { return };
    let account = ACCOUNTS[3];
    let request =
        json!([{ "from": account, "to": ACCOUNTS[4], "value": "0x1", "nonce": "0x2", "gas": "0x5208" }]);
    node.rpc().get("eth_sendTransaction", request).await;
    assert_eq!(node.waiting(account).await, Waiting { pending: vec![], queued: vec![2] });
    node.drop_all().await;
    assert_eq!(node.waiting(account).await, Waiting::default());

    node.set_nonce(account, 9).await;
    assert_eq!(node.nonce(account).await, 9);
    node.set_balance(account, U256::from(5)).await;
    assert_eq!(node.balance(account).await, U256::from(5));

    let before = node.timestamp().await;
    node.increase_time(86_400).await;
    node.mine(1).await;
    assert!(node.timestamp().await >= before + 86_400);
}

#[tokio::test]
async fn a_reorg_takes_blocks_back_and_their_transactions_with_them() {
    let test = "a_reorg_takes_blocks_back_and_their_transactions_with_them";
    let Some(node) = Node::start(test, NodeOptions::default()).await else { return };
    let coin = node.deploy("Coin", &[]).await;
    let mint = Coin::mintCall { to: ACCOUNTS[1], amount: U256::from(7) };
    node.run(ACCOUNTS[0], coin, &mint).await;
    let gone = node.send(ACCOUNTS[0], coin, &mint).await;
    let (old, height) = (node.settle(gone).await, node.block_number().await);
    node.reorg(1).await;
    assert_eq!(node.block_number().await, height);
    assert_ne!(node.block(height).await["hash"], old["blockHash"]);
    assert_eq!(node.receipt(gone).await, None);
    assert_eq!(node.nonce(ACCOUNTS[0]).await, 1);
    assert_eq!(node.read(coin, &Coin::totalSupplyCall {}).await, U256::from(7));
    assert_eq!(node.waiting(ACCOUNTS[0]).await, Waiting::default());
}

#[tokio::test]
async fn a_snapshot_is_returned_to() {
    let Some(node) = Node::start("a_snapshot_is_returned_to", NodeOptions::default()).await else { return };
    let snapshot = node.snapshot().await;
    node.set_balance(ACCOUNTS[0], U256::from(5)).await;
    node.mine(3).await;
    node.revert(snapshot).await;
    assert_eq!(node.block_number().await, 0);
    assert!(node.balance(ACCOUNTS[0]).await > U256::from(5));
}

#[tokio::test]
async fn a_node_that_was_away_comes_back_at_its_address() {
    let test = "a_node_that_was_away_comes_back_at_its_address";
    let Some(node) = Node::start(test, NodeOptions::default()).await else { return };
    let coin = node.deploy("Coin", &[]).await;
    let (url, state, height) = (node.url().to_owned(), node.dump().await, node.block_number().await);
    let node = node.restart().await;
    assert_eq!((node.url(), node.block_number().await), (&*url, 0));
    node.load(state).await;
    assert_eq!(node.block_number().await, height);
    assert_eq!(node.read(coin, &Coin::totalSupplyCall {}).await, U256::ZERO);
}
