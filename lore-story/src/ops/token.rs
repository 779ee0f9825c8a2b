//! Money of the sender: native coins, wrapped coins (WIP), and other ERC-20 tokens.

use alloy::sol_types::SolEvent;
use async_trait::async_trait;
use lore_core::{Address, Result, Violations, Wei, domain::asset::Mined};

use crate::{
    addresses::Addresses,
    contracts::token::{Erc20, WrappedIp},
    convert,
    operation::{Draft, Operation},
    receipt::Receipt,
    view::View,
};

fn require_amount(violations: &mut Violations, amount: Wei) {
    violations.require(!amount.is_zero(), "amount", "zero", "more than nothing");
}

fn require_address(violations: &mut Violations, address: Address, field: &str) {
    violations.require(!address.is_zero(), field, "required", "an account or contract, not the zero address");
}

/// That the contract logged an event that fits.
fn logged<E: SolEvent>(receipt: &Receipt, contract: Address, fits: impl Fn(&E) -> bool) -> Result<Mined> {
    let found = receipt.events(contract).any(|event: E| fits(&event));
    found.then(|| receipt.mined()).ok_or_else(|| receipt.missing(E::SIGNATURE, contract))
}

/// Wraps native coins of the sender: they become as many WIP, the token of fees and royalties.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Wrap {
    /// How many.
    pub amount: Wei,
}

impl Wrap {
    /// Wraps so many.
    #[must_use]
    pub const fn new(amount: Wei) -> Self {
        Self { amount }
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Operation for Wrap {
    type Output = Mined;

    fn name(&self) -> &'static str {
        "wrap"
    }

    fn check(&self, violations: &mut Violations) {
        require_amount(violations, self.amount);
    }

    async fn draft(&self, view: &View<'_>) -> Result<Draft> {
        let summary = format!("wraps {} coins", self.amount.to_coins());
        let mut draft = Draft::new(view.addresses().wip, &WrappedIp::depositCall {}, summary);
        draft.value = self.amount;
        Ok(draft)
    }

    fn output(&self, receipt: &Receipt, addresses: &Addresses) -> Result<Mined> {
        let amount = convert::u256(self.amount);
        logged(receipt, addresses.wip, |event: &WrappedIp::Deposit| event.amount == amount)
    }
}

/// Unwraps WIP of the sender: they become native coins again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unwrap {
    /// How many.
    pub amount: Wei,
}

impl Unwrap {
    /// Unwraps so many.
    #[must_use]
    pub const fn new(amount: Wei) -> Self {
        Self { amount }
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Operation for Unwrap {
    type Output = Mined;

    fn name(&self) -> &'static str {
        "unwrap"
    }

    fn check(&self, violations: &mut Violations) {
        require_amount(violations, self.amount);
    }

    async fn draft(&self, view: &View<'_>) -> Result<Draft> {
        let call = WrappedIp::withdrawCall { value: convert::u256(self.amount) };
        Ok(Draft::new(view.addresses().wip, &call, format!("unwraps {} WIP", self.amount.to_coins())))
    }

    fn output(&self, receipt: &Receipt, addresses: &Addresses) -> Result<Mined> {
        let amount = convert::u256(self.amount);
        logged(receipt, addresses.wip, |event: &WrappedIp::Withdrawal| event.amount == amount)
    }
}

/// Lets somebody take so much of the sender's tokens, instead of what was allowed before. `None` if it is so already.
///
/// What operations of the protocol need they allow themselves, exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApproveTokens {
    /// The ERC-20 token.
    pub token: Address,
    /// Who may take it.
    pub spender: Address,
    /// How much; zero to take the allowance back.
    pub amount: Wei,
}

impl ApproveTokens {
    /// Allows so much.
    #[must_use]
    pub const fn new(token: Address, spender: Address, amount: Wei) -> Self {
        Self { token, spender, amount }
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Operation for ApproveTokens {
    type Output = Option<Mined>;

    fn name(&self) -> &'static str {
        "approve_tokens"
    }

    fn check(&self, violations: &mut Violations) {
        require_address(violations, self.token, "token");
        require_address(violations, self.spender, "spender");
    }

    async fn existing(&self, view: &View<'_>) -> Result<Option<Option<Mined>>> {
        let ask = Erc20::allowanceCall {
            owner: convert::evm_address(view.sender()),
            spender: convert::evm_address(self.spender),
        };
        let allowed = convert::wei(view.call(self.token, &ask).await?);
        Ok((allowed == self.amount).then_some(None))
    }

    async fn draft(&self, view: &View<'_>) -> Result<Draft> {
        let call = Erc20::approveCall {
            spender: convert::evm_address(self.spender),
            value: convert::u256(self.amount),
        };
        let who = view.addresses().name_of(self.spender).unwrap_or("an account");
        let summary =
            format!("lets {who} ({}) take {} units of token {}", self.spender, self.amount, self.token);
        Ok(Draft::new(self.token, &call, summary))
    }

    fn output(&self, receipt: &Receipt, _: &Addresses) -> Result<Option<Mined>> {
        let (spender, amount) = (convert::evm_address(self.spender), convert::u256(self.amount));
        logged(receipt, self.token, |event: &Erc20::Approval| {
            event.spender == spender && event.value == amount
        })
        .map(Some)
    }
}

/// Sends tokens, of the sender or of somebody who allowed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TransferTokens {
    /// The ERC-20 token.
    pub token: Address,
    /// Whose tokens they are; `None` for the sender's own.
    pub from: Option<Address>,
    /// Who gets them.
    pub to: Address,
    /// How much.
    pub amount: Wei,
}

impl TransferTokens {
    /// Sends the sender's own tokens.
    #[must_use]
    pub const fn new(token: Address, to: Address, amount: Wei) -> Self {
        Self { token, from: None, to, amount }
    }

    /// Sends tokens of somebody who allowed it.
    #[must_use]
    pub const fn from(token: Address, from: Address, to: Address, amount: Wei) -> Self {
        Self { token, from: Some(from), to, amount }
    }

    fn drafted(&self) -> Draft {
        let (to, value) = (convert::evm_address(self.to), convert::u256(self.amount));
        let Self { token, amount, .. } = self;
        match self.from {
            None => Draft::new(
                *token,
                &Erc20::transferCall { to, value },
                format!("sends {amount} units of token {token} to {}", self.to),
            ),
            Some(from) => Draft::new(
                *token,
                &Erc20::transferFromCall { from: convert::evm_address(from), to, value },
                format!("sends {amount} units of token {token} from {from} to {}", self.to),
            ),
        }
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Operation for TransferTokens {
    type Output = Mined;

    fn name(&self) -> &'static str {
        "transfer_tokens"
    }

    fn check(&self, violations: &mut Violations) {
        require_address(violations, self.token, "token");
        require_address(violations, self.to, "to");
        require_amount(violations, self.amount);
        if let Some(from) = self.from {
            require_address(violations, from, "from");
        }
    }

    async fn draft(&self, _: &View<'_>) -> Result<Draft> {
        Ok(self.drafted())
    }

    fn output(&self, receipt: &Receipt, _: &Addresses) -> Result<Mined> {
        let (to, amount) = (convert::evm_address(self.to), convert::u256(self.amount));
        let from = self.from.map(convert::evm_address);
        logged(receipt, self.token, |event: &Erc20::Transfer| {
            event.to == to && event.value == amount && from.is_none_or(|from| event.from == from)
        })
    }
}

/// Sends native coins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TransferCoins {
    /// Who gets them.
    pub to: Address,
    /// How many.
    pub amount: Wei,
}

impl TransferCoins {
    /// Sends so many.
    #[must_use]
    pub const fn new(to: Address, amount: Wei) -> Self {
        Self { to, amount }
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Operation for TransferCoins {
    type Output = Mined;

    fn name(&self) -> &'static str {
        "transfer_coins"
    }

    fn check(&self, violations: &mut Violations) {
        require_address(violations, self.to, "to");
        require_amount(violations, self.amount);
    }

    async fn draft(&self, _: &View<'_>) -> Result<Draft> {
        Ok(Draft {
            to: self.to,
            value: self.amount,
            data: Vec::new(),
            summary: format!("sends {} coins to {}", self.amount.to_coins(), self.to),
            costs: Vec::new(),
            license_tokens: Vec::new(),
        })
    }

    fn output(&self, receipt: &Receipt, _: &Addresses) -> Result<Mined> {
        Ok(receipt.mined())
    }
}

#[cfg(test)]
mod tests {
    use alloy::sol_types::SolCall as _;
    use lore_core::protocol::WIP;

    use super::*;
    use crate::ops::recorded::{ALICE, BOB, account, transaction};

    #[test]
    fn tokens_of_somebody_else_are_taken_by_another_function() {
        let own = TransferTokens::new(WIP, account(BOB), Wei::from(5_u64)).drafted();
        assert!(Erc20::transferCall::abi_decode(&own.data).is_ok());
        let taken = TransferTokens::from(WIP, account(ALICE), account(BOB), Wei::from(5_u64)).drafted();
        let call = Erc20::transferFromCall::abi_decode(&taken.data).unwrap();
        assert_eq!(convert::from_evm_address(call.from), account(ALICE));
    }

    #[test]
    fn a_transfer_is_read_from_its_event() {
        let receipt = transaction(201).receipt();
        let amount: Wei = "3200000000000000000".parse().unwrap();
        let to_alice = TransferTokens::new(WIP, account(ALICE), amount);
        assert_eq!(to_alice.output(&receipt, &Addresses::AENEID).unwrap(), receipt.mined());
        let from_bob = TransferTokens::from(WIP, account(BOB), account(ALICE), amount);
        assert!(from_bob.output(&receipt, &Addresses::AENEID).is_err());
    }

    #[test]
    fn moving_nothing_to_nobody_is_refused() {
        let mut found = Violations::new();
        TransferCoins::new(Address::ZERO, Wei::ZERO).check(&mut found);
        assert_eq!(found.as_slice().len(), 2);
    }
}
