//! [`RegisterTermsAndAttach`]: several license terms for an IP in one transaction.

use async_trait::async_trait;
use lore_core::{IpId, LicenseTermsId, Result, Violations, domain::asset::Mined};

use crate::{
    addresses::Addresses,
    contracts::licensing::{LicenseAttachmentWorkflows, LicensingModule, SignatureData},
    convert,
    eip712::{SignedCall, Workflow},
    operation::{Draft, Operation},
    ops::{
        arguments::{LicensedTerms, check_licensed_terms, terms_data},
        authorization::{self, Authorization, AuthorizationRequest, AuthorizedOperation},
        registration::existing::attached,
    },
    receipt::Receipt,
    view::View,
};

/// License terms that an IP has.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AttachedLicenseTerms {
    /// The IP.
    pub ip_id: IpId,
    /// The ids: of all that were asked for if they were there before, else of those that the transaction attached.
    pub terms_ids: Vec<LicenseTermsId>,
    /// The transaction; `None` if all were there before.
    pub mined: Option<Mined>,
}

/// Registers license terms where they are new and attaches them to an IP of the sender, by a signature of the sender.
/// Terms that are attached already stay so.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RegisterTermsAndAttach {
    /// The IP.
    pub ip_id: IpId,
    /// The terms, each once.
    pub terms: Vec<LicensedTerms>,
    /// What the owner's wallet signed; `None` if the client signs for the owner.
    pub authorization: Option<Authorization>,
}

impl RegisterTermsAndAttach {
    /// Attaches these terms.
    #[must_use]
    pub const fn new(ip_id: IpId, terms: Vec<LicensedTerms>) -> Self {
        Self { ip_id, terms, authorization: None }
    }

    fn signed_call(&self, addresses: &Addresses) -> SignedCall {
        Workflow::AttachTerms.permit(self.ip_id, addresses)
    }

    pub(crate) fn call(
        &self,
        signature: SignatureData,
    ) -> LicenseAttachmentWorkflows::registerPILTermsAndAttachCall {
        LicenseAttachmentWorkflows::registerPILTermsAndAttachCall {
            ipId: convert::evm_ip(self.ip_id),
            licenseTermsData: terms_data(&self.terms),
            sigAttachAndConfig: signature,
        }
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Operation for RegisterTermsAndAttach {
    type Output = AttachedLicenseTerms;

    fn name(&self) -> &'static str {
        "register_terms_and_attach"
    }

    fn check(&self, violations: &mut Violations) {
        check_licensed_terms(violations, &self.terms);
    }

    async fn existing(&self, view: &View<'_>) -> Result<Option<AttachedLicenseTerms>> {
        let found = attached(view, self.ip_id, &self.terms).await?;
        Ok(found.map(|terms_ids| AttachedLicenseTerms { ip_id: self.ip_id, terms_ids, mined: None }))
    }

    async fn draft(&self, view: &View<'_>) -> Result<Draft> {
        let signed = self.signed_call(view.addresses());
        let signature = authorization::signature(view, &signed, self.authorization.as_ref()).await?;
        let summary = format!("attaches {} license terms to IP {}", self.terms.len(), self.ip_id);
        Ok(Draft::new(view.addresses().license_attachment_workflows, &self.call(signature), summary))
    }

    fn output(&self, receipt: &Receipt, addresses: &Addresses) -> Result<AttachedLicenseTerms> {
        let terms_ids = receipt
            .events::<LicensingModule::LicenseTermsAttached>(addresses.licensing_module)
            .filter(|event| convert::from_evm_ip(event.ipId) == self.ip_id)
            .map(|event| convert::terms_id(event.licenseTermsId))
            .collect();
        Ok(AttachedLicenseTerms { ip_id: self.ip_id, terms_ids, mined: Some(receipt.mined()) })
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl AuthorizedOperation for RegisterTermsAndAttach {
    async fn authorization_request(&self, view: &View<'_>) -> Result<AuthorizationRequest> {
        authorization::request(view, &self.signed_call(view.addresses())).await
    }

    fn with_authorization(mut self, authorization: Authorization) -> Self {
        self.authorization = Some(authorization);
        self
    }
}
