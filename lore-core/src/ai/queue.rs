//! [`LogQueue`]: lines about answers out of the cache, written in batches.
//!
//! A line costs its caller one push. Whoever pushes into an empty queue starts the writer, which waits a moment for company,
//! writes what is there, and ends when nothing is left: so there is no task to stop. Nothing is dropped: a full queue makes
//! callers wait, and a log that cannot be written makes it full.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_channel::oneshot;
use futures_util::future::{Either, select};

use super::audit::AuditEntry;
use crate::{
    error::{Error, Result, Retry},
    port::ai_log::CallLedger,
    task::Spawner,
    time::Clock,
};

/// How long a line waits for others at most.
const LINGER: Duration = Duration::from_millis(100);
/// Lines that are written at once at most, and that need not wait for more.
const BATCH: usize = 1_000;
/// The pause after a failed write; doubled up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// A line that is made into an entry when it is written, off the caller's path.
pub(super) trait Line: Send + 'static {
    fn entry(self) -> AuditEntry;
}

struct State<L> {
    lines: VecDeque<L>,
    /// Lines that were pushed, and written, since the start.
    pushed: u64,
    written: u64,
    /// Whether a writer runs.
    writing: bool,
    /// Ends the writer's lingering.
    full_batch: Option<oneshot::Sender<()>>,
    /// Callers that wait for room.
    blocked: Vec<oneshot::Sender<()>>,
    /// Callers that wait until so many are written.
    flushing: Vec<(u64, oneshot::Sender<()>)>,
    /// Lines that the writer has taken and not written yet.
    taken: usize,
}

pub(super) struct LogQueue<L> {
    log: Arc<dyn CallLedger>,
    clock: Arc<dyn Clock>,
    spawner: Arc<dyn Spawner>,
    capacity: usize,
    state: Mutex<State<L>>,
}

impl<L> fmt::Debug for LogQueue<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogQueue").field("lines", &self.lock().lines.len()).finish_non_exhaustive()
    }
}

impl<L> LogQueue<L> {
    fn lock(&self) -> MutexGuard<'_, State<L>> {
        // No code that holds the lock can panic half way through a change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Pushed {
    Done,
    Started,
    Blocked(oneshot::Receiver<()>),
}

impl<L: Line> LogQueue<L> {
    pub(super) fn new(
        log: Arc<dyn CallLedger>,
        clock: Arc<dyn Clock>,
        spawner: Arc<dyn Spawner>,
        capacity: usize,
    ) -> Arc<Self> {
        let state = State {
            lines: VecDeque::new(),
            pushed: 0,
            written: 0,
            writing: false,
            full_batch: None,
            blocked: Vec::new(),
            flushing: Vec::new(),
            taken: 0,
        };
        Arc::new(Self { log, clock, spawner, capacity, state: Mutex::new(state) })
    }

    /// Takes a line; waits only while the queue is full. A caller that gives up waiting leaves no line.
    pub(super) async fn push(self: &Arc<Self>, line: L) {
        let mut line = Some(line);
        loop {
            match self.try_push(&mut line) {
                Pushed::Done => return,
                Pushed::Started => return self.start(),
                // A dropped sender wakes just as well: look again.
                Pushed::Blocked(room) => room.await.unwrap_or_default(),
            }
        }
    }

    /// Takes a line even if the queue is full: of a caller who left and cannot wait.
    pub(super) fn push_now(self: &Arc<Self>, line: L) {
        let started = {
            let mut state = self.lock();
            state.lines.push_back(line);
            state.pushed = state.pushed.saturating_add(1);
            !std::mem::replace(&mut state.writing, true)
        };
        if started {
            self.start();
        }
    }

    fn start(self: &Arc<Self>) {
        let writer = Arc::clone(self);
        self.spawner.spawn(Box::pin(async move { writer.write_all().await }));
    }

    fn try_push(&self, line: &mut Option<L>) -> Pushed {
        let mut state = self.lock();
        if state.lines.len().saturating_add(state.taken) >= self.capacity {
            let (sender, receiver) = oneshot::channel();
            state.blocked.push(sender);
            return Pushed::Blocked(receiver);
        }
        state.lines.extend(line.take());
        state.pushed = state.pushed.saturating_add(1);
        if !state.writing {
            state.writing = true;
            return Pushed::Started;
        }
        if state.lines.len() >= BATCH
            && let Some(sender) = state.full_batch.take()
        {
            // A writer that lingers no longer has a batch already.
            sender.send(()).unwrap_or_default();
        }
        Pushed::Done
    }

    /// Waits until every line that was pushed before is written.
    pub(super) async fn flush(&self) {
        let receiver = {
            let mut state = self.lock();
            // A writer that has written all may not have ended yet, and has nothing left to tell anybody about.
            if !state.writing || state.written == state.pushed {
                return;
            }
            if let Some(sender) = state.full_batch.take() {
                sender.send(()).unwrap_or_default();
            }
            let (sender, receiver) = oneshot::channel();
            let target = state.pushed;
            state.flushing.push((target, sender));
            receiver
        };
        // Dropped: written, or by a writer that the runtime ended, and nothing more will be.
        receiver.await.unwrap_or_default();
    }

    async fn write_all(&self) {
        // A writer that its runtime drops must not leave the queue waiting for it.
        let guard = Stopped(self);
        loop {
            self.linger().await;
            let batch = self.take();
            if batch.is_empty() {
                return std::mem::forget(guard);
            }
            let entries: Vec<_> = batch.into_iter().map(Line::entry).collect();
            self.write(&entries).await;
            self.written();
        }
    }

    /// Tries until the lines are there. Where a failed write may have happened, it looks before it writes again.
    async fn write(&self, entries: &[AuditEntry]) {
        let mut pause = FIRST_PAUSE;
        let mut unsure = false;
        loop {
            let outcome = match entries.last().filter(|_| unsure) {
                Some(last) => self.has(last).await,
                None => self.log.append(entries).await.map(|_| true),
            };
            match outcome {
                Ok(true) => return,
                Ok(false) => unsure = false,
                Err(error) => {
                    self.report(&error, entries.len());
                    unsure |= error.retry() == Retry::Reconcile;
                    self.clock.sleep(pause).await;
                    pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    async fn has(&self, entry: &AuditEntry) -> Result<bool> {
        let lines = self.log.lines_of(&entry.request()).await?;
        Ok(lines.iter().any(|line| line.entry().is_ok_and(|known| known == *entry)))
    }

    fn report(&self, error: &Error, lines: usize) {
        tracing::error!(lines, %error, "the audit log cannot be written; trying again");
    }

    async fn linger(&self) {
        let full = {
            let mut state = self.lock();
            if state.lines.len() >= BATCH || !state.flushing.is_empty() || state.lines.is_empty() {
                return;
            }
            let (sender, receiver) = oneshot::channel();
            state.full_batch = Some(sender);
            receiver
        };
        match select(self.clock.sleep(LINGER), full).await {
            Either::Left(_) | Either::Right(_) => self.lock().full_batch = None,
        }
    }

    /// The next batch; an empty one ends the writer.
    fn take(&self) -> Vec<L> {
        let mut state = self.lock();
        let count = state.lines.len().min(BATCH);
        let batch: Vec<_> = state.lines.drain(..count).collect();
        state.taken = batch.len();
        if batch.is_empty() {
            state.writing = false;
        }
        batch
    }

    fn written(&self) {
        let mut state = self.lock();
        state.written = state.written.saturating_add(state.taken as u64);
        state.taken = 0;
        // Dropping a sender wakes whoever waits.
        let written = state.written;
        state.flushing.retain(|(target, _)| *target > written);
        state.blocked.clear();
    }
}

/// Lets the next line start another writer, if this one was dropped.
struct Stopped<'a, L>(&'a LogQueue<L>);

impl<L> Drop for Stopped<'_, L> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.writing = false;
        state.full_batch = None;
        // What it had taken is gone with it, and nobody may wait for that.
        state.taken = 0;
        state.written = state.pushed.saturating_sub(state.lines.len() as u64);
        state.flushing.clear();
        state.blocked.clear();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use async_trait::async_trait;
    use futures_util::FutureExt as _;

    use super::*;
    use crate::{
        ai::{
            OperationKind, Tier,
            audit::{CallEntry, CallOutcome, ChainHead, LoggedEntry},
        },
        error::ErrorKind,
        ids::{CallId, RequestId},
        memory::{ai_log::MemoryAiLog, clock::ManualClock},
        onchain::Address,
        port::{
            ai_log::{AuditLog, Budget, PendingCall, Spent},
            llm::Usage,
        },
        task::tests::TestSpawner,
        time::{Day, Timestamp},
        usd::Usd,
    };

    struct Numbered(u32);

    impl Line for Numbered {
        fn entry(self) -> AuditEntry {
            AuditEntry::Call(Box::new(CallEntry {
                call: CallId::from_bytes([0; 16]),
                request: RequestId::from_bytes([0; 16]),
                at: Timestamp::EPOCH,
                user: None,
                operation: OperationKind::Titles,
                tier: Tier::Fast,
                provider: "p".to_owned(),
                model: "m".to_owned(),
                choice: 0,
                number: self.0,
                outcome: CallOutcome::Unknown,
                response_micros: 0,
                usage: Usage::default(),
                cost: Usd::ZERO,
            }))
        }
    }

    /// Fails the first appends: the first before anything is written, the second after all is.
    #[derive(Debug)]
    struct Failing {
        inner: MemoryAiLog,
        appends: AtomicU32,
    }

    #[async_trait]
    impl AuditLog for Failing {
        async fn append(&self, entries: &[AuditEntry]) -> Result<ChainHead> {
            let failure = Error::new(ErrorKind::Unavailable, "the disk is away");
            match self.appends.fetch_add(1, Ordering::SeqCst) {
                0 => Err(failure),
                1 => {
                    self.inner.append(entries).await?;
                    Err(failure.with_retry(Retry::Reconcile))
                }
                _ => self.inner.append(entries).await,
            }
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

        async fn drop_through(&self, through: &ChainHead) -> Result<()> {
            self.inner.drop_through(through).await
        }
    }

    #[async_trait]
    impl CallLedger for Failing {
        async fn open_call(&self, call: &PendingCall, budget: &Budget) -> Result<()> {
            self.inner.open_call(call, budget).await
        }

        async fn close_call(&self, call: &CallId, used: Spent, entries: &[AuditEntry]) -> Result<ChainHead> {
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
    async fn a_log_that_fails_gets_every_line_once_also_if_nobody_knows_whether_it_was_written() {
        let clock = Arc::new(ManualClock::default().auto_advance());
        let log = Arc::new(Failing { inner: MemoryAiLog::new(), appends: AtomicU32::new(0) });
        let queue = LogQueue::new(log.clone(), clock, Arc::new(TestSpawner), 10_000);
        for number in 0..3 {
            queue.push(Numbered(number)).await;
        }
        queue.flush().await;
        assert_eq!((log.head().await.unwrap().sequence, log.appends.load(Ordering::SeqCst)), (3, 2));
        queue.push(Numbered(3)).await;
        queue.flush().await;
        assert_eq!(log.head().await.unwrap().sequence, 4);
    }

    fn queue(capacity: usize) -> (Arc<LogQueue<Numbered>>, MemoryAiLog, ManualClock) {
        let clock = ManualClock::default();
        let log = MemoryAiLog::new();
        let spawner = Arc::new(TestSpawner);
        (LogQueue::new(Arc::new(log.clone()), Arc::new(clock.clone()), spawner, capacity), log, clock)
    }

    #[tokio::test]
    async fn lines_wait_for_company_and_no_longer_than_a_moment() {
        let (queue, log, clock) = queue(10_000);
        for number in 0..3 {
            queue.push(Numbered(number)).await;
        }
        clock.until_sleeping(1).await;
        assert_eq!(log.head().await.unwrap().sequence, 0);
        clock.advance(LINGER);
        queue.flush().await;
        assert_eq!(log.head().await.unwrap().sequence, 3);
    }

    #[tokio::test]
    async fn a_full_batch_is_written_at_once_and_a_full_queue_makes_callers_wait() {
        let (queue, log, _clock) = queue(BATCH);
        for number in 0..5_000 {
            queue.push(Numbered(number)).await;
        }
        queue.flush().await;
        assert_eq!(log.head().await.unwrap().sequence, 5_000);
    }

    #[tokio::test]
    async fn a_flush_waits_for_what_was_pushed_before_and_for_nothing_when_idle() {
        let (queue, log, _clock) = queue(10_000);
        queue.flush().await;
        queue.push(Numbered(1)).await;
        queue.flush().await;
        assert_eq!(log.head().await.unwrap().sequence, 1);
        queue.push(Numbered(2)).await;
        queue.flush().await;
        assert_eq!(log.head().await.unwrap().sequence, 2);
    }

    #[tokio::test]
    async fn a_flush_does_not_wait_for_a_writer_that_has_written_all() {
        let (queue, _, _clock) = queue(10_000);
        queue.push(Numbered(1)).await;
        queue.flush().await;
        // As between the last batch and the writer's end.
        queue.lock().writing = true;
        assert!(queue.flush().now_or_never().is_some());
    }

    #[tokio::test]
    async fn what_a_dropped_writer_had_taken_is_not_waited_for() {
        let (queue, log, _clock) = queue(10_000);
        {
            let mut state = queue.lock();
            (state.pushed, state.taken, state.writing) = (5, 5, true);
        }
        drop(Stopped(&queue));
        queue.push(Numbered(1)).await;
        queue.flush().await;
        assert_eq!(log.head().await.unwrap().sequence, 1);
        queue.lock().writing = true;
        assert!(queue.flush().now_or_never().is_some());
    }
}
