//! Lore's types and the contracts' types, in both directions, field by field.
//!
//! Nothing here fails but a number that has no place in Lore's type: a share above 100 %, a time after the year 9999.

use alloy::primitives::{Address as EvmAddress, B256, Bytes, U256};
use lore_core::{
    Address, ContentHash, Error, ErrorKind, IpId, LicenseTermsId, Result, Share, Timestamp, TokenId, TxHash,
    Wei,
    domain::license::{LicensingConfig, PilTerms},
    onchain::Uint256,
};

use crate::contracts::licensing as sol;

/// An address of Lore as the contracts take it.
pub(crate) fn evm_address(address: Address) -> EvmAddress {
    EvmAddress::new(*address.as_bytes())
}

/// An address of the contracts.
pub(crate) fn from_evm_address(address: EvmAddress) -> Address {
    Address::from_bytes(address.into_array())
}

/// The account of an IP as the contracts take it.
pub(crate) fn evm_ip(ip: IpId) -> EvmAddress {
    evm_address(ip.address())
}

/// An IP that the contracts name by its account.
pub(crate) fn from_evm_ip(account: EvmAddress) -> IpId {
    IpId::new(from_evm_address(account))
}

/// The accounts of IPs as the contracts take them, in order.
pub(crate) fn evm_ips(ips: &[IpId]) -> Vec<EvmAddress> {
    ips.iter().copied().map(evm_ip).collect()
}

/// One function to the contracts' number and one back, for each of Lore's numbers of 256 bits.
macro_rules! numbers {
    ($($to:ident, $from:ident: $name:ident;)+) => {$(
        pub(crate) fn $to(value: $name) -> U256 {
            U256::from_be_bytes(value.to_be_bytes())
        }

        pub(crate) fn $from(value: U256) -> $name {
            $name::from_be_bytes(value.to_be_bytes())
        }
    )+};
}

numbers! {
    u256, wei: Wei;
    u256_of_token, token_id: TokenId;
    u256_of_terms, terms_id: LicenseTermsId;
    u256_of_number, number: Uint256;
}

/// The same for hashes of 32 bytes.
macro_rules! hashes {
    ($($to:ident, $from:ident: $name:ident;)+) => {$(
        pub(crate) fn $to(value: $name) -> B256 {
            B256::new(*value.as_bytes())
        }

        pub(crate) fn $from(value: B256) -> $name {
            $name::from_bytes(value.0)
        }
    )+};
}

hashes! {
    b256_of_content, content_hash: ContentHash;
    b256_of_tx, tx_hash: TxHash;
}

/// A share that the chain keeps; the contracts store some above 100 %.
///
/// # Errors
/// [`IntegrityMismatch`](ErrorKind::IntegrityMismatch) above 100 %.
pub(crate) fn share(millionths: u32) -> Result<Share> {
    Share::from_millionths(millionths).map_err(|err| {
        Error::new(ErrorKind::IntegrityMismatch, "the chain keeps a share above 100 %")
            .with_context("millionths", millionths)
            .with_source(err)
    })
}

/// A time of the chain, in seconds since the Unix epoch.
///
/// # Errors
/// [`IntegrityMismatch`](ErrorKind::IntegrityMismatch) after the year 9999.
pub(crate) fn timestamp(seconds: U256) -> Result<Timestamp> {
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    Timestamp::from_unix_seconds(seconds).map_err(|err| {
        Error::new(ErrorKind::IntegrityMismatch, "the chain gives a time after the year 9999")
            .with_context("seconds", seconds)
            .with_source(err)
    })
}

/// Terms as given; the template escapes the `uri` itself. Only its lookup of an id wants it escaped first.
pub(crate) fn pil_terms(terms: &PilTerms) -> sol::PILTerms {
    sol::PILTerms {
        transferable: terms.transferable,
        royaltyPolicy: evm_address(terms.royalty_policy),
        defaultMintingFee: u256(terms.default_minting_fee),
        expiration: u256_of_number(terms.expiration_seconds),
        commercialUse: terms.commercial_use,
        commercialAttribution: terms.commercial_attribution,
        commercializerChecker: evm_address(terms.commercializer_checker),
        commercializerCheckerData: Bytes::copy_from_slice(&terms.commercializer_checker_data),
        commercialRevShare: terms.commercial_rev_share,
        commercialRevCeiling: u256(terms.commercial_rev_ceiling),
        derivativesAllowed: terms.derivatives_allowed,
        derivativesAttribution: terms.derivatives_attribution,
        derivativesApproval: terms.derivatives_approval,
        derivativesReciprocal: terms.derivatives_reciprocal,
        derivativeRevCeiling: u256(terms.derivative_rev_ceiling),
        currency: evm_address(terms.currency),
        uri: terms.uri.clone(),
    }
}

/// Terms as stored, that is with the `uri` escaped.
pub(crate) fn from_pil_terms(terms: sol::PILTerms) -> PilTerms {
    PilTerms {
        transferable: terms.transferable,
        royalty_policy: from_evm_address(terms.royaltyPolicy),
        default_minting_fee: wei(terms.defaultMintingFee),
        expiration_seconds: number(terms.expiration),
        commercial_use: terms.commercialUse,
        commercial_attribution: terms.commercialAttribution,
        commercializer_checker: from_evm_address(terms.commercializerChecker),
        commercializer_checker_data: terms.commercializerCheckerData.to_vec(),
        commercial_rev_share: terms.commercialRevShare,
        commercial_rev_ceiling: wei(terms.commercialRevCeiling),
        derivatives_allowed: terms.derivativesAllowed,
        derivatives_attribution: terms.derivativesAttribution,
        derivatives_approval: terms.derivativesApproval,
        derivatives_reciprocal: terms.derivativesReciprocal,
        derivative_rev_ceiling: wei(terms.derivativeRevCeiling),
        currency: from_evm_address(terms.currency),
        uri: terms.uri,
    }
}

/// A licensor's changes as the contracts take them.
pub(crate) fn licensing_config(config: &LicensingConfig) -> sol::LicensingConfig {
    sol::LicensingConfig {
        isSet: config.is_set,
        mintingFee: u256(config.minting_fee),
        licensingHook: evm_address(config.licensing_hook),
        hookData: Bytes::copy_from_slice(&config.hook_data),
        commercialRevShare: config.commercial_rev_share,
        disabled: config.disabled,
        expectMinimumGroupRewardShare: config.expect_minimum_group_reward_share,
        expectGroupRewardPool: evm_address(config.expect_group_reward_pool),
    }
}

/// A licensor's changes as the contracts keep them.
pub(crate) fn from_licensing_config(config: sol::LicensingConfig) -> LicensingConfig {
    LicensingConfig {
        is_set: config.isSet,
        minting_fee: wei(config.mintingFee),
        licensing_hook: from_evm_address(config.licensingHook),
        hook_data: config.hookData.to_vec(),
        commercial_rev_share: config.commercialRevShare,
        disabled: config.disabled,
        expect_minimum_group_reward_share: config.expectMinimumGroupRewardShare,
        expect_group_reward_pool: from_evm_address(config.expectGroupRewardPool),
    }
}

/// Terms with what the licensor changes about them.
pub(crate) fn license_terms_data(terms: &PilTerms, config: &LicensingConfig) -> sol::LicenseTermsData {
    sol::LicenseTermsData { terms: pil_terms(terms), licensingConfig: licensing_config(config) }
}

#[cfg(test)]
mod tests {
    use alloy::sol_types::SolValue;
    use lore_core::domain::license::{Payment, encode_terms};

    use super::*;

    fn terms() -> PilTerms {
        PilTerms {
            commercializer_checker_data: vec![7; 33],
            commercial_rev_ceiling: Wei::from(1_u64),
            derivative_rev_ceiling: Wei::MAX,
            expiration_seconds: Uint256::from(86_400_u64),
            derivatives_approval: true,
            uri: "https://example.org/\u{e9}\"".to_owned(),
            ..PilTerms::commercial_remix(Wei::from_coins(2), Share::FULL, Payment::default())
        }
    }

    #[test]
    fn terms_survive_the_way_there_and_back() {
        assert_eq!(from_pil_terms(pil_terms(&terms())), terms());
    }

    #[test]
    fn both_encoders_write_terms_as_the_same_bytes() {
        for terms in [terms(), PilTerms::non_commercial_social_remixing()] {
            assert_eq!(pil_terms(&terms).abi_encode(), encode_terms(&terms));
        }
    }

    #[test]
    fn a_licensing_config_survives_the_way_there_and_back() {
        let config = LicensingConfig {
            is_set: true,
            minting_fee: Wei::from(5_u64),
            licensing_hook: Address::from_bytes([1; 20]),
            hook_data: vec![1, 2, 3],
            commercial_rev_share: 4,
            disabled: true,
            expect_minimum_group_reward_share: 6,
            expect_group_reward_pool: Address::from_bytes([2; 20]),
        };
        assert_eq!(from_licensing_config(licensing_config(&config)), config);
    }

    #[test]
    fn numbers_keep_all_256_bits() {
        for value in [Uint256::ZERO, Uint256::from(0x0102_0304_u64), Uint256::MAX] {
            assert_eq!(super::number(u256_of_number(value)), value);
            assert_eq!(u256_of_number(value).to_string(), value.to_string());
        }
    }

    #[test]
    fn what_lore_cannot_keep_is_an_error_and_not_another_value() {
        assert_eq!(share(100_000_000).unwrap(), Share::FULL);
        assert_eq!(share(100_000_001).unwrap_err().kind(), ErrorKind::IntegrityMismatch);
        assert_eq!(timestamp(U256::from(1)).unwrap().unix_seconds(), 1);
        assert_eq!(timestamp(U256::MAX).unwrap_err().kind(), ErrorKind::IntegrityMismatch);
    }
}
