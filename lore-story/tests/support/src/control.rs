//! What a test does to a node: time, blocks, accounts, and looking at what is there.

use std::time::{Duration, Instant};

use alloy::primitives::{Address, B256, Bytes, U256};
use serde_json::{Value, json};
use tokio::time;

use crate::{
    anvil::Node,
    rpc::{number, quantity},
};

/// A transaction that is in a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mined {
    /// Its hash.
    pub hash: B256,
    /// The nonce.
    pub nonce: u64,
    /// The block's number.
    pub block: u64,
    /// What was called; `None` for a new contract.
    pub to: Option<Address>,
    /// The calldata.
    pub input: Bytes,
    /// Whether it did not revert.
    pub success: bool,
}

/// Nonces of transactions that wait, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Those that can go into the next block.
    pub pending: Vec<u64>,
    /// Those behind a gap.
    pub queued: Vec<u64>,
}

impl Node {
    // Blocks.

    /// Makes `blocks` blocks.
    pub async fn mine(&self, blocks: u64) {
        for _ in 0..blocks {
            self.rpc().get("evm_mine", json!([])).await;
        }
    }

    /// Switches a block for each transaction on or off.
    pub async fn set_automine(&self, on: bool) {
        self.rpc().get("evm_setAutomine", json!([on])).await;
    }

    /// A block every so many seconds from now on; 0 stops it.
    pub async fn set_interval_mining(&self, seconds: u64) {
        self.rpc().get("evm_setIntervalMining", json!([seconds])).await;
    }

    /// The newest block's number.
    pub async fn block_number(&self) -> u64 {
        number(&self.rpc().get("eth_blockNumber", json!([])).await)
    }

    /// A block by number, with its transactions.
    pub async fn block(&self, number: u64) -> Value {
        self.rpc().get("eth_getBlockByNumber", json!([quantity(number), true])).await
    }

    /// Replaces the newest `depth` blocks by empty ones. Their transactions are gone; they can be sent again.
    pub async fn reorg(&self, depth: u64) {
        self.rpc().get("anvil_reorg", json!([depth, []])).await;
    }

    /// Remembers the chain as it is.
    pub async fn snapshot(&self) -> Value {
        self.rpc().get("evm_snapshot", json!([])).await
    }

    /// Goes back to a snapshot. It can be used once.
    pub async fn revert(&self, snapshot: Value) {
        assert_eq!(self.rpc().get("evm_revert", json!([snapshot])).await, true, "the snapshot is known");
    }

    /// The whole state, for [`load`](Self::load).
    pub async fn dump(&self) -> Value {
        self.rpc().get("anvil_dumpState", json!([true])).await
    }

    /// Takes over a state.
    pub async fn load(&self, state: Value) {
        assert_eq!(self.rpc().get("anvil_loadState", json!([state])).await, true, "the state is taken");
    }

    // Time and price.

    /// Moves the clock of the next block.
    pub async fn increase_time(&self, seconds: u64) {
        self.rpc().get("evm_increaseTime", json!([seconds])).await;
    }

    /// The newest block's time, in seconds.
    pub async fn timestamp(&self) -> u64 {
        number(&self.rpc().get("eth_getBlockByNumber", json!(["latest", false])).await["timestamp"])
    }

    /// The base fee of the next block, in wei: what waits below it is stuck.
    pub async fn set_next_base_fee(&self, wei: u64) {
        self.rpc().get("anvil_setNextBlockBaseFeePerGas", json!([quantity(wei)])).await;
    }

    // Accounts.

    /// What an account has, in wei.
    pub async fn balance(&self, account: Address) -> U256 {
        let balance = self.rpc().get("eth_getBalance", json!([account, "latest"])).await;
        balance.as_str().unwrap().parse().unwrap()
    }

    /// Gives an account exactly this.
    pub async fn set_balance(&self, account: Address, wei: U256) {
        self.rpc().get("anvil_setBalance", json!([account, wei])).await;
    }

    /// The number of transactions of an account that are in blocks: its next nonce.
    pub async fn nonce(&self, account: Address) -> u64 {
        number(&self.rpc().get("eth_getTransactionCount", json!([account, "latest"])).await)
    }

    /// Lets the account's next nonce be this.
    pub async fn set_nonce(&self, account: Address, nonce: u64) {
        self.rpc().get("anvil_setNonce", json!([account, quantity(nonce)])).await;
    }

    /// Lets an account without a key send transactions through the node.
    pub async fn impersonate(&self, account: Address) {
        self.rpc().get("anvil_impersonateAccount", json!([account])).await;
    }

    /// Puts code at an address.
    pub async fn set_code(&self, at: Address, code: &Bytes) {
        self.rpc().get("anvil_setCode", json!([at, code])).await;
    }

    // Transactions.

    /// Lets the node sign and send a transaction of one of its accounts: for the client under test, somebody else who
    /// uses the key. Returns the hash.
    ///
    /// The node takes the next nonce before it takes the transaction in. Where the client's own transaction arrives
    /// between the two, the node refuses this one as a cheaper replacement; it is sent again, then with the nonce after.
    pub async fn send_raw(&self, from: Address, to: Option<Address>, data: &Bytes, value: U256) -> B256 {
        let mut request = json!({ "from": from, "data": data, "value": value, "gas": quantity(8_000_000) });
        if let Some(to) = to {
            request["to"] = json!(to);
        }
        let mut attempts = 0..20;
        loop {
            match self.rpc().ask("eth_sendTransaction", json!([request])).await {
                Ok(hash) => return hash.as_str().unwrap().parse().unwrap(),
                Err(failure) => {
                    let is_late = failure.error().is_some_and(|(_, text)| text.contains("underpriced"));
                    assert!(is_late && attempts.next().is_some(), "{request}: {failure:?}");
                    time::sleep(Duration::from_millis(2)).await;
                }
            }
        }
    }

    /// The receipt, if the transaction is in a block.
    pub async fn receipt(&self, hash: B256) -> Option<Value> {
        Some(self.rpc().get("eth_getTransactionReceipt", json!([hash])).await)
            .filter(|found| !found.is_null())
    }

    /// The receipt, as soon as the transaction is in a block. Makes a block if nothing else makes one. Panics after ten
    /// seconds.
    ///
    /// Even a node that makes a block for each transaction answers `eth_sendTransaction` before that block is there.
    pub async fn settle(&self, hash: B256) -> Value {
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(10) {
            if let Some(receipt) = self.receipt(hash).await {
                return receipt;
            }
            let is_automine = self.rpc().get("anvil_getAutomine", json!([])).await == true;
            let interval = self.rpc().get("anvil_getIntervalMining", json!([])).await;
            if is_automine || !interval.is_null() {
                time::sleep(Duration::from_millis(2)).await;
            } else {
                self.mine(1).await;
            }
        }
        panic!("{hash} does not get into a block")
    }

    /// Takes a waiting transaction out, as a node under load does. Whether it was there.
    pub async fn drop_transaction(&self, hash: B256) -> bool {
        !self.rpc().get("anvil_dropTransaction", json!([hash])).await.is_null()
    }

    /// Takes all waiting transactions out.
    pub async fn drop_all(&self) {
        self.rpc().get("anvil_dropAllTransactions", json!([])).await;
    }

    /// The transactions that wait, as `txpool_content` tells them.
    pub async fn pool(&self) -> Value {
        self.rpc().get("txpool_content", json!([])).await
    }

    /// What waits of one account.
    pub async fn waiting(&self, account: Address) -> Waiting {
        let pool = self.pool().await;
        let of = |part: &str| {
            let found = pool[part].as_object().into_iter().flatten();
            let mine = found.filter(|(from, _)| from.parse::<Address>().ok() == Some(account));
            let nonces = mine.flat_map(|(_, waiting)| waiting.as_object().into_iter().flatten());
            let mut nonces: Vec<u64> = nonces.map(|(nonce, _)| nonce.parse().unwrap()).collect();
            nonces.sort_unstable();
            nonces
        };
        Waiting { pending: of("pending"), queued: of("queued") }
    }

    /// All transactions of an account that are in blocks, oldest first.
    pub async fn mined(&self, account: Address) -> Vec<Mined> {
        let mut mined = Vec::new();
        for block in 0..=self.block_number().await {
            for found in self.block(block).await["transactions"].as_array().unwrap() {
                if serde_json::from_value::<Address>(found["from"].clone()).unwrap() != account {
                    continue;
                }
                let hash: B256 = serde_json::from_value(found["hash"].clone()).unwrap();
                mined.push(Mined {
                    hash,
                    nonce: number(&found["nonce"]),
                    block,
                    to: serde_json::from_value(found["to"].clone()).unwrap(),
                    input: serde_json::from_value(found["input"].clone()).unwrap(),
                    success: self.receipt(hash).await.unwrap()["status"] == "0x1",
                });
            }
        }
        mined
    }
}
