//! Simulates transactions that follow one another, before any of them is sent.

use std::sync::atomic::Ordering;

use alloy::{
    eips::BlockNumberOrTag,
    primitives::{Bytes, U64},
};
use lore_core::{Address, Error, ErrorKind, Result, port::chain::UnsignedTransaction};
use serde::{Deserialize, Serialize};

use super::{client::Rpc, gas::gas_limit, read::WireCall, refusal::Meaning};
use crate::revert;

/// Added to what an estimate found, in percent: the state moves on until the transaction is mined.
const ESTIMATE_MARGIN_PERCENT: u64 = 20;
/// Added to what a run used, in percent: a run says what was used after refunds, not how much had to be there (at most a
/// fifth is refunded, EIP-3529, and every inner call holds back a 64th, EIP-150).
const RUN_MARGIN_PERCENT: u64 = 60;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Simulation<'a> {
    block_state_calls: [Calls<'a>; 1],
    validation: bool,
}

#[derive(Serialize)]
struct Calls<'a> {
    calls: Vec<WireCall<'a>>,
}

#[derive(Deserialize)]
struct SimulatedBlock {
    calls: Vec<SimulatedCall>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SimulatedCall {
    status: U64,
    gas_used: U64,
    #[serde(default)]
    return_data: Bytes,
}

impl Rpc {
    /// Makes sure that the transactions, sent by `sender` one after the other, all succeed, and notes how much gas each
    /// needs. Of a sequence, a node without `eth_simulateV1` can only tell that of the first.
    ///
    /// # Errors
    /// [`Reverted`](ErrorKind::Reverted) with the contract's reason.
    pub(crate) async fn simulate(&self, sender: Address, sequence: &mut [UnsignedTransaction]) -> Result<()> {
        if sequence.len() > 1
            && !self.shared.lacks_simulation.load(Ordering::Relaxed)
            && self.simulate_all(sender, sequence).await?
        {
            return Ok(());
        }
        let Some(first) = sequence.first_mut() else { return Ok(()) };
        let data = Bytes::from(first.data.clone());
        let call = (first.to, first.value, &data);
        let gas = self.estimate_gas(sender, call, BlockNumberOrTag::Latest).await?;
        first.gas_limit = Some(gas_limit(gas, ESTIMATE_MARGIN_PERCENT));
        Ok(())
    }

    /// `false` if the node cannot.
    async fn simulate_all(&self, sender: Address, sequence: &mut [UnsignedTransaction]) -> Result<bool> {
        let inputs: Vec<Bytes> = sequence.iter().map(|each| Bytes::from(each.data.clone())).collect();
        let calls = sequence
            .iter()
            .zip(&inputs)
            .map(|(each, input)| WireCall::new(Some(sender), each.to, each.value, input))
            .collect();
        let simulation = Simulation { block_state_calls: [Calls { calls }], validation: false };
        let params = (simulation, BlockNumberOrTag::Latest);
        let blocks: Vec<SimulatedBlock> = match self.try_ask("eth_simulateV1", &params).await {
            Ok(blocks) => blocks,
            Err(failure)
                if failure.refusal().is_some_and(|said| Meaning::of(said) == Meaning::NoSuchMethod) =>
            {
                self.shared.lacks_simulation.store(true, Ordering::Relaxed);
                return Ok(false);
            }
            Err(failure) => return Err(failure.into()),
        };
        let runs: Vec<SimulatedCall> = blocks.into_iter().flat_map(|block| block.calls).collect();
        if runs.len() != sequence.len() {
            return Err(Error::new(
                ErrorKind::Unexpected,
                "the node simulated another number of transactions",
            )
            .with_context("expected", sequence.len())
            .with_context("found", runs.len()));
        }
        for (transaction, run) in sequence.iter_mut().zip(runs) {
            if run.status.is_zero() {
                let error = revert::to_error(&run.return_data, Some(transaction.to), "");
                return Err(error.with_context("step", &transaction.summary));
            }
            transaction.gas_limit = Some(gas_limit(run.gas_used.to(), RUN_MARGIN_PERCENT));
        }
        Ok(true)
    }
}
