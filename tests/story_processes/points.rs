//! Processes that die at named points: both sides of all that they ask of the store, and of the node.

use std::{process::ExitStatus, time::Duration};

use lore_story_testbed::{Fault, Gate, Rule};
use serde_json::json;
use tokio::time::{sleep, timeout};

use crate::{
    crash::{CALLS, Point, Side},
    job::{Job, Way},
    process::Process,
    scene::Scene,
};

const WORKS: u32 = 4;

/// Calls that are made only while something takes long: a lease is renewed, a transaction replaced.
const COMES_WITH_TIME: [&str; 2] = ["renew_lane", "add_attempt"];

/// What an engine asks of the node on the way of a registration.
const REQUESTS: [&str; 8] = [
    "eth_chainId",
    "eth_call",
    "eth_estimateGas",
    "eth_getTransactionCount",
    "eth_getBalance",
    "eth_sendRawTransaction",
    "eth_getBlockByNumber",
    "eth_getBlockReceipts",
];

/// SIGABRT, by which a process aborts.
const ABORT: i32 = 6;

fn aborted(status: ExitStatus) -> bool {
    std::os::unix::process::ExitStatusExt::signal(&status) == Some(ABORT)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_dies_at_any_call_of_the_store_is_followed_by_one_that_finishes() {
    let test = "a_process_that_dies_at_any_call_of_the_store_is_followed_by_one_that_finishes";
    let Some(mut scene) = Scene::new(test, Duration::from_millis(300)).await else { return };
    // Shorter than a block takes: every transaction is replaced by one that pays more.
    scene.lane["stall_after_ms"] = json!(100);
    // The third insertion: two are sent, or about to be.
    let calls = CALLS.map(|call| (call, 1)).into_iter().chain([("insert_transaction", 3)]);
    let (slow, quick): (Vec<_>, Vec<_>) = calls.partition(|(call, _)| COMES_WITH_TIME.contains(call));
    let mut points = 0;
    for (call, nth) in quick.into_iter().chain(slow) {
        for side in [Side::Before, Side::After] {
            let point = Point { side, call: call.to_owned(), nth };
            let before = scene.count().await;
            let job = scene.job(Way::Client, WORKS);
            // A process whose transactions are mined at once may be done before it makes such a call.
            let waits_for_time = COMES_WITH_TIME.contains(&call);
            if waits_for_time {
                scene.node.set_interval_mining(0).await;
            }
            let status = Process::start(&Job { dies_at: Some(point.clone()), ..job.clone() }).end().await;
            assert!(aborted(status), "{point}: {status}");
            if waits_for_time {
                scene.node.set_interval_mining(1).await;
            }
            assert!(Process::start(&job).end().await.success(), "{point}");
            scene.judge(&job, before).await;
            points += 1;
        }
    }
    let mints = scene.judge_all().await;
    println!("{points} points around calls of the store: {mints} registrations, {mints} mints, 0 nonce gaps");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_killed_at_any_request_is_followed_by_one_that_finishes() {
    let test = "a_process_killed_at_any_request_is_followed_by_one_that_finishes";
    let Some(scene) = Scene::new(test, Duration::from_millis(200)).await else { return };
    let requests = REQUESTS.map(|request| (request, 1)).into_iter().chain([("eth_sendRawTransaction", 3)]);
    let mut points = 0;
    for (request, nth) in requests {
        for is_answer in [false, true] {
            let before = scene.count().await;
            let job = scene.job(Way::Engine, WORKS);
            let gate = Gate::new();
            let held = if is_answer { Fault::HoldAnswer(gate.clone()) } else { Fault::Hold(gate.clone()) };
            let rule = scene.proxy.add(Rule::on(request).nth(nth), held);
            let mut process = Process::start(&job);
            let reached = async {
                while scene.proxy.fired(rule) == 0 {
                    sleep(Duration::from_millis(1)).await;
                }
                // The node does its part.
                sleep(Duration::from_millis(20)).await;
            };
            timeout(Duration::from_secs(20), reached).await.expect(request);
            assert!(process.kill(), "{request} {nth}: the process was done");
            scene.proxy.remove(rule);
            let mut next = Process::start(&job);
            // What the dead process had sent arrives while the next one is at work.
            sleep(Duration::from_millis(100)).await;
            gate.open();
            assert!(next.end().await.success(), "{request} {nth}");
            scene.judge(&job, before).await;
            points += 1;
        }
    }
    let mints = scene.judge_all().await;
    println!(
        "{points} points around requests to the node: {mints} registrations, {mints} mints, 0 nonce gaps"
    );
}
