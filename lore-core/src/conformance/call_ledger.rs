//! Cases of the [`CallLedger`] port, on the harness of the [audit log's](super::audit_log::Harness).

#![expect(missing_docs, reason = "a case is documented by its name, which is the rule")]

use std::{sync::Arc, time::Duration};

use futures_util::future::{join, join_all};

use super::audit_log::{
    Harness,
    fixtures::{all_lines, call_entry, call_id, called, hit, pending, spent},
    harness::skip,
};
use crate::{
    ai::{
        audit::{AuditEntry, CallOutcome, LoggedEntry, close_overdue_calls, verify},
        budget_spent,
    },
    conformance::repository::fixtures::{address, at, kind},
    error::{ErrorKind, Result},
    port::ai_log::{Budget, CallLedger, PendingCall, Spent},
    time::Day,
};

const FREE: Budget = Budget { tokens_per_day: None, usd_per_day: None };
const NOTHING: Spent = Spent::new(0, crate::Usd::ZERO);

fn tokens(limit: u64) -> Budget {
    Budget { tokens_per_day: Some(limit), ..FREE }
}

async fn spent_by(ledger: &dyn CallLedger, user: u32) -> Result<(Spent, Spent)> {
    ledger.spent(&address(user), Day::of(at(0))).await
}

fn by_user(number: u64, reserved: Spent) -> PendingCall {
    pending(number, Some(address(1)), reserved)
}

pub async fn a_call_is_reserved_and_then_settled(harness: &impl Harness) -> Result<()> {
    let ledger = harness.fresh().await?;
    assert_eq!(spent_by(&*ledger, 1).await?, (NOTHING, NOTHING));
    ledger.open_call(&by_user(1, spent(100, 50)), &FREE).await?;
    ledger.open_call(&by_user(2, spent(10, 5)), &FREE).await?;
    ledger.open_call(&pending(3, None, spent(1_000, 1_000)), &tokens(0)).await?;
    assert_eq!(spent_by(&*ledger, 1).await?, (NOTHING, spent(110, 55)));
    // Opening writes no line: nothing is known yet.
    assert_eq!(ledger.head().await?.sequence, 0);
    let head = ledger.close_call(&call_id(1), spent(40, 60), &[called(1, spent(40, 60)), hit(1)]).await?;
    assert_eq!((head.sequence, head), (2, ledger.head().await?));
    assert_eq!(spent_by(&*ledger, 1).await?, (spent(40, 60), spent(10, 5)));
    ledger.close_call(&call_id(2), NOTHING, &[]).await?;
    ledger.close_call(&call_id(3), spent(7, 7), &[called(3, spent(7, 7))]).await?;
    assert_eq!(spent_by(&*ledger, 1).await?, (spent(40, 60), NOTHING));
    assert_eq!(spent_by(&*ledger, 2).await?, (NOTHING, NOTHING));
    let lines = all_lines(&*ledger).await?;
    let entries = lines.iter().map(LoggedEntry::entry).collect::<Result<Vec<_>>>()?;
    assert_eq!(entries, [called(1, spent(40, 60)), hit(1), called(3, spent(7, 7))]);
    Ok(())
}

pub async fn days_and_users_are_counted_apart(harness: &impl Harness) -> Result<()> {
    let ledger = harness.fresh().await?;
    let noon = Day::of(at(0)).start().saturating_add(Duration::from_secs(43_200));
    let midnight = Day::of(noon).next_start();
    for (number, user, opened) in [(1, 1, noon), (2, 2, noon), (3, 1, midnight)] {
        let mut call = pending(number, Some(address(user)), spent(number, number));
        call.opened = opened;
        ledger.open_call(&call, &tokens(number)).await?;
    }
    // The day of a call is the one that it was opened on, whenever it ends.
    for number in [1, 2, 3] {
        ledger.close_call(&call_id(number), spent(10 * number, 0), &[]).await?;
    }
    let of = async |user, time| Ok::<_, crate::Error>(ledger.spent(&address(user), Day::of(time)).await?.0);
    assert_eq!(of(1, noon).await?, spent(10, 0));
    assert_eq!(of(2, noon).await?, spent(20, 0));
    assert_eq!(of(1, midnight).await?, spent(30, 0));
    assert_eq!(of(2, midnight).await?, NOTHING);
    Ok(())
}

pub async fn a_call_over_the_budget_is_refused(harness: &impl Harness) -> Result<()> {
    let ledger = harness.fresh().await?;
    let both = Budget { usd_per_day: Some(crate::Usd::from_picos(50)), ..tokens(100) };
    ledger.open_call(&by_user(1, spent(60, 10)), &both).await?;
    ledger.close_call(&call_id(1), spent(50, 20), &[]).await?;
    ledger.open_call(&by_user(2, spent(30, 10)), &both).await?;
    for (number, reserved) in [(3, spent(21, 0)), (4, spent(0, 21)), (5, spent(u64::MAX, u64::MAX))] {
        let call = by_user(number, reserved);
        let refused = ledger.open_call(&call, &both).await;
        let expected =
            budget_spent(&both, spent(80, 30), reserved, call.opened).map(|err| (err.kind(), err.retry()));
        assert_eq!(refused.err().map(|err| (err.kind(), err.retry())), expected);
        // It was not recorded.
        assert_eq!(kind(&ledger.close_call(&call_id(number), NOTHING, &[]).await), Some(ErrorKind::NotFound));
    }
    assert_eq!(spent_by(&*ledger, 1).await?, (spent(50, 20), spent(30, 10)));
    // Others have days of their own, and exactly what is left may be used.
    ledger.open_call(&pending(6, Some(address(2)), spent(100, 50)), &both).await?;
    ledger.open_call(&by_user(7, spent(20, 20)), &both).await?;
    Ok(())
}

pub async fn amounts_go_up_to_the_largest(harness: &impl Harness) -> Result<()> {
    let ledger = harness.fresh().await?;
    let most = spent(u64::MAX, u64::MAX);
    for number in [1, 2] {
        ledger.open_call(&by_user(number, most), &FREE).await?;
    }
    assert_eq!(spent_by(&*ledger, 1).await?, (NOTHING, most));
    ledger.close_call(&call_id(1), spent(u64::MAX - 1, 3), &[]).await?;
    assert_eq!(spent_by(&*ledger, 1).await?, (spent(u64::MAX - 1, 3), most));
    ledger.close_call(&call_id(2), spent(5, 4), &[]).await?;
    assert_eq!(spent_by(&*ledger, 1).await?, (spent(u64::MAX, 7), NOTHING));
    Ok(())
}

pub async fn a_call_is_opened_once(harness: &impl Harness) -> Result<()> {
    let ledger = harness.fresh().await?;
    ledger.open_call(&by_user(1, spent(1, 1)), &FREE).await?;
    let again = ledger.open_call(&by_user(1, spent(5, 5)), &FREE).await;
    assert_eq!(kind(&again), Some(ErrorKind::AlreadyExists));
    assert_eq!(spent_by(&*ledger, 1).await?, (NOTHING, spent(1, 1)));
    Ok(())
}

pub async fn a_call_is_closed_once(harness: &impl Harness) -> Result<()> {
    let first = harness.fresh().await?;
    let second = harness.again().await?.unwrap_or_else(|| Arc::clone(&first));
    let never = first.close_call(&call_id(99), spent(1, 1), &[hit(1)]).await;
    assert_eq!(kind(&never), Some(ErrorKind::NotFound));
    for number in 1..=10 {
        first.open_call(&by_user(number, spent(9, 9)), &FREE).await?;
        let entries = [called(number, spent(1, 1))];
        let handles = [&first, &second, &first, &second];
        let id = call_id(number);
        let closed = join_all(handles.map(|ledger| ledger.close_call(&id, spent(1, 1), &entries))).await;
        assert_eq!(closed.iter().filter(|result| result.is_ok()).count(), 1);
        assert!(closed.iter().filter(|r| r.is_err()).all(|r| kind(r) == Some(ErrorKind::NotFound)));
    }
    assert_eq!(spent_by(&*first, 1).await?, (spent(10, 10), NOTHING));
    assert_eq!(first.head().await?.sequence, 10);
    Ok(())
}

pub async fn calls_at_once_never_exceed_a_budget(harness: &impl Harness) -> Result<()> {
    let first = harness.fresh().await?;
    let second = harness.again().await?.unwrap_or_else(|| Arc::clone(&first));
    let budget = tokens(100);
    // Each may use 10 and uses 7: room for ten at a time, and for fourteen in all.
    let one = |number: u64| {
        let ledger = if number.is_multiple_of(2) { &first } else { &second };
        async move {
            match ledger.open_call(&by_user(number, spent(10, 1)), &budget).await {
                Ok(()) => {}
                Err(err) if err.kind() == ErrorKind::RateLimited => return Ok(0),
                Err(err) => return Err(err),
            }
            let (used, reserved) = spent_by(&**ledger, 1).await?;
            assert!(used.saturating_add(reserved).tokens <= 100, "{used:?} and {reserved:?}");
            ledger.close_call(&call_id(number), spent(7, 1), &[called(number, spent(7, 1))]).await?;
            Ok(1)
        }
    };
    let done = join_all((1..=60).map(one)).await.into_iter().collect::<Result<Vec<u64>>>()?;
    let done: u64 = done.iter().sum();
    assert!((10..=13).contains(&done), "{done} calls");
    assert_eq!(spent_by(&*first, 1).await?, (spent(7 * done, done), NOTHING));
    assert_eq!(verify(&*second, None).await?.into_result()?.lines, done);
    Ok(())
}

pub async fn overdue_calls_come_back_field_by_field_and_oldest_first(harness: &impl Harness) -> Result<()> {
    let ledger = harness.fresh().await?;
    for number in [5, 2, 9, 1] {
        let user = (number > 2).then(|| address(1));
        ledger.open_call(&pending(number, user, spent(number, 2 * number)), &FREE).await?;
    }
    assert_eq!(ledger.overdue_calls(at(60), 10).await?, []);
    assert_eq!(ledger.overdue_calls(at(61), 10).await?, [pending(1, None, spent(1, 2))]);
    let all = [1, 2, 5, 9]
        .map(|number| pending(number, (number > 2).then(|| address(1)), spent(number, 2 * number)));
    assert_eq!(ledger.overdue_calls(at(1_000), 10).await?, all);
    assert_eq!(ledger.overdue_calls(at(1_000), 2).await?, all.get(..2).unwrap_or_default());
    ledger.close_call(&call_id(1), NOTHING, &[]).await?;
    assert_eq!(ledger.overdue_calls(at(1_000), 10).await?, all.get(1..).unwrap_or_default());
    Ok(())
}

pub async fn what_was_left_open_is_closed_once_as_unknown(harness: &impl Harness) -> Result<()> {
    let first = harness.fresh().await?;
    let second = harness.again().await?.unwrap_or_else(|| Arc::clone(&first));
    for number in 1..=250 {
        first.open_call(&by_user(number, spent(10, number)), &FREE).await?;
    }
    let late = pending(1_000_000, Some(address(1)), spent(3, 3));
    first.open_call(&late, &FREE).await?;
    let now = at(10_000);
    let (mine, theirs) = join(close_overdue_calls(&*first, now), close_overdue_calls(&*second, now)).await;
    assert_eq!(mine? + theirs?, 250);
    let used = spent(2_500, (1..=250).sum());
    assert_eq!(spent_by(&*first, 1).await?.0, used);
    let entries = all_lines(&*first).await?.iter().map(LoggedEntry::entry).collect::<Result<Vec<_>>>()?;
    assert_eq!(entries.len(), 250);
    let expected = entries.iter().all(|entry| match entry {
        AuditEntry::Call(call) => {
            let number = call.cost.picos();
            let mut closed = call_entry(number, spent(10, number));
            (closed.at, closed.outcome, closed.response_micros) = (now, CallOutcome::Unknown, 0);
            (closed.operation, closed.model) = (call.operation, format!("model/{number}"));
            (closed.choice, closed.number) = (2, 3);
            **call == closed
        }
        AuditEntry::Request(_) => false,
    });
    assert!(expected, "{entries:?}");
    assert_eq!(first.overdue_calls(late.until, 9).await?, [late]);
    Ok(())
}

pub async fn open_calls_survive_reopening(harness: &impl Harness) -> Result<()> {
    let ledger = harness.fresh().await?;
    ledger.open_call(&by_user(1, spent(10, 1)), &FREE).await?;
    ledger.open_call(&by_user(2, spent(20, 2)), &FREE).await?;
    ledger.close_call(&call_id(1), spent(4, 1), &[called(1, spent(4, 1))]).await?;
    drop(ledger);
    let Some(ledger) = harness.again().await? else {
        skip("open_calls_survive_reopening");
        return Ok(());
    };
    assert_eq!(spent_by(&*ledger, 1).await?, (spent(4, 1), spent(20, 2)));
    assert_eq!(ledger.overdue_calls(at(1_000), 9).await?, [by_user(2, spent(20, 2))]);
    ledger.close_call(&call_id(2), spent(5, 2), &[]).await?;
    assert_eq!(spent_by(&*ledger, 1).await?, (spent(9, 3), NOTHING));
    Ok(())
}

/// Emits one test per case of the call ledger suite for the harness that the expression makes.
#[macro_export]
macro_rules! call_ledger_conformance {
    ($harness:expr) => {
        $crate::__cases! { $harness, $crate::conformance::call_ledger,
            a_call_is_closed_once,
            a_call_is_opened_once,
            a_call_is_reserved_and_then_settled,
            a_call_over_the_budget_is_refused,
            amounts_go_up_to_the_largest,
            calls_at_once_never_exceed_a_budget,
            days_and_users_are_counted_apart,
            open_calls_survive_reopening,
            overdue_calls_come_back_field_by_field_and_oldest_first,
            what_was_left_open_is_closed_once_as_unknown,
        }
    };
}
