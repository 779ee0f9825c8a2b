//! Transactions, exactly once: [`Lane`], and [`TransactionSigner`] for keys wherever they are.
//!
//! A lane is one account on one chain. Many calls may be under way in it at once; each has a key, and however often a key
//! is executed, over crashes and in several processes, its call takes effect once. The one idea: a transaction is signed
//! and stored before it leaves the process, and until it is known what became of its nonce, the only thing that is ever
//! sent for it is something with the same nonce.
//!
//! Nothing runs in the background. Whoever waits for a transaction drives the lane for everybody: one of the waiting tasks
//! watches the chain, the others are told.

mod broadcast;
mod call;
mod desk;
mod displaced;
mod flight;
mod gap;
mod lane;
mod look;
mod mend;
mod policy;
mod prepare;
mod round;
mod settle;
mod sign;
mod signer;
mod track;

pub use self::{
    call::LaneCall,
    lane::{Lane, LaneStatus, OpenTransaction},
    policy::LanePolicy,
    signer::{AlloySigner, LocalSigner, TransactionSigner},
};
