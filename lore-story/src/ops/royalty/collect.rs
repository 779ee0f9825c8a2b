//! [`CollectRevenue`]: a claim, and the way of its money to the owner's own account.

use futures_util::{StreamExt as _, stream};
use lore_core::{
    Address, Error, Result, Wei,
    domain::asset::Mined,
    port::chain::{ClaimRevenue, ClaimedRevenue, RevenueClaim},
};

use crate::{
    client::StoryClient,
    ops::{AccountTransfer, Execution, TransferFromAccount, Unwrap},
};

/// Most claims under way at once.
const CLAIMS_AT_ONCE: usize = 16;

/// A claim, and what becomes of the money. Each step is a transaction of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CollectRevenue {
    /// The claim.
    pub claim: ClaimRevenue,
    /// Whether what the IP's own account got is moved on to the signer, who must own the IP.
    pub moves_to_signer: bool,
    /// Whether WIP that got to the signer is unwrapped.
    pub unwraps: bool,
}

impl CollectRevenue {
    /// Claims, moves to the signer, and unwraps.
    #[must_use]
    pub const fn new(claim: ClaimRevenue) -> Self {
        Self { claim, moves_to_signer: true, unwraps: true }
    }
}

/// What became of one step.
#[derive(Debug)]
#[non_exhaustive]
pub enum CollectionStep<T> {
    /// It was not asked for, or there was nothing to do.
    Skipped,
    /// It is done.
    Done(T),
    /// It failed. What was done before stays: the money is where the step before left it.
    Failed(Error),
}

impl<T> CollectionStep<T> {
    fn of(sent: Result<T>) -> Self {
        match sent {
            Ok(done) => Self::Done(done),
            Err(error) => Self::Failed(error),
        }
    }

    /// Whether it failed.
    #[must_use]
    pub const fn is_failed(&self) -> bool {
        matches!(self, Self::Failed(_))
    }
}

/// What a collection brought, step by step.
#[derive(Debug)]
#[non_exhaustive]
pub struct CollectedRevenue {
    /// The claim.
    pub claimed: ClaimedRevenue,
    /// What was moved out of the IP account.
    pub moved: CollectionStep<Execution>,
    /// What was unwrapped.
    pub unwrapped: CollectionStep<Mined>,
}

impl StoryClient {
    /// Claims what an IP earned, and brings it to the signer.
    ///
    /// Only a failed claim is an error; what became of the money afterwards is told step by step. A step that failed can be
    /// sent by itself: [`TransferFromAccount`], [`Unwrap`].
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn collect_revenue(&self, request: &CollectRevenue) -> Result<CollectedRevenue> {
        let claimed = self.send(&request.claim).await?;
        let got = claimed.claims.iter().filter(|claim| !claim.amount.is_zero());
        let got: Vec<RevenueClaim> = got.copied().collect();
        let is_of_account = request.claim.claimer == request.claim.ip.address();
        let moved = if is_of_account && request.moves_to_signer && !got.is_empty() {
            CollectionStep::of(self.send(&self.moving(&request.claim, &got)).await)
        } else {
            CollectionStep::Skipped
        };
        let is_with_signer =
            request.claim.claimer == self.signer() || matches!(moved, CollectionStep::Done(_));
        let wrapped = self.wrapped(&got);
        let unwrapped = if request.unwraps && is_with_signer && !wrapped.is_zero() {
            CollectionStep::of(self.send(&Unwrap::new(wrapped)).await)
        } else {
            CollectionStep::Skipped
        };
        Ok(CollectedRevenue { claimed, moved, unwrapped })
    }

    /// Collects for many IPs, each for itself: one that fails says so in its place, and leaves the others alone.
    pub async fn collect_revenues(&self, requests: &[CollectRevenue]) -> Vec<Result<CollectedRevenue>> {
        let each = requests.iter().map(|request| self.collect_revenue(request));
        stream::iter(each).buffered(CLAIMS_AT_ONCE).collect().await
    }

    fn moving(&self, claim: &ClaimRevenue, got: &[RevenueClaim]) -> TransferFromAccount {
        let to: Address = self.signer();
        let transfers = got.iter().map(|got| AccountTransfer::new(got.token, to, got.amount));
        TransferFromAccount::new(claim.ip, transfers.collect())
    }

    fn wrapped(&self, got: &[RevenueClaim]) -> Wei {
        let wip = self.addresses().wip;
        got.iter().filter(|got| got.token == wip).map(|got| got.amount).sum()
    }
}
