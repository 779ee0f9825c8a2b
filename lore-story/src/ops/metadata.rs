//! Metadata of an IP that is registered: set it, or close it for ever.

use async_trait::async_trait;
use lore_core::{
    Address, ContentHash, IpId, Result, Violations,
    domain::{asset::Mined, license::escape_uri},
    port::{chain::OnChainDocument, transactions::OperationKey},
};

use crate::{
    addresses::Addresses,
    contracts::registry::{CoreMetadataModule, CoreMetadataViewModule},
    convert,
    operation::{Draft, Operation},
    ops::answers::Questions,
    receipt::Receipt,
    view::View,
};

/// Sets the IPA metadata of an IP, as its owner or somebody with the permission.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SetMetadata {
    /// The IP.
    pub ip_id: IpId,
    /// The IPA metadata.
    pub ipa: OnChainDocument,
    /// Hash of the NFT metadata; with it, the IP also takes over the token's URI as it is now. `None` leaves both.
    pub nft_metadata_hash: Option<ContentHash>,
}

impl SetMetadata {
    /// Sets the IPA metadata alone.
    #[must_use]
    pub const fn new(ip_id: IpId, ipa: OnChainDocument) -> Self {
        Self { ip_id, ipa, nft_metadata_hash: None }
    }

    pub(crate) fn set_uri(&self) -> CoreMetadataModule::setMetadataURICall {
        CoreMetadataModule::setMetadataURICall {
            ipId: convert::evm_ip(self.ip_id),
            metadataURI: self.ipa.uri.clone(),
            metadataHash: convert::b256_of_content(self.ipa.sha256),
        }
    }

    pub(crate) fn set_all(&self, nft_metadata_hash: ContentHash) -> CoreMetadataModule::setAllCall {
        CoreMetadataModule::setAllCall {
            ipId: convert::evm_ip(self.ip_id),
            metadataURI: self.ipa.uri.clone(),
            metadataHash: convert::b256_of_content(self.ipa.sha256),
            nftMetadataHash: convert::b256_of_content(nft_metadata_hash),
        }
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Operation for SetMetadata {
    /// The transaction; `None` if it is set so already.
    type Output = Option<Mined>;

    fn name(&self) -> &'static str {
        "set_metadata"
    }

    fn check(&self, violations: &mut Violations) {
        violations.require(!self.ipa.uri.is_empty(), "ipa.uri", "empty", "a URI");
    }

    async fn existing(&self, view: &View<'_>) -> Result<Option<Option<Mined>>> {
        if self.nft_metadata_hash.is_some() {
            // The token's URI may have changed, which only the transaction finds out.
            return Ok(None);
        }
        let module = view.addresses().core_metadata_view_module;
        let id = convert::evm_ip(self.ip_id);
        let mut answers = Questions::default()
            .ask(module, &CoreMetadataViewModule::getMetadataURICall { ipId: id })
            .ask(module, &CoreMetadataViewModule::getMetadataHashCall { ipId: id })
            .send(view)
            .await?;
        let uri = answers.next::<CoreMetadataViewModule::getMetadataURICall>();
        let hash = answers.next::<CoreMetadataViewModule::getMetadataHashCall>();
        let is_set =
            uri == Some(escape_uri(&self.ipa.uri)) && hash == Some(convert::b256_of_content(self.ipa.sha256));
        Ok(is_set.then_some(None))
    }

    async fn draft(&self, view: &View<'_>) -> Result<Draft> {
        let module = view.addresses().core_metadata_module;
        let summary = format!("sets the metadata of IP {}", self.ip_id);
        Ok(match self.nft_metadata_hash {
            None => Draft::new(module, &self.set_uri(), summary),
            Some(hash) => Draft::new(module, &self.set_all(hash), summary),
        })
    }

    fn output(&self, receipt: &Receipt, addresses: &Addresses) -> Result<Option<Mined>> {
        let module = addresses.core_metadata_module;
        receipt.event::<CoreMetadataModule::MetadataURISet>(module)?;
        Ok(Some(receipt.mined()))
    }
}

/// Closes the metadata of an IP for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FreezeMetadata {
    /// The IP.
    pub ip_id: IpId,
}

impl FreezeMetadata {
    /// Closes the metadata of this IP.
    #[must_use]
    pub const fn new(ip_id: IpId) -> Self {
        Self { ip_id }
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Operation for FreezeMetadata {
    /// The transaction; `None` if it is closed already.
    type Output = Option<Mined>;

    fn name(&self) -> &'static str {
        "freeze_metadata"
    }

    fn key(&self) -> Option<OperationKey> {
        OperationKey::new(format!("{}/{}", self.name(), self.ip_id)).ok()
    }

    fn check(&self, _violations: &mut Violations) {}

    async fn existing(&self, view: &View<'_>) -> Result<Option<Option<Mined>>> {
        let is_frozen = is_frozen(view, self.ip_id).await?;
        Ok(is_frozen.then_some(None))
    }

    async fn draft(&self, view: &View<'_>) -> Result<Draft> {
        let call = CoreMetadataModule::freezeMetadataCall { ipId: convert::evm_ip(self.ip_id) };
        let summary = format!("closes the metadata of IP {} for ever", self.ip_id);
        Ok(Draft::new(module(view), &call, summary))
    }

    fn output(&self, receipt: &Receipt, addresses: &Addresses) -> Result<Option<Mined>> {
        receipt.event::<CoreMetadataModule::MetadataFrozen>(addresses.core_metadata_module)?;
        Ok(Some(receipt.mined()))
    }
}

const fn module(view: &View<'_>) -> Address {
    view.addresses().core_metadata_module
}

/// Whether the metadata of an IP is closed.
pub(crate) async fn is_frozen(view: &View<'_>, ip_id: IpId) -> Result<bool> {
    let ask = CoreMetadataModule::isMetadataFrozenCall { ipId: convert::evm_ip(ip_id) };
    view.call(module(view), &ask).await
}
