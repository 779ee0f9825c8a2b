//! IP accounts: whose they are, and what they sign next.

use lore_core::{Address, ChainId, Error, ErrorKind, IpId, Result, TokenId};

use crate::{
    client::StoryClient,
    contracts::account::IpAccount,
    convert,
    eip712::{SignedCall, SigningRequest},
    ops::{AccountCall, ExecuteWithSignature},
};

/// The NFT behind an IP account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccountToken {
    /// The chain it is on, which may be another one.
    pub chain_id: ChainId,
    /// Its contract.
    pub contract: Address,
    /// Its number.
    pub token_id: TokenId,
}

impl StoryClient {
    /// Who owns an IP account: the owner of the NFT behind it. Zero if the NFT is on another chain.
    ///
    /// # Errors
    /// [`Unavailable`](ErrorKind::Unavailable); [`Unexpected`](ErrorKind::Unexpected) if there is no IP account at this
    /// address. So for every read here.
    pub async fn account_owner(&self, ip: &IpId) -> Result<Address> {
        let owner = self.view().call(ip.address(), &IpAccount::ownerCall {}).await?;
        Ok(convert::from_evm_address(owner))
    }

    /// The state of an IP account. It changes with everything that the account does, and with everything that is done for
    /// it by permission; a signature holds for one state.
    ///
    /// # Errors
    /// As [`account_owner`](Self::account_owner).
    pub async fn account_state(&self, ip: &IpId) -> Result<[u8; 32]> {
        Ok(self.view().call(ip.address(), &IpAccount::stateCall {}).await?.0)
    }

    /// The NFT behind an IP account.
    ///
    /// # Errors
    /// As [`account_owner`](Self::account_owner).
    pub async fn account_token(&self, ip: &IpId) -> Result<AccountToken> {
        let token = self.view().call(ip.address(), &IpAccount::tokenCall {}).await?;
        let chain_id = u64::try_from(token._0).map_err(|err| {
            Error::new(ErrorKind::Unexpected, "the chain of the NFT has a number over 64 bits")
                .with_source(err)
        })?;
        Ok(AccountToken {
            chain_id: ChainId::new(chain_id),
            contract: convert::from_evm_address(token._1),
            token_id: convert::token_id(token._2),
        })
    }

    /// What the owner of an IP has to sign so that anybody may have the IP's account make this call until `deadline`, in
    /// seconds since 1970 by the chain's clock.
    ///
    /// The signature holds for the account's next step only.
    ///
    /// # Errors
    /// As [`account_owner`](Self::account_owner).
    pub async fn execution_request(
        &self,
        ip: &IpId,
        call: &AccountCall,
        deadline: u64,
    ) -> Result<SigningRequest> {
        let state = self.account_state(ip).await?;
        let call = SignedCall::new(*ip, call.to, call.data.clone()).with_value(call.value);
        Ok(SigningRequest::execute(self.chain_id(), &call, state, deadline))
    }

    /// Signs as the client's own signer what [`execution_request`](Self::execution_request) asks for. Anybody may send the
    /// result.
    ///
    /// # Errors
    /// As [`account_owner`](Self::account_owner); [`Unauthenticated`](ErrorKind::Unauthenticated) if the signer does not
    /// sign.
    pub async fn sign_execution(
        &self,
        ip: &IpId,
        call: AccountCall,
        deadline: u64,
    ) -> Result<ExecuteWithSignature> {
        let request = self.execution_request(ip, &call, deadline).await?;
        let signature = self.view().sign(&request).await?;
        Ok(ExecuteWithSignature::new(*ip, call, self.signer(), deadline, signature))
    }

    /// The chain's own time, in seconds since 1970, which deadlines are compared with.
    ///
    /// # Errors
    /// [`Unavailable`](ErrorKind::Unavailable).
    pub async fn chain_time(&self) -> Result<u64> {
        self.view().chain_time().await
    }
}
