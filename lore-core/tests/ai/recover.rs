//! Calls that nobody ended.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use lore_core::{
    Address, Clock as _, Error, ErrorKind, Result, Timestamp, Usd,
    ai::{
        AiService, Ask,
        audit::{AuditEntry, CacheOutcome, CallOutcome, ChainHead, LoggedEntry, close_overdue_calls},
    },
    ids::{CallId, RequestId},
    memory::{ai_log::MemoryAiLog, llm::ScriptedLlmProvider},
    port::{
        ai_log::{AuditLog, Budget, CallLedger, PendingCall, Spent},
        llm::Usage,
    },
    time::Day,
};

use crate::{ANNA, Colour, Fixture, OnRuntime, Setup, anna, says};

/// A service of which one request waits for its model, which takes so long; and the request.
async fn waiting(seconds: u64) -> (Arc<Fixture>, tokio::task::JoinHandle<bool>) {
    let mut setup = Setup::standing_still();
    setup.policy.call_seconds = 10;
    let reply = says("blue").after(Duration::from_secs(seconds));
    let fixture = Arc::new(setup.scripted(|provider| provider.model("one", [reply])));
    let asking = tokio::spawn({
        let fixture = fixture.clone();
        async move { fixture.ask("sea").await.is_ok() }
    });
    while fixture.provider.calls() == 0 {
        tokio::task::yield_now().await;
    }
    (fixture, asking)
}

#[tokio::test]
async fn a_call_is_overdue_a_minute_after_its_process_would_have_given_it_up() {
    let (fixture, _asking) = waiting(9).await;
    // The call may take 10 s, and is waited for 5 s longer.
    let given_up = fixture.clock.now().saturating_add(Duration::from_secs(15));
    let open = |after: u64| fixture.log.overdue_calls(given_up.saturating_add(Duration::from_secs(after)), 9);
    assert_eq!(open(59).await.unwrap().len(), 0);
    assert_eq!(open(60).await.unwrap().len(), 1);
    assert_eq!(fixture.ai.recover().await.unwrap(), 0, "it is under way");
}

#[tokio::test]
async fn what_a_dead_process_left_open_is_closed_once_with_all_it_reserved() {
    let (dead, _asking) = waiting(9).await;
    let (_, reserved) = dead.ai.spent_today(&ANNA).await.unwrap();
    assert!(reserved.tokens > 0);

    let next = Setup { log: dead.log.clone(), ..Setup::standing_still() }.scripted(|provider| provider);
    assert_eq!(next.ai.recover().await.unwrap(), 0, "its time is not over");
    next.clock.advance(Duration::from_secs(75));
    assert_eq!(next.ai.recover().await.unwrap(), 1);
    assert_eq!(next.ai.recover().await.unwrap(), 0);
    assert_eq!(next.ai.spent_today(&ANNA).await.unwrap(), (reserved, Spent::default()));
    let calls = next.calls().await;
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0].outcome, CallOutcome::Unknown);
    assert_eq!(Spent::new(calls[0].usage.total(), calls[0].cost), reserved);
}

#[tokio::test]
async fn a_service_that_is_asked_closes_what_dead_processes_left_open() {
    let (dead, _asking) = waiting(9).await;
    let next = Setup { log: dead.log.clone(), ..Setup::standing_still() }
        .scripted(|provider| provider.model("one", [says("blue")]));
    next.clock.advance(Duration::from_secs(75));
    next.ask("dune").await.unwrap();
    // It does so after it has answered.
    while next.ai.spent_today(&ANNA).await.unwrap().1 != Spent::default() {
        tokio::task::yield_now().await;
    }
    let outcomes: Vec<_> = next.calls().await.into_iter().map(|call| call.outcome).collect();
    assert!(matches!(outcomes[..], [CallOutcome::Answered { .. }, CallOutcome::Unknown]), "{outcomes:?}");
}

#[tokio::test]
async fn a_call_that_others_gave_up_still_gets_its_lines_and_counts_once() {
    let (fixture, asking) = waiting(9).await;
    let (_, reserved) = fixture.ai.spent_today(&ANNA).await.unwrap();
    // By the clock of another machine this one stood still for an hour.
    let elsewhere = fixture.clock.now().saturating_add(Duration::from_secs(3_600));
    assert_eq!(close_overdue_calls(&fixture.log, elsewhere).await.unwrap(), 1);
    fixture.clock.advance(Duration::from_secs(9));
    assert!(asking.await.unwrap());

    let (calls, requests) = (fixture.calls().await, fixture.requests().await);
    assert_eq!((calls.len(), requests.len()), (2, 1));
    assert_eq!(calls[0].call, calls[1].call);
    assert_eq!(calls[0].outcome, CallOutcome::Unknown);
    assert!(matches!(calls[1].outcome, CallOutcome::Answered { .. }));
    assert_eq!((calls[1].usage, calls[1].cost), (Usage::default(), Usd::ZERO));
    assert_eq!(fixture.ai.spent_today(&ANNA).await.unwrap(), (reserved, Spent::default()));
}

/// A ledger on a disk that is full for a while: nothing is closed.
#[derive(Debug)]
struct Full {
    inner: MemoryAiLog,
    refuses: AtomicU32,
}

#[async_trait]
impl AuditLog for Full {
    async fn append(&self, entries: &[AuditEntry]) -> Result<ChainHead> {
        self.inner.append(entries).await
    }

    async fn head(&self) -> Result<ChainHead> {
        self.inner.head().await
    }

    async fn anchor(&self) -> Result<ChainHead> {
        self.inner.anchor().await
    }

    async fn lines(&self, after: u64, limit: u32) -> Result<Vec<LoggedEntry>> {
        self.inner.lines(after, limit).await
    }

    async fn lines_of(&self, request: &RequestId) -> Result<Vec<LoggedEntry>> {
        self.inner.lines_of(request).await
    }

    async fn drop_through(&self, head: &ChainHead) -> Result<()> {
        self.inner.drop_through(head).await
    }
}

#[async_trait]
impl CallLedger for Full {
    async fn open_call(&self, call: &PendingCall, budget: &Budget) -> Result<()> {
        self.inner.open_call(call, budget).await
    }

    async fn close_call(&self, call: &CallId, used: Spent, entries: &[AuditEntry]) -> Result<ChainHead> {
        let refuses = |left: u32| left.checked_sub(1);
        if self.refuses.fetch_update(Ordering::SeqCst, Ordering::SeqCst, refuses).is_ok() {
            return Err(Error::new(ErrorKind::Unavailable, "the disk is full"));
        }
        self.inner.close_call(call, used, entries).await
    }

    async fn overdue_calls(&self, now: Timestamp, limit: u32) -> Result<Vec<PendingCall>> {
        self.inner.overdue_calls(now, limit).await
    }

    async fn spent(&self, user: &Address, day: Day) -> Result<(Spent, Spent)> {
        self.inner.spent(user, day).await
    }
}

#[tokio::test]
async fn an_answer_that_could_not_be_written_down_is_kept_once_it_can() {
    let (setup, log) = (Setup::new(), MemoryAiLog::new());
    let clock = Arc::new(setup.clock.clone());
    let provider = ScriptedLlmProvider::new("scripted", clock.clone()).model("one", [says("blue")]);
    let ledger = Arc::new(Full { inner: log.clone(), refuses: AtomicU32::new(12) });
    let ai = AiService::builder(ledger, Arc::new(OnRuntime))
        .llm_provider(Arc::new(provider.clone()))
        .clock(clock)
        .policy(setup.policy)
        .build()
        .unwrap();
    let (caller, ask) = (anna(), Ask::new(Colour::of("sea")));
    let error = ai.ask(&caller, &ask).await.unwrap_err();
    assert_eq!((error.kind(), provider.calls()), (ErrorKind::Unavailable, 1));
    while ai.spent_today(&ANNA).await.unwrap().1 != Spent::default() {
        tokio::task::yield_now().await;
    }
    assert_eq!(ai.ask(&caller, &ask).await.unwrap().cache, CacheOutcome::Fresh);
    assert_eq!(provider.calls(), 1, "it is not paid for again");
    ai.flush().await;
    let lines = log.lines(0, 10).await.unwrap();
    let lines: Vec<_> = lines.iter().map(|line| line.entry().unwrap()).collect();
    let calls: Vec<_> = lines
        .iter()
        .filter_map(|line| match line {
            AuditEntry::Call(call) => Some(&call.outcome),
            _ => None,
        })
        .collect();
    assert!(
        matches!(calls[..], [CallOutcome::Answered { output: Some(output), .. }] if output.contains("blue")),
        "the call's line has the answer: {lines:?}"
    );
    assert_eq!(lines.len(), 3, "that, the request that failed, and the one that was answered");
}

#[tokio::test]
async fn a_caller_who_left_while_the_answer_could_not_be_written_down_has_a_line_too() {
    let (setup, log) = (Setup::standing_still(), MemoryAiLog::new());
    let manual = setup.clock.clone();
    let clock = Arc::new(manual.clone());
    let provider = ScriptedLlmProvider::new("scripted", clock.clone()).model("one", [says("blue")]);
    let ledger = Arc::new(Full { inner: log.clone(), refuses: AtomicU32::new(12) });
    let ai = AiService::builder(ledger.clone(), Arc::new(OnRuntime))
        .llm_provider(Arc::new(provider))
        .clock(clock)
        .policy(setup.policy)
        .build()
        .unwrap();
    let asking = tokio::spawn({
        let ai = ai.clone();
        async move { ai.ask(&anna(), &Ask::new(Colour::of("sea"))).await.is_ok() }
    });
    // The caller's patience, and the pause before the second attempt.
    manual.until_sleeping(2).await;
    assert_eq!(ledger.refuses.load(Ordering::SeqCst), 11);
    asking.abort();
    assert!(asking.await.unwrap_err().is_cancelled());
    while ai.spent_today(&ANNA).await.unwrap().1 != Spent::default() {
        manual.advance(Duration::from_secs(2));
        tokio::task::yield_now().await;
    }
    ai.flush().await;
    let lines = log.lines(0, 10).await.unwrap();
    let lines: Vec<_> = lines.iter().map(|line| line.entry().unwrap()).collect();
    let requests = lines.iter().filter(|line| matches!(line, AuditEntry::Request(_))).count();
    assert_eq!((lines.len(), requests), (2, 1), "{lines:?}");
}
