//! [`Process`]: this binary again, with a job.

use std::{
    env,
    process::{Child, Command, ExitStatus, Stdio},
};

use crate::job::Job;

/// A running process; killed when it is dropped.
#[derive(Debug)]
pub(crate) struct Process(Child);

impl Process {
    pub(crate) fn start(job: &Job) -> Self {
        let (variable, value) = job.to_environment();
        Self::start_as("a_process_of_the_other_tests", variable, &value)
    }

    /// A process that does what one of the ignored tests does, and is told about it by an environment variable.
    pub(crate) fn start_as(test: &str, variable: &str, value: &str) -> Self {
        let child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "--ignored", "--nocapture", test])
            .env(variable, value)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        Self(child)
    }

    /// `None` while it runs.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.0.try_wait().unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // SIGKILL. Fails only if it has ended, and then there is nothing to do.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}
