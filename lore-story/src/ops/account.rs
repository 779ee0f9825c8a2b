//! What an IP account does itself: any call, several at once, by its owner or by whoever the owner signed for.

use alloy::{
    primitives::Bytes,
    sol_types::{SolCall, SolEvent as _},
};
use async_trait::async_trait;
use lore_core::{
    Address, IpId, Result, Violations, Wei, domain::asset::Mined, domain::signature::SIGNATURE_BYTES,
};

use crate::{
    addresses::Addresses,
    contracts::{
        account::{Call, IpAccount},
        token::Erc20,
    },
    convert,
    operation::{Draft, Operation},
    receipt::Receipt,
    view::View,
};

/// A call that an IP account makes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccountCall {
    /// The contract or account that is called.
    pub to: Address,
    /// Native coins that go with it, out of the IP account.
    pub value: Wei,
    /// The call data; empty to send coins only.
    pub data: Vec<u8>,
}

impl AccountCall {
    /// A call without coins.
    #[must_use]
    pub const fn new(to: Address, data: Vec<u8>) -> Self {
        Self { to, value: Wei::ZERO, data }
    }

    /// A call of a contract's function.
    pub fn of<C: SolCall>(to: Address, call: &C) -> Self {
        Self::new(to, call.abi_encode())
    }

    fn encode(&self) -> Call {
        Call {
            target: convert::evm_address(self.to),
            value: convert::u256(self.value),
            data: Bytes::copy_from_slice(&self.data),
        }
    }

    pub(crate) fn check(&self, violations: &mut Violations, field: &str) {
        violations.require(
            !self.to.is_zero(),
            format_args!("{field}.to"),
            "required",
            "a contract or an account",
        );
        violations.require(
            !(1..4).contains(&self.data.len()),
            format_args!("{field}.data"),
            "malformed",
            "nothing, or at least the 4 bytes of a selector",
        );
    }
}

/// What an IP account did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Execution {
    /// The transaction.
    pub mined: Mined,
    /// The account's state afterwards; it goes into the next signature.
    pub state: [u8; 32],
}

fn check_account(violations: &mut Violations, ip: IpId) {
    violations.require(!ip.address().is_zero(), "ip", "required", "an IP, not the zero address");
}

/// The state after the last call that this account made.
fn execution(receipt: &Receipt, ip: IpId) -> Result<Execution> {
    let event = receipt.events(ip.address()).last().map(|event: IpAccount::Executed| event.nonce);
    let state = event.ok_or_else(|| receipt.missing(IpAccount::Executed::SIGNATURE, ip.address()))?;
    Ok(Execution { mined: receipt.mined(), state: state.0 })
}

/// Lets an IP account make a call.
///
/// The owner may have everything called, others what the owner permitted. Coins for the call come out of the IP account,
/// where those that are sent along arrive first.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Execute {
    /// The IP whose account it is.
    pub ip: IpId,
    /// The call.
    pub call: AccountCall,
    /// Native coins that the sender sends along.
    pub sent: Wei,
}

impl Execute {
    /// Makes the call, and sends its coins along.
    #[must_use]
    pub const fn new(ip: IpId, call: AccountCall) -> Self {
        Self { ip, sent: call.value, call }
    }

    pub(crate) fn drafted(&self) -> Draft {
        let AccountCall { to, value, data } = &self.call;
        let call = IpAccount::execute_1Call {
            to: convert::evm_address(*to),
            value: convert::u256(*value),
            data: Bytes::copy_from_slice(data),
        };
        let summary = format!("has the account of IP {} call {to}", self.ip);
        let mut draft = Draft::new(self.ip.address(), &call, summary);
        draft.value = self.sent;
        draft
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Operation for Execute {
    type Output = Execution;

    fn name(&self) -> &'static str {
        "execute"
    }

    fn check(&self, violations: &mut Violations) {
        check_account(violations, self.ip);
        self.call.check(violations, "call");
    }

    async fn draft(&self, _: &View<'_>) -> Result<Draft> {
        Ok(self.drafted())
    }

    fn output(&self, receipt: &Receipt, _: &Addresses) -> Result<Execution> {
        execution(receipt, self.ip)
    }
}

/// Lets an IP account make several calls in one transaction, all or none.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExecuteBatch {
    /// The IP whose account it is.
    pub ip: IpId,
    /// The calls, in order.
    pub calls: Vec<AccountCall>,
    /// Native coins that the sender sends along.
    pub sent: Wei,
}

impl ExecuteBatch {
    /// Makes the calls, and sends their coins along.
    #[must_use]
    pub fn new(ip: IpId, calls: Vec<AccountCall>) -> Self {
        Self { ip, sent: calls.iter().map(|call| call.value).sum(), calls }
    }

    pub(crate) fn drafted(&self) -> Draft {
        let calls = self.calls.iter().map(AccountCall::encode).collect();
        // Operation 0 is a call, the only one that an IP account takes.
        let call = IpAccount::executeBatchCall { calls, operation: 0 };
        let summary = format!("has the account of IP {} make {} calls", self.ip, self.calls.len());
        let mut draft = Draft::new(self.ip.address(), &call, summary);
        draft.value = self.sent;
        draft
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Operation for ExecuteBatch {
    type Output = Execution;

    fn name(&self) -> &'static str {
        "execute_batch"
    }

    fn check(&self, violations: &mut Violations) {
        check_account(violations, self.ip);
        violations.require(!self.calls.is_empty(), "calls", "empty", "at least one call");
        for (number, call) in self.calls.iter().enumerate() {
            call.check(violations, &format!("calls[{number}]"));
        }
    }

    async fn draft(&self, _: &View<'_>) -> Result<Draft> {
        Ok(self.drafted())
    }

    fn output(&self, receipt: &Receipt, _: &Addresses) -> Result<Execution> {
        execution(receipt, self.ip)
    }
}

/// Lets an IP account make a call that its owner, or somebody whom the owner permitted, signed for. Anybody may send it.
///
/// The signature holds for the account's next step only: as soon as the account does anything else, it is void.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExecuteWithSignature {
    /// The IP whose account it is.
    pub ip: IpId,
    /// The call.
    pub call: AccountCall,
    /// Who signed.
    pub signer: Address,
    /// Until when it may be sent, in seconds since 1970 by the chain's clock.
    pub deadline: u64,
    /// The signature of the call (EIP-712).
    pub signature: Vec<u8>,
    /// Native coins that the sender sends along.
    pub sent: Wei,
}

impl ExecuteWithSignature {
    /// Makes a signed call, and sends its coins along.
    #[must_use]
    pub const fn new(
        ip: IpId,
        call: AccountCall,
        signer: Address,
        deadline: u64,
        signature: Vec<u8>,
    ) -> Self {
        Self { ip, sent: call.value, call, signer, deadline, signature }
    }

    fn drafted(&self) -> Draft {
        let AccountCall { to, value, data } = &self.call;
        let call = IpAccount::executeWithSigCall {
            to: convert::evm_address(*to),
            value: convert::u256(*value),
            data: Bytes::copy_from_slice(data),
            signer: convert::evm_address(self.signer),
            deadline: alloy::primitives::U256::from(self.deadline),
            signature: Bytes::copy_from_slice(&self.signature),
        };
        let summary = format!("has the account of IP {} call {to}, as {} signed for", self.ip, self.signer);
        let mut draft = Draft::new(self.ip.address(), &call, summary);
        draft.value = self.sent;
        draft
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Operation for ExecuteWithSignature {
    type Output = Execution;

    fn name(&self) -> &'static str {
        "execute_with_signature"
    }

    fn check(&self, violations: &mut Violations) {
        check_account(violations, self.ip);
        self.call.check(violations, "call");
        violations.require(!self.signer.is_zero(), "signer", "required", "the account that signed");
        // A contract's signature has its own form, but none that is shorter than a key's has a meaning for both.
        violations.require(
            !self.signature.is_empty(),
            "signature",
            "required",
            format!("{SIGNATURE_BYTES} bytes of a key, or what the signer's contract takes"),
        );
    }

    async fn draft(&self, _: &View<'_>) -> Result<Draft> {
        Ok(self.drafted())
    }

    fn output(&self, receipt: &Receipt, _: &Addresses) -> Result<Execution> {
        let account = self.ip.address();
        let event: IpAccount::ExecutedWithSig = receipt.event(account)?;
        Ok(Execution { mined: receipt.mined(), state: event.nonce.0 })
    }
}

/// Money of an IP account on its way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccountTransfer {
    /// The ERC-20 token.
    pub token: Address,
    /// Who gets it.
    pub to: Address,
    /// The amount.
    pub amount: Wei,
}

impl AccountTransfer {
    /// Describes a transfer.
    #[must_use]
    pub const fn new(token: Address, to: Address, amount: Wei) -> Self {
        Self { token, to, amount }
    }
}

/// Moves ERC-20 tokens out of an IP account, all or none.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TransferFromAccount {
    /// The IP whose account it is.
    pub ip: IpId,
    /// What is moved, in order.
    pub transfers: Vec<AccountTransfer>,
}

impl TransferFromAccount {
    /// Makes these transfers.
    #[must_use]
    pub const fn new(ip: IpId, transfers: Vec<AccountTransfer>) -> Self {
        Self { ip, transfers }
    }

    fn batch(&self) -> ExecuteBatch {
        let calls = self.transfers.iter().map(|transfer| {
            let call = Erc20::transferCall {
                to: convert::evm_address(transfer.to),
                value: convert::u256(transfer.amount),
            };
            AccountCall::of(transfer.token, &call)
        });
        ExecuteBatch::new(self.ip, calls.collect())
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Operation for TransferFromAccount {
    type Output = Execution;

    fn name(&self) -> &'static str {
        "transfer_from_account"
    }

    fn check(&self, violations: &mut Violations) {
        check_account(violations, self.ip);
        violations.require(!self.transfers.is_empty(), "transfers", "empty", "at least one transfer");
        for (number, transfer) in self.transfers.iter().enumerate() {
            let field = format!("transfers[{number}]");
            let require = |violations: &mut Violations, holds: bool, part: &str, expected: &str| {
                violations.require(holds, format_args!("{field}.{part}"), "required", expected);
            };
            require(violations, !transfer.token.is_zero(), "token", "an ERC-20 token");
            require(violations, !transfer.to.is_zero(), "to", "an account");
            require(violations, !transfer.amount.is_zero(), "amount", "more than nothing");
        }
    }

    async fn draft(&self, _: &View<'_>) -> Result<Draft> {
        let mut draft = self.batch().drafted();
        draft.summary = format!("moves tokens out of the account of IP {}", self.ip);
        Ok(draft)
    }

    fn output(&self, receipt: &Receipt, _: &Addresses) -> Result<Execution> {
        execution(receipt, self.ip)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::recorded::{ALICE, CHILD, account, ip};

    fn fields<O: Operation>(operation: &O) -> Vec<String> {
        let mut found = Violations::new();
        operation.check(&mut found);
        found.as_slice().iter().map(|violation| violation.field.clone()).collect()
    }

    #[test]
    fn coins_go_with_the_call() {
        let mut call = AccountCall::new(account(ALICE), Vec::new());
        call.value = Wei::from_coins(3);
        let mut execute = Execute::new(ip(CHILD), call.clone());
        let draft = execute.drafted();
        assert_eq!((draft.to, draft.value), (ip(CHILD).address(), Wei::from_coins(3)));
        let sent = IpAccount::execute_1Call::abi_decode(&draft.data).unwrap();
        assert_eq!(convert::wei(sent.value), Wei::from_coins(3));
        // Out of the account's own coins.
        execute.sent = Wei::ZERO;
        assert_eq!(execute.drafted().value, Wei::ZERO);
        let signed = ExecuteWithSignature::new(ip(CHILD), call, account(ALICE), 1, vec![1]);
        assert_eq!(signed.drafted().value, Wei::from_coins(3));
    }

    #[test]
    fn call_data_too_short_for_a_selector_is_refused() {
        for length in 0..6 {
            let execute = Execute::new(ip(CHILD), AccountCall::new(account(ALICE), vec![1; length]));
            assert_eq!(fields(&execute).is_empty(), !(1..4).contains(&length), "{length} bytes");
        }
        let batch = ExecuteBatch::new(ip(CHILD), vec![AccountCall::new(Address::ZERO, vec![1])]);
        assert_eq!(fields(&batch), ["calls[0].to", "calls[0].data"]);
        assert_eq!(fields(&ExecuteBatch::new(ip(CHILD), Vec::new())), ["calls"]);
    }

    #[test]
    fn an_empty_transfer_is_refused() {
        let transfer = AccountTransfer::new(Address::ZERO, Address::ZERO, Wei::ZERO);
        let transfers = TransferFromAccount::new(ip(CHILD), vec![transfer]);
        assert_eq!(fields(&transfers), ["transfers[0].token", "transfers[0].to", "transfers[0].amount"]);
        assert_eq!(fields(&TransferFromAccount::new(ip(CHILD), Vec::new())), ["transfers"]);
    }
}
