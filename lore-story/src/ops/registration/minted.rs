//! Operations that mint a token in an SPG collection and register it, in one transaction.
//!
//! Each happens once for each hash of NFT metadata: the collection keeps them apart.

use crate::{
    addresses::Addresses,
    operation::Draft,
    ops::{
        arguments::{DerivativeLink, LicenseTokenLink, LicensedTerms, NewNft, RoyaltyShare},
        registration::{
            call,
            shape::{Also, Minted, Registers, Shape, registrations},
        },
    },
};

/// Mints a token and registers it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MintAndRegister {
    /// The token.
    pub nft: NewNft,
}

impl MintAndRegister {
    /// Registers this token.
    #[must_use]
    pub const fn new(nft: NewNft) -> Self {
        Self { nft }
    }
}

/// Mints a token, registers it, registers license terms where they are new, and attaches them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MintAndRegisterWithTerms {
    /// The token.
    pub nft: NewNft,
    /// The terms, each once.
    pub terms: Vec<LicensedTerms>,
}

impl MintAndRegisterWithTerms {
    /// Registers this token under these terms.
    #[must_use]
    pub const fn new(nft: NewNft, terms: Vec<LicensedTerms>) -> Self {
        Self { nft, terms }
    }
}

/// Mints a token, registers it, and links it to its parents by their terms.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MintAndRegisterDerivative {
    /// The token.
    pub nft: NewNft,
    /// The parents.
    pub link: DerivativeLink,
}

impl MintAndRegisterDerivative {
    /// Registers this token as a derivative.
    #[must_use]
    pub const fn new(nft: NewNft, link: DerivativeLink) -> Self {
        Self { nft, link }
    }
}

/// Mints a token, registers it, and links it to its parents by license tokens of the sender.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MintAndRegisterDerivativeWithTokens {
    /// The token.
    pub nft: NewNft,
    /// The license tokens.
    pub link: LicenseTokenLink,
}

impl MintAndRegisterDerivativeWithTokens {
    /// Registers this token as a derivative.
    #[must_use]
    pub const fn new(nft: NewNft, link: LicenseTokenLink) -> Self {
        Self { nft, link }
    }
}

/// Mints a token, registers it under license terms, and gives its royalty tokens away.
///
/// Without commercial terms the workflow makes the vault by terms of its own, which it attaches and closes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MintRegisterTermsAndDistribute {
    /// The token.
    pub nft: NewNft,
    /// The terms, each once.
    pub terms: Vec<LicensedTerms>,
    /// Who gets which part.
    pub shares: Vec<RoyaltyShare>,
}

impl MintRegisterTermsAndDistribute {
    /// Registers this token under these terms, for the good of these.
    #[must_use]
    pub const fn new(nft: NewNft, terms: Vec<LicensedTerms>, shares: Vec<RoyaltyShare>) -> Self {
        Self { nft, terms, shares }
    }
}

/// Mints a token, registers it, links it to its parents by their terms, and gives its royalty tokens away.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MintRegisterDerivativeAndDistribute {
    /// The token.
    pub nft: NewNft,
    /// The parents.
    pub link: DerivativeLink,
    /// Who gets which part.
    pub shares: Vec<RoyaltyShare>,
}

impl MintRegisterDerivativeAndDistribute {
    /// Registers this token as a derivative, for the good of these.
    #[must_use]
    pub const fn new(nft: NewNft, link: DerivativeLink, shares: Vec<RoyaltyShare>) -> Self {
        Self { nft, link, shares }
    }
}

/// Says what each does besides minting.
macro_rules! minted {
    ($($operation:ident: $operation_self:ident => $minted:expr;)+) => {$(
        impl Registers for $operation {
            fn shape(&$operation_self) -> Shape<'_> {
                Shape::Mint(&$operation_self.nft, $minted)
            }
        }

        impl $operation {
            /// The call without what it costs, from the arguments alone: no chain is asked. Whoever sends it makes the
            /// collection's fee and those of licenses ready.
            #[must_use]
            pub fn call(&$operation_self, addresses: &Addresses) -> Draft {
                call::mint_draft(&$operation_self.nft, $minted, addresses)
            }
        }
    )+};
}

minted! {
    MintAndRegister: self => Minted::Plain(Also::Nothing);
    MintAndRegisterWithTerms: self => Minted::Plain(Also::AttachTerms(&self.terms));
    MintAndRegisterDerivative: self => Minted::Plain(Also::Link(&self.link));
    MintAndRegisterDerivativeWithTokens: self => Minted::Plain(Also::BurnTokens(&self.link));
    MintRegisterTermsAndDistribute: self => Minted::TermsShared(&self.terms, &self.shares);
    MintRegisterDerivativeAndDistribute: self => Minted::LinkShared(&self.link, &self.shares);
}

registrations! {
    MintAndRegister: "mint_and_register",
    MintAndRegisterWithTerms: "mint_and_register_with_terms",
    MintAndRegisterDerivative: "mint_and_register_derivative",
    MintAndRegisterDerivativeWithTokens: "mint_and_register_derivative_with_tokens",
    MintRegisterTermsAndDistribute: "mint_register_terms_and_distribute",
    MintRegisterDerivativeAndDistribute: "mint_register_derivative_and_distribute",
}
