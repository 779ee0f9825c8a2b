//! Finds the transaction behind what the chain keeps only as state, by its time.

use alloy::{
    eips::BlockNumberOrTag,
    rpc::types::{Filter, Log},
    sol_types::SolEvent,
};
use lore_core::{Error, ErrorKind, Result, domain::asset::Mined, port::chain::DisputeRecord};

use crate::{
    contracts::dispute::{DisputeModule, UnreleasedDisputeModule},
    convert,
    rpc::BlockHeader,
    view::View,
};

/// How many blocks may share a time: on fast chains several have the same second.
const BLOCKS_OF_A_SECOND: u64 = 32;

/// The transaction that made a dispute.
///
/// # Errors
/// [`Unavailable`](ErrorKind::Unavailable), also while the node does not have the block.
pub(crate) async fn dispute(view: &View<'_>, record: &DisputeRecord) -> Result<Mined> {
    let lost = || {
        Error::new(ErrorKind::Unavailable, "the node does not have the transaction that made the dispute")
            .with_context("dispute", record.dispute)
    };
    let first = first_block_since(view, record.raised_at.unix_seconds()).await?;
    let filter = Filter::new()
        .address(convert::evm_address(view.addresses().dispute_module))
        .event_signature(vec![
            DisputeModule::DisputeRaised::SIGNATURE_HASH,
            UnreleasedDisputeModule::DisputeRaised::SIGNATURE_HASH,
            DisputeModule::IpTaggedOnRelatedIpInfringement::SIGNATURE_HASH,
        ])
        .select(first.number..=first.number.saturating_add(BLOCKS_OF_A_SECOND));
    let logs = view.rpc().logs(&filter).await?;
    let log = logs.into_iter().find(|log| dispute_of(log) == Some(record.dispute)).ok_or_else(lost)?;
    let (Some(hash), Some(number)) = (log.transaction_hash, log.block_number) else { return Err(lost()) };
    Ok(Mined::new(convert::tx_hash(hash), number, record.raised_at))
}

/// The number of the dispute that a log tells of.
fn dispute_of(log: &Log) -> Option<u64> {
    let log = &log.inner;
    let number = DisputeModule::DisputeRaised::decode_log(log)
        .map(|event| event.data.disputeId)
        .or_else(|_| {
            UnreleasedDisputeModule::DisputeRaised::decode_log(log).map(|event| event.data.disputeId)
        })
        .or_else(|_| {
            DisputeModule::IpTaggedOnRelatedIpInfringement::decode_log(log).map(|event| event.data.disputeId)
        })
        .ok()?;
    u64::try_from(number).ok()
}

/// The first block whose time is not before `seconds`, by halving: a request for each bit of the chain's height.
async fn first_block_since(view: &View<'_>, seconds: u64) -> Result<BlockHeader> {
    let mut found = view.rpc().latest_block().await?;
    let mut from = 0;
    while from < found.number {
        let middle = from + (found.number - from) / 2;
        let block = view.rpc().block(BlockNumberOrTag::Number(middle)).await?;
        match block {
            Some(block) if block.timestamp >= seconds => found = block,
            // A node without old blocks has the rest.
            _ => from = middle + 1,
        }
    }
    Ok(found)
}
