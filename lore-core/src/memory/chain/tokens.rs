//! ERC-20 tokens: balances and allowances.

use crate::{
    error::Revert,
    memory::chain::state::{State, Step, overflow},
    onchain::{Address, Wei},
    protocol::WIP,
};

impl State {
    pub(super) fn fund(&mut self, token: Address, to: Address, amount: Wei) -> Step {
        self.balances.change((token, to), |balance| {
            *balance = balance.checked_add(amount).ok_or_else(overflow)?;
            Ok(())
        })
    }

    /// Takes `amount` from `from` as `spender`, within its allowance. WIP and other tokens report failure each in
    /// their own words.
    pub(super) fn transfer_from(
        &mut self,
        token: Address,
        spender: Address,
        (from, to): (Address, Address),
        amount: Wei,
    ) -> Step {
        let allowed = self.allowances.value(&(token, from, spender));
        // The largest allowance is without limit.
        if allowed != Wei::MAX {
            let Some(left) = allowed.checked_sub(amount) else {
                return Err(if token == WIP {
                    Revert::new("InsufficientAllowance")
                } else {
                    Revert::new("ERC20InsufficientAllowance").arg(spender).arg(allowed).arg(amount)
                });
            };
            self.allowances.insert((token, from, spender), left);
        }
        self.transfer(token, from, to, amount)
    }

    pub(super) fn transfer(&mut self, token: Address, from: Address, to: Address, amount: Wei) -> Step {
        let balance = self.balances.value(&(token, from));
        let Some(left) = balance.checked_sub(amount) else {
            return Err(if token == WIP {
                Revert::new("InsufficientBalance")
            } else {
                Revert::new("ERC20InsufficientBalance").arg(from).arg(balance).arg(amount)
            });
        };
        self.balances.insert((token, from), left);
        self.fund(token, to, amount)
    }
}
