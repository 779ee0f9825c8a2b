//! One key, one database, one chain, and processes that die: each registration happens once.
//!
//! The processes are real: this binary, started again with a [`Job`](job::Job). They build an engine from a configuration
//! as any application does, over SQLite, and register on a real EVM node. They are killed with SIGKILL, and abort at named
//! points; whoever comes next finishes what they left.

#![cfg(test)]
#![cfg(unix)]
#![expect(clippy::disallowed_methods, reason = "real processes and a real node take real time")]

mod crash;
mod job;
mod killed;
mod points;
mod process;
mod scene;
mod two;

#[test]
#[ignore = "it is the process that the other tests start, and kill"]
fn a_process_of_the_other_tests() {
    job::Job::from_environment().run();
}
