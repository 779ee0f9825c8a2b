//! Processes that ask models: one that is killed again and again, and several that share answers through Redis.
//!
//! The processes are real: this binary, started again with a [`Job`](job::Job) or an [`Asker`](asker::Asker). They open an
//! engine from a configuration as any application does, over SQLite and an endpoint on loopback that counts what reaches it.

#![cfg(test)]
#![cfg(unix)]
#![expect(clippy::disallowed_methods, reason = "real processes take real time")]

#[cfg(feature = "redis")]
mod asker;
mod job;
mod killed;
mod log;
mod process;
mod reopened;
mod request;
#[cfg(feature = "redis")]
mod shared;
mod upstream;

#[test]
#[ignore = "it is the process that the other tests start, and kill"]
fn a_process_of_the_other_tests() {
    job::Job::from_environment().run();
}

#[cfg(feature = "redis")]
#[test]
#[ignore = "it is the process that the tests of a shared cache start"]
fn an_asker_of_the_other_tests() {
    asker::Asker::from_environment().run();
}
