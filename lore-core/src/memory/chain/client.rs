//! [`SimulatedChain`]: the ledger behind the port, as one signer.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;

use crate::{
    domain::{
        asset::{Mined, Registration},
        license::PilTerms,
    },
    error::{Error, ErrorKind, Result, Revert},
    memory::chain::{
        call::{Call, Outcome, Receipt},
        config::SimulatedConfig,
        ledger::{SimulatedLedger, SimulatedStats},
    },
    onchain::{Address, IpId, LicenseTermsId},
    port::{
        chain::{
            ChainClient, ChainInfo, DerivativeTerms, IpState, RegisterIp, RegisteredTerms, RegistrationKey,
            revenue_limit,
        },
        transactions::OperationKey,
    },
    time::{Clock, Timestamp},
};

#[cfg(not(target_family = "wasm"))]
use crate::memory::chain::file::ChainFile;

/// A simulated chain as one signer. Clones and [`connect`](Self::connect)ed clients share the chain.
///
/// Nothing that it registers exists anywhere else. Kept in memory, it is gone with the last client; kept in a file
/// ([`open`](Self::open)), several processes can use it at the same time. Block times come from the clock.
///
/// Calls on a file wait for the disk on the calling thread, and for other processes in the middle of a write.
#[derive(Clone)]
pub struct SimulatedChain {
    shared: Arc<Shared>,
    signer: Address,
}

struct Shared {
    chain: Mutex<Chain>,
    clock: Arc<dyn Clock>,
}

pub(super) struct Chain {
    pub(super) ledger: SimulatedLedger,
    #[cfg(not(target_family = "wasm"))]
    file: Option<ChainFile>,
}

impl SimulatedChain {
    /// A new chain in memory with the default constants.
    #[must_use]
    pub fn new(signer: Address, clock: Arc<dyn Clock>) -> Self {
        Self::with_config(SimulatedConfig::default(), signer, clock)
    }

    /// A new chain in memory.
    #[must_use]
    pub fn with_config(config: SimulatedConfig, signer: Address, clock: Arc<dyn Clock>) -> Self {
        let chain = Chain {
            ledger: SimulatedLedger::new(config),
            #[cfg(not(target_family = "wasm"))]
            file: None,
        };
        Self { shared: Arc::new(Shared { chain: Mutex::new(chain), clock }), signer }
    }

    /// Opens a chain kept in a file, or makes one there with these constants.
    ///
    /// The file is the list of executed transactions; it is executed again here. Every transaction is on disk before
    /// the call that made it returns. A last line that was torn by a crash was never acknowledged, and is cut off.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) if the file is of a newer version or its chain has other constants;
    /// [`IntegrityMismatch`](ErrorKind::IntegrityMismatch), naming the line, if it is damaged;
    /// [`Unavailable`](ErrorKind::Unavailable) if it cannot be read or written.
    #[cfg(not(target_family = "wasm"))]
    pub fn open(
        path: impl Into<std::path::PathBuf>,
        config: SimulatedConfig,
        signer: Address,
        clock: Arc<dyn Clock>,
    ) -> Result<Self> {
        let (file, ledger) = ChainFile::open(path.into(), config)?;
        let chain = Chain { ledger, file: Some(file) };
        Ok(Self { shared: Arc::new(Shared { chain: Mutex::new(chain), clock }), signer })
    }

    /// Another client of the same chain, as another signer.
    #[must_use]
    pub fn connect(&self, signer: Address) -> Self {
        Self { shared: Arc::clone(&self.shared), signer }
    }

    /// The account that signs.
    #[must_use]
    pub fn signer(&self) -> Address {
        self.signer
    }

    /// What happened on the chain so far, in numbers.
    ///
    /// # Errors
    /// As [`open`](Self::open), if what other processes wrote cannot be read.
    pub fn stats(&self) -> Result<SimulatedStats> {
        self.read("stats", SimulatedLedger::stats)
    }

    /// Asks the ledger anything.
    ///
    /// # Errors
    /// As [`stats`](Self::stats).
    pub fn inspect<T>(&self, ask: impl FnOnce(&SimulatedLedger) -> T) -> Result<T> {
        self.read("inspect", ask)
    }

    /// Executes any transaction as the signer: what the port has no method for.
    ///
    /// # Errors
    /// [`Reverted`](ErrorKind::Reverted) with the contract's reason; as [`open`](Self::open) if the file fails.
    pub fn execute(&self, call: &Call) -> Result<Receipt> {
        self.write("execute", |chain, signer, now| chain.submit(signer, now, call))
    }

    fn chain(&self) -> MutexGuard<'_, Chain> {
        // A panic in the middle of a transaction leaves it uncommitted; the next one takes it back first.
        self.shared.chain.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn read<T>(&self, op: &'static str, ask: impl FnOnce(&SimulatedLedger) -> T) -> Result<T> {
        let mut chain = self.chain();
        chain.ledger.rollback();
        chain.catch_up().map_err(|error| error.with_op(op))?;
        Ok(ask(&chain.ledger))
    }

    /// Runs `act` while no other client, here or in another process, changes the chain.
    pub(super) fn write<T>(
        &self,
        op: &'static str,
        act: impl FnOnce(&mut Chain, Address, Timestamp) -> Result<T>,
    ) -> Result<T> {
        let now = self.shared.clock.now();
        let mut chain = self.chain();
        chain.ledger.rollback();
        chain.exclusively(|chain| act(chain, self.signer, now)).map_err(|error| error.with_op(op))
    }
}

impl Chain {
    /// Reads what other processes appended.
    fn catch_up(&mut self) -> Result<()> {
        #[cfg(not(target_family = "wasm"))]
        if let Some(file) = &mut self.file {
            file.catch_up(&mut self.ledger)?;
        }
        Ok(())
    }

    fn exclusively<T>(&mut self, act: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        #[cfg(not(target_family = "wasm"))]
        if let Some(file) = &mut self.file {
            let lock = file.lock()?;
            file.catch_up_to_write(&mut self.ledger)?;
            let outcome = act(self);
            drop(lock);
            return outcome;
        }
        act(self)
    }

    /// Executes a transaction, and keeps it only once it is on disk.
    pub(super) fn submit(&mut self, sender: Address, now: Timestamp, call: &Call) -> Result<Receipt> {
        let receipt = self.ledger.prepare(sender, now, call).map_err(to_error)?;
        #[cfg(not(target_family = "wasm"))]
        if let Some(file) = &mut self.file
            && let Err(error) = file.append(sender, receipt.mined.at, call)
        {
            self.ledger.rollback();
            return Err(error);
        }
        self.ledger.commit();
        Ok(receipt)
    }

    /// As [`submit`](Self::submit), once per key of the sender; done before, it gives the same receipt.
    pub(super) fn submit_once(
        &mut self,
        sender: Address,
        now: Timestamp,
        key: &OperationKey,
        call: Call,
    ) -> Result<Receipt> {
        if let Some(receipt) = self.ledger.done_once(sender, key) {
            return Ok(receipt);
        }
        self.submit(sender, now, &Call::Once { key: key.clone(), call: Box::new(call) })
    }
}

/// An account that cannot pay is told apart from a rule that was broken.
pub(super) fn to_error(revert: Revert) -> Error {
    match revert.name.as_str() {
        "InsufficientBalance" | "ERC20InsufficientBalance" => {
            Error::new(ErrorKind::InsufficientFunds, "the account cannot pay").with_context("revert", revert)
        }
        _ => Error::from(revert),
    }
}

/// The registration of a key, if there is one and it is the recipient's.
fn found(ledger: &SimulatedLedger, key: &RegistrationKey) -> Result<Option<Registration>> {
    let found = ledger.find_registration(ledger.config().collection, key);
    match found {
        Some(registration) if registration.owner != key.recipient => Err(Error::new(
            ErrorKind::IntegrityMismatch,
            "this NFT metadata was registered for somebody else",
        )
        .with_context("ip_id", registration.ip_id)
        .with_context("owner", registration.owner)
        .with_context("recipient", key.recipient)),
        found => Ok(found),
    }
}

pub(super) fn unexpected(outcome: Outcome) -> Error {
    Error::new(ErrorKind::Unexpected, "the simulated chain returned something else")
        .with_context("outcome", format_args!("{outcome:?}"))
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl ChainClient for SimulatedChain {
    fn name(&self) -> &str {
        "simulated"
    }

    async fn info(&self) -> Result<ChainInfo> {
        self.read("info", |ledger| {
            let config = ledger.config();
            let mut info = ChainInfo::new(config.chain_id, true, self.signer, config.collection);
            "DATA (simulated)".clone_into(&mut info.currency);
            info.royalty_fee = config.royalty_fee;
            info
        })
    }

    async fn find_registration(&self, key: &RegistrationKey) -> Result<Option<Registration>> {
        self.read("find_registration", |ledger| found(ledger, key))?
            .map_err(|error| error.with_op("find_registration"))
    }

    async fn register(&self, request: &RegisterIp) -> Result<Registration> {
        self.write("register", |chain, signer, now| {
            if let Some(registration) = found(&chain.ledger, &request.key())? {
                return Ok(registration);
            }
            let mut request = request.clone();
            if signer == request.recipient {
                // The owner can do the rest later, each step in a transaction of its own.
                (request.license_terms, request.derivative) = (None, None);
            }
            let collection = chain.ledger.config().collection;
            let call = Call::MintAndRegisterIp { collection, request: Box::new(request) };
            let receipt = chain.submit(signer, now, &call)?;
            match receipt.outcome {
                Outcome::Ip(ip) => chain.ledger.registration(&ip).ok_or_else(|| unexpected(receipt.outcome)),
                other => Err(unexpected(other)),
            }
        })
    }

    async fn ip(&self, ip_id: &IpId) -> Result<Option<IpState>> {
        self.read("ip", |ledger| ledger.ip(ip_id))
    }

    async fn find_license_terms(&self, terms: &PilTerms) -> Result<Option<LicenseTermsId>> {
        self.read("find_license_terms", |ledger| ledger.license_terms_id(terms))
    }

    async fn register_license_terms(&self, terms: &PilTerms) -> Result<RegisteredTerms> {
        self.write("register_license_terms", |chain, signer, now| {
            if let Some(id) = chain.ledger.license_terms_id(terms) {
                return Ok(RegisteredTerms::new(id, None));
            }
            let call = Call::RegisterLicenseTerms { terms: Box::new(terms.clone()) };
            let receipt = chain.submit(signer, now, &call)?;
            match receipt.outcome {
                Outcome::Terms(id) => Ok(RegisteredTerms::new(id, Some(receipt.mined))),
                other => Err(unexpected(other)),
            }
        })
    }

    async fn attach_license_terms(&self, ip_id: &IpId, terms_id: LicenseTermsId) -> Result<Option<Mined>> {
        self.write("attach_license_terms", |chain, signer, now| {
            if chain.ledger.has_attached(ip_id, terms_id) {
                return Ok(None);
            }
            let call = Call::AttachLicenseTerms { ip: *ip_id, terms_id };
            chain.submit(signer, now, &call).map(|receipt| Some(receipt.mined))
        })
    }

    async fn link_derivative(&self, child: &IpId, terms: &DerivativeTerms) -> Result<Option<Mined>> {
        self.write("link_derivative", |chain, signer, now| {
            if chain.ledger.is_linked_to(child, &terms.parents) {
                return Ok(None);
            }
            let call = Call::RegisterDerivative {
                child: *child,
                parents: terms.parents.iter().map(|parent| parent.parent).collect(),
                terms_ids: terms.parents.iter().map(|parent| parent.terms_id).collect(),
                max_minting_fee: terms.max_minting_fee,
                max_revenue_share: revenue_limit(terms.max_revenue_share),
            };
            chain.submit(signer, now, &call).map(|receipt| Some(receipt.mined))
        })
    }
}

impl fmt::Debug for SimulatedChain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let chain = self.chain();
        let mut debug = f.debug_struct("SimulatedChain");
        debug.field("simulated", &true).field("signer", &self.signer).field("ledger", &chain.ledger);
        #[cfg(not(target_family = "wasm"))]
        debug.field("file", &chain.file.as_ref().map(ChainFile::path));
        debug.finish()
    }
}

impl fmt::Display for SimulatedChain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let chain_id = self.chain().ledger.config().chain_id;
        write!(f, "simulated chain {chain_id}, signer {}", self.signer)
    }
}
