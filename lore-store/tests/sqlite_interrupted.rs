//! Writes that do not come to their end: calls that are dropped, processes that are killed.
#![cfg(feature = "sqlite")]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::{
    env,
    future::poll_fn,
    io::{BufRead, BufReader, Write},
    path::Path,
    pin::pin,
    process::{Command, Stdio},
    sync::Arc,
    task::Poll,
};

use lore_core::{
    AssetId, Result,
    ai::{
        audit::{AuditEntry, close_overdue_calls, verify},
        stats::{fold, roll_up},
    },
    conformance::{
        audit_log::fixtures::{self as audit, call_id, called, hit, pending},
        chain_event_store::{
            fixtures::{CHAIN, all, oldest_first},
            scripted::ScriptedChain,
        },
        report_store::fixtures::{days, lines},
        repository::fixtures::{
            address, append, asset, asset_id, at, creation_id, every_event, holder_id, insert, leased,
            recorded, titled,
        },
        transaction_store::fixtures::{TTL, attempt, inclusion, key, lane, transaction},
    },
    domain::{
        asset::{ParentLink, Relationship},
        page::AssetQuery,
    },
    ids::CallId,
    onchain::Share,
    port::{
        ai_log::{AuditLog, Budget, CallLedger, Spent},
        ai_reports::UsageReports,
        chain_events::ChainEventStore,
        repository::{AssetRepository, ChangeSet, CreationJournal, Repository},
        transactions::{TransactionState, TransactionStore},
    },
    sync::EventSync,
    time::Day,
};
use lore_store::sqlite::{SqliteAiLog, SqliteConfig, SqliteRepository};
use sqlx::{ConnectOptions, sqlite::SqliteConnectOptions};
use tempfile::TempDir;

async fn connect(file: &Path) -> SqliteRepository {
    SqliteRepository::connect(SqliteConfig::new(file)).await.unwrap()
}

/// SQLite's own opinion of the file, its foreign keys and its search index.
async fn check_integrity(file: &Path) {
    let mut connection = SqliteConnectOptions::new().filename(file).connect().await.unwrap();
    let said: Vec<(String,)> =
        sqlx::query_as("PRAGMA integrity_check").fetch_all(&mut connection).await.unwrap();
    assert_eq!(said, [("ok".to_owned(),)]);
    let dangling = sqlx::query("PRAGMA foreign_key_check").fetch_all(&mut connection).await.unwrap();
    assert!(dangling.is_empty());
    // Compares the index with the table that it is about.
    sqlx::query("INSERT INTO lore_search (lore_search, rank) VALUES ('integrity-check', 1)")
        .execute(&mut connection)
        .await
        .unwrap();
}

/// When a call is given up.
#[derive(Clone, Copy, Debug)]
enum GivenUp {
    /// Right after it began to wait for the n-th time.
    Waiting(usize),
    /// When it is woken for the n-th time.
    Woken(usize),
}

/// Runs a call until it is given up. `None` means that it was.
async fn run_until<T>(call: impl Future<Output = T>, given_up: GivenUp) -> Option<T> {
    let mut call = pin!(call);
    let mut waits = 0;
    poll_fn(|context| {
        if matches!(given_up, GivenUp::Woken(n) if waits == n && n > 0) {
            return Poll::Ready(None);
        }
        match call.as_mut().poll(context) {
            Poll::Ready(done) => Poll::Ready(Some(done)),
            Poll::Pending => {
                waits += 1;
                match given_up {
                    GivenUp::Waiting(n) if waits >= n => Poll::Ready(None),
                    _ => Poll::Pending,
                }
            }
        }
    })
    .await
}

/// Assets `first` to `first + 2`, a link and an event.
fn change(first: u32, lease: &lore_core::port::repository::Lease, seq: u64) -> Result<ChangeSet> {
    let link = ParentLink::new(asset_id(first), asset_id(first + 1), 0, Relationship::Remix, Share::FULL);
    Ok(ChangeSet {
        insert_assets: vec![asset(first)?, titled(first + 1, "星空 night")?, asset(first + 2)?],
        put_links: vec![link],
        ..append(1, lease, recorded(seq, every_event().into_iter().take(2)))
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_commit_has_happened_as_a_whole_or_not_at_all() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("lore.db");
    let repository = connect(&file).await;
    let lease = leased(&repository, 1).await.unwrap();
    let (mut dropped, mut finished, mut seq) = (0, 0, 1);
    for round in 0..30 {
        for given_up in [GivenUp::Waiting(round + 1), GivenUp::Woken(round + 1)] {
            let first = 10 * (dropped + finished + 1);
            let commit = repository.commit(change(first, &lease, seq).unwrap());
            match run_until(commit, given_up).await {
                Some(done) => {
                    done.unwrap();
                    finished += 1;
                }
                None => dropped += 1,
            }
            // The next write waits for its turn, so what was dropped is over now.
            insert(&repository, &[asset(first + 5).unwrap()]).await.unwrap();
            let ids: Vec<AssetId> = (first..first + 3).map(asset_id).collect();
            let assets = repository.assets(&ids).await.unwrap().len();
            let links = repository.parent_links(&ids).await.unwrap().len();
            let events = repository.events(&creation_id(1)).await.unwrap().len() as u64 + 1 - seq;
            assert!(
                matches!((assets, links, events), (0, 0, 0) | (3, 1, 2)),
                "{given_up:?} left {assets} assets, {links} links, {events} events"
            );
            seq += events;
        }
    }
    assert!(dropped >= 10 && finished >= 2, "{dropped} dropped, {finished} finished");
    repository.close().await.unwrap();
    check_integrity(&file).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dropped_reads_leave_a_repository_that_reads() {
    let directory = TempDir::new().unwrap();
    let config = SqliteConfig::new(directory.path().join("lore.db")).with_read_connections(1);
    let repository = SqliteRepository::connect(config).await.unwrap();
    let assets: Vec<_> = (1..=100).map(|number| asset(number).unwrap()).collect();
    insert(&repository, &assets).await.unwrap();
    let mut query = AssetQuery::default();
    query.limit = 100;
    let mut dropped = 0;
    for round in 1..12 {
        for given_up in [GivenUp::Waiting(round), GivenUp::Woken(round)] {
            dropped += usize::from(run_until(repository.list_assets(&query), given_up).await.is_none());
            assert_eq!(repository.list_assets(&query).await.unwrap().items.len(), 100);
        }
    }
    assert!(dropped > 2);
}

/// Tells the child process which file to write to.
const CHILD: &str = "LORE_STORE_TEST_CHILD_FILE";
const FIRST: &str = "LORE_STORE_TEST_CHILD_FIRST";

/// Commits until it is killed, and says after each commit that it is done.
async fn child(file: &Path, first: u32) {
    let repository = connect(file).await;
    for number in first.. {
        let mut stored = titled(number, "the 星空 night").unwrap();
        stored.text.description = "x".repeat(number as usize % 5_000);
        insert(&repository, &[stored]).await.unwrap();
        let mut out = std::io::stdout().lock();
        writeln!(out, "committed {number}").unwrap();
        out.flush().unwrap();
    }
}

/// Starts a child, which runs this test, and kills it after it said so many times that it committed. Returns the last
/// number that it said.
fn kill_after(test: &str, file: &Path, first: u32, commits: usize) -> u32 {
    let mut process = Command::new(env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(CHILD, file)
        .env(FIRST, first.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let mut said = lines.map_while(|line| line.ok()).filter_map(|line| {
        let (_, number) = line.split_once("committed ")?;
        number.parse::<u32>().ok()
    });
    let last = said.by_ref().nth(commits - 1).expect("the child ended by itself");
    // Some steps further on, so that it does not always die in what comes first after it said so.
    (0..commits % 7 * 20_000).for_each(|_| std::hint::spin_loop());
    process.kill().unwrap();
    process.wait().unwrap();
    // What it said before it died counts too.
    said.last().unwrap_or(last)
}

#[test]
fn what_was_acknowledged_survives_a_kill() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    if let (Some(file), Ok(first)) = (env::var_os(CHILD), env::var(FIRST)) {
        runtime.block_on(child(Path::new(&file), first.parse().unwrap()));
        return;
    }
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("lore.db");
    let (mut first, mut lost, mut unsaid) = (1, 0, 0);
    for round in 0..20 {
        let last = kill_after("what_was_acknowledged_survives_a_kill", &file, first, 1 + round * 7 % 40);
        runtime.block_on(async {
            let repository = connect(&file).await;
            let ids: Vec<AssetId> = (first..=last + 2).map(asset_id).collect();
            let found = u32::try_from(repository.assets(&ids).await.unwrap().len()).unwrap();
            let acknowledged = last + 1 - first;
            lost += acknowledged.saturating_sub(found);
            // One commit may have been under way.
            assert!(found <= acknowledged + 1);
            unsaid += found.saturating_sub(acknowledged);
            repository.close().await.unwrap();
            check_integrity(&file).await;
        });
        first = last + 2;
    }
    println!("20 kills, {} acknowledged, {lost} lost, {unsaid} written but not yet said", first);
    assert_eq!(lost, 0);
}

/// Stores, bumps and settles transactions until it is killed, and says after each insert that it is done: then the bytes
/// might be sent.
async fn sign_until_killed(file: &Path, generation: u32) {
    let store = connect(file).await.transactions();
    let now = at(u64::from(generation) * 100);
    let lease = store.acquire_lane(&lane(1), holder_id(generation), now, TTL).await.unwrap();
    let first = store.next_nonce(&lane(1)).await.unwrap().unwrap_or(0);
    for nonce in first.. {
        store.insert_transaction(&lease, &transaction(lane(1), nonce).unwrap()).await.unwrap();
        let mut out = std::io::stdout().lock();
        writeln!(out, "committed {nonce}").unwrap();
        out.flush().unwrap();
        store.add_attempt(&lease, nonce, &attempt(10_000 + nonce)).await.unwrap();
        let end = TransactionState::Succeeded(inclusion(nonce));
        store.settle_transactions(&lease, &[(nonce, end)]).await.unwrap();
    }
}

#[test]
fn what_was_signed_survives_a_kill_and_no_nonce_comes_twice() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    if let (Some(file), Ok(first)) = (env::var_os(CHILD), env::var(FIRST)) {
        runtime.block_on(sign_until_killed(Path::new(&file), first.parse().unwrap()));
        return;
    }
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("lore.db");
    let mut next = 0;
    for round in 1..=12 {
        let test = "what_was_signed_survives_a_kill_and_no_nonce_comes_twice";
        let last = u64::from(kill_after(test, &file, round, 1 + round as usize * 5 % 17));
        // Each holder starts where the one before it was killed: the nonce that it had stored is not used again.
        assert!(last >= next, "nonce {last} came again, {next} was next");
        runtime.block_on(async {
            let repository = connect(&file).await;
            let store = repository.transactions();
            let stored = store.next_nonce(&lane(1)).await.unwrap().unwrap();
            // One insert may have been under way.
            assert!(stored == last + 1 || stored == last + 2, "{last} was said, {stored} is next");
            for nonce in next..=last {
                let found = store.transaction_by_key(&lane(1), &key(nonce).unwrap()).await.unwrap().unwrap();
                assert_eq!((found.nonce, found.attempts[0].clone()), (nonce, attempt(nonce)));
                // It was bumped before it was settled, and settled before the next one came.
                let all = [attempt(nonce), attempt(10_000 + nonce)];
                let settled =
                    (found.attempts == all, found.state == TransactionState::Succeeded(inclusion(nonce)));
                assert!(settled == (true, true) || nonce == last, "{found:?}");
            }
            next = stored;
            repository.close().await.unwrap();
            check_integrity(&file).await;
        });
    }
    println!("12 kills, {next} transactions, none lost");
}

/// A chain that was reorganised `round` times, the same in every process.
fn chain_of(round: u32) -> ScriptedChain {
    let chain = ScriptedChain::new(1, 3);
    chain.extend(300);
    (0..round).for_each(|_| chain.reorganise(50, 70));
    chain
}

/// Syncs batch by batch until it is killed, and says after each batch that it is done.
async fn sync_until_killed(file: &Path, round: u32) {
    let store = Arc::new(connect(file).await.chain_events());
    let sync = EventSync::new(Arc::new(chain_of(round)), store, CHAIN, 1).with_max_batches(1);
    loop {
        let report = sync.run_once().await.unwrap();
        let mut out = std::io::stdout().lock();
        writeln!(out, "committed {}", report.next_block).unwrap();
        out.flush().unwrap();
    }
}

#[test]
fn a_killed_sync_leaves_the_events_up_to_its_cursor() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    if let (Some(file), Ok(round)) = (env::var_os(CHILD), env::var(FIRST)) {
        runtime.block_on(sync_until_killed(Path::new(&file), round.parse().unwrap()));
        return;
    }
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("lore.db");
    for round in 1..=10 {
        let test = "a_killed_sync_leaves_the_events_up_to_its_cursor";
        // The first batch rewinds what the round before had read of another chain.
        let said = u64::from(kill_after(test, &file, round, 1 + round as usize * 11 % 60));
        runtime.block_on(async {
            let repository = connect(&file).await;
            let store = repository.chain_events();
            let next = store.event_cursor(CHAIN).await.unwrap().unwrap().next_block();
            assert!(next >= said, "block {next} is next, {said} was said");
            let mut query = oldest_first();
            query.limit = 100;
            let stored = all(&store, &query).await.unwrap();
            let mut expected = chain_of(round).canonical(1);
            expected.retain(|record| record.block.number < next);
            assert!(stored == expected, "round {round}: {} of {}", stored.len(), expected.len());
            repository.close().await.unwrap();
            check_integrity(&file).await;
        });
    }
}

/// Opens and closes calls and appends hits until it is killed, and says after each round that it is done. A call of every
/// round is left open.
async fn call_until_killed(file: &Path, first: u32) {
    let log = connect(file).await.ai_log();
    let user = Some(address(1));
    for round in u64::from(first).. {
        let (kept, left) = (2 * round, 2 * round + 1);
        log.open_call(&pending(kept, user, audit::spent(100, 10)), &Budget::default()).await.unwrap();
        log.open_call(&pending(left, user, audit::spent(9, 1)), &Budget::default()).await.unwrap();
        let used = audit::spent(round, 3);
        log.close_call(&call_id(kept), used, &[called(kept, used), hit(kept)]).await.unwrap();
        let hits: Vec<_> = (0..round % 50).map(|number| hit(1_000_000 + number)).collect();
        log.append(&hits).await.unwrap();
        let mut out = std::io::stdout().lock();
        writeln!(out, "committed {round}").unwrap();
        out.flush().unwrap();
    }
}

/// What the lines of a log say that calls have used, and the calls that they are about.
async fn used_by_lines(log: &SqliteAiLog) -> (Spent, Vec<CallId>, usize) {
    let (mut sum, mut calls, mut hits) = (Spent::default(), Vec::new(), 0);
    for line in log.lines(0, u32::MAX).await.unwrap() {
        match line.entry().unwrap() {
            AuditEntry::Call(call) => {
                sum = sum.saturating_add(Spent::new(call.usage.total(), call.cost));
                calls.push(call.call);
            }
            _ => hits += 1,
        }
    }
    (sum, calls, hits)
}

#[test]
fn what_was_logged_survives_a_kill_and_the_sums_add_up() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    if let (Some(file), Ok(first)) = (env::var_os(CHILD), env::var(FIRST)) {
        runtime.block_on(call_until_killed(Path::new(&file), first.parse().unwrap()));
        return;
    }
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("lore.db");
    let (mut first, mut recovered, mut dying, mut said) = (1, 0, 0, Vec::new());
    for round in 0..15 {
        let test = "what_was_logged_survives_a_kill_and_the_sums_add_up";
        let last = kill_after(test, &file, first, 1 + round * 7 % 40);
        said.extend((first..=last).map(u64::from));
        runtime.block_on(async {
            let repository = connect(&file).await;
            let log = repository.ai_log();
            let report = verify(&log, None).await.unwrap().into_result().unwrap();
            let (in_log, calls, hits) = used_by_lines(&log).await;
            for done in &said {
                assert!(calls.contains(&call_id(2 * done)), "call {done} was closed and is lost");
            }
            let expected: u64 = said.iter().map(|round| 1 + round % 50).sum();
            assert!(hits as u64 >= expected, "{hits} of {expected}");
            assert_eq!(report.lines, (hits + calls.len()) as u64);
            let day = Day::of(at(0));
            let (used, reserved) = log.spent(&address(1), day).await.unwrap();
            assert_eq!(used, in_log);
            let open = log.overdue_calls(at(50_000), u32::MAX).await.unwrap();
            let of_open = open.iter().fold(Spent::default(), |sum, call| sum.saturating_add(call.reserved));
            assert_eq!(reserved, of_open);
            // One is left open by every round, and one or two by the death.
            let left = open.len() as u64;
            let rounds = u64::from(last + 1 - first);
            assert!((rounds..=rounds + 2).contains(&left), "{left} of {rounds}");
            assert_eq!(close_overdue_calls(&log, at(50_000)).await.unwrap(), left);
            recovered += left;
            dying += left - rounds;
            let (in_log, mut calls, _) = used_by_lines(&log).await;
            assert_eq!(log.spent(&address(1), day).await.unwrap(), (in_log, Spent::default()));
            calls.sort_unstable();
            assert!(calls.windows(2).all(|pair| pair[0] != pair[1]), "a call is logged twice");
            verify(&log, None).await.unwrap().into_result().unwrap();
            repository.close().await.unwrap();
            check_integrity(&file).await;
        });
        first = last + 2;
    }
    println!(
        "15 kills, {} rounds said, {recovered} calls closed as unknown, {dying} of them under way",
        said.len()
    );
}

/// Counts batch by batch until it is killed, and says after each batch that it is done.
async fn count_until_killed(file: &Path) {
    let repository = connect(file).await;
    let (log, reports) = (repository.ai_log(), repository.ai_reports());
    loop {
        let report = roll_up(&log, &reports, 1).await.unwrap();
        let mut out = std::io::stdout().lock();
        writeln!(out, "committed {}", report.through).unwrap();
        out.flush().unwrap();
    }
}

#[test]
fn a_killed_count_counts_each_line_once() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    if let Some(file) = env::var_os(CHILD) {
        runtime.block_on(count_until_killed(Path::new(&file)));
        return;
    }
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("lore.db");
    let lines = lines(6_000, 40);
    runtime.block_on(async { connect(&file).await.ai_log().append(&lines).await.unwrap() });
    for round in 0..8 {
        let test = "a_killed_count_counts_each_line_once";
        let said = kill_after(test, &file, 1, 1 + round % 2);
        runtime.block_on(async {
            let repository = connect(&file).await;
            let reports = repository.ai_reports();
            let through = usize::try_from(reports.counted_through().await.unwrap()).unwrap();
            assert!(through >= said as usize, "{through} are counted, {said} were said");
            let mut stored = Vec::new();
            for day in days(10).unwrap().iter() {
                stored.extend(reports.usage_of_day(day).await.unwrap());
            }
            assert!(stored == fold(&lines[..through]).into_rows(), "round {round}, {through} lines");
            repository.close().await.unwrap();
            check_integrity(&file).await;
        });
    }
}
