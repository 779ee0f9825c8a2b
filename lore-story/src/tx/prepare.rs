//! Everything that can be known before a nonce is taken: does the call work, how much gas does it need, what does it pay.

use alloy::{eips::BlockNumberOrTag, primitives::Bytes};
use lore_core::{ErrorKind, Result, port::transactions::StoredCall};

use super::{call::LaneCall, lane::Shared};
use crate::rpc::{Fees, gas_limit};

/// How often a node that lags is asked again.
const MAX_LOOKS: u32 = 5;

/// A call that works, as far as the node can tell.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) call: StoredCall,
    pub(super) fees: Fees,
}

impl Shared {
    /// # Errors
    /// [`ErrorKind::Reverted`] with the contract's reason; [`ErrorKind::InsufficientFunds`];
    /// [`ErrorKind::Unavailable`] also for a fee above the limit.
    pub(super) async fn prepare(&self, call: &LaneCall) -> Result<Prepared> {
        let estimate = self.estimate(call).await?;
        let gas_limit = call.gas_limit.unwrap_or_else(|| gas_limit(estimate, self.policy.gas_margin_percent));
        let fees = self.rpc.fees(self.policy.fee_limits()).await?;
        let call = StoredCall::new(call.to, call.value, call.data.clone(), gas_limit, call.summary.clone());
        Ok(Prepared { call, fees })
    }

    /// Runs the call on the newest state. A node that lags may refuse what another one has made possible: its refusal counts
    /// only if it also refuses on the newest block that anybody saw. The lane alone is not enough for that: one that rested
    /// saw no block for a while.
    async fn estimate(&self, call: &LaneCall) -> Result<u64> {
        let data = Bytes::from(call.data.clone());
        let run = |block| self.rpc.estimate_gas(self.id.signer, (call.to, call.value, &data), block);
        let refusal = match run(BlockNumberOrTag::Latest).await {
            Err(error) if error.kind() == ErrorKind::Reverted => error,
            answer => return answer,
        };
        let seen = self.flight().head;
        if seen == 0 {
            return Err(refusal);
        }
        let head = self.rpc.latest_block().await?.number.max(seen);
        for _ in 0..MAX_LOOKS {
            match run(BlockNumberOrTag::Number(head)).await {
                Err(error) if error.kind() == ErrorKind::Unavailable => {
                    self.clock.sleep(self.policy.poll_interval()).await;
                }
                answer => return answer,
            }
        }
        Err(refusal)
    }
}
