//! IPs, their metadata and licenses, and who may act for them.

use alloy::primitives::Log;
use lore_core::{
    Result,
    domain::chain_event::{ChainEvent, HexBytes, Selector},
    port::chain::PermissionLevel,
};

use super::{Context, event};
use crate::{
    contracts::{
        account::AccessController,
        licensing::{LicenseRegistry, LicensingModule, PiLicenseTemplate},
        registry::{CoreMetadataModule, IpAssetRegistry},
        token::SpgNft,
    },
    convert,
};

pub(super) fn of_registry(log: &Log) -> Result<Option<ChainEvent>> {
    let Some(found) = event::<IpAssetRegistry::IPRegistered>(log) else { return Ok(None) };
    Ok(Some(ChainEvent::IpRegistered {
        ip: convert::from_evm_ip(found.ipId),
        chain_id: convert::number(found.chainId),
        token_contract: convert::from_evm_address(found.tokenContract),
        token_id: convert::token_id(found.tokenId),
        name: found.name,
        uri: found.uri,
        registered_at: convert::timestamp(found.registrationDate)?,
    }))
}

pub(super) fn of_metadata(log: &Log) -> Option<ChainEvent> {
    if let Some(found) = event::<CoreMetadataModule::MetadataURISet>(log) {
        return Some(ChainEvent::IpMetadataSet {
            ip: convert::from_evm_ip(found.ipId),
            uri: found.metadataURI,
            hash: convert::content_hash(found.metadataHash),
        });
    }
    if let Some(found) = event::<CoreMetadataModule::NFTTokenURISet>(log) {
        return Some(ChainEvent::NftMetadataSet {
            ip: convert::from_evm_ip(found.ipId),
            uri: found.nftTokenURI,
            hash: convert::content_hash(found.nftMetadataHash),
        });
    }
    let found: CoreMetadataModule::MetadataFrozen = event(log)?;
    Some(ChainEvent::IpMetadataFrozen { ip: convert::from_evm_ip(found.ipId) })
}

pub(super) fn of_licenses(log: &Log, context: &Context<'_>) -> Option<ChainEvent> {
    let addresses = context.addresses;
    if context.emitter == addresses.pi_license_template {
        let found: PiLicenseTemplate::LicenseTermsRegistered = event(log)?;
        return Some(ChainEvent::LicenseTermsRegistered {
            template: convert::from_evm_address(found.licenseTemplate),
            terms_id: convert::terms_id(found.licenseTermsId),
            encoded: HexBytes::new(found.licenseTerms.to_vec()),
        });
    }
    if context.emitter == addresses.license_registry { of_configs(log) } else { of_licensing(log) }
}

fn of_configs(log: &Log) -> Option<ChainEvent> {
    let found: LicenseRegistry::LicensingConfigSetForLicense = event(log)?;
    let config = found.licensingConfig;
    Some(ChainEvent::LicensingConfigSet {
        ip: convert::from_evm_ip(found.ipId),
        template: convert::from_evm_address(found.licenseTemplate),
        terms_id: convert::terms_id(found.licenseTermsId),
        is_set: config.isSet,
        minting_fee: convert::wei(config.mintingFee),
        licensing_hook: convert::from_evm_address(config.licensingHook),
        hook_data: HexBytes::new(config.hookData.to_vec()),
        commercial_rev_share: config.commercialRevShare,
        is_disabled: config.disabled,
        min_group_reward_share: config.expectMinimumGroupRewardShare,
        group_reward_pool: convert::from_evm_address(config.expectGroupRewardPool),
    })
}

fn of_licensing(log: &Log) -> Option<ChainEvent> {
    if let Some(found) = event::<LicensingModule::LicenseTermsAttached>(log) {
        return Some(ChainEvent::LicenseTermsAttached {
            ip: convert::from_evm_ip(found.ipId),
            template: convert::from_evm_address(found.licenseTemplate),
            terms_id: convert::terms_id(found.licenseTermsId),
            caller: convert::from_evm_address(found.caller),
        });
    }
    if let Some(found) = event::<LicensingModule::LicenseTokensMinted>(log) {
        return Some(ChainEvent::LicenseTokensMinted {
            licensor: convert::from_evm_ip(found.licensorIpId),
            template: convert::from_evm_address(found.licenseTemplate),
            terms_id: convert::terms_id(found.licenseTermsId),
            amount: convert::number(found.amount),
            receiver: convert::from_evm_address(found.receiver),
            first_token: convert::token_id(found.startLicenseTokenId),
            caller: convert::from_evm_address(found.caller),
        });
    }
    let found: LicensingModule::DerivativeRegistered = event(log)?;
    Some(ChainEvent::DerivativeRegistered {
        child: convert::from_evm_ip(found.childIpId),
        parents: found.parentIpIds.into_iter().map(convert::from_evm_ip).collect(),
        terms_ids: found.licenseTermsIds.into_iter().map(convert::terms_id).collect(),
        template: convert::from_evm_address(found.licenseTemplate),
        license_tokens: found.licenseTokenIds.into_iter().map(convert::token_id).collect(),
        caller: convert::from_evm_address(found.caller),
    })
}

pub(super) fn of_access_controller(log: &Log) -> Option<ChainEvent> {
    let found: AccessController::PermissionSet = event(log)?;
    Some(ChainEvent::PermissionSet {
        ip: convert::from_evm_ip(found.ipAccount),
        owner: convert::from_evm_address(found.ipAccountOwner),
        signer: convert::from_evm_address(found.signer),
        target: convert::from_evm_address(found.to),
        function: Selector::from_bytes(found.func.0),
        level: PermissionLevel::from_u8(found.permission)?,
    })
}

pub(super) fn of_collection(log: &Log, context: &Context<'_>) -> Option<ChainEvent> {
    let found: SpgNft::Transfer = event(log)?;
    let token_id = convert::token_id(found.tokenId);
    Some(ChainEvent::NftTransferred {
        ip: context.addresses.ip_id(context.chain_id, context.emitter, token_id),
        token_id,
        from: convert::from_evm_address(found.from),
        to: convert::from_evm_address(found.to),
    })
}
