//! [`View`]: what an operation can ask while it is being planned.

use alloy::sol_types::SolCall;
use lore_core::{Address, ChainId, Error, ErrorKind, IpId, Result, TokenId};

use crate::{
    addresses::Addresses,
    eip712::SigningRequest,
    rpc::{CallOptions, Rpc},
    tx::TransactionSigner,
};

/// The chain as one sender sees it.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    rpc: &'a Rpc,
    addresses: &'a Addresses,
    chain_id: ChainId,
    sender: Address,
    /// Signs what the sender allows; `None` if the sender's key is elsewhere.
    signer: Option<&'a dyn TransactionSigner>,
}

impl<'a> View<'a> {
    pub(crate) const fn new(
        rpc: &'a Rpc,
        addresses: &'a Addresses,
        chain_id: ChainId,
        sender: Address,
        signer: Option<&'a dyn TransactionSigner>,
    ) -> Self {
        Self { rpc, addresses, chain_id, sender, signer }
    }

    /// The contracts.
    #[must_use]
    pub const fn addresses(&self) -> &'a Addresses {
        self.addresses
    }

    /// The chain.
    #[must_use]
    pub const fn chain_id(&self) -> ChainId {
        self.chain_id
    }

    /// The IP behind a token of this chain, registered or not.
    #[must_use]
    pub fn ip_id(&self, collection: Address, token: TokenId) -> IpId {
        self.addresses.ip_id(self.chain_id, collection, token)
    }

    /// Who will send the transaction.
    #[must_use]
    pub const fn sender(&self) -> Address {
        self.sender
    }

    pub(crate) const fn rpc(&self) -> &'a Rpc {
        self.rpc
    }

    /// Asks a contract, as the sender.
    ///
    /// # Errors
    /// [`Reverted`](ErrorKind::Reverted) with the contract's reason; [`Unavailable`](ErrorKind::Unavailable).
    pub async fn call<C: SolCall>(&self, to: Address, call: &C) -> Result<C::Return> {
        self.rpc.call(to, call, CallOptions::from(self.sender)).await
    }

    /// Time of the newest block, in seconds since 1970: the clock of deadlines.
    ///
    /// # Errors
    /// [`Unavailable`](ErrorKind::Unavailable).
    pub async fn chain_time(&self) -> Result<u64> {
        Ok(self.rpc.latest_block().await?.timestamp)
    }

    /// The sender's signature of a request.
    ///
    /// # Errors
    /// [`Unauthenticated`](ErrorKind::Unauthenticated) if the sender's key is elsewhere: sign the operation's request with
    /// the wallet and hand the signature over in the operation.
    pub async fn sign(&self, request: &SigningRequest) -> Result<Vec<u8>> {
        let Some(signer) = self.signer else {
            return Err(Error::new(
                ErrorKind::Unauthenticated,
                "the wallet must sign an authorization before this can be planned",
            )
            .with_context("sender", self.sender)
            .with_context(
                "digest",
                format_args!("0x{}", data_encoding::HEXLOWER.encode(&request.digest())),
            ));
        };
        signer.sign_digest(&request.digest()).await
    }
}
