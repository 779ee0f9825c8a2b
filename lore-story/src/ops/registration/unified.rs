//! [`RegisterIpAsset`]: says what is wanted, and finds the workflow that does it.

use lore_core::{Address, Error, Result, TokenId};

use crate::ops::{
    arguments::{
        DerivativeLink, ExistingNft, IpMetadata, LicenseTokenLink, LicensedTerms, NewNft, RoyaltyShare,
    },
    registration::{
        IpRegistration, MintAndRegister, MintAndRegisterDerivative, MintAndRegisterDerivativeWithTokens,
        MintAndRegisterWithTerms, MintRegisterDerivativeAndDistribute, MintRegisterTermsAndDistribute,
        RegisterNft, RegisterNftAsDerivative, RegisterNftAsDerivativeWithTokens,
        RegisterNftDerivativeAndDeployVault, RegisterNftTermsAndDeployVault, RegisterNftWithMetadata,
        RegisterNftWithTerms,
    },
};

/// The token behind an IP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NftSource {
    /// One to be minted, once for its metadata.
    #[non_exhaustive]
    Mint {
        /// The SPG collection.
        collection: Address,
        /// Who gets it.
        recipient: Address,
    },
    /// One that is there, of the sender.
    #[non_exhaustive]
    Existing {
        /// Its contract.
        contract: Address,
        /// The token.
        token_id: TokenId,
    },
}

impl NftSource {
    /// A token to be minted.
    #[must_use]
    pub const fn mint(collection: Address, recipient: Address) -> Self {
        Self::Mint { collection, recipient }
    }

    /// A token that is there.
    #[must_use]
    pub const fn existing(contract: Address, token_id: TokenId) -> Self {
        Self::Existing { contract, token_id }
    }
}

/// What an IP is linked to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IpLink {
    /// Parents, by their terms.
    Parents(DerivativeLink),
    /// Parents, by license tokens.
    LicenseTokens(LicenseTokenLink),
}

/// An IP to be registered with whatever it should have.
///
/// The protocol has no workflow for some combinations; [`operation`](Self::operation) names them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RegisterIpAsset {
    /// The token.
    pub nft: NftSource,
    /// The documents.
    pub metadata: IpMetadata,
    /// License terms to be attached. A derivative inherits its parents' and takes none.
    pub terms: Vec<LicensedTerms>,
    /// The parents of a derivative.
    pub link: Option<IpLink>,
    /// Who gets its royalty tokens; empty: the IP keeps them.
    pub shares: Vec<RoyaltyShare>,
}

impl RegisterIpAsset {
    /// An IP with its documents.
    #[must_use]
    pub const fn new(nft: NftSource, metadata: IpMetadata) -> Self {
        Self { nft, metadata, terms: Vec::new(), link: None, shares: Vec::new() }
    }

    /// The registration that makes it. For a token that is there it makes the vault only; handing out the shares is
    /// another transaction ([`DistributeRoyaltyTokens`](crate::ops::DistributeRoyaltyTokens)).
    ///
    /// # Errors
    /// [`InvalidInput`](lore_core::ErrorKind::InvalidInput) for terms of a derivative, and for shares of an IP without
    /// terms or parents or linked by license tokens: there is no workflow for those.
    pub fn operation(&self) -> Result<IpRegistration> {
        if self.link.is_some() && !self.terms.is_empty() {
            return Err(Error::invalid(
                "terms",
                "inherited",
                "no terms for a derivative, which has its parents'",
            ));
        }
        match self.nft {
            NftSource::Mint { collection, recipient } => {
                self.minted(NewNft::new(collection, recipient, self.metadata.clone()))
            }
            NftSource::Existing { contract, token_id } => {
                self.registered(ExistingNft::new(contract, token_id, self.metadata.clone()))
            }
        }
    }

    fn minted(&self, nft: NewNft) -> Result<IpRegistration> {
        let (terms, shares) = (self.terms.clone(), self.shares.clone());
        Ok(match (&self.link, terms.is_empty(), shares.is_empty()) {
            (None, true, true) => MintAndRegister::new(nft).into(),
            (None, false, true) => MintAndRegisterWithTerms::new(nft, terms).into(),
            (None, false, false) => MintRegisterTermsAndDistribute::new(nft, terms, shares).into(),
            (Some(IpLink::Parents(link)), _, true) => {
                MintAndRegisterDerivative::new(nft, link.clone()).into()
            }
            (Some(IpLink::Parents(link)), _, false) => {
                MintRegisterDerivativeAndDistribute::new(nft, link.clone(), shares).into()
            }
            (Some(IpLink::LicenseTokens(link)), _, true) => {
                MintAndRegisterDerivativeWithTokens::new(nft, link.clone()).into()
            }
            (None, true, false) | (Some(IpLink::LicenseTokens(_)), _, false) => return Err(no_workflow()),
        })
    }

    fn registered(&self, nft: ExistingNft) -> Result<IpRegistration> {
        let terms = self.terms.clone();
        Ok(match (&self.link, terms.is_empty(), self.shares.is_empty()) {
            (None, true, true) if self.metadata == IpMetadata::default() => {
                RegisterNft::new(nft.contract, nft.token_id).into()
            }
            (None, true, true) => RegisterNftWithMetadata::new(nft).into(),
            (None, false, true) => RegisterNftWithTerms::new(nft, terms).into(),
            (None, false, false) => RegisterNftTermsAndDeployVault::new(nft, terms).into(),
            (Some(IpLink::Parents(link)), _, true) => RegisterNftAsDerivative::new(nft, link.clone()).into(),
            (Some(IpLink::Parents(link)), _, false) => {
                RegisterNftDerivativeAndDeployVault::new(nft, link.clone()).into()
            }
            (Some(IpLink::LicenseTokens(link)), _, true) => {
                RegisterNftAsDerivativeWithTokens::new(nft, link.clone()).into()
            }
            (None, true, false) | (Some(IpLink::LicenseTokens(_)), _, false) => return Err(no_workflow()),
        })
    }
}

fn no_workflow() -> Error {
    Error::invalid(
        "shares",
        "no_workflow",
        "shares together with license terms or parents: only then the IP has a royalty vault at once",
    )
}

#[cfg(test)]
mod tests {
    use lore_core::{IpId, LicenseTermsId, Share, domain::license::PilTerms, port::chain::ParentTerms};

    use super::*;
    use crate::operation::Operation;

    fn address(byte: u8) -> Address {
        Address::from_bytes([byte; 20])
    }

    #[test]
    fn what_is_wanted_names_one_workflow_or_none() {
        let mint = NftSource::mint(address(1), address(2));
        let there = NftSource::existing(address(1), TokenId::from(5_u64));
        let terms = || vec![LicensedTerms::new(PilTerms::non_commercial_social_remixing())];
        let shares = || vec![RoyaltyShare::new(address(3), Share::FULL)];
        let parent = ParentTerms::new(IpId::new(address(4)), LicenseTermsId::from(1_u64));
        let parents = || Some(IpLink::Parents(DerivativeLink::new(vec![parent])));
        let tokens = || Some(IpLink::LicenseTokens(LicenseTokenLink::new(vec![TokenId::ZERO])));
        let cases = [
            (mint, vec![], None, vec![], "mint_and_register"),
            (mint, terms(), None, vec![], "mint_and_register_with_terms"),
            (mint, terms(), None, shares(), "mint_register_terms_and_distribute"),
            (mint, vec![], parents(), vec![], "mint_and_register_derivative"),
            (mint, vec![], parents(), shares(), "mint_register_derivative_and_distribute"),
            (mint, vec![], tokens(), vec![], "mint_and_register_derivative_with_tokens"),
            (there, vec![], None, vec![], "register_nft"),
            (there, terms(), None, vec![], "register_nft_with_terms"),
            (there, terms(), None, shares(), "register_nft_terms_and_deploy_vault"),
            (there, vec![], parents(), vec![], "register_nft_as_derivative"),
            (there, vec![], parents(), shares(), "register_nft_derivative_and_deploy_vault"),
            (there, vec![], tokens(), vec![], "register_nft_as_derivative_with_tokens"),
            (mint, vec![], None, shares(), "shares"),
            (mint, vec![], tokens(), shares(), "shares"),
            (there, vec![], None, shares(), "shares"),
            (there, terms(), parents(), vec![], "terms"),
        ];
        for (nft, terms, link, shares, expected) in cases {
            let asset = RegisterIpAsset { nft, metadata: IpMetadata::default(), terms, link, shares };
            let found = match asset.operation() {
                Ok(operation) => operation.name().to_owned(),
                Err(error) => error.violations()[0].field.clone(),
            };
            assert_eq!(found, expected);
        }
    }
}
