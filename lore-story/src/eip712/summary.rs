//! What a signed call does, in words.
//!
//! The sentence is read from the bytes and not told by who made them, so that nothing else can be signed under it.

use alloy::{
    hex,
    primitives::{Address as EvmAddress, FixedBytes},
    sol_types::{SolCall, SolInterface},
};
use lore_core::{Address, port::chain::PermissionLevel};

use crate::{
    addresses::Addresses,
    contracts::{
        account::{AccessController::AccessControllerCalls, Permission},
        dispute::{ArbitrationPolicyUma::ArbitrationPolicyUmaCalls, DisputeModule::DisputeModuleCalls},
        group::GroupingModule::GroupingModuleCalls,
        licensing::{
            LicensingModule::LicensingModuleCalls, PiLicenseTemplate::PiLicenseTemplateCalls,
            TotalLicenseTokenLimitHook::TotalLicenseTokenLimitHookCalls,
        },
        registry::CoreMetadataModule::CoreMetadataModuleCalls,
        royalty::RoyaltyModule::RoyaltyModuleCalls,
        token::{Erc20, WrappedIp::WrappedIpCalls},
    },
    convert,
    eip712::SignedCall,
};

/// The sentence about a call.
pub(super) fn of(call: &SignedCall) -> String {
    let mut sentence = permissions(call).or_else(|| approval(call)).unwrap_or_else(|| plain(call));
    if !call.value.is_zero() {
        sentence.push_str(&format!(", sending {} native coins along", call.value.to_coins()));
    }
    sentence
}

fn plain(call: &SignedCall) -> String {
    let what = match call.data.first_chunk() {
        Some(selector) => function(call.to, *selector),
        None => name(call.to),
    };
    format!("makes IP account {} call {what} once", call.account)
}

fn approval(call: &SignedCall) -> Option<String> {
    let approve = Erc20::approveCall::abi_decode(&call.data).ok()?;
    let spender = name(convert::from_evm_address(approve.spender));
    Some(format!(
        "lets {spender} take up to {} units of token {} from IP account {}",
        approve.value,
        name(call.to),
        call.account
    ))
}

/// Permissions are told apart by how long they last.
fn permissions(call: &SignedCall) -> Option<String> {
    const LASTING: &str = "until the owner changes it";
    const TRANSIENT: &str = "until the transaction ends";
    if name(call.to) != "AccessController" {
        return None;
    }
    let everything = |account, signer, permission| Permission {
        ipAccount: account,
        signer,
        to: EvmAddress::ZERO,
        func: FixedBytes::ZERO,
        permission,
    };
    let (permissions, how_long) = match AccessControllerCalls::abi_decode(&call.data).ok()? {
        AccessControllerCalls::setPermission(one) => {
            let permission = Permission {
                ipAccount: one.ipAccount,
                signer: one.signer,
                to: one.to,
                func: one.func,
                permission: one.permission,
            };
            (vec![permission], LASTING)
        }
        AccessControllerCalls::setTransientPermission(one) => {
            let permission = Permission {
                ipAccount: one.ipAccount,
                signer: one.signer,
                to: one.to,
                func: one.func,
                permission: one.permission,
            };
            (vec![permission], TRANSIENT)
        }
        AccessControllerCalls::setBatchPermissions(batch) => (batch.permissions, LASTING),
        AccessControllerCalls::setBatchTransientPermissions(batch) => (batch.permissions, TRANSIENT),
        AccessControllerCalls::setAllPermissions(all) => {
            (vec![everything(all.ipAccount, all.signer, all.permission)], LASTING)
        }
        AccessControllerCalls::setAllTransientPermissions(all) => {
            (vec![everything(all.ipAccount, all.signer, all.permission)], TRANSIENT)
        }
        _ => return None,
    };
    let each: Vec<_> = permissions.iter().map(permission).collect();
    Some(format!("{}, {how_long}", each.join(", ")))
}

fn permission(permission: &Permission) -> String {
    let signer = name(convert::from_evm_address(permission.signer));
    let to = convert::from_evm_address(permission.to);
    let what = match (to.is_zero(), permission.func.is_zero()) {
        (true, true) => "anything".to_owned(),
        (false, true) => format!("any function of {}", name(to)),
        _ => function(to, permission.func.0),
    };
    let account = convert::from_evm_address(permission.ipAccount);
    match PermissionLevel::from_u8(permission.permission) {
        Some(PermissionLevel::Allow) => format!("lets {signer} call {what} for IP account {account}"),
        Some(PermissionLevel::Deny) => format!("forbids {signer} to call {what} for IP account {account}"),
        _ => format!("takes back that {signer} may call {what} for IP account {account}"),
    }
}

/// The contract's name, if it is one of the protocol's, or its address.
fn name(address: Address) -> String {
    Addresses::name_anywhere(address).map_or_else(|| address.to_string(), str::to_owned)
}

/// Contract and function. The selector alone does not tell the function of a contract that nobody knows.
fn function(contract: Address, selector: [u8; 4]) -> String {
    let known = match Addresses::name_anywhere(contract) {
        Some("AccessController") => AccessControllerCalls::name_by_selector(selector),
        Some("ArbitrationPolicyUMA") => ArbitrationPolicyUmaCalls::name_by_selector(selector),
        Some("CoreMetadataModule") => CoreMetadataModuleCalls::name_by_selector(selector),
        Some("DisputeModule") => DisputeModuleCalls::name_by_selector(selector),
        Some("GroupingModule") => GroupingModuleCalls::name_by_selector(selector),
        Some("LicensingModule") => LicensingModuleCalls::name_by_selector(selector),
        Some("PILicenseTemplate") => PiLicenseTemplateCalls::name_by_selector(selector),
        Some("RoyaltyModule") => RoyaltyModuleCalls::name_by_selector(selector),
        Some("TotalLicenseTokenLimitHook") => TotalLicenseTokenLimitHookCalls::name_by_selector(selector),
        Some("WrappedIP") => WrappedIpCalls::name_by_selector(selector),
        _ => None,
    };
    let contract = name(contract);
    known.map_or_else(
        || format!("function {} of {contract}", hex::encode_prefixed(selector)),
        |function| format!("{contract}.{function}"),
    )
}

#[cfg(test)]
mod tests {
    use alloy::primitives::{Bytes, U256};
    use lore_core::{IpId, Wei, protocol};

    use super::*;
    use crate::{
        contracts::{account::AccessController, licensing::PiLicenseTemplate},
        eip712::Workflow,
    };

    const ACCOUNT: IpId = IpId::new(Address::from_bytes([0x11; 20]));
    const SOMEBODY: Address = Address::from_bytes([0x22; 20]);

    fn grant(to: Address, func: [u8; 4], permission: u8) -> SignedCall {
        let call = AccessController::setPermissionCall {
            ipAccount: convert::evm_ip(ACCOUNT),
            signer: convert::evm_address(SOMEBODY),
            to: convert::evm_address(to),
            func: func.into(),
            permission,
        };
        SignedCall::new(ACCOUNT, protocol::ACCESS_CONTROLLER, call.abi_encode())
    }

    #[test]
    fn what_a_workflow_may_do_is_told() {
        let sentences: Vec<_> =
            Workflow::ALL.iter().map(|workflow| of(&workflow.permit(ACCOUNT, &Addresses::AENEID))).collect();
        assert_eq!(
            sentences[0],
            format!(
                "lets RegistrationWorkflows call CoreMetadataModule.setAll for IP account {ACCOUNT}, until the \
                 transaction ends"
            )
        );
        assert_eq!(
            sentences[3],
            format!(
                "lets LicenseAttachmentWorkflows call LicensingModule.attachLicenseTerms for IP account {ACCOUNT}, \
                 lets LicenseAttachmentWorkflows call LicensingModule.setLicensingConfig for IP account {ACCOUNT}, \
                 until the transaction ends"
            )
        );
        assert!(sentences.iter().all(|sentence| !sentence.contains("function 0x")), "{sentences:?}");
    }

    #[test]
    fn a_lasting_permission_is_told_as_such() {
        let module = protocol::CORE_METADATA_MODULE;
        let tell = |to, func, level| of(&grant(to, func, level));
        let end = format!("for IP account {ACCOUNT}, until the owner changes it");
        assert_eq!(
            tell(module, [0x82, 0x25, 0xff, 0xcb], 1),
            format!("lets {SOMEBODY} call CoreMetadataModule.setMetadataURI {end}")
        );
        assert_eq!(
            tell(module, [0; 4], 2),
            format!("forbids {SOMEBODY} to call any function of CoreMetadataModule {end}")
        );
        assert_eq!(
            tell(module, [1, 2, 3, 4], 0),
            format!("takes back that {SOMEBODY} may call function 0x01020304 of CoreMetadataModule {end}")
        );
        let everything = AccessController::setAllPermissionsCall {
            ipAccount: convert::evm_ip(ACCOUNT),
            signer: convert::evm_address(SOMEBODY),
            permission: 1,
        };
        let call = SignedCall::new(ACCOUNT, protocol::ACCESS_CONTROLLER, everything.abi_encode());
        assert_eq!(of(&call), format!("lets {SOMEBODY} call anything {end}"));
    }

    #[test]
    fn other_calls_are_told_too() {
        let vault = Address::from_bytes([0x33; 20]);
        let spender = Addresses::AENEID.royalty_token_distribution_workflows;
        let approve = Erc20::approveCall { spender: convert::evm_address(spender), value: U256::from(5) };
        assert_eq!(
            of(&SignedCall::new(ACCOUNT, vault, approve.abi_encode())),
            format!(
                "lets RoyaltyTokenDistributionWorkflows take up to 5 units of token {vault} from IP account {ACCOUNT}"
            )
        );
        let pay = SignedCall::new(ACCOUNT, SOMEBODY, Bytes::new()).with_value(Wei::from_coins(2));
        assert_eq!(
            of(&pay),
            format!("makes IP account {ACCOUNT} call {SOMEBODY} once, sending 2 native coins along")
        );
        let approval = PiLicenseTemplate::setApprovalCall::SELECTOR;
        assert_eq!(
            of(&SignedCall::new(ACCOUNT, protocol::PI_LICENSE_TEMPLATE, approval)),
            format!("makes IP account {ACCOUNT} call PILicenseTemplate.setApproval once")
        );
        // The same selector at a contract that nobody knows may be any function.
        let unknown = of(&SignedCall::new(ACCOUNT, SOMEBODY, approval));
        assert!(unknown.contains("function 0x") && unknown.contains(&SOMEBODY.to_string()), "{unknown}");
    }
}
