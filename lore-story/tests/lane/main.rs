//! The lane on a real node: exactly once, whatever happens.
#![cfg(test)]

mod crowd;
mod double;
mod faults;
mod heal;
mod input;
mod life;
mod scene;
mod two;
