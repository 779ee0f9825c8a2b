//! Whether parents' licenses allow a child, answered before anything is sent.
//!
//! The chain gives one error and takes the fee of the attempt; this finds every reason at once, by field. It judges by
//! what the chain said about each parent, so it is as fresh as those facts, and what they do not tell (an approval, the
//! exact number of distinct ancestors) comes in separately. Groups as parents, license tokens and the caller's right to
//! the child are not judged here.

mod check;
mod choice;
#[cfg(test)]
mod vectors;

pub use self::{
    check::{LinkCheck, LinkParent},
    choice::{check_parent_licenses, choose_terms},
};
