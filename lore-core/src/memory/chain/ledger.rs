//! [`SimulatedLedger`]: the state machine of the simulated chain, without clock, signer or file.

use std::{fmt, hash::Hash, hash::Hasher};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    content::ContentHash,
    domain::{
        asset::{Mined, OnChainLink, Registration},
        license::{PilTerms, terms_hash, terms_hash_as_given},
        royalty::{RoyaltyPolicy, RoyaltyStack},
    },
    error::Revert,
    memory::chain::{
        call::{Call, Receipt},
        config::SimulatedConfig,
        history::{History, Running},
        royalty::vault_account,
        state::{State, Step, Tx},
    },
    onchain::{Address, IpId, LicenseTermsId, Share, TokenId, TxHash, Wei, keccak256},
    port::chain::{AttachedTerms, IpState, OnChainDocument, ParentState, ParentTerms, RegistrationKey},
    protocol::{ARBITRATION_POLICY_UMA, ROYALTY_MODULE, WIP},
    time::Timestamp,
};

/// What happened on a simulated chain, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SimulatedStats {
    /// Transactions, each in a block of its own; reverted ones leave none.
    pub transactions: u64,
    /// IPs registered, groups included.
    pub registrations: u64,
    /// License terms attached to an IP; inherited ones are not counted.
    pub license_attachments: u64,
    /// Children linked to their parents, however many parents each.
    pub links: u64,
    /// License tokens minted.
    pub license_tokens: u64,
    /// License terms registered, the default terms included.
    pub license_terms: u64,
    /// Disputes raised, and tags passed on.
    pub disputes: u64,
}

/// A simulated chain as a pure state machine: the protocol's rules, limits, errors and arithmetic as recorded on its
/// real contracts v1.3.2. The same transactions at the same times give the same state, hashes included.
///
/// Every transaction happens wholly or not at all. Nothing here is on any real chain.
#[derive(Clone)]
pub struct SimulatedLedger {
    pub(super) state: State,
    pub(super) history: History,
}

impl SimulatedLedger {
    /// A chain on which nothing happened yet. It knows the default terms under id 1, attached to no IP.
    #[must_use]
    pub fn new(config: SimulatedConfig) -> Self {
        let history = History::new(&config);
        let mut state = State::empty(config);
        // The default terms break no rule of the template.
        drop(state.register_license_terms(&PilTerms::non_commercial_social_remixing()));
        state.commit();
        Self { state, history }
    }

    /// The constants of this chain.
    #[must_use]
    pub fn config(&self) -> &SimulatedConfig {
        &self.state.config
    }

    /// Executes a transaction of `sender`. Blocks never go back in time: an earlier `now` counts as the last block's.
    ///
    /// # Errors
    /// The contract's error, by name and arguments. Nothing happened then.
    pub fn execute(&mut self, sender: Address, now: Timestamp, call: &Call) -> Result<Receipt, Revert> {
        let receipt = self.prepare(sender, now, call)?;
        self.commit();
        Ok(receipt)
    }

    /// What a transaction would do: executes it, asks, and takes it back. `ask` gets the chain as it is inside the
    /// transaction after its last call, where transient permissions still count, and the receipt.
    ///
    /// # Errors
    /// As [`execute`](Self::execute).
    pub fn simulate<T>(
        &mut self,
        sender: Address,
        now: Timestamp,
        call: &Call,
        ask: impl FnOnce(&Self, &Receipt) -> T,
    ) -> Result<T, Revert> {
        let receipt = self.prepare(sender, now, call)?;
        let answer = ask(self, &receipt);
        self.rollback();
        Ok(answer)
    }

    /// Executes a transaction that can still be taken back.
    pub(super) fn prepare(
        &mut self,
        sender: Address,
        now: Timestamp,
        call: &Call,
    ) -> Result<Receipt, Revert> {
        // Something is left only if an earlier transaction was torn off by a panic.
        self.rollback();
        let outcome = self.run(sender, now, call);
        if outcome.is_err() {
            self.rollback();
        }
        outcome
    }

    pub(super) fn commit(&mut self) {
        self.history.add(std::mem::take(&mut self.state.running));
        self.state.commit();
    }

    pub(super) fn rollback(&mut self) {
        self.state.rollback();
    }

    fn run(&mut self, sender: Address, now: Timestamp, call: &Call) -> Step<Receipt> {
        let nonce = self.state.nonces.change(sender, |nonce| {
            let used = *nonce;
            *nonce = nonce.saturating_add(1);
            used
        });
        let counters = &mut self.state.counters;
        counters.blocks = counters.blocks.saturating_add(1);
        let at = counters.time.map_or(now, |last| last.max(now));
        counters.time = Some(at);
        let mined =
            Mined::new(transaction_hash(&self.state.config, sender, nonce, call), counters.blocks, at);
        self.state.running = Running::new(mined);
        if nonce == 0 {
            self.welcome(sender)?;
        }
        let tx = Tx { sender, mined, depth: 0 };
        self.state.apply(&tx, call).map(|outcome| Receipt::new(mined, outcome))
    }

    /// The faucet: what an account gets with its first transaction.
    fn welcome(&mut self, sender: Address) -> Step {
        let amount = self.state.config.starting_balance;
        if amount.is_zero() {
            return Ok(());
        }
        for spender in [ROYALTY_MODULE, ARBITRATION_POLICY_UMA] {
            self.state.allowances.insert((WIP, sender, spender), Wei::MAX);
        }
        self.state.fund(WIP, sender, amount)
    }

    /// A hash of everything the chain keeps: equal digests, equal states. Only for comparison within one build.
    #[must_use]
    pub fn state_digest(&self) -> ContentHash {
        struct Digester(Sha256);
        impl Hasher for Digester {
            fn write(&mut self, bytes: &[u8]) {
                self.0.update(bytes);
            }

            fn finish(&self) -> u64 {
                0
            }
        }
        let mut digester = Digester(Sha256::new());
        self.state.hash(&mut digester);
        ContentHash::from_bytes(digester.0.finalize().into())
    }

    /// What happened so far, in numbers.
    #[must_use]
    pub fn stats(&self) -> SimulatedStats {
        let counters = self.state.counters;
        SimulatedStats {
            transactions: counters.blocks,
            registrations: counters.registrations,
            license_attachments: counters.attachments,
            links: counters.links,
            license_tokens: counters.license_tokens,
            license_terms: counters.license_terms,
            disputes: counters.disputes,
        }
    }
}

/// Deterministic, and different for every transaction: sender and nonce are in it.
fn transaction_hash(config: &SimulatedConfig, sender: Address, nonce: u64, call: &Call) -> TxHash {
    let mut bytes = b"simulated transaction".to_vec();
    bytes.extend(config.chain_id.get().to_be_bytes());
    bytes.extend(sender.as_bytes());
    bytes.extend(nonce.to_be_bytes());
    // A call is plain data and always serialises; sender and nonce alone would do, too.
    bytes.extend(serde_json::to_vec(call).unwrap_or_default());
    TxHash::from_bytes(keccak256(&bytes))
}

/// Reading.
impl SimulatedLedger {
    /// Owner of a token.
    #[must_use]
    pub fn owner_of(&self, collection: Address, token_id: TokenId) -> Option<Address> {
        self.state.nfts.get(&(collection, token_id)).copied()
    }

    /// How much of an ERC-20 token an account has.
    #[must_use]
    pub fn balance(&self, token: Address, account: Address) -> Wei {
        self.state.balances.value(&(token, account))
    }

    /// The terms of an id, as stored: their `uri` is escaped.
    #[must_use]
    pub fn license_terms(&self, id: LicenseTermsId) -> Option<&PilTerms> {
        self.state.terms.get(&id)
    }

    /// The id of registered terms.
    #[must_use]
    pub fn license_terms_id(&self, terms: &PilTerms) -> Option<LicenseTermsId> {
        self.state.terms_ids.get(&terms_hash(terms)).copied()
    }

    /// The id that the template's own lookup finds, which does not escape the `uri`.
    #[must_use]
    pub fn license_terms_id_as_given(&self, terms: &PilTerms) -> Option<LicenseTermsId> {
        self.state.terms_ids.get(&terms_hash_as_given(terms)).copied()
    }

    /// Whether a group may have these terms.
    #[must_use]
    pub fn can_attach_to_group(&self, id: LicenseTermsId) -> bool {
        self.state.can_attach_to_group(id)
    }

    /// What a derivative of an IP would owe under these terms now, in millionths of a percent.
    #[must_use]
    pub fn royalty_share(&self, ip: &IpId, id: LicenseTermsId) -> u32 {
        self.state.royalty_share(*ip, id)
    }

    /// What all ancestors take of an IP's revenue.
    #[must_use]
    pub fn royalty_stack(&self, ip: &IpId) -> RoyaltyStack {
        self.state.ips.get(ip).map(|record| record.stack).unwrap_or_default()
    }

    /// What one ancestor takes of an IP's revenue.
    #[must_use]
    pub fn policy_share(&self, policy: RoyaltyPolicy, ip: &IpId, ancestor: &IpId) -> Share {
        self.state.policy_share(policy, *ip, *ancestor)
    }

    /// What is in an IP's royalty vault.
    #[must_use]
    pub fn vault_balance(&self, ip: &IpId, token: Address) -> Wei {
        self.balance(token, vault_account(*ip))
    }

    /// What a holder of an IP's royalty tokens could claim.
    #[must_use]
    pub fn claimable(&self, ip: &IpId, token: Address, holder: Address) -> Wei {
        self.state.claimable(*ip, token, holder)
    }

    /// How many of an IP's 100,000,000 royalty tokens somebody holds.
    #[must_use]
    pub fn royalty_tokens(&self, ip: &IpId, holder: Address) -> u32 {
        self.state.royalty_tokens.value(&(*ip, holder))
    }

    /// The registration with this NFT metadata in a collection, whoever it was made for.
    #[must_use]
    pub fn find_registration(&self, collection: Address, key: &RegistrationKey) -> Option<Registration> {
        let token_id = *self.state.nft_hashes.get(&(collection, key.nft_metadata_hash))?;
        self.registration(&self.state.ip_id(collection, token_id))
    }

    /// How an IP was registered.
    #[must_use]
    pub fn registration(&self, ip: &IpId) -> Option<Registration> {
        let record = self.state.ips.get(ip)?;
        let (at, block, hash) = record.mined;
        let mined = Mined::new(TxHash::from_bytes(hash), block, at);
        Some(Registration::new(*ip, record.collection, record.token_id, record.minted_to, mined))
    }

    /// Whether terms are attached to an IP, or inherited.
    #[must_use]
    pub fn has_attached(&self, ip: &IpId, id: LicenseTermsId) -> bool {
        self.state.has_attached(ip, id)
    }

    /// Whether an IP is linked to exactly these parents under these terms, in any order.
    #[must_use]
    pub fn is_linked_to(&self, ip: &IpId, parents: &[ParentTerms]) -> bool {
        let linked = self.state.ips.get(ip).map(|record| record.parents.as_slice()).unwrap_or_default();
        !linked.is_empty()
            && linked.len() == parents.len()
            && linked.iter().all(|link| parents.contains(&ParentTerms::new(link.ip, link.terms_id)))
    }

    /// Everything about an IP.
    #[must_use]
    pub fn ip(&self, ip: &IpId) -> Option<IpState> {
        let record = self.state.ips.get(ip)?;
        let attached = record.terms.iter().filter_map(|id| {
            Some(AttachedTerms {
                terms_id: *id,
                terms: self.state.terms.get(id)?.clone(),
                rev_share: self.state.royalty_share(*ip, *id),
                minting_fee: self.state.minting_fee(*ip, *id),
                disabled: self.state.licensing_config(*ip, *id).disabled,
            })
        });
        let parents = record.parents.iter().map(|parent| ParentState {
            parent: parent.ip,
            // No link is made above 100 %.
            link: OnChainLink::new(
                parent.terms_id,
                parent.policy,
                Share::from_millionths(parent.share).unwrap_or(Share::FULL),
            ),
        });
        let ipa = self.state.metadata.get(ip).and_then(|metadata| metadata.ipa.as_ref());
        Some(IpState {
            ip_id: *ip,
            owner: self.state.owner(ip).unwrap_or_default(),
            ipa_metadata: ipa.map(|(uri, sha256)| OnChainDocument::new(uri.clone(), *sha256)),
            license_terms: attached.collect(),
            parents: parents.collect(),
            child_count: record.child_count,
            ancestor_count: record.ancestor_count,
            is_tagged: record.tags > 0,
            expires_at: (!record.expires_at.is_zero()).then(|| {
                let seconds = record.expires_at.to_u64().unwrap_or(u64::MAX);
                Timestamp::EPOCH.saturating_add(std::time::Duration::from_secs(seconds))
            }),
        })
    }
}

impl fmt::Debug for SimulatedLedger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimulatedLedger")
            .field("simulated", &true)
            .field("chain_id", &self.state.config.chain_id)
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}
