//! Collections, tokens, and the registry of IP assets with their metadata.

use crate::{
    content::ContentHash,
    domain::{chain_event::ChainEvent, royalty::RoyaltyStack},
    error::Revert,
    memory::chain::{
        functions::SET_ALL_METADATA,
        state::{Ip, Metadata, State, Step, Tx},
    },
    onchain::{Address, IpId, TokenId, Uint256},
    port::chain::{OnChainDocument, RegisterIp, revenue_limit},
    protocol::{CORE_METADATA_MODULE, IP_ASSET_REGISTRY},
};

impl State {
    pub(super) fn mint(&mut self, collection: Address, to: Address) -> Step<TokenId> {
        if to.is_zero() {
            return Err(Revert::new("ERC721InvalidReceiver").arg(to));
        }
        let number = self.collections.change(collection, |minted| {
            *minted = minted.saturating_add(1);
            *minted
        });
        let token_id = TokenId::from(number);
        self.move_nft(collection, token_id, (Address::ZERO, to));
        Ok(token_id)
    }

    /// Gives a token to somebody, and logs it.
    pub(super) fn move_nft(
        &mut self,
        collection: Address,
        token_id: TokenId,
        (from, to): (Address, Address),
    ) {
        self.nfts.insert((collection, token_id), to);
        let ip = self.ip_id(collection, token_id);
        self.log(collection, ChainEvent::NftTransferred { ip, token_id, from, to });
    }

    pub(super) fn transfer_nft(
        &mut self,
        tx: &Tx,
        collection: Address,
        token_id: TokenId,
        to: Address,
    ) -> Step {
        if to.is_zero() {
            return Err(Revert::new("ERC721InvalidReceiver").arg(to));
        }
        let owner = self.nfts.get(&(collection, token_id)).copied();
        check_token_owner(tx.sender, token_id, owner)?;
        self.move_nft(collection, token_id, (tx.sender, to));
        Ok(())
    }

    /// Registers a token as IP; who asks does not matter. Tokens that were only minted have no URI.
    pub(super) fn register_ip(&mut self, tx: &Tx, collection: Address, token_id: TokenId) -> Step<IpId> {
        self.register_ip_with_uri(tx, collection, token_id, "")
    }

    fn register_ip_with_uri(
        &mut self,
        tx: &Tx,
        collection: Address,
        token_id: TokenId,
        uri: &str,
    ) -> Step<IpId> {
        let Some(&owner) = self.nfts.get(&(collection, token_id)) else {
            return Err(if self.collections.contains(&collection) {
                Revert::new("ERC721NonexistentToken").arg(token_id)
            } else {
                Revert::new("IPAssetRegistry__UnsupportedIERC721").arg(collection)
            });
        };
        let ip = self.ip_id(collection, token_id);
        if self.ips.contains(&ip) {
            return Ok(ip);
        }
        let mined = (tx.mined.at, tx.mined.block_number, *tx.mined.tx_hash.as_bytes());
        let record = Ip {
            collection,
            token_id,
            minted_to: owner,
            mined,
            has_template: false,
            terms: Vec::new(),
            parents: Vec::new(),
            child_count: 0,
            ancestor_count: 0,
            expires_at: Uint256::ZERO,
            license_tokens: 0,
            stack: RoyaltyStack::default(),
            policies: Vec::new(),
            has_vault: false,
            tags: 0,
            is_group: false,
        };
        self.ips.insert(ip, record);
        let chain_id = self.config.chain_id;
        let registered = ChainEvent::IpRegistered {
            ip,
            chain_id: Uint256::from(chain_id.get()),
            token_contract: collection,
            token_id,
            // As the registry names IPs: chain, collection, token.
            name: format!("{chain_id}: simulated #{token_id}"),
            uri: uri.to_owned(),
            registered_at: tx.mined.at,
        };
        self.log(IP_ASSET_REGISTRY, registered);
        self.counters.registrations = self.counters.registrations.saturating_add(1);
        Ok(ip)
    }

    /// What the periphery's workflows do in one transaction. They own the token until everything is done, so whoever
    /// sends the transaction may attach and link for the recipient.
    pub(super) fn mint_and_register_ip(
        &mut self,
        tx: &Tx,
        collection: Address,
        request: &RegisterIp,
    ) -> Step<IpId> {
        let hash = request.nft_metadata.sha256;
        if let Some(token_id) = self.nft_hashes.get(&(collection, hash)) {
            return Err(Revert::new("SPGNFT__DuplicatedNFTMetadataHash")
                .arg(collection)
                .arg(token_id)
                .arg(hash));
        }
        if request.recipient.is_zero() {
            return Err(Revert::new("ERC721InvalidReceiver").arg(request.recipient));
        }
        let token_id = self.mint(collection, tx.sender)?;
        self.nft_hashes.insert((collection, hash), token_id);
        let ip = self.register_ip_with_uri(tx, collection, token_id, &request.nft_metadata.uri)?;
        let (ipa, nft) = (Metadata::pair(&request.ipa_metadata), Metadata::pair(&request.nft_metadata));
        self.store_metadata(ip, ipa, nft);
        if let Some(terms) = &request.license_terms {
            let terms_id = self.register_license_terms(terms)?;
            self.attach_license_terms(tx, ip, terms_id)?;
        }
        if let Some(derivative) = &request.derivative {
            let (parents, terms_ids): (Vec<_>, Vec<_>) =
                derivative.parents.iter().map(|parent| (parent.parent, parent.terms_id)).unzip();
            let max_share = revenue_limit(derivative.max_revenue_share);
            self.register_derivative(tx, ip, (&parents, &terms_ids), derivative.max_minting_fee, max_share)?;
        }
        if request.recipient != tx.sender {
            self.move_nft(collection, token_id, (tx.sender, request.recipient));
        }
        self.change_ip(ip, |record| record.minted_to = request.recipient);
        Ok(ip)
    }

    pub(super) fn set_metadata(
        &mut self,
        tx: &Tx,
        ip: IpId,
        ipa: &OnChainDocument,
        nft_hash: ContentHash,
    ) -> Step {
        self.verify_permission(ip, tx.sender, CORE_METADATA_MODULE, SET_ALL_METADATA)?;
        let uri = self.metadata.value(&ip).nft.map(|(uri, _)| uri).unwrap_or_default();
        self.store_metadata(ip, Metadata::pair(ipa), (uri, nft_hash));
        Ok(())
    }

    /// Sets both documents, that of the NFT first, as the module does.
    fn store_metadata(&mut self, ip: IpId, ipa: (String, ContentHash), nft: (String, ContentHash)) {
        let (uri, hash) = nft.clone();
        self.log(CORE_METADATA_MODULE, ChainEvent::NftMetadataSet { ip, uri, hash });
        let (uri, hash) = ipa.clone();
        self.log(CORE_METADATA_MODULE, ChainEvent::IpMetadataSet { ip, uri, hash });
        self.metadata.insert(ip, Metadata { ipa: Some(ipa), nft: Some(nft) });
    }
}

/// Token approvals are not simulated: only the owner moves a token.
pub(super) fn check_token_owner(sender: Address, token_id: TokenId, owner: Option<Address>) -> Step {
    match owner {
        None => Err(Revert::new("ERC721NonexistentToken").arg(token_id)),
        Some(owner) if owner != sender => {
            Err(Revert::new("ERC721InsufficientApproval").arg(sender).arg(token_id))
        }
        Some(_) => Ok(()),
    }
}
