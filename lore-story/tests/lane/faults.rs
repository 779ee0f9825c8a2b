//! Every crash point and every fault: one mint, no gap.
//!
//! A crash is a future that is dropped at that point; then another lane, as another process would have it, executes the
//! same key over the same store. The contract would mint as often as it is asked to.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use alloy::{primitives::Bytes, sol_types::SolCall as _};
use lore_core::{Error, ErrorKind, Retry, port::transactions::TransactionStore};
use lore_story::tx::{Lane, LaneCall};
use lore_story_testbed::{
    ACCOUNTS, Answer, Fault, Gate, Lag, Mining, Rule, contracts::interface::Registrar, quantity,
};
use serde_json::json;

use super::{
    double::{Stop, StoppingStore},
    scene::{SIGNER, Scene, hash_of, impatient_rpc, key, lane},
};

const SEND: &str = "eth_sendRawTransaction";
/// A cell takes a second or two. One that is not over by then hangs, or goes on only because a call gave up.
const CELL_LIMIT: Duration = Duration::from_secs(20);

/// Where the first process dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Crash {
    Nowhere,
    AfterLookup,
    AfterSimulation,
    AfterStoring,
    /// The bytes are on their way, and arrive after it died.
    BeforeBroadcast,
    AfterBroadcast,
    AfterReceipt,
    BeforeSettling,
    AfterSettling,
}

impl Crash {
    const ALL: [Self; 9] = [
        Self::Nowhere,
        Self::AfterLookup,
        Self::AfterSimulation,
        Self::AfterStoring,
        Self::BeforeBroadcast,
        Self::AfterBroadcast,
        Self::AfterReceipt,
        Self::BeforeSettling,
        Self::AfterSettling,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Nowhere => "no crash",
            Self::AfterLookup => "after lookup",
            Self::AfterSimulation => "after simulation",
            Self::AfterStoring => "after storing",
            Self::BeforeBroadcast => "before broadcast",
            Self::AfterBroadcast => "after broadcast",
            Self::AfterReceipt => "after receipt",
            Self::BeforeSettling => "before settling",
            Self::AfterSettling => "after settling",
        }
    }

    fn in_store(self) -> Option<Stop> {
        match self {
            Self::AfterLookup => Some(Stop::AfterLookup),
            Self::AfterSimulation => Some(Stop::BeforeLease),
            Self::AfterStoring => Some(Stop::AfterInsert),
            Self::BeforeSettling => Some(Stop::BeforeSettle),
            Self::AfterSettling => Some(Stop::AfterSettle),
            _ => None,
        }
    }
}

/// What else goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Trouble {
    Nothing,
    RequestLost,
    AnswerLost,
    Late,
    Twice,
    TooMany,
    ServerError,
    NotJson,
    AlreadyKnown,
    NonceUsedElsewhere,
    Replaced,
    DoneBySomebody,
    StaleReads,
    LaggingNonce,
}

impl Trouble {
    const ALL: [Self; 14] = [
        Self::Nothing,
        Self::RequestLost,
        Self::AnswerLost,
        Self::Late,
        Self::Twice,
        Self::TooMany,
        Self::ServerError,
        Self::NotJson,
        Self::AlreadyKnown,
        Self::NonceUsedElsewhere,
        Self::Replaced,
        Self::DoneBySomebody,
        Self::StaleReads,
        Self::LaggingNonce,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Nothing => "ok",
            Self::RequestLost => "request lost",
            Self::AnswerLost => "answer lost",
            Self::Late => "delayed",
            Self::Twice => "duplicated",
            Self::TooMany => "429",
            Self::ServerError => "5xx",
            Self::NotJson => "wrong JSON",
            Self::AlreadyKnown => "already known",
            Self::NonceUsedElsewhere => "nonce used",
            Self::Replaced => "replaced",
            Self::DoneBySomebody => "duplicate",
            Self::StaleReads => "stale reads",
            Self::LaggingNonce => "lagging nonce",
        }
    }

    /// What happens to the first two sends.
    fn of_sends(self) -> Option<Fault> {
        Some(match self {
            Self::RequestLost => Fault::drop_request(),
            Self::AnswerLost => Fault::drop_answer(),
            // Later than the client waits.
            Self::Late => Fault::Delay { before: Duration::from_millis(450), after: Duration::ZERO },
            Self::Twice => Fault::Duplicate,
            Self::TooMany => Fault::too_many(None),
            Self::ServerError => Fault::After(Answer::Status { status: 502, retry_after: None }),
            Self::NotJson => Fault::After(Answer::Text("<html>welcome</html>".to_owned())),
            Self::AlreadyKnown => Fault::After(Answer::error(-32000, "already known")),
            _ => return None,
        })
    }
}

/// What became of a cell.
#[derive(Debug)]
struct Cell {
    mints: u64,
    gaps: usize,
    open: usize,
    refused: bool,
    /// Whether the first process died where it should.
    died: bool,
}

struct Lab {
    scene: Scene,
}

impl Lab {
    fn lane(&self, store: Arc<dyn TransactionStore>) -> Lane {
        let rpc = impatient_rpc(self.scene.proxy.url());
        lane(rpc, store, self.scene.policy.clone())
    }

    async fn cell(&mut self, crash: Crash, trouble: Trouble) -> Cell {
        let name = format!("{}/{}", crash.name(), trouble.name()).replace(' ', "_");
        self.scene.store = Arc::default();
        let scene = &self.scene;
        // The duplicate is one for the contract too: somebody else made what was asked for.
        let call = scene.mint_call(&name, trouble != Trouble::DoneBySomebody);
        let before = scene.mints().await;
        self.prepare(crash, trouble).await;
        let died = crash == Crash::Nowhere || self.run_and_die(crash, &name, &call).await;
        self.meanwhile(trouble, &name).await;
        scene.node.set_automine(true).await;
        let store = Arc::clone(&scene.store) as Arc<dyn TransactionStore>;
        let lane = self.lane(store);
        let refused = self.finish(&lane, &name, &call).await;
        lane.resume().await.unwrap();
        scene.proxy.clear();
        // What is still on its way arrives now.
        tokio::time::sleep(Duration::from_millis(if trouble == Trouble::Late { 500 } else { 20 })).await;
        let waiting = scene.node.waiting(SIGNER).await;
        Cell {
            mints: scene.mints().await - before,
            gaps: waiting.pending.len() + waiting.queued.len(),
            open: lane.status().await.unwrap().open.len(),
            refused,
            died,
        }
    }

    async fn prepare(&self, crash: Crash, trouble: Trouble) {
        let scene = &self.scene;
        if let Some(fault) = trouble.of_sends() {
            scene.proxy.add(Rule::on(SEND).first(2), fault);
        }
        match trouble {
            Trouble::StaleReads => {
                for method in [
                    "eth_getBlockByNumber",
                    "eth_getTransactionReceipt",
                    "eth_getTransactionCount",
                    "eth_estimateGas",
                    "eth_call",
                ] {
                    scene.proxy.add(Rule::on(method).first(4), Fault::Lag(Lag::Behind(2)));
                }
            }
            Trouble::LaggingNonce => {
                let behind = scene.node.block_number().await;
                scene.use_key_elsewhere().await;
                scene
                    .proxy
                    .add(Rule::on("eth_getTransactionCount").first(3), Fault::Lag(Lag::StoppedAt(behind)));
            }
            // It must be possible to replace it: it is not mined until the first process is dead.
            Trouble::Replaced if crash < Crash::AfterReceipt => scene.node.set_automine(false).await,
            _ => {}
        }
    }

    /// Executes until the crash point, and drops everything there. Whether the point was reached.
    async fn run_and_die(&self, crash: Crash, name: &str, call: &LaneCall) -> bool {
        let scene = &self.scene;
        let mut store = Arc::clone(&scene.store) as Arc<dyn TransactionStore>;
        let stopping = crash.in_store().map(|stop| StoppingStore::new(Arc::clone(&store), stop));
        if let Some(stopping) = &stopping {
            store = stopping.clone();
        }
        let gate = Gate::new();
        let held = match crash {
            Crash::BeforeBroadcast => Some(scene.proxy.add(Rule::on(SEND).nth(1), Fault::Hold(gate.clone()))),
            Crash::AfterBroadcast => {
                Some(scene.proxy.add(Rule::on(SEND).nth(1), Fault::HoldAnswer(gate.clone())))
            }
            Crash::AfterReceipt => {
                let rule = Rule::on("eth_getTransactionReceipt").nth(1);
                Some(scene.proxy.add(rule, Fault::HoldAnswer(gate.clone())))
            }
            _ => None,
        };
        let reached = async {
            match (&stopping, held) {
                (Some(stopping), _) => stopping.reached().await,
                (None, Some(rule)) => {
                    while scene.proxy.fired(rule) == 0 {
                        tokio::time::sleep(Duration::from_millis(2)).await;
                    }
                    // The node does its part.
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                (None, None) => std::future::pending().await,
            }
        };
        let lane = self.lane(store);
        let key = key(name);
        let work = lane.execute(&key, call);
        let died = tokio::select! {
            // A fault can end it before the crash point, or leave the point out.
            _ = work => false,
            () = reached => true,
            () = tokio::time::sleep(Duration::from_secs(3)) => false,
        };
        drop(lane);
        gate.open();
        died
    }

    /// What happens while no process is there.
    async fn meanwhile(&self, trouble: Trouble, name: &str) {
        let scene = &self.scene;
        match trouble {
            Trouble::NonceUsedElsewhere => scene.use_key_elsewhere().await,
            Trouble::Replaced => {
                // At the nonce of ours if it waits, or at the next one.
                let nonce = scene.node.nonce(SIGNER).await;
                let request = json!([{
                    "from": SIGNER, "to": ACCOUNTS[1], "value": "0x1", "nonce": quantity(nonce),
                    "gas": quantity(21_000), "maxFeePerGas": quantity(900_000_000_000),
                    "maxPriorityFeePerGas": quantity(800_000_000_000),
                }]);
                scene.node.rpc().get("eth_sendTransaction", request).await;
                scene.node.mine(1).await;
            }
            Trouble::DoneBySomebody => {
                let call = Registrar::mintCall {
                    to: ACCOUNTS[1],
                    nftMetadataURI: "somebody".to_owned(),
                    nftMetadataHash: hash_of(name),
                    allowDuplicates: false,
                };
                let data = Bytes::from(call.abi_encode());
                let hash =
                    scene.node.send_raw(ACCOUNTS[2], Some(scene.registrar), &data, Default::default()).await;
                // It reverts where ours was first.
                scene.node.settle(hash).await;
            }
            _ => {}
        }
    }

    /// The second process: asks until it is told. Whether the contract refused, because somebody else was first.
    async fn finish(&self, lane: &Lane, name: &str, call: &LaneCall) -> bool {
        let mut last: Option<Error> = None;
        for _ in 0..20 {
            match lane.execute(&key(name), call).await {
                Ok(_) => return false,
                Err(error) if error.kind() == ErrorKind::Reverted => return true,
                Err(error) => {
                    assert_ne!(error.retry(), Retry::Never, "{name}: {error:?}");
                    last = Some(error);
                }
            }
        }
        panic!("{name}: {last:?}");
    }
}

#[tokio::test]
async fn every_crash_and_every_fault_end_in_one_mint_without_a_gap() {
    let test = "every_crash_and_every_fault_end_in_one_mint_without_a_gap";
    let Some(mut scene) = Scene::new(test, Mining::Auto).await else { return };
    scene.policy.poll_interval_ms = 15;
    scene.policy.rebroadcast_after_ms = 100;
    // Ours among others: a block before, so that a node that is behind knows less.
    scene.use_key_elsewhere().await;
    let mut lab = Lab { scene };
    let mut cells = BTreeMap::new();
    for crash in Crash::ALL {
        for trouble in Trouble::ALL {
            let ends = tokio::time::timeout(CELL_LIMIT, lab.cell(crash, trouble)).await;
            let cell = ends.unwrap_or_else(|_| panic!("{} x {} does not end", crash.name(), trouble.name()));
            cells.insert((crash, trouble), cell);
        }
    }
    println!("mints/gaps{:<8}{}", "", Trouble::ALL.map(|trouble| format!("{:>15}", trouble.name())).concat());
    for crash in Crash::ALL {
        let row = Trouble::ALL.map(|trouble| {
            let cell = &cells[&(crash, trouble)];
            let remark = match (cell.refused, cell.died) {
                (true, _) => " (other's)",
                (false, false) => " (no crash)",
                (false, true) => "",
            };
            format!("{:>15}", format!("{}/{}{remark}", cell.mints, cell.gaps))
        });
        println!("{:<18}{}", crash.name(), row.concat());
    }
    for ((crash, trouble), cell) in &cells {
        let place = format!("{} x {}", crash.name(), trouble.name());
        assert_eq!((cell.mints, cell.gaps, cell.open), (1, 0, 0), "{place}");
        assert!(!cell.refused || *trouble == Trouble::DoneBySomebody, "{place}");
        assert!(cell.died || *trouble != Trouble::Nothing, "{place}: the crash point was not reached");
    }
    println!("{} cells: always 1 mint and 0 gaps", cells.len());
}

#[tokio::test]
async fn a_call_dropped_at_any_request_is_finished_by_the_next() {
    let test = "a_call_dropped_at_any_request_is_finished_by_the_next";
    let Some(scene) = Scene::new(test, Mining::Auto).await else { return };
    let mut lab = Lab { scene };
    let mut steps = 0;
    'steps: for number in 1.. {
        for is_answer in [false, true] {
            lab.scene.store = Arc::default();
            let name = format!("request{number}{is_answer}");
            let call = lab.scene.mint(&name);
            let before = lab.scene.mints().await;
            let gate = Gate::new();
            let fault = if is_answer { Fault::HoldAnswer(gate.clone()) } else { Fault::Hold(gate.clone()) };
            let rule = lab.scene.proxy.add(Rule::any().nth(number), fault);
            let lane = lane(lab.scene.rpc(), Arc::clone(&lab.scene.store) as _, lab.scene.policy.clone());
            let key = key(&name);
            let reached = async {
                while lab.scene.proxy.fired(rule) == 0 {
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            };
            let is_over = tokio::select! {
                done = lane.execute(&key, &call) => { done.unwrap(); true }
                () = reached => false,
            };
            lab.scene.proxy.remove(rule);
            // What was on its way arrives while the next process is at work.
            let next = lab.lane(Arc::clone(&lab.scene.store) as _);
            let work = next.execute(&key, &call);
            let (done, ()) = tokio::join!(work, async { gate.open() });
            done.unwrap();
            assert_eq!(lab.scene.mints().await - before, 1, "{name}");
            if is_over {
                break 'steps;
            }
            steps += 1;
        }
    }
    println!("dropped at {steps} requests and answers");
    assert!(steps >= 14, "{steps} steps");
    assert_eq!((lab.scene.gaps().await, lab.scene.node.nonce(SIGNER).await), (0, lab.scene.mints().await));
}

#[tokio::test]
async fn a_call_dropped_at_any_step_of_the_store_is_finished_by_the_next() {
    let test = "a_call_dropped_at_any_step_of_the_store_is_finished_by_the_next";
    let Some(scene) = Scene::new(test, Mining::Auto).await else { return };
    let mut lab = Lab { scene };
    let mut steps = 0;
    'steps: for number in 1.. {
        for stop in [Stop::BeforeCall(number), Stop::AfterCall(number)] {
            lab.scene.store = Arc::default();
            let name = format!("{stop:?}");
            let call = lab.scene.mint(&name);
            let before = lab.scene.mints().await;
            let stopping = StoppingStore::new(Arc::clone(&lab.scene.store) as _, stop);
            let lane = lab.lane(stopping.clone());
            let key = key(&name);
            let is_over = tokio::select! {
                done = lane.execute(&key, &call) => { done.unwrap(); true }
                () = stopping.reached() => false,
            };
            let next = lab.lane(Arc::clone(&lab.scene.store) as _);
            next.execute(&key, &call).await.unwrap();
            assert_eq!(lab.scene.mints().await - before, 1, "{name}");
            if is_over {
                break 'steps;
            }
            steps += 1;
        }
    }
    assert!(steps >= 14, "{steps} steps");
    assert_eq!((lab.scene.gaps().await, lab.scene.node.nonce(SIGNER).await), (0, lab.scene.mints().await));
}
