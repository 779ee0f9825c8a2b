//! Reverts: what the contracts say when they refuse, in words.

use alloy::{
    primitives::Bytes,
    rpc::json_rpc::ErrorPayload,
    sol_types::{Revert as RevertReason, SolError},
};
use lore_core::{Address, Error, Revert};

/// The bytes that a contract reverted with, from the node's error; `None` if this error is no revert.
pub(crate) fn revert_data(payload: &ErrorPayload) -> Option<Bytes> {
    let is_revert = payload.code == 3 || payload.message.to_lowercase().contains("revert");
    let data = || payload.try_data_as::<Bytes>().and_then(Result::ok).unwrap_or_default();
    is_revert.then(data)
}

/// The error that a revert stands for.
pub(crate) fn to_error(data: &[u8], contract: Option<Address>, op: &'static str) -> Error {
    let revert = match RevertReason::abi_decode(data) {
        Ok(RevertReason { reason }) => Revert::new("Error").arg(reason),
        Err(_) => Revert::new(data.get(..4).map_or_else(String::new, alloy::hex::encode_prefixed)),
    };
    let error = Error::from(revert).with_op(op);
    match contract {
        Some(contract) => error.with_context("contract", contract),
        None => error,
    }
}
