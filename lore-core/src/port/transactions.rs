//! [`TransactionStore`]: what was signed, kept before it is sent, so that no crash loses or repeats a transaction.
//!
//! A *lane* is one account on one chain. Its nonces are given out one after the other by whoever holds the lane's lease.
//! The one rule of the whole design: a signed transaction is stored before it leaves the process, and a nonce that was
//! stored is never given to another intention.

use std::{collections::BTreeSet, fmt, fmt::Debug, str::FromStr, time::Duration};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{
    error::{Error, Result},
    ids::HolderId,
    maybe_send::{MaybeSend, MaybeSync},
    onchain::{Address, ChainId, TxHash, Wei, serde_as_text},
    port::refusal::TransactionRefusal,
    time::Timestamp,
};

/// Names one intended write: two calls with one key are one transaction on chain, however often they are made.
///
/// 1 to 200 visible ASCII characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OperationKey(String);

impl OperationKey {
    /// Checks and takes a key.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if it is empty, too long, or has other characters.
    pub fn new(text: impl Into<String>) -> Result<Self> {
        let text = text.into();
        if text.is_empty() || text.len() > 200 || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Error::invalid(
                "operation_key",
                "malformed",
                "1 to 200 visible ASCII characters without spaces",
            ));
        }
        Ok(Self(text))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for OperationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for OperationKey {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::new(text)
    }
}

serde_as_text!(OperationKey);

/// One account on one chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LaneId {
    /// The chain.
    pub chain_id: ChainId,
    /// The account that signs.
    pub signer: Address,
}

impl LaneId {
    /// Names a lane.
    #[must_use]
    pub const fn new(chain_id: ChainId, signer: Address) -> Self {
        Self { chain_id, signer }
    }
}

impl fmt::Display for LaneId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.chain_id, self.signer)
    }
}

/// The right to give out the nonces of a lane. A writer with an older generation is refused: it was replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LaneLease {
    /// The lane.
    pub lane: LaneId,
    /// Counts the holders of this lane, from 1.
    pub generation: u64,
    /// Who holds it.
    pub holder: HolderId,
    /// When it ends unless renewed.
    pub until: Timestamp,
}

impl LaneLease {
    /// Describes a lease.
    #[must_use]
    pub const fn new(lane: LaneId, generation: u64, holder: HolderId, until: Timestamp) -> Self {
        Self { lane, generation, holder, until }
    }
}

/// What a transaction does, without nonce and fees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StoredCall {
    /// The contract or account that is called.
    pub to: Address,
    /// Native coins sent along.
    pub value: Wei,
    /// The call data.
    pub data: Vec<u8>,
    /// Most gas it may use.
    pub gas_limit: u64,
    /// What it does, in one sentence.
    pub summary: String,
}

impl StoredCall {
    /// Describes a call.
    pub fn new(to: Address, value: Wei, data: Vec<u8>, gas_limit: u64, summary: impl Into<String>) -> Self {
        Self { to, value, data, gas_limit, summary: summary.into() }
    }
}

/// What a signed transaction on a nonce is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AttemptKind {
    /// It makes the call.
    Call,
    /// It takes the nonce without effect, so that the lane goes on.
    Cancel,
}

/// One signed form of a transaction. All attempts of a transaction have its nonce, so at most one is ever mined.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SignedAttempt {
    /// Its hash.
    pub hash: TxHash,
    /// What it is for.
    pub kind: AttemptKind,
    /// The signed bytes, as they are sent.
    pub raw: Vec<u8>,
    /// Most that a unit of gas may cost, in wei.
    pub max_fee_per_gas: u128,
    /// Most of it that goes to the validator, in wei.
    pub max_priority_fee_per_gas: u128,
    /// When it was signed.
    pub signed_at: Timestamp,
}

impl SignedAttempt {
    /// Describes a signed transaction.
    #[must_use]
    pub const fn new(
        hash: TxHash,
        kind: AttemptKind,
        raw: Vec<u8>,
        (max_fee_per_gas, max_priority_fee_per_gas): (u128, u128),
        signed_at: Timestamp,
    ) -> Self {
        Self { hash, kind, raw, max_fee_per_gas, max_priority_fee_per_gas, signed_at }
    }
}

/// Where a transaction is in its block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Inclusion {
    /// Hash of the attempt that was mined.
    pub tx_hash: TxHash,
    /// Number of the block.
    pub block_number: u64,
    /// Hash of the block.
    pub block_hash: [u8; 32],
}

impl Inclusion {
    /// Names a place.
    #[must_use]
    pub const fn new(tx_hash: TxHash, block_number: u64, block_hash: [u8; 32]) -> Self {
        Self { tx_hash, block_number, block_hash }
    }
}

/// How far a transaction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TransactionState {
    /// Signed and stored; perhaps sent, perhaps mined. The only state that is not final.
    Open,
    /// Mined and final, and it did what it should.
    Succeeded(Inclusion),
    /// Mined and final, and the chain refused it.
    Reverted(Inclusion),
    /// A cancelling attempt was mined in its place: the call never happened.
    Cancelled(Inclusion),
    /// Somebody else used the nonce with the same key: the call never happened.
    Displaced,
}

impl TransactionState {
    /// Whether nothing more will happen to it.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        !matches!(self, Self::Open)
    }

    /// Whether the call happened or still may: then the same intention must not be signed with another nonce.
    #[must_use]
    pub const fn is_living(&self) -> bool {
        matches!(self, Self::Open | Self::Succeeded(_))
    }
}

/// A transaction and all that was signed for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StoredTransaction {
    /// The lane.
    pub lane: LaneId,
    /// Its nonce; unique in the lane for ever.
    pub nonce: u64,
    /// What it was intended for.
    pub key: OperationKey,
    /// The call.
    pub call: StoredCall,
    /// What was signed, oldest first; at least one.
    pub attempts: Vec<SignedAttempt>,
    /// How far it is.
    pub state: TransactionState,
}

impl StoredTransaction {
    /// A transaction that was just signed.
    #[must_use]
    pub fn new(
        lane: LaneId,
        nonce: u64,
        key: OperationKey,
        call: StoredCall,
        attempt: SignedAttempt,
    ) -> Self {
        Self { lane, nonce, key, call, attempts: vec![attempt], state: TransactionState::Open }
    }

    /// Whether it may be stored as a new one under this lease: it is of the lease's lane, open, and was signed at least
    /// once and in no way twice. For adapters.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn check_new(&self, lease: &LaneLease) -> Result<(), TransactionRefusal> {
        let (lane, nonce) = (self.lane, self.nonce);
        if lane != lease.lane {
            return Err(TransactionRefusal::OtherLane { held: lease.lane, lane });
        }
        let hashes: BTreeSet<&TxHash> = self.attempts.iter().map(|attempt| &attempt.hash).collect();
        let each_once = !hashes.is_empty() && hashes.len() == self.attempts.len();
        if self.state.is_final() || !each_once {
            return Err(TransactionRefusal::NotJustSigned { lane, nonce });
        }
        Ok(())
    }
}

/// Keeps signed transactions and decides who gives out nonces.
///
/// What a method wrote is durable when it returns: the caller sends the bytes to the network next. Every MUST below is
/// proved by the conformance case named after it.
#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
pub trait TransactionStore: Debug + MaybeSend + MaybeSync + 'static {
    /// Short, stable label for metrics and errors, for example `sqlite`.
    fn name(&self) -> &str;

    /// Takes the lease of a lane if nobody holds it at `now`, with the next generation.
    ///
    /// - MUST let exactly one of several concurrent callers win (`one_of_many_acquires_the_lane`); the others fail with
    ///   [`Conflict`](crate::ErrorKind::Conflict), to be retried after the lease ends
    ///   (`a_held_lane_says_when_to_come_back`).
    /// - MUST hand over a lease that has ended, which it has at `until` itself (`an_ended_lane_lease_is_handed_over`).
    ///
    /// # Errors
    /// As above; [`Unavailable`](crate::ErrorKind::Unavailable). So for every method here.
    async fn acquire_lane(
        &self,
        lane: &LaneId,
        holder: HolderId,
        now: Timestamp,
        ttl: Duration,
    ) -> Result<LaneLease>;

    /// Extends a lease that is still the newest, also if it has ended meanwhile.
    ///
    /// - MUST fail with [`Conflict`](crate::ErrorKind::Conflict), [`Retry::Never`](crate::Retry::Never), if somebody else
    ///   acquired it (`a_replaced_lane_lease_cannot_be_renewed`).
    ///
    /// # Errors
    /// As above.
    async fn renew_lane(&self, lease: &LaneLease, now: Timestamp, ttl: Duration) -> Result<LaneLease>;

    /// Gives a lease back: anybody may acquire the lane (`a_released_lane_is_free`). Fine if it was replaced
    /// (`releasing_a_replaced_lane_is_ok`).
    ///
    /// # Errors
    /// As above.
    async fn release_lane(&self, lease: &LaneLease) -> Result<()>;

    /// Stores a transaction that was just signed.
    ///
    /// - MUST refuse with [`Conflict`](crate::ErrorKind::Conflict) an older generation of the lease
    ///   (`a_replaced_lane_lease_cannot_store`).
    /// - MUST refuse with [`AlreadyExists`](crate::ErrorKind::AlreadyExists) a nonce that was stored before
    ///   (`a_nonce_is_stored_once`), and a key of which a transaction is open or succeeded
    ///   (`a_key_has_one_living_transaction`). After one that reverted, was cancelled or displaced the key may be used again
    ///   (`a_key_whose_transaction_died_may_be_used_again`).
    /// - MUST refuse with [`InvalidInput`](crate::ErrorKind::InvalidInput) a transaction of another lane, a final one, and
    ///   one whose attempts are none or not all different ([`check_new`](StoredTransaction::check_new),
    ///   `only_a_just_signed_transaction_is_stored`).
    ///
    /// # Errors
    /// As above.
    async fn insert_transaction(&self, lease: &LaneLease, transaction: &StoredTransaction) -> Result<()>;

    /// Adds a signed form to an open transaction.
    ///
    /// - MUST refuse an older generation, as [`insert_transaction`](Self::insert_transaction).
    /// - MUST refuse with [`Conflict`](crate::ErrorKind::Conflict) a transaction that is final, and with
    ///   [`NotFound`](crate::ErrorKind::NotFound) one that is not there (`an_attempt_needs_an_open_transaction`).
    /// - MUST do nothing if an attempt with this hash is there (`an_attempt_is_stored_once`).
    ///
    /// # Errors
    /// As above.
    async fn add_attempt(&self, lease: &LaneLease, nonce: u64, attempt: &SignedAttempt) -> Result<()>;

    /// Sets the final state of transactions, all or none.
    ///
    /// - MUST succeed without change where the same final state is set already, and refuse another one with
    ///   [`Conflict`](crate::ErrorKind::Conflict) (`a_final_state_stays`).
    /// - MUST refuse an older generation, as [`insert_transaction`](Self::insert_transaction).
    /// - MUST refuse with [`NotFound`](crate::ErrorKind::NotFound) a transaction that is not there, and with
    ///   [`InvalidInput`](crate::ErrorKind::InvalidInput) a state that is not final (`only_an_end_can_be_settled`).
    /// - MUST change nothing where one of them is refused (`a_refused_settlement_changes_nothing`).
    ///
    /// # Errors
    /// As above.
    async fn settle_transactions(&self, lease: &LaneLease, settled: &[(u64, TransactionState)])
    -> Result<()>;

    /// The transactions of a lane that are not final, by nonce (`open_transactions_come_by_nonce`).
    ///
    /// # Errors
    /// As above.
    async fn open_transactions(&self, lane: &LaneId) -> Result<Vec<StoredTransaction>>;

    /// The newest transaction with this key, that is the one with the highest nonce
    /// (`the_newest_transaction_of_a_key_is_found`).
    ///
    /// # Errors
    /// As above.
    async fn transaction_by_key(
        &self,
        lane: &LaneId,
        key: &OperationKey,
    ) -> Result<Option<StoredTransaction>>;

    /// One above the highest nonce ever stored for a lane; `None` if none was (`the_next_nonce_follows_the_highest`).
    ///
    /// # Errors
    /// As above.
    async fn next_nonce(&self, lane: &LaneId) -> Result<Option<u64>>;
}
const _: Option<&dyn TransactionStore> = None;
