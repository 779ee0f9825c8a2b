//! Nodes that lack a method which others have: the same comes out, with other requests.

use std::{collections::BTreeMap, time::Duration};

use alloy::primitives::{Address as EvmAddress, B256, U256};
use async_trait::async_trait;
use futures_util::future::try_join_all;
use lore_core::{
    Result, Violations, Wei,
    domain::asset::Mined,
    port::{
        chain::{Cost, CostReason, UnsignedTransaction},
        transactions::OperationKey,
    },
};
use lore_story::{Draft, Operation, Receipt, View, addresses::Addresses};
use lore_story_testbed::{
    ACCOUNTS, Fault, Mining, Rule,
    contracts::interface::{Coin, Registrar},
};

use super::scene::{SIGNER, Scene, key, lore};

fn no_such_method() -> Fault {
    Fault::error(-32601, "the method does not exist/is not available")
}

/// Registers 20 works at once. Returns the number of their token, by name, and the requests.
async fn register(test: &str, lacks: Option<&str>) -> Option<(BTreeMap<String, u64>, BTreeMap<String, u64>)> {
    let scene = Scene::new(test, Mining::Every(Duration::from_millis(500))).await?;
    if let Some(method) = lacks {
        scene.proxy.add(Rule::on(method), no_such_method());
    }
    let lane = scene.lane();
    let works = (0..20).map(|number| {
        let name = format!("song{number}");
        let (lane, call) = (&lane, scene.mint(&name));
        async move { lane.execute(&key(&name), &call).await.map(|receipt| (name, receipt)) }
    });
    let mut tokens = BTreeMap::new();
    for (name, receipt) in try_join_all(works).await.unwrap() {
        let on_chain = scene.node.receipt(B256::from(*receipt.tx_hash().as_bytes())).await.unwrap();
        assert_eq!(on_chain["status"], "0x1");
        assert_eq!(on_chain["blockNumber"], lore_story_testbed::quantity(receipt.mined().block_number));
        let transfer: Registrar::Transfer = receipt.event(lore(scene.registrar)).unwrap();
        tokens.insert(name, transfer.tokenId.to());
    }
    assert_eq!((scene.mints().await, scene.gaps().await, scene.node.nonce(SIGNER).await), (20, 0, 20));
    assert_eq!(lane.status().await.unwrap().open, []);
    Some((tokens, scene.proxy.counts()))
}

#[tokio::test]
async fn a_node_without_block_receipts_is_asked_for_each() {
    const METHOD: &str = "eth_getBlockReceipts";
    let test = "a_node_without_block_receipts_is_asked_for_each";
    let Some((usual, with)) = register(test, None).await else { return };
    let Some((tokens, without)) = register(test, Some(METHOD)).await else { return };
    assert!(usual.keys().eq(tokens.keys()));
    let numbers = |tokens: &BTreeMap<String, u64>| {
        let mut numbers: Vec<u64> = tokens.values().copied().collect();
        numbers.sort_unstable();
        numbers
    };
    assert_eq!(numbers(&usual), numbers(&tokens));
    let count = |counts: &BTreeMap<String, u64>, method| counts.get(method).copied().unwrap_or(0);
    let total = |counts: &BTreeMap<String, u64>| counts.values().sum::<u64>();
    println!("20 pipelined calls: {} requests, {} without {METHOD}", total(&with), total(&without));
    assert!(count(&with, METHOD) > 0);
    assert_eq!(count(&without, METHOD), 1, "it is remembered: {without:?}");
    assert!(count(&without, "eth_getTransactionReceipt") >= 20, "{without:?}");
    assert!(total(&without) <= 8 * 20, "{without:?}");
}

/// The sender moves coins of its own as any spender would: it must allow itself first.
#[derive(Debug)]
struct Move {
    coin: lore_core::Address,
    to: EvmAddress,
    amount: u64,
}

#[async_trait]
impl Operation for Move {
    type Output = Mined;

    fn name(&self) -> &'static str {
        "move"
    }

    fn key(&self) -> Option<OperationKey> {
        None
    }

    fn check(&self, _: &mut Violations) {}

    async fn existing(&self, _: &View<'_>) -> Result<Option<Mined>> {
        Ok(None)
    }

    async fn draft(&self, view: &View<'_>) -> Result<Draft> {
        let call = Coin::transferFromCall { from: SIGNER, to: self.to, value: U256::from(self.amount) };
        let cost = Cost::new(CostReason::Royalty, self.coin, Wei::from(self.amount), view.sender());
        Ok(Draft::new(self.coin, &call, "moves coins").with_cost(cost))
    }

    fn output(&self, receipt: &Receipt, _: &Addresses) -> Result<Mined> {
        Ok(receipt.mined())
    }
}

/// Plans and sends something that needs two transactions. Returns the plan, and the requests.
async fn pay(test: &str, lacks: Option<&str>) -> Option<(Vec<UnsignedTransaction>, BTreeMap<String, u64>)> {
    let scene = Scene::new(test, Mining::Auto).await?;
    let coin = scene.coin_with(SIGNER, 100).await;
    if let Some(method) = lacks {
        scene.proxy.add(Rule::on(method), no_such_method());
    }
    let client = scene.client();
    let operation = Move { coin: lore(coin), to: ACCOUNTS[1], amount: 40 };
    let plan = client.plan(&operation, client.signer()).await.unwrap();
    client.send_once(&key("payment"), &operation).await.unwrap();
    let balance = scene.node.read(coin, &Coin::balanceOfCall { account: ACCOUNTS[1] }).await;
    let allowed = scene.node.read(coin, &Coin::allowanceCall { owner: SIGNER, spender: SIGNER }).await;
    assert_eq!((balance, allowed), (U256::from(40), U256::ZERO));
    assert_eq!(scene.node.nonce(SIGNER).await, 2);
    let counts = scene.proxy.counts();

    // One that only the second of the two contracts calls refuses.
    let refused = Move { to: EvmAddress::ZERO, ..operation };
    let error = client.send_once(&key("refused"), &refused).await.unwrap_err();
    assert_eq!(error.revert().unwrap().name, "ERC20InvalidReceiver");
    // Without a simulation of both, the allowance is sent before anybody can tell; the call never is.
    let sent = if lacks.is_none() { 2 } else { 3 };
    assert_eq!(scene.node.nonce(SIGNER).await, sent);
    Some((plan.transactions, counts))
}

#[tokio::test]
async fn a_node_without_simulation_is_asked_for_an_estimate() {
    const METHOD: &str = "eth_simulateV1";
    let test = "a_node_without_simulation_is_asked_for_an_estimate";
    let Some((usual, with)) = pay(test, None).await else { return };
    let Some((planned, without)) = pay(test, Some(METHOD)).await else { return };
    let what = |plan: &[UnsignedTransaction]| -> Vec<_> {
        plan.iter().map(|each| (each.purpose, each.to, each.value, each.data.clone())).collect()
    };
    assert_eq!(usual.len(), 2);
    assert_eq!(what(&usual), what(&planned));
    let has_limit = |plan: &[UnsignedTransaction]| -> Vec<bool> {
        plan.iter().map(|each| each.gas_limit.is_some()).collect()
    };
    assert_eq!(has_limit(&usual), [true, true]);
    assert_eq!(has_limit(&planned), [true, false], "nobody can tell what the second one needs");
    let of = |counts: &BTreeMap<String, u64>| {
        [METHOD, "eth_estimateGas", "eth_sendRawTransaction"].map(|method| counts.get(method).copied())
    };
    println!("plan and payment: {with:?}, without {METHOD}: {without:?}");
    assert_eq!(of(&with), [Some(2), Some(2), Some(2)]);
    assert_eq!(of(&without), [Some(1), Some(4), Some(2)], "it is remembered");
}
