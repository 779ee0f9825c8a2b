//! Operations that register a token of the sender, by a signature of the sender, in one transaction.
//!
//! All can be repeated: a token is registered once, and what is there of the rest stays.

use async_trait::async_trait;
use lore_core::Result;

use crate::{
    ops::{
        arguments::{DerivativeLink, ExistingNft, LicenseTokenLink, LicensedTerms},
        authorization::{Authorization, AuthorizationRequest, AuthorizedOperation},
        registration::shape::{Also, Registered, Registers, Shape, registrations},
    },
    view::View,
};

/// Registers a token with its metadata.
///
/// If it is registered already, sets the metadata. Without metadata, [`RegisterNft`](super::RegisterNft) does it, for
/// anybody's token.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RegisterNftWithMetadata {
    /// The token.
    pub nft: ExistingNft,
}

impl RegisterNftWithMetadata {
    /// Registers this token.
    #[must_use]
    pub const fn new(nft: ExistingNft) -> Self {
        Self { nft }
    }
}

impl Registers for RegisterNftWithMetadata {
    fn shape(&self) -> Shape<'_> {
        Shape::Nft(&self.nft, Registered::Plain(Also::Nothing))
    }
}

/// Registers a token, registers license terms where they are new, and attaches them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RegisterNftWithTerms {
    /// The token.
    pub nft: ExistingNft,
    /// The terms, each once.
    pub terms: Vec<LicensedTerms>,
}

impl RegisterNftWithTerms {
    /// Registers this token under these terms.
    #[must_use]
    pub const fn new(nft: ExistingNft, terms: Vec<LicensedTerms>) -> Self {
        Self { nft, terms }
    }
}

impl Registers for RegisterNftWithTerms {
    fn shape(&self) -> Shape<'_> {
        Shape::Nft(&self.nft, Registered::Plain(Also::AttachTerms(&self.terms)))
    }
}

/// Registers a token, and links it to its parents by their terms.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RegisterNftAsDerivative {
    /// The token.
    pub nft: ExistingNft,
    /// The parents.
    pub link: DerivativeLink,
}

impl RegisterNftAsDerivative {
    /// Registers this token as a derivative.
    #[must_use]
    pub const fn new(nft: ExistingNft, link: DerivativeLink) -> Self {
        Self { nft, link }
    }
}

impl Registers for RegisterNftAsDerivative {
    fn shape(&self) -> Shape<'_> {
        Shape::Nft(&self.nft, Registered::Plain(Also::Link(&self.link)))
    }
}

/// Registers a token, and links it to its parents by license tokens of the sender.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RegisterNftAsDerivativeWithTokens {
    /// The token.
    pub nft: ExistingNft,
    /// The license tokens.
    pub link: LicenseTokenLink,
}

impl RegisterNftAsDerivativeWithTokens {
    /// Registers this token as a derivative.
    #[must_use]
    pub const fn new(nft: ExistingNft, link: LicenseTokenLink) -> Self {
        Self { nft, link }
    }
}

impl Registers for RegisterNftAsDerivativeWithTokens {
    fn shape(&self) -> Shape<'_> {
        Shape::Nft(&self.nft, Registered::Plain(Also::BurnTokens(&self.link)))
    }
}

/// Registers a token under license terms, and makes its royalty vault at once: the first of two steps to give its
/// royalty tokens away, [`DistributeRoyaltyTokens`](crate::ops::DistributeRoyaltyTokens) is the second.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RegisterNftTermsAndDeployVault {
    /// The token.
    pub nft: ExistingNft,
    /// The terms, each once.
    pub terms: Vec<LicensedTerms>,
}

impl RegisterNftTermsAndDeployVault {
    /// Registers this token under these terms.
    #[must_use]
    pub const fn new(nft: ExistingNft, terms: Vec<LicensedTerms>) -> Self {
        Self { nft, terms }
    }
}

impl Registers for RegisterNftTermsAndDeployVault {
    fn shape(&self) -> Shape<'_> {
        Shape::Nft(&self.nft, Registered::TermsWithVault(&self.terms))
    }
}

/// Registers a token, links it to its parents by their terms, and makes its royalty vault at once: the first of two
/// steps to give its royalty tokens away.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RegisterNftDerivativeAndDeployVault {
    /// The token.
    pub nft: ExistingNft,
    /// The parents.
    pub link: DerivativeLink,
}

impl RegisterNftDerivativeAndDeployVault {
    /// Registers this token as a derivative.
    #[must_use]
    pub const fn new(nft: ExistingNft, link: DerivativeLink) -> Self {
        Self { nft, link }
    }
}

impl Registers for RegisterNftDerivativeAndDeployVault {
    fn shape(&self) -> Shape<'_> {
        Shape::Nft(&self.nft, Registered::LinkWithVault(&self.link))
    }
}

registrations! {
    RegisterNftWithMetadata: "register_nft_with_metadata",
    RegisterNftWithTerms: "register_nft_with_terms",
    RegisterNftAsDerivative: "register_nft_as_derivative",
    RegisterNftAsDerivativeWithTokens: "register_nft_as_derivative_with_tokens",
    RegisterNftTermsAndDeployVault: "register_nft_terms_and_deploy_vault",
    RegisterNftDerivativeAndDeployVault: "register_nft_derivative_and_deploy_vault",
}

/// The signatures of these operations.
macro_rules! authorized {
    ($($operation:ident),+) => {$(
        #[cfg_attr(not(target_family = "wasm"), async_trait)]
        #[cfg_attr(target_family = "wasm", async_trait(?Send))]
        impl AuthorizedOperation for $operation {
            async fn authorization_request(&self, view: &View<'_>) -> Result<AuthorizationRequest> {
                self.shape().authorization_request(view).await
            }

            fn with_authorization(mut self, authorization: Authorization) -> Self {
                self.nft.authorization = Some(authorization);
                self
            }
        }
    )+};
}

authorized!(
    RegisterNftWithMetadata,
    RegisterNftWithTerms,
    RegisterNftAsDerivative,
    RegisterNftAsDerivativeWithTokens,
    RegisterNftTermsAndDeployVault,
    RegisterNftDerivativeAndDeployVault
);
