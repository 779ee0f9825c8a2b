//! [`Process`]: this binary again, with a job.

use std::{
    env,
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use tokio::time::sleep;

use crate::job::{Job, READY};

/// A process that is not done by then hangs.
const LIMIT: Duration = Duration::from_secs(60);

/// A running process; killed when it is dropped.
#[derive(Debug)]
pub(crate) struct Process(Child);

impl Process {
    pub(crate) fn start(job: &Job) -> Self {
        let (variable, value) = job.to_environment();
        let child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "--ignored", "--nocapture", "a_process_of_the_other_tests"])
            .env(variable, value)
            .stdin(Stdio::piped())
            .stdout(if job.waits { Stdio::piped() } else { Stdio::null() })
            .spawn()
            .unwrap();
        Self(child)
    }

    /// Returns when it has said that it is ready. What it prints later is not read: it is less than a pipe holds.
    pub(crate) fn ready(&mut self) {
        let output = BufReader::new(self.0.stdout.as_mut().unwrap());
        let mut lines = output.lines().map_while(Result::ok);
        assert!(lines.any(|line| line.ends_with(READY)), "the process is ready");
    }

    /// Lets it begin.
    pub(crate) fn go(&mut self) {
        self.0.stdin.as_mut().unwrap().write_all(b"\n").unwrap();
    }

    pub(crate) async fn end(&mut self) -> ExitStatus {
        self.end_within(LIMIT).await.expect("the process ends")
    }

    /// `None` if it has not ended by then.
    pub(crate) async fn end_within(&mut self, limit: Duration) -> Option<ExitStatus> {
        let start = Instant::now();
        loop {
            if let Some(status) = self.0.try_wait().unwrap() {
                return Some(status);
            }
            if start.elapsed() >= limit {
                return None;
            }
            sleep(Duration::from_millis(1)).await;
        }
    }

    /// SIGKILL. False if it ended before.
    pub(crate) fn kill(&mut self) -> bool {
        self.0.kill().unwrap();
        !self.0.wait().unwrap().success()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Fails only if it has ended, and then there is nothing to do.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}
