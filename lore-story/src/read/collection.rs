//! NFT contracts: the protocol's collections (SPG NFT), and what any ERC-721 contract tells.

use lore_core::{Address, ContentHash, Result, TokenId, onchain::Uint256};

use crate::{
    client::StoryClient,
    contracts::token::SpgNft,
    convert,
    ops::{MintFee, answers::Questions},
};

impl StoryClient {
    /// What a collection takes for each token, and who gets it; `None` if it takes nothing.
    ///
    /// # Errors
    /// [`Config`](lore_core::ErrorKind::Config) if it is no collection of the protocol;
    /// [`Unavailable`](lore_core::ErrorKind::Unavailable).
    pub async fn mint_fee(&self, collection: Address) -> Result<Option<MintFee>> {
        let mut answers = Questions::default()
            .ask(collection, &SpgNft::mintFeeTokenCall {})
            .ask(collection, &SpgNft::mintFeeCall {})
            .ask(collection, &SpgNft::mintFeeRecipientCall {})
            .send(&self.view())
            .await?;
        let token = convert::from_evm_address(answers.must::<SpgNft::mintFeeTokenCall>()?);
        let amount = convert::wei(answers.must::<SpgNft::mintFeeCall>()?);
        let recipient = convert::from_evm_address(answers.must::<SpgNft::mintFeeRecipientCall>()?);
        let takes = !token.is_zero() && !amount.is_zero();
        Ok(takes.then(|| MintFee::new(token, amount, recipient)))
    }

    /// The token of a collection whose NFT metadata has this hash, if one was minted; the first, if several were.
    ///
    /// # Errors
    /// [`Reverted`](lore_core::ErrorKind::Reverted) or [`Unexpected`](lore_core::ErrorKind::Unexpected) if it is no
    /// collection of the protocol; [`Unavailable`](lore_core::ErrorKind::Unavailable).
    pub async fn token_by_metadata_hash(
        &self,
        collection: Address,
        nft_metadata_hash: ContentHash,
    ) -> Result<Option<TokenId>> {
        let hash = convert::b256_of_content(nft_metadata_hash);
        let ask = SpgNft::getTokenIdByMetadataHashCall { nftMetadataHash: hash };
        let token_id = self.view().call(collection, &ask).await?;
        Ok((!token_id.is_zero()).then(|| convert::token_id(token_id)))
    }

    /// Where a token's NFT metadata is.
    ///
    /// # Errors
    /// [`Reverted`](lore_core::ErrorKind::Reverted) if there is no such token;
    /// [`Unavailable`](lore_core::ErrorKind::Unavailable).
    pub async fn token_uri(&self, contract: Address, token_id: TokenId) -> Result<String> {
        let ask = SpgNft::tokenURICall { tokenId: convert::u256_of_token(token_id) };
        self.view().call(contract, &ask).await
    }

    /// Who owns a token.
    ///
    /// # Errors
    /// As [`token_uri`](Self::token_uri).
    pub async fn token_owner(&self, contract: Address, token_id: TokenId) -> Result<Address> {
        let ask = SpgNft::ownerOfCall { tokenId: convert::u256_of_token(token_id) };
        Ok(convert::from_evm_address(self.view().call(contract, &ask).await?))
    }

    /// How many tokens of a contract somebody owns.
    ///
    /// # Errors
    /// As [`token_uri`](Self::token_uri).
    pub async fn nft_balance(&self, contract: Address, owner: Address) -> Result<Uint256> {
        let ask = SpgNft::balanceOfCall { owner: convert::evm_address(owner) };
        Ok(convert::number(self.view().call(contract, &ask).await?))
    }
}
