//! [`Authorization`]: lets a workflow act for an IP account within one transaction.
//!
//! Workflows that work on a token of the sender are no owners of it. They take a signature by which the owner permits
//! them certain functions until the transaction ends (`setTransientPermission`, EIP-712 over the account's state), from
//! the sender and nobody else. The client signs by itself; for a wallet, the request is handed out and the signature
//! comes back in the operation.

use alloy::primitives::{B256, U256};
use async_trait::async_trait;
use lore_core::{Address, Result};

use crate::{
    contracts::{account::IpAccount, licensing::SignatureData, token::Multicall3},
    convert,
    eip712::{SignedCall, SigningRequest},
    operation::Operation,
    ops::answers::Questions,
    view::View,
};

/// How long a signature counts, in seconds of the chain's own time; as long as the protocol's own clients let it.
pub(crate) const SECONDS: u64 = 1000;

/// What a wallet signed for an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Authorization {
    /// When it ends, in seconds since 1970.
    pub deadline: u64,
    /// The signature.
    pub signature: Vec<u8>,
}

impl Authorization {
    /// The wallet's answer to a request.
    #[must_use]
    pub const fn new(deadline: u64, signature: Vec<u8>) -> Self {
        Self { deadline, signature }
    }
}

/// What a wallet has to sign for an operation.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AuthorizationRequest {
    /// The typed data.
    pub request: SigningRequest,
    /// When it ends, in seconds since 1970; belongs in the [`Authorization`].
    pub deadline: u64,
}

impl AuthorizationRequest {
    /// The authorization, once the wallet signed.
    #[must_use]
    pub const fn signed(&self, signature: Vec<u8>) -> Authorization {
        Authorization::new(self.deadline, signature)
    }
}

/// An operation that carries a signature of its sender.
#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
pub trait AuthorizedOperation: Operation + Sized {
    /// What the sender has to sign. It holds while the IP account does nothing else, and for about a quarter of an hour.
    ///
    /// # Errors
    /// [`Unavailable`](lore_core::ErrorKind::Unavailable) if the node does not answer.
    async fn authorization_request(&self, view: &View<'_>) -> Result<AuthorizationRequest>;

    /// The operation with what the sender signed.
    #[must_use]
    fn with_authorization(self, authorization: Authorization) -> Self;
}

/// What the account's owner has to sign now.
pub(crate) async fn request(view: &View<'_>, call: &SignedCall) -> Result<AuthorizationRequest> {
    let mut answers = Questions::default()
        .ask(call.account.address(), &IpAccount::stateCall {})
        .ask(view.addresses().multicall3, &Multicall3::getCurrentBlockTimestampCall {})
        .send(view)
        .await?;
    // An account that is not there yet has done nothing.
    let state = answers.next::<IpAccount::stateCall>().unwrap_or(B256::ZERO);
    let now: u64 = answers.must::<Multicall3::getCurrentBlockTimestampCall>()?.saturating_to();
    let deadline = now.saturating_add(SECONDS);
    let request = SigningRequest::execute(view.chain_id(), call, state, deadline);
    Ok(AuthorizationRequest { request, deadline })
}

/// The signature as the workflows take it: the one given, or the client's own.
pub(crate) async fn signature(
    view: &View<'_>,
    call: &SignedCall,
    given: Option<&Authorization>,
) -> Result<SignatureData> {
    let authorization = match given {
        Some(authorization) => authorization.clone(),
        None => {
            let request = request(view, call).await?;
            request.signed(view.sign(&request.request).await?)
        }
    };
    Ok(to_sol(view.sender(), &authorization))
}

pub(crate) fn to_sol(signer: Address, authorization: &Authorization) -> SignatureData {
    SignatureData {
        signer: convert::evm_address(signer),
        deadline: U256::from(authorization.deadline),
        signature: authorization.signature.clone().into(),
    }
}
