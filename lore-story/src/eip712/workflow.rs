//! [`Workflow`]: what each workflow must be allowed, function by function.

use alloy::{primitives::FixedBytes, sol_types::SolCall};
use lore_core::{Address, IpId, port::chain::PermissionLevel};

use crate::{
    addresses::Addresses,
    contracts::{
        account::{AccessController, Permission},
        group::GroupingModule,
        licensing::LicensingModule,
        registry::CoreMetadataModule,
    },
    convert,
    eip712::SignedCall,
};

/// A function of a workflow that takes a signature, and with it may call modules for an IP account until the transaction
/// ends. It takes the signature from the signer's own transaction alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Workflow {
    /// `RegistrationWorkflows.registerIp`: sets metadata.
    RegisterIp,
    /// `LicenseAttachmentWorkflows.registerIpAndAttachPILTerms`: sets metadata, attaches terms.
    RegisterIpAndAttachTerms,
    /// `LicenseAttachmentWorkflows.registerIpAndAttachDefaultTerms`: sets metadata, attaches the default terms.
    RegisterIpAndAttachDefaultTerms,
    /// `LicenseAttachmentWorkflows.registerPILTermsAndAttach`: attaches terms.
    AttachTerms,
    /// `DerivativeWorkflows.registerIpAndMakeDerivative`: sets metadata, links.
    RegisterDerivative,
    /// `DerivativeWorkflows.registerIpAndMakeDerivativeWithLicenseTokens`: sets metadata, links by license tokens.
    RegisterDerivativeWithLicenseTokens,
    /// `RoyaltyTokenDistributionWorkflows.registerIpAndAttachPILTermsAndDeployRoyaltyVault`: sets metadata, attaches terms.
    RegisterIpAndDeployVault,
    /// `RoyaltyTokenDistributionWorkflows.registerIpAndMakeDerivativeAndDeployRoyaltyVault`: sets metadata, links.
    RegisterDerivativeAndDeployVault,
    /// `GroupingWorkflows.registerIpAndAttachLicenseAndAddToGroup`, for the IP: sets metadata, attaches terms.
    RegisterIpForGroup,
    /// `GroupingWorkflows`, for the group of all functions that add to it: adds a member.
    AddToGroup,
}

impl Workflow {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::RegisterIp,
        Self::RegisterIpAndAttachTerms,
        Self::RegisterIpAndAttachDefaultTerms,
        Self::AttachTerms,
        Self::RegisterDerivative,
        Self::RegisterDerivativeWithLicenseTokens,
        Self::RegisterIpAndDeployVault,
        Self::RegisterDerivativeAndDeployVault,
        Self::RegisterIpForGroup,
        Self::AddToGroup,
    ];

    /// The contract that acts.
    #[must_use]
    pub const fn contract(self, addresses: &Addresses) -> Address {
        match self {
            Self::RegisterIp => addresses.registration_workflows,
            Self::RegisterIpAndAttachTerms | Self::RegisterIpAndAttachDefaultTerms | Self::AttachTerms => {
                addresses.license_attachment_workflows
            }
            Self::RegisterDerivative | Self::RegisterDerivativeWithLicenseTokens => {
                addresses.derivative_workflows
            }
            Self::RegisterIpAndDeployVault | Self::RegisterDerivativeAndDeployVault => {
                addresses.royalty_token_distribution_workflows
            }
            Self::RegisterIpForGroup | Self::AddToGroup => addresses.grouping_workflows,
        }
    }

    /// The functions it calls for the account, in the order in which it names them: contract and selector.
    #[must_use]
    pub fn functions(self, addresses: &Addresses) -> Vec<(Address, [u8; 4])> {
        let metadata = (addresses.core_metadata_module, CoreMetadataModule::setAllCall::SELECTOR);
        let licensing = |selector| (addresses.licensing_module, selector);
        let attach = licensing(LicensingModule::attachLicenseTermsCall::SELECTOR);
        let configure = licensing(LicensingModule::setLicensingConfigCall::SELECTOR);
        match self {
            Self::RegisterIp => vec![metadata],
            Self::RegisterIpAndAttachTerms | Self::RegisterIpAndDeployVault | Self::RegisterIpForGroup => {
                vec![metadata, attach, configure]
            }
            Self::RegisterIpAndAttachDefaultTerms => {
                vec![metadata, licensing(LicensingModule::attachDefaultLicenseTermsCall::SELECTOR)]
            }
            Self::AttachTerms => vec![attach, configure],
            Self::RegisterDerivative | Self::RegisterDerivativeAndDeployVault => {
                vec![metadata, licensing(LicensingModule::registerDerivativeCall::SELECTOR)]
            }
            Self::RegisterDerivativeWithLicenseTokens => {
                vec![metadata, licensing(LicensingModule::registerDerivativeWithLicenseTokensCall::SELECTOR)]
            }
            Self::AddToGroup => vec![(addresses.grouping_module, GroupingModule::addIpCall::SELECTOR)],
        }
    }

    /// What the account's owner signs for it.
    #[must_use]
    pub fn permit(self, account: IpId, addresses: &Addresses) -> SignedCall {
        permit(account, addresses.access_controller, self.contract(addresses), &self.functions(addresses))
    }
}

/// Lets `signer` call functions for an account until the transaction ends.
///
/// One function is permitted by the call for one, several by the call for several: a workflow rebuilds these very bytes.
fn permit(
    account: IpId,
    access_controller: Address,
    signer: Address,
    functions: &[(Address, [u8; 4])],
) -> SignedCall {
    let permission = |(contract, selector): &(Address, [u8; 4])| Permission {
        ipAccount: convert::evm_ip(account),
        signer: convert::evm_address(signer),
        to: convert::evm_address(*contract),
        func: FixedBytes::new(*selector),
        permission: PermissionLevel::Allow.as_u8(),
    };
    let data = if let [function] = functions {
        let Permission { ipAccount, signer, to, func, permission } = permission(function);
        AccessController::setTransientPermissionCall { ipAccount, signer, to, func, permission }.abi_encode()
    } else {
        let permissions = functions.iter().map(permission).collect();
        AccessController::setBatchTransientPermissionsCall { permissions }.abi_encode()
    };
    SignedCall::new(account, access_controller, data)
}
