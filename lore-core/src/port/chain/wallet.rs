//! [`WalletVerifier`]: whether a wallet signed a message.

use std::fmt::Debug;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{
    error::Result,
    maybe_send::{MaybeSend, MaybeSync},
    onchain::Address,
};

/// How a signature was verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SignatureKind {
    /// By the account's own key (EIP-191).
    Key,
    /// By asking the account's contract (EIP-1271). The answer may change later, for example with the wallet's owners.
    Contract,
    /// By asking the contract that the account will be once it is deployed (EIP-6492).
    UndeployedContract,
}

/// Verifies signatures of wallets, with the chain's help where the wallet is a contract.
#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
pub trait WalletVerifier: Debug + MaybeSend + MaybeSync + 'static {
    /// Whether `account` signed `message` as a personal message (EIP-191), and how that is known; `None` if it did not.
    ///
    /// - MUST accept a signature of the account's key: 65 bytes, `v` of 0, 1, 27 or 28, low `s`
    ///   (`a_signature_of_the_key_is_accepted`).
    /// - MUST NOT accept another account's, another message's or a malleated signature
    ///   (`a_signature_that_does_not_fit_is_refused`).
    ///
    /// # Errors
    /// [`Unavailable`](crate::ErrorKind::Unavailable) if the chain had to be asked and did not answer.
    async fn verify_signature(
        &self,
        account: &Address,
        message: &[u8],
        signature: &[u8],
    ) -> Result<Option<SignatureKind>>;
}
const _: Option<&dyn WalletVerifier> = None;
