//! [`Shape`]: which of the protocol's registrations an operation is.

use lore_core::{
    Error, ErrorKind, MaybeSend, MaybeSync, Result, Violations, port::transactions::OperationKey,
};

use crate::{
    operation::Draft,
    ops::{
        arguments::{
            DerivativeLink, ExistingNft, LicenseTokenLink, LicensedTerms, NewNft, RoyaltyShare,
            check_licensed_terms, check_shares,
        },
        authorization::{self, AuthorizationRequest},
        costs::{self, Payer},
        registration::call,
    },
    view::View,
};

/// What a workflow does besides registering.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Also<'a> {
    Nothing,
    AttachTerms(&'a [LicensedTerms]),
    Link(&'a DerivativeLink),
    BurnTokens(&'a LicenseTokenLink),
}

/// A token to be minted and registered, and what else happens.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Minted<'a> {
    Plain(Also<'a>),
    /// Terms, and royalty tokens given away.
    TermsShared(&'a [LicensedTerms], &'a [RoyaltyShare]),
    /// Parents, and royalty tokens given away.
    LinkShared(&'a DerivativeLink, &'a [RoyaltyShare]),
}

/// A token to be registered, and what else happens.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Registered<'a> {
    Plain(Also<'a>),
    /// Terms, and a royalty vault at once.
    TermsWithVault(&'a [LicensedTerms]),
    /// Parents, and a royalty vault at once.
    LinkWithVault(&'a DerivativeLink),
}

/// One of the protocol's registrations, with its arguments.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape<'a> {
    Mint(&'a NewNft, Minted<'a>),
    Nft(&'a ExistingNft, Registered<'a>),
}

impl<'a> Shape<'a> {
    pub(crate) const fn also(self) -> Also<'a> {
        match self {
            Self::Mint(_, Minted::Plain(also)) | Self::Nft(_, Registered::Plain(also)) => also,
            Self::Mint(_, Minted::TermsShared(terms, _))
            | Self::Nft(_, Registered::TermsWithVault(terms)) => Also::AttachTerms(terms),
            Self::Mint(_, Minted::LinkShared(link, _)) | Self::Nft(_, Registered::LinkWithVault(link)) => {
                Also::Link(link)
            }
        }
    }

    /// Whether the IP has a royalty vault afterwards, whatever its terms are.
    pub(crate) const fn has_vault(self) -> bool {
        matches!(
            self,
            Self::Mint(_, Minted::TermsShared(..) | Minted::LinkShared(..))
                | Self::Nft(_, Registered::TermsWithVault(_) | Registered::LinkWithVault(_))
        )
    }

    pub(crate) fn key(self, name: &'static str) -> Option<OperationKey> {
        let Self::Mint(nft, _) = self else { return None };
        OperationKey::new(format!("{name}/{}/{}", nft.collection, nft.unique_hash()?)).ok()
    }

    pub(crate) fn check(self, violations: &mut Violations) {
        match self {
            Self::Mint(nft, minted) => {
                nft.check(violations);
                if let Minted::TermsShared(_, shares) | Minted::LinkShared(_, shares) = minted {
                    check_shares(violations, shares);
                }
            }
            Self::Nft(nft, registered) => {
                nft.check(violations);
                if let Registered::Plain(Also::Nothing) = registered {
                    let has_any = nft.metadata.ipa.is_some() || nft.metadata.nft.is_some();
                    violations.require(has_any, "nft.metadata", "missing", "at least one document");
                }
            }
        }
        match self.also() {
            Also::Nothing => {}
            Also::AttachTerms(terms) => check_licensed_terms(violations, terms),
            Also::Link(link) => link.check(violations),
            Also::BurnTokens(link) => link.check(violations),
        }
    }

    /// The call with all that it costs.
    pub(crate) async fn draft(self, view: &View<'_>) -> Result<Draft> {
        let draft = self.draft_without_mint_fee(view).await?;
        Ok(match self {
            Self::Mint(nft, _) => draft.with_cost(costs::collection_mint_fee(view, nft.collection).await?),
            Self::Nft(..) => draft,
        })
    }

    /// The call, and what it costs besides the collection's fee.
    pub(crate) async fn draft_without_mint_fee(self, view: &View<'_>) -> Result<Draft> {
        let addresses = view.addresses();
        let mut draft = match self {
            Self::Mint(nft, minted) => call::mint_draft(nft, minted, addresses),
            Self::Nft(nft, registered) => {
                let signed = call::authorized(view.chain_id(), nft, registered, addresses);
                let signature = authorization::signature(view, &signed, nft.authorization.as_ref()).await?;
                let data = call::register(nft, registered, signature, addresses);
                let summary = call::register_summary(nft, registered);
                Draft::from_data(call::workflow(self, addresses), data, summary)
            }
        };
        let workflow = draft.to;
        match self.also() {
            Also::Link(link) => {
                draft = draft.with_costs(costs::minting_fees(view, link, Payer::Workflow(workflow)).await?);
            }
            Also::BurnTokens(link) => {
                draft.license_tokens = link.token_ids.iter().map(|token| (*token, workflow)).collect();
            }
            Also::Nothing | Also::AttachTerms(_) => {}
        }
        Ok(draft)
    }
}

impl Shape<'_> {
    /// What the sender has to sign.
    pub(crate) async fn authorization_request(self, view: &View<'_>) -> Result<AuthorizationRequest> {
        let Self::Nft(nft, registered) = self else {
            return Err(Error::new(ErrorKind::Unsupported, "a workflow that mints needs no signature"));
        };
        let signed = call::authorized(view.chain_id(), nft, registered, view.addresses());
        authorization::request(view, &signed).await
    }
}

/// An operation that is one of the protocol's registrations.
pub(crate) trait Registers: MaybeSend + MaybeSync {
    fn shape(&self) -> Shape<'_>;
}

/// Makes operations of structs with a shape.
macro_rules! registrations {
    ($($operation:ident: $name:literal,)+) => {$(
        #[cfg_attr(not(target_family = "wasm"), async_trait::async_trait)]
        #[cfg_attr(target_family = "wasm", async_trait::async_trait(?Send))]
        impl $crate::operation::Operation for $operation {
            type Output = $crate::ops::registration::RegisteredIp;

            fn name(&self) -> &'static str {
                $name
            }

            fn key(&self) -> Option<lore_core::port::transactions::OperationKey> {
                $crate::ops::registration::shape::Registers::shape(self).key($name)
            }

            fn check(&self, violations: &mut lore_core::Violations) {
                $crate::ops::registration::shape::Registers::shape(self).check(violations);
            }

            async fn existing(
                &self,
                view: &$crate::view::View<'_>,
            ) -> lore_core::Result<Option<Self::Output>> {
                let shape = $crate::ops::registration::shape::Registers::shape(self);
                $crate::ops::registration::existing::find(view, shape).await
            }

            async fn draft(
                &self,
                view: &$crate::view::View<'_>,
            ) -> lore_core::Result<$crate::operation::Draft> {
                $crate::ops::registration::shape::Registers::shape(self).draft(view).await
            }

            fn output(
                &self,
                receipt: &$crate::receipt::Receipt,
                addresses: &$crate::addresses::Addresses,
            ) -> lore_core::Result<Self::Output> {
                let shape = $crate::ops::registration::shape::Registers::shape(self);
                $crate::ops::registration::output::read(shape, receipt, addresses)
            }
        }
    )+};
}
pub(crate) use registrations;
