//! Creation: how an asset comes to be, as journalled work that survives a crash at any instruction.
//!
//! The machine is pure: events in, what to do next out. The driver is the only part that waits for anything. Before every
//! effect its intent is journalled, with a token by which the effect can be looked up; after a crash an intent without an
//! outcome is looked up first, and repeated only if it surely did not happen.

pub(crate) mod driver;
mod effects;
mod journal;
mod machine;
mod policy;
mod step;

pub use self::{
    journal::{
        CreationInput, CreationRecord, CreationStatus, Event, NewCreation, ParentInput, RecordedEvent,
    },
    machine::{Creation, IllegalEvent, Next, plan},
    policy::CreationPolicy,
    step::{Output, Step, Token},
};
