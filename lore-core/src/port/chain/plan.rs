//! [`TransactionPlan`]: what a write will send and cost, before anything is sent.

use serde::{Deserialize, Serialize};

use crate::onchain::{Address, ChainId, Wei};

/// What a transaction of a plan is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Purpose {
    /// Wraps native coins, just as many as are missing.
    Wrap,
    /// Lets a contract take exactly what the write costs.
    Approve,
    /// Lets a contract take a license token.
    ApproveToken,
    /// The write itself.
    Call,
}

/// A transaction that nobody signed yet: everything a wallet needs but nonce and fees, which are its own business.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct UnsignedTransaction {
    /// What it is for.
    pub purpose: Purpose,
    /// The chain.
    pub chain_id: ChainId,
    /// The contract or account that is called.
    pub to: Address,
    /// Native coins sent along.
    pub value: Wei,
    /// The call data.
    pub data: Vec<u8>,
    /// Enough gas, with a margin; `None` if the node cannot tell before the transactions in front of it are mined.
    pub gas_limit: Option<u64>,
    /// What it does, in one sentence.
    pub summary: String,
}

impl UnsignedTransaction {
    /// Describes a transaction without value.
    pub fn new(
        purpose: Purpose,
        chain_id: ChainId,
        to: Address,
        data: Vec<u8>,
        summary: impl Into<String>,
    ) -> Self {
        Self { purpose, chain_id, to, value: Wei::ZERO, data, gas_limit: None, summary: summary.into() }
    }
}

/// What money is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CostReason {
    /// Licenses, of all parents together.
    MintingFee,
    /// The protocol's fee for registering an IP.
    RegistrationFee,
    /// The collection's fee for minting a token.
    CollectionMintFee,
    /// The payment itself.
    Royalty,
    /// The bond of a dispute; it comes back to who was right.
    Bond,
}

/// Money that a contract takes in the course of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Cost {
    /// What it is for.
    pub reason: CostReason,
    /// The ERC-20 token.
    pub token: Address,
    /// The amount.
    pub amount: Wei,
    /// The contract that takes it, and needs an allowance.
    pub spender: Address,
}

impl Cost {
    /// Describes a cost.
    #[must_use]
    pub const fn new(reason: CostReason, token: Address, amount: Wei, spender: Address) -> Self {
        Self { reason, token, amount, spender }
    }
}

/// All that a write will send and cost, gas aside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TransactionPlan {
    /// The write's name, for example `register_derivative`.
    pub operation: String,
    /// The chain.
    pub chain_id: ChainId,
    /// Who sends the transactions.
    pub sender: Address,
    /// What is sent, in this order; each after the one before it is mined. The last is the write itself.
    pub transactions: Vec<UnsignedTransaction>,
    /// What contracts will take; amounts of zero are left out.
    pub costs: Vec<Cost>,
}

impl TransactionPlan {
    /// A plan that sends nothing.
    pub fn new(operation: impl Into<String>, chain_id: ChainId, sender: Address) -> Self {
        Self { operation: operation.into(), chain_id, sender, transactions: Vec::new(), costs: Vec::new() }
    }

    /// Native coins that leave the sender, for wrapping and as value; gas is not in it.
    #[must_use]
    pub fn native_value(&self) -> Wei {
        self.transactions.iter().map(|transaction| transaction.value).sum()
    }
}
