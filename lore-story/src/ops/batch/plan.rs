//! Which registrations share a transaction.

use std::collections::{BTreeMap, BTreeSet};

use lore_core::{Address, Error, Result, TokenId, Violations};

use crate::{
    addresses::Addresses,
    operation::Operation,
    ops::registration::{
        IpRegistration, call,
        shape::{Also, Minted, Registered, Shape},
    },
};

/// How a batch is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BatchOptions {
    /// Most gas that a transaction may need, by a generous guess. Zero sends each registration by itself.
    ///
    /// The default, 10 million, stays below what a transaction may use at all (16,777,216, EIP-7825).
    pub max_gas_per_transaction: u64,
}

impl Default for BatchOptions {
    fn default() -> Self {
        Self { max_gas_per_transaction: 10_000_000 }
    }
}

/// What a token is known by: two items of one identity are the same registration.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Identity {
    Hash(Address, [u8; 32]),
    Token(Address, TokenId),
}

fn identity(item: &IpRegistration) -> Option<Identity> {
    match (item, item.shape()) {
        (_, Some(Shape::Mint(nft, _))) => {
            nft.unique_hash().map(|hash| Identity::Hash(nft.collection, *hash.as_bytes()))
        }
        (_, Some(Shape::Nft(nft, _))) => Some(Identity::Token(nft.contract, nft.token_id)),
        (IpRegistration::RegisterNft(nft), None) => Some(Identity::Token(nft.contract, nft.token_id)),
        (_, None) => None,
    }
}

/// Registrations by their places in the batch.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    /// Transactions of several.
    pub(super) packs: Vec<Vec<usize>>,
    /// Those that go by themselves.
    pub(super) singles: Vec<usize>,
}

/// Finds what cannot be sent at all: broken rules, and what was named before.
pub(super) fn refused(items: &[IpRegistration]) -> Vec<Option<Error>> {
    let mut seen = BTreeSet::new();
    items
        .iter()
        .map(|item| {
            let mut violations = Violations::new();
            item.check(&mut violations);
            let is_new = identity(item).is_none_or(|identity| seen.insert(identity));
            violations.require(
                is_new,
                "nft",
                "duplicate",
                "a token that no item before it in the batch names",
            );
            violations.into_result(()).map_err(Error::from).err()
        })
        .collect()
}

/// Packs what one workflow does in the order of the batch, as far as the gas goes.
///
/// Only what is known by its identity is packed: its result must be found among others in one receipt. Tokens to be
/// minted are kept apart from tokens that are there, because only the former name a transaction for ever.
pub(super) fn plan(
    items: &[IpRegistration],
    refused: &[Option<Error>],
    addresses: &Addresses,
    options: BatchOptions,
) -> Plan {
    let mut groups: BTreeMap<(Address, bool), Vec<(usize, u64)>> = BTreeMap::new();
    let mut plan = Plan::default();
    for (place, (item, refused)) in items.iter().zip(refused).enumerate() {
        if refused.is_some() {
            continue;
        }
        match item.shape() {
            Some(shape) if identity(item).is_some() => {
                let mints = matches!(shape, Shape::Mint(..));
                let group = groups.entry((call::workflow(shape, addresses), mints)).or_default();
                group.push((place, gas_guess(shape)));
            }
            _ => plan.singles.push(place),
        }
    }
    for group in groups.into_values() {
        let mut pack = Vec::new();
        let mut used = 0_u64;
        for (place, gas) in group {
            if !pack.is_empty() && used.saturating_add(gas) > options.max_gas_per_transaction {
                plan.close(std::mem::take(&mut pack));
                used = 0;
            }
            pack.push(place);
            used = used.saturating_add(gas);
        }
        plan.close(pack);
    }
    plan
}

impl Plan {
    fn close(&mut self, pack: Vec<usize>) {
        match pack.as_slice() {
            [] => {}
            [alone] => self.singles.push(*alone),
            _ => self.packs.push(pack),
        }
    }
}

/// Gas of a registration, rounded up from what the contracts v1.3.2 were seen to use.
fn gas_guess(shape: Shape<'_>) -> u64 {
    let many = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    let also = match shape.also() {
        Also::Nothing => 0,
        Also::AttachTerms(terms) => many(terms.len()).saturating_mul(600_000),
        Also::Link(link) => many(link.parents.len()).saturating_mul(400_000).saturating_add(1_200_000),
        Also::BurnTokens(link) => {
            many(link.token_ids.len()).saturating_mul(400_000).saturating_add(1_200_000)
        }
    };
    let vault = match shape {
        Shape::Mint(_, Minted::TermsShared(_, shares) | Minted::LinkShared(_, shares)) => {
            many(shares.len()).saturating_mul(60_000).saturating_add(1_500_000)
        }
        Shape::Nft(_, Registered::TermsWithVault(_) | Registered::LinkWithVault(_)) => 1_500_000,
        Shape::Mint(_, Minted::Plain(_)) | Shape::Nft(_, Registered::Plain(_)) => 0,
    };
    800_000_u64.saturating_add(also).saturating_add(vault)
}

/// Item numbers and what they stand for.
pub(super) type Item<'a> = (usize, &'a IpRegistration);

/// The items at these places.
pub(super) fn at<'a>(items: &'a [IpRegistration], places: &[usize]) -> Vec<Item<'a>> {
    places.iter().filter_map(|place| Some((*place, items.get(*place)?))).collect()
}

/// Fails if a pack holds something that no workflow does; the plan makes none such.
pub(super) fn shape<'a>(item: &'a IpRegistration) -> Result<Shape<'a>> {
    item.shape().ok_or_else(|| {
        Error::new(lore_core::ErrorKind::Unexpected, "a registration without a workflow cannot be packed")
    })
}

#[cfg(test)]
mod tests {
    use lore_core::{ContentHash, domain::license::PilTerms, port::chain::OnChainDocument};

    use super::*;
    use crate::ops::{
        arguments::{ExistingNft, IpMetadata, LicensedTerms, NewNft},
        registration::{MintAndRegister, MintAndRegisterWithTerms, RegisterNft, RegisterNftWithMetadata},
    };

    fn address(byte: u8) -> Address {
        Address::from_bytes([byte; 20])
    }

    fn metadata(byte: u8) -> IpMetadata {
        let document = OnChainDocument::new("ipfs://x", ContentHash::from_bytes([byte; 32]));
        IpMetadata::new(document.clone(), document)
    }

    fn mint(byte: u8) -> IpRegistration {
        MintAndRegister::new(NewNft::new(address(1), address(2), metadata(byte))).into()
    }

    fn with_terms(byte: u8) -> IpRegistration {
        let terms = vec![LicensedTerms::new(PilTerms::non_commercial_social_remixing())];
        MintAndRegisterWithTerms::new(NewNft::new(address(1), address(2), metadata(byte)), terms).into()
    }

    fn planned(items: &[IpRegistration], max_gas_per_transaction: u64) -> Plan {
        plan(items, &refused(items), &Addresses::SHARED, BatchOptions { max_gas_per_transaction })
    }

    #[test]
    fn items_of_one_workflow_share_transactions_as_far_as_the_gas_goes() {
        let items = [mint(1), with_terms(2), mint(3), with_terms(4), mint(5)];
        let found = planned(&items, 1_600_000);
        assert_eq!(found.packs, [vec![0, 2]]);
        let mut singles = found.singles;
        singles.sort_unstable();
        assert_eq!(singles, [1, 3, 4]);
        assert_eq!(planned(&items, 0).packs, Vec::<Vec<usize>>::new());
        assert_eq!(planned(&items, 10_000_000).singles, Vec::<usize>::new());
    }

    #[test]
    fn what_a_batch_names_twice_is_refused_once() {
        let nft = ExistingNft::new(address(3), TokenId::from(7_u64), metadata(9));
        let items = [
            mint(1),
            mint(1),
            RegisterNft::new(address(3), TokenId::from(7_u64)).into(),
            RegisterNftWithMetadata::new(nft).into(),
        ];
        let refused: Vec<_> = refused(&items)
            .into_iter()
            .map(|error| error.map(|error| error.violations()[0].rule.to_string()))
            .collect();
        assert_eq!(refused, [None, Some("duplicate".into()), None, Some("duplicate".into())]);
    }

    #[test]
    fn duplicates_that_were_asked_for_go_by_themselves() {
        let again = |byte| {
            let mut nft = NewNft::new(address(1), address(2), metadata(byte));
            nft.allow_duplicates = true;
            IpRegistration::from(MintAndRegister::new(nft))
        };
        let items = [again(1), again(1), mint(1), mint(2)];
        let found = planned(&items, 10_000_000);
        assert_eq!((found.packs, found.singles), (vec![vec![2, 3]], vec![0, 1]));
    }
}
