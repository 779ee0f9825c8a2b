//! Random sequences of calls on the log in SQLite and in memory, side by side: every answer is the same.
#![cfg(feature = "sqlite")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Debug;

use lore_core::{
    ErrorKind, Result, Retry, Usd,
    ai::audit::{AuditEntry, ChainHead},
    conformance::{
        audit_log::fixtures::{call_id, called, every_entry, hit, pending, request_id, spent},
        repository::fixtures::{address, at},
    },
    memory::ai_log::MemoryAiLog,
    port::ai_log::{Budget, CallLedger, PendingCall},
    time::Day,
};
use lore_store::sqlite::{SqliteConfig, SqliteRepository};
use proptest::prelude::{Just, Strategy, any, prop, prop_oneof, proptest};
use tempfile::TempDir;

#[derive(Clone, Debug)]
enum Call {
    Append(Vec<usize>),
    Open { number: u64, user: Option<u32>, tokens: u64, picos: u64, late: u64, budget: Budget },
    Close { number: u64, tokens: u64, picos: u64, lines: usize },
    Overdue { now: u64, limit: u32 },
    Spent { user: u32, day: u64 },
    Lines { after: u64, limit: u32 },
    LinesOf(u64),
    Drop { back: u64, wrong: bool },
}

fn amount() -> impl Strategy<Value = u64> {
    prop_oneof![8 => 0..40_u64, 1 => Just(u64::MAX), 1 => Just(u64::MAX / 2)]
}

fn budget() -> impl Strategy<Value = Budget> {
    (prop::option::of(0..120_u64), prop::option::of(0..120_u64)).prop_map(|(tokens, picos)| {
        let mut budget = Budget::default();
        (budget.tokens_per_day, budget.usd_per_day) = (tokens, picos.map(Usd::from_picos));
        budget
    })
}

fn call() -> impl Strategy<Value = Call> {
    prop_oneof![
        3 => prop::collection::vec(0..200_usize, 0..6).prop_map(Call::Append),
        6 => (1..12_u64, prop::option::of(1..3_u32), amount(), amount(), 0..3_u64, budget()).prop_map(
            |(number, user, tokens, picos, late, budget)| Call::Open { number, user, tokens, picos, late, budget }),
        4 => (1..12_u64, amount(), amount(), 0..3_usize)
            .prop_map(|(number, tokens, picos, lines)| Call::Close { number, tokens, picos, lines }),
        2 => (0..200_000_u64, 0..5_u32).prop_map(|(now, limit)| Call::Overdue { now, limit }),
        2 => (1..3_u32, 0..3_u64).prop_map(|(user, day)| Call::Spent { user, day }),
        2 => (0..60_u64, 0..9_u32).prop_map(|(after, limit)| Call::Lines { after, limit }),
        1 => (0..60_u64).prop_map(Call::LinesOf),
        1 => (0..9_u64, any::<bool>()).prop_map(|(back, wrong)| Call::Drop { back, wrong }),
    ]
}

const DAY: u64 = 86_400;

fn opened(number: u64, user: Option<u32>, (tokens, picos): (u64, u64), late: u64) -> PendingCall {
    let mut call = pending(number, user.map(address), spent(tokens, picos));
    call.opened = at(late * DAY + number);
    call
}

/// An answer for comparing: the value, or what the caller can tell of the error.
type Answer = std::result::Result<String, (ErrorKind, Retry, String)>;

fn answer<T: Debug>(result: Result<T>) -> Answer {
    result.map(|value| format!("{value:?}")).map_err(|err| (err.kind(), err.retry(), err.to_string()))
}

async fn ask(log: &dyn CallLedger, entries: &[AuditEntry], call: &Call) -> Result<Answer> {
    let all = || entries.iter().cycle();
    Ok(match call {
        Call::Append(picked) => {
            let batch: Vec<_> = picked.iter().filter_map(|which| all().nth(*which)).cloned().collect();
            answer(log.append(&batch).await)
        }
        Call::Open { number, user, tokens, picos, late, budget } => {
            answer(log.open_call(&opened(*number, *user, (*tokens, *picos), *late), budget).await)
        }
        Call::Close { number, tokens, picos, lines } => {
            let used = spent(*tokens, *picos);
            let batch = [called(*number, used), hit(*number)];
            answer(log.close_call(&call_id(*number), used, batch.get(..*lines).unwrap_or_default()).await)
        }
        Call::Overdue { now, limit } => answer(log.overdue_calls(at(*now), *limit).await),
        Call::Spent { user, day } => answer(log.spent(&address(*user), Day::of(at(day * DAY))).await),
        Call::Lines { after, limit } => answer(log.lines(*after, *limit).await),
        Call::LinesOf(number) => answer(log.lines_of(&request_id(*number)).await),
        Call::Drop { back, wrong } => {
            let place = log.head().await?.sequence.saturating_sub(*back);
            let line = log.lines(place.saturating_sub(1), 1).await?;
            let through = line.first().map_or(ChainHead::START, |line| line.head);
            let through = ChainHead::new(through.sequence + u64::from(*wrong), through.hash);
            answer(log.drop_through(&through).await)
        }
    })
}

async fn ends(log: &dyn CallLedger) -> Result<(ChainHead, ChainHead)> {
    Ok((log.head().await?, log.anchor().await?))
}

async fn compare(calls: &[Call]) -> Result<()> {
    let directory = TempDir::new().unwrap();
    let repository = SqliteRepository::connect(SqliteConfig::new(directory.path().join("lore.db"))).await?;
    let (sqlite, memory) = (repository.ai_log(), MemoryAiLog::new());
    let entries = every_entry();
    for call in calls {
        assert_eq!(ask(&sqlite, &entries, call).await?, ask(&memory, &entries, call).await?, "{call:?}");
        assert_eq!(ends(&sqlite).await?, ends(&memory).await?);
    }
    repository.close().await
}

proptest! {
    #![proptest_config(proptest::test_runner::Config { cases: 64, ..Default::default() })]

    #[test]
    fn sqlite_and_memory_give_the_same_answers(calls in prop::collection::vec(call(), 1..80)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(compare(&calls)).unwrap();
    }
}
