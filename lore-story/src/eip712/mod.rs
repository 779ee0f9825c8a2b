//! What an IP account does by a signature: the typed data (EIP-712) of `IPAccount.executeWithSig`.
//!
//! Whoever may act for an IP account can sign one call of it, and anybody may then send it; the workflows use that to act
//! for the owner within one transaction. A [`SignedCall`] is what the account shall do, a [`SigningRequest`] what is
//! signed for it, and [`Workflow`] knows what each workflow asks for. Nothing here asks a chain.
//!
//! Source: `IPAccountImpl` and the workflows v1.3.2; the recorded signatures are run by the `vectors` test.

mod request;
mod summary;
mod workflow;

pub use self::{
    request::{SignedCall, SigningRequest},
    workflow::Workflow,
};
