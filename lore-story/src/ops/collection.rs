//! SPG collections: the NFT contracts in which the protocol's workflows mint.

use alloy::primitives::B256;
use async_trait::async_trait;
use lore_core::{Address, Result, Violations, Wei, domain::asset::Mined};

use crate::{
    addresses::Addresses,
    contracts::{
        licensing::{InitParams, RegistrationWorkflows},
        token::SpgNft,
    },
    convert,
    operation::{Draft, Operation},
    ops::arguments::require_address,
    receipt::Receipt,
    view::View,
};

/// What a collection takes for each token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MintFee {
    /// The ERC-20 token.
    pub token: Address,
    /// The amount.
    pub amount: Wei,
    /// Who gets it.
    pub recipient: Address,
}

impl MintFee {
    /// A fee.
    #[must_use]
    pub const fn new(token: Address, amount: Wei, recipient: Address) -> Self {
        Self { token, amount, recipient }
    }
}

/// A new collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CreatedCollection {
    /// The collection.
    pub collection: Address,
    /// The transaction.
    pub mined: Mined,
}

/// Makes a collection. Each call makes another.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CreateCollection {
    /// Its name.
    pub name: String,
    /// Its short name.
    pub symbol: String,
    /// Who may change it.
    pub owner: Address,
    /// What is before each token's URI.
    pub base_uri: String,
    /// Where the description of the collection is (ERC-7572).
    pub contract_uri: String,
    /// Most tokens; the greatest number if nothing is said.
    pub max_supply: u32,
    /// What it takes for each token.
    pub mint_fee: Option<MintFee>,
    /// Whether tokens can be minted; yes if nothing is said.
    pub mint_open: bool,
    /// Whether anybody can mint, or only the owner and who it names; anybody if nothing is said.
    pub public_minting: bool,
}

impl CreateCollection {
    /// A collection in which anybody can mint for nothing.
    pub fn new(name: impl Into<String>, symbol: impl Into<String>, owner: Address) -> Self {
        Self {
            name: name.into(),
            symbol: symbol.into(),
            owner,
            base_uri: String::new(),
            contract_uri: String::new(),
            max_supply: u32::MAX,
            mint_fee: None,
            mint_open: true,
            public_minting: true,
        }
    }

    pub(crate) fn call(&self) -> RegistrationWorkflows::createCollectionCall {
        let none = MintFee::new(Address::ZERO, Wei::ZERO, Address::ZERO);
        let fee = self.mint_fee.unwrap_or(none);
        RegistrationWorkflows::createCollectionCall {
            spgNftInitParams: InitParams {
                name: self.name.clone(),
                symbol: self.symbol.clone(),
                baseURI: self.base_uri.clone(),
                contractURI: self.contract_uri.clone(),
                maxSupply: self.max_supply,
                mintFee: convert::u256(fee.amount),
                mintFeeToken: convert::evm_address(fee.token),
                mintFeeRecipient: convert::evm_address(fee.recipient),
                owner: convert::evm_address(self.owner),
                mintOpen: self.mint_open,
                isPublicMinting: self.public_minting,
            },
        }
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Operation for CreateCollection {
    type Output = CreatedCollection;

    fn name(&self) -> &'static str {
        "create_collection"
    }

    fn check(&self, violations: &mut Violations) {
        require_address(violations, "owner", self.owner);
        violations.require(self.max_supply > 0, "max_supply", "zero", "at least one token");
        if let Some(fee) = &self.mint_fee {
            require_address(violations, "mint_fee.token", fee.token);
            require_address(violations, "mint_fee.recipient", fee.recipient);
        }
    }

    async fn draft(&self, view: &View<'_>) -> Result<Draft> {
        let summary = format!("makes an NFT collection that {} may change", self.owner);
        Ok(Draft::new(view.addresses().registration_workflows, &self.call(), summary))
    }

    fn output(&self, receipt: &Receipt, addresses: &Addresses) -> Result<CreatedCollection> {
        let created =
            receipt.event::<RegistrationWorkflows::CollectionCreated>(addresses.registration_workflows)?;
        let collection = convert::from_evm_address(created.spgNftContract);
        Ok(CreatedCollection { collection, mined: receipt.mined() })
    }
}

/// What can be changed about a collection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CollectionChange {
    /// The amount it takes for each token.
    MintFee(Wei),
    /// The ERC-20 token in which it takes that.
    MintFeeToken(Address),
    /// Who gets it; this the recipient so far may change too.
    MintFeeRecipient(Address),
    /// Whether tokens can be minted.
    MintOpen(bool),
    /// Whether anybody can mint.
    PublicMinting(bool),
    /// Lets somebody mint who could not.
    Minter(Address),
    /// What is before each token's URI.
    BaseUri(String),
    /// Where the description of the collection is.
    ContractUri(String),
}

/// The role of those who may mint (`SPGNFTLib.MINTER_ROLE`).
const MINTER_ROLE: B256 = B256::with_last_byte(1);

/// Changes a collection, as its owner.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChangeCollection {
    /// The collection.
    pub collection: Address,
    /// The change.
    pub change: CollectionChange,
}

impl ChangeCollection {
    /// Changes this collection.
    #[must_use]
    pub const fn new(collection: Address, change: CollectionChange) -> Self {
        Self { collection, change }
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Operation for ChangeCollection {
    /// The transaction; `None` if it is so already.
    type Output = Option<Mined>;

    fn name(&self) -> &'static str {
        "change_collection"
    }

    fn check(&self, violations: &mut Violations) {
        require_address(violations, "collection", self.collection);
        match &self.change {
            CollectionChange::MintFeeRecipient(address) | CollectionChange::Minter(address) => {
                require_address(violations, "change", *address);
            }
            _ => {}
        }
    }

    async fn existing(&self, view: &View<'_>) -> Result<Option<Option<Mined>>> {
        let to = self.collection;
        let is_so = match &self.change {
            CollectionChange::MintFee(fee) => {
                view.call(to, &SpgNft::mintFeeCall {}).await? == convert::u256(*fee)
            }
            CollectionChange::MintFeeToken(token) => {
                view.call(to, &SpgNft::mintFeeTokenCall {}).await? == convert::evm_address(*token)
            }
            CollectionChange::MintFeeRecipient(recipient) => {
                view.call(to, &SpgNft::mintFeeRecipientCall {}).await? == convert::evm_address(*recipient)
            }
            CollectionChange::MintOpen(open) => view.call(to, &SpgNft::mintOpenCall {}).await? == *open,
            CollectionChange::PublicMinting(public) => {
                view.call(to, &SpgNft::publicMintingCall {}).await? == *public
            }
            CollectionChange::Minter(minter) => {
                let account = convert::evm_address(*minter);
                view.call(to, &SpgNft::hasRoleCall { role: MINTER_ROLE, account }).await?
            }
            CollectionChange::BaseUri(uri) => view.call(to, &SpgNft::baseURICall {}).await? == *uri,
            CollectionChange::ContractUri(uri) => view.call(to, &SpgNft::contractURICall {}).await? == *uri,
        };
        Ok(is_so.then_some(None))
    }

    async fn draft(&self, _view: &View<'_>) -> Result<Draft> {
        let to = self.collection;
        let summary = |what: &str| format!("changes {what} of collection {to}");
        Ok(match &self.change {
            CollectionChange::MintFee(fee) => {
                Draft::new(to, &SpgNft::setMintFeeCall { fee: convert::u256(*fee) }, summary("the mint fee"))
            }
            CollectionChange::MintFeeToken(token) => {
                let token = convert::evm_address(*token);
                Draft::new(to, &SpgNft::setMintFeeTokenCall { token }, summary("the token of the mint fee"))
            }
            CollectionChange::MintFeeRecipient(recipient) => {
                let call =
                    SpgNft::setMintFeeRecipientCall { newFeeRecipient: convert::evm_address(*recipient) };
                Draft::new(to, &call, summary("the recipient of the mint fee"))
            }
            CollectionChange::MintOpen(open) => {
                let what = if *open { "opens the minting" } else { "closes the minting" };
                let call = SpgNft::setMintOpenCall { mintOpen: *open };
                Draft::new(to, &call, format!("{what} of collection {to}"))
            }
            CollectionChange::PublicMinting(public) => {
                let who = if *public { "anybody" } else { "only named accounts" };
                let call = SpgNft::setPublicMintingCall { isPublicMinting: *public };
                Draft::new(to, &call, format!("lets {who} mint in collection {to}"))
            }
            CollectionChange::Minter(minter) => {
                let account = convert::evm_address(*minter);
                let call = SpgNft::grantRoleCall { role: MINTER_ROLE, account };
                Draft::new(to, &call, format!("lets {minter} mint in collection {to}"))
            }
            CollectionChange::BaseUri(uri) => {
                Draft::new(to, &SpgNft::setBaseURICall { baseURI: uri.clone() }, summary("the base URI"))
            }
            CollectionChange::ContractUri(uri) => {
                let call = SpgNft::setContractURICall { contractURI: uri.clone() };
                Draft::new(to, &call, summary("the description"))
            }
        })
    }

    fn output(&self, receipt: &Receipt, _addresses: &Addresses) -> Result<Option<Mined>> {
        Ok(Some(receipt.mined()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fee_needs_a_token_and_somebody_who_gets_it() {
        let mut create = CreateCollection::new("Stories", "STORY", Address::from_bytes([1; 20]));
        let fields = |create: &CreateCollection| {
            let mut violations = Violations::new();
            create.check(&mut violations);
            violations.as_slice().iter().map(|found| found.field.clone()).collect::<Vec<_>>()
        };
        assert!(fields(&create).is_empty());
        create.mint_fee = Some(MintFee::new(Address::ZERO, Wei::from(1_u64), Address::ZERO));
        create.max_supply = 0;
        assert_eq!(fields(&create), ["max_supply", "mint_fee.token", "mint_fee.recipient"]);
    }
}
