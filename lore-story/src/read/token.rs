//! Native coins, and ERC-20 tokens, of which WIP is one.

use lore_core::{Address, Result, Wei};

use crate::{client::StoryClient, contracts::token::Erc20, convert};

impl StoryClient {
    /// Native coins of an account.
    ///
    /// # Errors
    /// [`Unavailable`](lore_core::ErrorKind::Unavailable). So for every read here.
    pub async fn balance(&self, account: &Address) -> Result<Wei> {
        self.rpc().balance(*account).await
    }

    /// ERC-20 tokens of an account.
    ///
    /// # Errors
    /// As [`balance`](Self::balance).
    pub async fn token_balance(&self, token: &Address, account: &Address) -> Result<Wei> {
        let ask = Erc20::balanceOfCall { account: convert::evm_address(*account) };
        self.view().call(*token, &ask).await.map(convert::wei)
    }

    /// How many of an account's tokens somebody may take.
    ///
    /// # Errors
    /// As [`balance`](Self::balance).
    pub async fn token_allowance(&self, token: &Address, owner: &Address, spender: &Address) -> Result<Wei> {
        let ask = Erc20::allowanceCall {
            owner: convert::evm_address(*owner),
            spender: convert::evm_address(*spender),
        };
        self.view().call(*token, &ask).await.map(convert::wei)
    }
}
