//! The lane on a real node: exactly once, whatever happens.
#![cfg(test)]
#![expect(clippy::disallowed_methods, reason = "a real node takes real time")]

mod crowd;
mod double;
mod fallback;
mod faults;
mod gas;
mod heal;
mod input;
mod life;
mod scene;
mod two;
