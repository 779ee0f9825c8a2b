//! Bad input: a typed error before a nonce is taken.

use std::sync::Arc;

use alloy::primitives::U256;
use lore_core::{
    ChainId, ErrorKind, Retry, SystemClock, Wei, memory::transactions::MemoryTransactionStore,
    port::transactions::TransactionStore as _,
};
use lore_story::{
    network::RpcUrl,
    rpc::{Rpc, RpcConfig},
};
use lore_story_testbed::{ACCOUNTS, Answer, Fault, Mining, Rule};

use super::scene::{SIGNER, Scene, key, lane, lore, quick_policy, rpc};

#[tokio::test]
async fn a_node_of_another_chain_is_refused_before_anything_is_signed() {
    let test = "a_node_of_another_chain_is_refused_before_anything_is_signed";
    let Some(scene) = Scene::new(test, Mining::Auto).await else { return };
    let config = RpcConfig::new(ChainId::STORY, [RpcUrl::parse(scene.proxy.url()).unwrap()]);
    let rpc = Rpc::new(config, SystemClock::shared()).unwrap();
    let store = Arc::new(MemoryTransactionStore::new());
    let lane = lane(rpc, Arc::clone(&store) as _, quick_policy());
    let error = lane.execute(&key("song"), &scene.mint("song")).await.unwrap_err();
    assert_eq!((error.kind(), error.retry()), (ErrorKind::Config, Retry::Never));
    assert!(
        error.to_string().contains("expected `1514`") && error.to_string().contains("found `1315`"),
        "{error}"
    );
    assert_eq!(store.next_nonce(&lane.id()).await.unwrap(), None);
    assert_eq!(scene.proxy.total(), scene.proxy.count("eth_chainId"));
}

#[tokio::test]
async fn what_is_no_node_is_told_apart() {
    let Some(scene) = Scene::new("what_is_no_node_is_told_apart", Mining::Auto).await else { return };
    let table = [
        (Fault::text("<html>hello</html>"), ErrorKind::Unavailable),
        (Fault::text("{\"ok\":true}"), ErrorKind::Unavailable),
        (Fault::Instead(Answer::Status { status: 404, retry_after: None }), ErrorKind::Config),
        (Fault::Instead(Answer::Status { status: 401, retry_after: None }), ErrorKind::Unauthenticated),
        (Fault::too_many(Some(7)), ErrorKind::RateLimited),
        (Fault::drop_request(), ErrorKind::Unavailable),
    ];
    for (fault, kind) in table {
        let shown = format!("{fault:?}");
        let rule = scene.proxy.add(Rule::any(), fault);
        let error = scene.lane().execute(&key("song"), &scene.mint("song")).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{shown}: {error}");
        assert_ne!(error.retry(), Retry::Reconcile, "{shown}: nothing was sent");
        scene.proxy.remove(rule);
    }
    assert_eq!(scene.store.next_nonce(&scene.lane().id()).await.unwrap(), None);
}

#[tokio::test]
async fn another_node_stands_in_for_one_that_is_silent() {
    let Some(scene) = Scene::new("another_node_stands_in_for_one_that_is_silent", Mining::Auto).await else {
        return;
    };
    let faults = [Fault::drop_request(), Fault::status(503), Fault::too_many(None), Fault::text("<html>")];
    for (number, fault) in faults.into_iter().enumerate() {
        scene.proxy.clear();
        scene.proxy.add(Rule::any(), fault);
        let rpc = rpc(&[scene.proxy.url(), scene.node.url()]);
        let lane = lane(rpc, Arc::clone(&scene.store) as _, scene.policy.clone());
        let name = format!("song{number}");
        lane.execute(&key(&name), &scene.mint(&name)).await.unwrap();
        assert_eq!(scene.mints().await, number as u64 + 1);
    }
}

#[tokio::test]
async fn a_poor_account_is_refused_before_a_nonce_is_taken() {
    let Some(scene) = Scene::new("a_poor_account_is_refused_before_a_nonce_is_taken", Mining::Auto).await
    else {
        return;
    };
    scene.node.set_balance(SIGNER, U256::from(1_000)).await;
    let lane = scene.lane();
    let error = lane.execute(&key("song"), &scene.mint("song")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InsufficientFunds, "{error}");
    let mut gift = scene.mint("gift");
    (gift.to, gift.value, gift.data) = (lore(ACCOUNTS[1]), Wei::from(2_000_u64), Vec::new());
    let error = lane.execute(&key("gift"), &gift).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InsufficientFunds, "{error}");
    assert_eq!(scene.store.next_nonce(&lane.id()).await.unwrap(), None);
}

#[tokio::test]
async fn a_fee_above_the_users_limit_is_refused_before_a_nonce_is_taken() {
    let test = "a_fee_above_the_users_limit_is_refused_before_a_nonce_is_taken";
    let Some(mut scene) = Scene::new(test, Mining::Auto).await else { return };
    scene.policy.max_fee_per_gas = Some(1_000);
    let lane = scene.lane();
    let error = lane.execute(&key("song"), &scene.mint("song")).await.unwrap_err();
    assert_eq!((error.kind(), error.retry()), (ErrorKind::Unavailable, Retry::After(None)));
    assert!(error.to_string().contains("limit"), "{error}");
    assert_eq!(scene.store.next_nonce(&lane.id()).await.unwrap(), None);
}
