//! What an engine does at its start about calls that nobody will end.

use std::time::Duration;

use lore::{
    Budget, CallId, CallLedger as _, Clock as _, Config, Day, PendingCall, RequestId, Spent, SystemClock,
    Usd,
    ai::{OperationKind, Tier, audit::CallOutcome},
    open,
};
use tempfile::TempDir;

use crate::{
    log::{Log, ledger},
    request::user,
};

#[tokio::test]
async fn opening_closes_calls_whose_time_is_over_and_no_others() {
    let dir = TempDir::new().unwrap();
    let (log, now) = (ledger(dir.path()).await, SystemClock.now());
    let reserved = Spent::new(1_000, Usd::from_picos(7));
    let call_until = |until| {
        let ids = (CallId::generate(&SystemClock).unwrap(), RequestId::generate(&SystemClock).unwrap());
        let mut call =
            PendingCall::new(ids, (now, until), (OperationKind::Titles, Tier::Fast), "loopback", "steady");
        call.user = Some(user(0));
        call.reserved = reserved;
        call
    };
    let (dead, live) = (call_until(now), call_until(now.saturating_add(Duration::from_secs(3_600))));
    for call in [&dead, &live] {
        log.open_call(call, &Budget::default()).await.unwrap();
    }
    for _ in 0..2 {
        let lore = open(&Config::embedded(dir.path(), user(0))).await.unwrap();
        assert_eq!(lore.ai().unwrap().recover().await.unwrap(), 0, "opening has closed what is overdue");
        let lines = Log::read(&log).await;
        assert_eq!(lines.calls.len(), 1);
        assert_eq!((lines.calls[0].call, &lines.calls[0].outcome), (dead.call, &CallOutcome::Unknown));
        assert_eq!(log.spent(&user(0), Day::of(now)).await.unwrap(), (reserved, reserved));
    }
}
