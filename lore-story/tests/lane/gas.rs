//! Gas limits: what is found to be needed now is less than what may be needed when it is mined.

use alloy::primitives::{Bytes, U256};
use lore_core::Wei;
use lore_story::ops::TransferTokens;
use lore_story_testbed::{ACCOUNTS, Mining, contracts::interface::Coin, quantity};
use serde_json::json;

use super::scene::{SIGNER, Scene, key, lore};

/// Somebody who has coins, and sends them away before more arrive.
const SPENDER: usize = 1;

#[tokio::test]
async fn a_planned_transaction_has_gas_for_slots_that_are_emptied_meanwhile() {
    let test = "a_planned_transaction_has_gas_for_slots_that_are_emptied_meanwhile";
    let Some(scene) = Scene::new(test, Mining::Auto).await else { return };
    let coin = scene.coin_with(SIGNER, 100).await;
    scene.node.run(SIGNER, coin, &Coin::transferCall { to: ACCOUNTS[SPENDER], value: U256::from(1) }).await;
    let client = scene.client();
    let operation = TransferTokens::new(lore(coin), lore(ACCOUNTS[SPENDER]), Wei::from(5_u64));
    let plan = client.plan(&operation, client.signer()).await.unwrap();

    let away = Coin::transferCall { to: ACCOUNTS[2], value: U256::from(1) };
    scene.node.run(ACCOUNTS[SPENDER], coin, &away).await;

    let [planned] = plan.transactions.as_slice() else { panic!("{plan:?}") };
    let request = json!([{
        "from": SIGNER, "to": coin, "data": Bytes::from(planned.data.clone()),
        "gas": quantity(planned.gas_limit.unwrap()),
    }]);
    let hash = scene.node.rpc().get("eth_sendTransaction", request).await;
    let receipt = scene.node.settle(hash.as_str().unwrap().parse().unwrap()).await;
    assert_eq!(receipt["status"], "0x1", "{receipt}");
}

#[tokio::test]
async fn a_call_of_the_lane_has_gas_for_slots_that_are_emptied_meanwhile() {
    let test = "a_call_of_the_lane_has_gas_for_slots_that_are_emptied_meanwhile";
    let Some(scene) = Scene::new(test, Mining::Manual).await else { return };
    let coin = scene.coin_with(SIGNER, 100).await;
    scene.node.run(SIGNER, coin, &Coin::transferCall { to: ACCOUNTS[SPENDER], value: U256::from(1) }).await;
    let lane = scene.lane();
    let send = Coin::transferCall { to: ACCOUNTS[SPENDER], value: U256::from(5) };
    let mut call = scene.call(alloy::sol_types::SolCall::abi_encode(&send), "coins");
    call.to = lore(coin);
    let (key, call) = (key("coins"), call);
    let mut work = std::pin::pin!(lane.execute(&key, &call));
    tokio::select! {
        done = &mut work => panic!("too early: {done:?}"),
        () = scene.waiting(1) => {}
    }
    // Both in one block, this one first: it pays more.
    let away = Coin::transferCall { to: ACCOUNTS[2], value: U256::from(1) };
    let request = json!([{
        "from": ACCOUNTS[SPENDER], "to": coin, "data": Bytes::from(alloy::sol_types::SolCall::abi_encode(&away)),
        "gas": quantity(100_000), "maxFeePerGas": quantity(900_000_000_000),
        "maxPriorityFeePerGas": quantity(800_000_000_000),
    }]);
    scene.node.rpc().get("eth_sendTransaction", request).await;
    scene.node.mine(1).await;
    work.await.unwrap();
    let balance = scene.node.read(coin, &Coin::balanceOfCall { account: ACCOUNTS[SPENDER] }).await;
    assert_eq!(balance, U256::from(5));
}
