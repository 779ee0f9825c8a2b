//! The transaction that registered an IP, for one that this client did not send itself or no longer remembers.

use alloy::{
    primitives::{B256, U256},
    rpc::types::{BlockNumberOrTag, Filter},
    sol_types::SolEvent,
};
use lore_core::{Address, Error, ErrorKind, IpId, Result, Timestamp, TokenId, TxHash, domain::asset::Mined};

use crate::{
    contracts::registry::{CoreMetadataViewModule, IpAssetRegistry},
    convert,
    rpc::BlockHeader,
    view::View,
};

/// Where a registered IP was registered.
///
/// The registry keeps the time, which is the block's. So the block is found by halving, and only its own logs are asked
/// for: nodes answer for a few thousand blocks at most, and this needs no more than the blocks of one second.
///
/// # Errors
/// [`Unexpected`](ErrorKind::Unexpected) if the node keeps no logs of that block.
pub(crate) async fn of(view: &View<'_>, ip: IpId, contract: Address, token_id: TokenId) -> Result<Mined> {
    let ask = CoreMetadataViewModule::getRegistrationDateCall { ipId: convert::evm_ip(ip) };
    let date = view.call(view.addresses().core_metadata_view_module, &ask).await?;
    let date = u64::try_from(date).unwrap_or(u64::MAX);
    let latest = view.rpc().latest_block().await?;
    let first = first_block_at(view, date, &latest).await?;
    // Where blocks come faster than seconds, the next block of another second ends the range.
    let next_second = date.saturating_add(1);
    let end = if latest.timestamp >= next_second {
        first_block_at(view, next_second, &latest).await?.saturating_sub(1)
    } else {
        latest.number
    };
    let chain = U256::from(view.chain_id().get());
    let filter = Filter::new()
        .from_block(first)
        .to_block(end.max(first))
        .address(convert::evm_address(view.addresses().ip_asset_registry))
        .event_signature(IpAssetRegistry::IPRegistered::SIGNATURE_HASH)
        .topic1(B256::from(chain))
        .topic2(convert::evm_address(contract).into_word())
        .topic3(B256::from(convert::u256_of_token(token_id)));
    let logs = view.rpc().logs(&filter).await?;
    let found = logs.first().and_then(|log| Some((log.transaction_hash?, log.block_number?)));
    let (hash, number) = found.ok_or_else(|| {
        Error::new(ErrorKind::Unexpected, "the node has no log of a registration that the chain knows")
            .with_context("ip_id", ip)
            .with_context("block", first)
    })?;
    let at = Timestamp::from_unix_seconds(i64::try_from(date).unwrap_or(i64::MAX))?;
    Ok(Mined::new(TxHash::from_bytes(hash.0), number, at))
}

/// The first block that is not older than `seconds`.
async fn first_block_at(view: &View<'_>, seconds: u64, latest: &BlockHeader) -> Result<u64> {
    let (mut low, mut high) = (0_u64, latest.number);
    while low < high {
        let middle = low.midpoint(high);
        let block = view.rpc().block(BlockNumberOrTag::Number(middle)).await?.ok_or_else(|| {
            Error::new(ErrorKind::Unavailable, "the node does not have a block below its newest")
                .with_context("block", middle)
        })?;
        if block.timestamp < seconds {
            low = middle.saturating_add(1);
        } else {
            high = middle;
        }
    }
    Ok(low)
}
