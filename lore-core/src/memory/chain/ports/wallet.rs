//! [`WalletVerifier`] without contracts: nothing on a simulated chain is a wallet but a key.

use async_trait::async_trait;

use crate::{
    domain::signature::recover_personal_signer,
    error::Result,
    memory::chain::SimulatedChain,
    onchain::Address,
    port::chain::{SignatureKind, WalletVerifier},
};

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl WalletVerifier for SimulatedChain {
    async fn verify_signature(
        &self,
        account: &Address,
        message: &[u8],
        signature: &[u8],
    ) -> Result<Option<SignatureKind>> {
        let signer = recover_personal_signer(message, signature);
        Ok((signer == Some(*account)).then_some(SignatureKind::Key))
    }
}
