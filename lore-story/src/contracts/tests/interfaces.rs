//! Every interface that is declared, in a form that tests can walk through.

use alloy::{
    json_abi::JsonAbi,
    primitives::{B256, IntoLogData},
    sol_types::{SolEventInterface, SolInterface},
};

/// What a log is made of.
pub(super) type RawLog = (Vec<B256>, Vec<u8>);

/// An interface as the macro made it.
pub(super) struct Interface {
    /// Its name in Rust.
    pub(super) name: &'static str,
    /// The published ABI of the contract.
    pub(super) published: &'static str,
    /// What it declares.
    pub(super) abi: fn() -> JsonAbi,
    /// Selectors that its calls are made with.
    pub(super) selectors: &'static [[u8; 4]],
    /// Topics that its events are decoded by.
    pub(super) topics: &'static [[u8; 32]],
    /// Decodes a call of it and encodes the call again.
    pub(super) recode_call: fn(&[u8]) -> Option<Vec<u8>>,
    /// Decodes an event of it and encodes the event again.
    pub(super) recode_log: fn(&[B256], &[u8]) -> Option<RawLog>,
}

fn recode_call<C: SolInterface>(data: &[u8]) -> Option<Vec<u8>> {
    C::abi_decode(data).ok().map(|call| call.abi_encode())
}

fn recode_log<E: SolEventInterface + IntoLogData>(topics: &[B256], data: &[u8]) -> Option<RawLog> {
    let log = E::decode_raw_log(topics, data).ok()?.into_log_data();
    Some((log.topics().to_vec(), log.data.to_vec()))
}

/// By whether it has functions, events, or both.
macro_rules! interface {
    ($module:ident::$name:ident, $published:literal, $calls:ident, $events:ident) => {{
        use crate::contracts::$module::$name;
        Interface {
            topics: $name::$events::SELECTORS,
            recode_log: recode_log::<$name::$events>,
            ..interface!($module::$name, $published, $calls)
        }
    }};
    ($module:ident::$name:ident, $published:literal, $calls:ident) => {{
        use crate::contracts::$module::$name;
        Interface {
            selectors: $name::$calls::SELECTORS,
            recode_call: recode_call::<$name::$calls>,
            ..interface!($module::$name, $published)
        }
    }};
    ($module:ident::$name:ident, $published:literal, events $events:ident) => {{
        use crate::contracts::$module::$name;
        Interface {
            topics: $name::$events::SELECTORS,
            recode_log: recode_log::<$name::$events>,
            ..interface!($module::$name, $published)
        }
    }};
    ($module:ident::$name:ident, $published:literal) => {{
        use crate::contracts::$module::$name;
        Interface {
            name: stringify!($name),
            published: $published,
            abi: $name::abi::contract,
            selectors: &[],
            topics: &[],
            recode_call: |_| None,
            recode_log: |_, _| None,
        }
    }};
}

/// All of them; a test holds this list against the sources.
#[rustfmt::skip]
pub(super) fn all() -> [Interface; 32] {
    [
        interface!(account::IpAccount, "IPAccountImpl", IpAccountCalls, IpAccountEvents),
        interface!(account::AccessController, "AccessController", AccessControllerCalls, AccessControllerEvents),
        interface!(account::Erc6551Registry, "ERC6551Registry", Erc6551RegistryCalls, Erc6551RegistryEvents),
        interface!(dispute::DisputeModule, "DisputeModule", DisputeModuleCalls, DisputeModuleEvents),
        interface!(dispute::UnreleasedDisputeModule, "head_unreleased_1.3.3/DisputeModule", events UnreleasedDisputeModuleEvents),
        interface!(dispute::ArbitrationPolicyUma, "ArbitrationPolicyUMA", ArbitrationPolicyUmaCalls, ArbitrationPolicyUmaEvents),
        interface!(dispute::OptimisticOracleV3, "OptimisticOracleV3", OptimisticOracleV3Calls, OptimisticOracleV3Events),
        interface!(group::GroupingModule, "GroupingModule", GroupingModuleCalls, GroupingModuleEvents),
        interface!(group::EvenSplitGroupPool, "EvenSplitGroupPool", EvenSplitGroupPoolCalls),
        interface!(licensing::LicensingModule, "LicensingModule", LicensingModuleCalls, LicensingModuleEvents),
        interface!(licensing::LicenseRegistry, "LicenseRegistry", LicenseRegistryCalls, LicenseRegistryEvents),
        interface!(licensing::LicenseToken, "LicenseToken", LicenseTokenCalls, LicenseTokenEvents),
        interface!(licensing::PiLicenseTemplate, "PILicenseTemplate", PiLicenseTemplateCalls, PiLicenseTemplateEvents),
        interface!(licensing::TotalLicenseTokenLimitHook, "TotalLicenseTokenLimitHook", TotalLicenseTokenLimitHookCalls, TotalLicenseTokenLimitHookEvents),
        interface!(licensing::RegistrationWorkflows, "RegistrationWorkflows", RegistrationWorkflowsCalls, RegistrationWorkflowsEvents),
        interface!(licensing::LicenseAttachmentWorkflows, "LicenseAttachmentWorkflows", LicenseAttachmentWorkflowsCalls),
        interface!(licensing::DerivativeWorkflows, "DerivativeWorkflows", DerivativeWorkflowsCalls),
        interface!(licensing::RoyaltyTokenDistributionWorkflows, "RoyaltyTokenDistributionWorkflows", RoyaltyTokenDistributionWorkflowsCalls),
        interface!(licensing::GroupingWorkflows, "GroupingWorkflows", GroupingWorkflowsCalls),
        interface!(registry::IpAssetRegistry, "IPAssetRegistry", IpAssetRegistryCalls, IpAssetRegistryEvents),
        interface!(registry::CoreMetadataModule, "CoreMetadataModule", CoreMetadataModuleCalls, CoreMetadataModuleEvents),
        interface!(registry::CoreMetadataViewModule, "CoreMetadataViewModule", CoreMetadataViewModuleCalls),
        interface!(registry::ModuleRegistry, "ModuleRegistry", ModuleRegistryCalls),
        interface!(royalty::RoyaltyModule, "RoyaltyModule", RoyaltyModuleCalls, RoyaltyModuleEvents),
        interface!(royalty::RoyaltyPolicyLap, "RoyaltyPolicyLAP", RoyaltyPolicyLapCalls, RoyaltyPolicyLapEvents),
        interface!(royalty::RoyaltyPolicyLrp, "RoyaltyPolicyLRP", RoyaltyPolicyLrpCalls, RoyaltyPolicyLrpEvents),
        interface!(royalty::IpRoyaltyVault, "IpRoyaltyVaultImpl", IpRoyaltyVaultCalls, IpRoyaltyVaultEvents),
        interface!(royalty::RoyaltyWorkflows, "RoyaltyWorkflows", RoyaltyWorkflowsCalls),
        interface!(token::Erc20, "ERC20", Erc20Calls, Erc20Events),
        interface!(token::WrappedIp, "WrappedIP", WrappedIpCalls, WrappedIpEvents),
        interface!(token::SpgNft, "SPGNFTImpl", SpgNftCalls, SpgNftEvents),
        interface!(token::Multicall3, "Multicall3", Multicall3Calls),
    ]
}
