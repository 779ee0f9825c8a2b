//! Who used the nonce? Only a mined transaction of somebody else's says for sure that ours never will be.
//!
//! A node that is behind has no receipt of ours, while another one counts its nonce as used. To sign the call anew then
//! would make it twice. So the block is searched in which the nonce was used, and the transaction in it is looked at.

use alloy::eips::BlockNumberOrTag;
use lore_core::{ErrorKind, Result, port::transactions::TransactionState};

use super::{flight::End, lane::Shared};
use crate::{convert, rpc::BlockHeader};

/// In how many looks ours must be missing, if the node has no history to search.
const MIN_LOOKS_WITHOUT_PROOF: u32 = 12;

/// What used a nonce.
enum User {
    /// Nothing, as far as this node knows.
    Nobody,
    /// One of ours.
    Ours,
    /// Something else, in this block.
    SomebodyElse(u64),
    /// The node has no history that far back.
    NotKnown,
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
            User::SomebodyElse(_) => {}
            User::NotKnown => {
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
        let Some(block) = self.block_of(nonce, head.number).await? else { return Ok(User::NotKnown) };
        let Some((_, transactions)) = self.rpc.full_block(block).await? else { return Ok(User::NotKnown) };
        let signer = convert::evm_address(self.id.signer);
        let user = transactions.iter().find(|each| each.from == signer && each.nonce.to::<u64>() == nonce);
        let Some(user) = user else { return Ok(User::NotKnown) };
        let flight = self.flight();
        let entry = flight.entries.get(&nonce);
        let is_ours = entry.is_some_and(|entry| entry.attempt(&convert::tx_hash(user.hash)).is_some());
        Ok(if is_ours { User::Ours } else { User::SomebodyElse(block) })
    }

    /// The block in which a nonce was used, at `newest` at the latest; `None` if the node has no history that far back.
    async fn block_of(&self, nonce: u64, newest: u64) -> Result<Option<u64>> {
        // Backwards in growing steps to a block where it was free, then in halves.
        let (mut used_in, mut step) = (newest, 1_u64);
        let mut free_in = loop {
            let Some(earlier) = used_in.checked_sub(step.min(used_in)).filter(|earlier| *earlier < used_in)
            else {
                return Ok(None);
            };
            match self.used_at(earlier).await? {
                None => return Ok(None),
                Some(used) if used <= nonce => break earlier,
                Some(_) => used_in = earlier,
            }
            step = step.saturating_mul(2);
        };
        while used_in.saturating_sub(free_in) > 1 {
            let middle = free_in.midpoint(used_in);
            match self.used_at(middle).await? {
                None => return Ok(None),
                Some(used) if used <= nonce => free_in = middle,
                Some(_) => used_in = middle,
            }
        }
        Ok(Some(used_in))
    }

    /// The account's next nonce as of a block; `None` if the node does not have the state any more.
    async fn used_at(&self, block: u64) -> Result<Option<u64>> {
        match self.rpc.transaction_count(self.id.signer, BlockNumberOrTag::Number(block)).await {
            Ok(used) => Ok(Some(used)),
            Err(error) if is_without_history(error.kind()) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Nodes say in many words that they have forgotten a state; what matters is that they answered.
const fn is_without_history(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::Unavailable | ErrorKind::Unexpected | ErrorKind::Unsupported | ErrorKind::InvalidInput
    )
}
