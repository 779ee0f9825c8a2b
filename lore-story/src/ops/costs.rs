//! What contracts will take in the course of a write, asked of the chain before anything is sent.
//!
//! Who takes it is who needs the allowance: a collection takes its own mint fee, whoever calls it; licenses are paid by
//! whoever calls `LicensingModule`, to `RoyaltyModule`, so a workflow first takes them from the sender.

use alloy::primitives::Bytes;
use futures_util::future::try_join_all;
use lore_core::{
    Address, Error, ErrorKind, Result, Revert, Wei,
    port::chain::{Cost, CostReason, revenue_limit},
};

use crate::{
    contracts::{
        licensing::{LicenseRegistry, LicensingModule},
        registry::IpAssetRegistry,
        token::SpgNft,
    },
    convert,
    ops::{answers::Questions, arguments::DerivativeLink},
    rpc::CallOptions,
    view::View,
};

/// What the collection takes for a token.
pub(crate) async fn collection_mint_fee(view: &View<'_>, collection: Address) -> Result<Cost> {
    let mut answers = Questions::default()
        .ask(collection, &SpgNft::mintFeeTokenCall {})
        .ask(collection, &SpgNft::mintFeeCall {})
        .send(view)
        .await?;
    let token = answers.next::<SpgNft::mintFeeTokenCall>();
    let (Some(token), Some(fee)) = (token, answers.next::<SpgNft::mintFeeCall>()) else {
        return Err(Error::invalid(
            "nft.collection",
            "no_collection",
            "a collection of the protocol (SPG NFT)",
        )
        .with_context("contract", collection));
    };
    // As the contract: no fee without a token to pay it in.
    let fee = if token.is_zero() { Wei::ZERO } else { convert::wei(fee) };
    Ok(Cost::new(CostReason::CollectionMintFee, convert::from_evm_address(token), fee, collection))
}

/// What the registry takes from who calls it. It calls no workflow to account: those have no money of their own, and
/// fail while there is a fee.
pub(crate) async fn registration_fee(view: &View<'_>) -> Result<Cost> {
    let registry = view.addresses().ip_asset_registry;
    let mut answers = Questions::default()
        .ask(registry, &IpAssetRegistry::getFeeTokenCall {})
        .ask(registry, &IpAssetRegistry::getFeeAmountCall {})
        .send(view)
        .await?;
    let token = convert::from_evm_address(answers.must::<IpAssetRegistry::getFeeTokenCall>()?);
    let amount: u128 = answers.must::<IpAssetRegistry::getFeeAmountCall>()?.to();
    Ok(Cost::new(CostReason::RegistrationFee, token, Wei::from(amount), registry))
}

/// Who pays for licenses.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Payer {
    /// The sender, who calls `LicensingModule`.
    Sender,
    /// A workflow, which takes from the sender what all licenses cost in the currency of the first.
    Workflow(Address),
}

/// What the licenses of all parents cost.
///
/// # Errors
/// [`Reverted`](ErrorKind::Reverted), as the chain would, if that or the revenue share is over the link's limit;
/// [`Unsupported`](ErrorKind::Unsupported) if a workflow cannot pay the licenses.
pub(crate) async fn minting_fees(view: &View<'_>, link: &DerivativeLink, payer: Payer) -> Result<Vec<Cost>> {
    let addresses = view.addresses();
    let template = addresses.license_template(link.license_template);
    let (caller, spender) = match payer {
        Payer::Sender => (view.sender(), addresses.royalty_module),
        Payer::Workflow(workflow) => (workflow, workflow),
    };
    let asked = link.parents.iter().map(|parent| async move {
        let call = LicensingModule::predictMintingLicenseFeeCall {
            licensorIpId: convert::evm_ip(parent.parent),
            licenseTemplate: convert::evm_address(template),
            licenseTermsId: convert::u256_of_terms(parent.terms_id),
            amount: alloy::primitives::U256::ONE,
            receiver: convert::evm_address(view.sender()),
            royaltyContext: Bytes::new(),
        };
        view.rpc().call(addresses.licensing_module, &call, CallOptions::from(caller)).await
    });
    let fees = try_join_all(asked).await?;
    let costs: Vec<_> = fees
        .into_iter()
        .map(|fee| {
            let (token, amount) =
                (convert::from_evm_address(fee.currencyToken), convert::wei(fee.tokenAmount));
            Cost::new(CostReason::MintingFee, token, amount, spender)
        })
        .collect();
    check_fee_limit(link, &costs)?;
    if matches!(payer, Payer::Workflow(_)) {
        check_currency(&costs)?;
    }
    check_share_limit(view, link, template).await?;
    Ok(costs)
}

fn check_fee_limit(link: &DerivativeLink, costs: &[Cost]) -> Result<()> {
    let total: Wei = costs.iter().map(|cost| cost.amount).sum();
    if link.max_minting_fee.is_zero() || total <= link.max_minting_fee {
        return Ok(());
    }
    Err(Revert::new("LicensingModule__MintingFeeExceedMaxMintingFee")
        .arg(total)
        .arg(link.max_minting_fee)
        .into())
}

/// The workflows take all fees in the currency of the first parent's terms.
fn check_currency(costs: &[Cost]) -> Result<()> {
    let Some(first) = costs.first() else { return Ok(()) };
    if costs.iter().all(|cost| cost.amount.is_zero() || cost.token == first.token) {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Unsupported,
        "licenses in several currencies cannot be paid by a workflow: register first, then link",
    ))
}

async fn check_share_limit(view: &View<'_>, link: &DerivativeLink, template: Address) -> Result<()> {
    let limit = revenue_limit(link.max_revenue_share);
    if limit == 0 {
        return Ok(());
    }
    let asked = link.parents.iter().map(|parent| LicenseRegistry::getRoyaltyPercentCall {
        ipId: convert::evm_ip(parent.parent),
        licenseTemplate: convert::evm_address(template),
        licenseTermsId: convert::u256_of_terms(parent.terms_id),
    });
    let registry = view.addresses().license_registry;
    let mut answers = Questions::default().ask_all(registry, asked).send(view).await?;
    let mut sum = 0_u32;
    for parent in &link.parents {
        sum = sum.saturating_add(answers.must::<LicenseRegistry::getRoyaltyPercentCall>()?);
        if sum > limit {
            return Err(Revert::new("LicensingModule__ExceedMaxRevenueShare")
                .arg(parent.parent)
                .arg(template)
                .arg(parent.terms_id)
                .arg(sum)
                .arg(limit)
                .into());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost(token: u8, amount: u64) -> Cost {
        let (token, spender) = (Address::from_bytes([token; 20]), Address::from_bytes([9; 20]));
        Cost::new(CostReason::MintingFee, token, Wei::from(amount), spender)
    }

    #[test]
    fn a_fee_over_the_limit_is_refused_as_the_chain_refuses_it() {
        let mut link = DerivativeLink::new(Vec::new());
        let costs = [cost(1, 3), cost(2, 4)];
        assert!(check_fee_limit(&link, &costs).is_ok(), "zero is no limit");
        link.max_minting_fee = Wei::from(7_u64);
        assert!(check_fee_limit(&link, &costs).is_ok());
        link.max_minting_fee = Wei::from(6_u64);
        let error = check_fee_limit(&link, &costs).unwrap_err();
        let revert = error.revert().unwrap();
        assert_eq!(revert.to_string(), "LicensingModule__MintingFeeExceedMaxMintingFee(7,6)");
    }

    #[test]
    fn a_workflow_pays_in_the_first_currency_only() {
        assert!(check_currency(&[cost(1, 3), cost(1, 4), cost(2, 0)]).is_ok());
        let error = check_currency(&[cost(1, 0), cost(2, 4)]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
    }
}
