//! Every write of the protocol, each an [`Operation`](crate::operation::Operation) for
//! [`StoryClient::send`](crate::StoryClient::send).

mod answers;
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
mod registration;
mod royalty_shares;

pub use self::{
    arguments::{DerivativeLink, ExistingNft, IpMetadata, LicenseTokenLink, LicensedTerms, NewNft, RoyaltyShare},
    attach_terms::{AttachedLicenseTerms, RegisterTermsAndAttach},
    authorization::{Authorization, AuthorizationRequest, AuthorizedOperation},
    batch::{BatchOptions, IN_FLIGHT},
    collection::{ChangeCollection, CollectionChange, CreateCollection, CreatedCollection, MintFee},
    derivative::{LinkDerivative, LinkWithLicenseTokens, LinkedDerivative},
    metadata::{FreezeMetadata, SetMetadata},
    nft::{MintNft, MintedNft, SetTokenUri},
    registration::{
        IpLink, IpRegistration, MintAndRegister, MintAndRegisterDerivative, MintAndRegisterDerivativeWithTokens,
        MintAndRegisterWithTerms, MintRegisterDerivativeAndDistribute, MintRegisterTermsAndDistribute,
        NftSource, RegisterIpAsset, RegisterNft, RegisterNftAsDerivative, RegisterNftAsDerivativeWithTokens,
        RegisterNftDerivativeAndDeployVault, RegisterNftTermsAndDeployVault, RegisterNftWithMetadata,
        RegisterNftWithTerms, RegisteredIp,
    },
    royalty_shares::{DistributeRoyaltyTokens, DistributedRoyaltyTokens},
};
