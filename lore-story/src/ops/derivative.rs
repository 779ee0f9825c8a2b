//! Links an IP that is registered to its parents: once, for ever.

use alloy::sol_types::SolEvent;
use async_trait::async_trait;
use lore_core::{
    IpId, LicenseTermsId, Result, Revert, Violations,
    domain::asset::Mined,
    onchain::keccak256,
    port::{chain::ParentTerms, transactions::OperationKey},
};

use crate::{
    addresses::Addresses,
    contracts::licensing::LicensingModule,
    convert,
    operation::{Draft, Operation},
    ops::{
        arguments::{DerivativeLink, LicenseTokenLink},
        costs::{self, Payer},
        links,
    },
    receipt::Receipt,
    view::View,
};

/// A link between a child and its parents.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LinkedDerivative {
    /// The child.
    pub child: IpId,
    /// Its parents, with the terms under which it is linked to each.
    pub parents: Vec<ParentTerms>,
    /// The transaction; `None` if it was linked before.
    pub mined: Option<Mined>,
}

/// Links a child of the sender to its parents by the terms attached to them, and pays for the licenses.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LinkDerivative {
    /// The child.
    pub child: IpId,
    /// The parents.
    pub link: DerivativeLink,
}

impl LinkDerivative {
    /// Links these.
    #[must_use]
    pub const fn new(child: IpId, link: DerivativeLink) -> Self {
        Self { child, link }
    }

    pub(crate) fn call(&self, addresses: &Addresses) -> LicensingModule::registerDerivativeCall {
        let link = self.link.to_sol(addresses);
        LicensingModule::registerDerivativeCall {
            childIpId: convert::evm_ip(self.child),
            parentIpIds: link.parentIpIds,
            licenseTermsIds: link.licenseTermsIds,
            licenseTemplate: link.licenseTemplate,
            royaltyContext: link.royaltyContext,
            maxMintingFee: link.maxMintingFee,
            maxRts: link.maxRts,
            maxRevenueShare: link.maxRevenueShare,
        }
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Operation for LinkDerivative {
    type Output = LinkedDerivative;

    fn name(&self) -> &'static str {
        "link_derivative"
    }

    /// By the child and its parents: it can be linked to them once, and to others never after.
    fn key(&self) -> Option<OperationKey> {
        let mut parents = Vec::with_capacity(self.link.parents.len() * 52);
        for parent in &self.link.parents {
            parents.extend(parent.parent.address().as_bytes());
            parents.extend(parent.terms_id.to_be_bytes());
        }
        let digest = data_encoding::HEXLOWER.encode(&keccak256(&parents));
        OperationKey::new(format!("{}/{}/{digest}", self.name(), self.child)).ok()
    }

    fn check(&self, violations: &mut Violations) {
        self.link.check(violations);
        for (index, parent) in self.link.parents.iter().enumerate() {
            violations.require(
                parent.parent != self.child,
                format_args!("link.parents[{index}]"),
                "is_child",
                "another IP than the child",
            );
        }
    }

    async fn existing(&self, view: &View<'_>) -> Result<Option<LinkedDerivative>> {
        let found = links::parents(view, self.child).await?;
        linked_before(self.child, &self.link.parents, found)
    }

    async fn draft(&self, view: &View<'_>) -> Result<Draft> {
        let summary =
            format!("links IP {} as a derivative of {} parents", self.child, self.link.parents.len());
        let draft = Draft::new(view.addresses().licensing_module, &self.call(view.addresses()), summary);
        Ok(draft.with_costs(costs::minting_fees(view, &self.link, Payer::Sender).await?))
    }

    fn output(&self, receipt: &Receipt, addresses: &Addresses) -> Result<LinkedDerivative> {
        linked(self.child, receipt, addresses)
    }
}

/// Links a child of the sender to its parents by license tokens, which are burned. They are the sender's or the child's
/// own.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LinkWithLicenseTokens {
    /// The child.
    pub child: IpId,
    /// The license tokens.
    pub link: LicenseTokenLink,
}

impl LinkWithLicenseTokens {
    /// Links by these tokens.
    #[must_use]
    pub const fn new(child: IpId, link: LicenseTokenLink) -> Self {
        Self { child, link }
    }

    pub(crate) fn call(&self) -> LicensingModule::registerDerivativeWithLicenseTokensCall {
        LicensingModule::registerDerivativeWithLicenseTokensCall {
            childIpId: convert::evm_ip(self.child),
            licenseTokenIds: self.link.ids(),
            royaltyContext: self.link.royalty_context(),
            maxRts: self.link.max_royalty_tokens,
        }
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Operation for LinkWithLicenseTokens {
    type Output = LinkedDerivative;

    fn name(&self) -> &'static str {
        "link_with_license_tokens"
    }

    /// By the child and the tokens, which can be burned once.
    fn key(&self) -> Option<OperationKey> {
        let tokens: Vec<u8> = self.link.token_ids.iter().flat_map(|token| token.to_be_bytes()).collect();
        let digest = data_encoding::HEXLOWER.encode(&keccak256(&tokens));
        OperationKey::new(format!("{}/{}/{digest}", self.name(), self.child)).ok()
    }

    fn check(&self, violations: &mut Violations) {
        self.link.check(violations);
    }

    async fn existing(&self, view: &View<'_>) -> Result<Option<LinkedDerivative>> {
        let found = links::parents(view, self.child).await?;
        if found.is_empty() {
            return Ok(None);
        }
        let wanted = links::parents_of_tokens(view, &self.link.token_ids).await?;
        linked_before(self.child, &wanted, found)
    }

    async fn draft(&self, view: &View<'_>) -> Result<Draft> {
        let summary = format!(
            "links IP {} as a derivative by {} license tokens, which are burned",
            self.child,
            self.link.token_ids.len()
        );
        Ok(Draft::new(view.addresses().licensing_module, &self.call(), summary))
    }

    fn output(&self, receipt: &Receipt, addresses: &Addresses) -> Result<LinkedDerivative> {
        linked(self.child, receipt, addresses)
    }
}

/// What it means for a child that it has these parents: nothing, success, or the chain's refusal.
fn linked_before(
    child: IpId,
    wanted: &[ParentTerms],
    found: Vec<ParentTerms>,
) -> Result<Option<LinkedDerivative>> {
    if found.is_empty() {
        return Ok(None);
    }
    if links::are_same(wanted, &found) {
        return Ok(Some(LinkedDerivative { child, parents: found, mined: None }));
    }
    Err(Revert::new("LicenseRegistry__DerivativeAlreadyRegistered").arg(child).into())
}

fn linked(child: IpId, receipt: &Receipt, addresses: &Addresses) -> Result<LinkedDerivative> {
    let licensing = addresses.licensing_module;
    let event = receipt
        .events::<LicensingModule::DerivativeRegistered>(licensing)
        .find(|event| convert::from_evm_ip(event.childIpId) == child)
        .ok_or_else(|| receipt.missing(LicensingModule::DerivativeRegistered::SIGNATURE, licensing))?;
    let terms = event.licenseTermsIds.into_iter().map(convert::terms_id);
    let parents = event.parentIpIds.into_iter().map(convert::from_evm_ip).zip(terms);
    let parents = parents.map(|(parent, terms): (IpId, LicenseTermsId)| ParentTerms::new(parent, terms));
    Ok(LinkedDerivative { child, parents: parents.collect(), mined: Some(receipt.mined()) })
}

#[cfg(test)]
mod tests {
    use lore_core::{Address, Error, ErrorKind};

    use super::*;

    fn ip(byte: u8) -> IpId {
        IpId::new(Address::from_bytes([byte; 20]))
    }

    fn parent(byte: u8) -> ParentTerms {
        ParentTerms::new(ip(byte), LicenseTermsId::from(1_u64))
    }

    #[test]
    fn a_child_linked_to_others_is_refused_as_the_chain_refuses_it() {
        let linked = |found| linked_before(ip(9), &[parent(1), parent(2)], found);
        assert_eq!(linked(vec![]).unwrap(), None);
        assert!(linked(vec![parent(2), parent(1)]).unwrap().is_some_and(|linked| linked.mined.is_none()));
        let error: Error = linked(vec![parent(1)]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Reverted);
        assert_eq!(error.revert().unwrap().args, [ip(9).to_string()]);
    }

    #[test]
    fn one_key_is_one_set_of_parents() {
        let link = |parents| LinkDerivative::new(ip(9), DerivativeLink::new(parents)).key().unwrap();
        assert_eq!(link(vec![parent(1)]), link(vec![parent(1)]));
        assert_ne!(link(vec![parent(1)]), link(vec![parent(2)]));
        let mut violations = Violations::new();
        LinkDerivative::new(ip(1), DerivativeLink::new(vec![parent(1)])).check(&mut violations);
        assert_eq!(violations.as_slice()[0].rule, "is_child");
    }
}
