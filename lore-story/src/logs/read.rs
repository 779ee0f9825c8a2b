//! Logs of a range of blocks, with the times of their blocks and the IPs of their vaults.

use std::collections::{BTreeMap, BTreeSet};

use alloy::{
    eips::BlockNumberOrTag,
    primitives::{Address as EvmAddress, B256, Bytes, Log as EvmLog},
    rpc::types::{Filter, Log},
    sol_types::SolCall,
};
use futures_util::{StreamExt, TryStreamExt, stream, try_join};
use lore_core::{Address, Error, ErrorKind, IpId, Result, Timestamp, TxHash};

use crate::{
    contracts::royalty::{IpRoyaltyVault, RoyaltyModule},
    convert,
    rpc::{BlockHeader, Rpc},
};

/// How many blocks are asked about at once.
pub(super) const REQUESTS_AT_ONCE: usize = 8;

/// A log of a block.
#[derive(Clone, Debug)]
pub(super) struct BlockLog {
    pub(super) number: u64,
    pub(super) block: B256,
    pub(super) at: Timestamp,
    pub(super) tx_hash: TxHash,
    pub(super) log_index: u64,
    pub(super) emitter: Address,
    pub(super) log: EvmLog,
}

/// The chain moved while it was read: what was read belongs to no one chain.
pub(super) fn moved() -> Error {
    Error::new(ErrorKind::Unavailable, "the chain changed while its events were read")
}

/// The logs of the blocks `from..=to`, in the chain's order, each once.
///
/// # Errors
/// As the node; [`Unavailable`](ErrorKind::Unavailable) if they are not of the chain with the block `to`;
/// [`IntegrityMismatch`](ErrorKind::IntegrityMismatch) for logs that were not asked for.
pub(super) async fn logs(
    rpc: &Rpc,
    filters: (&Filter, &Filter),
    from: u64,
    to: &BlockHeader,
) -> Result<Vec<Log>> {
    let in_range = |filter: &Filter| filter.clone().select(from..=to.number);
    let (first, second) = (in_range(filters.0), in_range(filters.1));
    let (first, second) = try_join!(rpc.logs(&first), rpc.logs(&second))?;
    let mut logs: Vec<Log> = first.into_iter().chain(second).filter(|log| !log.removed).collect();
    logs.sort_by_key(|log| (log.block_number, log.log_index));
    logs.dedup_by_key(|log| (log.block_hash, log.log_index));
    let mut hashes = BTreeMap::from([(to.number, to.hash)]);
    for log in &logs {
        let (number, hash, _) = place(log)?;
        if !(from..=to.number).contains(&number) {
            return Err(impossible("the node gave a log of a block that was not asked for"));
        }
        // A block's second hash is that of a block that took its place.
        if *hashes.entry(number).or_insert(hash) != hash {
            return Err(moved());
        }
    }
    Ok(logs)
}

/// The logs of these blocks, in the chain's order. Each block is asked for by its hash: a node that does not have it says so,
/// where asked for a range it would say that there is nothing.
///
/// # Errors
/// As the node, [`Unavailable`](ErrorKind::Unavailable) where it does not have a block; as [`logs`].
pub(super) async fn logs_of_blocks(
    rpc: &Rpc,
    filters: (&Filter, &Filter),
    blocks: &[BlockHeader],
) -> Result<Vec<BlockLog>> {
    let of_one = |block: BlockHeader| async move {
        let of_block = |filter: &Filter| filter.clone().at_block_hash(block.hash);
        let (first, second) = (of_block(filters.0), of_block(filters.1));
        let (first, second) = try_join!(rpc.logs(&first), rpc.logs(&second))?;
        let mut logs: Vec<Log> = first.into_iter().chain(second).collect();
        logs.sort_by_key(|log| log.log_index);
        logs.dedup_by_key(|log| log.log_index);
        if logs.iter().any(|log| log.block_hash != Some(block.hash)) {
            return Err(impossible("the node gave a log of a block that was not asked for"));
        }
        logs.into_iter().map(|log| block_log(log, block.timestamp)).collect::<Result<Vec<_>>>()
    };
    let found: Vec<Vec<BlockLog>> =
        stream::iter(blocks.iter().copied()).map(of_one).buffered(REQUESTS_AT_ONCE).try_collect().await?;
    Ok(found.into_iter().flatten().collect())
}

/// Adds the times of their blocks.
pub(super) async fn with_times(rpc: &Rpc, logs: Vec<Log>) -> Result<Vec<BlockLog>> {
    // Some nodes write zero for what they do not know.
    let told = |log: &Log| log.block_timestamp.filter(|seconds| *seconds != 0);
    let untold: BTreeSet<u64> =
        logs.iter().filter(|log| told(log).is_none()).filter_map(|log| log.block_number).collect();
    let heads: BTreeMap<u64, BlockHeader> = stream::iter(untold)
        .map(|number| async move {
            let head = rpc.block(BlockNumberOrTag::Number(number)).await?.ok_or_else(moved)?;
            Ok::<_, Error>((number, head))
        })
        .buffered(REQUESTS_AT_ONCE)
        .try_collect()
        .await?;
    logs.into_iter()
        .map(|log| {
            let (number, block, _) = place(&log)?;
            let seconds = match (told(&log), heads.get(&number)) {
                (Some(seconds), _) => seconds,
                (None, Some(head)) if head.hash == block => head.timestamp,
                (None, _) => return Err(moved()),
            };
            block_log(log, seconds)
        })
        .collect()
}

/// A log of a block with this time.
fn block_log(log: Log, seconds: u64) -> Result<BlockLog> {
    let (number, block, log_index) = place(&log)?;
    let at = convert::timestamp(alloy::primitives::U256::from(seconds))?;
    let tx_hash = log.transaction_hash.ok_or_else(|| impossible("a log has no transaction"))?;
    Ok(BlockLog {
        number,
        block,
        at,
        tx_hash: convert::tx_hash(tx_hash),
        log_index,
        emitter: convert::from_evm_address(log.inner.address),
        log: log.inner,
    })
}

/// Number and hash of a log's block, and its place there.
fn place(log: &Log) -> Result<(u64, B256, u64)> {
    match (log.block_number, log.block_hash, log.log_index) {
        (Some(number), Some(hash), Some(index)) => Ok((number, hash, index)),
        _ => Err(impossible("the node gave a log without its place in the chain")),
    }
}

fn impossible(what: &'static str) -> Error {
    Error::new(ErrorKind::IntegrityMismatch, what)
}

/// The IPs whose royalty vaults these contracts are; those that are none are left out.
pub(super) async fn ips_of_vaults(
    rpc: &Rpc,
    royalty_module: Address,
    contracts: &BTreeSet<Address>,
) -> Result<BTreeMap<Address, IpId>> {
    let mut calls: Vec<(Address, Bytes)> = Vec::with_capacity(2 * contracts.len());
    for contract in contracts {
        let vault: EvmAddress = convert::evm_address(*contract);
        let is_vault = RoyaltyModule::isIpRoyaltyVaultCall { ipRoyaltyVault: vault };
        calls.push((royalty_module, is_vault.abi_encode().into()));
        calls.push((*contract, IpRoyaltyVault::ipIdCall {}.abi_encode().into()));
    }
    if calls.is_empty() {
        return Ok(BTreeMap::new());
    }
    let mut answers = rpc.multicall(&calls).await?.into_iter().map(std::result::Result::ok);
    let mut vaults = BTreeMap::new();
    for contract in contracts {
        let (is_vault, ip) = (answers.next().flatten(), answers.next().flatten());
        let is_vault =
            is_vault.and_then(|bytes| RoyaltyModule::isIpRoyaltyVaultCall::abi_decode_returns(&bytes).ok());
        let ip = ip.and_then(|bytes| IpRoyaltyVault::ipIdCall::abi_decode_returns(&bytes).ok());
        if let (Some(true), Some(ip)) = (is_vault, ip) {
            vaults.insert(*contract, convert::from_evm_ip(ip));
        }
    }
    Ok(vaults)
}
