//! Who used the nonce? Only a mined transaction of somebody else's says for sure that ours never will be.
//!
//! A node that is behind has no receipt of ours, while another one counts its nonce as used. To sign the call anew then
//! would make it twice. So the block is searched in which the nonce was used, and the transaction in it is looked at.

use lore_core::{Result, port::transactions::TransactionState};

use super::{flight::End, lane::Shared};
use crate::rpc::BlockHeader;

/// In how many looks ours must be missing, if the nonce was used longer ago than nodes keep states.
const MIN_LOOKS_WITHOUT_PROOF: u32 = 12;
/// Nodes keep the states of 128 blocks at least. No node is so far behind, so a state that is missing further back says that
/// it was forgotten, and one that is missing here says nothing.
const KEPT_STATES: u64 = 100;

/// What used a nonce.
enum User {
    /// Nothing, as far as this node knows.
    Nobody,
    /// One of ours.
    Ours,
    /// Something else, in this block.
    SomebodyElse(u64),
    /// Something, so long ago that the node has no history of it.
    LongAgo,
    /// This node is behind the one that gave the newest block: it says nothing.
    NotKnown,
}

/// Where a nonce was used.
enum Search {
    /// In this block.
    Found(u64),
    /// The node has no state of this block, which must be known.
    NoState(u64),
    /// The account began with a later nonce.
    BeforeTheFirstBlock,
}

impl Shared {
    /// Finds out what used a nonce that a node called too low.
    pub(super) async fn explain(&self, nonce: u64, head: &BlockHeader) -> Result<()> {
        if self.look_up(nonce).await? {
            return Ok(());
        }
        match self.user_of(nonce, head).await? {
            User::Nobody => {
                if let Some(entry) = self.flight().entries.get_mut(&nonce) {
                    entry.doubted = false;
                    entry.unexplained = 0;
                    // Not at once: a node that is behind says so again and again.
                    entry.sent_at = Some(self.now());
                }
            }
            User::Ours => {
                if let Some(entry) = self.flight().entries.get_mut(&nonce) {
                    entry.look_up = true;
                }
            }
            User::SomebodyElse(block) if self.is_deep(block, head) => self.displace(nonce, block).await?,
            // It may still vanish.
            User::SomebodyElse(_) | User::NotKnown => {}
            User::LongAgo => {
                let looks = {
                    let mut flight = self.flight();
                    flight.entries.get_mut(&nonce).map_or(0, |entry| {
                        entry.unexplained = entry.unexplained.saturating_add(1);
                        entry.unexplained
                    })
                };
                if looks >= MIN_LOOKS_WITHOUT_PROOF {
                    self.displace(nonce, head.number).await?;
                }
            }
        }
        Ok(())
    }

    async fn displace(&self, nonce: u64, block: u64) -> Result<()> {
        tracing::warn!(lane = %self.id, nonce, block, "somebody else used a nonce of the lane with the same key");
        if self.settle(&[(nonce, TransactionState::Displaced)]).await? {
            let mut flight = self.flight();
            flight.displaced = flight.displaced.saturating_add(1);
            flight.used_below = flight.used_below.max(nonce.saturating_add(1));
            flight.resync = true;
            flight.end(nonce, &End::Displaced);
        }
        Ok(())
    }

    async fn user_of(&self, nonce: u64, head: &BlockHeader) -> Result<User> {
        // The state of this very block: a node that does not have it says so instead of answering with an older one.
        let Some(used) = self.used_at(head.number).await? else { return Ok(User::NotKnown) };
        if used <= nonce {
            return Ok(User::Nobody);
        }
        let block = match self.block_of(nonce, head.number).await? {
            Search::Found(block) => block,
            Search::NoState(block) if head.number.saturating_sub(block) >= KEPT_STATES => {
                return Ok(User::LongAgo);
            }
            Search::NoState(_) => return Ok(User::NotKnown),
            Search::BeforeTheFirstBlock => return Ok(User::LongAgo),
        };
        let Some(transactions) = self.rpc.transactions_of(block).await? else { return Ok(User::NotKnown) };
        let flight = self.flight();
        let Some(entry) = flight.entries.get(&nonce) else { return Ok(User::NotKnown) };
        // An account can also lose a nonce to an authorization (EIP-7702), without a transaction of its own.
        let is_ours = transactions.iter().any(|hash| entry.attempt(hash).is_some());
        Ok(if is_ours { User::Ours } else { User::SomebodyElse(block) })
    }

    /// The block in which a nonce was used, `newest` or an earlier one.
    async fn block_of(&self, nonce: u64, newest: u64) -> Result<Search> {
        // Backwards in growing steps to a block where it was free, then in halves.
        let (mut used_in, mut step) = (newest, 1_u64);
        let mut free_in = loop {
            if used_in == 0 {
                return Ok(Search::BeforeTheFirstBlock);
            }
            let earlier = used_in.saturating_sub(step);
            match self.used_at(earlier).await? {
                None => return Ok(Search::NoState(earlier)),
                Some(used) if used <= nonce => break earlier,
                Some(_) => used_in = earlier,
            }
            step = step.saturating_mul(2);
        };
        while used_in.saturating_sub(free_in) > 1 {
            let middle = free_in.midpoint(used_in);
            match self.used_at(middle).await? {
                None => return Ok(Search::NoState(middle)),
                Some(used) if used <= nonce => free_in = middle,
                Some(_) => used_in = middle,
            }
        }
        Ok(Search::Found(used_in))
    }

    async fn used_at(&self, block: u64) -> Result<Option<u64>> {
        self.rpc.transaction_count_at(self.id.signer, block).await
    }
}
