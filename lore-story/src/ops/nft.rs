//! Tokens of SPG collections by themselves, not yet IP.

use async_trait::async_trait;
use lore_core::{
    Address, Result, TokenId, Violations, domain::asset::Mined, port::transactions::OperationKey,
};

use crate::{
    addresses::Addresses,
    contracts::token::SpgNft,
    convert,
    operation::{Draft, Operation},
    ops::{
        answers::Questions, arguments::NewNft, arguments::require_address, costs,
        registration::existing::minted_token,
    },
    receipt::Receipt,
    view::View,
};

/// A token that was minted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MintedNft {
    /// The collection.
    pub collection: Address,
    /// The token.
    pub token_id: TokenId,
    /// The transaction; `None` if it was minted before.
    pub mined: Option<Mined>,
}

/// Mints a token without registering it. Only the NFT metadata matters.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MintNft {
    /// The token.
    pub nft: NewNft,
}

impl MintNft {
    /// Mints this token.
    #[must_use]
    pub const fn new(nft: NewNft) -> Self {
        Self { nft }
    }

    pub(crate) fn call(&self) -> SpgNft::mintCall {
        let metadata = self.nft.metadata.to_sol();
        SpgNft::mintCall {
            to: convert::evm_address(self.nft.recipient),
            nftMetadataURI: metadata.nftMetadataURI,
            nftMetadataHash: metadata.nftMetadataHash,
            allowDuplicates: self.nft.allow_duplicates,
        }
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Operation for MintNft {
    type Output = MintedNft;

    fn name(&self) -> &'static str {
        "mint_nft"
    }

    fn key(&self) -> Option<OperationKey> {
        let hash = self.nft.unique_hash()?;
        OperationKey::new(format!("{}/{}/{hash}", self.name(), self.nft.collection)).ok()
    }

    fn check(&self, violations: &mut Violations) {
        self.nft.check(violations);
    }

    async fn existing(&self, view: &View<'_>) -> Result<Option<MintedNft>> {
        let Some(hash) = self.nft.unique_hash() else { return Ok(None) };
        let token_id = minted_token(view, self.nft.collection, hash, self.nft.recipient).await?;
        Ok(token_id.map(|token_id| MintedNft { collection: self.nft.collection, token_id, mined: None }))
    }

    async fn draft(&self, view: &View<'_>) -> Result<Draft> {
        let nft = &self.nft;
        let summary = format!("mints a token of collection {} for {}", nft.collection, nft.recipient);
        let draft = Draft::new(nft.collection, &self.call(), summary);
        Ok(draft.with_cost(costs::collection_mint_fee(view, nft.collection).await?))
    }

    fn output(&self, receipt: &Receipt, _addresses: &Addresses) -> Result<MintedNft> {
        let collection = self.nft.collection;
        let transfer = receipt.event::<SpgNft::Transfer>(collection)?;
        let token_id = convert::token_id(transfer.tokenId);
        Ok(MintedNft { collection, token_id, mined: Some(receipt.mined()) })
    }
}

/// Sets where a token's NFT metadata is, as the token's owner. The IP behind it takes it over with
/// [`SetMetadata`](crate::ops::SetMetadata).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SetTokenUri {
    /// The collection.
    pub collection: Address,
    /// The token.
    pub token_id: TokenId,
    /// The URI; the collection's base URI is put before it.
    pub uri: String,
}

impl SetTokenUri {
    /// Sets this URI.
    pub fn new(collection: Address, token_id: TokenId, uri: impl Into<String>) -> Self {
        Self { collection, token_id, uri: uri.into() }
    }

    pub(crate) fn call(&self) -> SpgNft::setTokenURICall {
        SpgNft::setTokenURICall { tokenId: convert::u256_of_token(self.token_id), tokenUri: self.uri.clone() }
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Operation for SetTokenUri {
    /// The transaction; `None` if it is set so already.
    type Output = Option<Mined>;

    fn name(&self) -> &'static str {
        "set_token_uri"
    }

    fn check(&self, violations: &mut Violations) {
        require_address(violations, "collection", self.collection);
        // The collection shows its base URI alone, or nothing, for an empty one.
        violations.require(!self.uri.is_empty(), "uri", "empty", "a URI");
    }

    async fn existing(&self, view: &View<'_>) -> Result<Option<Option<Mined>>> {
        let token_id = convert::u256_of_token(self.token_id);
        let mut answers = Questions::default()
            .ask(self.collection, &SpgNft::baseURICall {})
            .ask(self.collection, &SpgNft::tokenURICall { tokenId: token_id })
            .send(view)
            .await?;
        let base = answers.next::<SpgNft::baseURICall>().unwrap_or_default();
        let uri = answers.next::<SpgNft::tokenURICall>();
        Ok((uri == Some(format!("{base}{}", self.uri))).then_some(None))
    }

    async fn draft(&self, _view: &View<'_>) -> Result<Draft> {
        let summary = format!("sets the URI of token {} of collection {}", self.token_id, self.collection);
        Ok(Draft::new(self.collection, &self.call(), summary))
    }

    fn output(&self, receipt: &Receipt, _addresses: &Addresses) -> Result<Option<Mined>> {
        Ok(Some(receipt.mined()))
    }
}
