//! Logs in Lore's words.

mod conflict;
mod group;
mod ip;
mod money;
#[cfg(test)]
mod recorded;

use alloy::{
    primitives::{Log, U256},
    sol_types::SolEvent,
};
use lore_core::{Address, ChainId, IpId, Result, domain::chain_event::ChainEvent};

use crate::addresses::Addresses;

/// What is known of a log besides its bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Context<'a> {
    pub(super) addresses: &'a Addresses,
    pub(super) chain_id: ChainId,
    /// The contract that wrote it.
    pub(super) emitter: Address,
    /// The IP whose royalty vault the emitter is, if it is one.
    pub(super) vault_of: Option<IpId>,
    /// Whether the emitter is a collection whose transfers are read.
    pub(super) is_collection: bool,
}

/// What a log says; `None` if it is none that Lore reads.
///
/// # Errors
/// What Lore cannot keep, such as a time after the year 9999.
pub(super) fn decode(log: &Log, context: &Context<'_>) -> Result<Option<ChainEvent>> {
    let (emitter, addresses) = (context.emitter, context.addresses);
    if let Some(ip) = context.vault_of {
        return Ok(money::of_vault(log, ip));
    }
    if context.is_collection {
        return Ok(ip::of_collection(log, context));
    }
    if emitter == addresses.ip_asset_registry {
        ip::of_registry(log)
    } else if emitter == addresses.core_metadata_module {
        Ok(ip::of_metadata(log))
    } else if emitter == addresses.access_controller {
        Ok(ip::of_access_controller(log))
    } else if emitter == addresses.pi_license_template
        || emitter == addresses.licensing_module
        || emitter == addresses.license_registry
    {
        Ok(ip::of_licenses(log, context))
    } else if emitter == addresses.royalty_module
        || emitter == addresses.royalty_policy_lap
        || emitter == addresses.royalty_policy_lrp
    {
        Ok(money::of_royalties(log))
    } else if emitter == addresses.grouping_module {
        Ok(group::of_groups(log))
    } else if emitter == addresses.dispute_module {
        conflict::of_disputes(log)
    } else if emitter == addresses.arbitration_policy_uma {
        conflict::of_arbitration(log)
    } else {
        Ok(None)
    }
}

/// The event of this kind, if the log is one.
fn event<E: SolEvent>(log: &Log) -> Option<E> {
    E::decode_log(log).ok().map(|event| event.data)
}

/// A dispute's number.
fn number(value: U256) -> Result<u64> {
    crate::ops::dispute::dispute_number(value)
}
