//! What must happen before a call that costs something: wrap what is missing, allow exactly what is taken.

use std::collections::BTreeMap;

use alloy::{primitives::Bytes, sol_types::SolCall};
use lore_core::{
    Address, Error, ErrorKind, Result, TokenId, Wei,
    port::chain::{Purpose, UnsignedTransaction},
};

use crate::{
    contracts::{
        licensing::LicenseToken,
        token::{Erc20, WrappedIp},
    },
    convert,
    operation::Draft,
    view::View,
};

/// What contracts take of one token.
#[derive(Debug, Default)]
struct Need {
    balance: Wei,
    total: Wei,
    /// By spender: what it takes, and what it may take now.
    spenders: BTreeMap<Address, (Wei, Wei)>,
}

/// The transactions that must be mined before the draft's own, in order. None for a call that costs nothing.
///
/// # Errors
/// [`InsufficientFunds`](ErrorKind::InsufficientFunds) naming token, need and balance.
pub(crate) async fn prerequisites(view: &View<'_>, draft: &Draft) -> Result<Vec<UnsignedTransaction>> {
    let mut needs = add_up(draft)?;
    read(view, &mut needs).await?;
    let mut steps = Vec::new();
    for (token, need) in &needs {
        if let Some(missing) = need.total.checked_sub(need.balance).filter(|missing| !missing.is_zero()) {
            steps.push(wrap(view, draft, *token, need, missing).await?);
        }
    }
    for (token, need) in &needs {
        for (spender, (amount, allowed)) in &need.spenders {
            if allowed < amount {
                steps.push(approve(view, *token, *spender, *amount));
            }
        }
    }
    for (token_id, spender) in unapproved(view, &draft.license_tokens).await? {
        steps.push(approve_license(view, token_id, spender));
    }
    Ok(steps)
}

fn add_up(draft: &Draft) -> Result<BTreeMap<Address, Need>> {
    let overflow = || Error::new(ErrorKind::InvalidInput, "the costs together are over 256 bits");
    let mut needs: BTreeMap<Address, Need> = BTreeMap::new();
    for cost in &draft.costs {
        let need = needs.entry(cost.token).or_default();
        need.total = need.total.checked_add(cost.amount).ok_or_else(overflow)?;
        let taken = &mut need.spenders.entry(cost.spender).or_default().0;
        *taken = taken.checked_add(cost.amount).ok_or_else(overflow)?;
    }
    Ok(needs)
}

/// Reads all balances and allowances in one request.
async fn read(view: &View<'_>, needs: &mut BTreeMap<Address, Need>) -> Result<()> {
    if needs.is_empty() {
        return Ok(());
    }
    let owner = convert::evm_address(view.sender());
    let mut calls = Vec::new();
    for (token, need) in &*needs {
        calls.push((*token, Bytes::from(Erc20::balanceOfCall { account: owner }.abi_encode())));
        for spender in need.spenders.keys() {
            let ask = Erc20::allowanceCall { owner, spender: convert::evm_address(*spender) };
            calls.push((*token, Bytes::from(ask.abi_encode())));
        }
    }
    let mut answers = view.rpc().multicall(&calls).await?.into_iter();
    let mut next = |token: Address| -> Result<Wei> {
        let not_a_token = || {
            Error::new(ErrorKind::InvalidInput, "the contract is no ERC-20 token")
                .with_context("token", token)
        };
        let bytes = answers.next().and_then(std::result::Result::ok).ok_or_else(not_a_token)?;
        let amount = Erc20::balanceOfCall::abi_decode_returns(&bytes).map_err(|_| not_a_token())?;
        Ok(convert::wei(amount))
    };
    for (token, need) in needs.iter_mut() {
        need.balance = next(*token)?;
        for (_, allowed) in need.spenders.values_mut() {
            *allowed = next(*token)?;
        }
    }
    Ok(())
}

async fn wrap(
    view: &View<'_>,
    draft: &Draft,
    token: Address,
    need: &Need,
    missing: Wei,
) -> Result<UnsignedTransaction> {
    let lacks = |has: Wei, needed: Wei| {
        Error::new(ErrorKind::InsufficientFunds, "the account cannot pay what the call costs")
            .with_context("account", view.sender())
            .with_context("token", token)
            .with_context("needed", needed)
            .with_context("has", has)
    };
    if token != view.addresses().wip {
        return Err(lacks(need.balance, need.total));
    }
    let native = view.rpc().balance(view.sender()).await?;
    let left = native.checked_sub(draft.value).unwrap_or_default();
    if left < missing {
        let has = need.balance.checked_add(left).unwrap_or(Wei::MAX);
        return Err(lacks(has, need.total).with_context("native_balance", native));
    }
    let mut step = UnsignedTransaction::new(
        Purpose::Wrap,
        view.chain_id(),
        token,
        WrappedIp::depositCall {}.abi_encode(),
        format!("wraps {} coins, which the account lacks as WIP", missing.to_coins()),
    );
    step.value = missing;
    Ok(step)
}

fn approve(view: &View<'_>, token: Address, spender: Address, amount: Wei) -> UnsignedTransaction {
    let call = Erc20::approveCall { spender: convert::evm_address(spender), value: convert::u256(amount) };
    let who = view.addresses().name_of(spender).unwrap_or("the contract");
    UnsignedTransaction::new(
        Purpose::Approve,
        view.chain_id(),
        token,
        call.abi_encode(),
        format!("lets {who} ({spender}) take exactly {amount} units of token {token}"),
    )
}

/// License tokens of the sender that their spender may not take yet.
async fn unapproved(view: &View<'_>, tokens: &[(TokenId, Address)]) -> Result<Vec<(TokenId, Address)>> {
    let mut missing = Vec::new();
    let contract = view.addresses().license_token;
    for (token_id, spender) in tokens {
        let ask = LicenseToken::getApprovedCall { tokenId: convert::u256_of_token(*token_id) };
        let approved = view.call(contract, &ask).await?;
        if convert::from_evm_address(approved) != *spender {
            missing.push((*token_id, *spender));
        }
    }
    Ok(missing)
}

fn approve_license(view: &View<'_>, token_id: TokenId, spender: Address) -> UnsignedTransaction {
    let call = LicenseToken::approveCall {
        to: convert::evm_address(spender),
        tokenId: convert::u256_of_token(token_id),
    };
    let who = view.addresses().name_of(spender).unwrap_or("the contract");
    UnsignedTransaction::new(
        Purpose::ApproveToken,
        view.chain_id(),
        view.addresses().license_token,
        call.abi_encode(),
        format!("lets {who} ({spender}) take license token {token_id}"),
    )
}
