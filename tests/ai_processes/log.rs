//! [`Log`]: what the audit log of a data directory holds.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    time::Duration,
};

use lore::{
    Address, AuditLog as _, CallLedger, Day, RequestId, Spent, SqliteAiLog, SqliteConfig, SqliteRepository,
    Timestamp,
    ai::audit::{AuditEntry, AuditReport, CallEntry, RequestEntry, verify},
};

/// The ledger of a data directory.
pub(crate) async fn ledger(data: &Path) -> SqliteAiLog {
    SqliteRepository::connect(SqliteConfig::new(data.join("lore.sqlite"))).await.unwrap().ai_log()
}

/// When every call that is open now is overdue.
pub(crate) fn much_later(now: Timestamp) -> Timestamp {
    now.saturating_add(Duration::from_secs(3_600))
}

/// All lines of a log that verifies.
pub(crate) struct Log {
    pub(crate) report: AuditReport,
    pub(crate) calls: Vec<CallEntry>,
    pub(crate) requests: Vec<RequestEntry>,
}

impl Log {
    pub(crate) async fn read(ledger: &SqliteAiLog) -> Self {
        let report = verify(ledger, None).await.unwrap().into_result().unwrap();
        let (mut calls, mut requests) = (Vec::new(), Vec::new());
        for line in ledger.lines(0, u32::MAX).await.unwrap() {
            match line.entry().unwrap() {
                AuditEntry::Call(call) => calls.push(*call),
                AuditEntry::Request(request) => requests.push(*request),
                entry => panic!("nobody wrote {entry:?}"),
            }
        }
        assert_eq!(report.lines, (calls.len() + requests.len()) as u64);
        Self { report, calls, requests }
    }

    /// What the calls of each user used.
    pub(crate) fn used(&self) -> BTreeMap<Address, Spent> {
        let mut used = BTreeMap::<_, Spent>::new();
        for call in &self.calls {
            if let Some(user) = call.user {
                let sum = used.entry(user).or_default();
                *sum = sum.saturating_add(Spent::new(call.usage.total(), call.cost));
            }
        }
        used
    }

    /// The requests that have a line.
    pub(crate) fn answered(&self) -> BTreeSet<RequestId> {
        self.requests.iter().map(|entry| entry.request).collect()
    }

    /// The days of all lines: more than one if midnight came meanwhile.
    pub(crate) fn days(&self) -> impl Iterator<Item = Day> + use<> {
        let [first, last] =
            [self.report.first, self.report.last].map(|time| Day::of(time.unwrap()).unix_days());
        (first..=last).map(|day| Day::from_unix_days(day).unwrap())
    }
}

/// What the ledger says that a user has used and reserved, on each of these days.
pub(crate) async fn spent(
    ledger: &dyn CallLedger,
    user: &Address,
    days: impl Iterator<Item = Day>,
) -> Vec<(Spent, Spent)> {
    let mut spent = Vec::new();
    for day in days {
        spent.push(ledger.spent(user, day).await.unwrap());
    }
    spent
}
