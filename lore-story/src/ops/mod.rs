//! Every write of the protocol, each an [`Operation`](crate::operation::Operation) for
//! [`StoryClient::send`](crate::StoryClient::send).

mod account;
pub(crate) mod answers;
mod arguments;
mod attach_terms;
mod authorization;
mod batch;
mod collection;
mod costs;
mod derivative;
pub(crate) mod dispute;
pub(crate) mod group;
mod license;
mod links;
mod metadata;
mod nft;
mod permission;
#[cfg(test)]
mod recorded;
#[cfg(test)]
mod recorded_calls;
#[cfg(test)]
mod recorded_money;
mod registration;
mod royalty;
mod royalty_shares;
mod token;

pub(crate) use self::registration::existing::minted_token;
pub use self::{
    account::{
        AccountCall, AccountTransfer, Execute, ExecuteBatch, ExecuteWithSignature, Execution,
        TransferFromAccount,
    },
    arguments::{
        DerivativeLink, ExistingNft, IpMetadata, LicenseTokenLink, LicensedTerms, NewNft, RoyaltyShare,
    },
    attach_terms::{AttachedLicenseTerms, RegisterTermsAndAttach},
    authorization::{Authorization, AuthorizationRequest, AuthorizedOperation},
    batch::{BatchOptions, IN_FLIGHT},
    collection::{ChangeCollection, CollectionChange, CreateCollection, CreatedCollection, MintFee},
    derivative::{LinkDerivative, LinkWithLicenseTokens, LinkedDerivative},
    dispute::{
        ArbitrationPolicyChange, CancelDispute, CancelledDispute, CounteredDispute, PropagateDispute,
        ResolveDispute, ResolvedDispute, SetArbitrationPolicy, SettleDispute, SettledDispute, evidence_cid,
        evidence_hash,
    },
    group::{
        ClaimReward, ClaimedReward, CollectAndDistribute, CollectRoyalties, CollectedRoyalties, Distribution,
        GroupLicense, GroupTransfer, GroupedIp, Joining, MembersChanged, MintRegisterAndAddToGroup,
        RegisterGroup, RegisterGroupWithLicense, RegisterGroupWithLicenseAndMembers,
        RegisterNftAndAddToGroup, RemoveGroupMembers, TransferGroupRevenue,
    },
    license::{
        ApproveDerivative, AttachDefaultTerms, AttachTerms, MintLicenseTokens, MintedLicenseTokens,
        RegisterTerms, SetLicenseTokenLimit, SetLicensingConfig, TemplateTerms,
    },
    metadata::{FreezeMetadata, SetMetadata},
    nft::{MintNft, MintedNft, SetTokenUri},
    permission::{ExecuteWithTransientPermissions, SetPermissions, permission_grant},
    registration::{
        IpLink, IpRegistration, MintAndRegister, MintAndRegisterDerivative,
        MintAndRegisterDerivativeWithTokens, MintAndRegisterWithTerms, MintRegisterDerivativeAndDistribute,
        MintRegisterTermsAndDistribute, NftSource, RegisterIpAsset, RegisterNft, RegisterNftAsDerivative,
        RegisterNftAsDerivativeWithTokens, RegisterNftDerivativeAndDeployVault,
        RegisterNftTermsAndDeployVault, RegisterNftWithMetadata, RegisterNftWithTerms, RegisteredIp,
    },
    royalty::{CollectRevenue, CollectedRevenue, CollectionStep},
    royalty_shares::{DistributeRoyaltyTokens, DistributedRoyaltyTokens},
    token::{ApproveTokens, TransferCoins, TransferTokens, Unwrap, Wrap},
};
pub(crate) use self::{
    license::{check_template, current_config, license_fee, limit_hook},
    metadata::is_frozen as metadata_is_frozen,
    permission::levels,
    royalty::{is_nothing_due, policy_contract, vault_of},
};
