//! [`Refusal`], [`TransactionRefusal`], [`EventRefusal`], [`AiLogRefusal`]: why a store does not write. Every adapter
//! refuses with these, so that all say the same. Reports have their own,
//! [`ReportRefusal`](super::ai_reports::ReportRefusal).

use crate::{
    ai::audit::ChainHead,
    error::{Error, ErrorKind, Retry},
    ids::{AssetId, CallId, CreationId},
    onchain::{ChainId, IpId},
    port::transactions::{LaneId, OperationKey},
    time::Timestamp,
};

/// A rule of the [`Repository`](crate::port::repository::Repository) port that a write would break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// A new asset does not say version 1.
    NotAFirstVersion(AssetId),
    /// The id of a new asset is taken.
    AssetTaken(AssetId),
    /// The IP is another asset's.
    IpTaken(IpId),
    /// The asset to change, remove or link does not exist.
    AssetMissing(AssetId),
    /// Somebody else changed the asset.
    StaleAsset {
        /// The asset.
        asset: AssetId,
        /// The version that the write builds on.
        expected: u64,
        /// The version that is stored.
        stored: u64,
    },
    /// The asset to remove has derivatives.
    IsParent(AssetId),
    /// The creation does not exist.
    CreationMissing(CreationId),
    /// The id of a new creation is taken.
    CreationTaken(CreationId),
    /// Another creation makes this asset.
    AssetHasCreation(AssetId),
    /// Somebody else holds the lease.
    LeaseHeld {
        /// The creation.
        creation: CreationId,
        /// When the lease was asked for.
        now: Timestamp,
        /// When the holder's time ends.
        until: Timestamp,
    },
    /// Somebody else took the lease since.
    StaleLease {
        /// The creation.
        creation: CreationId,
        /// The writer's generation.
        generation: u64,
        /// The newest generation.
        newest: u64,
    },
    /// Events do not follow the stored ones.
    EventGap {
        /// The creation.
        creation: CreationId,
        /// The number that is next.
        expected: u64,
        /// The number that was given.
        found: u64,
    },
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let new = Self::new;
        match refusal {
            Refusal::NotAFirstVersion(asset) => {
                Self::invalid("version", "not_first", "version 1 for a new asset")
                    .with_context("asset", asset)
            }
            Refusal::AssetTaken(asset) => {
                new(ErrorKind::AlreadyExists, "the asset exists already").with_context("asset", asset)
            }
            Refusal::IpTaken(ip_id) => {
                new(ErrorKind::AlreadyExists, "the IP belongs to another asset").with_context("ip_id", ip_id)
            }
            Refusal::AssetMissing(asset) => {
                new(ErrorKind::NotFound, "no such asset").with_context("asset", asset)
            }
            Refusal::StaleAsset { asset, expected, stored } => {
                new(ErrorKind::Conflict, "somebody else changed the asset")
                    .with_context("asset", asset)
                    .with_context("expected_version", expected)
                    .with_context("stored_version", stored)
            }
            Refusal::IsParent(asset) => {
                new(ErrorKind::Conflict, "the asset has derivatives").with_context("asset", asset)
            }
            Refusal::CreationMissing(creation) => {
                new(ErrorKind::NotFound, "no such creation").with_context("creation", creation)
            }
            Refusal::CreationTaken(creation) => new(ErrorKind::AlreadyExists, "the creation exists already")
                .with_context("creation", creation),
            Refusal::AssetHasCreation(asset) => {
                new(ErrorKind::AlreadyExists, "another creation makes this asset")
                    .with_context("asset", asset)
            }
            Refusal::LeaseHeld { creation, now, until } => {
                new(ErrorKind::Conflict, "somebody else drives the creation")
                    .with_context("creation", creation)
                    .with_context("until", until)
                    .with_retry(Retry::After(Some(until.saturating_since(now))))
            }
            Refusal::StaleLease { creation, generation, newest } => {
                new(ErrorKind::Conflict, "somebody else took over the creation")
                    .with_context("creation", creation)
                    .with_context("generation", generation)
                    .with_context("newest_generation", newest)
            }
            Refusal::EventGap { creation, expected, found } => {
                new(ErrorKind::Conflict, "the events do not follow the stored ones")
                    .with_context("creation", creation)
                    .with_context("expected_seq", expected)
                    .with_context("seq", found)
            }
        }
    }
}

/// A rule of the [`TransactionStore`](crate::port::transactions::TransactionStore) port that a write would break.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransactionRefusal {
    /// Somebody else holds the lane.
    LaneHeld {
        /// The lane.
        lane: LaneId,
        /// When the lane was asked for.
        now: Timestamp,
        /// When the holder's time ends.
        until: Timestamp,
    },
    /// Somebody else took the lane since.
    StaleLane {
        /// The lane.
        lane: LaneId,
        /// The writer's generation.
        generation: u64,
        /// The newest generation; 0 if nobody ever held the lane.
        newest: u64,
    },
    /// The lease is for another lane than the transaction.
    OtherLane {
        /// The lane of the lease.
        held: LaneId,
        /// The lane of the transaction.
        lane: LaneId,
    },
    /// A new transaction has no attempt, has one twice, or is final.
    NotJustSigned {
        /// The lane.
        lane: LaneId,
        /// The nonce.
        nonce: u64,
    },
    /// The nonce was given to another intention.
    NonceTaken {
        /// The lane.
        lane: LaneId,
        /// The nonce.
        nonce: u64,
    },
    /// The key has a transaction that is open or succeeded.
    KeyAlive {
        /// The lane.
        lane: LaneId,
        /// The key.
        key: OperationKey,
        /// The nonce of its transaction.
        nonce: u64,
    },
    /// No transaction has this nonce.
    TransactionMissing {
        /// The lane.
        lane: LaneId,
        /// The nonce.
        nonce: u64,
    },
    /// The transaction has reached its end, and not the one that is asked for.
    TransactionFinal {
        /// The lane.
        lane: LaneId,
        /// The nonce.
        nonce: u64,
    },
    /// The state to settle on is not a final one.
    NotFinal {
        /// The lane.
        lane: LaneId,
        /// The nonce.
        nonce: u64,
    },
}

impl From<TransactionRefusal> for Error {
    fn from(refusal: TransactionRefusal) -> Self {
        let of =
            |kind, message: &'static str, lane: LaneId| Self::new(kind, message).with_context("lane", lane);
        match refusal {
            TransactionRefusal::LaneHeld { lane, now, until } => {
                of(ErrorKind::Conflict, "somebody else holds the lane", lane)
                    .with_context("until", until)
                    .with_retry(Retry::After(Some(until.saturating_since(now))))
            }
            TransactionRefusal::StaleLane { lane, generation, newest } => {
                of(ErrorKind::Conflict, "somebody else took over the lane", lane)
                    .with_context("generation", generation)
                    .with_context("newest_generation", newest)
            }
            TransactionRefusal::OtherLane { held, lane } => {
                Self::invalid("lane", "other_lane", "a transaction of the lane that the lease is for")
                    .with_context("held", held)
                    .with_context("lane", lane)
            }
            TransactionRefusal::NotJustSigned { lane, nonce } => {
                Self::invalid("transaction", "not_just_signed", "an open transaction, each attempt once")
                    .with_context("lane", lane)
                    .with_context("nonce", nonce)
            }
            TransactionRefusal::NonceTaken { lane, nonce } => {
                of(ErrorKind::AlreadyExists, "the nonce was given out before", lane)
                    .with_context("nonce", nonce)
            }
            TransactionRefusal::KeyAlive { lane, key, nonce } => {
                of(ErrorKind::AlreadyExists, "the operation has a transaction already", lane)
                    .with_context("operation_key", key)
                    .with_context("nonce", nonce)
            }
            TransactionRefusal::TransactionMissing { lane, nonce } => {
                of(ErrorKind::NotFound, "no such transaction", lane).with_context("nonce", nonce)
            }
            TransactionRefusal::TransactionFinal { lane, nonce } => {
                of(ErrorKind::Conflict, "the transaction is final", lane).with_context("nonce", nonce)
            }
            TransactionRefusal::NotFinal { lane, nonce } => {
                Self::invalid("state", "not_final", "a final state")
                    .with_context("lane", lane)
                    .with_context("nonce", nonce)
            }
        }
    }
}

/// A rule of the [`ChainEventStore`](crate::port::chain_events::ChainEventStore) port that a batch would break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventRefusal {
    /// Somebody else moved the cursor.
    StaleCursor {
        /// The chain.
        chain_id: ChainId,
        /// Where the batch goes on, if anywhere.
        expected: Option<u64>,
        /// The next block of the stored cursor, if there is one.
        stored: Option<u64>,
    },
    /// The batch is of another chain than the cursor that it is to follow.
    OtherChain {
        /// The chain of the cursor.
        expected: ChainId,
        /// The chain of the batch.
        chain_id: ChainId,
    },
    /// The batch leaves blocks out, or goes back without dropping.
    Gap {
        /// The chain.
        chain_id: ChainId,
        /// The first block that is not known.
        known: u64,
        /// Where the batch starts.
        from: u64,
        /// Where it ends.
        next: u64,
    },
    /// An event is outside of the batch's blocks, at a place that another one has, or in a second block of its number.
    Misplaced {
        /// The chain.
        chain_id: ChainId,
        /// The number of its block.
        block: u64,
        /// Its place in the block.
        log_index: u64,
    },
}

impl From<EventRefusal> for Error {
    fn from(refusal: EventRefusal) -> Self {
        match refusal {
            EventRefusal::StaleCursor { chain_id, expected, stored } => {
                let block = |block: Option<u64>| block.map_or_else(|| "none".to_owned(), |n| n.to_string());
                Self::new(ErrorKind::Conflict, "somebody else moved the cursor")
                    .with_context("chain_id", chain_id)
                    .with_context("expected_block", block(expected))
                    .with_context("stored_block", block(stored))
            }
            EventRefusal::OtherChain { expected, chain_id } => {
                Self::invalid("cursor", "other_chain", "a cursor of the same chain")
                    .with_context("expected_chain_id", expected)
                    .with_context("chain_id", chain_id)
            }
            EventRefusal::Gap { chain_id, known, from, next } => {
                Self::invalid("cursor", "gap", "blocks that follow those that are known")
                    .with_context("chain_id", chain_id)
                    .with_context("known_block", known)
                    .with_context("from_block", from)
                    .with_context("next_block", next)
            }
            EventRefusal::Misplaced { chain_id, block, log_index } => {
                Self::invalid("records", "misplaced", "events of the batch's blocks, each once")
                    .with_context("chain_id", chain_id)
                    .with_context("block", block)
                    .with_context("log_index", log_index)
            }
        }
    }
}

/// A rule of the [`AuditLog`](crate::port::ai_log::AuditLog) and [`CallLedger`](crate::port::ai_log::CallLedger) ports that a
/// request would break. A spent budget has an error of its own, [`budget_spent`](crate::ai::budget_spent).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AiLogRefusal {
    /// The call is open already.
    CallOpen(CallId),
    /// The call is not open: it was closed, or never opened.
    CallNotOpen(CallId),
    /// No kept line has this place and hash.
    NotALine(ChainHead),
}

impl From<AiLogRefusal> for Error {
    fn from(refusal: AiLogRefusal) -> Self {
        match refusal {
            AiLogRefusal::CallOpen(call) => {
                Self::new(ErrorKind::AlreadyExists, "the call is open already").with_context("call", call)
            }
            AiLogRefusal::CallNotOpen(call) => {
                Self::new(ErrorKind::NotFound, "the call is not open").with_context("call", call)
            }
            AiLogRefusal::NotALine(head) => {
                Self::new(ErrorKind::Conflict, "the log keeps no such line").with_context("line", head)
            }
        }
    }
}
