//! [`Questions`]: several questions to contracts in one request, answered in their order.

use alloy::{primitives::Bytes, sol_types::SolCall};
use lore_core::{Address, Error, ErrorKind, Result};

use crate::view::View;

/// Questions to be asked together.
#[derive(Debug, Default)]
pub(crate) struct Questions {
    calls: Vec<(Address, Bytes)>,
}

impl Questions {
    pub(crate) fn add<C: SolCall>(&mut self, contract: Address, call: &C) {
        self.calls.push((contract, call.abi_encode().into()));
    }

    pub(crate) fn ask<C: SolCall>(mut self, contract: Address, call: &C) -> Self {
        self.add(contract, call);
        self
    }

    pub(crate) fn ask_all<C: SolCall>(self, contract: Address, calls: impl IntoIterator<Item = C>) -> Self {
        calls.into_iter().fold(self, |questions, call| questions.ask(contract, &call))
    }

    /// Asks them at the newest block. Nothing is asked if there are none.
    ///
    /// # Errors
    /// [`Unavailable`](ErrorKind::Unavailable).
    pub(crate) async fn send(self, view: &View<'_>) -> Result<Answers> {
        if self.calls.is_empty() {
            return Ok(Answers { answers: Vec::new().into_iter() });
        }
        let answers = view.rpc().multicall(&self.calls).await?;
        let answers: Vec<_> = answers.into_iter().map(std::result::Result::ok).collect();
        Ok(Answers { answers: answers.into_iter() })
    }
}

/// What came back, to be taken in the order of the questions.
#[derive(Debug)]
pub(crate) struct Answers {
    answers: std::vec::IntoIter<Option<Bytes>>,
}

impl Answers {
    /// The next answer; `None` if the contract refused, or is none of this kind.
    pub(crate) fn next<C: SolCall>(&mut self) -> Option<C::Return> {
        let bytes = self.answers.next().flatten()?;
        C::abi_decode_returns(&bytes).ok()
    }

    /// The next answer, of a contract of the protocol.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) if it is none: the address is wrong, or the chain does not carry the protocol.
    pub(crate) fn must<C: SolCall>(&mut self) -> Result<C::Return> {
        self.next::<C>().ok_or_else(|| {
            Error::new(ErrorKind::Config, "a contract of the protocol does not answer as it must")
                .with_context("function", C::SIGNATURE)
        })
    }
}
