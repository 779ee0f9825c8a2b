//! Sends batches.

use futures_util::{StreamExt, future::join_all, stream};
use lore_core::{BoxFuture, Error, ErrorKind, Result, Retry};

use super::{
    packed::Packed,
    plan::{self, BatchOptions, Item, shape},
};
use crate::{
    client::StoryClient,
    contracts::token::SpgNft,
    convert,
    operation::Operation,
    ops::{
        answers::Questions,
        registration::{IpRegistration, RegisterIpAsset, RegisteredIp, shape::Shape},
    },
};

/// Most transactions of a batch that are under way at once.
pub const IN_FLIGHT: usize = 64;

/// What became of items, by their places.
type Outcomes = Vec<(usize, Result<RegisteredIp>)>;

impl StoryClient {
    /// Sends all operations, many at once, each once as by [`send`](Self::send); the results come in their order.
    ///
    /// One that fails stops no other.
    pub async fn send_all<O: Operation>(&self, operations: &[O]) -> Vec<Result<O::Output>> {
        stream::iter(operations).map(|operation| self.send(operation)).buffered(IN_FLIGHT).collect().await
    }

    /// Registers IPs, many in one transaction; the results come in the order of the items.
    ///
    /// One that would fail is left out, with its own reason; it stops no other. Called again after a failure or a crash,
    /// a batch finds what was registered and does the rest.
    pub async fn register_batch(
        &self,
        items: &[IpRegistration],
        options: BatchOptions,
    ) -> Vec<Result<RegisteredIp>> {
        let refused = plan::refused(items);
        let plan = plan::plan(items, &refused, self.addresses(), options);
        let mut outcomes: Vec<Option<Result<RegisteredIp>>> =
            refused.into_iter().map(|error| error.map(Err)).collect();
        let packs = plan.packs.iter().map(|places| self.send_pack(plan::at(items, places)));
        let singles = plan::at(items, &plan.singles).into_iter().map(|item| self.send_single(item));
        let mut running = stream::iter(packs.chain(singles)).buffer_unordered(IN_FLIGHT);
        while let Some(some) = running.next().await {
            for (place, outcome) in some {
                if let Some(slot) = outcomes.get_mut(place) {
                    *slot = Some(outcome);
                }
            }
        }
        outcomes
            .into_iter()
            .map(|outcome| {
                outcome.unwrap_or_else(|| Err(Error::new(ErrorKind::Unexpected, "an item was lost")))
            })
            .collect()
    }

    fn send_single<'a>(&'a self, (place, item): Item<'a>) -> BoxFuture<'a, Outcomes> {
        Box::pin(async move { vec![(place, self.send(item).await)] })
    }

    /// Sends items in one transaction; those that keep it from succeeding by themselves, so that each fails alone.
    fn send_pack<'a>(&'a self, items: Vec<Item<'a>>) -> BoxFuture<'a, Outcomes> {
        Box::pin(async move {
            let packed = Packed::new(&items);
            match self.find_pack(&packed).await {
                Ok(Some(outputs)) => return in_place(&items, outputs),
                Ok(None) => {}
                Err(error) => return all_failed(&items, &error),
            }
            let (mut outcomes, missing) = match self.sort_out(items.clone()).await {
                Ok(sorted) => sorted,
                Err(error) => return all_failed(&items, &error),
            };
            outcomes.extend(self.send_missing(missing).await);
            outcomes
        })
    }

    async fn send_missing<'a>(&'a self, mut items: Vec<Item<'a>>) -> Outcomes {
        if items.len() < 2 {
            let alone = items.into_iter().next();
            return match alone {
                Some(item) => self.send_single(item).await,
                None => Vec::new(),
            };
        }
        match self.send(&Packed::new(&items)).await {
            Ok(outputs) => in_place(&items, outputs),
            Err(error) if is_of_the_items(&error) => {
                let rest = items.split_off(items.len() / 2);
                // One after the other: what the first half uses up, the second cannot have.
                let mut outcomes = self.send_pack(items).await;
                outcomes.extend(self.send_pack(rest).await);
                outcomes
            }
            Err(error) => all_failed(&items, &error),
        }
    }

    /// The results of a transaction that was sent before, perhaps by a process that crashed.
    async fn find_pack(&self, packed: &Packed<'_>) -> Result<Option<Vec<RegisteredIp>>> {
        let Some(key) = packed.key() else { return Ok(None) };
        let receipt = self.lane().find(&key).await?;
        receipt.map(|receipt| packed.output(&receipt, self.addresses())).transpose()
    }

    /// Tells what is there already, or cannot be, from what is missing.
    async fn sort_out<'a>(&'a self, items: Vec<Item<'a>>) -> Result<(Outcomes, Vec<Item<'a>>)> {
        let unused = self.unused_hashes(&items).await?;
        let looked_at = join_all(items.into_iter().zip(unused).map(|(item, unused)| self.look(item, unused)));
        let (mut outcomes, mut missing) = (Vec::new(), Vec::new());
        for ((place, item), found) in looked_at.await {
            match found {
                Ok(None) => missing.push((place, item)),
                Ok(Some(output)) => outcomes.push((place, Ok(output))),
                Err(error) => outcomes.push((place, Err(error.with_op(item.name())))),
            }
        }
        Ok((outcomes, missing))
    }

    fn look<'a>(
        &'a self,
        item: Item<'a>,
        is_unused: bool,
    ) -> BoxFuture<'a, (Item<'a>, Result<Option<RegisteredIp>>)> {
        Box::pin(async move {
            let found = if is_unused { Ok(None) } else { item.1.existing(&self.view()).await };
            (item, found)
        })
    }

    /// Whether nothing can be there of each item, because its collection never saw the hash; asked for all at once.
    async fn unused_hashes(&self, items: &[Item<'_>]) -> Result<Vec<bool>> {
        let mut questions = Questions::default();
        for (_, item) in items {
            if let Shape::Mint(nft, _) = shape(item)?
                && let Some(hash) = nft.unique_hash()
            {
                let hash = convert::b256_of_content(hash);
                let ask = SpgNft::getTokenIdByMetadataHashCall { nftMetadataHash: hash };
                questions = questions.ask(nft.collection, &ask);
            }
        }
        let mut answers = questions.send(&self.view()).await?;
        items
            .iter()
            .map(|(_, item)| match shape(item)? {
                Shape::Mint(nft, _) if nft.unique_hash().is_some() => {
                    let token = answers.next::<SpgNft::getTokenIdByMetadataHashCall>();
                    Ok(token.is_some_and(|token| token.is_zero()))
                }
                _ => Ok(false),
            })
            .collect()
    }

    /// Registers an IP with whatever it should have, by the workflow that does it. Royalty tokens of a token that is
    /// there are given away by a second transaction; called again, it goes on where it stopped.
    ///
    /// # Errors
    /// As [`RegisterIpAsset::operation`] and [`send`](Self::send).
    pub async fn register_ip_asset(&self, asset: &RegisterIpAsset) -> Result<RegisteredIp> {
        let shares = &asset.shares;
        match asset.operation()? {
            IpRegistration::RegisterNftTermsAndDeployVault(registration) => {
                Ok(self.register_nft_and_distribute(&registration, shares).await?.0)
            }
            IpRegistration::RegisterNftDerivativeAndDeployVault(registration) => {
                Ok(self.register_nft_derivative_and_distribute(&registration, shares).await?.0)
            }
            registration => self.send(&registration).await,
        }
    }
}

/// Whether leaving items out can help. If it is unknown what happened, or nobody could be asked, it cannot.
fn is_of_the_items(error: &Error) -> bool {
    error.retry() == Retry::Never
        && matches!(
            error.kind(),
            ErrorKind::Reverted
                | ErrorKind::InvalidInput
                | ErrorKind::InsufficientFunds
                | ErrorKind::Unsupported
                | ErrorKind::Unexpected
        )
}

fn in_place(items: &[Item<'_>], outputs: Vec<RegisteredIp>) -> Outcomes {
    items.iter().zip(outputs).map(|((place, _), output)| (*place, Ok(output))).collect()
}

fn all_failed(items: &[Item<'_>], error: &Error) -> Outcomes {
    let record = error.to_record();
    items.iter().map(|(place, _)| (*place, Err(Error::from(&record)))).collect()
}
