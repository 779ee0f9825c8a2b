//! What the chain keeps of an IP's metadata.

use lore_core::{Address, ContentHash, IpId, Result, Timestamp};

use crate::{
    client::StoryClient,
    contracts::registry::{CoreMetadataViewModule, IpAssetRegistry},
    convert,
    ops::{answers::Questions, metadata_is_frozen},
};

/// An IP's metadata, as the chain keeps it. URIs are escaped as in JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct IpMetadataState {
    /// Where the IPA metadata is; empty if it was not set.
    pub ipa_uri: String,
    /// Its hash; zeros if it was not set.
    pub ipa_hash: ContentHash,
    /// Where the NFT metadata was when the IP took it over; empty if it never did.
    pub nft_uri: String,
    /// Its hash; zeros if it was not set.
    pub nft_hash: ContentHash,
    /// When the IP was registered.
    pub registered_at: Timestamp,
    /// Who owns it.
    pub owner: Address,
    /// Whether it can never be changed again.
    pub is_frozen: bool,
}

impl StoryClient {
    /// Whether an IP is registered.
    ///
    /// # Errors
    /// [`Unavailable`](lore_core::ErrorKind::Unavailable).
    pub async fn is_registered(&self, ip_id: &IpId) -> Result<bool> {
        let ask = IpAssetRegistry::isRegisteredCall { id: convert::evm_ip(*ip_id) };
        self.view().call(self.addresses().ip_asset_registry, &ask).await
    }

    /// An IP's metadata; `None` if it is not registered.
    ///
    /// # Errors
    /// [`Unavailable`](lore_core::ErrorKind::Unavailable).
    pub async fn ip_metadata(&self, ip_id: &IpId) -> Result<Option<IpMetadataState>> {
        let id = convert::evm_ip(*ip_id);
        let addresses = self.addresses();
        let view = addresses.core_metadata_view_module;
        let mut answers = Questions::default()
            .ask(addresses.ip_asset_registry, &IpAssetRegistry::isRegisteredCall { id })
            .ask(view, &CoreMetadataViewModule::getCoreMetadataCall { ipId: id })
            .send(&self.view())
            .await?;
        if !answers.must::<IpAssetRegistry::isRegisteredCall>()? {
            return Ok(None);
        }
        let found = answers.must::<CoreMetadataViewModule::getCoreMetadataCall>()?;
        Ok(Some(IpMetadataState {
            ipa_uri: found.metadataURI,
            ipa_hash: convert::content_hash(found.metadataHash),
            nft_uri: found.nftTokenURI,
            nft_hash: convert::content_hash(found.nftMetadataHash),
            registered_at: convert::timestamp(found.registrationDate)?,
            owner: convert::from_evm_address(found.owner),
            is_frozen: metadata_is_frozen(&self.view(), *ip_id).await?,
        }))
    }
}
