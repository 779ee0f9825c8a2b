//! Licenses: terms, what licensors changed about them, fees, and license tokens.

use alloy::primitives::U256;
use lore_core::{
    Address, Error, ErrorKind, IpId, LicenseTermsId, Result, TokenId, Wei,
    domain::license::{LicensingConfig, PilTerms},
};

use crate::{
    client::StoryClient,
    contracts::licensing::{LicenseRegistry, LicenseToken, PiLicenseTemplate, TotalLicenseTokenLimitHook},
    convert,
    ops::{RegisterTerms, TemplateTerms, current_config, license_fee, limit_hook},
};

/// What a license costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LicenseFee {
    /// The ERC-20 token; zero if there is no fee.
    pub token: Address,
    /// The amount, for all licenses asked about together.
    pub amount: Wei,
}

/// A license token, as it was minted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LicenseTokenState {
    /// The IP whose license it is.
    pub licensor: IpId,
    /// The template of the terms.
    pub license_template: Address,
    /// The terms.
    pub terms_id: LicenseTermsId,
    /// Who owns it.
    pub owner: Address,
    /// Whether it may be given away.
    pub is_transferable: bool,
    /// The revenue share, frozen when it was minted, in millionths of a percent.
    pub commercial_rev_share: u32,
    /// Whether it is good for nothing any more, because a dispute against the licensor was upheld.
    pub is_revoked: bool,
}

impl StoryClient {
    /// Registered PIL terms, with the `uri` as the chain keeps it, that is escaped; `None` if there are none with this id.
    ///
    /// # Errors
    /// [`Unavailable`](ErrorKind::Unavailable). So for every read here.
    pub async fn license_terms(&self, terms_id: LicenseTermsId) -> Result<Option<PilTerms>> {
        let template = self.addresses().pi_license_template;
        let id = convert::u256_of_terms(terms_id);
        let total =
            self.view().call(template, &PiLicenseTemplate::totalRegisteredLicenseTermsCall {}).await?;
        if id.is_zero() || id > total {
            return Ok(None);
        }
        let ask = PiLicenseTemplate::getLicenseTermsCall { selectedLicenseTermsId: id };
        self.view().call(template, &ask).await.map(|terms| Some(convert::from_pil_terms(terms)))
    }

    /// The id of PIL terms, if they are registered.
    ///
    /// # Errors
    /// As [`license_terms`](Self::license_terms).
    pub async fn license_terms_id(&self, terms: &PilTerms) -> Result<Option<LicenseTermsId>> {
        let template = self.addresses().pi_license_template;
        let id = convert::terms_id(self.view().call(template, &RegisterTerms::lookup(terms)).await?);
        Ok((!id.is_zero()).then_some(id))
    }

    /// The protocol's default terms. No IP has them by itself.
    ///
    /// # Errors
    /// As [`license_terms`](Self::license_terms).
    pub async fn default_license_terms(&self) -> Result<TemplateTerms> {
        let ask = LicenseRegistry::getDefaultLicenseTermsCall {};
        let default = self.view().call(self.addresses().license_registry, &ask).await?;
        let template = convert::from_evm_address(default.licenseTemplate);
        Ok(TemplateTerms::of(template, convert::terms_id(default.licenseTermsId)))
    }

    /// Whether terms are attached to an IP, by itself or by inheritance.
    ///
    /// # Errors
    /// As [`license_terms`](Self::license_terms).
    pub async fn has_attached_terms(&self, ip: &IpId, terms: impl Into<TemplateTerms>) -> Result<bool> {
        let terms = terms.into();
        let ask = LicenseRegistry::hasIpAttachedLicenseTermsCall {
            ipId: convert::evm_ip(*ip),
            licenseTemplate: convert::evm_address(terms.template(self.addresses())),
            licenseTermsId: convert::u256_of_terms(terms.terms_id),
        };
        self.view().call(self.addresses().license_registry, &ask).await
    }

    /// What the licensor changed about terms.
    ///
    /// # Errors
    /// As [`license_terms`](Self::license_terms).
    pub async fn licensing_config(
        &self,
        ip: &IpId,
        terms: impl Into<TemplateTerms>,
    ) -> Result<LicensingConfig> {
        current_config(&self.view(), *ip, terms.into()).await
    }

    /// What license tokens would cost the signer now.
    ///
    /// # Errors
    /// [`Reverted`](ErrorKind::Reverted) with the chain's reason if no license is to be had;
    /// [`Unavailable`](ErrorKind::Unavailable).
    pub async fn minting_fee(
        &self,
        licensor: &IpId,
        terms: impl Into<TemplateTerms>,
        amount: u64,
    ) -> Result<LicenseFee> {
        self.minting_fee_of(self.signer(), licensor, terms, amount).await
    }

    /// What license tokens would cost somebody else now: a hook may ask different prices.
    ///
    /// # Errors
    /// As [`minting_fee`](Self::minting_fee).
    pub async fn minting_fee_of(
        &self,
        buyer: Address,
        licensor: &IpId,
        terms: impl Into<TemplateTerms>,
        amount: u64,
    ) -> Result<LicenseFee> {
        let view = self.view_as(buyer);
        let (token, amount) = license_fee(&view, (*licensor, terms.into()), (amount, buyer), &[]).await?;
        Ok(LicenseFee { token, amount })
    }

    /// Most licenses of an IP that may ever be given under terms; `None` if there is no limit.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) if the network has no hook for it; [`Unavailable`](ErrorKind::Unavailable).
    pub async fn license_token_limit(
        &self,
        ip: &IpId,
        terms: impl Into<TemplateTerms>,
    ) -> Result<Option<u64>> {
        let terms = terms.into();
        let hook = limit_hook(self.addresses())?;
        let config = self.licensing_config(ip, terms).await?;
        if !config.is_set || config.licensing_hook != hook {
            return Ok(None);
        }
        let ask = TotalLicenseTokenLimitHook::getTotalLicenseTokenLimitCall {
            licensorIpId: convert::evm_ip(*ip),
            licenseTemplate: convert::evm_address(terms.template(self.addresses())),
            licenseTermsId: convert::u256_of_terms(terms.terms_id),
        };
        let limit = self.view().call(hook, &ask).await?;
        // More than that is no limit that anybody reaches.
        Ok(u64::try_from(limit).ok().filter(|limit| *limit > 0))
    }

    /// Whether the licensor approved a derivative, where the terms ask for it.
    ///
    /// # Errors
    /// As [`license_terms`](Self::license_terms).
    pub async fn is_derivative_approved(
        &self,
        parent: &IpId,
        terms: impl Into<TemplateTerms>,
        child: &IpId,
    ) -> Result<bool> {
        let terms = terms.into();
        let ask = PiLicenseTemplate::isDerivativeApprovedCall {
            parentIpId: convert::evm_ip(*parent),
            licenseTermsId: convert::u256_of_terms(terms.terms_id),
            childIpId: convert::evm_ip(*child),
        };
        self.view().call(terms.template(self.addresses()), &ask).await
    }

    /// A license token; `None` if there is none with this number, or it was used up by a link.
    ///
    /// # Errors
    /// As [`license_terms`](Self::license_terms).
    pub async fn license_token(&self, token_id: TokenId) -> Result<Option<LicenseTokenState>> {
        let (view, contract) = (self.view(), self.addresses().license_token);
        let id: U256 = convert::u256_of_token(token_id);
        let owner = match view.call(contract, &LicenseToken::ownerOfCall { tokenId: id }).await {
            Ok(owner) => convert::from_evm_address(owner),
            Err(error) if is_nonexistent(&error) => return Ok(None),
            Err(error) => return Err(error),
        };
        let metadata =
            view.call(contract, &LicenseToken::getLicenseTokenMetadataCall { tokenId: id }).await?;
        let is_revoked =
            view.call(contract, &LicenseToken::isLicenseTokenRevokedCall { tokenId: id }).await?;
        Ok(Some(LicenseTokenState {
            licensor: convert::from_evm_ip(metadata.licensorIpId),
            license_template: convert::from_evm_address(metadata.licenseTemplate),
            terms_id: convert::terms_id(metadata.licenseTermsId),
            owner,
            is_transferable: metadata.transferable,
            commercial_rev_share: metadata.commercialRevShare,
            is_revoked,
        }))
    }
}

fn is_nonexistent(error: &Error) -> bool {
    error.kind() == ErrorKind::Reverted
        && error.revert().is_some_and(|revert| revert.name == "ERC721NonexistentToken")
}
