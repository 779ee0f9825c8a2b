//! The proxy. Each fault is seen from both sides: what the client gets, and what the node got.

use std::time::Duration;

use alloy::primitives::{B256, U256};
use lore_story_testbed::{
    ACCOUNTS, Answer, Fault, Gate, Lag, LogsDialect, LogsLimit, Node, NodeOptions, Proxy, Rpc, RpcFailure,
    Rule, number,
};
use serde_json::{Value, json};

struct Setup {
    node: Node,
    proxy: Proxy,
    client: Rpc,
}

impl Setup {
    async fn new(test: &str) -> Option<Self> {
        let node = Node::start(test, NodeOptions::default()).await?;
        let proxy = Proxy::start(node.url()).await;
        let client = Rpc::new(proxy.url());
        Some(Self { node, proxy, client })
    }

    async fn send(&self) -> Result<B256, RpcFailure> {
        let answer = self.client.ask("eth_sendTransaction", transfer()).await?;
        Ok(serde_json::from_value(answer).unwrap())
    }

    /// Transactions that the node has, in a block or not yet.
    async fn sent(&self) -> u64 {
        number(&self.node.rpc().get("eth_getTransactionCount", json!([ACCOUNTS[0], "pending"])).await)
    }
}

fn transfer() -> Value {
    json!([{ "from": ACCOUNTS[0], "to": ACCOUNTS[1], "value": "0x1" }])
}

const SEND: &str = "eth_sendTransaction";

#[tokio::test]
async fn without_rules_everything_goes_through_and_is_counted() {
    let Some(setup) = Setup::new("without_rules_everything_goes_through_and_is_counted").await else {
        return;
    };
    setup.send().await.unwrap();
    let batch = json!([
        { "jsonrpc": "2.0", "id": "a", "method": "eth_chainId", "params": [] },
        { "jsonrpc": "2.0", "id": "b", "method": "eth_blockNumber", "params": [] },
    ]);
    let answers: Value = serde_json::from_str(&setup.client.post(batch.to_string()).await.unwrap()).unwrap();
    assert_eq!((&answers[0]["result"], &answers[1]["id"]), (&"0x523".into(), &"b".into()));
    let counts: Vec<_> = setup.proxy.counts().into_iter().collect();
    let expected = [("eth_blockNumber", 1), ("eth_chainId", 1), (SEND, 1)];
    assert_eq!(counts, expected.map(|(method, count)| (method.to_owned(), count)));
    assert_eq!((setup.proxy.total(), setup.proxy.requests()), (3, 2));
    let calls = setup.proxy.calls();
    assert_eq!((calls[0].params.clone(), calls[0].request, calls[0].batch), (transfer(), 1, 1));
    assert_eq!((&*calls[2].method, calls[2].request, calls[2].batch), ("eth_blockNumber", 2, 2));
    setup.proxy.forget();
    assert_eq!((setup.proxy.total(), setup.proxy.requests(), setup.proxy.calls().len()), (0, 0, 0));
}

#[tokio::test]
async fn a_lost_request_never_reaches_the_node_and_a_lost_answer_comes_after_the_deed() {
    let test = "a_lost_request_never_reaches_the_node_and_a_lost_answer_comes_after_the_deed";
    let Some(setup) = Setup::new(test).await else { return };
    let lost = setup.proxy.add(Rule::on(SEND).nth(1), Fault::drop_request());
    let done = setup.proxy.add(Rule::on(SEND).nth(3), Fault::drop_answer());
    assert!(matches!(setup.send().await, Err(RpcFailure::Transport(_))));
    assert_eq!(setup.sent().await, 0);
    setup.send().await.unwrap();
    assert!(matches!(setup.send().await, Err(RpcFailure::Transport(_))));
    assert_eq!(setup.sent().await, 2);
    assert_eq!((setup.proxy.fired(lost), setup.proxy.fired(done)), (1, 1));
    let faults: Vec<_> = setup.proxy.calls().iter().map(|call| call.fault).collect();
    assert_eq!(faults, [Some("request lost"), None, Some("answer lost")]);
}

#[tokio::test]
async fn the_answer_can_be_another_before_or_after_the_deed() {
    let Some(setup) = Setup::new("the_answer_can_be_another_before_or_after_the_deed").await else { return };
    let too_many = Answer::Status { status: 429, retry_after: Some(3) };
    let late_error = Answer::error(-32603, "nonce too low");
    let table = [
        (Fault::Instead(too_many.clone()), 0),
        (Fault::After(too_many), 1),
        (Fault::status(503), 0),
        (Fault::text("<html>gateway</html>"), 0),
        (Fault::After(Answer::Text("{\"jsonrpc\":".to_owned())), 1),
        (Fault::error(-32603, "nonce too low"), 0),
        (Fault::After(late_error), 1),
    ];
    let mut failures = Vec::new();
    for (fault, sent) in table {
        let before = setup.sent().await;
        let id = setup.proxy.add(Rule::on(SEND).first(1), fault.clone());
        failures.push(setup.send().await.unwrap_err());
        assert_eq!(setup.sent().await - before, sent, "{fault:?}");
        setup.proxy.remove(id);
        setup.send().await.unwrap();
    }
    let refused = RpcFailure::Status {
        status: 429,
        retry_after: Some("3".to_owned()),
        body: "<html>no</html>".to_owned(),
    };
    assert_eq!(failures[..2], [refused.clone(), refused]);
    assert!(matches!(failures[2], RpcFailure::Status { status: 503, retry_after: None, .. }));
    assert_eq!(failures[3], RpcFailure::NotJson("<html>gateway</html>".to_owned()));
    assert!(matches!(failures[4], RpcFailure::NotJson(_)));
    assert_eq!(failures[5].error(), Some((-32603, "nonce too low")));
    assert_eq!(failures[5], failures[6]);
    // A false answer to a read.
    setup.proxy.add(Rule::on("eth_getTransactionCount"), Fault::result(json!("0x0")));
    assert_eq!(setup.client.get("eth_getTransactionCount", json!([ACCOUNTS[0], "latest"])).await, "0x0");
}

#[tokio::test]
async fn in_a_batch_one_call_fails_alone_and_a_cut_line_takes_all() {
    let Some(setup) = Setup::new("in_a_batch_one_call_fails_alone_and_a_cut_line_takes_all").await else {
        return;
    };
    let call = |id: u64, method: &str, params: Value| json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
    let batch =
        json!([call(1, SEND, transfer()), call(2, "eth_chainId", json!([])), call(3, SEND, transfer())]);
    setup.proxy.add(Rule::on(SEND).nth(2), Fault::error(-32000, "already known"));
    let answers: Value = serde_json::from_str(&setup.client.post(batch.to_string()).await.unwrap()).unwrap();
    assert!(answers[0]["result"].is_string() && answers[1]["result"] == "0x523");
    assert_eq!((&answers[2]["id"], &answers[2]["error"]["message"]), (&3.into(), &"already known".into()));
    assert_eq!(setup.sent().await, 1);

    setup.proxy.clear();
    setup.proxy.add(Rule::on("eth_chainId").nth(1), Fault::drop_request());
    assert!(setup.client.post(batch.to_string()).await.is_err());
    assert_eq!(setup.sent().await, 1);
    setup.proxy.clear();
    setup.proxy.add(Rule::on("eth_chainId").nth(1), Fault::drop_answer());
    assert!(setup.client.post(batch.to_string()).await.is_err());
    assert_eq!(setup.sent().await, 3);
}

#[tokio::test]
async fn a_request_is_delayed_held_or_doubled() {
    let Some(setup) = Setup::new("a_request_is_delayed_held_or_doubled").await else { return };
    setup.proxy.add(Rule::on(SEND).nth(1), Fault::Duplicate);
    setup.send().await.unwrap();
    assert_eq!(setup.sent().await, 2);

    let (before, after) = (Gate::new(), Gate::new());
    setup.proxy.add(Rule::on(SEND).nth(1), Fault::Hold(before.clone()));
    setup.proxy.add(Rule::on(SEND).nth(2), Fault::HoldAnswer(after.clone()));
    {
        let held = setup.send();
        tokio::pin!(held);
        tokio::select! {
            answer = &mut held => panic!("answered before the gate is open: {answer:?}"),
            () = setup.proxy.seen(SEND, 2) => (),
        }
        assert_eq!(setup.sent().await, 2);
        before.open();
        held.await.unwrap();
        assert_eq!(setup.sent().await, 3);
    }
    let held = setup.send();
    tokio::pin!(held);
    let arrived = async {
        while setup.sent().await < 4 {
            pause(5).await;
        }
    };
    tokio::select! {
        answer = &mut held => panic!("answered before the gate is open: {answer:?}"),
        () = arrived => (),
    }
    after.open();
    held.await.unwrap();

    // The client gives up, and the request arrives all the same.
    let delay = Fault::Delay { before: Duration::from_millis(200), after: Duration::ZERO };
    setup.proxy.add(Rule::on(SEND).nth(1), delay);
    tokio::select! {
        answer = setup.send() => panic!("answered too early: {answer:?}"),
        () = setup.proxy.seen(SEND, 4) => (),
    }
    assert_eq!(setup.sent().await, 4);
    for _ in 0..100 {
        if setup.sent().await == 5 {
            return;
        }
        pause(50).await;
    }
    panic!("the late request did not arrive");
}

#[expect(clippy::disallowed_methods, reason = "the proxy's delays are real ones")]
async fn pause(milliseconds: u64) {
    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
}

#[tokio::test]
async fn rules_count_by_parameters_and_can_be_limited_to_some() {
    let Some(setup) = Setup::new("rules_count_by_parameters_and_can_be_limited_to_some").await else {
        return;
    };
    let (one, two) = (setup.send().await.unwrap(), setup.send().await.unwrap());
    setup.node.settle(two).await;
    let receipt = "eth_getTransactionReceipt";
    setup.proxy.add(Rule::on(receipt).first(2).per_params(), Fault::result(Value::Null));
    let mut found = Vec::new();
    for hash in [one, two, one, two, one, two] {
        found.push(!setup.client.get(receipt, json!([hash])).await.is_null());
    }
    assert_eq!(found, [false, false, false, false, true, true]);

    setup.proxy.clear();
    let of_two = Rule::on(receipt).when(move |params| params[0] == json!(two)).from_nth(2);
    setup.proxy.add(of_two, Fault::error(-32000, "busy"));
    for (hash, works) in [(one, true), (two, true), (one, true), (two, false), (one, true), (two, false)] {
        assert_eq!(setup.client.ask(receipt, json!([hash])).await.is_ok(), works);
    }
}

#[tokio::test]
async fn a_node_that_is_behind_knows_nothing_of_the_newest_blocks() {
    let test = "a_node_that_is_behind_knows_nothing_of_the_newest_blocks";
    let Some(setup) = Setup::new(test).await else { return };
    let coin = setup.node.deploy("Coin", &[]).await;
    let mint =
        lore_story_testbed::contracts::interface::Coin::mintCall { to: ACCOUNTS[1], amount: U256::from(7) };
    let old = setup.node.send(ACCOUNTS[0], coin, &mint).await;
    setup.node.settle(old).await;
    let new = setup.node.send(ACCOUNTS[0], coin, &mint).await;
    setup.node.settle(new).await;
    let height = setup.node.block_number().await;
    let logs = json!([{ "address": coin, "fromBlock": "0x0", "toBlock": "latest" }]);
    let supply = json!([{ "to": coin, "data": "0x18160ddd" }, "latest"]);
    let count = json!([ACCOUNTS[0], "pending"]);
    let newest = json!(["latest", false]);
    let client = &setup.client;
    assert_eq!(client.get("eth_getLogs", logs.clone()).await.as_array().unwrap().len(), 2);
    let of_block = |block: &Value| json!([{ "address": coin, "blockHash": block["hash"] }]);
    let of_newest = of_block(&setup.node.block(height).await);
    let of_earlier = of_block(&setup.node.block(height - 1).await);

    for lag in [Lag::Behind(1), Lag::StoppedAt(height - 1)] {
        setup.proxy.clear();
        setup.proxy.add(Rule::any(), Fault::Lag(lag));
        assert_eq!(number(&client.get("eth_blockNumber", json!([])).await), height - 1);
        assert_eq!(number(&client.get("eth_getTransactionCount", count.clone()).await), 1);
        assert_eq!(client.get("eth_getTransactionReceipt", json!([new])).await, Value::Null);
        assert_eq!(client.get("eth_getTransactionByHash", json!([new])).await, Value::Null);
        assert_eq!(client.get("eth_getTransactionReceipt", json!([old])).await["status"], "0x1");
        let supply = client.get("eth_call", supply.clone()).await;
        assert_eq!(supply.as_str().unwrap().parse::<U256>().unwrap(), U256::from(7));
        assert_eq!(client.get("eth_getLogs", logs.clone()).await.as_array().unwrap().len(), 1);
        // By hash, a node that does not have the block cannot say that there is nothing in it.
        let unknown = client.ask("eth_getLogs", of_newest.clone()).await.unwrap_err();
        assert_eq!(unknown.error(), Some((-32000, "unknown block")));
        assert_eq!(client.get("eth_getLogs", of_earlier.clone()).await.as_array().unwrap().len(), 1);
        assert_eq!(number(&client.get("eth_getBlockByNumber", newest.clone()).await["number"]), height - 1);
        let later = json!([format!("{height:#x}"), false]);
        assert_eq!(client.get("eth_getBlockByNumber", later).await, Value::Null);
    }
    // Sending works, and a stopped node stays where it is.
    let sent = setup.send().await.unwrap();
    setup.node.settle(sent).await;
    assert_eq!(number(&client.get("eth_blockNumber", json!([])).await), height - 1);
    setup.proxy.clear();
    setup.proxy.add(
        Rule::on("eth_getTransactionCount"),
        Fault::change_result(|count| json!(format!("{:#x}", number(&count) - 1))),
    );
    assert_eq!(number(&client.get("eth_getTransactionCount", count).await), 2);
}

#[tokio::test]
async fn logs_are_limited_in_the_words_of_each_service() {
    let Some(setup) = Setup::new("logs_are_limited_in_the_words_of_each_service").await else { return };
    let coin = setup.node.deploy("Coin", &[]).await;
    let mint =
        lore_story_testbed::contracts::interface::Coin::mintCall { to: ACCOUNTS[1], amount: U256::ONE };
    for _ in 0..9 {
        setup.node.run(ACCOUNTS[0], coin, &mint).await;
    }
    // Blocks 2 to 10 have a log each.
    let ask = async |from: u64, to: u64| {
        let filter =
            json!([{ "address": coin, "fromBlock": format!("{from:#x}"), "toBlock": format!("{to:#x}") }]);
        setup.client.ask("eth_getLogs", filter).await.map(|logs| logs.as_array().unwrap().len())
    };
    let mut said = Vec::new();
    for dialect in LogsDialect::ALL {
        setup.proxy.clear();
        setup.proxy.add(Rule::on("eth_getLogs"), Fault::LogsLimit(LogsLimit::blocks(5, dialect)));
        assert_eq!(ask(1, 5).await, Ok(4), "{dialect:?}");
        said.push(ask(1, 6).await.unwrap_err().error().map(|(code, text)| (code, text.to_owned())).unwrap());
    }
    let codes: Vec<_> = said.iter().map(|(code, _)| *code).collect();
    assert_eq!(codes, [-32602, -32600, -32047, -32005, -32701, -32614, -32000]);
    assert!(said[0].1.ends_with("this block range should work: [0x1, 0x5]"), "{}", said[0].1);
    assert!(said[5].1.ends_with("limited to a 5 range"), "{}", said[5].1);

    setup.proxy.clear();
    let limit = LogsLimit::logs(4, LogsDialect::Infura);
    setup.proxy.add(Rule::on("eth_getLogs"), Fault::LogsLimit(limit));
    assert_eq!(ask(1, 5).await, Ok(4));
    let (code, text) =
        ask(1, 10).await.unwrap_err().error().map(|(code, text)| (code, text.to_owned())).unwrap();
    assert_eq!(code, -32005);
    assert_eq!(text, "query returned more than 4 results. Try with this block range [0x1, 0x5].");
}

#[tokio::test]
async fn a_proxy_that_is_down_closes_every_line() {
    let Some(setup) = Setup::new("a_proxy_that_is_down_closes_every_line").await else { return };
    setup.proxy.set_down(true);
    assert!(matches!(setup.send().await, Err(RpcFailure::Transport(_))));
    setup.proxy.set_down(false);
    setup.send().await.unwrap();
    assert_eq!(setup.sent().await, 1);
    drop(setup.proxy);
    assert!(matches!(setup.client.ask("eth_chainId", json!([])).await, Err(RpcFailure::Transport(_))));
}

#[tokio::test]
async fn a_node_that_is_gone_is_a_closed_line() {
    let Some(setup) = Setup::new("a_node_that_is_gone_is_a_closed_line").await else { return };
    let Setup { node, client, proxy } = setup;
    let node = node.restart().await;
    assert_eq!(client.get("eth_blockNumber", json!([])).await, "0x0");
    drop(node);
    assert!(matches!(client.ask("eth_chainId", json!([])).await, Err(RpcFailure::Transport(_))));
    assert_eq!(proxy.count("eth_chainId"), 1);
}
