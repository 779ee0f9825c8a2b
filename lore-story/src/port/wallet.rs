//! [`WalletVerifier`]: keys by recovery, wallet contracts by asking them.
//!
//! The order is EIP-6492's: a signature that names its wallet's factory first, then a key, then the account's contract. A
//! wallet that is not deployed yet is deployed inside the question: the aggregator calls the factory and then the wallet in
//! one `eth_call`, whose changes nobody keeps. That needs no code of our own on the chain. A wallet that is there already is
//! asked as it is, and the factory is not called: what the signature says about it then does not matter.

use alloy::{
    primitives::{Bytes, FixedBytes},
    sol,
    sol_types::{SolCall, SolValue},
};
use async_trait::async_trait;
use lore_core::{
    Address, Error, ErrorKind, Result,
    domain::signature::{personal_message_hash, recover_account},
    port::chain::{SignatureKind, WalletVerifier},
};

use crate::{client::StoryClient, convert, rpc::CallOptions};

sol! {
    /// EIP-1271.
    interface SmartWallet {
        function isValidSignature(bytes32 hash, bytes memory signature) external view returns (bytes4);
    }

    /// What EIP-6492 puts before its suffix.
    struct UndeployedSignature {
        address factory;
        bytes factoryCalldata;
        bytes signature;
    }
}

/// The answer of a wallet that signed: the selector of `isValidSignature`.
const VALID: [u8; 4] = [0x16, 0x26, 0xba, 0x7e];
/// The end of a signature that names a factory (EIP-6492).
const SUFFIX: [u8; 32] = [
    0x64, 0x92, 0x64, 0x92, 0x64, 0x92, 0x64, 0x92, 0x64, 0x92, 0x64, 0x92, 0x64, 0x92, 0x64, 0x92, 0x64,
    0x92, 0x64, 0x92, 0x64, 0x92, 0x64, 0x92, 0x64, 0x92, 0x64, 0x92, 0x64, 0x92, 0x64, 0x92,
];
/// Longest signature that a node is asked about. Wallets with many owners need some thousand bytes.
const MAX_SIGNATURE_BYTES: usize = 16_384;

fn question(hash: [u8; 32], signature: Bytes) -> Bytes {
    SmartWallet::isValidSignatureCall { hash: FixedBytes(hash), signature }.abi_encode().into()
}

/// A word that is the answer and nothing else. What echoes the question begins like it: the identity precompile, an account
/// without code, which a signature may name as a wallet that is not there yet.
fn is_valid(answer: &[u8]) -> bool {
    let word = answer.first_chunk::<32>().and_then(|word| word.split_first_chunk::<4>());
    word.is_some_and(|(selector, rest)| *selector == VALID && rest.iter().all(|byte| *byte == 0))
}

fn undeployed(signature: &[u8]) -> Option<UndeployedSignature> {
    let wrapped = signature.strip_suffix(&SUFFIX)?;
    UndeployedSignature::abi_decode_params(wrapped).ok()
}

impl StoryClient {
    async fn signed_by_contract(&self, account: Address, hash: [u8; 32], signature: Bytes) -> Result<bool> {
        match self.rpc().call_raw(account, &question(hash, signature), CallOptions::default()).await {
            Ok(answer) => Ok(is_valid(&answer)),
            Err(error) if error.kind() == ErrorKind::Reverted => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn signed_by_undeployed(
        &self,
        account: Address,
        hash: [u8; 32],
        wrapped: UndeployedSignature,
    ) -> Result<bool> {
        let deploy = (convert::from_evm_address(wrapped.factory), wrapped.factoryCalldata);
        let calls = [deploy, (account, question(hash, wrapped.signature))];
        let answer = self.rpc().multicall(&calls).await?.into_iter().nth(1);
        let answer = answer.ok_or_else(|| {
            Error::new(ErrorKind::Unexpected, "the aggregator answered less than it was asked")
        })?;
        Ok(answer.is_ok_and(|answer| is_valid(&answer)))
    }

    async fn verified(
        &self,
        account: Address,
        hash: [u8; 32],
        signature: &[u8],
    ) -> Result<Option<SignatureKind>> {
        if account.is_zero() || signature.len() > MAX_SIGNATURE_BYTES {
            return Ok(None);
        }
        if signature.ends_with(&SUFFIX) {
            let Some(wrapped) = undeployed(signature) else { return Ok(None) };
            if self.rpc().code(account).await?.is_empty() {
                let signed = self.signed_by_undeployed(account, hash, wrapped).await?;
                return Ok(signed.then_some(SignatureKind::UndeployedContract));
            }
            let signed = self.signed_by_contract(account, hash, wrapped.signature).await?;
            return Ok(signed.then_some(SignatureKind::Contract));
        }
        if recover_account(&hash, signature) == Some(account) {
            return Ok(Some(SignatureKind::Key));
        }
        if self.rpc().code(account).await?.is_empty() {
            return Ok(None);
        }
        let signed = self.signed_by_contract(account, hash, Bytes::copy_from_slice(signature)).await?;
        Ok(signed.then_some(SignatureKind::Contract))
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl WalletVerifier for StoryClient {
    async fn verify_signature(
        &self,
        account: &Address,
        message: &[u8],
        signature: &[u8],
    ) -> Result<Option<SignatureKind>> {
        let verified = self.verified(*account, personal_message_hash(message), signature).await;
        verified.map_err(|error| error.with_op("verify_signature"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrapped_signature_is_unwrapped() {
        let inner = UndeployedSignature {
            factory: convert::evm_address(Address::from_bytes([7; 20])),
            factoryCalldata: vec![1, 2, 3].into(),
            signature: vec![9; 65].into(),
        };
        let mut wrapped = inner.abi_encode_params();
        assert!(undeployed(&wrapped).is_none());
        wrapped.extend(SUFFIX);
        let found = undeployed(&wrapped).unwrap();
        assert_eq!(found.factory, inner.factory);
        assert_eq!((found.factoryCalldata, found.signature), (inner.factoryCalldata, inner.signature));
    }

    #[test]
    fn a_suffix_after_nonsense_is_no_signature() {
        for nonsense in [&[][..], &[1; 64], &[0xff; 96], &[0; 95]] {
            assert!(undeployed(&[nonsense, &SUFFIX].concat()).is_none());
        }
    }

    #[test]
    fn only_the_whole_answer_counts() {
        let mut word = [0; 32];
        word[..4].copy_from_slice(&VALID);
        assert!(is_valid(&word));
        assert!(!is_valid(&question([7; 32], Bytes::new())), "the question is no answer");
        assert!(!is_valid(&word[..4]));
        assert!(!is_valid(&[0; 32]));
        assert!(!is_valid(&[]));
    }
}
