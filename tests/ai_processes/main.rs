//! A process that is killed amid requests to models: no call is missing from the audit log, and budgets add up.
//!
//! The process is real: this binary, started again with a [`Job`](job::Job). It opens an engine from a configuration as any
//! application does, over SQLite and an endpoint on loopback that counts what reaches it. It is killed with SIGKILL at random
//! moments and started again, until all requests are done.

#![cfg(test)]
#![cfg(unix)]
#![expect(clippy::disallowed_methods, reason = "real processes take real time")]

mod job;
mod killed;
mod log;
mod process;
mod reopened;
mod request;
mod upstream;

#[test]
#[ignore = "it is the process that the other tests start, and kill"]
fn a_process_of_the_other_tests() {
    job::Job::from_environment().run();
}
