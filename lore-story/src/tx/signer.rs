//! [`TransactionSigner`]: whoever holds the key.

use std::fmt::{self, Debug};

use alloy::{
    consensus::TxEip1559,
    network::TxSigner,
    primitives::{B256, Signature},
    signers::{Signer, local::PrivateKeySigner},
};
use async_trait::async_trait;
use lore_core::{Address, Error, ErrorKind, MaybeSend, MaybeSync, Result, Secret};

use crate::convert;

/// Signs transactions and digests as one account. The key may be anywhere: in this process, in a vault, in a device.
#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
pub trait TransactionSigner: Debug + MaybeSend + MaybeSync + 'static {
    /// The account.
    fn address(&self) -> Address;

    /// Signs a transaction as it is.
    ///
    /// # Errors
    /// [`Unauthenticated`](ErrorKind::Unauthenticated) if whoever holds the key does not sign;
    /// [`Unavailable`](ErrorKind::Unavailable) if it cannot be reached.
    async fn sign_transaction(&self, transaction: &mut TxEip1559) -> Result<Signature>;

    /// Signs 32 bytes as they are, without a prefix: 65 bytes `r`, `s`, `v`, where `v` is 27 or 28.
    ///
    /// # Errors
    /// As [`sign_transaction`](Self::sign_transaction).
    async fn sign_digest(&self, digest: &[u8; 32]) -> Result<Vec<u8>>;
}
const _: Option<&dyn TransactionSigner> = None;

/// Any signer of alloy: a key in the cloud, a hardware wallet.
///
/// A device that signs only what it can show (Ledger) signs transactions, and refuses digests.
pub struct AlloySigner<S>(S);

impl<S: Signer + TxSigner<Signature>> AlloySigner<S> {
    /// Takes the signer.
    pub const fn new(signer: S) -> Self {
        Self(signer)
    }
}

impl<S: Signer> Debug for AlloySigner<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AlloySigner").field(&Signer::address(&self.0)).finish()
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl<S: Signer + TxSigner<Signature> + MaybeSend + MaybeSync + 'static> TransactionSigner for AlloySigner<S> {
    fn address(&self) -> Address {
        convert::from_evm_address(Signer::address(&self.0))
    }

    async fn sign_transaction(&self, transaction: &mut TxEip1559) -> Result<Signature> {
        self.0.sign_transaction(transaction).await.map_err(refused)
    }

    async fn sign_digest(&self, digest: &[u8; 32]) -> Result<Vec<u8>> {
        let signature = self.0.sign_hash(&B256::new(*digest)).await.map_err(refused)?;
        Ok(signature.as_bytes().to_vec())
    }
}

fn refused(cause: alloy::signers::Error) -> Error {
    let kind = match cause {
        alloy::signers::Error::UnsupportedOperation(_) => ErrorKind::Unsupported,
        alloy::signers::Error::TransactionChainIdMismatch { .. } => ErrorKind::Config,
        _ => ErrorKind::Unauthenticated,
    };
    Error::new(kind, "the signer did not sign").with_source(cause)
}

/// A key in this process. It is never shown, and overwritten when the signer is dropped.
#[derive(Debug)]
pub struct LocalSigner(AlloySigner<PrivateKeySigner>);

impl LocalSigner {
    /// Reads a private key: 32 bytes in hexadecimal, with or without `0x`.
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput) naming `private_key`, and nothing of it, if it is none.
    pub fn from_key(key: &Secret) -> Result<Self> {
        // The cause would say which character is wrong, and so a part of the key.
        let malformed = || {
            Error::invalid(
                "private_key",
                "malformed",
                "a private key: 64 hexadecimal digits that are no trivial number",
            )
        };
        let mut bytes = B256::ZERO;
        alloy::hex::decode_to_slice(key.expose().trim(), bytes.as_mut_slice()).map_err(|_| malformed())?;
        let signer = PrivateKeySigner::from_bytes(&bytes).map_err(|_| malformed());
        bytes.fill(0);
        // Without a reader the compiler could leave the writes out.
        std::hint::black_box(&bytes);
        signer.map(|signer| Self(AlloySigner::new(signer)))
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl TransactionSigner for LocalSigner {
    fn address(&self) -> Address {
        self.0.address()
    }

    async fn sign_transaction(&self, transaction: &mut TxEip1559) -> Result<Signature> {
        self.0.sign_transaction(transaction).await
    }

    async fn sign_digest(&self, digest: &[u8; 32]) -> Result<Vec<u8>> {
        self.0.sign_digest(digest).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first account of every development chain.
    const KEY: &str = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";

    #[test]
    fn a_key_signs_for_its_address() {
        for key in [KEY, KEY.trim_start_matches("0x"), &format!(" {KEY}\n")] {
            let signer = LocalSigner::from_key(&Secret::from(key)).unwrap();
            assert_eq!(signer.address().to_string(), "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
            assert!(!format!("{signer:?}").contains("ac09"));
        }
    }

    #[test]
    fn a_malformed_key_names_the_field_and_nothing_of_the_key() {
        let zero = "0".repeat(64);
        for key in ["", "0x", "hello", &KEY[..65], &format!("{KEY}0"), &KEY.replace("ac", "zz"), &zero] {
            let error = LocalSigner::from_key(&Secret::from(key)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{key}");
            assert_eq!(error.violations()[0].field, "private_key");
            assert!(
                !format!("{error:?}").contains("0974") && !format!("{error:?}").contains("zz"),
                "{error:?}"
            );
        }
    }

    #[tokio::test]
    async fn a_digest_is_signed_as_it_is() {
        let signer = LocalSigner::from_key(&Secret::from(KEY)).unwrap();
        let bytes = signer.sign_digest(&[7; 32]).await.unwrap();
        assert!(matches!(bytes[64], 27 | 28));
        let signature = Signature::from_raw(&bytes).unwrap();
        let recovered = signature.recover_address_from_prehash(&B256::new([7; 32])).unwrap();
        assert_eq!(convert::from_evm_address(recovered), signer.address());
    }
}
