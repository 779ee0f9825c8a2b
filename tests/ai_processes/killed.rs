//! A process that is killed at random moments amid requests, and started again until all are done: no call is missing from the
//! audit log, and budgets add up.

use std::{
    collections::{BTreeMap, BTreeSet, hash_map::RandomState},
    hash::BuildHasher as _,
    time::{Duration, Instant},
};

use lore::{
    Address, CallLedger as _, Clock as _, Spent, SystemClock,
    ai::{
        OperationKind,
        audit::{CallOutcome, close_overdue_calls},
    },
};
use tempfile::TempDir;
use tokio::time::sleep;

use crate::{
    job::{Job, TOKENS_PER_DAY},
    log::{Log, ledger, much_later, spent},
    process::Process,
    request::{USERS, user},
    upstream::{Sent, Upstream},
};

const REQUESTS: u64 = 10_000;
const AT_ONCE: usize = 32;
/// So many processes are killed amid requests, and so many soon after their start.
const KILLS: u64 = 5;
const EARLY_KILLS: u64 = 3;
/// A run that is not done by then hangs.
const LIMIT: Duration = Duration::from_secs(120);

/// When a process is killed.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// When so many requests have ended, of all processes, and then a moment.
    AfterRequests(u64, Duration),
    /// So long after it was started.
    AfterStart(Duration),
}

/// Random moments, in the order in which they come.
fn moments() -> Vec<Moment> {
    // The standard library seeds its hash maps from the system.
    let random = RandomState::new();
    let below = |bound: u64, salt: (u64, u64)| random.hash_one(salt) % bound;
    let mut at: Vec<u64> = (0..KILLS).map(|kill| 1 + below(REQUESTS * 9 / 10, (kill, 0))).collect();
    at.sort_unstable();
    let micros = |bound: u64, salt| Duration::from_micros(below(bound, salt));
    let amid = at
        .into_iter()
        .enumerate()
        .map(|(kill, requests)| Moment::AfterRequests(requests, micros(30_000, (kill as u64, 1))));
    let mut moments: Vec<_> = amid.collect();
    for kill in 0..EARLY_KILLS {
        let place = usize::try_from(below(KILLS, (kill, 2))).unwrap();
        moments.insert(place, Moment::AfterStart(micros(1_000_000, (kill, 3))));
    }
    moments
}

/// Starts processes, kills each at its moment, and lets the last one finish. Returns how many were killed.
async fn run(mut job: Job, moments: &[Moment]) -> (Job, u32) {
    let start = Instant::now();
    let mut moments = moments.iter();
    loop {
        let (mut process, started) = (Process::start(&job), Instant::now());
        let moment = moments.next();
        loop {
            assert!(start.elapsed() < LIMIT, "{} requests ended", job.noted());
            if let Some(status) = process.ended() {
                assert!(status.success(), "a process ended by itself: {status}");
                return (job.clone(), job.run);
            }
            match moment {
                Some(Moment::AfterRequests(requests, more)) if job.noted() >= *requests => {
                    sleep(*more).await;
                    break;
                }
                Some(Moment::AfterStart(time)) if started.elapsed() >= *time => break,
                _ => sleep(Duration::from_millis(1)).await,
            }
        }
        drop(process);
        job.run += 1;
    }
}

/// Every call that reached a model is in the log: by what it cost if the model said so, and by their number otherwise. Only
/// calls whose process was killed may stand there as unknown. Returns how many do, and how many of those had reached a model.
fn judge_calls(sent: &[Sent], log: &Log) -> (usize, usize) {
    let ids: BTreeSet<_> = log.calls.iter().map(|call| call.call).collect();
    assert_eq!(ids.len(), log.calls.len(), "a call stands in the log twice");
    let by_cost: BTreeMap<_, _> = sent.iter().filter_map(|sent| Some((sent.cost?, sent))).collect();
    let mut known = BTreeSet::new();
    // Of each model and operation: calls that reached it, lines of known calls, lines of unknown ones.
    let mut counts = BTreeMap::<(&str, OperationKind), [usize; 3]>::new();
    for sent in sent {
        counts.entry((sent.model, sent.operation)).or_default()[0] += 1;
    }
    for call in &log.calls {
        let counts = counts.get_mut(&(call.model.as_str(), call.operation)).expect("it reached the model");
        match &call.outcome {
            CallOutcome::Answered { .. } | CallOutcome::Unusable { .. } => {
                let sent = by_cost.get(&call.cost).expect("a model has said so");
                assert_eq!((sent.model, sent.operation), (call.model.as_str(), call.operation));
                assert!(known.insert(call.cost), "an answer stands in the log twice");
                counts[1] += 1;
            }
            CallOutcome::Failed { .. } => counts[1] += 1,
            CallOutcome::Unknown => counts[2] += 1,
            outcome => panic!("{outcome:?}"),
        }
    }
    let (mut all_unknown, mut lost) = (0, 0);
    for (of, [reached, known, unknown]) in counts {
        assert!(
            (known..=known + unknown).contains(&reached),
            "{of:?}: {reached} calls reached the model, the log has {known} and {unknown} unknown"
        );
        all_unknown += unknown;
        lost += reached - known;
    }
    (all_unknown, lost)
}

/// What users have used is what the lines of their calls say, nothing is reserved, and nobody used too much. Returns how
/// much the one who used most did.
async fn judge_budgets(job: &Job, log: &Log) -> Spent {
    let ledger = ledger(&job.data).await;
    let used = log.used();
    let mut most = Spent::default();
    for user in (0..USERS).map(user) {
        let by_day = spent(&ledger, &user, log.days()).await;
        assert!(by_day.iter().all(|(used, _)| used.tokens <= TOKENS_PER_DAY), "{by_day:?}");
        assert!(by_day.iter().all(|(_, reserved)| *reserved == Spent::default()), "{by_day:?}");
        let sum = by_day.iter().fold(Spent::default(), |sum, (used, _)| sum.saturating_add(*used));
        assert_eq!(sum, used.get(&user).copied().unwrap_or_default(), "{user}");
        most = if sum.tokens > most.tokens { sum } else { most };
    }
    let known: BTreeSet<Address> = (0..USERS).map(user).collect();
    assert!(used.keys().all(|user| known.contains(user)));
    most
}

/// What requests came to; each way occurs. Answers that models gave are in the log, and so is every answer of the process
/// that ended in order. Returns how many lines of cached answers died with their process, out of how many.
fn judge_requests(job: &Job, log: &Log) -> (BTreeMap<String, usize>, usize) {
    let (notes, answered) = (job.notes(), log.answered());
    assert_eq!(notes.len() as u64, REQUESTS);
    let (mut ways, mut lost) = (BTreeMap::<String, usize>::new(), 0);
    for note in notes.values() {
        *ways.entry(note.ended.how.clone()).or_default() += 1;
        if note.ended.request.is_some_and(|request| !answered.contains(&request)) {
            assert!(note.ended.how != "miss" && note.run < job.run, "{note:?} is not in the log");
            lost += 1;
        }
    }
    for way in ["miss", "fresh", "coalesced", "invalid", "over_budget", "failed"] {
        assert!(ways.contains_key(way), "no request was {way}: {ways:?}");
    }
    (ways, lost)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_call_is_missing_and_budgets_add_up_after_processes_were_killed() {
    let (start, dir, upstream) = (Instant::now(), TempDir::new().unwrap(), Upstream::start().await);
    let (data, base_url) = (dir.path().to_owned(), upstream.base_url());
    let moments = moments();
    println!("processes are killed at {moments:?}");
    let job = Job { data, base_url, requests: REQUESTS, at_once: AT_ONCE, run: 0 };
    let (job, kills) = run(job, &moments).await;
    assert_eq!(kills as usize, moments.len(), "processes were done before they were to be killed");

    let log = ledger(&job.data).await;
    let before = Log::read(&log).await;
    let later = much_later(SystemClock.now());
    let open = log.overdue_calls(later, u32::MAX).await.unwrap();
    assert_eq!(close_overdue_calls(&log, later).await.unwrap(), open.len() as u64);

    let after = Log::read(&log).await;
    assert_eq!(after.calls.len(), before.calls.len() + open.len());
    let sent = upstream.sent();
    let (unknown, lost) = judge_calls(&sent, &after);
    assert!((1..=kills as usize * AT_ONCE).contains(&unknown), "{unknown} calls are unknown");
    let most = judge_budgets(&job, &after).await;
    let (ways, lines_lost) = judge_requests(&job, &after);
    println!(
        "{kills} processes killed amid {REQUESTS} requests {ways:?}: {} calls reached a model, {} lines of calls, of which \
         {unknown} unknown ({lost} had reached a model); 0 missing, log of {} lines whole, most used {} of {TOKENS_PER_DAY} tokens, \
         {lines_lost} lines of cached answers lost; {:.1} s",
        sent.len(),
        after.calls.len(),
        after.report.lines,
        most.tokens,
        start.elapsed().as_secs_f64()
    );
}
