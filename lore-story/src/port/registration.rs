//! [`ChainClient`] on the real chain.

use async_trait::async_trait;
use lore_core::{
    Error, IpId, LicenseTermsId, Result,
    domain::{
        asset::{Mined, Registration},
        license::PilTerms,
    },
    port::chain::{
        ChainClient, ChainInfo, DerivativeTerms, IpState, RegisterIp, RegisteredTerms, RegistrationKey,
    },
};

use crate::{
    client::StoryClient,
    contracts::registry::IpAssetRegistry,
    convert,
    operation::Operation,
    ops::{
        AttachTerms, DerivativeLink, IpMetadata, LicensedTerms, LinkDerivative, MintAndRegister,
        MintAndRegisterDerivative, MintAndRegisterWithTerms, NewNft, RegisterTerms, RegisteredIp,
        minted_token,
    },
    read::origin,
};

impl StoryClient {
    async fn register_with<O>(&self, operation: O, request: &RegisterIp) -> Result<Registration>
    where
        O: Operation<Output = RegisteredIp>,
    {
        let ip = self.send(&operation).await?;
        self.registration_of(&ip, request.recipient).await
    }

    async fn registration_of(&self, ip: &RegisteredIp, owner: lore_core::Address) -> Result<Registration> {
        let mined = match ip.mined {
            Some(mined) => mined,
            None => origin::of(&self.view(), ip.ip_id, ip.token_contract, ip.token_id).await?,
        };
        Ok(Registration::new(ip.ip_id, ip.token_contract, ip.token_id, owner, mined))
    }

    fn nft(&self, request: &RegisterIp) -> NewNft {
        let metadata = IpMetadata::new(request.ipa_metadata.clone(), request.nft_metadata.clone());
        NewNft::new(self.config().collection, request.recipient, metadata)
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl ChainClient for StoryClient {
    fn name(&self) -> &str {
        "story"
    }

    async fn info(&self) -> Result<ChainInfo> {
        let mut info = ChainInfo::new(self.chain_id(), false, self.signer(), self.config().collection);
        info.currency.clone_from(&self.config().network.currency);
        info.royalty_token = self.addresses().wip;
        info.royalty_policy_lap = self.addresses().royalty_policy_lap;
        info.royalty_policy_lrp = self.addresses().royalty_policy_lrp;
        info.royalty_fee = self.royalty_fee().await.map_err(|error| error.with_op("info"))?;
        Ok(info)
    }

    async fn find_registration(&self, key: &RegistrationKey) -> Result<Option<Registration>> {
        let found = async {
            let view = self.view();
            let collection = self.config().collection;
            let Some(token_id) =
                minted_token(&view, collection, key.nft_metadata_hash, key.recipient).await?
            else {
                return Ok(None);
            };
            let ip = view.ip_id(collection, token_id);
            let ask = IpAssetRegistry::isRegisteredCall { id: convert::evm_ip(ip) };
            if !view.call(self.addresses().ip_asset_registry, &ask).await? {
                // Somebody minted it without registering it: that is no registration.
                return Ok(None);
            }
            let mined = origin::of(&view, ip, collection, token_id).await?;
            Ok(Some(Registration::new(ip, collection, token_id, key.recipient, mined)))
        };
        found.await.map_err(|error: Error| error.with_op("find_registration"))
    }

    async fn register(&self, request: &RegisterIp) -> Result<Registration> {
        let nft = self.nft(request);
        let registered = match (&request.license_terms, &request.derivative) {
            (None, None) => self.register_with(MintAndRegister::new(nft), request).await,
            (Some(terms), None) => {
                let terms = vec![LicensedTerms::new(terms.clone())];
                self.register_with(MintAndRegisterWithTerms::new(nft, terms), request).await
            }
            (None, Some(derivative)) => {
                self.register_with(MintAndRegisterDerivative::new(nft, link(derivative)), request).await
            }
            (Some(_), Some(_)) => Err(Error::invalid(
                "license_terms",
                "derivative",
                "no terms of its own for a derivative, which inherits its parents'",
            )),
        };
        registered.map_err(|error| error.with_op("register"))
    }

    async fn ip(&self, ip_id: &IpId) -> Result<Option<IpState>> {
        let states = self.ip_states(std::slice::from_ref(ip_id)).await;
        states.map(|states| states.into_iter().next().flatten()).map_err(|error| error.with_op("ip"))
    }

    async fn find_license_terms(&self, terms: &PilTerms) -> Result<Option<LicenseTermsId>> {
        self.license_terms_id(terms).await.map_err(|error| error.with_op("find_license_terms"))
    }

    async fn register_license_terms(&self, terms: &PilTerms) -> Result<RegisteredTerms> {
        let sent = self.send(&RegisterTerms::new(terms.clone())).await;
        sent.map_err(|error| error.with_op("register_license_terms"))
    }

    async fn attach_license_terms(&self, ip_id: &IpId, terms_id: LicenseTermsId) -> Result<Option<Mined>> {
        let sent = self.send(&AttachTerms::new(*ip_id, terms_id)).await;
        sent.map_err(|error| error.with_op("attach_license_terms"))
    }

    async fn link_derivative(&self, child: &IpId, terms: &DerivativeTerms) -> Result<Option<Mined>> {
        let sent = self.send(&LinkDerivative::new(*child, link(terms))).await;
        sent.map(|linked| linked.mined).map_err(|error| error.with_op("link_derivative"))
    }
}

fn link(terms: &DerivativeTerms) -> DerivativeLink {
    let mut link = DerivativeLink::new(terms.parents.clone());
    link.max_minting_fee = terms.max_minting_fee;
    link.max_revenue_share = terms.max_revenue_share;
    link
}
