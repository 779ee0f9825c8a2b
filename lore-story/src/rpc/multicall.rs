//! Many questions in one request, through the aggregator contract (Multicall3).

use alloy::primitives::Bytes;
use lore_core::{Address, Result};

use super::{client::Rpc, read::CallOptions};
use crate::{
    contracts::token::{Call3, Multicall3},
    convert,
};

/// Most questions in a request: the answers stay below a node's limits on gas and size.
const MAX_CALLS: usize = 250;

/// The answer to one of many questions: the returned bytes, or the bytes of the revert.
pub(crate) type CallOutcome = Result<Bytes, Bytes>;

impl Rpc {
    /// Asks many contracts, all in one state per request; the answers come in order.
    pub(crate) async fn multicall(&self, calls: &[(Address, Bytes)]) -> Result<Vec<CallOutcome>> {
        let mut outcomes = Vec::with_capacity(calls.len());
        for some in calls.chunks(MAX_CALLS) {
            let calls = some
                .iter()
                .map(|(to, data)| Call3 {
                    target: convert::evm_address(*to),
                    allowFailure: true,
                    callData: data.clone(),
                })
                .collect();
            let call = Multicall3::aggregate3Call { calls };
            let answers = self.call(self.shared.config.multicall3, &call, CallOptions::default()).await?;
            outcomes.extend(answers.into_iter().map(|answer| match answer.success {
                true => Ok(answer.returnData),
                false => Err(answer.returnData),
            }));
        }
        Ok(outcomes)
    }
}
