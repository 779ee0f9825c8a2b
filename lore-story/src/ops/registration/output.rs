//! [`RegisteredIp`]: what came of a registration, read from the logs.

use lore_core::{Address, Error, ErrorKind, IpId, LicenseTermsId, Result, TokenId, domain::asset::Mined};

use crate::{
    addresses::Addresses,
    contracts::{
        licensing::LicensingModule,
        registry::{CoreMetadataModule, IpAssetRegistry},
        royalty::RoyaltyModule,
    },
    convert,
    ops::registration::shape::{Also, Shape},
    receipt::Receipt,
};

/// A registered IP.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RegisteredIp {
    /// The IP.
    pub ip_id: IpId,
    /// Contract of the token behind it.
    pub token_contract: Address,
    /// The token behind it.
    pub token_id: TokenId,
    /// Terms that were attached or, for a derivative, inherited, in order; for an IP that was there before, what it was
    /// asked to have. Terms that the IP had before are left out of a transaction that added others.
    pub license_terms: Vec<LicenseTermsId>,
    /// The royalty vault, if the transaction made it or the operation asked for one.
    pub royalty_vault: Option<Address>,
    /// The transaction; `None` if nothing was left to do.
    pub mined: Option<Mined>,
}

/// An account that the registry made or found.
pub(crate) struct Account {
    pub(crate) ip_id: IpId,
    pub(crate) token_contract: Address,
    pub(crate) token_id: TokenId,
}

impl Account {
    /// The IP without anything else.
    pub(crate) const fn registered(self, mined: Mined) -> RegisteredIp {
        RegisteredIp {
            ip_id: self.ip_id,
            token_contract: self.token_contract,
            token_id: self.token_id,
            license_terms: Vec::new(),
            royalty_vault: None,
            mined: Some(mined),
        }
    }
}

/// The accounts of a transaction, in order. An account is announced whether it is new or not.
///
/// # Errors
/// [`IntegrityMismatch`](ErrorKind::IntegrityMismatch) if an id is not the one that follows from the token: that is no
/// registry of this protocol.
pub(crate) fn accounts(receipt: &Receipt, addresses: &Addresses) -> Result<Vec<Account>> {
    receipt
        .events::<IpAssetRegistry::IPAccountRegistered>(addresses.ip_asset_registry)
        .map(|event| {
            let token_contract = convert::from_evm_address(event.tokenContract);
            let token_id = convert::token_id(event.tokenId);
            let found = convert::from_evm_ip(event.account);
            let expected = addresses.ip_id(convert::number(event.chainId), token_contract, token_id);
            if found == expected {
                return Ok(Account { ip_id: found, token_contract, token_id });
            }
            Err(Error::new(
                ErrorKind::IntegrityMismatch,
                "the registry gave another id than the protocol would",
            )
            .with_context("expected", expected)
            .with_context("found", found))
        })
        .collect()
}

/// The result of a registration. The transaction may hold others.
pub(crate) fn read(shape: Shape<'_>, receipt: &Receipt, addresses: &Addresses) -> Result<RegisteredIp> {
    let missing = || {
        receipt.missing(
            <IpAssetRegistry::IPAccountRegistered as alloy::sol_types::SolEvent>::SIGNATURE,
            addresses.ip_asset_registry,
        )
    };
    let accounts = accounts(receipt, addresses)?;
    let account = match shape {
        Shape::Nft(nft, _) => accounts
            .into_iter()
            .find(|account| account.token_contract == nft.contract && account.token_id == nft.token_id),
        Shape::Mint(nft, _) => {
            // Its hash tells it from others of the same collection.
            let hash = nft.metadata.nft_hash().map(convert::b256_of_content);
            let of_hash: Vec<_> = receipt
                .events::<CoreMetadataModule::NFTTokenURISet>(addresses.core_metadata_module)
                .filter(|event| Some(event.nftMetadataHash) == hash)
                .map(|event| convert::from_evm_ip(event.ipId))
                .collect();
            accounts.into_iter().find(|account| {
                account.token_contract == nft.collection
                    && (hash.is_none() || of_hash.contains(&account.ip_id))
            })
        }
    };
    let account = account.ok_or_else(missing)?;
    let ip_id = account.ip_id;
    Ok(RegisteredIp {
        license_terms: license_terms(shape, ip_id, receipt, addresses)?,
        royalty_vault: vault(ip_id, receipt, addresses),
        ..account.registered(receipt.mined())
    })
}

fn license_terms(
    shape: Shape<'_>,
    ip_id: IpId,
    receipt: &Receipt,
    addresses: &Addresses,
) -> Result<Vec<LicenseTermsId>> {
    let licensing = addresses.licensing_module;
    match shape.also() {
        Also::Nothing => Ok(Vec::new()),
        Also::AttachTerms(terms) => {
            let attached = receipt
                .events::<LicensingModule::LicenseTermsAttached>(licensing)
                .filter(|event| convert::from_evm_ip(event.ipId) == ip_id)
                .map(|event| convert::terms_id(event.licenseTermsId));
            // A workflow that makes a vault may attach one more after them, for its own purpose.
            Ok(attached.take(terms.len()).collect())
        }
        Also::Link(_) | Also::BurnTokens(_) => {
            let linked = receipt
                .events::<LicensingModule::DerivativeRegistered>(licensing)
                .find(|event| convert::from_evm_ip(event.childIpId) == ip_id)
                .ok_or_else(|| {
                    receipt.missing(
                        <LicensingModule::DerivativeRegistered as alloy::sol_types::SolEvent>::SIGNATURE,
                        licensing,
                    )
                })?;
            Ok(linked.licenseTermsIds.into_iter().map(convert::terms_id).collect())
        }
    }
}

/// The vault that a transaction made for an IP.
pub(crate) fn vault(ip_id: IpId, receipt: &Receipt, addresses: &Addresses) -> Option<Address> {
    receipt
        .events::<RoyaltyModule::IpRoyaltyVaultDeployed>(addresses.royalty_module)
        .find(|event| convert::from_evm_ip(event.ipId) == ip_id)
        .map(|event| convert::from_evm_address(event.ipRoyaltyVault))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::recorded::transaction;

    #[test]
    fn an_account_must_be_the_one_that_these_contracts_would_make() {
        let receipt = transaction(190).receipt();
        let published = Addresses::AENEID;
        let found = accounts(&receipt, &published).unwrap();
        assert!(!found.is_empty());
        let others = Addresses { ip_account_implementation: Address::from_bytes([7; 20]), ..published };
        let error = accounts(&receipt, &others).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::IntegrityMismatch);
    }
}
