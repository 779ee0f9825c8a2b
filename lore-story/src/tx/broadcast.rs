//! Sends what is stored, and notes what the nodes say.

use alloy::primitives::Bytes;
use lore_core::Result;

use super::lane::Shared;

impl Shared {
    /// Sends the newest form of an open transaction. The same bytes may be sent any number of times.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](lore_core::ErrorKind::Config) if the node belongs to another chain; all else is noted.
    pub(super) async fn broadcast(&self, nonce: u64) -> Result<()> {
        let now = self.now();
        let newest = {
            let mut flight = self.flight();
            let entry = flight.entries.get_mut(&nonce);
            entry.and_then(|entry| {
                entry.sent_at = Some(now);
                entry.newest().map(|newest| (newest.hash, Bytes::from(newest.raw.clone())))
            })
        };
        let Some((hash, raw)) = newest else { return Ok(()) };
        let outcome = self.rpc.send_raw(&raw).await?;
        tracing::debug!(lane = %self.id, nonce, %hash, ?outcome, "sent a transaction");
        let mut flight = self.flight();
        if let Some(entry) = flight.entries.get_mut(&nonce)
            && entry.newest().is_some_and(|newest| newest.hash == hash)
        {
            entry.note(outcome);
        }
        Ok(())
    }
}
