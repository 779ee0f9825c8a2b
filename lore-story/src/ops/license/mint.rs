//! [`MintLicenseTokens`].

use alloy::{
    primitives::{Bytes, U256},
    sol_types::SolEvent as _,
};
use async_trait::async_trait;
use lore_core::{
    Address, Error, ErrorKind, IpId, LicenseTermsId, Result, Share, TokenId, Violations, Wei,
    domain::asset::Mined,
    port::chain::{Cost, CostReason, revenue_limit},
};

use super::{TemplateTerms, check_template, require_ip, require_terms};
use crate::{
    addresses::Addresses,
    contracts::licensing::LicensingModule,
    convert,
    operation::{Draft, Operation},
    receipt::Receipt,
    view::View,
};

/// Mints license tokens. Each is the right to link one derivative, and the revenue share is frozen in it.
///
/// The licensor's owner may mint tokens of any terms, others only of attached ones.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MintLicenseTokens {
    /// The IP whose licenses they are.
    pub licensor: IpId,
    /// The terms.
    pub terms_id: LicenseTermsId,
    /// How many, at least one. Each is minted for itself, so a block has room for some hundreds.
    pub amount: u64,
    /// Who gets them; `None` for the sender.
    pub receiver: Option<Address>,
    /// Most to pay for all together; zero for no limit.
    pub max_minting_fee: Wei,
    /// Most that the licensor may take of a derivative's revenue; `None` for no limit. See [`revenue_limit`].
    pub max_revenue_share: Option<Share>,
    /// What an external royalty policy is told; the protocol's own policies read nothing.
    pub royalty_context: Vec<u8>,
    /// The template of the terms; `None` for PIL.
    pub license_template: Option<Address>,
}

impl MintLicenseTokens {
    /// Mints tokens for the sender, without limits.
    #[must_use]
    pub const fn new(licensor: IpId, terms_id: LicenseTermsId, amount: u64) -> Self {
        Self {
            licensor,
            terms_id,
            amount,
            receiver: None,
            max_minting_fee: Wei::ZERO,
            max_revenue_share: None,
            royalty_context: Vec::new(),
            license_template: None,
        }
    }

    fn terms(&self) -> TemplateTerms {
        TemplateTerms { license_template: self.license_template, terms_id: self.terms_id }
    }

    fn call(&self, addresses: &Addresses, receiver: Address) -> LicensingModule::mintLicenseTokensCall {
        LicensingModule::mintLicenseTokensCall {
            licensorIpId: convert::evm_ip(self.licensor),
            licenseTemplate: convert::evm_address(self.terms().template(addresses)),
            licenseTermsId: convert::u256_of_terms(self.terms_id),
            amount: U256::from(self.amount),
            receiver: convert::evm_address(receiver),
            royaltyContext: Bytes::copy_from_slice(&self.royalty_context),
            maxMintingFee: convert::u256(self.max_minting_fee),
            maxRevenueShare: revenue_limit(self.max_revenue_share),
        }
    }
}

/// License tokens that were minted; their numbers follow one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MintedLicenseTokens {
    /// The transaction.
    pub mined: Mined,
    /// The first of them.
    pub first: TokenId,
    /// How many.
    pub amount: u64,
}

impl MintedLicenseTokens {
    /// All of them, in order.
    pub fn token_ids(&self) -> impl Iterator<Item = TokenId> + use<> {
        let first = self.first;
        (0..self.amount).filter_map(move |number| first.checked_add(TokenId::from(number)))
    }
}

/// What license tokens cost `view`'s sender now: hooks and owners' exemptions depend on who asks.
pub(crate) async fn fee(
    view: &View<'_>,
    (licensor, terms): (IpId, TemplateTerms),
    (amount, receiver): (u64, Address),
    royalty_context: &[u8],
) -> Result<(Address, Wei)> {
    let addresses = view.addresses();
    let ask = LicensingModule::predictMintingLicenseFeeCall {
        licensorIpId: convert::evm_ip(licensor),
        licenseTemplate: convert::evm_address(terms.template(addresses)),
        licenseTermsId: convert::u256_of_terms(terms.terms_id),
        amount: U256::from(amount),
        receiver: convert::evm_address(receiver),
        royaltyContext: Bytes::copy_from_slice(royalty_context),
    };
    let fee = view.call(addresses.licensing_module, &ask).await?;
    Ok((convert::from_evm_address(fee.currencyToken), convert::wei(fee.tokenAmount)))
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Operation for MintLicenseTokens {
    type Output = MintedLicenseTokens;

    fn name(&self) -> &'static str {
        "mint_license_tokens"
    }

    fn check(&self, violations: &mut Violations) {
        require_ip(violations, self.licensor, "licensor");
        require_terms(violations, self.terms_id);
        check_template(violations, "license_template", self.license_template);
        violations.require(self.amount > 0, "amount", "out_of_range", "at least one license token");
        violations.require(
            self.receiver.is_none_or(|receiver| !receiver.is_zero()),
            "receiver",
            "zero",
            "an account, or nothing for the sender",
        );
    }

    async fn draft(&self, view: &View<'_>) -> Result<Draft> {
        let addresses = view.addresses();
        let receiver = self.receiver.unwrap_or_else(|| view.sender());
        let licenses = (self.amount, receiver);
        let (token, fee) = fee(view, (self.licensor, self.terms()), licenses, &self.royalty_context).await?;
        let summary = format!(
            "mints {} license tokens of IP {} under terms {} for {receiver}",
            self.amount, self.licensor, self.terms_id
        );
        Ok(Draft::new(addresses.licensing_module, &self.call(addresses, receiver), summary)
            .with_cost(Cost::new(CostReason::MintingFee, token, fee, addresses.royalty_module)))
    }

    fn output(&self, receipt: &Receipt, addresses: &Addresses) -> Result<MintedLicenseTokens> {
        let module = addresses.licensing_module;
        let template = convert::evm_address(self.terms().template(addresses));
        let (licensor, terms_id) = (convert::evm_ip(self.licensor), convert::u256_of_terms(self.terms_id));
        let event = receipt
            .events(module)
            .find(|event: &LicensingModule::LicenseTokensMinted| {
                event.licensorIpId == licensor
                    && event.licenseTemplate == template
                    && event.licenseTermsId == terms_id
            })
            .ok_or_else(|| receipt.missing(LicensingModule::LicenseTokensMinted::SIGNATURE, module))?;
        let amount = u64::try_from(event.amount).map_err(|err| {
            Error::new(ErrorKind::Unexpected, "the chain minted another number of license tokens")
                .with_context("asked_for", self.amount)
                .with_source(err)
        })?;
        Ok(MintedLicenseTokens {
            mined: receipt.mined(),
            first: convert::token_id(event.startLicenseTokenId),
            amount,
        })
    }
}

#[cfg(test)]
mod tests {
    use alloy::sol_types::SolCall as _;

    use super::*;
    use crate::ops::recorded::{BOB, PARENT, account, ip, transaction};

    #[test]
    fn the_recorded_license_tokens_are_minted() {
        let recorded = transaction(196).aggregated(2);
        let mint = MintLicenseTokens {
            max_revenue_share: Some(Share::FULL),
            // The protocol's own client writes nothing as a zero address.
            royalty_context: vec![0; 20],
            ..MintLicenseTokens::new(ip(PARENT), LicenseTermsId::from(2_u64), 2)
        };
        let addresses = Addresses::AENEID;
        assert_eq!(Bytes::from(mint.call(&addresses, account(BOB)).abi_encode()), recorded.input);
        assert_eq!(recorded.to(), addresses.licensing_module);
        let minted = mint.output(&recorded.receipt(), &addresses).unwrap();
        assert_eq!((minted.first, minted.amount), (TokenId::ZERO, 2));
        assert_eq!(minted.token_ids().collect::<Vec<_>>(), [TokenId::ZERO, TokenId::from(1_u64)]);
    }

    #[test]
    fn another_template_is_named_in_the_call_and_looked_for_in_the_event() {
        let template = Address::from_bytes([7; 20]);
        let mint = MintLicenseTokens {
            license_template: Some(template),
            ..MintLicenseTokens::new(ip(PARENT), LicenseTermsId::from(2_u64), 2)
        };
        let addresses = Addresses::AENEID;
        let call = mint.call(&addresses, account(BOB));
        assert_eq!(convert::from_evm_address(call.licenseTemplate), template);
        let minted_under_pil = transaction(196).aggregated(2).receipt();
        assert_eq!(mint.output(&minted_under_pil, &addresses).unwrap_err().kind(), ErrorKind::Unexpected);
    }

    #[test]
    fn no_token_and_no_receiver_are_refused() {
        let mint = MintLicenseTokens {
            license_template: Some(Address::ZERO),
            receiver: Some(Address::ZERO),
            ..MintLicenseTokens::new(ip(PARENT), LicenseTermsId::ZERO, 0)
        };
        let mut found = Violations::new();
        mint.check(&mut found);
        let fields: Vec<_> = found.as_slice().iter().map(|violation| violation.field.as_str()).collect();
        assert_eq!(fields, ["terms_id", "license_template", "amount", "receiver"]);
    }
}
