//! Every write of the protocol, each an [`Operation`](crate::operation::Operation) for
//! [`StoryClient::send`](crate::StoryClient::send).

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
mod links;
mod metadata;
mod nft;
#[cfg(test)]
mod recorded;
mod registration;
mod royalty_shares;

pub use self::{
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
    metadata::{FreezeMetadata, SetMetadata},
    nft::{MintNft, MintedNft, SetTokenUri},
    registration::{
        IpLink, IpRegistration, MintAndRegister, MintAndRegisterDerivative,
        MintAndRegisterDerivativeWithTokens, MintAndRegisterWithTerms, MintRegisterDerivativeAndDistribute,
        MintRegisterTermsAndDistribute, NftSource, RegisterIpAsset, RegisterNft, RegisterNftAsDerivative,
        RegisterNftAsDerivativeWithTokens, RegisterNftDerivativeAndDeployVault,
        RegisterNftTermsAndDeployVault, RegisterNftWithMetadata, RegisterNftWithTerms, RegisteredIp,
    },
    royalty_shares::{DistributeRoyaltyTokens, DistributedRoyaltyTokens},
};
