//! Every write of the protocol, each an [`Operation`](crate::operation::Operation) for
//! [`StoryClient::send`](crate::StoryClient::send).

mod account;
mod license;
mod permission;
#[cfg(test)]
mod recorded;
mod royalty;
mod token;

pub use self::{
    account::{
        AccountCall, AccountTransfer, Execute, ExecuteBatch, ExecuteWithSignature, Execution,
        TransferFromAccount,
    },
    license::{
        ApproveDerivative, AttachDefaultTerms, AttachTerms, MintLicenseTokens, MintedLicenseTokens,
        RegisterTerms, SetLicenseTokenLimit, SetLicensingConfig,
    },
    permission::{ExecuteWithTransientPermissions, SetPermissions, permission_grant},
    royalty::{CollectRevenue, CollectedRevenue, CollectionStep},
    token::{ApproveTokens, TransferCoins, TransferTokens, Unwrap, Wrap},
};
pub(crate) use self::{
    license::{current_config, license_fee, limit_hook},
    permission::levels,
    royalty::{is_nothing_due, policy_contract, vault_of},
};
