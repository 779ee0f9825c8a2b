//! The lane on a real node: exactly once, whatever happens.
#![cfg(test)]
#![expect(clippy::disallowed_methods, reason = "a real node has its own time, which no test clock moves")]

mod crowd;
mod double;
mod faults;
mod heal;
mod input;
mod life;
mod scene;
mod two;
