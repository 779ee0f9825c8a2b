//! [`RegisterNft`]: a token as IP, and nothing else.

use alloy::{primitives::U256, sol_types::SolEvent};
use async_trait::async_trait;
use lore_core::{Address, ChainId, Result, TokenId, Violations, port::transactions::OperationKey};

use crate::{
    addresses::Addresses,
    contracts::registry::IpAssetRegistry,
    convert,
    operation::{Draft, Operation},
    ops::{arguments::require_address, costs, registration::RegisteredIp},
    receipt::Receipt,
    view::View,
};

/// Registers a token as IP, without metadata. Anybody may, for any token: the IP is its owner's.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RegisterNft {
    /// The token's contract.
    pub contract: Address,
    /// The token.
    pub token_id: TokenId,
}

impl RegisterNft {
    /// Registers this token.
    #[must_use]
    pub const fn new(contract: Address, token_id: TokenId) -> Self {
        Self { contract, token_id }
    }

    pub(crate) fn call(&self, chain_id: ChainId) -> IpAssetRegistry::registerCall {
        IpAssetRegistry::registerCall {
            chainid: U256::from(chain_id.get()),
            tokenContract: convert::evm_address(self.contract),
            tokenId: convert::u256_of_token(self.token_id),
        }
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Operation for RegisterNft {
    type Output = RegisteredIp;

    fn name(&self) -> &'static str {
        "register_nft"
    }

    fn key(&self) -> Option<OperationKey> {
        OperationKey::new(format!("{}/{}/{}", self.name(), self.contract, self.token_id)).ok()
    }

    fn check(&self, violations: &mut Violations) {
        require_address(violations, "contract", self.contract);
    }

    async fn existing(&self, view: &View<'_>) -> Result<Option<RegisteredIp>> {
        let ip_id = view.ip_id(self.contract, self.token_id);
        let ask = IpAssetRegistry::isRegisteredCall { id: convert::evm_ip(ip_id) };
        let is_registered = view.call(view.addresses().ip_asset_registry, &ask).await?;
        Ok(is_registered.then(|| RegisteredIp {
            ip_id,
            token_contract: self.contract,
            token_id: self.token_id,
            license_terms: Vec::new(),
            royalty_vault: None,
            mined: None,
        }))
    }

    async fn draft(&self, view: &View<'_>) -> Result<Draft> {
        let summary = format!("registers token {} of {} as IP", self.token_id, self.contract);
        let call = self.call(view.chain_id());
        let draft = Draft::new(view.addresses().ip_asset_registry, &call, summary);
        Ok(draft.with_cost(costs::registration_fee(view).await?))
    }

    fn output(&self, receipt: &Receipt, addresses: &Addresses) -> Result<RegisteredIp> {
        let accounts = super::output::accounts(receipt, addresses)?;
        accounts
            .into_iter()
            .find(|account| account.token_contract == self.contract && account.token_id == self.token_id)
            .map(|account| account.registered(receipt.mined()))
            .ok_or_else(|| {
                receipt.missing(IpAssetRegistry::IPAccountRegistered::SIGNATURE, addresses.ip_asset_registry)
            })
    }
}
