//! Disputes: raising, answering, deciding, ending and passing them on.

mod counter;
mod evidence;
mod facts;
mod policy;
mod raise;
mod related;
mod settle;

pub(crate) use self::facts::{dispute_number, limits, record, tag_bytes};
pub use self::{
    counter::CounteredDispute,
    evidence::{evidence_cid, evidence_hash},
    policy::{ArbitrationPolicyChange, SetArbitrationPolicy},
    related::PropagateDispute,
    settle::{
        CancelDispute, CancelledDispute, ResolveDispute, ResolvedDispute, SettleDispute, SettledDispute,
    },
};
