//! [`Packed`]: several registrations of one workflow in one transaction.

use std::collections::BTreeMap;

use alloy::primitives::Bytes;
use async_trait::async_trait;
use futures_util::future::try_join_all;
use lore_core::{
    Address, Error, ErrorKind, Result, Violations,
    onchain::keccak256,
    port::{chain::Cost, transactions::OperationKey},
};

use super::plan::{Item, shape};
use crate::{
    addresses::Addresses,
    contracts::licensing::RegistrationWorkflows,
    operation::{Draft, Operation},
    ops::{
        costs,
        registration::{IpRegistration, RegisteredIp, shape::Shape},
    },
    receipt::Receipt,
    view::View,
};

/// Several registrations of one workflow, which happen together or not at all.
#[derive(Clone, Debug)]
pub(super) struct Packed<'a> {
    items: Vec<&'a IpRegistration>,
}

impl<'a> Packed<'a> {
    pub(super) fn new(items: &[Item<'a>]) -> Self {
        Self { items: items.iter().map(|(_, item)| *item).collect() }
    }

    /// What each collection takes for each token, asked once.
    async fn mint_fees(&self, view: &View<'_>) -> Result<BTreeMap<Address, Cost>> {
        let mut fees = BTreeMap::new();
        for item in &self.items {
            if let Shape::Mint(nft, _) = shape(item)?
                && !fees.contains_key(&nft.collection)
            {
                fees.insert(nft.collection, costs::collection_mint_fee(view, nft.collection).await?);
            }
        }
        Ok(fees)
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Operation for Packed<'_> {
    type Output = Vec<RegisteredIp>;

    fn name(&self) -> &'static str {
        "register_batch"
    }

    /// The hash of all items' keys, if all have one.
    fn key(&self) -> Option<OperationKey> {
        let mut keys = Vec::new();
        for item in &self.items {
            keys.extend(item.key()?.as_str().as_bytes());
            keys.push(b'\n');
        }
        let digest = data_encoding::HEXLOWER.encode(&keccak256(&keys));
        OperationKey::new(format!("{}/{digest}", self.name())).ok()
    }

    fn check(&self, violations: &mut Violations) {
        for item in &self.items {
            item.check(violations);
        }
    }

    async fn existing(&self, _view: &View<'_>) -> Result<Option<Vec<RegisteredIp>>> {
        // The batch looked at each by itself.
        Ok(None)
    }

    async fn draft(&self, view: &View<'_>) -> Result<Draft> {
        let fees = self.mint_fees(view).await?;
        let shapes = self.items.iter().map(|item| shape(item)).collect::<Result<Vec<_>>>()?;
        let drafts = try_join_all(shapes.iter().map(|shape| shape.draft_without_mint_fee(view))).await?;
        let to = drafts
            .first()
            .map(|draft| draft.to)
            .ok_or_else(|| Error::new(ErrorKind::Unexpected, "a transaction without registrations"))?;
        let calls = drafts.iter().map(|draft| Bytes::copy_from_slice(&draft.data)).collect();
        let summary = format!("registers {} IPs in one transaction", drafts.len());
        // All workflows have this function.
        let mut packed = Draft::new(to, &RegistrationWorkflows::multicallCall { data: calls }, summary);
        for (shape, draft) in shapes.iter().zip(drafts) {
            if let Shape::Mint(nft, _) = shape {
                packed = packed.with_costs(fees.get(&nft.collection).copied());
            }
            packed = packed.with_costs(draft.costs);
            packed.license_tokens.extend(draft.license_tokens);
        }
        Ok(packed)
    }

    fn output(&self, receipt: &Receipt, addresses: &Addresses) -> Result<Vec<RegisteredIp>> {
        self.items.iter().map(|item| item.output(receipt, addresses)).collect()
    }
}
