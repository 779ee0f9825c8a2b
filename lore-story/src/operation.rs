//! [`Operation`]: one write of the protocol, from its arguments to its typed result.
//!
//! An operation knows three things: what is there already, which call makes the rest, and what the receipt says. All else is
//! the same for every write and lives elsewhere: fees, allowances, simulation, nonces, exactly once.

use std::fmt::Debug;

use alloy::sol_types::SolCall;
use async_trait::async_trait;
use lore_core::{
    Address, MaybeSend, MaybeSync, Result, TokenId, Violations, Wei,
    port::{chain::Cost, transactions::OperationKey},
};

use crate::{addresses::Addresses, receipt::Receipt, view::View};

/// The call that an operation comes down to, and what contracts take on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Draft {
    /// The contract that is called.
    pub to: Address,
    /// Native coins sent along.
    pub value: Wei,
    /// The call data.
    pub data: Vec<u8>,
    /// What it does, in one sentence for a person who is about to sign.
    pub summary: String,
    /// What contracts will take; several of one token and spender are added up.
    pub costs: Vec<Cost>,
    /// License tokens that a contract will take, each with that contract.
    pub license_tokens: Vec<(TokenId, Address)>,
}

impl Draft {
    /// A call without costs.
    pub fn new<C: SolCall>(to: Address, call: &C, summary: impl Into<String>) -> Self {
        Self::from_data(to, call.abi_encode(), summary)
    }

    /// A call that is encoded already.
    pub fn from_data(to: Address, data: Vec<u8>, summary: impl Into<String>) -> Self {
        Self {
            to,
            value: Wei::ZERO,
            data,
            summary: summary.into(),
            costs: Vec::new(),
            license_tokens: Vec::new(),
        }
    }

    /// Adds what a contract will take; nothing for an amount of zero.
    #[must_use]
    pub fn with_cost(mut self, cost: Cost) -> Self {
        if !cost.amount.is_zero() {
            self.costs.push(cost);
        }
        self
    }

    /// Adds what contracts will take.
    #[must_use]
    pub fn with_costs(self, costs: impl IntoIterator<Item = Cost>) -> Self {
        costs.into_iter().fold(self, Self::with_cost)
    }
}

/// One write of the protocol.
///
/// Implement it for a contract of your own, and the client sends it as it sends the protocol's: simulated first, once per
/// key, followed until it is final.
#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
pub trait Operation: Debug + MaybeSend + MaybeSync {
    /// What it returns.
    type Output: MaybeSend;

    /// Its name in plans and errors, for example `register_derivative`.
    fn name(&self) -> &'static str;

    /// The key under which it happens once, if its own arguments name one intention for ever: a registration by the hash of
    /// its metadata does, a payment does not. None unless said otherwise.
    fn key(&self) -> Option<OperationKey> {
        None
    }

    /// The rules that need no chain.
    fn check(&self, violations: &mut Violations);

    /// The result, if what it asks for is there already. Unless said otherwise it never is: what it does is done anew.
    ///
    /// # Errors
    /// [`Unavailable`](lore_core::ErrorKind::Unavailable) if the node does not answer; what the operation itself refuses.
    async fn existing(&self, _view: &View<'_>) -> Result<Option<Self::Output>> {
        Ok(None)
    }

    /// The call, and what it costs now.
    ///
    /// # Errors
    /// As [`existing`](Self::existing).
    async fn draft(&self, view: &View<'_>) -> Result<Draft>;

    /// The result, read from the logs.
    ///
    /// # Errors
    /// [`Unexpected`](lore_core::ErrorKind::Unexpected) if the logs do not hold it.
    fn output(&self, receipt: &Receipt, addresses: &Addresses) -> Result<Self::Output>;
}
