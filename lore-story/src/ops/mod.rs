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
mod links;
mod metadata;
mod nft;
#[cfg(test)]
mod recorded;
#[cfg(test)]
mod recorded_calls;
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
pub(crate) use self::{metadata::is_frozen as metadata_is_frozen, registration::existing::minted_token};
