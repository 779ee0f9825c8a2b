//! [`StoryClient`]: sends operations, plans them for a wallet, follows what a wallet sent.

use std::{fmt, sync::Arc};

use futures_util::lock::Mutex;
use lore_core::{
    Address, ChainId, Clock, Error, ErrorKind, Result, TxHash, Violations,
    ids::HolderId,
    onchain::keccak256,
    port::{
        chain::{Purpose, TransactionPlan, UnsignedTransaction},
        transactions::{OperationKey, TransactionStore},
    },
};

use crate::{
    addresses::Addresses,
    config::StoryConfig,
    funding,
    operation::{Draft, Operation},
    receipt::Receipt,
    rpc::Rpc,
    tx::{Lane, LaneCall, TransactionSigner},
    view::View,
};

/// How often what a call costs is made ready, if something else of the account spends it meanwhile.
const MOST_PREPARATIONS: u32 = 3;

/// A client of Story Protocol as one signer. Clones are cheap and share everything.
#[derive(Clone)]
pub struct StoryClient {
    shared: Arc<Shared>,
}

struct Shared {
    rpc: Rpc,
    config: StoryConfig,
    signer: Arc<dyn TransactionSigner>,
    lane: Lane,
    clock: Arc<dyn Clock>,
    /// Held from reading an allowance until the call that uses it is mined: allowances are exact, so two calls at once
    /// would use each other's.
    funding: Mutex<()>,
}

impl StoryClient {
    /// A client that signs with `signer` and keeps what it signed in `store`. Sends nothing yet.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) naming what is wrong with the configuration.
    pub fn new(
        config: StoryConfig,
        signer: Arc<dyn TransactionSigner>,
        store: Arc<dyn TransactionStore>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self> {
        config.check()?;
        let rpc = Rpc::new(config.rpc(), Arc::clone(&clock))?;
        let lane =
            Lane::new(rpc.clone(), store, Arc::clone(&signer), Arc::clone(&clock), config.lane.clone())?;
        let shared = Shared { rpc, config, signer, lane, clock, funding: Mutex::new(()) };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// The account that signs.
    #[must_use]
    pub fn signer(&self) -> Address {
        self.shared.signer.address()
    }

    /// The chain.
    #[must_use]
    pub fn chain_id(&self) -> ChainId {
        self.shared.config.network.chain_id
    }

    /// The contracts.
    #[must_use]
    pub fn addresses(&self) -> &Addresses {
        &self.shared.config.network.addresses
    }

    /// How it was set up.
    #[must_use]
    pub fn config(&self) -> &StoryConfig {
        &self.shared.config
    }

    pub(crate) fn rpc(&self) -> &Rpc {
        &self.shared.rpc
    }

    pub(crate) fn clock(&self) -> &Arc<dyn Clock> {
        &self.shared.clock
    }

    pub(crate) fn lane(&self) -> &Lane {
        &self.shared.lane
    }

    pub(crate) fn signing(&self) -> &dyn TransactionSigner {
        &*self.shared.signer
    }

    /// The chain as the signer sees it.
    #[must_use]
    pub fn view(&self) -> View<'_> {
        View::new(self.rpc(), self.addresses(), self.chain_id(), self.signer(), Some(self.signing()))
    }

    /// The chain as somebody else sees it, whose key is elsewhere.
    #[must_use]
    pub fn view_as(&self, sender: Address) -> View<'_> {
        if sender == self.signer() {
            return self.view();
        }
        View::new(self.rpc(), self.addresses(), self.chain_id(), sender, None)
    }

    /// Does what the operation asks for, unless it is done already, and returns its result once it is final.
    ///
    /// An operation with a key of its own ([`Operation::key`]) happens once, however often it is sent, also over crashes
    /// and restarts. Any other happens once per call: use [`send_once`](Self::send_once) for what is paid or must not be
    /// repeated.
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput) naming fields, before anything is asked or sent;
    /// [`Reverted`](ErrorKind::Reverted) with the contract's reason and advice; [`InsufficientFunds`](ErrorKind::InsufficientFunds);
    /// [`Config`](ErrorKind::Config) for a node of another chain; [`Conflict`](ErrorKind::Conflict) while another process
    /// uses the signer's key; [`Unavailable`](ErrorKind::Unavailable).
    ///
    /// # Cancellation
    /// A dropped call may still take effect. Sent again under the same key, it finds out.
    pub async fn send<O: Operation>(&self, operation: &O) -> Result<O::Output> {
        let key = match operation.key() {
            Some(key) => key,
            None => {
                OperationKey::new(format!("{}/{}", operation.name(), HolderId::generate(&**self.clock())?))?
            }
        };
        self.send_once(&key, operation).await
    }

    /// As [`send`](Self::send), once per key: a call with a key whose transaction succeeded returns its result again.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn send_once<O: Operation>(&self, key: &OperationKey, operation: &O) -> Result<O::Output> {
        self.send_checked(key, operation).await.map_err(|error| error.with_op(operation.name()))
    }

    async fn send_checked<O: Operation>(&self, key: &OperationKey, operation: &O) -> Result<O::Output> {
        check(operation)?;
        let view = self.view();
        if let Some(receipt) = self.lane().find(key).await? {
            return self.result(operation, &view, &receipt).await;
        }
        if let Some(output) = operation.existing(&view).await? {
            return Ok(output);
        }
        let draft = operation.draft(&view).await?;
        let sent = if draft.costs.is_empty() && draft.license_tokens.is_empty() {
            self.lane().execute(key, &call(draft)).await
        } else {
            drop(draft);
            self.send_paid(key, operation).await
        };
        match sent {
            Ok(receipt) => self.result(operation, &view, &receipt).await,
            // Somebody else may have done it between the look and the call.
            Err(error) if error.kind() == ErrorKind::Reverted => {
                operation.existing(&view).await?.ok_or(error)
            }
            Err(error) => Err(error),
        }
    }

    /// What the receipt says. A call that found everything done already logs nothing: then what is there counts.
    async fn result<O: Operation>(
        &self,
        operation: &O,
        view: &View<'_>,
        receipt: &Receipt,
    ) -> Result<O::Output> {
        match operation.output(receipt, self.addresses()) {
            Err(error) if error.kind() == ErrorKind::Unexpected => {
                operation.existing(view).await?.ok_or(error)
            }
            output => output,
        }
    }

    async fn send_paid<O: Operation>(&self, key: &OperationKey, operation: &O) -> Result<Receipt> {
        let guard = self.shared.funding.lock().await;
        let view = self.view();
        let mut tries = 0;
        let receipt = loop {
            tries += 1;
            match self.pay_and_send(key, operation, &view).await {
                // Something else of the same account spent what was just made ready.
                Err(error) if error.kind() == ErrorKind::InsufficientFunds && tries < MOST_PREPARATIONS => {
                    tracing::debug!(operation = operation.name(), tries, "what was prepared is spent");
                }
                done => break done,
            }
        };
        drop(guard);
        receipt
    }

    async fn pay_and_send<O: Operation>(
        &self,
        key: &OperationKey,
        operation: &O,
        view: &View<'_>,
    ) -> Result<Receipt> {
        self.finish_steps(key).await?;
        let draft = operation.draft(view).await?;
        let steps = funding::prerequisites(view, &draft).await?;
        if !steps.is_empty() {
            // Before any money is moved, the whole sequence must work.
            let mut sequence = steps.clone();
            sequence.push(main_transaction(view, &draft));
            self.rpc().simulate(self.signer(), &mut sequence).await?;
        }
        for (number, step) in (1_u32..).zip(steps) {
            let key = self.free_key(key, number).await?;
            self.lane().execute(&key, &step_call(step)).await?;
        }
        self.lane().execute(key, &call(draft)).await
    }

    /// Waits for steps that are under way from before a crash: what they make ready must not be made ready twice.
    async fn finish_steps(&self, key: &OperationKey) -> Result<()> {
        let prefix = step_prefix(key);
        for open in self.lane().status().await?.open {
            if open.key.as_str().starts_with(&prefix) {
                self.lane().find(&open.key).await?;
            }
        }
        Ok(())
    }

    /// The first key of a step that no transaction has.
    async fn free_key(&self, key: &OperationKey, number: u32) -> Result<OperationKey> {
        let prefix = step_prefix(key);
        for try_number in 1_u32.. {
            let step = OperationKey::new(format!("{prefix}{number}.{try_number}"))?;
            if self.lane().find(&step).await?.is_none() {
                return Ok(step);
            }
        }
        Err(Error::new(ErrorKind::Unexpected, "a step has no key left"))
    }

    /// What the operation would send and cost, with `sender` as the wallet; nothing is sent.
    ///
    /// A plan without transactions means that it is done already.
    ///
    /// # Errors
    /// As [`send`](Self::send); [`Unauthenticated`](ErrorKind::Unauthenticated) if the wallet must sign an authorization
    /// first.
    pub async fn plan<O: Operation>(&self, operation: &O, sender: Address) -> Result<TransactionPlan> {
        self.plan_checked(operation, sender).await.map_err(|error| error.with_op(operation.name()))
    }

    async fn plan_checked<O: Operation>(&self, operation: &O, sender: Address) -> Result<TransactionPlan> {
        check(operation)?;
        self.rpc().check_chain().await?;
        let view = self.view_as(sender);
        let mut plan = TransactionPlan::new(operation.name(), self.chain_id(), sender);
        if operation.existing(&view).await?.is_some() {
            return Ok(plan);
        }
        let draft = operation.draft(&view).await?;
        plan.transactions = funding::prerequisites(&view, &draft).await?;
        plan.transactions.push(main_transaction(&view, &draft));
        plan.costs = draft.costs;
        self.rpc().simulate(sender, &mut plan.transactions).await?;
        Ok(plan)
    }

    /// Follows the operation's own transaction, sent by a wallet, to its typed result.
    ///
    /// # Errors
    /// [`Reverted`](ErrorKind::Reverted) with the contract's reason; [`NotFound`](ErrorKind::NotFound) if no node knows
    /// the transaction for a while; [`Unavailable`](ErrorKind::Unavailable).
    pub async fn track<O: Operation>(&self, operation: &O, tx_hash: &TxHash) -> Result<O::Output> {
        let tracked = async {
            let receipt = self.lane().track(tx_hash).await?;
            operation.output(&receipt, self.addresses())
        };
        tracked.await.map_err(|error: Error| error.with_op(operation.name()))
    }

    /// Brings to an end what an earlier process left open on this signer's lane.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn resume(&self) -> Result<()> {
        self.lane().resume().await.map_err(|error| error.with_op("resume"))
    }
}

fn check<O: Operation>(operation: &O) -> Result<()> {
    let mut violations = Violations::new();
    operation.check(&mut violations);
    violations.into_result(()).map_err(Error::from)
}

/// How the keys of a call's steps begin; a key that is too long to be followed by anything stands there as its hash.
fn step_prefix(key: &OperationKey) -> String {
    const LONGEST: usize = 150;
    let key = key.as_str();
    if key.len() <= LONGEST {
        return format!("{key}#");
    }
    format!("{}#", data_encoding::HEXLOWER.encode(&keccak256(key.as_bytes())))
}

fn main_transaction(view: &View<'_>, draft: &Draft) -> UnsignedTransaction {
    let mut transaction = UnsignedTransaction::new(
        Purpose::Call,
        view.chain_id(),
        draft.to,
        draft.data.clone(),
        draft.summary.clone(),
    );
    transaction.value = draft.value;
    transaction
}

fn call(draft: Draft) -> LaneCall {
    LaneCall { to: draft.to, value: draft.value, data: draft.data, gas_limit: None, summary: draft.summary }
}

fn step_call(step: UnsignedTransaction) -> LaneCall {
    LaneCall { to: step.to, value: step.value, data: step.data, gas_limit: None, summary: step.summary }
}

impl fmt::Debug for StoryClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoryClient")
            .field("chain_id", &self.chain_id())
            .field("signer", &self.signer())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_has_a_key_of_its_own_however_long_that_of_its_call_is() {
        let keys = ["pay".to_owned(), "x".repeat(200), format!("{}y", "x".repeat(199))];
        let prefixes = keys.map(|key| step_prefix(&OperationKey::new(key).unwrap()));
        assert_eq!(prefixes[0], "pay#");
        assert_ne!(prefixes[1], prefixes[2]);
        for prefix in prefixes {
            assert!(OperationKey::new(format!("{prefix}{}.{}", u32::MAX, u32::MAX)).is_ok());
        }
    }
}
