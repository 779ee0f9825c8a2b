//! What the simulated chain keeps: one table per mapping of the contracts.

use std::{
    collections::BTreeMap,
    hash::{Hash, Hasher},
};

use crate::{
    content::ContentHash,
    domain::{asset::Mined, ip_account::ip_id, license::PilTerms, royalty::RoyaltyStack},
    error::Revert,
    memory::chain::{
        call::{LicensingConfig, Outcome},
        config::SimulatedConfig,
        dispute::DisputeRecord,
        history::Running,
        table::Table,
    },
    onchain::{Address, AssertionId, IpId, LicenseTermsId, TokenId, Uint256, Wei},
    port::{chain::OnChainDocument, transactions::OperationKey},
    time::Timestamp,
};

/// The outcome of a step inside a transaction.
pub(super) type Step<T = ()> = Result<T, Revert>;

/// The transaction that is being executed, or a call inside it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tx {
    /// Who calls: the account that signed, or the IP account that runs a batch.
    pub(super) sender: Address,
    pub(super) mined: Mined,
    /// How many batches this call is in.
    pub(super) depth: u8,
}

impl Tx {
    pub(super) const fn mined_at(&self) -> MinedAt {
        (self.mined.at, self.mined.block_number, *self.mined.tx_hash.as_bytes())
    }

    /// Time of the block in seconds, as contracts see it.
    pub(super) const fn now(&self) -> u64 {
        self.mined.at.unix_seconds()
    }
}

/// Time, number of the block, and hash of a transaction.
pub(super) type MinedAt = (Timestamp, u64, [u8; 32]);

/// A registered IP, without its documents.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Ip {
    pub(super) collection: Address,
    pub(super) token_id: TokenId,
    pub(super) minted_to: Address,
    pub(super) mined: MinedAt,
    /// Whether the IP is bound to the license template, by terms or by a token that its owner minted.
    pub(super) has_template: bool,
    pub(super) terms: Vec<LicenseTermsId>,
    pub(super) parents: Vec<Parent>,
    pub(super) child_count: u64,
    pub(super) ancestor_count: u64,
    /// In seconds since 1970; 0 is never.
    pub(super) expires_at: Uint256,
    /// License tokens ever minted, burned ones too.
    pub(super) license_tokens: u64,
    pub(super) stack: RoyaltyStack,
    /// Royalty policies of the IP and of everything above it.
    pub(super) policies: Vec<Address>,
    pub(super) has_vault: bool,
    /// Upheld disputes that are not resolved, inherited ones too.
    pub(super) tags: u32,
    pub(super) is_group: bool,
}

/// A link upwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Parent {
    pub(super) ip: IpId,
    pub(super) terms_id: LicenseTermsId,
    pub(super) policy: Address,
    pub(super) share: u32,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Metadata {
    pub(super) ipa: Option<(String, ContentHash)>,
    pub(super) nft: Option<(String, ContentHash)>,
}

impl Metadata {
    pub(super) fn pair(document: &OnChainDocument) -> (String, ContentHash) {
        (document.uri.clone(), document.sha256)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct LicenseToken {
    pub(super) licensor: IpId,
    pub(super) terms_id: LicenseTermsId,
    pub(super) transferable: bool,
    pub(super) share: u32,
    /// `None` once burned.
    pub(super) owner: Option<Address>,
}

/// What a holder of royalty tokens has earned and not claimed, times all royalty tokens, up to a vault balance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Earned {
    pub(super) pending: Wei,
    pub(super) counted_to: Wei,
}

/// What an IP's owner wants for arbitration; nothing if they never said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Arbitration {
    pub(super) active: Address,
    /// Which policy is next, and the second after which it is active.
    pub(super) next: Option<(Address, u64)>,
}

/// A group, as the registry and its reward pool keep it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Group {
    pub(super) pool: Address,
    pub(super) members: u64,
    /// The largest share that any member ever asked for.
    pub(super) reward_share: u64,
    /// The token of the first reward; all others must be of it.
    pub(super) token: Address,
    /// Rewards that came while there were no members.
    pub(super) pending: u128,
    /// What one member who was there from the start has earned, in thousandths of a wei.
    pub(super) earned_milli: u128,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Member {
    /// Place in the group's list.
    pub(super) position: u64,
    /// Rewards that are paid, or that others had earned before it came.
    pub(super) debt: Wei,
}

/// Who granted, for which account, to whom, on what contract, which function.
pub(super) type PermissionKey = (Address, IpId, Address, Address, [u8; 4]);

/// Numbers that only grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Counters {
    pub(super) blocks: u64,
    pub(super) time: Option<Timestamp>,
    pub(super) registrations: u64,
    pub(super) attachments: u64,
    pub(super) links: u64,
    pub(super) license_tokens: u64,
    pub(super) license_terms: u64,
    pub(super) groups: u64,
    pub(super) disputes: u64,
}

/// Declares the state, and makes sure that no table is forgotten where all of them count.
macro_rules! state {
    ($($table:ident: $key:ty => $value:ty,)+) => {
        #[derive(Clone, Debug)]
        pub(super) struct State {
            pub(super) config: SimulatedConfig,
            pub(super) counters: Counters,
            committed: Counters,
            /// Permissions of the running transaction. They end with it, so they are no part of what is kept.
            pub(super) transient: BTreeMap<PermissionKey, u8>,
            /// What the running transaction logged.
            pub(super) running: Running,
            $(pub(super) $table: Table<$key, $value>,)+
        }

        impl State {
            pub(super) fn empty(config: SimulatedConfig) -> Self {
                Self {
                    config,
                    counters: Counters::default(),
                    committed: Counters::default(),
                    transient: BTreeMap::new(),
                    running: Running::default(),
                    $($table: Table::default(),)+
                }
            }

            pub(super) fn commit(&mut self) {
                self.committed = self.counters;
                self.transient.clear();
                self.running = Running::default();
                $(self.$table.commit();)+
            }

            pub(super) fn rollback(&mut self) {
                self.counters = self.committed;
                self.transient.clear();
                self.running = Running::default();
                $(self.$table.rollback();)+
            }
        }

        impl Hash for State {
            fn hash<H: Hasher>(&self, state: &mut H) {
                self.config.hash(state);
                self.counters.hash(state);
                $(self.$table.hash(state);)+
            }
        }
    };
}

state! {
    nonces: Address => u64,
    collections: Address => u64,
    nfts: (Address, TokenId) => Address,
    nft_hashes: (Address, ContentHash) => TokenId,
    ips: IpId => Ip,
    metadata: IpId => Metadata,
    terms: LicenseTermsId => PilTerms,
    terms_ids: [u8; 32] => LicenseTermsId,
    configs: (IpId, LicenseTermsId) => LicensingConfig,
    licenses: TokenId => LicenseToken,
    approvals: (LicenseTermsId, IpId, IpId) => (),
    permissions: PermissionKey => u8,
    balances: (Address, Address) => Wei,
    allowances: (Address, Address, Address) => Wei,
    vault_tokens: IpId => Vec<Address>,
    vault_revenue: (IpId, Address) => Wei,
    royalty_tokens: (IpId, Address) => u32,
    earned: (IpId, Address, Address) => Earned,
    accounted: (IpId, Address, Address) => Wei,
    moved: (Address, IpId, IpId, Address) => Wei,
    groups: IpId => Group,
    group_members: (IpId, IpId) => Member,
    group_lists: (IpId, u64) => IpId,
    disputes: u64 => DisputeRecord,
    evidence: ContentHash => (),
    once: (Address, OperationKey) => (MinedAt, Outcome),
    assertions: AssertionId => u64,
    propagated: (IpId, u64) => (),
    arbitration: IpId => Arbitration,
}

/// An arithmetic overflow, as Solidity reports it.
pub(super) fn overflow() -> Revert {
    Revert::new("Panic").arg(17)
}

impl State {
    pub(super) fn ip_id(&self, collection: Address, token_id: TokenId) -> IpId {
        ip_id(self.config.chain_id, collection, token_id)
    }

    /// The owner of the token behind an IP.
    pub(super) fn owner(&self, ip: &IpId) -> Option<Address> {
        let record = self.ips.get(ip)?;
        self.nfts.get(&(record.collection, record.token_id)).copied()
    }

    pub(super) fn is_group(&self, ip: &IpId) -> bool {
        self.ips.get(ip).is_some_and(|record| record.is_group)
    }

    pub(super) fn is_tagged(&self, ip: &IpId) -> bool {
        self.ips.get(ip).is_some_and(|record| record.tags > 0)
    }

    pub(super) fn is_derivative(&self, ip: &IpId) -> bool {
        self.ips.get(ip).is_some_and(|record| !record.parents.is_empty())
    }

    pub(super) fn is_expired(&self, ip: &IpId, tx: &Tx) -> bool {
        self.ips
            .get(ip)
            .is_some_and(|record| !record.expires_at.is_zero() && record.expires_at < Uint256::from(tx.now()))
    }

    /// Changes a registered IP.
    pub(super) fn change_ip(&mut self, ip: IpId, change: impl FnOnce(&mut Ip)) {
        if let Some(record) = self.ips.get(&ip) {
            let mut record = record.clone();
            change(&mut record);
            self.ips.insert(ip, record);
        }
    }
}
