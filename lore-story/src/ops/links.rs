//! What an IP is linked to already.

use alloy::primitives::U256;
use lore_core::{IpId, Result, TokenId, port::chain::ParentTerms};

use crate::{
    contracts::licensing::{LicenseRegistry, LicenseToken},
    convert,
    ops::answers::Questions,
    view::View,
};

/// An IP's parents, with the terms under which it is linked to each; none if it is no derivative.
pub(crate) async fn parents(view: &View<'_>, child: IpId) -> Result<Vec<ParentTerms>> {
    let registry = view.addresses().license_registry;
    let child = convert::evm_ip(child);
    let count = view.call(registry, &LicenseRegistry::getParentIpCountCall { childIpId: child }).await?;
    let count: usize = count.saturating_to();
    let asked = (0..count)
        .map(|index| LicenseRegistry::getParentIpCall { childIpId: child, index: U256::from(index) });
    let mut answers = Questions::default().ask_all(registry, asked).send(view).await?;
    let parents =
        (0..count).map(|_| answers.must::<LicenseRegistry::getParentIpCall>()).collect::<Result<Vec<_>>>()?;
    let asked = parents
        .iter()
        .map(|parent| LicenseRegistry::getParentLicenseTermsCall { childIpId: child, parentIpId: *parent });
    let mut answers = Questions::default().ask_all(registry, asked).send(view).await?;
    parents
        .into_iter()
        .map(|parent| {
            let terms = answers.must::<LicenseRegistry::getParentLicenseTermsCall>()?;
            Ok(ParentTerms::new(convert::from_evm_ip(parent), convert::terms_id(terms.licenseTermsId)))
        })
        .collect()
}

/// The parents that license tokens stand for. The chain keeps that also of tokens that were burned.
pub(crate) async fn parents_of_tokens(view: &View<'_>, tokens: &[TokenId]) -> Result<Vec<ParentTerms>> {
    let asked = tokens
        .iter()
        .map(|token| LicenseToken::getLicenseTokenMetadataCall { tokenId: convert::u256_of_token(*token) });
    let mut answers = Questions::default().ask_all(view.addresses().license_token, asked).send(view).await?;
    tokens
        .iter()
        .map(|_| {
            let token = answers.must::<LicenseToken::getLicenseTokenMetadataCall>()?;
            Ok(ParentTerms::new(
                convert::from_evm_ip(token.licensorIpId),
                convert::terms_id(token.licenseTermsId),
            ))
        })
        .collect()
}

/// Whether both name the same parents under the same terms, in whatever order.
pub(crate) fn are_same(one: &[ParentTerms], other: &[ParentTerms]) -> bool {
    one.len() == other.len() && one.iter().all(|parent| other.contains(parent))
}

#[cfg(test)]
mod tests {
    use lore_core::{Address, LicenseTermsId};

    use super::*;

    #[test]
    fn parents_are_compared_with_their_terms_and_without_their_order() {
        let parent = |ip, terms: u64| {
            ParentTerms::new(IpId::new(Address::from_bytes([ip; 20])), LicenseTermsId::from(terms))
        };
        assert!(are_same(&[parent(1, 1), parent(2, 1)], &[parent(2, 1), parent(1, 1)]));
        assert!(!are_same(&[parent(1, 1)], &[parent(1, 2)]));
        assert!(!are_same(&[parent(1, 1)], &[parent(1, 1), parent(2, 1)]));
    }
}
