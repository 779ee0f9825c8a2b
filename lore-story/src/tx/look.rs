//! Finds what is mined: in the receipts of new blocks, or by hash.

use lore_core::{Result, TxHash};

use super::{lane::Shared, round::Watch};
use crate::{
    convert,
    rpc::{BlockHeader, TxReceipt},
};

/// Most blocks whose receipts are read one after the other; after a longer pause everything is looked up by hash.
const MAX_BLOCKS: u64 = 16;

impl Shared {
    /// Reads what came since the last look.
    pub(super) async fn look(&self, watch: &mut Watch, head: &BlockHeader) -> Result<()> {
        let is_new = watch.head.is_none_or(|seen| seen.hash != head.hash);
        if is_new {
            self.turn_to(watch, head);
        }
        self.look_up_doubtful().await?;
        if is_new || watch.looked < head.number {
            self.look_into_blocks(watch, head).await?;
        }
        Ok(())
    }

    /// Notes the new head. If it does not follow the old one, what was mined may be so no more, or elsewhere.
    fn turn_to(&self, watch: &mut Watch, head: &BlockHeader) {
        let follows = match watch.head {
            None => true,
            Some(seen) if head.number == seen.number.saturating_add(1) => head.parent_hash == seen.hash,
            Some(seen) => head.number > seen.number,
        };
        let mut flight = self.flight();
        flight.head = head.number;
        // What was signed here is in later blocks; what was taken over is looked up anyway.
        let unseen = flight.entries.values().filter(|entry| entry.seen.is_none());
        let oldest = unseen.filter_map(|entry| entry.born).min().unwrap_or(head.number);
        watch.looked = watch.looked.max(oldest);
        if !follows || head.number.saturating_sub(watch.looked) > MAX_BLOCKS {
            flight.entries.values_mut().for_each(|entry| entry.look_up = true);
            watch.looked = head.number.saturating_sub(1);
        }
        watch.looked = watch.looked.min(head.number);
        watch.head = Some(*head);
    }

    async fn look_into_blocks(&self, watch: &mut Watch, head: &BlockHeader) -> Result<()> {
        let blocks = head.number.saturating_sub(watch.looked);
        let forms = u64::try_from(self.flight().unseen_forms()).unwrap_or(u64::MAX);
        if forms == 0 {
            watch.looked = head.number;
            return Ok(());
        }
        if forms <= blocks || !self.rpc.has_block_receipts() {
            let unseen = self.flight().unseen();
            for nonce in unseen {
                self.look_up(nonce).await?;
            }
            watch.looked = head.number;
            return Ok(());
        }
        for number in watch.looked.saturating_add(1).min(head.number)..=head.number {
            let Some(receipts) = self.rpc.block_receipts(number).await? else { return Ok(()) };
            // A node that is behind the one that gave the head.
            let is_of_head = |receipt: &TxReceipt| receipt.block_hash == head.hash;
            if number == head.number
                && (receipts.len() != head.transactions || !receipts.iter().all(is_of_head))
            {
                return Ok(());
            }
            for receipt in receipts {
                self.saw(receipt);
            }
            watch.looked = number;
        }
        Ok(())
    }

    /// Looks up by hash what may be mined for long.
    async fn look_up_doubtful(&self) -> Result<()> {
        let doubtful: Vec<u64> = {
            let flight = self.flight();
            let doubtful = flight.entries.iter().filter(|(_, entry)| entry.look_up && entry.seen.is_none());
            doubtful.map(|(nonce, _)| *nonce).collect()
        };
        for nonce in doubtful {
            self.look_up(nonce).await?;
        }
        Ok(())
    }

    /// Looks up all forms of a transaction; whether one is mined.
    pub(super) async fn look_up(&self, nonce: u64) -> Result<bool> {
        let hashes: Vec<TxHash> = {
            let flight = self.flight();
            let entry = flight.entries.get(&nonce);
            entry.map_or_else(Vec::new, |entry| {
                entry.transaction.attempts.iter().map(|attempt| attempt.hash).collect()
            })
        };
        for hash in hashes {
            if let Some(receipt) = self.rpc.receipt(&hash).await? {
                self.saw(receipt);
                return Ok(true);
            }
        }
        if let Some(entry) = self.flight().entries.get_mut(&nonce) {
            entry.look_up = false;
        }
        Ok(false)
    }

    /// Notes a receipt of the lane's account.
    fn saw(&self, receipt: TxReceipt) {
        if convert::from_evm_address(receipt.from) != self.id.signer {
            return;
        }
        let mut flight = self.flight();
        if let Some(nonce) = flight.nonce_of(&convert::tx_hash(receipt.tx_hash)) {
            if let Some(entry) = flight.entries.get_mut(&nonce) {
                entry.look_up = false;
                entry.doubted = false;
                entry.unexplained = 0;
                entry.seen = Some(receipt);
            }
        } else {
            // Somebody else uses the key, or it is one of the lane's own that is settled already.
            flight.resync = true;
        }
    }
}
